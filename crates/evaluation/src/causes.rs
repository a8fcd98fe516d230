//! Where entries come from: the event that recorded each, and which of them followed from one thing.

use std::collections::BTreeMap;

use contract::evaluation::{CommitmentLapsed, DeliveryRefuted, DeliveryReported, EntryRecorded};
use contract::words::TariffCause;
use eventstore::{EventSet as _, RecordedEvent};
use jiff::Timestamp;
use uuid::Uuid;

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
    /// When it happened: for an entry, when its cause did.
    pub occurred_at: Timestamp,
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
                let recorded = Reference {
                    position: event.position,
                    event_id: event_id(),
                    occurred_at: event.occurred_at,
                };
                self.recorded.insert(key, recorded);
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
    /// The entries that stand and followed from `thing` by one of `causes` before `event`.
    pub fn followed_from(&self, thing: &str, causes: &[TariffCause], event: &RecordedEvent) -> Vec<EntryKey> {
        self.standing(thing, |_, recorded| causes.contains(&recorded.cause()) && is_before(recorded, event))
    }

    /// The entries that stand and followed, before `event`, from the refutation of a commitment's last report, or
    /// from the lapse that came of it.
    pub fn followed_from_refutation(&self, commitment: &str, event: &RecordedEvent) -> Vec<EntryKey> {
        let fallen = self.causes.fallen.get(commitment).map(Vec::as_slice).unwrap_or_default();
        let wanted = |recorded: &EntryRecorded| fallen.contains(&recorded.cause_event_id);
        self.standing(commitment, |_, recorded| wanted(recorded) && is_before(recorded, event))
    }

    /// The entries that stand and followed, before `event`, from a deadline of a complaint that had not passed yet
    /// when that happened.
    pub fn followed_from_deadline(&self, complaint: &str, event: &RecordedEvent) -> Vec<EntryKey> {
        let in_time = |key: &EntryKey| {
            let deadline = self.causes.recorded.get(key).map(|recorded| recorded.occurred_at);
            deadline.is_some_and(|deadline| event.occurred_at <= deadline)
        };
        let overdue = |recorded: &EntryRecorded| recorded.cause() == TariffCause::ComplaintOverdue;
        self.standing(complaint, |key, recorded| {
            overdue(recorded) && is_before(recorded, event) && in_time(key)
        })
    }

    /// The entries that stand and followed from one fact about `thing` for any of `units`.
    pub fn followed_from_fact(&self, thing: &str, event_id: &str, units: &[String]) -> Vec<EntryKey> {
        self.standing(thing, |_, recorded| {
            recorded.cause_event_id == event_id && units.contains(about(recorded))
        })
    }

    /// Whether an entry that would come of a fact was recorded, for whichever unit of the cycle; what was reversed
    /// since was, too.
    pub fn is_recorded(&self, entry: &EntryRecorded) -> bool {
        let same = |known: &EntryRecorded| {
            let fact = known.cause_event_id == entry.cause_event_id && known.target == entry.target;
            known.cycle == entry.cycle
                && (known.entry_id == entry.entry_id || fact && about(known) == about(entry))
        };
        self.followed(&entry.cause_thing).any(|(_, known)| same(&known.recorded))
    }

    /// Whether an entry of a cycle came of a fact about `thing`.
    pub fn took(&self, cycle: &str, thing: &str, event: &RecordedEvent) -> bool {
        let event_id = event.event_id.to_string();
        let of_fact = |known: &EntryRecorded| known.cycle == cycle && known.cause_event_id == event_id;
        self.followed(thing).any(|(_, known)| of_fact(&known.recorded))
    }

    fn followed(&self, thing: &str) -> impl Iterator<Item = (&EntryKey, &Entry)> {
        let followed = self.causes.followed.get(thing).into_iter().flatten();
        followed.filter_map(|key| {
            let loaded = self.daily_assessments.get(&key.0)?;
            Some((key, loaded.state.entry(&key.1)?))
        })
    }

    fn standing(&self, thing: &str, wanted: impl Fn(&EntryKey, &EntryRecorded) -> bool) -> Vec<EntryKey> {
        let followed = self.followed(thing).filter(|(_, entry)| entry.reversed.is_none());
        followed.filter(|(key, entry)| wanted(key, &entry.recorded)).map(|(key, _)| key.clone()).collect()
    }
}

/// The unit that an entry's cause is about.
fn about(recorded: &EntryRecorded) -> &String {
    if recorded.cause_unit.is_empty() { &recorded.unit } else { &recorded.cause_unit }
}

/// Whether an entry's cause was recorded before `event`, as event ids tell, which are made of the time: an event
/// that is read again undoes nothing that came after it.
fn is_before(recorded: &EntryRecorded, event: &RecordedEvent) -> bool {
    let made_at = |id: Uuid| id.get_timestamp().map(|made| made.to_unix());
    let cause = Uuid::try_parse(&recorded.cause_event_id).ok().filter(|cause| *cause != event.event_id);
    cause.is_some_and(|cause| made_at(cause) <= made_at(event.event_id))
}
