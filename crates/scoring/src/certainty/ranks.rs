//! The rank interval of scoring.md §7: ranks over draws of the survey components, everything else fixed.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::draws::Draws;
use super::standard_error;
use crate::appraisal::{Appraisal, UnitScore, appraise};
use crate::facts::{CycleFacts, UnitFacts};
use crate::finals::children_first;
use crate::methods::Asked;
use crate::methods::survey::closed_answers;
use crate::scheme::{Component, Method, Scheme};

const DRAWS: u32 = 10_000;
/// The 2.5th percentile by nearest rank: the 250th of 10,000 in order.
const LOW_AT: u32 = DRAWS / 40;
/// The 97.5th: the 9,750th.
const HIGH_AT: u32 = DRAWS - LOW_AT;

/// Ranks between which a unit's lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RankInterval {
    /// The 2.5th percentile, the better rank.
    pub low: u32,
    /// The 97.5th percentile.
    pub high: u32,
    /// In how many of the 10,000 draws the unit has another rank than it has.
    pub draws_elsewhere: u32,
}

/// The 95 % rank interval of every unit that has a rank, by unit id (scoring.md §7); nothing if the scheme
/// has no survey.
///
/// In each draw the units in order of id, and each one's surveys in order of the scheme, take one normal;
/// a pending unit and a survey whose standard error is 0 take none.
#[must_use]
pub fn rank_intervals(scheme: &Scheme, facts: &CycleFacts, cycle_id: &str) -> BTreeMap<String, RankInterval> {
    if !scheme.components().iter().any(|component| matches!(component.method, Method::Survey(_))) {
        return BTreeMap::new();
    }
    let appraisal = appraise(scheme, facts);
    let year = Year::of(scheme, facts, &appraisal);
    if !year.units.iter().any(|unit| unit.moves) {
        return appraisal
            .units
            .iter()
            .filter_map(|(id, unit)| Some((id.clone(), fixed(unit.rank?))))
            .collect();
    }
    let groups = ranked_groups(&appraisal);
    let mut times_at_rank: Vec<Vec<u32>> = vec![Vec::new(); year.units.len()];
    for group in &groups {
        for unit in group {
            times_at_rank[*unit] = vec![0; group.len()];
        }
    }
    let (mut draws, mut finals) = (Draws::seeded(cycle_id), Finals::of(&year));
    for _ in 0..DRAWS {
        finals.draw(&year, &mut draws);
        for group in &groups {
            finals.tally_ranks(group, &mut times_at_rank);
        }
    }
    let scored = appraisal.units.into_iter().zip(&times_at_rank);
    scored.filter_map(|((unit_id, unit), times)| Some((unit_id, interval(times, unit.rank?)))).collect()
}

/// Of a rank that no draw can change.
fn fixed(rank: u32) -> RankInterval {
    RankInterval { low: rank, high: rank, draws_elsewhere: 0 }
}

/// A cycle as far as a draw needs it: the numbers of §3, points in cents.
struct Year {
    max_points: f64,
    rollup_share: f64,
    veto_cap: Option<f64>,
    /// In order of id.
    units: Vec<Unit>,
    /// Children first.
    links: Vec<Link>,
}

struct Unit {
    /// The final as it stands; none: pending.
    final_points: Option<f64>,
    /// Points of the components that are not drawn.
    fixed: f64,
    daily: f64,
    vetoed: bool,
    surveys: Vec<Drawn>,
    /// Whether a survey of its own or of a child that counts is drawn.
    moves: bool,
}

/// A survey component to be drawn.
struct Drawn {
    points: f64,
    standard_error: f64,
    max_points: f64,
}

/// A unit, and the parent in whose final it counts.
struct Link {
    unit: usize,
    parent: Option<usize>,
}

impl Year {
    fn of(scheme: &Scheme, facts: &CycleFacts, appraisal: &Appraisal) -> Self {
        let scored = facts.units.values().zip(appraisal.units.values());
        let mut units: Vec<_> = scored.map(|(unit, score)| Unit::of(scheme, facts, unit, score)).collect();
        let places: BTreeMap<&str, usize> = facts.units.keys().map(String::as_str).zip(0..).collect();
        let mut links = Vec::with_capacity(units.len());
        for entered in children_first(facts) {
            let Some(unit) = places.get(entered.unit_id).copied() else { continue };
            let parent = entered.parent.filter(|_| entered.unit.appraisal_target);
            let parent = parent.and_then(|parent| places.get(parent)).copied();
            if let Some(parent) = parent {
                units[parent].moves |= units[unit].moves && !scheme.rollup_share().is_zero();
            }
            links.push(Link { unit, parent });
        }
        Self {
            max_points: cents(scheme.max_points()),
            rollup_share: scheme.rollup_share().to_f64().unwrap_or_default(),
            veto_cap: scheme.veto_cap().map(cents),
            units,
            links,
        }
    }

    /// §3 from own to final.
    #[expect(clippy::float_arithmetic, reason = "scoring.md §7 allows floating point for the rank interval")]
    fn final_points(&self, unit: &Unit, own: f64, (sum_below, below): (f64, f64)) -> f64 {
        let own = (own + unit.daily).clamp(0.0, self.max_points);
        let share = if below > 0.0 { self.rollup_share } else { 0.0 };
        let mean = if below > 0.0 { sum_below / below } else { 0.0 };
        let uncapped = ((1.0 - share) * own + share * mean).round();
        self.veto_cap.filter(|_| unit.vetoed).map_or(uncapped, |cap| uncapped.min(cap))
    }
}

/// Every unit's final in one draw after the other, and what they are computed in; units in order of id.
#[derive(Default)]
struct Finals {
    normals: Vec<f64>,
    own: Vec<f64>,
    /// Sum and count of the finals of children.
    below: Vec<(f64, f64)>,
    /// None: pending.
    of_units: Vec<Option<f64>>,
    best_first: Vec<f64>,
}

impl Finals {
    fn of(year: &Year) -> Self {
        let units = year.units.len();
        let surveys = year.units.iter().map(|unit| unit.surveys.len()).sum();
        Self {
            normals: vec![0.0; surveys],
            own: vec![0.0; units],
            below: vec![(0.0, 0.0); units],
            of_units: year.units.iter().map(|unit| unit.final_points).collect(),
            best_first: Vec::with_capacity(units),
        }
    }

    /// Draws the next ones.
    #[expect(clippy::float_arithmetic, reason = "scoring.md §7 allows floating point for the rank interval")]
    fn draw(&mut self, year: &Year, draws: &mut Draws) {
        draws.fill(&mut self.normals);
        let mut normals = self.normals.iter();
        for (own, unit) in self.own.iter_mut().zip(&year.units) {
            let surveys = unit.surveys.iter().zip(normals.by_ref());
            *own = unit.fixed + surveys.map(|(survey, normal)| survey.points(*normal)).sum::<f64>();
        }
        self.below.fill((0.0, 0.0));
        for link in &year.links {
            let unit = &year.units[link.unit];
            if unit.moves && unit.final_points.is_some() {
                let final_points = year.final_points(unit, self.own[link.unit], self.below[link.unit]);
                self.of_units[link.unit] = Some(final_points);
            }
            if let (Some(parent), Some(final_points)) = (link.parent, self.of_units[link.unit]) {
                let (sum, count) = self.below[parent];
                self.below[parent] = (sum + final_points, count + 1.0);
            }
        }
    }

    /// Notes each unit's rank in its group: one more than there are better finals (scoring.md §4).
    fn tally_ranks(&mut self, group: &[usize], times_at_rank: &mut [Vec<u32>]) {
        let Self { of_units, best_first, .. } = self;
        let final_points = |unit: &usize| of_units[*unit].unwrap_or_default();
        best_first.clear();
        best_first.extend(group.iter().map(final_points));
        best_first.sort_unstable_by(|one, other| other.total_cmp(one));
        for unit in group {
            let better = best_first.partition_point(|other| *other > final_points(unit));
            times_at_rank[*unit][better] += 1;
        }
    }
}

impl Unit {
    #[expect(clippy::float_arithmetic, reason = "scoring.md §7 allows floating point for the rank interval")]
    fn of(scheme: &Scheme, cycle: &CycleFacts, unit: &UnitFacts, score: &UnitScore) -> Self {
        let final_points = score.final_points.map(cents);
        let (mut fixed, mut surveys) = (0.0, Vec::new());
        for (component, score) in scheme.components().iter().zip(&score.components) {
            let asked = Asked { component, cycle, unit };
            match (final_points, Drawn::of(asked, score.unrounded.as_ref().map(super::approximate))) {
                (Some(_), Some(drawn)) => surveys.push(drawn),
                _ => fixed += score.points.map_or(0.0, cents),
            }
        }
        let (daily, moves) = (cents(score.daily_points), !surveys.is_empty());
        Self { final_points, fixed, daily, vetoed: unit.vetoed, surveys, moves }
    }
}

impl Drawn {
    /// A survey whose points can differ; none for anything else.
    #[expect(clippy::float_arithmetic, reason = "scoring.md §7 allows floating point for the rank interval")]
    fn of(asked: Asked<'_>, points: Option<f64>) -> Option<Self> {
        let Component { method: Method::Survey(method), max_points, .. } = asked.component else {
            return None;
        };
        let standard_error = standard_error(method, closed_answers(asked).ok()?, *max_points);
        if standard_error <= 0.0 {
            return None;
        }
        let max_points = cents(*max_points);
        Some(Self { points: 100.0 * points?, standard_error: 100.0 * standard_error, max_points })
    }

    #[expect(clippy::float_arithmetic, reason = "scoring.md §7 allows floating point for the rank interval")]
    fn points(&self, normal: f64) -> f64 {
        (self.points + self.standard_error * normal).clamp(0.0, self.max_points).round()
    }
}

#[expect(clippy::float_arithmetic, reason = "scoring.md §7 allows floating point for the rank interval")]
fn cents(points: Decimal) -> f64 {
    100.0 * points.to_f64().unwrap_or_default()
}

/// The places, in order of id, of the units that have a rank, group by group.
fn ranked_groups(appraisal: &Appraisal) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (place, unit) in appraisal.units.values().enumerate().filter(|(_, unit)| unit.rank.is_some()) {
        groups.entry(unit.group).or_default().push(place);
    }
    groups.into_values().collect()
}

/// The nearest-rank percentiles of a tally over ranks 1, 2, 3 …
fn interval(times_at_rank: &[u32], rank: u32) -> RankInterval {
    let nearest = |at: u32| {
        let mut draws = 0;
        let below = times_at_rank.iter().take_while(|times| {
            draws += **times;
            draws < at
        });
        u32::try_from(below.count() + 1).unwrap_or(u32::MAX)
    };
    let place = usize::try_from(rank).ok().and_then(|rank| rank.checked_sub(1));
    let here = place.and_then(|place| times_at_rank.get(place)).copied().unwrap_or_default();
    RankInterval { low: nearest(LOW_AT), high: nearest(HIGH_AT), draws_elsewhere: DRAWS.saturating_sub(here) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentiles_are_the_250th_and_the_9750th_draw() {
        let of = |times: &[u32], rank| {
            let RankInterval { low, high, draws_elsewhere } = interval(times, rank);
            (low, high, draws_elsewhere)
        };
        assert_eq!(of(&[249, 1, 9_500, 250], 3), (2, 3, 500));
        assert_eq!(of(&[250, 9_499, 251], 1), (1, 3, 9_750));
        assert_eq!(of(&[0, 10_000], 2), (2, 2, 0));
    }

    #[test]
    fn equal_finals_share_a_rank_in_a_draw_too() {
        let mut times = vec![vec![0; 3]; 4];
        let of_units = vec![Some(80.0), Some(90.0), Some(99.0), Some(80.0)];
        let mut finals = Finals { of_units, ..Finals::default() };
        finals.tally_ranks(&[0, 1, 3], &mut times);
        assert_eq!(times, [vec![0, 1, 0], vec![1, 0, 0], vec![0, 0, 0], vec![0, 1, 0]]);
    }
}
