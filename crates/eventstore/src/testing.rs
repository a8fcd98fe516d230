//! Given these events, when this command, then those events, nothing, or a broken rule; a real server; what
//! benches at scale share.

pub mod nats;
pub mod postgres;
pub mod scale;

use std::fmt::Debug;

use crate::decider::Decider;

/// What has happened before.
pub fn given<D: Decider>(history: impl IntoIterator<Item = D::Event>) -> Given<D> {
    let state = history.into_iter().fold(D::State::default(), |state, event| D::evolve(state, &event));
    Given { state }
}

/// A state to ask something of.
pub struct Given<D: Decider> {
    state: D::State,
}

impl<D: Decider> Given<D> {
    /// Asks for `command`.
    pub fn when(&self, command: D::Command) -> Then<D> {
        Then { outcome: D::decide(&self.state, command) }
    }
}

/// What came of it.
pub struct Then<D: Decider> {
    outcome: Result<Vec<D::Event>, D::Rejection>,
}

impl<D: Decider<Event: Debug + PartialEq, Rejection: Debug + PartialEq>> Then<D> {
    /// Exactly these events.
    #[track_caller]
    pub fn then(self, events: impl IntoIterator<Item = D::Event>) {
        assert_eq!(self.outcome, Ok(events.into_iter().collect()));
    }

    /// It is so already: nothing happens.
    #[track_caller]
    pub fn then_nothing(self) {
        self.then([]);
    }

    /// This rule refuses.
    #[track_caller]
    pub fn then_rejected(self, rejection: D::Rejection) {
        assert_eq!(self.outcome, Err(rejection));
    }

    /// A rule refuses, for a reason that `expected` knows.
    #[track_caller]
    pub fn then_rejected_by(self, expected: impl FnOnce(&D::Rejection) -> bool) {
        let rejected = self.outcome.as_ref().is_err_and(expected);
        assert!(rejected, "unexpected: {:?}", self.outcome);
    }
}
