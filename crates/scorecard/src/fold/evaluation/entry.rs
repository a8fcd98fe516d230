//! Entries of ledgers and of the daily assessment.

use contract::evaluation::entry_recorded::Target;
use contract::evaluation::{EntryRecorded, EntryReversed};
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
    facts.entry.put(key, Entry { counts_in, points, reason: event.reason, standing: true, recorded });
    Ok(())
}

pub(super) fn reverse(facts: &mut Facts, event: &EntryReversed) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    let key = cycle.below(&[cycle.unit(&event.unit)?, &event.entry_id]);
    facts.entry.edit(&key).ok_or("there was no entry to reverse")?.standing = false;
    Ok(())
}
