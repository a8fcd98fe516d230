//! What `Get…` and `List…` read: every stream of the context, folded by its own rules; and what the timer
//! looks at.

use eventstore::{Decider as _, RecordedEvent};
use jiff::Timestamp;
use shell::{Folded, Model};

use crate::domain::{calendar, complaint, terms};
use crate::timers::Deadlines;

/// Every stream of the context. Keys are ids joined by `/`, the jurisdiction first.
#[derive(Default)]
pub struct ReadModel {
    /// By jurisdiction and complaint.
    pub complaints: Folded<complaint::Complaint>,
    /// By jurisdiction.
    pub calendars: Folded<calendar::Calendar>,
    /// By jurisdiction.
    pub terms: Folded<terms::Terms>,
    /// The deadlines that wait for a report.
    pub deadlines: Deadlines,
}

impl ReadModel {
    fn pending_deadline(&self, key: &str) -> Option<Timestamp> {
        self.complaints.get(key)?.state.lodged()?.pending_deadline()
    }
}

impl Model for ReadModel {
    fn apply(&mut self, _service: &'static str, event: &RecordedEvent) -> Result<(), String> {
        if event.stream.category() == complaint::Complaint::CATEGORY {
            let key = event.stream.key();
            let before = self.pending_deadline(key);
            self.complaints.apply(event)?;
            self.deadlines.move_to(key, before, self.pending_deadline(key));
            return Ok(());
        }
        let folded = self.calendars.apply(event)? || self.terms.apply(event)?;
        if folded { Ok(()) } else { Err(format!("stream `{}` is of no known kind", event.stream)) }
    }
}
