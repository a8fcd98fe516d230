//! From components to the final score, its rank, and where the points went (§3, §4, §6).

use std::collections::{BTreeMap, BTreeSet};

use contract::evaluation::EntryRecorded;
use contract::evaluation::entry_recorded::Target;
use contract::scorecard::LossKind;
use contract::words::{DailySource, SchemeRules};
use num_traits::{One as _, Zero as _};

use super::exact::{Q, clip, count, n, q, round};
use super::methods::{Asked, Indices, Line, Outcome, outcome};
use super::past::Facts;

/// A cycle as the arithmetic takes it.
pub(crate) struct Year<'a> {
    pub(crate) rules: &'a SchemeRules,
    pub(crate) facts: &'a Facts,
    pub(crate) ranked_groups: &'a [u32],
    pub(crate) vetoed: BTreeSet<String>,
    pub(crate) indices: BTreeMap<String, Indices>,
}

/// A unit's standing; none: pending.
pub(crate) struct Score {
    pub(crate) components: Vec<Outcome>,
    pub(crate) own: Option<Q>,
    pub(crate) daily: Vec<Source>,
    pub(crate) daily_points: Q,
    /// Those that count in the roll-up, with their finals.
    pub(crate) children: Vec<(String, Q)>,
    pub(crate) uncapped: Option<Q>,
    pub(crate) final_points: Option<Q>,
    pub(crate) group: u32,
    pub(crate) group_size: u32,
    pub(crate) ranked: bool,
    pub(crate) rank: u32,
    pub(crate) excellent_places: u32,
    pub(crate) excellent: bool,
    pub(crate) lines: Vec<Line>,
}

pub(crate) struct Source {
    pub(crate) sum: Q,
    pub(crate) clipped: Q,
    pub(crate) entries: u32,
}

/// Every unit's standing.
pub(crate) fn scores(year: &Year<'_>) -> BTreeMap<String, Score> {
    let mut scores = BTreeMap::new();
    for unit in year.facts.units.keys() {
        settle(year, unit, &mut scores);
    }
    rank(year, &mut scores);
    scores
}

pub(crate) fn maximum(rules: &SchemeRules) -> Q {
    rules.components.iter().map(|component| q(&component.max_points)).sum()
}

/// Children first.
fn settle(year: &Year<'_>, unit: &str, scores: &mut BTreeMap<String, Score>) {
    if scores.contains_key(unit) {
        return;
    }
    let below = year.facts.units.values().filter(|below| below.parent == unit);
    let below: Vec<_> = below.map(|below| (below.unit.clone(), below.appraisal_target)).collect();
    for (child, _) in &below {
        settle(year, child, scores);
    }
    let finals = below.into_iter().filter(|(_, target)| *target).filter_map(|(child, _)| {
        let final_points = scores[&child].final_points.clone()?;
        Some((child, final_points))
    });
    let children: Vec<_> = finals.collect();
    let score = score(year, unit, children);
    scores.insert(unit.to_owned(), score);
}

fn score(year: &Year<'_>, unit: &str, children: Vec<(String, Q)>) -> Score {
    let (rules, max) = (year.rules, maximum(year.rules));
    let asked = Asked { facts: year.facts, unit, indices: &year.indices[unit] };
    let components: Vec<_> = rules.components.iter().map(|component| outcome(component, &asked)).collect();
    let own: Option<Q> = components.iter().map(|component| component.points.clone()).sum();
    let mut lines: Vec<Line> = components.iter().flat_map(|component| component.lines.clone()).collect();
    let mut daily = Vec::new();
    for source in &rules.daily_sources {
        daily.push(of_source(year.facts, unit, source, &mut lines));
    }
    let daily_points: Q = daily.iter().map(|source| source.clipped.clone()).sum();
    let with_daily = own.as_ref().map(|own| clip(own + &daily_points, &Q::zero(), &max));
    if let (Some(own), Some(with_daily)) = (&own, &with_daily) {
        lines.push(Line::of("", LossKind::Clip, "", own + &daily_points - with_daily));
    }
    let share = if rules.rollup_share.is_empty() { Q::zero() } else { q(&rules.rollup_share) };
    let children = if share.is_zero() { vec![] } else { children };
    let mut unrounded = with_daily.clone();
    if !children.is_empty() {
        let mean = children.iter().map(|(_, points)| points.clone()).sum::<Q>() / count(&children);
        unrounded = with_daily.map(|own| (Q::one() - &share) * own + &share * mean);
        for line in &mut lines {
            line.points = &line.points * (Q::one() - &share);
        }
        for (child, points) in &children {
            let lost = &share * (&max - points) / count(&children);
            lines.push(Line::of("", LossKind::Child, child.rsplit('/').next().unwrap(), lost));
        }
    }
    let uncapped = unrounded.as_ref().map(|points| round(points, 2));
    let cap = rules.veto_cap.as_deref().filter(|_| year.vetoed.contains(unit)).map(q);
    let final_points = uncapped.clone().map(|points| cap.map_or(points.clone(), |cap| points.min(cap)));
    if let (Some(unrounded), Some(uncapped), Some(final_points)) = (&unrounded, &uncapped, &final_points) {
        lines.push(Line::of("", LossKind::Rounding, "", unrounded - uncapped));
        lines.push(Line::of("", LossKind::Veto, "", uncapped - final_points));
    }
    Score {
        components,
        own,
        daily,
        daily_points,
        children,
        uncapped,
        final_points,
        group: year.facts.units[unit].group,
        group_size: 0,
        ranked: false,
        rank: 0,
        excellent_places: 0,
        excellent: false,
        lines,
    }
}

fn of_source(facts: &Facts, unit: &str, source: &DailySource, lines: &mut Vec<Line>) -> Source {
    let counts = |entry: &&EntryRecorded| {
        entry.unit == unit && entry.target == Some(Target::SourceId(source.source_id.clone()))
    };
    let entries: Vec<_> = facts.entries.iter().filter(counts).collect();
    let sum: Q = entries.iter().map(|entry| q(&entry.points)).sum();
    let clipped = clip(sum.clone(), &-q(&source.cap), &q(&source.bonus_cap));
    let mut line = |kind, item: &str, points| {
        lines.push(Line { source_id: source.source_id.clone(), ..Line::of("", kind, item, points) });
    };
    for entry in &entries {
        line(LossKind::Entry, &entry.entry_id, -q(&entry.points));
    }
    line(LossKind::Clip, "", &sum - &clipped);
    Source { sum, clipped, entries: u32::try_from(entries.len()).unwrap() }
}

fn rank(year: &Year<'_>, scores: &mut BTreeMap<String, Score>) {
    let mut sizes: BTreeMap<u32, u32> = BTreeMap::new();
    for score in scores.values() {
        *sizes.entry(score.group).or_default() += 1;
    }
    let places = places(year.rules.excellent_quota, &sizes, year.ranked_groups);
    let finals: Vec<_> = scores.values().map(|score| (score.group, score.final_points.clone())).collect();
    for (unit, score) in scores {
        score.group_size = sizes[&score.group];
        let Some(places) = places.get(&score.group) else { continue };
        (score.ranked, score.excellent_places) = (true, *places);
        let Some(own) = &score.final_points else { continue };
        let better = finals.iter().filter(|(group, other)| {
            *group == score.group && other.as_ref().is_some_and(|other| other > own)
        });
        score.rank = 1 + u32::try_from(better.count()).unwrap();
        score.excellent = score.rank <= *places && !year.vetoed.contains(unit);
    }
}

/// The excellent places of each ranked group, by largest remainder.
fn places(quota: u32, sizes: &BTreeMap<u32, u32>, ranked: &[u32]) -> BTreeMap<u32, u32> {
    let sizes: BTreeMap<u32, u32> = sizes
        .iter()
        .filter(|(group, _)| ranked.contains(group))
        .map(|(group, size)| (*group, *size))
        .collect();
    let total: u32 = sizes.values().sum();
    if total == 0 {
        return sizes;
    }
    let exact = |size: u32| n(quota) * n(size) / n(total);
    let floor = |size: u32| u32::try_from(exact(size).to_integer()).unwrap();
    let mut places: BTreeMap<u32, u32> = sizes.iter().map(|(group, size)| (*group, floor(*size))).collect();
    let mut rest: Vec<_> = sizes.iter().map(|(group, size)| (exact(*size).fract(), *size, *group)).collect();
    // The largest remainder first, then the larger group, then the lower number.
    rest.sort_by(|one, other| (&other.0, other.1, one.2).cmp(&(&one.0, one.1, other.2)));
    let left = quota - places.values().sum::<u32>();
    for (_, _, group) in rest.into_iter().take(usize::try_from(left).unwrap()) {
        *places.get_mut(&group).unwrap() += 1;
    }
    places
}
