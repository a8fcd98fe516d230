//! Where entries come from: the event that recorded each, and which of them followed from one thing.

use std::collections::BTreeMap;

use contract::evaluation::{CommitmentLapsed, DeliveryRefuted, DeliveryReported, EntryRecorded};
use contract::words::TariffCause;
use eventstore::{EventSet as _, RecordedEvent};

use crate::domain::daily_assessment::Entry;
use crate::read_model::ReadModel;

eventstore::events! {
    enum Fact { EntryRecorded, DeliveryReported, DeliveryRefuted, CommitmentLapsed }
}

/// Where an event stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Its position.
    pub position: u64,
    /// Its id.
    pub event_id: String,
}

/// An entry: the key of its stream (jurisdiction, cycle and unit ids joined by `/`), and its id.
pub type EntryKey = (String, String);

/// Where the entries come from.
#[derive(Debug, Default)]
pub struct Causes {
    recorded: BTreeMap<EntryKey, Reference>,
    followed: BTreeMap<String, Vec<EntryKey>>,
    /// By commitment: the refutation of its last report, and the lapse that came of it.
    fallen: BTreeMap<String, Vec<String>>,
}

impl Causes {
    /// Looks at an event of this service.
    pub fn apply(&mut self, event: &RecordedEvent) -> Result<(), String> {
        let fact = Fact::decode(&event.event_type, &event.payload).map_err(|error| error.to_string())?;
        let event_id = || event.event_id.to_string();
        match fact {
            Some(Fact::EntryRecorded(entry)) => {
                let key = (event.stream.key().to_owned(), entry.entry_id);
                if !entry.cause_thing.is_empty() {
                    self.followed.entry(entry.cause_thing).or_default().push(key.clone());
                }
                self.recorded.insert(key, Reference { position: event.position, event_id: event_id() });
            }
            Some(Fact::DeliveryReported(DeliveryReported { commitment, .. })) => {
                self.fallen.remove(&commitment);
            }
            Some(
                Fact::DeliveryRefuted(DeliveryRefuted { commitment, .. })
                | Fact::CommitmentLapsed(CommitmentLapsed { commitment, .. }),
            ) => self.fallen.entry(commitment).or_default().push(event_id()),
            None => {}
        }
        Ok(())
    }

    /// The event that recorded an entry.
    pub fn recorded(&self, stream_key: &str, entry_id: &str) -> Option<&Reference> {
        self.recorded.get(&(stream_key.to_owned(), entry_id.to_owned()))
    }
}

impl ReadModel {
    /// The entries that stand and followed from `thing` by one of `causes`, as they were recorded.
    pub fn followed_from(&self, thing: &str, causes: &[TariffCause]) -> Vec<EntryKey> {
        let wanted = |entry: &Entry| causes.contains(&entry.recorded.cause());
        self.standing(thing, wanted)
    }

    /// The entries that stand and followed from the refutation of a commitment's last report, or from the lapse
    /// that came of it.
    pub fn followed_from_refutation(&self, commitment: &str) -> Vec<EntryKey> {
        let fallen = self.causes.fallen.get(commitment).map(Vec::as_slice).unwrap_or_default();
        self.standing(commitment, |entry| fallen.contains(&entry.recorded.cause_event_id))
    }

    /// The entries that stand and followed from one fact about `thing` for any of `units`.
    pub fn followed_from_fact(&self, thing: &str, event_id: &str, units: &[String]) -> Vec<EntryKey> {
        self.standing(thing, |Entry { recorded, .. }| {
            let about = if recorded.cause_unit.is_empty() { &recorded.unit } else { &recorded.cause_unit };
            recorded.cause_event_id == event_id && units.contains(about)
        })
    }

    fn standing(&self, thing: &str, wanted: impl Fn(&Entry) -> bool) -> Vec<EntryKey> {
        let followed = self.causes.followed.get(thing).into_iter().flatten();
        let stands = |(key, entry_id): &&EntryKey| {
            let loaded = self.daily_assessments.get(key);
            let entry = loaded.and_then(|loaded| loaded.state.entry(entry_id));
            entry.is_some_and(|entry| entry.reversed.is_none() && wanted(entry))
        };
        followed.filter(stands).cloned().collect()
    }
}
