//! Another scheme on the same facts (scoring.md §6), components matched by id.

use rust_decimal::Decimal;

use crate::appraisal::{Appraisal, Basis, appraise_with};
use crate::exact::{exact, quotient};
use crate::facts::CycleFacts;
use crate::methods::{self, Asked, Pending};
use crate::scheme::{Component, Scheme};

/// Simulates `new` on the points that `old` gave: each × new maximum ÷ old maximum, rounded 2; then §3 and
/// §4 under `new`. The kind of method does not matter here.
///
/// `published` gives a unit's points in a component, by unit id and component id, as published or as they
/// stand ([`Appraisal::points`]).
#[must_use]
pub fn rescaled(
    old: &Scheme,
    new: &Scheme,
    facts: &CycleFacts,
    published: impl Fn(&str, &str) -> Option<Decimal>,
) -> Appraisal {
    let rescale = |unit_id: &str, new: &Component| {
        let old = old.component(&new.component_id).ok_or(Pending::NotInOldScheme)?;
        let points = published(unit_id, &new.component_id).ok_or(Pending::NotPublished)?;
        // Maxima are positive.
        let factor = quotient(&exact(new.max_points), &exact(old.max_points)).unwrap_or_default();
        Ok(factor * exact(points))
    };
    appraise_with(new, facts, |unit_id, asked| (rescale(unit_id, asked.component), Basis::Rescaled))
}

/// Simulates `new` by running its methods again on the recorded facts; a component that `old` lacks, or
/// has with another kind of method, is pending, and so is one that `withheld` names by how it stands in
/// `old` and in `new`.
#[must_use]
pub fn recomputed(
    old: &Scheme,
    new: &Scheme,
    facts: &CycleFacts,
    withheld: impl Fn(&Component, &Component) -> bool,
) -> Appraisal {
    let recompute = |asked: Asked<'_>| {
        let before = old.component(&asked.component.component_id).ok_or(Pending::NotInOldScheme)?;
        if before.method.kind() != asked.component.method.kind() {
            return Err(Pending::OtherMethod);
        }
        if withheld(before, asked.component) {
            return Err(Pending::Withheld);
        }
        methods::points(asked)
    };
    appraise_with(new, facts, |_, asked| (recompute(asked), Basis::Facts))
}
