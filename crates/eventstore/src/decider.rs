//! The smallest core: two pure synchronous functions, and what they are loaded with.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::event::EventSet;

/// One kind of stream: its rules.
///
/// `decide` and `evolve` know no clock, no randomness, no I/O: what a rule needs comes with the command.
pub trait Decider: Send + Sync + 'static {
    /// What stands before the hyphen in a stream's name: singular, snake case.
    const CATEGORY: &'static str;
    /// What the rules look at. Never stored, never sent.
    type State: Default + Clone + Send + Sync + 'static;
    /// What can be asked for.
    type Command: Send;
    /// What can have happened.
    type Event: EventSet;
    /// Which rules can be broken.
    type Rejection: std::error::Error + Send + Sync + 'static;

    /// What happens if `command` is asked for in `state`: events, nothing (it is so already), or a broken rule.
    fn decide(state: &Self::State, command: Self::Command) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// The state after `event`. Total: it never refuses and computes no rule.
    fn evolve(state: Self::State, event: &Self::Event) -> Self::State;

    /// Id of the unit that `event` is about, in the state after it; empty: of none.
    fn unit(_state: &Self::State, _event: &Self::Event) -> String {
        String::new()
    }

    /// Which of a stream's things `event` is about, where a stream holds several that are shown apart.
    fn thing(_event: &Self::Event) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    /// The box that `event` is put in instead of its own stream, because nothing may join the two (a secret
    /// ballot). Boxed events never reach `evolve`.
    fn boxed(_event: &Self::Event) -> Option<Boxed<'_>> {
        None
    }

    /// The category of the box whose last contents are recorded with `event`.
    fn unboxes(_event: &Self::Event) -> Option<&'static str> {
        None
    }
}

/// The box of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Boxed<'a> {
    /// The category of its stream; the key is that of the stream that decided.
    pub category: &'static str,
    /// Only what lies in the same part is mixed.
    pub part: &'a str,
    /// How much of a part waits at least while it is mixed; see [`BoxWrite::keep`](crate::BoxWrite::keep).
    pub keep: usize,
}

/// When a thing was first and last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stamp {
    /// Its first event's recording; `None`: being recorded now.
    pub created_at: Option<Timestamp>,
    /// Its last event's recording; `None`: being recorded now.
    pub updated_at: Option<Timestamp>,
    /// Its last event's stream version; 0: it is not there.
    pub stream_version: u64,
}

/// A state beside the version that it is at.
pub struct Loaded<D: Decider> {
    /// The state.
    pub state: D::State,
    /// The last event folded; 0: none.
    pub stream_version: u64,
    stamps: BTreeMap<String, Stamp>,
}

impl<D: Decider> Clone for Loaded<D> {
    fn clone(&self) -> Self {
        Self { state: self.state.clone(), stream_version: self.stream_version, stamps: self.stamps.clone() }
    }
}

impl<D: Decider> Default for Loaded<D> {
    fn default() -> Self {
        Self { state: D::State::default(), stream_version: 0, stamps: BTreeMap::new() }
    }
}

impl<D: Decider> Loaded<D> {
    /// Folds the stream's next event; `recorded_at` is `None` while it is being recorded.
    #[must_use]
    pub fn fold(mut self, event: &D::Event, recorded_at: Option<Timestamp>) -> Self {
        self.stream_version += 1;
        let thing = D::thing(event);
        let stamp =
            Stamp { created_at: recorded_at, updated_at: recorded_at, stream_version: self.stream_version };
        match self.stamps.get_mut(&*thing) {
            Some(known) => *known = Stamp { created_at: known.created_at, ..stamp },
            None => drop(self.stamps.insert(thing.into_owned(), stamp)),
        }
        self.state = D::evolve(self.state, event);
        self
    }

    /// When a thing of the stream was first and last changed; `""` where the stream is one thing.
    pub fn stamp(&self, thing: &str) -> Stamp {
        self.stamps.get(thing).copied().unwrap_or_default()
    }

    /// What was being recorded is recorded.
    pub(crate) fn settle(&mut self, recorded_at: Timestamp) {
        for stamp in self.stamps.values_mut() {
            stamp.created_at.get_or_insert(recorded_at);
            stamp.updated_at.get_or_insert(recorded_at);
        }
    }
}
