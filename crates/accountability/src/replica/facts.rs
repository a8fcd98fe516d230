//! The facts of other services that cases come from or lead to, each with whether it still stands.

use std::collections::HashMap;

use contract::complaints::{ComplaintSubstantiated, ComplaintUnsubstantiated};
use contract::evaluation::{
    CommitmentLapsed, DeliveryRefuted, EntryRecorded, EntryReversed, ResultsPublished, ResultsRevised,
};
use eventstore::{EventSet as _, RecordedEvent};
use jiff::Timestamp;

eventstore::events! {
    enum Fact {
        ComplaintSubstantiated, ComplaintUnsubstantiated,
        EntryRecorded, EntryReversed, ResultsPublished, ResultsRevised, DeliveryRefuted, CommitmentLapsed,
    }
}

/// A fact in another service's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The log.
    pub service: &'static str,
    /// Its position there.
    pub position: u64,
    /// Its event id.
    pub event_id: String,
    /// Last name of the event.
    pub event_type: &'static str,
    /// Resource name of what it is about.
    pub resource: String,
    /// Resource name of the unit; may be empty.
    pub unit: String,
    /// Signed points that it gave or took; empty: it has no price.
    pub points: String,
    /// Event id of the fact that an entry comes from; may be empty.
    pub cause_event_id: String,
    /// Whether it still stands.
    pub standing: bool,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// The facts, by event id.
#[derive(Debug, Default)]
pub struct Facts {
    known: HashMap<String, Known>,
    /// Event ids by resource name.
    about: HashMap<String, Vec<String>>,
    /// Event ids of entries by the event id of their cause.
    entries: HashMap<String, Vec<String>>,
}

impl Facts {
    /// A fact by its event id.
    pub fn get(&self, event_id: &str) -> Option<&Known> {
        self.known.get(event_id)
    }

    /// The facts about a complaint, cycle, entry or commitment, oldest first.
    pub fn about(&self, resource: &str) -> impl Iterator<Item = &Known> {
        self.about.get(resource).into_iter().flatten().filter_map(|event_id| self.known.get(event_id))
    }

    /// The entries that a fact led to, oldest first.
    pub fn entries_of(&self, cause_event_id: &str) -> impl Iterator<Item = &Known> {
        self.entries.get(cause_event_id).into_iter().flatten().filter_map(|event_id| self.known.get(event_id))
    }

    pub(super) fn apply(&mut self, service: &'static str, event: &RecordedEvent) -> Result<(), String> {
        let fact = Fact::decode(&event.event_type, &event.payload).map_err(|error| error.to_string())?;
        let Some(fact) = fact else { return Ok(()) };
        let known = |event_type, resource: String, unit: String, points: String| Known {
            service,
            position: event.position,
            event_id: event.event_id.to_string(),
            event_type,
            resource,
            unit,
            points,
            cause_event_id: String::new(),
            standing: true,
            occurred_at: event.occurred_at,
        };
        let none = String::new;
        match fact {
            Fact::ComplaintSubstantiated(ComplaintSubstantiated { complaint, unit, .. }) => {
                // A corrected finding takes the place of the one before.
                self.fall(&complaint);
                self.add(known("ComplaintSubstantiated", complaint, unit, none()));
            }
            Fact::ComplaintUnsubstantiated(fact) => self.fall(&fact.complaint),
            Fact::EntryRecorded(fact) => {
                let resource = format!("{}/entries/{}", of_cycle(&fact.cycle, &fact.unit), fact.entry_id);
                if !fact.cause_event_id.is_empty() {
                    let entries = self.entries.entry(fact.cause_event_id.clone()).or_default();
                    entries.push(event.event_id.to_string());
                }
                let entry = known("EntryRecorded", resource, fact.unit, fact.points);
                self.add(Known { cause_event_id: fact.cause_event_id, ..entry });
            }
            Fact::EntryReversed(EntryReversed { cycle, unit, entry_id, .. }) => {
                self.fall(&format!("{}/entries/{entry_id}", of_cycle(&cycle, &unit)));
            }
            Fact::ResultsPublished(ResultsPublished { cycle, .. }) => {
                self.add(known("ResultsPublished", cycle, none(), none()));
            }
            Fact::ResultsRevised(ResultsRevised { cycle, .. }) => {
                self.fall(&cycle);
                self.add(known("ResultsRevised", cycle, none(), none()));
            }
            Fact::DeliveryRefuted(DeliveryRefuted { commitment, unit, .. }) => {
                self.add(known("DeliveryRefuted", commitment, unit, none()));
            }
            Fact::CommitmentLapsed(CommitmentLapsed { commitment, unit, .. }) => {
                self.add(known("CommitmentLapsed", commitment, unit, none()));
            }
        }
        Ok(())
    }

    fn add(&mut self, known: Known) {
        self.about.entry(known.resource.clone()).or_default().push(known.event_id.clone());
        self.known.insert(known.event_id.clone(), known);
    }

    /// What is known about a thing stands no longer.
    fn fall(&mut self, resource: &str) {
        for event_id in self.about.get(resource).into_iter().flatten() {
            if let Some(known) = self.known.get_mut(event_id) {
                known.standing = false;
            }
        }
    }
}

/// The resource name of a unit in a cycle.
fn of_cycle(cycle: &str, unit: &str) -> String {
    let unit = unit.rsplit('/').next().unwrap_or_default();
    format!("{cycle}/units/{unit}")
}
