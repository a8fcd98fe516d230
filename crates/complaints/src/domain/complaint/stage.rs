//! Where a complaint stands, and what it has there.

use contract::complaints::{
    ClosureOutcome, ComplaintAccepted, ComplaintAssigned, ComplaintReferred, ComplaintRejected,
    ComplaintStage, ComplaintTransferred, DeadlineExtended, LeaderAppointed, RatingSource,
    RectificationRefuted, RectificationReported, SupervisorAppointed,
};
use jiff::Timestamp;

use super::Event;
use crate::domain::instant;

/// Where a complaint stands. `due` is when its clock is due.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are named as in the contract")]
pub enum Stage {
    /// It waits to be accepted, rejected or referred.
    Lodged { due: Timestamp },
    /// It lies with an organ outside the register.
    Referred { organ: String, reason: String },
    /// It was not accepted.
    Rejected { reason: String },
    /// It waits for a leader.
    Accepted { due: Timestamp, supervisor: Option<String> },
    /// It waits for a responsible unit and person.
    Led { due: Timestamp, leader: String, supervisor: Option<String> },
    /// It is being put right.
    Assigned(Assignment),
    /// Reported as put right, it waits for the complainant's word.
    Reported { due: Timestamp, assignment: Assignment },
    /// Verified, it waits to be closed.
    Verified { due: Timestamp, assignment: Assignment, source: RatingSource },
    /// It is closed; without an assignment, nobody was ever responsible.
    Closed { outcome: ClosureOutcome, assignment: Option<Assignment> },
}

/// Who puts a complaint right, and by when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The leader.
    pub leader: String,
    /// The supervisor.
    pub supervisor: String,
    /// The responsible unit.
    pub unit: String,
    /// The responsible officer; none: transferred, and nobody named anew.
    pub officer: Option<String>,
    /// When it must be reported as put right.
    pub deadline: Timestamp,
    /// Whether the deadline passed without a report.
    pub overdue: bool,
}

impl Stage {
    /// As the contract calls it.
    pub fn word(&self) -> ComplaintStage {
        match self {
            Self::Lodged { .. } => ComplaintStage::Lodged,
            Self::Referred { .. } => ComplaintStage::Referred,
            Self::Rejected { .. } => ComplaintStage::Rejected,
            Self::Accepted { .. } => ComplaintStage::Accepted,
            Self::Led { .. } => ComplaintStage::Led,
            Self::Assigned(_) => ComplaintStage::Assigned,
            Self::Reported { .. } => ComplaintStage::Reported,
            Self::Verified { .. } => ComplaintStage::Verified,
            Self::Closed { .. } => ComplaintStage::Closed,
        }
    }

    /// When its clock is due; `None`: it has none.
    pub fn due(&self) -> Option<Timestamp> {
        match self {
            Self::Lodged { due }
            | Self::Accepted { due, .. }
            | Self::Led { due, .. }
            | Self::Reported { due, .. }
            | Self::Verified { due, .. } => Some(*due),
            Self::Assigned(assignment) => Some(assignment.deadline),
            Self::Referred { .. } | Self::Rejected { .. } | Self::Closed { .. } => None,
        }
    }

    /// The leader, if one took it over.
    pub fn leader(&self) -> Option<&str> {
        if let Self::Led { leader, .. } = self {
            return Some(leader);
        }
        self.assignment().map(|assignment| assignment.leader.as_str())
    }

    /// The supervisor, if one was named.
    pub fn supervisor(&self) -> Option<&str> {
        if let Self::Accepted { supervisor, .. } | Self::Led { supervisor, .. } = self {
            return supervisor.as_deref();
        }
        self.assignment().map(|assignment| assignment.supervisor.as_str())
    }

    /// Who puts it right, or did.
    pub fn assignment(&self) -> Option<&Assignment> {
        match self {
            Self::Assigned(assignment)
            | Self::Reported { assignment, .. }
            | Self::Verified { assignment, .. } => Some(assignment),
            Self::Closed { assignment, .. } => assignment.as_ref(),
            Self::Lodged { .. }
            | Self::Referred { .. }
            | Self::Rejected { .. }
            | Self::Accepted { .. }
            | Self::Led { .. } => None,
        }
    }

    pub(super) fn evolve(&mut self, event: &Event) {
        match event {
            Event::ComplaintLodged(_) => {}
            Event::ComplaintAccepted(ComplaintAccepted { stage_due_time, .. }) => {
                *self = Self::Accepted { due: instant(*stage_due_time), supervisor: None };
            }
            Event::ComplaintRejected(ComplaintRejected { reason, .. }) => {
                *self = Self::Rejected { reason: reason.clone() };
            }
            Event::ComplaintReferred(ComplaintReferred { organ, reason, .. }) => {
                *self = Self::Referred { organ: organ.clone(), reason: reason.clone() };
            }
            Event::ComplaintTransferred(ComplaintTransferred { unit, .. }) => self.assigned(|assignment| {
                assignment.unit.clone_from(unit);
                assignment.officer = None;
            }),
            Event::LeaderAppointed(appointed) => self.be_led(appointed),
            Event::SupervisorAppointed(appointed) => self.be_supervised(appointed),
            Event::ComplaintAssigned(assigned) => self.be_assigned(assigned),
            Event::DeadlineExtended(DeadlineExtended { deadline, .. }) => {
                self.assigned(|assignment| assignment.deadline = instant(*deadline));
            }
            Event::ComplaintOverdue(_) => self.assigned(|assignment| assignment.overdue = true),
            Event::RectificationReported(RectificationReported { stage_due_time, .. }) => {
                let due = instant(*stage_due_time);
                self.go_on(|assignment| Self::Reported { due, assignment });
            }
            Event::RectificationVerified(verified) => {
                let (due, source) = (instant(verified.stage_due_time), verified.source());
                self.go_on(|assignment| Self::Verified { due, assignment, source });
            }
            Event::RectificationRefuted(RectificationRefuted { deadline, .. }) => {
                let deadline = instant(*deadline);
                self.go_on(|before| Self::Assigned(Assignment { deadline, overdue: false, ..before }));
            }
            Event::ComplaintClosed(closed) => {
                *self = Self::Closed { outcome: closed.outcome(), assignment: self.assignment().cloned() };
            }
        }
    }

    fn be_led(&mut self, LeaderAppointed { leader, stage_due_time, .. }: &LeaderAppointed) {
        match self {
            Self::Accepted { supervisor, .. } => {
                let (due, supervisor) = (instant(*stage_due_time), supervisor.take());
                *self = Self::Led { due, leader: leader.clone(), supervisor };
            }
            Self::Led { leader: before, .. } => before.clone_from(leader),
            Self::Assigned(assignment)
            | Self::Reported { assignment, .. }
            | Self::Verified { assignment, .. } => assignment.leader.clone_from(leader),
            Self::Lodged { .. } | Self::Referred { .. } | Self::Rejected { .. } | Self::Closed { .. } => {}
        }
    }

    fn be_supervised(&mut self, SupervisorAppointed { supervisor, .. }: &SupervisorAppointed) {
        match self {
            Self::Accepted { supervisor: before, .. } | Self::Led { supervisor: before, .. } => {
                *before = Some(supervisor.clone());
            }
            Self::Assigned(assignment)
            | Self::Reported { assignment, .. }
            | Self::Verified { assignment, .. } => assignment.supervisor.clone_from(supervisor),
            Self::Lodged { .. } | Self::Referred { .. } | Self::Rejected { .. } | Self::Closed { .. } => {}
        }
    }

    fn be_assigned(&mut self, assigned: &ComplaintAssigned) {
        *self = Self::Assigned(Assignment {
            leader: self.leader().unwrap_or_default().to_owned(),
            supervisor: self.supervisor().unwrap_or_default().to_owned(),
            unit: assigned.unit.clone(),
            officer: Some(assigned.officer.clone()),
            deadline: instant(assigned.deadline),
            overdue: self.assignment().is_some_and(|before| before.overdue),
        });
    }

    /// Changes the assignment, while it is being put right.
    fn assigned(&mut self, change: impl FnOnce(&mut Assignment)) {
        if let Self::Assigned(assignment) = self {
            change(assignment);
        }
    }

    /// Goes to another stage with the assignment that there is.
    fn go_on(&mut self, next: impl FnOnce(Assignment) -> Self) {
        if let Some(assignment) = self.assignment().cloned() {
            *self = next(assignment);
        }
    }
}
