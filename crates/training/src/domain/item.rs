//! An item 训练项目: something that is trained, and the operational need that it answers 三实.
//!
//! - It is designed in a campaign that takes facts, by a unit that takes part, guided by a unit in service; its
//!   design may be replaced until it is approved.
//! - One that states no operational need and is linked to none cannot be approved.
//! - A retired item takes no further sessions; those held still count.

use contract::status::{self, Kind};
use contract::training::{ItemApproved, ItemDesigned, ItemRetired};
use eventstore::Decider;

use super::admission::NotAdmitted;

eventstore::events! {
    /// What can happen to an item.
    pub enum Event { ItemDesigned, ItemApproved, ItemRetired }
}

/// An item, if it was designed.
#[derive(Debug, Clone, Default)]
pub enum State {
    /// There is none.
    #[default]
    NotDesigned,
    /// There is one.
    Designed(Box<Designed>),
}

/// A designed item.
#[derive(Debug, Clone)]
pub struct Designed {
    /// The design that stands.
    pub design: ItemDesigned,
    /// Where it stands.
    pub phase: Phase,
    /// Whether it was approved ever.
    pub was_approved: bool,
    /// Why it was retired; empty: it was not.
    pub retirement_reason: String,
    events: u64,
}

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Its design may be replaced.
    Designed,
    /// Sessions may be held of it.
    Approved,
    /// No further sessions are held of it.
    Retired,
}

/// What can be asked. `admitted`: what the campaign says. `expected` is the stream version that the caller read,
/// if the caller edits what it read.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "see above")]
pub enum Command {
    Design { designed: ItemDesigned, admitted: Result<(), NotAdmitted>, expected: Option<u64> },
    Approve { approved: ItemApproved, admitted: Result<(), NotAdmitted>, expected: Option<u64> },
    Retire { retired: ItemRetired, admitted: Result<(), NotAdmitted>, expected: Option<u64> },
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// See [`NotAdmitted`].
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    /// Its design does not change any more.
    #[error("the item is approved: its design does not change any more")]
    ItemApproved,
    /// It answers no need.
    #[error("the item states no operational need and is linked to none")]
    ItemWithoutNeed,
    /// It was changed since it was read.
    #[error("the item was changed since it was read: it is at \"{0}\"")]
    ItemChanged(u64),
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::NotAdmitted(refusal) => refusal.rule(),
            Self::ItemApproved => "training.item_approved",
            Self::ItemWithoutNeed => "training.item_without_need",
            Self::ItemChanged(_) => "training.item_changed",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NotAdmitted(refusal) => refusal.kind(),
            Self::ItemChanged(_) => Kind::Changed,
            Self::ItemApproved | Self::ItemWithoutNeed => Kind::Rule,
        }
    }
}

/// An item.
#[derive(Debug)]
pub struct Item;

impl Decider for Item {
    const CATEGORY: &'static str = "item";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Design { designed, admitted, expected } => state.design(designed, admitted, expected),
            Command::Approve { approved, admitted, expected } => {
                state.known(&approved.item)?.approve(approved, admitted, expected)
            }
            Command::Retire { retired, admitted, expected } => {
                state.known(&retired.item)?.retire(retired, admitted, expected)
            }
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        if let (State::NotDesigned, Event::ItemDesigned(design)) = (&state, event) {
            return State::Designed(Box::new(Designed::of(design)));
        }
        if let State::Designed(item) = &mut state {
            item.evolve(event);
        }
        state
    }

    fn unit(state: &State, _event: &Event) -> String {
        state.designed().map(|item| super::last_id(&item.design.design_unit)).unwrap_or_default()
    }
}

impl State {
    /// The item, if it was designed.
    pub fn designed(&self) -> Option<&Designed> {
        match self {
            Self::NotDesigned => None,
            Self::Designed(item) => Some(item),
        }
    }

    fn known(&self, name: &str) -> Result<&Designed, NotAdmitted> {
        self.designed().ok_or_else(|| NotAdmitted::UnknownItem(name.to_owned()))
    }

    fn design(
        &self,
        designed: ItemDesigned,
        admitted: Result<(), NotAdmitted>,
        expected: Option<u64>,
    ) -> Result<Vec<Event>, Rejection> {
        if let Self::Designed(item) = self {
            if item.design == designed {
                return Ok(vec![]);
            }
            item.check_unchanged(expected)?;
            match item.phase {
                Phase::Designed => {}
                Phase::Approved => return Err(Rejection::ItemApproved),
                Phase::Retired => return Err(NotAdmitted::ItemRetired(designed.item).into()),
            }
        }
        admitted?;
        Ok(vec![designed.into()])
    }
}

impl Designed {
    fn of(design: &ItemDesigned) -> Self {
        Self {
            design: design.clone(),
            phase: Phase::Designed,
            was_approved: false,
            retirement_reason: String::new(),
            events: 1,
        }
    }

    fn evolve(&mut self, event: &Event) {
        self.events += 1;
        match event {
            Event::ItemDesigned(design) => self.design = design.clone(),
            Event::ItemApproved(_) => {
                self.phase = Phase::Approved;
                self.was_approved = true;
            }
            Event::ItemRetired(ItemRetired { reason, .. }) => {
                self.phase = Phase::Retired;
                self.retirement_reason.clone_from(reason);
            }
        }
    }

    fn approve(
        &self,
        approved: ItemApproved,
        admitted: Result<(), NotAdmitted>,
        expected: Option<u64>,
    ) -> Result<Vec<Event>, Rejection> {
        match self.phase {
            Phase::Approved => return Ok(vec![]),
            Phase::Retired => return Err(NotAdmitted::ItemRetired(approved.item).into()),
            Phase::Designed => {}
        }
        self.check_unchanged(expected)?;
        admitted?;
        if self.design.operational_need.is_empty() && self.design.needs.is_empty() {
            return Err(Rejection::ItemWithoutNeed);
        }
        Ok(vec![approved.into()])
    }

    fn retire(
        &self,
        retired: ItemRetired,
        admitted: Result<(), NotAdmitted>,
        expected: Option<u64>,
    ) -> Result<Vec<Event>, Rejection> {
        if self.phase == Phase::Retired {
            return Ok(vec![]);
        }
        self.check_unchanged(expected)?;
        admitted?;
        Ok(vec![retired.into()])
    }

    fn check_unchanged(&self, expected: Option<u64>) -> Result<(), Rejection> {
        let unchanged = expected.is_none_or(|expected| expected == self.events);
        if unchanged { Ok(()) } else { Err(Rejection::ItemChanged(self.events)) }
    }
}

#[cfg(test)]
mod tests;
