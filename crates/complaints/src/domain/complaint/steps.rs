//! What is decided about each command.

use contract::complaints::*;
use contract::field::to_wire;
use contract::words::{PostLevel, VaultText};
use jiff::Timestamp;

use super::{
    Act, Assigning, Assignment, Event, LEADER_FROM, Lodged, Lodging, Refuting, Rejection, Stage, State, Step,
};

type Decision = Result<Vec<Event>, Rejection>;

pub(super) fn lodge(state: &State, lodging: Lodging) -> Decision {
    let Lodging { lodged, unit_in_service, unknown_officers, earlier_known } = lodging;
    if let State::Lodged(known) = state {
        return if known.lodged == lodged { Ok(vec![]) } else { Err(Rejection::ComplaintExists) };
    }
    if !lodged.unit.is_empty() && !unit_in_service {
        return Err(Rejection::UnitNotInService(lodged.unit));
    }
    if let Some(unknown) = unknown_officers.into_iter().next() {
        return Err(Rejection::UnknownOfficer(unknown));
    }
    if !lodged.repeats.is_empty() && !earlier_known {
        return Err(Rejection::UnknownEarlier(lodged.repeats));
    }
    Ok(vec![lodged.into()])
}

impl Lodged {
    pub(super) fn handle(&self, act: &Act, step: Step) -> Decision {
        match step {
            Step::Accept { unit, in_service, due } => self.accept(act, unit, in_service, due),
            Step::Reject { reason } => self.reject(act, reason),
            Step::Refer { organ, reason } => self.refer(act, organ, reason),
            Step::Transfer { unit, in_service, reason } => self.transfer(act, unit, in_service, reason),
            Step::AppointLeader { leader, post_level, due } => {
                self.appoint_leader(act, leader, post_level, due)
            }
            Step::AppointSupervisor { supervisor, on_roster } => {
                self.appoint_supervisor(act, supervisor, on_roster)
            }
            Step::Assign(assigning) => self.assign(act, assigning),
            Step::ExtendDeadline { deadline, reason } => self.extend_deadline(act, deadline, reason),
            Step::Report { report, due } => self.report(act, report, due),
            Step::Verify { satisfaction, source, due } => self.verify(act, satisfaction, source, due),
            Step::Refute(refuting) => self.refute(act, refuting),
            Step::Close { outcome } => self.close(act, outcome),
        }
    }

    fn accept(&self, act: &Act, unit: String, in_service: bool, due: Timestamp) -> Decision {
        let waits = matches!(self.stage, Stage::Lodged { .. } | Stage::Referred { .. });
        if !waits && self.is_open() && self.unit == unit {
            return Ok(vec![]);
        }
        self.check(act)?;
        if !waits {
            return Err(Rejection::AlreadyDecided);
        }
        if unit.is_empty() {
            return Err(Rejection::NoUnit);
        }
        if !in_service {
            return Err(Rejection::UnitNotInService(unit));
        }
        Ok(vec![
            ComplaintAccepted { complaint: self.name(), unit, stage_due_time: Some(to_wire(due)) }.into(),
        ])
    }

    fn reject(&self, act: &Act, reason: String) -> Decision {
        if matches!(&self.stage, Stage::Rejected { reason: standing } if *standing == reason) {
            return Ok(vec![]);
        }
        self.check(act)?;
        self.check_waits()?;
        Ok(vec![ComplaintRejected { complaint: self.name(), reason }.into()])
    }

    fn refer(&self, act: &Act, organ: String, reason: String) -> Decision {
        if self.stage == (Stage::Referred { organ: organ.clone(), reason: reason.clone() }) {
            return Ok(vec![]);
        }
        self.check(act)?;
        self.check_waits()?;
        Ok(vec![ComplaintReferred { complaint: self.name(), organ, reason }.into()])
    }

    fn transfer(&self, act: &Act, unit: String, in_service: bool, reason: String) -> Decision {
        if self.unit == unit && self.check_accepted().is_ok() {
            return Ok(vec![]);
        }
        self.check(act)?;
        self.check_accepted()?;
        self.check_not_reported()?;
        if !in_service {
            return Err(Rejection::UnitNotInService(unit));
        }
        let (complaint, from_unit) = (self.name(), self.unit.clone());
        Ok(vec![ComplaintTransferred { complaint, from_unit, unit, reason }.into()])
    }

    fn appoint_leader(
        &self,
        act: &Act,
        leader: String,
        post_level: Option<PostLevel>,
        due: Timestamp,
    ) -> Decision {
        if self.stage.leader() == Some(&leader) {
            return Ok(vec![]);
        }
        self.check(act)?;
        self.check_accepted()?;
        self.check_handler(&leader, post_level.is_some())?;
        let post_level = post_level.unwrap_or_default();
        if post_level < LEADER_FROM {
            return Err(Rejection::PostLevelTooLow(post_level));
        }
        if self.stage.supervisor() == Some(&leader) {
            return Err(Rejection::SupervisorNotApart(leader));
        }
        // Another leader in the place of the first one restarts no clock.
        let stage_due_time = matches!(self.stage, Stage::Accepted { .. }).then(|| to_wire(due));
        let (complaint, post_level) = (self.name(), post_level.into());
        Ok(vec![LeaderAppointed { complaint, leader, post_level, stage_due_time }.into()])
    }

    fn appoint_supervisor(&self, act: &Act, supervisor: String, on_roster: bool) -> Decision {
        if self.stage.supervisor() == Some(&supervisor) {
            return Ok(vec![]);
        }
        self.check(act)?;
        self.check_accepted()?;
        self.check_handler(&supervisor, on_roster)?;
        let responsible = self.stage.assignment().and_then(|assignment| assignment.officer.as_deref());
        if self.stage.leader() == Some(&supervisor) || responsible == Some(&supervisor) {
            return Err(Rejection::SupervisorNotApart(supervisor));
        }
        Ok(vec![SupervisorAppointed { complaint: self.name(), supervisor }.into()])
    }

    fn assign(&self, act: &Act, assigning: Assigning) -> Decision {
        let Assigning { unit, in_service, officer, on_roster, deadline, due } = assigning;
        if let Stage::Assigned(standing) = &self.stage
            && standing.unit == unit
            && standing.officer.as_ref() == Some(&officer)
            && deadline.is_none_or(|deadline| deadline == standing.deadline)
        {
            return Ok(vec![]);
        }
        self.check(act)?;
        self.check_accepted()?;
        self.check_not_reported()?;
        if self.stage.leader().is_none() {
            return Err(Rejection::NoLeader);
        }
        let supervisor = self.stage.supervisor().ok_or(Rejection::NoSupervisor)?;
        if !in_service {
            return Err(Rejection::UnitNotInService(unit));
        }
        self.check_handler(&officer, on_roster)?;
        if supervisor == officer {
            return Err(Rejection::SupervisorNotApart(officer));
        }
        let in_force = self.stage.assignment().map(|standing| standing.deadline);
        let deadline = match (in_force, deadline) {
            (Some(in_force), Some(given)) if given != in_force => {
                return Err(Rejection::DeadlineInForce(in_force));
            }
            // Another person does not move it.
            (Some(in_force), _) => in_force,
            (None, given) => ahead(given.unwrap_or(due), act)?,
        };
        let (complaint, deadline) = (self.name(), Some(to_wire(deadline)));
        Ok(vec![ComplaintAssigned { complaint, unit, officer, deadline }.into()])
    }

    fn extend_deadline(&self, act: &Act, deadline: Timestamp, reason: String) -> Decision {
        if let Stage::Assigned(standing) = &self.stage
            && standing.deadline == deadline
        {
            return Ok(vec![]);
        }
        self.check(act)?;
        let Assignment { deadline: standing, overdue, .. } = *self.being_put_right()?;
        if overdue || standing <= act.at {
            return Err(Rejection::DeadlinePassed(standing));
        }
        if deadline < standing {
            return Err(Rejection::NotAnExtension(standing));
        }
        Ok(vec![
            DeadlineExtended { complaint: self.name(), deadline: Some(to_wire(deadline)), reason }.into(),
        ])
    }

    pub(super) fn raise_overdue(&self, deadline: Timestamp, at: Timestamp) -> Decision {
        // Reported, extended, or raised in the meantime.
        if self.pending_deadline() != Some(deadline) {
            return Ok(vec![]);
        }
        if at < deadline {
            return Err(Rejection::NotDue(deadline));
        }
        let assignment = self.being_put_right()?;
        let overdue = ComplaintOverdue {
            complaint: self.name(),
            unit: assignment.unit.clone(),
            officer: assignment.officer.clone().unwrap_or_default(),
            deadline: Some(to_wire(deadline)),
        };
        Ok(vec![overdue.into()])
    }

    fn report(&self, act: &Act, report: VaultText, due: Timestamp) -> Decision {
        self.check(act)?;
        self.check_not_reported()?;
        let assignment = self.being_put_right()?;
        if assignment.officer.is_none() {
            return Err(Rejection::NotAssigned);
        }
        let reported = RectificationReported {
            complaint: self.name(),
            unit: assignment.unit.clone(),
            report: Some(report),
            stage_due_time: Some(to_wire(due)),
        };
        Ok(vec![reported.into()])
    }

    fn verify(
        &self,
        act: &Act,
        satisfaction: Satisfaction,
        source: RatingSource,
        due: Timestamp,
    ) -> Decision {
        if let Stage::Verified { source: standing, .. } = self.stage
            && standing == source
            && self.satisfaction == satisfaction
        {
            return Ok(vec![]);
        }
        self.check(act)?;
        let verified = RectificationVerified {
            complaint: self.name(),
            unit: self.reported(act)?.unit.clone(),
            satisfaction: satisfaction.into(),
            source: source.into(),
            stage_due_time: Some(to_wire(due)),
        };
        Ok(vec![verified.into()])
    }

    fn refute(&self, act: &Act, refuting: Refuting) -> Decision {
        let Refuting { satisfaction, source, statement, deadline, due } = refuting;
        self.check(act)?;
        let refuted = RectificationRefuted {
            complaint: self.name(),
            unit: self.reported(act)?.unit.clone(),
            satisfaction: satisfaction.into(),
            source: source.into(),
            statement,
            deadline: Some(to_wire(ahead(deadline.unwrap_or(due), act)?)),
        };
        Ok(vec![refuted.into()])
    }

    fn close(&self, act: &Act, outcome: ClosureOutcome) -> Decision {
        if matches!(self.stage, Stage::Closed { outcome: standing, .. } if standing == outcome) {
            return Ok(vec![]);
        }
        self.check(act)?;
        let verified = matches!(self.stage, Stage::Verified { .. });
        if !verified || outcome != ClosureOutcome::Rectified {
            return Err(Rejection::OutcomeUnfounded);
        }
        let (complaint, unit) = (self.name(), self.unit.clone());
        Ok(vec![ComplaintClosed { complaint, unit, outcome: outcome.into() }.into()])
    }

    fn name(&self) -> String {
        self.lodged.complaint.clone()
    }

    /// What comes before every step that is not taken already.
    fn check(&self, act: &Act) -> Result<(), Rejection> {
        if !self.is_open() {
            return Err(Rejection::NotOpen);
        }
        if act.expected.is_some_and(|expected| expected != self.events) {
            return Err(Rejection::ComplaintChanged(self.events));
        }
        self.check_not_complained_of(&act.by)
    }

    fn check_not_complained_of(&self, officer: &str) -> Result<(), Rejection> {
        if self.lodged.complained_of.iter().any(|complained_of| complained_of == officer) {
            return Err(Rejection::HandlesOwnComplaint(officer.to_owned()));
        }
        Ok(())
    }

    /// Refuses an officer who cannot handle it in whatever part.
    fn check_handler(&self, officer: &str, on_roster: bool) -> Result<(), Rejection> {
        self.check_not_complained_of(officer)?;
        if on_roster { Ok(()) } else { Err(Rejection::OfficerNotOnRoster(officer.to_owned())) }
    }

    fn check_waits(&self) -> Result<(), Rejection> {
        if matches!(self.stage, Stage::Lodged { .. }) { Ok(()) } else { Err(Rejection::AlreadyDecided) }
    }

    fn check_accepted(&self) -> Result<(), Rejection> {
        let waits = matches!(self.stage, Stage::Lodged { .. } | Stage::Referred { .. });
        if waits { Err(Rejection::NotAccepted) } else { Ok(()) }
    }

    fn check_not_reported(&self) -> Result<(), Rejection> {
        let reported = matches!(self.stage, Stage::Reported { .. } | Stage::Verified { .. });
        if reported { Err(Rejection::AlreadyReported) } else { Ok(()) }
    }

    fn being_put_right(&self) -> Result<&Assignment, Rejection> {
        if let Stage::Assigned(assignment) = &self.stage {
            Ok(assignment)
        } else {
            Err(Rejection::NotAssigned)
        }
    }

    /// What was reported, if `act` may judge it.
    fn reported(&self, act: &Act) -> Result<&Assignment, Rejection> {
        let Stage::Reported { assignment, .. } = &self.stage else { return Err(Rejection::NotReported) };
        if assignment.officer.as_ref() == Some(&act.by) {
            return Err(Rejection::JudgesOwnWork(act.by.clone()));
        }
        Ok(assignment)
    }
}

/// A new deadline, if it lies ahead.
fn ahead(deadline: Timestamp, act: &Act) -> Result<Timestamp, Rejection> {
    if deadline > act.at { Ok(deadline) } else { Err(Rejection::DeadlineNotAhead(deadline)) }
}
