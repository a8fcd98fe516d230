//! Another scheme on the same facts (scoring.md §6), components matched by id.

use std::mem::discriminant;

use crate::appraisal::{Appraisal, Basis, appraise_with};
use crate::exact::exact;
use crate::facts::CycleFacts;
use crate::methods::{self, Asked, Outcome, Pending};
use crate::scheme::{Component, Scheme};

/// Simulates `new` on the points that `old` gave: each × new maximum ÷ old maximum, rounded 2; then §3 and
/// §4 under `new`. The kind of method does not matter here.
#[must_use]
pub fn rescaled(old: &Scheme, new: &Scheme, facts: &CycleFacts, published: &Appraisal) -> Appraisal {
    appraise_with(new, facts, |unit_id, asked| {
        let before = old.component(&asked.component.component_id).ok_or(Pending::NotInOldScheme);
        let outcome = before.and_then(|before| rescale(published, unit_id, before, asked.component));
        (outcome, Basis::Rescaled)
    })
}

/// Simulates `new` by running its methods again on the recorded facts; a component that `old` lacks, or
/// has with another kind of method, is pending.
#[must_use]
pub fn recomputed(old: &Scheme, new: &Scheme, facts: &CycleFacts) -> Appraisal {
    appraise_with(new, facts, |_, asked| (recompute(old, asked), Basis::Facts))
}

fn rescale(published: &Appraisal, unit_id: &str, old: &Component, new: &Component) -> Outcome {
    let unit = published.units.get(unit_id);
    let score = unit.and_then(|unit| unit.components.iter().find(|score| score.component_id == old.component_id));
    let points = score.ok_or(Pending::NotPublished)?.points?;
    Ok(exact(points) * exact(new.max_points) / exact(old.max_points))
}

fn recompute(old: &Scheme, asked: Asked<'_>) -> Outcome {
    let before = old.component(&asked.component.component_id).ok_or(Pending::NotInOldScheme)?;
    if discriminant(&before.method) != discriminant(&asked.component.method) {
        return Err(Pending::OtherMethod);
    }
    methods::points(asked)
}
