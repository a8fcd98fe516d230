//! An appraisal cycle 考评周期: who is appraised, under which scheme version, and how far it has come.
//!
//! - It opens under a published scheme version and keeps that version for good.
//! - Units are entered, regrouped and removed while it is open.
//! - It closes once its surveys and panels are closed, and takes no more facts.
//! - Results are published once, frozen; a revision is a new, visible event with a reason.

use std::borrow::Cow;
use std::collections::BTreeMap;

use contract::evaluation::{
    CycleClosed, CycleOpened, ResultsPublished, ResultsRevised, UnitEntered, UnitRemoved, UnitResult,
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
        /// How often they were revised.
        revisions: u32,
    },
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
        /// Whether the parent cycle, if any, is known and municipal.
        parent_fits: bool,
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
        /// Components whose survey or panel is still open.
        still_open: Vec<String>,
    },
    /// Publish the results.
    Publish(ResultsPublished),
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
    #[error("the parent cycle must be a municipal one that was opened")]
    ParentCycle,
    /// It is closed.
    #[error("the cycle is closed")]
    CycleNotOpen,
    /// The unit is not in service.
    #[error("{0} is not in the register, or is retired")]
    UnitNotInService(String),
    /// The unit is not in the cycle.
    #[error("{0} is not entered in the cycle")]
    UnitNotEntered(String),
    /// Something still takes answers or ballots.
    #[error("still open: {}", .0.join(", "))]
    StillOpen(Vec<String>),
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
            Self::ParentCycle => "evaluation.parent_cycle",
            Self::CycleNotOpen => "evaluation.cycle_not_open",
            Self::UnitNotInService(_) => "evaluation.unit_not_in_service",
            Self::UnitNotEntered(_) => "evaluation.unit_not_entered",
            Self::StillOpen(_) => "evaluation.still_open",
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
            | Self::ParentCycle
            | Self::CycleNotOpen
            | Self::UnitNotInService(_)
            | Self::UnitNotEntered(_)
            | Self::StillOpen(_)
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
        if let Command::Open { terms, scheme_published, parent_fits } = command {
            return state.open(terms, scheme_published, parent_fits);
        }
        let State::Opened(cycle) = state else { return Err(Rejection::UnknownCycle) };
        match command {
            Command::Open { .. } => Ok(vec![]),
            Command::Enter { entered, in_service } => cycle.enter(entered, in_service),
            Command::Remove(removed) => cycle.remove(removed),
            Command::Close { cycle: name, still_open } => cycle.close(name, still_open),
            Command::Publish(published) => cycle.publish(published),
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
        parent_fits: bool,
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
        if !parent_fits {
            return Err(Rejection::ParentCycle);
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
                self.phase = Phase::Published { results: results.clone(), revisions: 0 };
            }
            Event::ResultsRevised(ResultsRevised { results, .. }) => {
                let before = if let Phase::Published { revisions, .. } = self.phase { revisions } else { 0 };
                self.phase = Phase::Published { results: results.clone(), revisions: before + 1 };
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

    fn close(&self, cycle: String, still_open: Vec<String>) -> Result<Vec<Event>, Rejection> {
        if self.phase != Phase::Open {
            return Ok(vec![]);
        }
        if !still_open.is_empty() {
            return Err(Rejection::StillOpen(still_open));
        }
        Ok(vec![CycleClosed { cycle }.into()])
    }

    fn publish(&self, published: ResultsPublished) -> Result<Vec<Event>, Rejection> {
        match self.phase {
            Phase::Open => Err(Rejection::CycleNotClosed),
            Phase::Closed => Ok(vec![published.into()]),
            Phase::Published { .. } => Ok(vec![]),
        }
    }

    fn revise(&self, revised: ResultsRevised) -> Result<Vec<Event>, Rejection> {
        match &self.phase {
            Phase::Open | Phase::Closed => Err(Rejection::NotPublished),
            Phase::Published { results, .. } if *results == revised.results => Ok(vec![]),
            Phase::Published { .. } => Ok(vec![revised.into()]),
        }
    }

    fn check_open(&self) -> Result<(), Rejection> {
        if self.phase == Phase::Open { Ok(()) } else { Err(Rejection::CycleNotOpen) }
    }
}

#[cfg(test)]
mod tests {
    use eventstore::testing::{Given, given};

    use super::*;

    const NAME: &str = "jurisdictions/city/cycles/2024";
    const UNIT: &str = "jurisdictions/city/units/bureau";

    fn terms() -> CycleOpened {
        CycleOpened {
            cycle: NAME.to_owned(),
            start_date: "2024-01-01".to_owned(),
            end_date: "2024-12-31".to_owned(),
            ..CycleOpened::default()
        }
    }

    fn entered(group: u32) -> UnitEntered {
        UnitEntered { cycle: NAME.to_owned(), unit: UNIT.to_owned(), group, ..UnitEntered::default() }
    }

    fn enter(group: u32) -> Command {
        Command::Enter { entered: entered(group), in_service: true }
    }

    fn removed() -> UnitRemoved {
        UnitRemoved { cycle: NAME.to_owned(), unit: UNIT.to_owned(), reason: "merged".to_owned() }
    }

    fn close(still_open: &[&str]) -> Command {
        let still_open = still_open.iter().map(ToString::to_string).collect();
        Command::Close { cycle: NAME.to_owned(), still_open }
    }

    fn closed() -> Event {
        CycleClosed { cycle: NAME.to_owned() }.into()
    }

    fn published() -> ResultsPublished {
        ResultsPublished { cycle: NAME.to_owned(), ..ResultsPublished::default() }
    }

    fn revised(rank: u32) -> ResultsRevised {
        let results = vec![UnitResult { unit: UNIT.to_owned(), rank, ..UnitResult::default() }];
        ResultsRevised {
            cycle: NAME.to_owned(),
            results,
            reason: "appeal".to_owned(),
            ..ResultsRevised::default()
        }
    }

    fn open_cycle() -> Given<Cycle> {
        given([terms().into(), entered(3).into()])
    }

    fn closed_cycle() -> Given<Cycle> {
        given([terms().into(), entered(3).into(), closed()])
    }

    fn published_cycle() -> Given<Cycle> {
        given([terms().into(), entered(3).into(), closed(), published().into()])
    }

    fn open(terms: CycleOpened, scheme_published: bool, parent_fits: bool) -> Command {
        Command::Open { terms, scheme_published, parent_fits }
    }

    #[test]
    fn a_cycle_opens_under_a_published_scheme() {
        given::<Cycle>([]).when(open(terms(), true, true)).then([terms().into()]);
        given::<Cycle>([]).when(open(terms(), false, true)).then_rejected(Rejection::SchemeNotPublished);
    }

    #[test]
    fn opening_it_again_changes_nothing_and_another_of_its_name_is_refused() {
        open_cycle().when(open(terms(), true, true)).then_nothing();
        let other = CycleOpened { end_date: "2024-06-30".to_owned(), ..terms() };
        open_cycle().when(open(other, true, true)).then_rejected(Rejection::CycleExists);
    }

    #[test]
    fn a_period_does_not_end_before_it_begins() {
        let reversed = CycleOpened { end_date: "2023-12-31".to_owned(), ..terms() };
        given::<Cycle>([]).when(open(reversed, true, true)).then_rejected(Rejection::PeriodReversed);
    }

    #[test]
    fn a_county_cycle_runs_in_step_with_a_municipal_one() {
        given::<Cycle>([]).when(open(terms(), true, false)).then_rejected(Rejection::ParentCycle);
    }

    #[test]
    fn units_are_entered_regrouped_and_removed_while_it_is_open() {
        given::<Cycle>([terms().into()]).when(enter(3)).then([entered(3).into()]);
        open_cycle().when(enter(3)).then_nothing();
        open_cycle().when(enter(4)).then([entered(4).into()]);
        open_cycle().when(Command::Remove(removed())).then([removed().into()]);
    }

    #[test]
    fn only_units_in_service_are_entered() {
        let command = Command::Enter { entered: entered(5), in_service: false };
        open_cycle().when(command).then_rejected(Rejection::UnitNotInService(UNIT.to_owned()));
    }

    #[test]
    fn only_an_entered_unit_is_removed() {
        let command = Command::Remove(removed());
        given::<Cycle>([terms().into()])
            .when(command)
            .then_rejected(Rejection::UnitNotEntered(UNIT.to_owned()));
    }

    #[test]
    fn a_closed_cycle_takes_and_loses_no_units() {
        closed_cycle().when(enter(4)).then_rejected(Rejection::CycleNotOpen);
        closed_cycle().when(enter(3)).then_nothing();
        closed_cycle().when(Command::Remove(removed())).then_rejected(Rejection::CycleNotOpen);
    }

    #[test]
    fn it_closes_once_its_surveys_and_panels_are_closed() {
        let still_open = Rejection::StillOpen(vec!["open-appraisal".to_owned()]);
        open_cycle().when(close(&["open-appraisal"])).then_rejected(still_open);
        open_cycle().when(close(&[])).then([closed()]);
        closed_cycle().when(close(&[])).then_nothing();
    }

    #[test]
    fn results_are_published_after_the_close_and_only_once() {
        open_cycle().when(Command::Publish(published())).then_rejected(Rejection::CycleNotClosed);
        closed_cycle().when(Command::Publish(published())).then([published().into()]);
        published_cycle().when(Command::Publish(published())).then_nothing();
    }

    #[test]
    fn published_results_are_revised_in_the_open() {
        closed_cycle().when(Command::Revise(revised(2))).then_rejected(Rejection::NotPublished);
        published_cycle().when(Command::Revise(revised(2))).then([revised(2).into()]);
        let history = [terms().into(), closed(), published().into(), revised(2).into()];
        given::<Cycle>(history).when(Command::Revise(revised(2))).then_nothing();
    }

    #[test]
    fn nothing_is_done_to_a_cycle_that_was_never_opened() {
        for command in [enter(3), Command::Remove(removed()), close(&[]), Command::Revise(revised(2))] {
            given::<Cycle>([]).when(command).then_rejected(Rejection::UnknownCycle);
        }
    }
}
