//! What `Get…` and `List…` read: every stream of the context, folded by its own rules.

use std::collections::HashMap;

use contract::accountability::FindingMade;
use eventstore::{EventSet as _, RecordedEvent};
use shell::{Folded, Model};

use crate::domain::case;

eventstore::events! {
    /// The facts that are pointed to by their event ids.
    enum Traced { FindingMade }
}

/// Every stream of the context. Keys are ids joined by `/`, the jurisdiction first.
#[derive(Default)]
pub struct ReadModel {
    /// By jurisdiction and case.
    pub cases: Folded<case::Case>,
    /// Event ids of the findings that stand, by jurisdiction and case.
    pub findings: HashMap<String, String>,
}

impl Model for ReadModel {
    fn apply(&mut self, _service: &'static str, event: &RecordedEvent) -> Result<(), String> {
        if !self.cases.apply(event)? {
            return Err(format!("stream `{}` is of no known kind", event.stream));
        }
        let traced = Traced::decode(&event.event_type, &event.payload).map_err(|error| error.to_string())?;
        if traced.is_some() {
            self.findings.insert(event.stream.key().to_owned(), event.event_id.to_string());
        }
        Ok(())
    }
}
