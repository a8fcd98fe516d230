//! The counts behind a cycle's indices, and the vetoes that stand, at the instant of a publication.

use std::collections::BTreeMap;

use contract::evaluation as wire;
use contract::field::{self, day_of};
use contract::name::UnitName;
use jiff::Timestamp;
use scoring::facts::CycleFacts;
use scoring::figures::complaints::Period;
use scoring::indices::{CommitmentFigures, IndexFigures, RectificationFigures, TrainingFigures};
use scoring::scheme::{IndexKind, Method};
use scoring::{Scheme, UnitFacts};

use crate::domain::cycle::Opened;
use crate::read_model::ReadModel;
use crate::replica::Replica;

/// Adds to the facts of a cycle's units what other contexts, and promises, say of them.
pub(super) fn add(
    facts: &mut CycleFacts,
    (model, replica): (&ReadModel, &Replica),
    cycle: &Opened,
    scheme: &Scheme,
    now: Timestamp,
) {
    let Some(period) = period(cycle) else { return };
    let kinds = scheme.components().iter().filter_map(|component| match &component.method {
        Method::Index(index) => Some(index.kind),
        Method::Assessor
        | Method::Panel(_)
        | Method::Survey(_)
        | Method::Ledger(_)
        | Method::Indicator(_) => None,
    });
    let kinds: Vec<_> = kinds.collect();
    let wants = |kind| kinds.contains(&kind);
    let mut commitments =
        if wants(IndexKind::Commitments) { commitments(model, cycle, period, now) } else { BTreeMap::new() };
    let vetoed = replica.vetoed(&cycle.terms.cycle);
    for (name, unit) in &mut facts.units {
        unit.vetoed = vetoed.contains(name);
        if wants(IndexKind::Training) {
            unit.figures.training = replica.training(name, period);
        }
        if wants(IndexKind::Rectification) {
            unit.figures.rectification = Some(replica.rectification(name, period, now));
        }
        if wants(IndexKind::Commitments) {
            unit.figures.commitments = Some(commitments.remove(name).unwrap_or_default());
        }
    }
}

fn period(cycle: &Opened) -> Option<Period> {
    let day = |text: &str| field::date("date", text).ok();
    Some(Period { start: day(&cycle.terms.start_date)?, end: day(&cycle.terms.end_date)? })
}

/// The commitments whose last day lies in the period and is over, for each unit with all units below it.
fn commitments(
    model: &ReadModel,
    cycle: &Opened,
    period: Period,
    now: Timestamp,
) -> BTreeMap<String, CommitmentFigures> {
    let jurisdiction = cycle.terms.cycle.split('/').nth(1).unwrap_or_default();
    let mut counted: BTreeMap<String, CommitmentFigures> = BTreeMap::new();
    let prefix = format!("{jurisdiction}/");
    for (_, loaded) in model.commitments.with_prefix(&prefix) {
        let Some(known) = loaded.state.announced() else { continue };
        let Some(assigned) = &known.assigned else { continue };
        let Ok(last_day) = field::date("due_date", &assigned.due_date) else { continue };
        if last_day < period.start || last_day > period.end || last_day >= day_of(now) {
            continue;
        }
        for unit in with_units_above(model, jurisdiction, &assigned.unit) {
            let figures = counted.entry(unit).or_default();
            figures.due += 1;
            figures.delivered += u64::from(known.verified);
        }
    }
    counted
}

/// A unit and all units above it, as the register has them.
pub(crate) fn with_units_above(model: &ReadModel, jurisdiction: &str, unit: &str) -> Vec<String> {
    let mut units = vec![unit.to_owned()];
    let register = model.registers.get(jurisdiction);
    let parent = |unit: &String| {
        let parent = register?.state.unit(unit)?.registered.parent.clone();
        UnitName::parse("parent", &parent).is_ok().then_some(parent)
    };
    while let Some(above) = units.last().and_then(parent) {
        units.push(above);
    }
    units
}

/// The counts as an event keeps them; none: there are none.
pub(super) fn to_wire(unit: Option<&UnitFacts>) -> Option<wire::IndexFigures> {
    let IndexFigures { training, rectification, commitments } = &unit?.figures;
    if training.is_none() && rectification.is_none() && commitments.is_none() {
        return None;
    }
    let training = |of: &TrainingFigures| wire::TrainingFigures {
        officers: of.officers,
        officers_attended: of.officers_attended,
        officers_to_pass: of.officers_to_pass,
        officers_passed: of.officers_passed,
        leaders: of.leaders,
        leaders_attended: of.leaders_attended,
        grassroots_units: of.grassroots_units,
        grassroots_units_covered: of.grassroots_units_covered,
    };
    let rectification = |of: &RectificationFigures| wire::RectificationFigures {
        due: of.due,
        on_time: of.on_time,
        satisfaction_count: of.satisfaction_count,
        satisfaction_sum: of.satisfaction_sum.to_string(),
        closed: of.closed,
        reopened: of.reopened,
    };
    let commitments =
        |of: &CommitmentFigures| wire::CommitmentFigures { due: of.due, delivered: of.delivered };
    Some(wire::IndexFigures {
        training: unit?.figures.training.as_ref().map(training),
        rectification: unit?.figures.rectification.as_ref().map(rectification),
        commitments: unit?.figures.commitments.as_ref().map(commitments),
    })
}
