//! A complaint 投诉, from lodging to closing.
//!
//! - Lodged, it is accepted, rejected (with a reason) or referred to an organ outside the register; what was
//!   referred can come back and be accepted.
//! - A leader takes it over 包案, at least deputy division head, and a supervisor is named 督办, who neither
//!   leads nor is responsible; then a unit and a person are made responsible 逐条落实, by a deadline.
//! - Nobody handles a complaint about themselves.
//! - Two clocks: the stage's, which restarts with it, and the case's, which nothing restarts. A change of
//!   person or unit moves neither.
//! - A deadline is extended before it passes, with a reason, never shortened. Once passed it is overdue, once.
//! - Reported as put right, it is verified or refuted by the complainant's word; refuted, it goes back to who
//!   is responsible, with a new deadline.
//! - A rejected or closed complaint takes nothing more.

use contract::complaints::{
    ClosureOutcome, ComplaintAccepted, ComplaintAssigned, ComplaintClosed, ComplaintLodged, ComplaintOverdue,
    ComplaintReferred, ComplaintRejected, ComplaintTransferred, DeadlineExtended, LeaderAppointed,
    RatingSource, RectificationRefuted, RectificationReported, RectificationVerified, Satisfaction,
    SupervisorAppointed,
};
use contract::words::{PostLevel, VaultText};
use eventstore::Decider;
use jiff::Timestamp;

use super::instant;

mod rejection;
mod stage;
mod steps;
#[cfg(test)]
mod tests;

pub use rejection::Rejection;
pub use stage::{Assignment, Stage};

/// The lowest post level that may take a complaint over.
pub const LEADER_FROM: PostLevel = PostLevel::DeputyDivisionHead;

eventstore::events! {
    /// What can happen to a complaint.
    pub enum Event {
        ComplaintLodged, ComplaintAccepted, ComplaintRejected, ComplaintReferred, ComplaintTransferred,
        LeaderAppointed, SupervisorAppointed, ComplaintAssigned, DeadlineExtended, ComplaintOverdue,
        RectificationReported, RectificationVerified, RectificationRefuted, ComplaintClosed,
    }
}

/// A complaint, if it was lodged.
#[derive(Debug, Clone, Default)]
pub enum State {
    /// There is none.
    #[default]
    NotLodged,
    /// There is one.
    Lodged(Box<Lodged>),
}

/// A lodged complaint.
#[derive(Debug, Clone)]
pub struct Lodged {
    /// As it was lodged.
    pub lodged: ComplaintLodged,
    /// Resource name of the unit that has it; empty: not known yet.
    pub unit: String,
    /// Where it stands.
    pub stage: Stage,
    /// How often the deadline was extended.
    pub extensions: u32,
    /// How often a rectification was refuted.
    pub refutations: u32,
    /// The complainant's last word.
    pub satisfaction: Satisfaction,
    events: u64,
}

/// What can be asked of a complaint.
#[derive(Debug, Clone)]
pub enum Command {
    /// Lodge it.
    Lodge(Box<Lodging>),
    /// Take it a step further.
    Handle(Act, Step),
    /// Say that a deadline passed without a report.
    RaiseOverdue {
        /// The deadline that is said to have passed.
        deadline: Timestamp,
        /// When that was noticed.
        at: Timestamp,
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
    /// Who acts, as the call named them.
    pub by: String,
    /// When it happens.
    pub at: Timestamp,
    /// Stream version of the last event, if the caller edits what it read.
    pub expected: Option<u64>,
}

/// A step. `due` is when the stage that it begins is due by the calendar and terms in force; `in_service` is
/// whether the unit is in the register and in service, `on_roster` whether the officer is on the roster;
/// a `deadline` that is not given is `due`.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "see above; other fields are named as in the contract")]
pub enum Step {
    Accept { unit: String, in_service: bool, due: Timestamp },
    Reject { reason: String },
    Refer { organ: String, reason: String },
    Transfer { unit: String, in_service: bool, reason: String },
    AppointLeader { leader: String, post_level: Option<PostLevel>, due: Timestamp },
    AppointSupervisor { supervisor: String, on_roster: bool },
    Assign(Assigning),
    ExtendDeadline { deadline: Timestamp, reason: String },
    Report { report: VaultText, due: Timestamp },
    Verify { satisfaction: Satisfaction, source: RatingSource, due: Timestamp },
    Refute(Refuting),
    Close { outcome: ClosureOutcome },
}

/// Making a unit and a person responsible; fields as in [`Step`].
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "see above")]
pub struct Assigning {
    pub unit: String,
    pub in_service: bool,
    pub officer: String,
    pub on_roster: bool,
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
            Command::RaiseOverdue { deadline, at } => complaint.raise_overdue(deadline, at),
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
            Event::ComplaintAssigned(ComplaintAssigned { unit, .. })
            | Event::ComplaintOverdue(ComplaintOverdue { unit, .. })
            | Event::RectificationReported(RectificationReported { unit, .. })
            | Event::RectificationVerified(RectificationVerified { unit, .. })
            | Event::RectificationRefuted(RectificationRefuted { unit, .. }) => unit,
            Event::ComplaintLodged(_)
            | Event::ComplaintAccepted(_)
            | Event::ComplaintRejected(_)
            | Event::ComplaintReferred(_)
            | Event::ComplaintTransferred(_)
            | Event::LeaderAppointed(_)
            | Event::SupervisorAppointed(_)
            | Event::DeadlineExtended(_)
            | Event::ComplaintClosed(_) => state.lodged().map_or("", |complaint| &complaint.unit),
        };
        super::last_id(unit)
    }
}

impl State {
    /// The complaint, if it was lodged.
    pub fn lodged(&self) -> Option<&Lodged> {
        match self {
            Self::NotLodged => None,
            Self::Lodged(lodged) => Some(lodged),
        }
    }
}

impl Lodged {
    fn new(lodged: &ComplaintLodged) -> Self {
        Self {
            lodged: lodged.clone(),
            unit: lodged.unit.clone(),
            stage: Stage::Lodged { due: instant(lodged.stage_due_time) },
            extensions: 0,
            refutations: 0,
            satisfaction: Satisfaction::Unspecified,
            events: 1,
        }
    }

    /// Whether it is neither rejected nor closed.
    pub fn is_open(&self) -> bool {
        !matches!(self.stage, Stage::Rejected { .. } | Stage::Closed { .. })
    }

    /// When it was lodged.
    pub fn lodged_at(&self) -> Timestamp {
        instant(self.lodged.lodge_time)
    }

    /// When the whole case is due, while it is open.
    pub fn case_due(&self) -> Option<Timestamp> {
        self.is_open().then(|| instant(self.lodged.case_due_time))
    }

    /// The deadline that waits for a report, and is not known to have passed.
    pub fn pending_deadline(&self) -> Option<Timestamp> {
        let Stage::Assigned(assignment) = &self.stage else { return None };
        (!assignment.overdue).then_some(assignment.deadline)
    }

    fn evolve(&mut self, event: &Event) {
        self.events += 1;
        match event {
            Event::ComplaintAccepted(ComplaintAccepted { unit, .. })
            | Event::ComplaintTransferred(ComplaintTransferred { unit, .. }) => self.unit.clone_from(unit),
            Event::DeadlineExtended(_) => self.extensions += 1,
            Event::RectificationVerified(verified) => self.satisfaction = verified.satisfaction(),
            Event::RectificationRefuted(refuted) => {
                self.refutations += 1;
                self.satisfaction = refuted.satisfaction();
            }
            Event::ComplaintLodged(_)
            | Event::ComplaintRejected(_)
            | Event::ComplaintReferred(_)
            | Event::LeaderAppointed(_)
            | Event::SupervisorAppointed(_)
            | Event::ComplaintAssigned(_)
            | Event::ComplaintOverdue(_)
            | Event::RectificationReported(_)
            | Event::ComplaintClosed(_) => {}
        }
        self.stage.evolve(event);
    }
}
