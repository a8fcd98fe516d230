//! Published results: each as the events before it say.

use std::collections::BTreeMap;

use contract::evaluation::entry_recorded::Target;
use contract::evaluation::*;
use contract::words::component::Method;
use contract::words::{IndexKind, RecordedEvent, SchemeRules, TariffCause};
use jiff::Timestamp;
use num_traits::Zero as _;

use super::complaints::instant;
use super::exact::{Q, q};
use super::finals::{Score, Year, scores};
use super::methods::Indices;
use super::past::{Past, decoded, kind};

/// How every publication and revision differs from what the events before it say.
pub(crate) fn misprints(events: &[RecordedEvent]) -> Vec<String> {
    let mut found = Vec::new();
    for event in events {
        let (cycle, results) = match kind(event) {
            "ResultsPublished" => {
                let published: ResultsPublished = decoded(event);
                (published.cycle, published.results)
            }
            "ResultsRevised" => {
                let revised: ResultsRevised = decoded(event);
                (revised.cycle, revised.results)
            }
            _ => continue,
        };
        let at = instant(event.recorded_at).unwrap();
        let now = instant(event.occurred_at).unwrap();
        let before = |other: &&RecordedEvent| {
            if other.service == event.service {
                other.position < event.position
            } else {
                instant(other.recorded_at).unwrap() <= at
            }
        };
        let past = Past::read(events.iter().filter(before));
        found
            .extend(of(&past, &cycle, &results, now).map(|what| format!("{cycle}, {}: {what}", kind(event))));
    }
    found
}

fn of(past: &Past, cycle: &str, results: &[UnitResult], now: Timestamp) -> impl Iterator<Item = String> {
    let cycle = &past.cycles[cycle];
    let year = super::live(past, cycle, now);
    let scores = scores(&year);
    let mut found = Vec::new();
    if !results.iter().map(|result| &result.unit).eq(scores.keys()) {
        found.push("other units".to_owned());
    }
    for result in results {
        let Some(score) = scores.get(&result.unit) else { continue };
        let told = [
            ("points", shown(result) == recomputed(&year, score, &result.unit)),
            ("figures", figures(&year, result)),
            ("faults", faults(&year, result)),
        ];
        let wrong = told.iter().filter(|(_, same)| !same);
        found.extend(wrong.map(|(what, _)| format!("{}: other {what}: {result:?}", result.unit)));
    }
    found.into_iter()
}

/// Components, daily, final, rank, excellent, vetoed, group.
type Figures = (Vec<Option<Q>>, Q, Option<Q>, u32, bool, bool, u32);

fn shown(result: &UnitResult) -> Figures {
    let components = result.components.iter().map(|it| it.points.as_deref().map(q)).collect();
    let final_points = result.final_points.as_deref().map(q);
    let UnitResult { rank, excellent, vetoed, group, .. } = *result;
    (components, q(&result.daily), final_points, rank, excellent, vetoed, group)
}

fn recomputed(year: &Year<'_>, score: &Score, unit: &str) -> Figures {
    let components = score.components.iter().map(|component| component.points.clone()).collect();
    let (daily, final_points) = (score.daily_points.clone(), score.final_points.clone());
    let vetoed = year.vetoed.contains(unit);
    (components, daily, final_points, score.rank, score.excellent, vetoed, score.group)
}

/// Whether the counts behind the indices that the scheme has give the same ratios.
fn figures(year: &Year<'_>, result: &UnitResult) -> bool {
    let has = |kind: IndexKind| {
        year.rules
            .components
            .iter()
            .any(|component| matches!(&component.method, Some(Method::Index(index)) if index.kind() == kind))
    };
    let standing = year.indices[&result.unit].clone();
    let kept = |wanted, ratios| if wanted { ratios } else { vec![] };
    let expected = Indices {
        training: kept(has(IndexKind::Training), standing.training),
        rectification: kept(has(IndexKind::Rectification), standing.rectification),
        commitments: kept(has(IndexKind::Commitments), standing.commitments),
    };
    super::indices::published(result.figures.as_ref()) == expected
}

/// Whether what was lost through fault is the sum of the deductions that stand, each target's within its cap; one
/// that a finding caused is not among them.
fn faults(year: &Year<'_>, result: &UnitResult) -> bool {
    let mut lost: BTreeMap<String, Q> = BTreeMap::new();
    let mut deductions = Vec::new();
    let faults = year.facts.entries.iter().filter(|entry| {
        entry.unit == result.unit && q(&entry.points) < Q::zero() && entry.cause() != TariffCause::FindingMade
    });
    for entry in faults {
        let Some((target, cap)) = cap(year.rules, entry.target.as_ref().unwrap()) else { continue };
        let lost = lost.entry(target).or_default();
        *lost = (lost.clone() - q(&entry.points)).min(cap);
        deductions.push((entry.entry_id.clone(), -q(&entry.points), entry.cause_event_id.clone()));
    }
    let told = |deduction: &Deduction| {
        (deduction.entry_id.clone(), q(&deduction.points), deduction.cause_event_id.clone())
    };
    let mut told: Vec<_> = result.deductions.iter().map(told).collect();
    told.sort();
    deductions.sort();
    q(&result.points_lost) == lost.into_values().sum() && told == deductions
}

fn cap(rules: &SchemeRules, target: &Target) -> Option<(String, Q)> {
    match target {
        Target::SourceId(id) => {
            let source = rules.daily_sources.iter().find(|source| source.source_id == *id)?;
            Some((format!("source {id}"), q(&source.cap)))
        }
        Target::ComponentId(id) => {
            let component = rules.components.iter().find(|component| component.component_id == *id)?;
            Some((format!("component {id}"), q(&component.max_points)))
        }
    }
}
