//! How long the clocks run 时限: each stage that has a clock, the whole case, a period of escalation.
//!
//! - Until they are set, the defaults below.
//! - They are set whole; the last ones stand. Due times given before do not move.

use contract::complaints::{ComplaintStage, StageTerm, TermsSet};
use contract::status::{self, Kind};
use eventstore::Decider;

/// The stages that have a clock, each with its default in working days.
pub const STAGES: [(ComplaintStage, u32); 6] = [
    (ComplaintStage::Lodged, 5),
    (ComplaintStage::Accepted, 3),
    (ComplaintStage::Led, 3),
    (ComplaintStage::Assigned, 15),
    (ComplaintStage::Reported, 10),
    (ComplaintStage::Verified, 5),
];
/// Default of the whole case.
pub const CASE_WORKING_DAYS: u32 = 60;
/// Default of each period after a deadline.
pub const ESCALATION_WORKING_DAYS: u32 = 5;
/// The longest of all terms.
pub const WORKING_DAYS_MAX: u32 = 1000;

eventstore::events! {
    /// What can happen to the terms.
    pub enum Event { TermsSet }
}

/// The terms that stand.
#[derive(Debug, Clone, Default)]
pub struct State {
    set: Option<TermsSet>,
    events: u64,
}

/// What can be asked. `expected` is the stream version of the last event, if the caller edits what it read.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "see above")]
pub enum Command {
    Set { terms: TermsSet, expected: Option<u64> },
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// They were set since they were read.
    #[error("the terms were set since they were read: they are at \"{0}\"")]
    TermsChanged(u64),
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::TermsChanged(_) => "complaints.terms_changed",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::TermsChanged(_) => Kind::Changed,
        }
    }
}

/// The terms.
#[derive(Debug)]
pub struct Terms;

impl Decider for Terms {
    const CATEGORY: &'static str = "terms";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        let Command::Set { terms, expected } = command;
        state.set(terms, expected)
    }

    fn evolve(state: State, event: &Event) -> State {
        let Event::TermsSet(terms) = event;
        State { set: Some(terms.clone()), events: state.events + 1 }
    }
}

impl State {
    /// Each stage with a clock, with its term.
    pub fn stages(&self) -> Vec<StageTerm> {
        whole(self.set.as_ref().map_or(&[], |set| &set.stages))
    }

    /// The term of a stage that has a clock.
    pub fn stage_working_days(&self, stage: ComplaintStage) -> u32 {
        let term = self.stages().into_iter().find(|term| term.stage() == stage);
        term.map_or(0, |term| term.working_days)
    }

    /// The term of the whole case.
    pub fn case_working_days(&self) -> u32 {
        self.set.as_ref().map_or(CASE_WORKING_DAYS, |set| set.case_working_days)
    }

    /// The term of each period after a deadline.
    pub fn escalation_working_days(&self) -> u32 {
        self.set.as_ref().map_or(ESCALATION_WORKING_DAYS, |set| set.escalation_working_days)
    }

    fn set(&self, terms: TermsSet, expected: Option<u64>) -> Result<Vec<Event>, Rejection> {
        if self.set.as_ref() == Some(&terms) {
            return Ok(vec![]);
        }
        if expected.is_some_and(|expected| expected != self.events) {
            return Err(Rejection::TermsChanged(self.events));
        }
        Ok(vec![terms.into()])
    }
}

/// Every stage that has a clock: as it is in `stages`, by default where it is missing.
pub fn whole(stages: &[StageTerm]) -> Vec<StageTerm> {
    let term = |(stage, default)| {
        let given = stages.iter().find(|term| term.stage() == stage);
        let working_days = given.map_or(default, |term| term.working_days);
        StageTerm { stage: stage.into(), working_days }
    };
    STAGES.into_iter().map(term).collect()
}

#[cfg(test)]
mod tests {
    use eventstore::testing::given;

    use super::*;

    fn terms(led: u32) -> TermsSet {
        let stages = whole(&[StageTerm { stage: ComplaintStage::Led.into(), working_days: led }]);
        TermsSet { stages, case_working_days: 90, ..TermsSet::default() }
    }

    fn set(led: u32, expected: Option<u64>) -> Command {
        Command::Set { terms: terms(led), expected }
    }

    #[test]
    fn until_they_are_set_the_defaults_stand() {
        let state = State::default();
        assert_eq!(STAGES.map(|(stage, _)| state.stage_working_days(stage)), [5, 3, 3, 15, 10, 5]);
        assert_eq!((state.case_working_days(), state.escalation_working_days()), (60, 5));
    }

    #[test]
    fn terms_are_set_and_what_is_not_named_gets_its_default() {
        given::<Terms>([]).when(set(4, Some(0))).then([terms(4).into()]);
        let state = Terms::evolve(State::default(), &terms(4).into());
        assert_eq!(STAGES.map(|(stage, _)| state.stage_working_days(stage)), [5, 3, 4, 15, 10, 5]);
        assert_eq!(state.case_working_days(), 90);
    }

    #[test]
    fn setting_the_same_terms_again_changes_nothing() {
        given::<Terms>([terms(4).into()]).when(set(4, Some(0))).then_nothing();
    }

    #[test]
    fn who_edits_old_terms_is_told() {
        given::<Terms>([terms(4).into()]).when(set(5, Some(0))).then_rejected(Rejection::TermsChanged(1));
    }
}
