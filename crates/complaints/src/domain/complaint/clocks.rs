//! What time does to a complaint: yellow and red, overdue, one level up.

use contract::complaints::*;
use contract::field::to_wire;
use contract::words::PostLevel;
use jiff::Timestamp;

use super::steps::Decision;
use super::{Event, Lodged, Rejection};

/// A clock that is said to have changed its colour.
#[derive(Debug, Clone)]
pub struct Alert {
    /// Which clock.
    pub clock: ComplaintClock,
    /// Yellow or red.
    pub colour: AlertColour,
    /// When it is due, as far as was known.
    pub due: Timestamp,
}

/// A period that is said to have passed without a report.
#[derive(Debug, Clone)]
pub struct Escalation {
    /// When it passed: the deadline, or a period after it.
    pub due: Timestamp,
    /// When the next period passes.
    pub next: Timestamp,
    /// When that was noticed.
    pub at: Timestamp,
}

impl Lodged {
    /// When a clock is due; none: it does not run.
    pub fn clock_due(&self, clock: ComplaintClock) -> Option<Timestamp> {
        match clock {
            ComplaintClock::Stage => self.stage_due,
            ComplaintClock::Case => self.case_due(),
            ComplaintClock::Unspecified => None,
        }
    }

    /// The deadline that waits for a report, and is not known to have passed.
    pub fn pending_deadline(&self) -> Option<Timestamp> {
        let responsible = self.being_put_right().ok()?;
        (!responsible.overdue).then_some(responsible.deadline)
    }

    /// When the period passes after which it is escalated.
    pub fn pending_escalation(&self) -> Option<Timestamp> {
        self.being_put_right().ok()?.escalation_due
    }

    pub(super) fn alert(&self, &Alert { clock, colour, due }: &Alert) -> Vec<Event> {
        // Another stage, another deadline, or raised in the meantime.
        if self.clock_due(clock) != Some(due) || self.raised.has(clock, colour) {
            return vec![];
        }
        let alerted = ComplaintAlerted {
            complaint: self.name(),
            unit: self.unit.clone(),
            clock: clock.into(),
            stage: self.stage.into(),
            colour: colour.into(),
            due_time: Some(to_wire(due)),
        };
        vec![alerted.into()]
    }

    pub(super) fn raise_overdue(&self, &Escalation { due, next, at }: &Escalation) -> Decision {
        // Reported, extended, or raised in the meantime.
        if self.pending_deadline() != Some(due) {
            return Ok(vec![]);
        }
        if at < due {
            return Err(Rejection::NotDue(due));
        }
        let responsible = self.being_put_right()?;
        let overdue = ComplaintOverdue {
            complaint: self.name(),
            unit: responsible.unit.clone(),
            officer: responsible.officer.clone().unwrap_or_default(),
            deadline: Some(to_wire(due)),
            escalation_time: level_above(self.level()).map(|_| to_wire(next)),
        };
        Ok(vec![overdue.into()])
    }

    pub(super) fn escalate(&self, &Escalation { due, next, at }: &Escalation) -> Decision {
        if self.pending_escalation() != Some(due) {
            return Ok(vec![]);
        }
        if at < due {
            return Err(Rejection::NotDue(due));
        }
        let Some(post_level) = level_above(self.level()) else { return Ok(vec![]) };
        let responsible = self.being_put_right()?;
        let escalated = ComplaintEscalated {
            complaint: self.name(),
            unit: responsible.unit.clone(),
            escalation: responsible.escalations + 1,
            post_level: post_level.into(),
            escalation_time: level_above(post_level).map(|_| to_wire(next)),
        };
        Ok(vec![escalated.into()])
    }

    /// The level that it is for now: the leader's, or the one that it was escalated to.
    fn level(&self) -> PostLevel {
        let leader = self.leader.as_ref().map_or(PostLevel::Unspecified, |leader| leader.post_level);
        leader.max(self.escalated_to())
    }
}

/// The next level up; none: there is no higher one.
pub(super) fn level_above(level: PostLevel) -> Option<PostLevel> {
    PostLevel::try_from(i32::from(level) + 1).ok()
}
