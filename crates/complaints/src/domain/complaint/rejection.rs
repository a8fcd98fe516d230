//! The rules about complaints that a command can break, by name.

use contract::status::{self, Kind};
use contract::words::PostLevel;
use jiff::Timestamp;

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The id is taken by a complaint of other content.
    #[error("there is another complaint of this name")]
    ComplaintExists,
    /// No such complaint.
    #[error("there is no such complaint")]
    UnknownComplaint,
    /// It was changed since it was read.
    #[error("the complaint was changed since it was read: it is at \"{0}\"")]
    ComplaintChanged(u64),
    /// It repeats a complaint that was never lodged.
    #[error("the earlier complaint, {0}, was never lodged")]
    UnknownEarlier(String),
    /// An officer complained of was never on the roster.
    #[error("{0} was never on the roster")]
    UnknownOfficer(String),
    /// It is rejected or closed.
    #[error("the complaint is rejected or closed, and takes nothing more")]
    NotOpen,
    /// It does not wait to be accepted, rejected or referred.
    #[error("the complaint was accepted or referred already")]
    AlreadyDecided,
    /// Nobody knows whose it is.
    #[error("the complaint names no unit: say which unit owns it")]
    NoUnit,
    /// The unit is not in service.
    #[error("{0} is not in the register, or is retired")]
    UnitNotInService(String),
    /// The officer is not on the roster.
    #[error("{0} is not on the roster")]
    OfficerNotOnRoster(String),
    /// It is not accepted.
    #[error("the complaint is not accepted")]
    NotAccepted,
    /// Somebody complained of would handle it.
    #[error("{0} is complained of, and handles nothing of this complaint")]
    HandlesOwnComplaint(String),
    /// The leader's post is too low.
    #[error("a leader is at least {}, not {}", super::LEADER_FROM.as_str_name(), .0.as_str_name())]
    PostLevelTooLow(PostLevel),
    /// The supervisor would supervise themselves.
    #[error("{0} cannot supervise, and lead or be responsible")]
    SupervisorNotApart(String),
    /// No leader took it over.
    #[error("no leader has taken the complaint over")]
    NoLeader,
    /// No supervisor was named.
    #[error("no supervisor is named")]
    NoSupervisor,
    /// The deadline would have passed already.
    #[error("a new deadline lies ahead, not at {0}")]
    DeadlineNotAhead(Timestamp),
    /// There is a deadline; another person does not move it.
    #[error("the deadline {0} is in force: extend it, with a reason")]
    DeadlineInForce(Timestamp),
    /// Nobody is responsible for it.
    #[error("no person is responsible for the complaint")]
    NotAssigned,
    /// It passed.
    #[error("the deadline {0} has passed")]
    DeadlinePassed(Timestamp),
    /// The new deadline comes before the old one.
    #[error("the deadline {0} is extended, never shortened")]
    NotAnExtension(Timestamp),
    /// It is reported as put right.
    #[error("the complaint is reported as put right already")]
    AlreadyReported,
    /// It is not reported as put right.
    #[error("the complaint is not reported as put right")]
    NotReported,
    /// Who is responsible would judge it.
    #[error("{0} is responsible, and does not judge it")]
    JudgesOwnWork(String),
    /// Nothing on record bears the outcome.
    #[error("nothing on record bears this outcome")]
    OutcomeUnfounded,
    /// The deadline has not passed.
    #[error("the deadline {0} has not passed yet")]
    NotDue(Timestamp),
    /// Somebody of the unit of a leader complained of, or below it, would handle or judge it.
    #[error("{0} is of the unit of a leader who is complained of")]
    HandlesOwnUnit(String),
    /// The complainant withdrew it.
    #[error("the complainant withdrew the complaint: it waits to be closed")]
    Withdrawn,
    /// It is not closed.
    #[error("only a closed complaint is reopened")]
    NotClosed,
    /// The question's id is taken by another question.
    #[error("question `{0}` was asked otherwise")]
    QuestionExists(String),
    /// No such question.
    #[error("there is no question `{0}`")]
    UnknownQuestion(String),
    /// The question was answered.
    #[error("question `{0}` was answered already")]
    AlreadyAnswered(String),
    /// Nobody wrote that in this complaint.
    #[error("nobody wrote `{0}` in this complaint")]
    UnknownText(String),
    /// Nobody says who reads personal data.
    #[error("whoever reads personal data says who they are")]
    ReaderUnnamed,
    /// The unit complained of would see who complained.
    #[error("{0} is of the unit complained of, and the complainant does not allow it to see them")]
    ComplainantProtected(String),
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::ComplaintExists => "complaints.complaint_exists",
            Self::UnknownComplaint => "complaints.unknown_complaint",
            Self::ComplaintChanged(_) => "complaints.complaint_changed",
            Self::UnknownEarlier(_) => "complaints.unknown_earlier_complaint",
            Self::UnknownOfficer(_) => "complaints.unknown_officer",
            Self::NotOpen => "complaints.not_open",
            Self::AlreadyDecided => "complaints.already_decided",
            Self::NoUnit => "complaints.no_unit",
            Self::UnitNotInService(_) => "complaints.unit_not_in_service",
            Self::OfficerNotOnRoster(_) => "complaints.officer_not_on_roster",
            Self::NotAccepted => "complaints.not_accepted",
            Self::HandlesOwnComplaint(_) => "complaints.handles_own_complaint",
            Self::PostLevelTooLow(_) => "complaints.post_level_too_low",
            Self::SupervisorNotApart(_) => "complaints.supervisor_not_apart",
            Self::NoLeader => "complaints.no_leader",
            Self::NoSupervisor => "complaints.no_supervisor",
            Self::DeadlineNotAhead(_) => "complaints.deadline_not_ahead",
            Self::DeadlineInForce(_) => "complaints.deadline_in_force",
            Self::NotAssigned => "complaints.not_assigned",
            Self::DeadlinePassed(_) => "complaints.deadline_passed",
            Self::NotAnExtension(_) => "complaints.not_an_extension",
            Self::AlreadyReported => "complaints.already_reported",
            Self::NotReported => "complaints.not_reported",
            Self::JudgesOwnWork(_) => "complaints.judges_own_work",
            Self::OutcomeUnfounded => "complaints.outcome_unfounded",
            Self::NotDue(_) => "complaints.not_due",
            Self::HandlesOwnUnit(_) => "complaints.handles_own_unit",
            Self::Withdrawn => "complaints.withdrawn",
            Self::NotClosed => "complaints.not_closed",
            Self::QuestionExists(_) => "complaints.question_exists",
            Self::UnknownQuestion(_) => "complaints.unknown_question",
            Self::AlreadyAnswered(_) => "complaints.already_answered",
            Self::UnknownText(_) => "complaints.unknown_text",
            Self::ReaderUnnamed => "complaints.reader_unnamed",
            Self::ComplainantProtected(_) => "complaints.complainant_protected",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::ComplaintExists | Self::QuestionExists(_) => Kind::Exists,
            Self::UnknownComplaint | Self::UnknownQuestion(_) | Self::UnknownText(_) => Kind::NotFound,
            Self::ReaderUnnamed | Self::ComplainantProtected(_) => Kind::Denied,
            Self::ComplaintChanged(_) => Kind::Changed,
            Self::UnknownEarlier(_)
            | Self::UnknownOfficer(_)
            | Self::NotOpen
            | Self::AlreadyDecided
            | Self::NoUnit
            | Self::UnitNotInService(_)
            | Self::OfficerNotOnRoster(_)
            | Self::NotAccepted
            | Self::HandlesOwnComplaint(_)
            | Self::PostLevelTooLow(_)
            | Self::SupervisorNotApart(_)
            | Self::NoLeader
            | Self::NoSupervisor
            | Self::DeadlineNotAhead(_)
            | Self::DeadlineInForce(_)
            | Self::NotAssigned
            | Self::DeadlinePassed(_)
            | Self::NotAnExtension(_)
            | Self::AlreadyReported
            | Self::NotReported
            | Self::JudgesOwnWork(_)
            | Self::OutcomeUnfounded
            | Self::HandlesOwnUnit(_)
            | Self::Withdrawn
            | Self::NotClosed
            | Self::AlreadyAnswered(_)
            | Self::NotDue(_) => Kind::Rule,
        }
    }
}
