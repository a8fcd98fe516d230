//! The facts of a jurisdiction as they were: the same fold, from nothing, over its events cut at an instant.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use contract::Timestamp as Wire;
use contract::field::{self, BadField};
use jiff::Timestamp;
use parking_lot::Mutex;

use crate::figures::Drilled;
use crate::fold::{Folded, apply, readable};
use crate::history::{Corrupt, Past};
use crate::league::League;

/// At most so many cuts are kept folded.
const CUTS_KEPT_MAX: usize = 16;

/// What counts: events up to each of these; none: all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Happened by then.
    pub(crate) occurred: Option<Timestamp>,
    /// Recorded by then.
    pub(crate) recorded: Option<Timestamp>,
    /// In a log up to this position; a log that is not named has none.
    pub(crate) positions: Option<BTreeMap<&'static str, u64>>,
    /// What was due by then is due; whatever counts.
    pub(crate) due: Option<Timestamp>,
}

impl Cut {
    /// As a request's `as_of_…` say; none: now.
    pub(crate) fn parse(occurred: Option<Wire>, recorded: Option<Wire>) -> Result<Option<Self>, BadField> {
        let occurred = occurred.map(|at| field::instant("as_of_occurred", at)).transpose()?;
        let recorded = recorded.map(|at| field::instant("as_of_recorded", at)).transpose()?;
        let cut = Self { occurred, recorded, ..Self::default() };
        Ok((cut != Self::default()).then_some(cut))
    }

    /// The instant as of which what is due is due.
    pub(crate) fn instant(&self, now: Timestamp) -> Timestamp {
        [self.occurred, self.recorded, self.due].into_iter().flatten().fold(now, Timestamp::min)
    }

    /// Whether an event is among them.
    pub(crate) fn counts(&self, event: &crate::history::Occurrence<'_>) -> bool {
        let by = |cut: Option<Timestamp>, at: Timestamp| cut.is_none_or(|cut| at <= cut);
        let there = |positions: &BTreeMap<_, u64>| {
            positions.get(event.service).is_some_and(|position| event.position <= *position)
        };
        by(self.occurred, event.occurred_at)
            && by(self.recorded, event.recorded_at)
            && self.positions.as_ref().is_none_or(there)
    }
}

/// Folds what a cut leaves of a jurisdiction's past, in log order. What is built upon something that had not
/// happened by then is left out with it; what cannot be read is left out with an alarm.
pub(crate) fn fold(past: &Past, cut: &Cut) -> Result<(Folded, Drilled), Corrupt> {
    let (mut folded, mut training) = (Folded::default(), Drilled::default());
    for event in past.events_of(Some(cut)) {
        let event = event?;
        let taken =
            apply(&mut folded.facts, &event).and_then(|()| training.apply(event.event_type, event.payload));
        let reached = folded.reached.entry(event.service).or_default();
        if let Err(what) = taken {
            let left_out =
                format!("{}:{} ({}) is left out: {what}", event.service, event.position, event.kind());
            if readable(&event).is_ok() {
                tracing::debug!("{left_out}");
            } else if reached.alarm.is_empty() {
                tracing::error!("{left_out}");
                reached.alarm = left_out;
            }
        }
        (reached.position, reached.recorded_at) = (event.position, Some(event.recorded_at));
    }
    Ok((folded, training))
}

/// A jurisdiction as it was, and its cycles computed from that.
#[derive(Debug)]
pub(crate) struct AsOf {
    /// The facts.
    pub(crate) folded: Folded,
    /// Its training.
    pub(crate) training: Drilled,
    /// Which cut it is.
    pub(crate) cut: Cut,
    /// What was due is told as of then.
    pub(crate) now: Timestamp,
    /// The cycles that were asked for, by key.
    pub(crate) leagues: Mutex<BTreeMap<String, Arc<League>>>,
}

/// Which cut of which past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) jurisdiction: String,
    pub(crate) cut: Cut,
    /// Of the past: another one has more events.
    pub(crate) version: u64,
}

/// The cuts that were read last.
#[derive(Default)]
pub(crate) struct Cuts(Mutex<VecDeque<(Key, Arc<AsOf>)>>);

impl Cuts {
    /// The cut of this key, if it is kept.
    pub(crate) fn get(&self, key: &Key) -> Option<Arc<AsOf>> {
        let cuts = self.0.lock();
        cuts.iter().find(|(known, _)| known == key).map(|(_, cut)| cut.clone())
    }

    /// Keeps it, in the place of the oldest where there are too many.
    pub(crate) fn keep(&self, key: Key, cut: Arc<AsOf>) {
        let mut cuts = self.0.lock();
        cuts.retain(|(known, _)| known != &key);
        if cuts.len() >= CUTS_KEPT_MAX {
            cuts.pop_front();
        }
        cuts.push_back((key, cut));
    }
}
