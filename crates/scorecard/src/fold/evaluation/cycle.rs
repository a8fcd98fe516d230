//! Cycles and the units entered in them.

use std::collections::BTreeSet;

use contract::evaluation::{CycleClosed, CycleOpened, UnitEntered, UnitRemoved};
use contract::field;
use contract::scorecard::Publication;
use jiff::civil::Date;
use scoring::Scheme;
use serde::{Deserialize, Serialize};

use crate::fold::facts::Facts;
use crate::fold::names::{ids, key};
use crate::fold::trace::Trace;

/// An appraisal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cycle {
    /// Resource name of its scheme.
    pub(crate) scheme: String,
    /// The version that it uses.
    pub(crate) scheme_version: u32,
    /// For people.
    pub(crate) title: String,
    start_date: String,
    end_date: String,
    /// The groups that are ranked.
    pub(crate) ranked_groups: BTreeSet<u32>,
    /// Where it stands.
    pub(crate) phase: Phase,
    /// The event that opened it.
    pub(crate) opened: Trace,
    /// Moves whenever what is computed from it is out of date.
    #[serde(skip)]
    pub(crate) version: u64,
}

/// Where a cycle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    Open,
    Closed,
    Published,
    Revised,
}

/// A unit entered in a cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entered {
    /// Its group.
    pub(crate) group: u32,
    /// Whether its final counts in its parent's roll-up.
    pub(crate) appraisal_target: bool,
    /// The unit above it.
    pub(crate) parent: Option<String>,
    /// The event that entered it, or changed its group or target last.
    pub(crate) recorded: Trace,
}

impl Cycle {
    /// First and last day of its period; none: the event named no days.
    pub(crate) fn days(&self) -> Option<(Date, Date)> {
        let day = |date| field::date("date", date).ok();
        Some((day(&self.start_date)?, day(&self.end_date)?))
    }
}

impl Phase {
    /// Whether its results are out: facts that come later do not change its cards.
    pub(crate) fn is_frozen(self) -> bool {
        matches!(self, Self::Published | Self::Revised)
    }

    /// As it is shown.
    pub(crate) fn publication(self) -> Publication {
        match self {
            Self::Open => Publication::Open,
            Self::Closed => Publication::Closed,
            Self::Published => Publication::Published,
            Self::Revised => Publication::Revised,
        }
    }
}

pub(super) fn open(facts: &mut Facts, event: CycleOpened, opened: Trace) -> Result<(), String> {
    let (jurisdiction, cycle) = ids("cycles", &event.cycle)?;
    let key = key(&[jurisdiction, cycle]);
    if facts.cycle.get(&key).is_some() {
        return Err("the cycle was opened before".to_owned());
    }
    let (_, rules) = facts
        .scheme_version(&event.scheme, event.scheme_version)
        .filter(|_| event.scheme_version > 0)
        .ok_or_else(|| format!("{} version {} was never drafted", event.scheme, event.scheme_version))?;
    if let Err(faults) = Scheme::parse(rules) {
        return Err(format!("its scheme cannot be read: {}", list(&faults)));
    }
    let cycle = Cycle {
        scheme: event.scheme,
        scheme_version: event.scheme_version,
        title: event.title,
        start_date: event.start_date,
        end_date: event.end_date,
        ranked_groups: event.ranked_groups.into_iter().collect(),
        phase: Phase::Open,
        opened,
        version: 0,
    };
    facts.cycle.put(key, cycle);
    Ok(())
}

pub(super) fn enter(facts: &mut Facts, event: &UnitEntered, recorded: Trace) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    let unit = cycle.unit(&event.unit)?;
    let parent = cycle.optional_unit(&event.parent)?.map(str::to_owned);
    let (group, appraisal_target) = (event.group, event.appraisal_target);
    facts.entered.put(cycle.below(&[unit]), Entered { group, appraisal_target, parent, recorded });
    Ok(())
}

pub(super) fn remove(facts: &mut Facts, event: &UnitRemoved) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    let removed = facts.entered.remove(&cycle.below(&[cycle.unit(&event.unit)?]));
    removed.map(drop).ok_or_else(|| format!("{} was never entered", event.unit))
}

pub(super) fn close(facts: &mut Facts, event: &CycleClosed) -> Result<(), String> {
    let key = facts.in_cycle(&event.cycle)?.key;
    let closed = facts.cycle.edit(&key).filter(|cycle| cycle.phase == Phase::Open);
    closed.map(|cycle| cycle.phase = Phase::Closed).ok_or_else(|| "the cycle was closed before".to_owned())
}

/// Faults of a scheme in a line.
pub(crate) fn list(faults: &[scoring::Fault]) -> String {
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    faults.join("; ")
}
