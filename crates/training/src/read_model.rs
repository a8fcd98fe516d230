//! What `Get…` and `List…` read: every stream of the context, folded by its own rules.

use eventstore::RecordedEvent;
use shell::{Folded, Model};

use crate::domain::{campaign, officer};

/// Every stream of the context. Keys are ids joined by `/`, the jurisdiction first.
#[derive(Default)]
pub struct ReadModel {
    /// By jurisdiction and officer.
    pub officers: Folded<officer::Officer>,
    /// By jurisdiction and campaign.
    pub campaigns: Folded<campaign::Campaign>,
}

impl Model for ReadModel {
    fn apply(&mut self, _service: &'static str, event: &RecordedEvent) -> Result<(), String> {
        let folded = self.officers.apply(event)? || self.campaigns.apply(event)?;
        if folded { Ok(()) } else { Err(format!("stream `{}` is of no known kind", event.stream)) }
    }
}
