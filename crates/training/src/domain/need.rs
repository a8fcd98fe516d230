//! An operational need 缺什么补什么: something that a unit's officers lack.
//!
//! - It is a unit's in service; an assessment that showed it is on record.
//! - It is met once; an item that met it was approved, and is linked to it or of its quality; an assessment that
//!   shows it is on record.

use contract::status::{self, Kind};
use contract::training::{NeedIdentified, NeedMet};
use eventstore::Decider;

use super::admission::NotAdmitted;

eventstore::events! {
    /// What can happen to a need.
    pub enum Event { NeedIdentified, NeedMet }
}

/// A need, if it was identified.
#[derive(Debug, Clone, Default)]
pub enum State {
    /// There is none.
    #[default]
    NotIdentified,
    /// There is one.
    Identified(Box<Identified>),
}

/// An identified need.
#[derive(Debug, Clone)]
pub struct Identified {
    /// What is lacking.
    pub need: NeedIdentified,
    /// How it was met; none: it is open.
    pub met: Option<NeedMet>,
    events: u64,
}

/// What can be asked. `admitted`: what the register, items and assessments say. `expected` is the stream version
/// that the caller read, if the caller edits what it read.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "see above")]
pub enum Command {
    Identify { identified: NeedIdentified, admitted: Result<(), NotAdmitted> },
    Meet { met: NeedMet, admitted: Result<(), NotAdmitted>, expected: Option<u64> },
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// See [`NotAdmitted`].
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    /// The id is taken by a need of other content.
    #[error("there is another need of this name")]
    NeedExists,
    /// It was changed since it was read.
    #[error("the need was changed since it was read: it is at \"{0}\"")]
    NeedChanged(u64),
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::NotAdmitted(refusal) => refusal.rule(),
            Self::NeedExists => "training.need_exists",
            Self::NeedChanged(_) => "training.need_changed",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NotAdmitted(refusal) => refusal.kind(),
            Self::NeedExists => Kind::Exists,
            Self::NeedChanged(_) => Kind::Changed,
        }
    }
}

/// A need.
#[derive(Debug)]
pub struct Need;

impl Decider for Need {
    const CATEGORY: &'static str = "need";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Identify { identified, admitted } => state.identify(identified, admitted),
            Command::Meet { met, admitted, expected } => {
                state.known(&met.need)?.meet(met, admitted, expected)
            }
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        match event {
            Event::NeedIdentified(need) => {
                let identified = Identified { need: need.clone(), met: None, events: 1 };
                return State::Identified(Box::new(identified));
            }
            Event::NeedMet(met) => {
                if let State::Identified(need) = &mut state {
                    need.met = Some(met.clone());
                    need.events += 1;
                }
            }
        }
        state
    }

    fn unit(state: &State, _event: &Event) -> String {
        state.identified().map(|need| super::last_id(&need.need.unit)).unwrap_or_default()
    }
}

impl State {
    /// The need, if it was identified.
    pub fn identified(&self) -> Option<&Identified> {
        match self {
            Self::NotIdentified => None,
            Self::Identified(need) => Some(need),
        }
    }

    fn known(&self, name: &str) -> Result<&Identified, NotAdmitted> {
        self.identified().ok_or_else(|| NotAdmitted::UnknownNeed(name.to_owned()))
    }

    fn identify(
        &self,
        identified: NeedIdentified,
        admitted: Result<(), NotAdmitted>,
    ) -> Result<Vec<Event>, Rejection> {
        if let Self::Identified(need) = self {
            return if need.need == identified { Ok(vec![]) } else { Err(Rejection::NeedExists) };
        }
        admitted?;
        Ok(vec![identified.into()])
    }
}

impl Identified {
    fn meet(
        &self,
        met: NeedMet,
        admitted: Result<(), NotAdmitted>,
        expected: Option<u64>,
    ) -> Result<Vec<Event>, Rejection> {
        if self.met.is_some() {
            return Ok(vec![]);
        }
        if expected.is_some_and(|expected| expected != self.events) {
            return Err(Rejection::NeedChanged(self.events));
        }
        admitted?;
        Ok(vec![met.into()])
    }
}

#[cfg(test)]
mod tests;
