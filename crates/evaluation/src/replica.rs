//! What this context keeps of others' facts: the counts behind the indices of training and complaints, and the
//! vetoes that stand. By the definitions of `scoring::figures`; nothing is counted here.

use std::collections::BTreeSet;

use eventstore::RecordedEvent;
use jiff::Timestamp;
use scoring::figures::complaints::{Complaints, Period};
use scoring::figures::training::Training;
use scoring::indices::{RectificationFigures, TrainingFigures};
use shell::Model;

use crate::vetoes::Vetoes;

/// Others' facts, folded.
#[derive(Default)]
pub struct Replica {
    training: Training,
    complaints: Complaints,
    vetoes: Vetoes,
}

impl Model for Replica {
    fn apply(&mut self, service: &'static str, event: &RecordedEvent) -> Result<(), String> {
        // Each takes what it knows: both figures count by the tree of units, too.
        self.training.apply(&event.event_type, &event.payload)?;
        self.complaints.apply(&event.event_type, &event.payload, event.occurred_at)?;
        self.vetoes.apply(service, event)
    }
}

impl Replica {
    /// The counts behind a unit's training index in a period.
    pub fn training(&self, unit: &str, period: Period) -> Option<TrainingFigures> {
        self.training.index(unit, period.start, period.end)
    }

    /// The counts behind a unit's rectification index in a period, as of an instant.
    pub fn rectification(&self, unit: &str, period: Period, now: Timestamp) -> RectificationFigures {
        self.complaints.with_subtree(unit, period, now).rectification()
    }

    /// The units of a cycle against which a veto stands, by resource name.
    pub fn vetoed(&self, cycle: &str) -> BTreeSet<String> {
        self.vetoes.against(cycle)
    }
}
