//! Accountability's facts: the cases against units, and the vetoes that stand.

use std::collections::{BTreeMap, BTreeSet};

use contract::accountability::disposition_decided::Subject as Decided;
use contract::accountability::disposition_executed::Subject as Executed;
use contract::accountability::{
    AppealDecided, AppealOutcome, CaseClosed, CaseMerged, CaseOpened, DispositionDecided,
    DispositionExecuted, FindingMade, VetoLifted, VetoRaised,
};
use eventstore::EventSet as _;
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::names::{first, id_in, ids, key};
use super::tally::{self, Counted, Step, Tallies};
use super::trace::Trace;
use crate::history::Occurrence;

/// The log.
pub(crate) const SERVICE: &str = "accountability";

eventstore::events! {
    enum Event {
        CaseOpened, CaseMerged, CaseClosed, FindingMade, DispositionDecided, DispositionExecuted, AppealDecided,
        VetoRaised, VetoLifted,
    }
}

/// A case.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Case {
    /// The units that it is against.
    units: BTreeSet<String>,
    /// The units that the finding holds responsible; empty: none, or it fell.
    responsible: BTreeSet<String>,
    /// The units that something is done to, and whether it was carried out.
    dispositions: BTreeMap<String, bool>,
    closed: bool,
}

/// A veto of a case against a unit in a cycle.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Veto {
    /// The event that raised it.
    pub(crate) raised: Trace,
    /// Whether it stands.
    pub(crate) standing: bool,
}

impl Counted for Case {
    fn count(&self, key: &str, tallies: &mut Tallies, step: Step) {
        for unit in &self.units {
            let tally = tallies.edit(first(key).0, unit);
            step.count_if(true, &mut tally.cases);
            step.count_if(self.closed, &mut tally.cases_closed);
        }
        for unit in &self.responsible {
            step.count_if(true, &mut tallies.edit(first(key).0, unit).findings);
        }
        for (unit, executed) in &self.dispositions {
            let tally = tallies.edit(first(key).0, unit);
            step.count_if(true, &mut tally.dispositions);
            step.count_if(*executed, &mut tally.dispositions_executed);
        }
    }
}

/// Whether an event of accountability can be decoded.
pub(crate) fn readable(event: &Occurrence<'_>) -> Result<(), String> {
    Event::decode(event.event_type, event.payload).map(drop).map_err(|error| error.to_string())
}

/// Folds one event of accountability.
pub(crate) fn apply(facts: &mut Facts, event: &Occurrence<'_>) -> Result<(), String> {
    let trace = Trace::of(event);
    let decoded = Event::decode(event.event_type, event.payload).map_err(|error| error.to_string())?;
    match decoded {
        None => Ok(()),
        Some(Event::CaseOpened(event)) => open(facts, &event),
        Some(Event::CaseMerged(event)) => merge(facts, &event),
        Some(Event::CaseClosed(event)) => close(facts, &event),
        Some(Event::FindingMade(event)) => find(facts, &event),
        Some(Event::DispositionDecided(event)) => dispose(facts, &event),
        Some(Event::DispositionExecuted(event)) => execute(facts, &event),
        Some(Event::AppealDecided(event)) => decide_appeal(facts, &event),
        Some(Event::VetoRaised(event)) => raise(facts, &event, trace),
        Some(Event::VetoLifted(event)) => lift(facts, &event),
    }
}

fn open(facts: &mut Facts, event: &CaseOpened) -> Result<(), String> {
    let (jurisdiction, case) = ids("cases", &event.case)?;
    let opened = Case { units: units(jurisdiction, &event.units)?, ..Case::default() };
    tally::put(&mut facts.case, &mut facts.tallies, key(&[jurisdiction, case]), opened);
    Ok(())
}

/// The same fact stands in the streams of both cases: the second time it changes nothing.
fn merge(facts: &mut Facts, event: &CaseMerged) -> Result<(), String> {
    let (jurisdiction, case) = ids("cases", &event.case)?;
    let merged = key(&[jurisdiction, id_in(jurisdiction, "cases", &event.merged_case)?]);
    let units = units(jurisdiction, &event.units)?;
    let key = key(&[jurisdiction, case]);
    let known = tally::change(&mut facts.case, &mut facts.tallies, &key, |case| case.units.extend(units));
    if !known {
        return Err(never_opened(&event.case));
    }
    tally::remove(&mut facts.case, &mut facts.tallies, &merged);
    Ok(())
}

fn close(facts: &mut Facts, event: &CaseClosed) -> Result<(), String> {
    change(facts, &event.case, |case| case.closed = true)
}

/// The last finding stands.
fn find(facts: &mut Facts, event: &FindingMade) -> Result<(), String> {
    let (jurisdiction, _) = ids("cases", &event.case)?;
    let responsible = if event.exonerated { BTreeSet::new() } else { units(jurisdiction, &event.units)? };
    change(facts, &event.case, |case| case.responsible = responsible)
}

/// What is done to an officer is nobody's business here.
fn dispose(facts: &mut Facts, event: &DispositionDecided) -> Result<(), String> {
    let Some(Decided::Unit(unit)) = &event.subject else { return Ok(()) };
    let (jurisdiction, _) = ids("cases", &event.case)?;
    let unit = id_in(jurisdiction, "units", unit)?.to_owned();
    change(facts, &event.case, |case| {
        case.dispositions.insert(unit, false);
    })
}

fn execute(facts: &mut Facts, event: &DispositionExecuted) -> Result<(), String> {
    let Some(Executed::Unit(unit)) = &event.subject else { return Ok(()) };
    let (jurisdiction, _) = ids("cases", &event.case)?;
    let unit = id_in(jurisdiction, "units", unit)?.to_owned();
    change(facts, &event.case, |case| {
        case.dispositions.insert(unit, true);
    })
}

/// What an overturned finding led to falls with it. What stands in part is disposed of anew, also when the case
/// was closed.
fn decide_appeal(facts: &mut Facts, event: &AppealDecided) -> Result<(), String> {
    let (jurisdiction, _) = ids("cases", &event.case)?;
    let cleared = units(jurisdiction, &event.units_cleared)?;
    let outcome = event.outcome();
    change(facts, &event.case, |case| match outcome {
        AppealOutcome::Unspecified | AppealOutcome::Dismissed => {}
        AppealOutcome::Overturned => {
            case.responsible.clear();
            case.dispositions.clear();
        }
        AppealOutcome::Varied => {
            case.responsible.retain(|unit| !cleared.contains(unit));
            case.dispositions.clear();
            case.closed = false;
        }
    })
}

fn change(facts: &mut Facts, name: &str, change: impl FnOnce(&mut Case)) -> Result<(), String> {
    let (jurisdiction, case) = ids("cases", name)?;
    let key = key(&[jurisdiction, case]);
    let known = tally::change(&mut facts.case, &mut facts.tallies, &key, change);
    if known { Ok(()) } else { Err(never_opened(name)) }
}

/// The cycle may not be known yet: that is told by another log.
fn raise(facts: &mut Facts, event: &VetoRaised, raised: Trace) -> Result<(), String> {
    let (cycle, key) = veto_keys(&event.cycle, &event.unit, &event.case)?;
    facts.veto.put(key, Veto { raised, standing: true });
    facts.touch_cycle(&cycle);
    Ok(())
}

fn lift(facts: &mut Facts, event: &VetoLifted) -> Result<(), String> {
    let (cycle, key) = veto_keys(&event.cycle, &event.unit, &event.case)?;
    let veto = facts.veto.edit(&key).ok_or("the veto was never raised")?;
    veto.standing = false;
    facts.touch_cycle(&cycle);
    Ok(())
}

fn veto_keys(cycle: &str, unit: &str, case: &str) -> Result<(String, String), String> {
    let (jurisdiction, cycle) = ids("cycles", cycle)?;
    let (unit, case) = (id_in(jurisdiction, "units", unit)?, id_in(jurisdiction, "cases", case)?);
    Ok((key(&[jurisdiction, cycle]), key(&[jurisdiction, cycle, unit, case])))
}

fn units(jurisdiction: &str, names: &[String]) -> Result<BTreeSet<String>, String> {
    names.iter().map(|name| id_in(jurisdiction, "units", name).map(str::to_owned)).collect()
}

fn never_opened(case: &str) -> String {
    format!("{case} was never opened")
}
