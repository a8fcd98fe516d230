//! Published results: from here on the cycle's cards show the facts as they were at this event. Both we and
//! whoever published computed them with the same arithmetic, so a difference is an alarm.

use std::collections::{BTreeMap, BTreeSet};

use contract::evaluation::{ResultsPublished, ResultsRevised, UnitResult};
use rust_decimal::Decimal;
use scoring::indices::{CommitmentFigures, IndexFigures, RectificationFigures, TrainingFigures};
use scoring::{ComponentScore, Scheme, UnitScore, round2};
use serde::{Deserialize, Serialize};

use super::cycle::{Phase, list};
use super::decimal;
use crate::fold::facts::{Facts, InCycle};
use crate::fold::record::Record;
use crate::fold::tally::{self, Counted, Step, Tallies};
use crate::fold::trace::Trace;

/// What was published of a cycle, last.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Publication {
    /// The event.
    pub(crate) published: Trace,
    /// The units against which a veto stood.
    pub(crate) vetoed: BTreeSet<String>,
    /// Points by unit and component.
    pub(crate) points: BTreeMap<String, BTreeMap<String, Decimal>>,
    /// The counts behind the indices, by unit, as they were counted then.
    pub(crate) figures: BTreeMap<String, IndexFigures>,
    /// The facts as they were.
    pub(crate) record: Record,
    /// How what we compute from them differs; empty: not at all.
    pub(crate) difference: String,
}

impl Counted for Publication {
    fn count(&self, key: &str, tallies: &mut Tallies, step: Step) {
        tallies.set_difference(key, &self.difference, step);
    }
}

pub(super) fn publish(facts: &mut Facts, event: &ResultsPublished, trace: Trace) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    freeze(facts, &cycle, &event.results, trace)?;
    set_phase(facts, &cycle, Phase::Published);
    Ok(())
}

pub(super) fn revise(facts: &mut Facts, event: &ResultsRevised, trace: Trace) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    if facts.publication.get(&cycle.key).is_none() {
        return Err("there were no results to revise".to_owned());
    }
    freeze(facts, &cycle, &event.results, trace)?;
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
    published: Trace,
) -> Result<(), String> {
    let record = Record::of(facts, &cycle.key);
    let (mut vetoed, mut points, mut figures) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
    for result in results {
        let unit = cycle.unit(&result.unit)?.to_owned();
        let mut of_unit = BTreeMap::new();
        for component in &result.components {
            if let Some(points) = &component.points {
                of_unit.insert(component.component_id.clone(), decimal("points", points)?);
            }
        }
        if let Some(counted) = &result.figures {
            figures.insert(unit.clone(), counts(counted)?);
        }
        if result.vetoed {
            vetoed.insert(unit.clone());
        }
        points.insert(unit, of_unit);
    }
    let difference = match difference(facts, cycle, results, &record, (&vetoed, &figures))? {
        None => String::new(),
        Some(what) => format!("published results of cycle {} differ from the facts: {what}", cycle.key),
    };
    let publication = Publication { published, vetoed, points, figures, record, difference };
    tally::put(&mut facts.publication, &mut facts.tallies, cycle.key.clone(), publication);
    Ok(())
}

/// The counts behind a unit's indices, as they were published.
fn counts(counted: &contract::evaluation::IndexFigures) -> Result<IndexFigures, String> {
    let training = counted.training.map(|counted| TrainingFigures {
        officers: counted.officers,
        officers_attended: counted.officers_attended,
        officers_to_pass: counted.officers_to_pass,
        officers_passed: counted.officers_passed,
        leaders: counted.leaders,
        leaders_attended: counted.leaders_attended,
        grassroots_units: counted.grassroots_units,
        grassroots_units_covered: counted.grassroots_units_covered,
    });
    let rectification = counted.rectification.as_ref().map(|counted| {
        Ok::<_, String>(RectificationFigures {
            due: counted.due,
            on_time: counted.on_time,
            satisfaction_count: counted.satisfaction_count,
            satisfaction_sum: decimal("satisfaction_sum", &counted.satisfaction_sum)?,
            closed: counted.closed,
            reopened: counted.reopened,
        })
    });
    let commitments = counted
        .commitments
        .map(|counted| CommitmentFigures { due: counted.due, delivered: counted.delivered });
    Ok(IndexFigures { training, rectification: rectification.transpose()?, commitments })
}

/// The first way in which the results are not what the arithmetic makes of the facts.
fn difference(
    facts: &Facts,
    cycle: &InCycle<'_>,
    results: &[UnitResult],
    record: &Record,
    (vetoed, figures): (&BTreeSet<String>, &BTreeMap<String, IndexFigures>),
) -> Result<Option<String>, String> {
    let Some(known) = facts.cycle.get(&cycle.key) else { return Ok(None) };
    let rules = facts.scheme_version(&known.scheme, known.scheme_version);
    let (_, rules) = rules.ok_or("its scheme is not known")?;
    let scheme = Scheme::parse(rules).map_err(|faults| list(&faults))?;
    let mut facts = record.cycle_facts(&known.ranked_groups, vetoed);
    for (unit, figures) in figures {
        if let Some(unit) = facts.units.get_mut(unit) {
            unit.figures = figures.clone();
        }
    }
    let appraisal = scoring::appraise(&scheme, &facts);
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

impl Facts {
    /// How published results differ from what is computed here; empty: they do not.
    pub(crate) fn differences(&self) -> String {
        self.tallies.differences().collect::<Vec<_>>().join("; ")
    }
}
