//! A decider to try handlers with: a sum that stays below a limit, and a secret ballot beside it.

use std::borrow::Cow;

use eventstore::{Boxed, Decider, StreamId};
use prost::{Message, Name};

/// A sum above this is refused.
pub(crate) const SUM_MAX: i32 = 100;

/// Something was added, or taken away.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Added {
    /// What it is.
    #[prost(string, tag = "1")]
    pub(crate) thing: String,
    /// How much.
    #[prost(sint32, tag = "2")]
    pub(crate) amount: i32,
}

/// Somebody voted.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Voted {}

/// The votes were counted.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Counted {}

/// What somebody voted.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct BallotCast {
    /// The vote.
    #[prost(string, tag = "1")]
    pub(crate) vote: String,
}

macro_rules! named {
    ($($message:ident)+) => {$(
        impl Name for $message {
            const NAME: &'static str = stringify!($message);
            const PACKAGE: &'static str = "test";
        }
    )+};
}
named! { Added Voted Counted BallotCast }

eventstore::events! {
    /// What can happen to a tally.
    pub(crate) enum Event { Added, Voted, Counted, BallotCast }
}

/// The sum.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) sum: i32,
    pub(crate) votes: u32,
}

#[derive(Debug, Clone)]
pub(crate) enum Command {
    /// Add something, or take it away; nothing to do if it is 0.
    Add(&'static str, i32),
    /// See to it that the sum is at least this.
    Reach(i32),
    /// Vote in secret.
    Vote(&'static str),
    /// Count the votes.
    Count,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is too much")]
pub(crate) struct TooMuch(pub(crate) i32);

pub(crate) struct Tally;

impl Decider for Tally {
    const CATEGORY: &'static str = "tally";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = TooMuch;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, TooMuch> {
        match command {
            Command::Add(thing, amount) => add(state, thing, amount),
            Command::Reach(sum) => add(state, "", (sum - state.sum).max(0)),
            Command::Vote(vote) => Ok(vec![Voted {}.into(), BallotCast { vote: vote.to_owned() }.into()]),
            Command::Count => Ok(vec![Counted {}.into()]),
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        match event {
            Event::Added(Added { amount, .. }) => state.sum += amount,
            Event::Voted(_) => state.votes += 1,
            Event::Counted(_) => {}
            Event::BallotCast(_) => unreachable!("it lies in the box"),
        }
        state
    }

    fn unit(state: &State, _event: &Event) -> String {
        format!("sum-{}", state.sum)
    }

    fn thing(event: &Event) -> Cow<'_, str> {
        match event {
            Event::Added(Added { thing, .. }) => thing.into(),
            Event::Voted(_) | Event::Counted(_) | Event::BallotCast(_) => "votes".into(),
        }
    }

    fn boxed(event: &Event) -> Option<Boxed<'_>> {
        matches!(event, Event::BallotCast(_)).then_some(Boxed {
            category: "tally_box",
            part: "all",
            keep: usize::MAX,
        })
    }

    fn unboxes(event: &Event) -> Option<&'static str> {
        matches!(event, Event::Counted(_)).then_some("tally_box")
    }
}

fn add(state: &State, thing: &str, amount: i32) -> Result<Vec<Event>, TooMuch> {
    match state.sum + amount {
        _ if amount == 0 => Ok(vec![]),
        sum if sum > SUM_MAX => Err(TooMuch(sum)),
        _ => Ok(vec![Added { thing: thing.to_owned(), amount }.into()]),
    }
}

/// The stream that tests use.
pub(crate) fn tally() -> StreamId {
    StreamId::new(Tally::CATEGORY, "t1")
}
