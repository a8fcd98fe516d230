//! A complaint 投诉, from lodging to closing.
//!
//! - Lodged, it is accepted, rejected (with a reason) or referred to an organ outside the register; what was
//!   referred can come back and be accepted, or is rejected once that organ has settled it. How it goes from stage to stage stands in `moves.rs`.
//! - A leader takes it over 包案, at least deputy division head, and a supervisor is named 督办, who neither
//!   leads nor is responsible; then a unit and a person are made responsible 逐条落实, by a deadline.
//! - Nobody handles a complaint about themselves. If it is about someone who could lead, the leader is of a
//!   higher post, and nobody of that person's unit or below it handles or judges it. Who is responsible does
//!   not judge it either.
//! - Two clocks: the stage's, which restarts with it, and the case's, which nothing restarts. A change of
//!   person or unit moves neither. Yellow and red are raised once each for a stage, and for the case.
//! - A deadline is extended before it passes, with a reason, never shortened. Once passed it is overdue, once;
//!   each further period without a report escalates it to the next level up, once.
//! - Reported as put right, it is verified or refuted by the complainant's word; refuted, it goes back to who
//!   is responsible, with a new deadline.
//! - It is closed as rectified when verified, as unsubstantiated when found not to be true, as withdrawn when
//!   the complainant withdrew it. Closed, it may be reopened, and goes back to the same leader.
//! - A rejected or closed complaint takes nothing more but reading, erasure, and that a finding is overturned.
//! - Whoever reads what people wrote is on record; who complained stays hidden from the unit complained of,
//!   unless the complainant allows it.

use contract::complaints::*;
use contract::words::{PostLevel, VaultText};
use eventstore::Decider;
use jiff::Timestamp;

mod clocks;
mod complainant;
mod findings;
mod moves;
mod rejection;
mod state;
mod steps;
#[cfg(test)]
mod tests;

pub use clocks::{Alert, Escalation};
pub use moves::Move;
pub use rejection::Rejection;
pub use state::{Leader, Lodged, Question, Raised, Responsible, State, Text, Verdict};

/// The lowest post level that may take a complaint over.
pub const LEADER_FROM: PostLevel = PostLevel::DeputyDivisionHead;
/// Who acts where the complainant does.
pub const COMPLAINANT: &str = "complainant";

eventstore::events! {
    /// What can happen to a complaint.
    pub enum Event {
        ComplaintLodged, ComplaintAccepted, ComplaintRejected, ComplaintReferred, ComplaintTransferred,
        LeaderAppointed, SupervisorAppointed, ComplaintAssigned, DeadlineExtended, ProgressReported,
        QuestionAsked, QuestionAnswered, ComplaintAlerted, ComplaintOverdue, ComplaintEscalated,
        RectificationReported, RectificationVerified, RectificationRefuted, ComplaintSubstantiated,
        ComplaintUnsubstantiated, ComplaintClosed, ComplaintReopened, ComplaintWithdrawn,
        PersonalDataRevealed, ComplainantErased,
    }
}

/// What can be asked of a complaint.
#[derive(Debug, Clone)]
pub enum Command {
    /// Lodge it.
    Lodge(Box<Lodging>),
    /// Take it a step further.
    Handle(Act, Step),
    /// Say that a clock turned yellow, or red where it is not a deadline.
    Alert(Alert),
    /// Say that a deadline passed without a report.
    RaiseOverdue(Escalation),
    /// Say that a further period passed without a report.
    Escalate(Escalation),
    /// Read personal data.
    Reveal(Reading),
    /// Erase the complainant's identity, contact and words.
    Erase {
        /// Why, for people.
        reason: String,
    },
}

/// A complaint as it comes in, with what is known of what it names.
#[derive(Debug, Clone)]
pub struct Lodging {
    /// The complaint.
    pub lodged: ComplaintLodged,
    /// Whether the unit complained of, if any, is in the register and in service.
    pub unit_in_service: bool,
    /// The officers complained of who never were on the roster.
    pub unknown_officers: Vec<String>,
    /// Whether the complaint that it repeats, if any, was lodged.
    pub earlier_known: bool,
}

/// Who takes a step, and on which reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Who acts: an officer by resource name, others as the call named them.
    pub by: String,
    /// When it happens.
    pub at: Timestamp,
    /// Stream version of the last event, if the caller edits what it read.
    pub expected: Option<u64>,
    /// Whether one of those complained of who could lead is of who acts' own unit, or of one above it; looked at
    /// where a step judges.
    pub own_unit: bool,
}

/// A step. `due` is when the stage that it begins is due by the calendar and terms in force; `in_service` is
/// whether the unit is in the register and in service; a `deadline` that is not given is `due`.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "see above; other fields are named as in the contract")]
pub enum Step {
    Accept { unit: String, in_service: bool, due: Timestamp },
    Reject { reason: String },
    Refer { organ: String, reason: String },
    Transfer { unit: String, in_service: bool, reason: String },
    AppointLeader { leader: Candidate, due: Timestamp },
    AppointSupervisor { supervisor: Candidate },
    Assign(Assigning),
    ExtendDeadline { deadline: Timestamp, reason: String },
    ReportProgress { progress: VaultText, attachments: Vec<Attachment> },
    Report { report: VaultText, attachments: Vec<Attachment>, due: Timestamp },
    Verify { satisfaction: Satisfaction, source: RatingSource, due: Timestamp },
    Refute(Refuting),
    Substantiate { unit: String, officers: Vec<String>, harms_public: bool, finding: VaultText },
    Unsubstantiate { finding: VaultText },
    Close { outcome: ClosureOutcome },
    Reopen { grounds: VaultText, led_due: Timestamp, accepted_due: Timestamp },
    Withdraw { statement: Option<VaultText> },
    AskQuestion { question_id: String, question: VaultText },
    AnswerQuestion { question_id: String, answer: VaultText },
}

/// An officer who is to handle a complaint, with what is known of them.
#[derive(Debug, Clone, Default)]
pub struct Candidate {
    /// Resource name.
    pub officer: String,
    /// Post level; `None`: not on the roster.
    pub post_level: Option<PostLevel>,
    /// The highest post of those complained of who could lead; not said: none could.
    pub complained_of: PostLevel,
    /// Whether one of those is of the officer's own unit, or of one above it.
    pub own_unit: bool,
}

/// Making a unit and a person responsible; fields as in [`Step`].
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "see above")]
pub struct Assigning {
    pub unit: String,
    pub in_service: bool,
    pub officer: Candidate,
    pub deadline: Option<Timestamp>,
    pub due: Timestamp,
}

/// Saying that it was not put right; fields as in [`Step`].
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "see above")]
pub struct Refuting {
    pub satisfaction: Satisfaction,
    pub source: RatingSource,
    pub statement: Option<VaultText>,
    pub deadline: Option<Timestamp>,
    pub due: Timestamp,
}

/// Reading personal data.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Who reads; empty: nobody said.
    pub by: String,
    /// Whether the reader is of a unit complained of, of one that had the complaint, or of one below these.
    pub of_unit: bool,
    /// What is read; `None`: who complained.
    pub texts: Option<Vec<String>>,
    /// For what.
    pub purpose: String,
}

/// A complaint.
#[derive(Debug)]
pub struct Complaint;

impl Decider for Complaint {
    const CATEGORY: &'static str = "complaint";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        if let Command::Lodge(lodging) = command {
            return steps::lodge(state, *lodging);
        }
        let complaint = state.lodged().ok_or(Rejection::UnknownComplaint)?;
        match command {
            Command::Lodge(_) => Ok(vec![]),
            Command::Handle(act, step) => complaint.handle(&act, step),
            Command::Alert(alert) => Ok(complaint.alert(&alert)),
            Command::RaiseOverdue(overdue) => complaint.raise_overdue(&overdue),
            Command::Escalate(escalation) => complaint.escalate(&escalation),
            Command::Reveal(reading) => complaint.reveal(reading),
            Command::Erase { reason } => Ok(complaint.erase(reason)),
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        if let Event::ComplaintLodged(lodged) = event {
            return State::Lodged(Box::new(Lodged::new(lodged)));
        }
        if let State::Lodged(complaint) = &mut state {
            complaint.evolve(event);
        }
        state
    }

    fn unit(state: &State, event: &Event) -> String {
        let unit = match event {
            Event::ComplaintOverdue(ComplaintOverdue { unit, .. })
            | Event::ComplaintEscalated(ComplaintEscalated { unit, .. })
            | Event::RectificationReported(RectificationReported { unit, .. })
            | Event::RectificationVerified(RectificationVerified { unit, .. })
            | Event::RectificationRefuted(RectificationRefuted { unit, .. })
            | Event::ComplaintSubstantiated(ComplaintSubstantiated { unit, .. })
            | Event::ComplaintUnsubstantiated(ComplaintUnsubstantiated { unit, .. }) => unit,
            Event::ComplaintLodged(_)
            | Event::ComplaintAccepted(_)
            | Event::ComplaintRejected(_)
            | Event::ComplaintReferred(_)
            | Event::ComplaintTransferred(_)
            | Event::LeaderAppointed(_)
            | Event::SupervisorAppointed(_)
            | Event::ComplaintAssigned(_)
            | Event::DeadlineExtended(_)
            | Event::ProgressReported(_)
            | Event::QuestionAsked(_)
            | Event::QuestionAnswered(_)
            | Event::ComplaintAlerted(_)
            | Event::ComplaintClosed(_)
            | Event::ComplaintReopened(_)
            | Event::ComplaintWithdrawn(_)
            | Event::PersonalDataRevealed(_)
            | Event::ComplainantErased(_) => state.lodged().map_or("", |complaint| &complaint.unit),
        };
        super::last_id(unit)
    }
}
