//! Entries of ledgers and of the daily assessment.

use contract::evaluation::entry_recorded::Target;
use contract::evaluation::{EntryContested, EntryRecorded, EntryReversed, EntryUpheld};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::decimal;
use crate::fold::facts::Facts;
use crate::fold::trace::Trace;

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Where it counts.
    #[serde(flatten)]
    pub(crate) counts_in: CountsIn,
    pub(crate) points: Decimal,
    /// For people.
    pub(crate) reason: String,
    /// Whether it stands; a reversed one does not.
    pub(crate) standing: bool,
    /// Whether an appeal against it waits for a decision.
    pub(crate) contested: bool,
    /// Event id of the fact of another service that caused it; empty: recorded by hand.
    pub(crate) cause_event_id: String,
    /// The event that recorded it.
    pub(crate) recorded: Trace,
}

/// Where an entry counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum CountsIn {
    /// In a ledger component.
    #[serde(rename = "component_id")]
    Component(String),
    /// In a source of the daily assessment.
    #[serde(rename = "source_id")]
    Source(String),
}

pub(super) fn record(facts: &mut Facts, event: EntryRecorded, recorded: Trace) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    let key = cycle.below(&[cycle.unit(&event.unit)?, &event.entry_id]);
    let counts_in = match event.target {
        Some(Target::ComponentId(component_id)) => CountsIn::Component(component_id),
        Some(Target::SourceId(source_id)) => CountsIn::Source(source_id),
        None => return Err("the entry counts nowhere".to_owned()),
    };
    if facts.entry.get(&key).is_some() {
        return Err("there is an entry of that id already".to_owned());
    }
    let points = decimal("points", &event.points)?;
    let (reason, cause_event_id) = (event.reason, event.cause_event_id);
    let entry =
        Entry { counts_in, points, reason, standing: true, contested: false, cause_event_id, recorded };
    facts.entry.put(key, entry);
    Ok(())
}

pub(super) fn reverse(facts: &mut Facts, event: &EntryReversed) -> Result<(), String> {
    let entry = edit(facts, &event.cycle, &event.unit, &event.entry_id)?;
    (entry.standing, entry.contested) = (false, false);
    Ok(())
}

pub(super) fn contest(facts: &mut Facts, event: &EntryContested) -> Result<(), String> {
    edit(facts, &event.cycle, &event.unit, &event.entry_id)?.contested = true;
    Ok(())
}

pub(super) fn uphold(facts: &mut Facts, event: &EntryUpheld) -> Result<(), String> {
    edit(facts, &event.cycle, &event.unit, &event.entry_id)?.contested = false;
    Ok(())
}

fn edit<'a>(facts: &'a mut Facts, cycle: &str, unit: &str, entry_id: &str) -> Result<&'a mut Entry, String> {
    let cycle = facts.in_cycle(cycle)?;
    let key = cycle.below(&[cycle.unit(unit)?, entry_id]);
    Ok(facts.entry.edit(&key).ok_or("there was no such entry")?)
}
