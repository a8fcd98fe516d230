//! An officer's assessment 考核 in one of the four qualities.
//!
//! - It counts for a campaign that takes facts, on one of its days, of an officer on the roster that day.
//! - It is recorded once; what was wrong is corrected in the open, with a reason.
//! - Nobody assesses themselves, nor corrects their own assessment.

use contract::status::{self, Kind};
use contract::training::{AssessmentCorrected, AssessmentRecorded};
use eventstore::Decider;

use super::admission::NotAdmitted;

eventstore::events! {
    /// What can happen to an assessment.
    pub enum Event { AssessmentRecorded, AssessmentCorrected }
}

/// An assessment, if it was recorded.
#[derive(Debug, Clone, Default)]
pub enum State {
    /// There is none.
    #[default]
    NotRecorded,
    /// There is one.
    Recorded(Box<Recorded>),
}

/// A recorded assessment.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// What stands.
    pub standing: AssessmentRecorded,
    /// How often it was corrected.
    pub corrections: u32,
    /// Why it was corrected last; empty: it was not.
    pub correction_reason: String,
    events: u64,
}

/// What can be asked. `own`: whether the officer assessed asks for it. `admitted`: what campaign and roster say.
/// `expected` is the stream version that the caller read, if the caller edits what it read.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "see above")]
pub enum Command {
    Record {
        recorded: AssessmentRecorded,
        own: bool,
        admitted: Result<(), NotAdmitted>,
    },
    Correct {
        corrected: AssessmentCorrected,
        own: bool,
        admitted: Result<(), NotAdmitted>,
        expected: Option<u64>,
    },
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// See [`NotAdmitted`].
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    /// The id is taken by an assessment of other content.
    #[error("there is another assessment of this name: correct it, with a reason")]
    AssessmentExists,
    /// The officer would assess themselves.
    #[error("nobody assesses themselves")]
    OwnAssessment,
    /// It was changed since it was read.
    #[error("the assessment was changed since it was read: it is at \"{0}\"")]
    AssessmentChanged(u64),
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::NotAdmitted(refusal) => refusal.rule(),
            Self::AssessmentExists => "training.assessment_exists",
            Self::OwnAssessment => "training.own_assessment",
            Self::AssessmentChanged(_) => "training.assessment_changed",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NotAdmitted(refusal) => refusal.kind(),
            Self::AssessmentExists => Kind::Exists,
            Self::OwnAssessment => Kind::Denied,
            Self::AssessmentChanged(_) => Kind::Changed,
        }
    }
}

/// An assessment.
#[derive(Debug)]
pub struct Assessment;

impl Decider for Assessment {
    const CATEGORY: &'static str = "assessment";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Record { recorded, own, admitted } => state.record(recorded, own, admitted),
            Command::Correct { corrected, own, admitted, expected } => {
                state.known(&corrected.assessment)?.correct(corrected, own, admitted, expected)
            }
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        match event {
            Event::AssessmentRecorded(recorded) => {
                let standing = recorded.clone();
                let recorded =
                    Recorded { standing, corrections: 0, correction_reason: String::new(), events: 1 };
                return State::Recorded(Box::new(recorded));
            }
            Event::AssessmentCorrected(corrected) => {
                if let State::Recorded(assessment) = &mut state {
                    assessment.take(corrected);
                }
            }
        }
        state
    }
}

impl State {
    /// The assessment, if it was recorded.
    pub fn recorded(&self) -> Option<&Recorded> {
        match self {
            Self::NotRecorded => None,
            Self::Recorded(assessment) => Some(assessment),
        }
    }

    fn known(&self, name: &str) -> Result<&Recorded, NotAdmitted> {
        self.recorded().ok_or_else(|| NotAdmitted::UnknownAssessment(name.to_owned()))
    }

    fn record(
        &self,
        recorded: AssessmentRecorded,
        own: bool,
        admitted: Result<(), NotAdmitted>,
    ) -> Result<Vec<Event>, Rejection> {
        if let Self::Recorded(assessment) = self {
            let same = assessment.corrections == 0 && assessment.standing == recorded;
            return if same { Ok(vec![]) } else { Err(Rejection::AssessmentExists) };
        }
        if own {
            return Err(Rejection::OwnAssessment);
        }
        admitted?;
        Ok(vec![recorded.into()])
    }
}

impl Recorded {
    fn take(&mut self, corrected: &AssessmentCorrected) {
        self.standing.assessment_date.clone_from(&corrected.assessment_date);
        self.standing.passed = corrected.passed;
        self.standing.score.clone_from(&corrected.score);
        self.corrections += 1;
        self.correction_reason.clone_from(&corrected.reason);
        self.events += 1;
    }

    fn correct(
        &self,
        corrected: AssessmentCorrected,
        own: bool,
        admitted: Result<(), NotAdmitted>,
        expected: Option<u64>,
    ) -> Result<Vec<Event>, Rejection> {
        let AssessmentRecorded { assessment_date, passed, score, .. } = &self.standing;
        if (assessment_date, passed, score)
            == (&corrected.assessment_date, &corrected.passed, &corrected.score)
        {
            return Ok(vec![]);
        }
        if expected.is_some_and(|expected| expected != self.events) {
            return Err(Rejection::AssessmentChanged(self.events));
        }
        if own {
            return Err(Rejection::OwnAssessment);
        }
        admitted?;
        Ok(vec![corrected.into()])
    }
}

#[cfg(test)]
mod tests;
