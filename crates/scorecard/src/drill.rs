//! Training of one jurisdiction, folded from its history when it is first asked for and kept up from then on:
//! its figures need every session and assessment, which no fact keeps.

use std::collections::BTreeMap;

use crate::figures::Drilled;
use crate::history::{Corrupt, Occurrence, Past, unpack};

/// The training drive of a jurisdiction.
#[derive(Debug, Default)]
pub(crate) struct Drill {
    /// The figures.
    pub(crate) training: Drilled,
    /// Why they go no further; empty: they do.
    pub(crate) alarm: String,
    /// The version of the past that they contain; none: nothing was read yet.
    pub(crate) version: Option<u64>,
    /// The log that it goes no further in.
    stopped: Option<&'static str>,
    taken: BTreeMap<&'static str, u64>,
}

impl Drill {
    /// Folds what is new of the whole past.
    pub(crate) fn read(&mut self, past: &Past) -> Result<(), Corrupt> {
        for event in past.events() {
            self.take(&event?);
        }
        self.version = self.version.max(Some(past.version));
        Ok(())
    }

    /// Folds what is new of the newest events, if they are all that is missing up to `version`; whether they are.
    pub(crate) fn catch_up(&mut self, newest: &[Vec<u8>], version: u64) -> Result<bool, Corrupt> {
        let mut fresh = Vec::new();
        for event in newest.iter().flat_map(|run| unpack(run)) {
            let event = event?;
            if event.position > self.taken.get(event.service).copied().unwrap_or_default() {
                fresh.push(event);
            }
        }
        let missing = self.version.map(|known| version.saturating_sub(known));
        if missing.is_none_or(|missing| usize::try_from(missing) != Ok(fresh.len())) {
            return Ok(self.version >= Some(version));
        }
        for event in fresh {
            self.take(&event);
        }
        self.version = Some(version);
        Ok(true)
    }

    /// Folds an event, unless it was folded before.
    fn take(&mut self, event: &Occurrence<'_>) {
        let taken = self.taken.entry(event.service).or_default();
        if event.position <= *taken {
            return;
        }
        *taken = event.position;
        if self.stopped != Some(event.service)
            && let Err(what) = self.training.apply(event.event_type, event.payload)
        {
            let (service, position) = (event.service, event.position);
            self.stopped = Some(service);
            self.alarm = format!("training stopped at {service}:{position} ({}): {what}", event.kind());
            tracing::error!("the scorecard's figures of {}: {}", event.jurisdiction, self.alarm);
        }
    }
}
