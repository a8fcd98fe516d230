//! What this context keeps of others' facts: the counts behind the indices of training and complaints, and the
//! vetoes that stand. By the definitions of `scoring::figures`; nothing is counted here.

use std::collections::BTreeSet;

use contract::accountability::{VetoLifted, VetoRaised};
use eventstore::{EventSet as _, RecordedEvent};
use jiff::Timestamp;
use scoring::figures::complaints::{Complaints, Period};
use scoring::figures::training::Training;
use scoring::indices::{RectificationFigures, TrainingFigures};
use shell::Model;

eventstore::events! {
    enum Veto { VetoRaised, VetoLifted }
}

/// Others' facts, folded.
#[derive(Default)]
pub struct Replica {
    training: Training,
    complaints: Complaints,
    /// Cycle, unit and case of each veto that stands.
    vetoes: BTreeSet<(String, String, String)>,
}

impl Model for Replica {
    fn apply(&mut self, service: &'static str, event: &RecordedEvent) -> Result<(), String> {
        match service {
            "accountability" => self.apply_veto(event),
            "training" => self.training.apply(&event.event_type, &event.payload),
            "complaints" => self.complaints.apply(&event.event_type, &event.payload, event.occurred_at),
            // The tree of units, which both count by.
            _ => {
                self.training.apply(&event.event_type, &event.payload)?;
                self.complaints.apply(&event.event_type, &event.payload, event.occurred_at)
            }
        }
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

    /// Whether a veto stands against a unit in a cycle.
    pub fn is_vetoed(&self, cycle: &str, unit: &str) -> bool {
        let of_unit = (cycle.to_owned(), unit.to_owned(), String::new());
        self.vetoes.range(of_unit..).next().is_some_and(|(of, against, _)| of == cycle && against == unit)
    }

    fn apply_veto(&mut self, event: &RecordedEvent) -> Result<(), String> {
        match Veto::decode(&event.event_type, &event.payload).map_err(|error| error.to_string())? {
            Some(Veto::VetoRaised(veto)) => {
                self.vetoes.insert((veto.cycle, veto.unit, veto.case));
            }
            Some(Veto::VetoLifted(veto)) => {
                self.vetoes.remove(&(veto.cycle, veto.unit, veto.case));
            }
            None => {}
        }
        Ok(())
    }
}
