//! Events → facts: pure, each in O(1) or nearly. Logs of different services may come in any order between
//! them, each log in its own.
//!
//! | file | what |
//! |---|---|
//! | `facts` | every table of facts |
//! | `rows` | one table: rows by key that know which of them changed |
//! | `tally` | what is counted per unit |
//! | `record` | the facts of one cycle, live or as they were frozen |
//! | `names`, `trace` | resource names taken apart; which event a fact comes from |
//! | `evaluation`, `complaints`, `accountability` | the events of each context; of training see `drill` |

use std::collections::BTreeMap;

use eventstore::RecordedEvent;
use jiff::Timestamp;
use scoring::figures::training::Fact;

pub(crate) mod accountability;
pub(crate) mod complaints;
pub(crate) mod evaluation;
pub(crate) mod facts;
pub(crate) mod names;
pub(crate) mod record;
pub(crate) mod rows;
pub(crate) mod tally;
pub(crate) mod trace;

use facts::Facts;

use crate::history::Occurrence;

/// How far a log is folded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reached {
    /// Position of the last event folded; 0: none.
    pub position: u64,
    /// When it was recorded.
    pub recorded_at: Option<Timestamp>,
    /// Why it goes no further; empty: it does.
    pub alarm: String,
}

/// Everything folded so far.
#[derive(Debug, Default)]
pub struct Folded {
    pub(crate) facts: Facts,
    pub(crate) reached: BTreeMap<&'static str, Reached>,
}

/// Folds `events`, each with the service whose log it is of, from nothing.
pub fn fold<'a>(
    events: impl IntoIterator<Item = (&'static str, &'a RecordedEvent)>,
) -> Result<Folded, String> {
    let mut folded = Folded::default();
    for (service, event) in events {
        folded.take(service, event)?;
    }
    Ok(folded)
}

impl Folded {
    /// Takes the next event of a log: an older one is dropped (false), a gap is refused. The error says why it
    /// cannot be folded; nothing more of that log is taken then, since a hole is worse than standing still.
    pub fn take(&mut self, service: &'static str, event: &RecordedEvent) -> Result<bool, String> {
        let reached = self.reached.entry(service).or_default();
        if !reached.alarm.is_empty() {
            return Err(reached.alarm.clone());
        }
        if event.position <= reached.position {
            return Ok(false);
        }
        let taken = if event.position == reached.position + 1 {
            apply(&mut self.facts, &Occurrence::of(service, event))
        } else {
            Err(format!("after position {} comes {}", reached.position, event.position))
        };
        if let Err(what) = taken {
            let at = format!("{service}:{} ({}): {what}", event.position, event.event_type);
            return Err(self.stop(service, &at));
        }
        reached.position = event.position;
        reached.recorded_at = Some(event.recorded_at);
        Ok(true)
    }

    /// Takes nothing more of a log; gives the alarm.
    pub(crate) fn stop(&mut self, service: &'static str, what: &str) -> String {
        let alarm = format!("stopped at {what}");
        self.reached.entry(service).or_default().alarm.clone_from(&alarm);
        alarm
    }

    /// Takes the next event of a log again, after it had stopped there.
    pub(crate) fn go_on(&mut self, service: &'static str) {
        self.reached.entry(service).or_default().alarm.clear();
    }

    /// How far each log is folded.
    pub fn reached(&self) -> &BTreeMap<&'static str, Reached> {
        &self.reached
    }
}

/// Whether an event can be decoded; the error says why not. One that can be and is refused contradicts another.
pub(crate) fn readable(event: &Occurrence<'_>) -> Result<(), String> {
    match event.service {
        evaluation::SERVICE => evaluation::readable(event),
        complaints::SERVICE => complaints::readable(event),
        accountability::SERVICE => accountability::readable(event),
        _ => Fact::decode(event.event_type, event.payload).map(drop).map_err(|error| error.to_string()),
    }
}

/// Folds one event; one that is refused has changed nothing.
pub(crate) fn apply(facts: &mut Facts, event: &Occurrence<'_>) -> Result<(), String> {
    match event.service {
        evaluation::SERVICE => evaluation::apply(facts, event),
        // Its figures are folded apart, by `drill`: here it is only seen that they can be.
        "training" => readable(event),
        complaints::SERVICE => complaints::apply(facts, event),
        accountability::SERVICE => accountability::apply(facts, event),
        _ => Err("no service of that name is known".to_owned()),
    }
}
