//! Boxes: streams of what nothing may join to the stream that it was decided on, such as secret ballots.
//!
//! What is put in a box waits outside the log, under a random key, written in the same transaction as the
//! events beside it. It is recorded when enough of its kind waits, chosen and ordered at random, under the
//! box's own actor and ids: see [`BoxWrite::keep`]. Pure but for its dice; the same for every database.

use std::collections::BTreeMap;

use rand::Rng as _;
use rand::seq::SliceRandom as _;
use uuid::Uuid;

use crate::event::{Metadata, NewEvent, StreamId};

/// Who records what lay in a box.
pub const BOX_ACTOR: &str = "box";

/// What one command puts in a box, or takes out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxWrite {
    /// The box.
    pub stream: StreamId,
    /// What is put in.
    pub events: Vec<BoxedEvent>,
    /// Once more than twice as many wait in a part, all but so many of them, drawn by lot, are recorded. With
    /// 0 all that waits in any part is; with `usize::MAX` nothing is.
    pub keep: usize,
}

/// An event for a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxedEvent {
    /// Only what lies in the same part is mixed.
    pub part: String,
    /// The event.
    pub event: NewEvent,
}

/// An event that waits in a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Random; says nothing.
    pub key: [u8; 16],
    /// The part of the box that it lies in.
    pub part: String,
    /// The event.
    pub event: NewEvent,
}

/// A box as it stands while a batch is planned.
#[derive(Default)]
pub(crate) struct Contents {
    /// What waits in the database, by part; all of it, if any of it may have to be recorded.
    pub(crate) stored: BTreeMap<String, Vec<Waiting>>,
    /// How much of the database's is not in `stored`, by part.
    pub(crate) unseen: BTreeMap<String, usize>,
    /// What the batch has put in.
    pub(crate) fresh: Vec<Waiting>,
    /// What the database has and the batch has recorded.
    pub(crate) gone: Vec<Waiting>,
}

impl Contents {
    /// Whether a batch that puts so many in each part, and keeps so many, may have to record any of them.
    pub(crate) fn overflow(waiting: &BTreeMap<String, usize>, writes: &[&BoxWrite]) -> bool {
        let keep = writes.iter().map(|write| write.keep).min().unwrap_or(usize::MAX);
        let mut counts = waiting.clone();
        for boxed in writes.iter().flat_map(|write| &write.events) {
            *counts.entry(boxed.part.clone()).or_default() += 1;
        }
        counts.values().any(|count| *count > keep.saturating_mul(2))
    }

    /// Puts `events` in, and gives what has to be recorded now, in random order.
    pub(crate) fn stir(&mut self, events: &[BoxedEvent], keep: usize) -> Vec<NewEvent> {
        let mut dice = rand::rng();
        for BoxedEvent { part, event } in events {
            let mut key = [0; 16];
            dice.fill_bytes(&mut key);
            self.fresh.push(Waiting { key, part: part.clone(), event: event.clone() });
        }
        let mut counts = self.unseen.clone();
        for waiting in self.stored.values().flatten().chain(&self.fresh) {
            *counts.entry(waiting.part.clone()).or_default() += 1;
        }
        let full = counts.into_iter().filter(|(_, count)| *count > keep.saturating_mul(2));
        let mut out: Vec<NewEvent> = full.flat_map(|(part, _)| self.draw(&part, keep)).collect();
        out.shuffle(&mut dice);
        out
    }

    /// Takes all but `keep` out of a part, by lot.
    fn draw(&mut self, part: &str, keep: usize) -> Vec<NewEvent> {
        let stored = self.stored.remove(part).unwrap_or_default();
        let (fresh, others) = std::mem::take(&mut self.fresh).into_iter().partition(|w| w.part == part);
        self.fresh = others;
        let was_stored = stored.into_iter().map(|waiting| (true, waiting));
        let is_fresh = Vec::into_iter(fresh).map(|waiting| (false, waiting));
        let mut lots: Vec<(bool, Waiting)> = was_stored.chain(is_fresh).collect();
        lots.shuffle(&mut rand::rng());
        let drawn = lots.split_off(keep.min(lots.len()));
        for (was_stored, waiting) in lots {
            let place =
                if was_stored { self.stored.entry(part.to_owned()).or_default() } else { &mut self.fresh };
            place.push(waiting);
        }
        let mut out = Vec::with_capacity(drawn.len());
        for (was_stored, waiting) in drawn {
            out.push(waiting.event.clone());
            if was_stored {
                self.gone.push(waiting);
            }
        }
        out
    }
}

/// What is said of events that come out of a box: nothing of who put them in, or when.
pub(crate) fn metadata(stream: &StreamId, stream_version: u64, of: &Metadata) -> Metadata {
    let draw = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{stream}/{stream_version}").as_bytes());
    Metadata {
        actor: BOX_ACTOR.to_owned(),
        jurisdiction: of.jurisdiction.clone(),
        occurred_at: of.occurred_at,
        correlation_id: draw,
        causation_id: draw,
        traceparent: String::new(),
    }
}
