//! From components to the final score (scoring.md §3): own, daily, roll-up, veto; children first.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::appraisal::{ChildFinal, ComponentScore, RollUp, SourceScore, UnitScore};
use crate::exact::{Exact, exact, quotient, sum, whole};
use crate::facts::{CycleFacts, UnitFacts};
use crate::round::{round2_exact, shown};
use crate::scheme::{Scheme, Source};

/// Settles every unit's final; ranks are not set yet.
pub(crate) fn settle(
    scheme: &Scheme,
    facts: &CycleFacts,
    components: impl Fn(&str, &UnitFacts) -> Vec<ComponentScore>,
) -> BTreeMap<String, UnitScore> {
    let mut units = BTreeMap::new();
    let mut finals_below: BTreeMap<&str, Vec<ChildFinal>> = BTreeMap::new();
    for Entered { unit_id, unit, parent } in children_first(facts) {
        let below = finals_below.remove(unit_id).unwrap_or_default();
        let score = unit_score(scheme, unit, components(unit_id, unit), below);
        if let (Some(parent), true, Some(final_points)) = (parent, unit.appraisal_target, score.final_points)
        {
            let child = ChildFinal { unit_id: unit_id.to_owned(), final_points };
            finals_below.entry(parent).or_default().push(child);
        }
        units.insert(unit_id.to_owned(), score);
    }
    units
}

/// A unit entered in the cycle, with the entered unit that it reports to.
pub(crate) struct Entered<'a> {
    pub(crate) unit_id: &'a str,
    pub(crate) unit: &'a UnitFacts,
    pub(crate) parent: Option<&'a str>,
}

/// Every unit after the entered units below it. Units that are each other's ancestors report to nobody.
pub(crate) fn children_first(facts: &CycleFacts) -> Vec<Entered<'_>> {
    let parent_of = |unit: &'_ UnitFacts| {
        let (id, _) = facts.units.get_key_value(unit.parent.as_ref()?)?;
        Some(id.as_str())
    };
    let mut children_left: BTreeMap<&str, usize> = facts.units.keys().map(|id| (id.as_str(), 0)).collect();
    for parent in facts.units.values().filter_map(parent_of) {
        *children_left.entry(parent).or_default() += 1;
    }
    let mut ready: Vec<&str> =
        children_left.iter().filter(|(_, left)| **left == 0).map(|(id, _)| *id).collect();
    let mut order = Vec::with_capacity(facts.units.len());
    while let Some(id) = ready.pop() {
        let Some((unit_id, unit)) = facts.units.get_key_value(id) else { continue };
        children_left.remove(id);
        let parent = parent_of(unit);
        order.push(Entered { unit_id, unit, parent });
        let Some(left) = parent.and_then(|parent| children_left.get_mut(parent)) else { continue };
        *left -= 1;
        if *left == 0 {
            ready.extend(parent);
        }
    }
    let circular = facts.units.iter().filter(|(id, _)| children_left.contains_key(id.as_str()));
    order.extend(circular.map(|(unit_id, unit)| Entered { unit_id, unit, parent: None }));
    order
}

fn unit_score(
    scheme: &Scheme,
    unit: &UnitFacts,
    components: Vec<ComponentScore>,
    below: Vec<ChildFinal>,
) -> UnitScore {
    let own_points: Option<Decimal> = components.iter().map(|component| component.points.ok()).sum();
    let daily: Vec<_> = scheme.sources().iter().map(|source| source_score(source, unit)).collect();
    let daily_points: Decimal = daily.iter().map(|source| source.clipped).sum();
    let max_points = scheme.max_points();
    let own_with_daily = own_points.map(|own| (own + daily_points).clamp(Decimal::ZERO, max_points));
    let roll_up = roll_up(scheme.rollup_share(), below);
    let uncapped_points = own_with_daily.map(|own| round2_exact(&unrounded_final(own, roll_up.as_ref())));
    let cap = scheme.veto_cap().filter(|_| unit.vetoed);
    let final_points = uncapped_points.map(|uncapped| cap.map_or(uncapped, |cap| cap.min(uncapped)));
    UnitScore {
        components,
        own_points,
        daily,
        daily_points,
        own_with_daily,
        roll_up,
        uncapped_points,
        final_points,
        vetoed: unit.vetoed,
        group: unit.group,
        group_size: 0,
        ranked: false,
        rank: None,
        excellent_places: 0,
        excellent: false,
    }
}

fn source_score(source: &Source, unit: &UnitFacts) -> SourceScore {
    let standing = unit.daily.iter().filter(|entry| entry.standing && entry.source_id == source.source_id);
    let sum = standing.clone().map(|entry| entry.points).fold(Decimal::ZERO, Decimal::saturating_add);
    SourceScore {
        source_id: source.source_id.clone(),
        entries: standing.count(),
        sum,
        clipped: sum.clamp(-source.cap, source.bonus_cap),
    }
}

fn roll_up(share: Decimal, mut children: Vec<ChildFinal>) -> Option<RollUp> {
    if share.is_zero() {
        return None;
    }
    children.sort_unstable_by(|one, other| one.unit_id.cmp(&other.unit_id));
    let mean = shown(&mean_final(&children)?);
    Some(RollUp { share, children, mean })
}

/// `(1 − r)·own' + r·mean`, or `own'` without a child that counts.
pub(crate) fn unrounded_final(own_with_daily: Decimal, roll_up: Option<&RollUp>) -> Exact {
    let own = exact(own_with_daily);
    let mean = roll_up.and_then(|roll_up| Some((exact(roll_up.share), mean_final(&roll_up.children)?)));
    mean.map_or_else(|| own.clone(), |(share, mean)| (Exact::one() - &share) * &own + share * mean)
}

fn mean_final(children: &[ChildFinal]) -> Option<Exact> {
    let count = whole(u64::try_from(children.len()).unwrap_or(u64::MAX));
    quotient(&sum(children.iter().map(|child| child.final_points)), &count)
}
