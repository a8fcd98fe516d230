//! Where the facts of every service come from.

use eventstore::SharedSource;

/// A source for each fact-owning service; a context follows those that it learns from.
#[derive(Clone)]
pub struct Sources {
    /// Officers, campaigns, sessions, assessments.
    pub training: SharedSource,
    /// Complaints.
    pub complaints: SharedSource,
    /// Units, cycles, results, entries, commitments.
    pub evaluation: SharedSource,
    /// Cases and vetoes.
    pub accountability: SharedSource,
}
