//! Published results: from here on the cycle's cards show the facts as they were at this event. Both we and
//! whoever published computed them with the same arithmetic, so a difference is an alarm.

use std::collections::{BTreeMap, BTreeSet};

use contract::evaluation::{ResultsPublished, ResultsRevised, UnitResult};
use jiff::Timestamp;
use rust_decimal::Decimal;
use scoring::scheme::Method;
use scoring::{ComponentScore, Scheme, UnitScore, round2};
use serde::{Deserialize, Serialize};

use super::cycle::{Phase, list};
use super::decimal;
use crate::fold::facts::{Facts, InCycle};
use crate::fold::record::Record;
use crate::fold::trace::Trace;

/// What was published of a cycle, last.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Publication {
    /// The event.
    pub(crate) published: Trace,
    /// When it was recorded, in microseconds since 1970.
    published_at: i64,
    /// The units against which a veto stood.
    pub(crate) vetoed: BTreeSet<String>,
    /// Points by unit and component.
    pub(crate) points: BTreeMap<String, BTreeMap<String, Decimal>>,
    /// The facts as they were.
    pub(crate) record: Record,
    /// How what we compute from them differs; empty: not at all.
    pub(crate) difference: String,
}

pub(super) fn publish(
    facts: &mut Facts,
    event: &ResultsPublished,
    trace: Trace,
    at: Timestamp,
) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    freeze(facts, &cycle, &event.results, (trace, at))?;
    set_phase(facts, &cycle, Phase::Published);
    Ok(())
}

pub(super) fn revise(
    facts: &mut Facts,
    event: &ResultsRevised,
    trace: Trace,
    at: Timestamp,
) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    if facts.publication.get(&cycle.key).is_none() {
        return Err("there were no results to revise".to_owned());
    }
    freeze(facts, &cycle, &event.results, (trace, at))?;
    set_phase(facts, &cycle, Phase::Revised);
    Ok(())
}

fn set_phase(facts: &mut Facts, cycle: &InCycle<'_>, phase: Phase) {
    if let Some(cycle) = facts.cycle.edit(&cycle.key) {
        cycle.phase = phase;
        cycle.version += 1;
    }
}

fn freeze(
    facts: &mut Facts,
    cycle: &InCycle<'_>,
    results: &[UnitResult],
    (published, at): (Trace, Timestamp),
) -> Result<(), String> {
    let record = Record::of(facts, &cycle.key);
    let (mut vetoed, mut points) = (BTreeSet::new(), BTreeMap::new());
    for result in results {
        let unit = cycle.unit(&result.unit)?.to_owned();
        let mut of_unit = BTreeMap::new();
        for component in &result.components {
            if let Some(points) = &component.points {
                of_unit.insert(component.component_id.clone(), decimal("points", points)?);
            }
        }
        if result.vetoed {
            vetoed.insert(unit.clone());
        }
        points.insert(unit, of_unit);
    }
    let difference = match difference(facts, cycle, results, &record, &vetoed)? {
        None => String::new(),
        Some(what) => format!("published results of cycle {} differ from the facts: {what}", cycle.key),
    };
    let published_at = at.as_microsecond();
    let publication = Publication { published, published_at, vetoed, points, record, difference };
    facts.publication.put(cycle.key.clone(), publication);
    Ok(())
}

/// The first way in which the results are not what the arithmetic makes of the facts.
fn difference(
    facts: &Facts,
    cycle: &InCycle<'_>,
    results: &[UnitResult],
    record: &Record,
    vetoed: &BTreeSet<String>,
) -> Result<Option<String>, String> {
    let Some(known) = facts.cycle.get(&cycle.key) else { return Ok(None) };
    let rules = facts.scheme_version(&known.scheme, known.scheme_version);
    let (_, rules) = rules.ok_or("its scheme is not known")?;
    let scheme = Scheme::parse(rules).map_err(|faults| list(&faults))?;
    // What the other logs say of an index comes in any order: it is not known here what was known there.
    if scheme.components().iter().any(|component| matches!(component.method, Method::Index(_))) {
        return Ok(None);
    }
    let appraisal = scoring::appraise(&scheme, &record.cycle_facts(&known.ranked_groups, vetoed));
    if appraisal.units.len() != results.len() {
        return Ok(Some(format!("{} units, not {}", results.len(), appraisal.units.len())));
    }
    for result in results {
        let unit = cycle.unit(&result.unit)?;
        let Some(score) = appraisal.units.get(unit) else {
            return Ok(Some(format!("{unit} is not entered")));
        };
        if let Some(what) = unit_difference(result, score) {
            return Ok(Some(format!("{unit}: {what}")));
        }
    }
    Ok(None)
}

fn unit_difference(result: &UnitResult, score: &UnitScore) -> Option<String> {
    let of_component = |component: &ComponentScore| {
        let found = result.components.iter().find(|found| found.component_id == component.component_id);
        let found = found.and_then(|found| found.points.as_deref());
        points_difference(&component.component_id, found, component.points.ok())
    };
    let daily = || points_difference("daily", Some(&result.daily), Some(round2(score.daily_points)));
    let of_final =
        || points_difference("final", result.final_points.as_deref(), score.final_points.map(round2));
    let of_components = score.components.iter().find_map(of_component);
    of_components.or_else(daily).or_else(of_final).or_else(|| rank_difference(result, score))
}

fn rank_difference(result: &UnitResult, score: &UnitScore) -> Option<String> {
    let rank = score.rank.unwrap_or(0);
    let same = result.rank == rank && result.excellent == score.excellent;
    (!same).then(|| {
        format!("rank {} (excellent: {}), not {rank} ({})", result.rank, result.excellent, score.excellent)
    })
}

fn points_difference(what: &str, published: Option<&str>, computed: Option<Decimal>) -> Option<String> {
    let number = published.and_then(|text| text.parse::<Decimal>().ok());
    let same = number == computed && number.is_some() == published.is_some();
    let shown = |points: Option<String>| points.unwrap_or_else(|| "pending".to_owned());
    (!same).then(|| {
        let published = shown(published.map(str::to_owned));
        format!("{what} {published}, not {}", shown(computed.map(|points| points.to_string())))
    })
}

impl Publication {
    /// When it was recorded.
    pub(crate) fn published_at(&self) -> Timestamp {
        Timestamp::from_microsecond(self.published_at).unwrap_or_default()
    }
}

impl Facts {
    /// How published results differ from what is computed here; empty: they do not.
    pub(crate) fn differences(&self) -> String {
        let differences = self.publication.iter().map(|(_, published)| published.difference.as_str());
        let differences: Vec<_> = differences.filter(|difference| !difference.is_empty()).collect();
        differences.join("; ")
    }
}
