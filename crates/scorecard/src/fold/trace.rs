//! Which event a fact comes from.

use contract::scorecard::EventReference;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::history::Occurrence;

/// One event of a log. Its log and type follow from the fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trace {
    /// Its position.
    pub(crate) position: u64,
    /// Its id.
    pub(crate) event_id: Uuid,
}

impl Trace {
    /// The event itself.
    pub(crate) fn of(event: &Occurrence<'_>) -> Self {
        Self { position: event.position, event_id: event.event_id }
    }

    /// As it is shown.
    pub(crate) fn reference(self, service: &str, event_type: &str) -> EventReference {
        EventReference {
            service: service.to_owned(),
            position: self.position,
            event_id: self.event_id.to_string(),
            event_type: event_type.to_owned(),
            ..EventReference::default()
        }
    }
}
