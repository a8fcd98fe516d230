//! What is decided about each command.

use contract::complaints::*;
use contract::field::to_wire;
use contract::words::{PostLevel, VaultText};
use jiff::Timestamp;

use super::clocks::level_above;
use super::{
    Act, Assigning, Candidate, Event, LEADER_FROM, Lodged, Lodging, Move, Refuting, Rejection, Responsible,
    State, Step,
};

pub(super) type Decision = Result<Vec<Event>, Rejection>;

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
            Step::AppointLeader { leader, due } => self.appoint_leader(act, leader, due),
            Step::AppointSupervisor { supervisor } => self.appoint_supervisor(act, supervisor),
            Step::Assign(assigning) => self.assign(act, assigning),
            Step::ExtendDeadline { deadline, reason } => self.extend_deadline(act, deadline, reason),
            Step::ReportProgress { progress, attachments } => {
                self.report_progress(act, progress, attachments)
            }
            Step::Report { report, attachments, due } => self.report(act, report, attachments, due),
            Step::Verify { satisfaction, source, due } => self.verify(act, satisfaction, source, due),
            Step::Refute(refuting) => self.refute(act, refuting),
            Step::Substantiate { unit, officers, harms_public, finding } => {
                self.substantiate(act, (unit, officers), harms_public, finding)
            }
            Step::Unsubstantiate { finding } => self.unsubstantiate(act, finding),
            Step::Close { outcome } => self.close(act, outcome),
            Step::Reopen { grounds, led_due, accepted_due } => {
                self.reopen(act, grounds, led_due, accepted_due)
            }
            Step::Withdraw { statement } => self.withdraw(act, statement),
            Step::AskQuestion { question_id, question } => self.ask(act, question_id, question),
            Step::AnswerQuestion { question_id, answer } => self.answer(act, question_id, answer),
        }
    }

    fn accept(&self, act: &Act, unit: String, in_service: bool, due: Timestamp) -> Decision {
        let waits = self.may(Move::ComplaintAccepted);
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
        if self.stage == ComplaintStage::Rejected && self.reason == reason {
            return Ok(vec![]);
        }
        self.check(act)?;
        Self::check_apart(act)?;
        if !self.may(Move::ComplaintRejected) {
            return Err(Rejection::AlreadyDecided);
        }
        Ok(vec![ComplaintRejected { complaint: self.name(), reason }.into()])
    }

    fn refer(&self, act: &Act, organ: String, reason: String) -> Decision {
        if self.stage == ComplaintStage::Referred && (&self.organ, &self.reason) == (&organ, &reason) {
            return Ok(vec![]);
        }
        self.check(act)?;
        if !self.may(Move::ComplaintReferred) {
            return Err(Rejection::AlreadyDecided);
        }
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

    fn appoint_leader(&self, act: &Act, candidate: Candidate, due: Timestamp) -> Decision {
        if self.leader_is(&candidate.officer) {
            return Ok(vec![]);
        }
        self.check(act)?;
        self.check_accepted()?;
        self.check_handler(&candidate)?;
        let post_level = candidate.post_level.unwrap_or_default();
        if post_level < self.leader_from(&candidate) {
            return Err(Rejection::PostLevelTooLow(post_level));
        }
        let leader = candidate.officer;
        if self.supervisor.as_ref() == Some(&leader) {
            return Err(Rejection::SupervisorNotApart(leader));
        }
        // Another leader in the place of the first one restarts no clock.
        let stage_due_time = self.may(Move::LeaderAppointed).then(|| to_wire(due));
        let (complaint, post_level) = (self.name(), post_level.into());
        Ok(vec![LeaderAppointed { complaint, leader, post_level, stage_due_time }.into()])
    }

    fn appoint_supervisor(&self, act: &Act, candidate: Candidate) -> Decision {
        if self.supervisor.as_ref() == Some(&candidate.officer) {
            return Ok(vec![]);
        }
        self.check(act)?;
        self.check_accepted()?;
        self.check_handler(&candidate)?;
        let supervisor = candidate.officer;
        if self.leader_is(&supervisor) || self.responsible_is(&supervisor) {
            return Err(Rejection::SupervisorNotApart(supervisor));
        }
        Ok(vec![SupervisorAppointed { complaint: self.name(), supervisor }.into()])
    }

    fn assign(&self, act: &Act, assigning: Assigning) -> Decision {
        let Assigning { unit, in_service, officer: candidate, deadline, due } = assigning;
        let standing = self.being_put_right().ok();
        if standing.is_some_and(|standing| {
            standing.unit == unit
                && standing.officer.as_ref() == Some(&candidate.officer)
                && deadline.is_none_or(|deadline| deadline == standing.deadline)
        }) {
            return Ok(vec![]);
        }
        self.check(act)?;
        self.check_accepted()?;
        self.check_not_reported()?;
        if self.leader.is_none() {
            return Err(Rejection::NoLeader);
        }
        let supervisor = self.supervisor.as_ref().ok_or(Rejection::NoSupervisor)?;
        if !in_service {
            return Err(Rejection::UnitNotInService(unit));
        }
        self.check_handler(&candidate)?;
        let officer = candidate.officer;
        if *supervisor == officer {
            return Err(Rejection::SupervisorNotApart(officer));
        }
        let deadline = match (standing.map(|standing| standing.deadline), deadline) {
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
        if self.being_put_right().is_ok_and(|standing| standing.deadline == deadline) {
            return Ok(vec![]);
        }
        self.check(act)?;
        let Responsible { deadline: standing, overdue, .. } = *self.being_put_right()?;
        if overdue || standing <= act.at {
            return Err(Rejection::DeadlinePassed(standing));
        }
        if deadline < standing {
            return Err(Rejection::NotAnExtension(standing));
        }
        let (complaint, deadline) = (self.name(), Some(to_wire(deadline)));
        Ok(vec![DeadlineExtended { complaint, deadline, reason }.into()])
    }

    fn report_progress(&self, act: &Act, progress: VaultText, attachments: Vec<Attachment>) -> Decision {
        if self.texts.iter().any(|text| text.reference == progress) {
            return Ok(vec![]);
        }
        self.check(act)?;
        self.person_at_work()?;
        let (complaint, progress) = (self.name(), Some(progress));
        Ok(vec![ProgressReported { complaint, progress, attachments }.into()])
    }

    fn report(&self, act: &Act, report: VaultText, attachments: Vec<Attachment>, due: Timestamp) -> Decision {
        let reported = self.stage == ComplaintStage::Reported;
        if reported && self.texts.iter().any(|text| text.reference == report) {
            return Ok(vec![]);
        }
        self.check(act)?;
        let responsible = self.person_at_work()?;
        let reported = RectificationReported {
            complaint: self.name(),
            unit: responsible.unit.clone(),
            report: Some(report),
            stage_due_time: Some(to_wire(due)),
            attachments,
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
        let verified = self.stage == ComplaintStage::Verified && self.source == source;
        if verified && (source == RatingSource::Inspection || self.satisfaction == satisfaction) {
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

    pub(super) fn name(&self) -> String {
        self.lodged.complaint.clone()
    }

    /// Whether a move starts from where it stands.
    pub(super) fn may(&self, to: Move) -> bool {
        to.from().contains(&self.stage)
    }

    /// What comes before every step that is not taken already.
    pub(super) fn check(&self, act: &Act) -> Result<(), Rejection> {
        if !self.is_open() {
            return Err(Rejection::NotOpen);
        }
        self.check_fresh(act)?;
        self.check_not_complained_of(&act.by)
    }

    pub(super) fn check_fresh(&self, act: &Act) -> Result<(), Rejection> {
        if act.expected.is_some_and(|expected| expected != self.events) {
            return Err(Rejection::ComplaintChanged(self.events));
        }
        Ok(())
    }

    pub(super) fn check_not_complained_of(&self, officer: &str) -> Result<(), Rejection> {
        if self.lodged.complained_of.iter().any(|complained_of| complained_of == officer) {
            return Err(Rejection::HandlesOwnComplaint(officer.to_owned()));
        }
        Ok(())
    }

    /// Refuses to let somebody judge what their own unit did.
    pub(super) fn check_apart(act: &Act) -> Result<(), Rejection> {
        if act.own_unit { Err(Rejection::HandlesOwnUnit(act.by.clone())) } else { Ok(()) }
    }

    /// Refuses to let somebody judge what they or their unit did.
    pub(super) fn check_judge(&self, act: &Act) -> Result<(), Rejection> {
        Self::check_apart(act)?;
        if self.responsible_is(&act.by) {
            return Err(Rejection::JudgesOwnWork(act.by.clone()));
        }
        Ok(())
    }

    /// Refuses an officer who cannot handle it in whatever part.
    fn check_handler(&self, candidate: &Candidate) -> Result<(), Rejection> {
        let officer = &candidate.officer;
        self.check_not_complained_of(officer)?;
        if candidate.post_level.is_none() {
            return Err(Rejection::OfficerNotOnRoster(officer.clone()));
        }
        if candidate.own_unit {
            return Err(Rejection::HandlesOwnUnit(officer.clone()));
        }
        Ok(())
    }

    /// The lowest post that may lead: above whoever is complained of and could lead, as far as there is one;
    /// not below the level that it was escalated to.
    fn leader_from(&self, candidate: &Candidate) -> PostLevel {
        let highest = candidate.complained_of;
        let named = (highest != PostLevel::Unspecified).then_some(highest);
        let above = named.map(|highest| level_above(highest).unwrap_or(highest));
        LEADER_FROM.max(above.unwrap_or_default()).max(self.escalated_to())
    }

    fn leader_is(&self, officer: &str) -> bool {
        self.leader.as_ref().is_some_and(|leader| leader.officer == officer)
    }

    fn responsible_is(&self, officer: &str) -> bool {
        let responsible = self.responsible.as_ref().and_then(|responsible| responsible.officer.as_deref());
        responsible == Some(officer)
    }

    pub(super) fn check_accepted(&self) -> Result<(), Rejection> {
        match self.stage {
            ComplaintStage::Lodged | ComplaintStage::Referred => Err(Rejection::NotAccepted),
            ComplaintStage::Withdrawn => Err(Rejection::Withdrawn),
            ComplaintStage::Accepted
            | ComplaintStage::Led
            | ComplaintStage::Assigned
            | ComplaintStage::Reported
            | ComplaintStage::Verified
            | ComplaintStage::Rejected
            | ComplaintStage::Closed
            | ComplaintStage::Unspecified => Ok(()),
        }
    }

    fn check_not_reported(&self) -> Result<(), Rejection> {
        let reported = matches!(self.stage, ComplaintStage::Reported | ComplaintStage::Verified);
        if reported { Err(Rejection::AlreadyReported) } else { Ok(()) }
    }

    /// Who puts it right, if that is a person.
    fn person_at_work(&self) -> Result<&Responsible, Rejection> {
        self.check_not_reported()?;
        let responsible = self.being_put_right()?;
        if responsible.officer.is_some() { Ok(responsible) } else { Err(Rejection::NotAssigned) }
    }

    /// Who puts it right, while that is what it waits for.
    pub(super) fn being_put_right(&self) -> Result<&Responsible, Rejection> {
        let responsible = self.responsible.as_ref().filter(|_| self.stage == ComplaintStage::Assigned);
        responsible.ok_or(Rejection::NotAssigned)
    }

    /// Who reported it as put right, if `act` may judge that.
    fn reported(&self, act: &Act) -> Result<&Responsible, Rejection> {
        let reported = self.responsible.as_ref().filter(|_| self.stage == ComplaintStage::Reported);
        let responsible = reported.ok_or(Rejection::NotReported)?;
        self.check_judge(act)?;
        Ok(responsible)
    }
}

/// A new deadline, if it lies ahead.
fn ahead(deadline: Timestamp, act: &Act) -> Result<Timestamp, Rejection> {
    if deadline > act.at { Ok(deadline) } else { Err(Rejection::DeadlineNotAhead(deadline)) }
}
