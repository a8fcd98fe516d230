//! An appraisal cycle 考评周期: who is appraised, under which scheme version, and how far it has come.
//!
//! - It opens under a published scheme version and keeps that version for good.
//! - Units are entered, regrouped and removed while it is open.
//! - A county cycle runs in step with a municipal one: the same period, opened while that is open, and closed
//!   before it.
//! - It closes once nothing is missing or still open, and takes no more facts.
//! - Results are published once, when no appeal against an entry waits, and frozen; a revision is a new, visible
//!   event with a number and a reason.

use std::borrow::Cow;
use std::collections::BTreeMap;

use contract::evaluation::{
    CycleClosed, CycleLevel, CycleOpened, ResultsPublished, ResultsRevised, UnitEntered, UnitRemoved,
    UnitResult,
};
use contract::status::{self, Kind};
use eventstore::Decider;

eventstore::events! {
    /// What can happen to a cycle.
    pub enum Event { CycleOpened, UnitEntered, UnitRemoved, CycleClosed, ResultsPublished, ResultsRevised }
}

/// A cycle, if it was opened.
#[derive(Debug, Clone, Default)]
pub enum State {
    /// There is none.
    #[default]
    NotOpened,
    /// There is one.
    Opened(Box<Opened>),
}

/// An opened cycle.
#[derive(Debug, Clone)]
pub struct Opened {
    /// As it was opened.
    pub terms: CycleOpened,
    /// The units entered, by resource name.
    pub units: BTreeMap<String, UnitEntered>,
    /// How far it has come.
    pub phase: Phase,
}

/// How far a cycle has come.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// It takes facts.
    Open,
    /// It takes no more facts.
    Closed,
    /// Its results are out.
    Published {
        /// As published, or as last revised.
        results: Vec<UnitResult>,
        /// Why they were revised, oldest first.
        revisions: Vec<String>,
    },
}

/// What matters of a cycle that another one runs in step with.
#[derive(Debug, Clone)]
pub struct Parent {
    /// Its level.
    pub level: CycleLevel,
    /// Its first and last day.
    pub period: (String, String),
    /// Whether it is open.
    pub open: bool,
}

/// What can be asked of a cycle.
#[derive(Debug, Clone)]
pub enum Command {
    /// Open it.
    Open {
        /// Its terms.
        terms: CycleOpened,
        /// Whether the scheme version is published.
        scheme_published: bool,
        /// The parent cycle; none: it has none, or there is no such cycle.
        parent: Option<Parent>,
    },
    /// Enter a unit, or change its group or target.
    Enter {
        /// The unit with its group.
        entered: UnitEntered,
        /// Whether it is in the register and in service.
        in_service: bool,
    },
    /// Take a unit out.
    Remove(UnitRemoved),
    /// Take no more facts.
    Close {
        /// The cycle.
        cycle: String,
        /// What is missing or still open, for people.
        missing: Vec<String>,
    },
    /// Publish the results.
    Publish {
        /// The results.
        published: ResultsPublished,
        /// What has to be decided first, for people.
        undecided: Vec<String>,
    },
    /// Publish revised results.
    Revise(ResultsRevised),
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The id is taken.
    #[error("there is another cycle of this name")]
    CycleExists,
    /// No such cycle.
    #[error("there is no such cycle")]
    UnknownCycle,
    /// The scheme version is not published.
    #[error("the scheme version is not published")]
    SchemeNotPublished,
    /// The period ends before it begins.
    #[error("the period ends before it begins")]
    PeriodReversed,
    /// The parent cycle does not fit.
    #[error("{0}")]
    ParentCycle(&'static str),
    /// It is closed.
    #[error("the cycle is closed")]
    CycleNotOpen,
    /// The unit is not in service.
    #[error("{0} is not in the register, or is retired")]
    UnitNotInService(String),
    /// The unit is not in the cycle.
    #[error("{0} is not entered in the cycle")]
    UnitNotEntered(String),
    /// Something is missing, still open or not decided.
    #[error("not ready: {}", .0.join("; "))]
    NotReady(Vec<String>),
    /// It takes facts still.
    #[error("the cycle is not closed yet")]
    CycleNotClosed,
    /// There is nothing to revise.
    #[error("the results are not published yet")]
    NotPublished,
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::CycleExists => "evaluation.cycle_exists",
            Self::UnknownCycle => "evaluation.unknown_cycle",
            Self::SchemeNotPublished => "evaluation.scheme_not_published",
            Self::PeriodReversed => "evaluation.period_reversed",
            Self::ParentCycle(_) => "evaluation.parent_cycle",
            Self::CycleNotOpen => "evaluation.cycle_not_open",
            Self::UnitNotInService(_) => "evaluation.unit_not_in_service",
            Self::UnitNotEntered(_) => "evaluation.unit_not_entered",
            Self::NotReady(_) => "evaluation.not_ready",
            Self::CycleNotClosed => "evaluation.cycle_not_closed",
            Self::NotPublished => "evaluation.not_published",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::CycleExists => Kind::Exists,
            Self::UnknownCycle => Kind::NotFound,
            Self::SchemeNotPublished
            | Self::PeriodReversed
            | Self::ParentCycle(_)
            | Self::CycleNotOpen
            | Self::UnitNotInService(_)
            | Self::UnitNotEntered(_)
            | Self::NotReady(_)
            | Self::CycleNotClosed
            | Self::NotPublished => Kind::Rule,
        }
    }
}

/// An appraisal cycle.
#[derive(Debug)]
pub struct Cycle;

impl Decider for Cycle {
    const CATEGORY: &'static str = "cycle";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        if let Command::Open { terms, scheme_published, parent } = command {
            return state.open(terms, scheme_published, parent.as_ref());
        }
        let State::Opened(cycle) = state else { return Err(Rejection::UnknownCycle) };
        match command {
            Command::Open { .. } => Ok(vec![]),
            Command::Enter { entered, in_service } => cycle.enter(entered, in_service),
            Command::Remove(removed) => cycle.remove(removed),
            Command::Close { cycle: name, missing } => cycle.close(name, missing),
            Command::Publish { published, undecided } => cycle.publish(published, undecided),
            Command::Revise(revised) => cycle.revise(revised),
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        if let Event::CycleOpened(terms) = event {
            let opened = Opened { terms: terms.clone(), units: BTreeMap::new(), phase: Phase::Open };
            return State::Opened(Box::new(opened));
        }
        if let State::Opened(cycle) = &mut state {
            cycle.evolve(event);
        }
        state
    }

    fn unit(_state: &State, event: &Event) -> String {
        match event {
            Event::UnitEntered(UnitEntered { unit, .. }) | Event::UnitRemoved(UnitRemoved { unit, .. }) => {
                super::last_id(unit)
            }
            Event::CycleOpened(_)
            | Event::CycleClosed(_)
            | Event::ResultsPublished(_)
            | Event::ResultsRevised(_) => String::new(),
        }
    }

    fn thing(event: &Event) -> Cow<'_, str> {
        match event {
            Event::UnitEntered(UnitEntered { unit, .. }) | Event::UnitRemoved(UnitRemoved { unit, .. }) => {
                unit.into()
            }
            Event::CycleOpened(_)
            | Event::CycleClosed(_)
            | Event::ResultsPublished(_)
            | Event::ResultsRevised(_) => "".into(),
        }
    }
}

impl State {
    /// The cycle, if it was opened.
    pub fn opened(&self) -> Option<&Opened> {
        match self {
            Self::NotOpened => None,
            Self::Opened(opened) => Some(opened),
        }
    }

    fn open(
        &self,
        terms: CycleOpened,
        scheme_published: bool,
        parent: Option<&Parent>,
    ) -> Result<Vec<Event>, Rejection> {
        if let Self::Opened(cycle) = self {
            return if cycle.terms == terms { Ok(vec![]) } else { Err(Rejection::CycleExists) };
        }
        if !scheme_published {
            return Err(Rejection::SchemeNotPublished);
        }
        // Days are written YYYY-MM-DD: their order is the order of their text.
        if terms.end_date < terms.start_date {
            return Err(Rejection::PeriodReversed);
        }
        if let Some(why) = misfit(&terms, parent) {
            return Err(Rejection::ParentCycle(why));
        }
        Ok(vec![terms.into()])
    }
}

impl Opened {
    fn evolve(&mut self, event: &Event) {
        match event {
            Event::CycleOpened(_) => {}
            Event::UnitEntered(entered) => drop(self.units.insert(entered.unit.clone(), entered.clone())),
            Event::UnitRemoved(UnitRemoved { unit, .. }) => drop(self.units.remove(unit)),
            Event::CycleClosed(_) => self.phase = Phase::Closed,
            Event::ResultsPublished(ResultsPublished { results, .. }) => {
                self.phase = Phase::Published { results: results.clone(), revisions: vec![] };
            }
            Event::ResultsRevised(revised) => {
                if let Phase::Published { results, revisions } = &mut self.phase {
                    results.clone_from(&revised.results);
                    revisions.push(revised.reason.clone());
                }
            }
        }
    }

    fn enter(&self, entered: UnitEntered, in_service: bool) -> Result<Vec<Event>, Rejection> {
        if self.units.get(&entered.unit) == Some(&entered) {
            return Ok(vec![]);
        }
        self.check_open()?;
        if !in_service {
            return Err(Rejection::UnitNotInService(entered.unit));
        }
        Ok(vec![entered.into()])
    }

    fn remove(&self, removed: UnitRemoved) -> Result<Vec<Event>, Rejection> {
        self.check_open()?;
        if !self.units.contains_key(&removed.unit) {
            return Err(Rejection::UnitNotEntered(removed.unit));
        }
        Ok(vec![removed.into()])
    }

    fn close(&self, cycle: String, missing: Vec<String>) -> Result<Vec<Event>, Rejection> {
        if self.phase != Phase::Open {
            return Ok(vec![]);
        }
        if !missing.is_empty() {
            return Err(Rejection::NotReady(missing));
        }
        Ok(vec![CycleClosed { cycle }.into()])
    }

    fn publish(&self, published: ResultsPublished, undecided: Vec<String>) -> Result<Vec<Event>, Rejection> {
        match self.phase {
            Phase::Open => Err(Rejection::CycleNotClosed),
            Phase::Closed if !undecided.is_empty() => Err(Rejection::NotReady(undecided)),
            Phase::Closed => Ok(vec![published.into()]),
            Phase::Published { .. } => Ok(vec![]),
        }
    }

    fn revise(&self, revised: ResultsRevised) -> Result<Vec<Event>, Rejection> {
        match &self.phase {
            Phase::Open | Phase::Closed => Err(Rejection::NotPublished),
            Phase::Published { results, .. } if *results == revised.results => Ok(vec![]),
            Phase::Published { revisions, .. } => {
                let revision = u32::try_from(revisions.len() + 1).unwrap_or(u32::MAX);
                Ok(vec![ResultsRevised { revision, ..revised }.into()])
            }
        }
    }

    fn check_open(&self) -> Result<(), Rejection> {
        if self.phase == Phase::Open { Ok(()) } else { Err(Rejection::CycleNotOpen) }
    }
}

/// Why a cycle cannot run in step with its parent; none: it can, or has none.
fn misfit(terms: &CycleOpened, parent: Option<&Parent>) -> Option<&'static str> {
    if terms.parent_cycle.is_empty() {
        return None;
    }
    let Some(parent) = parent.filter(|parent| parent.level == CycleLevel::Municipal) else {
        return Some("the parent cycle must be a municipal one that was opened");
    };
    if terms.level() != CycleLevel::County {
        return Some("only a county cycle runs in step with another one");
    }
    if (&terms.start_date, &terms.end_date) != (&parent.period.0, &parent.period.1) {
        return Some("a county cycle has the period of the municipal one that it runs in step with");
    }
    (!parent.open).then_some("the municipal cycle is closed")
}

#[cfg(test)]
mod tests;
