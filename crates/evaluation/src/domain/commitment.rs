//! A measure promised to the public 便民利民措施: promised, assigned, delivered or not.
//!
//! - The ministry, the province or the bureau promises it; a unit in service must deliver it by a day.
//! - It may go to another unit, but its day does not move back: nobody gains time by passing it on 推诿扯皮.
//! - The unit reports its delivery by that day. Somebody else than who reported it says whether it stands.
//! - A refuted delivery can be reported again by its day. The refutation itself stays, even if a later report
//!   stands, unless it is overturned: somebody who neither reported nor refuted finds that the same report
//!   stands after all.
//! - When the day has passed without a report that still stands or waits to be looked at, it has lapsed: once,
//!   for good. Only a refutation that is overturned takes the lapse that came of it back.

use contract::evaluation::{
    CommitmentAnnounced, CommitmentAssigned, CommitmentLapsed, DeliveryRefuted, DeliveryReported,
    DeliveryVerified,
};
use contract::status::{self, Kind};
use eventstore::Decider;

eventstore::events! {
    /// What can happen to a commitment.
    pub enum Event {
        CommitmentAnnounced, CommitmentAssigned, DeliveryReported, DeliveryVerified, DeliveryRefuted,
        CommitmentLapsed,
    }
}

/// A commitment, if it was announced.
#[derive(Debug, Clone, Default)]
pub enum State {
    /// There is none.
    #[default]
    NotAnnounced,
    /// There is one.
    Announced(Box<Announced>),
}

/// An announced commitment.
#[derive(Debug, Clone)]
pub struct Announced {
    /// As it was announced.
    pub announced: CommitmentAnnounced,
    /// Who must deliver by when; none: nobody yet.
    pub assigned: Option<CommitmentAssigned>,
    /// The last report; none: not reported since it was assigned.
    pub report: Option<DeliveryReported>,
    /// The refutation of the last report; none: it is not refuted.
    pub refutation: Option<DeliveryRefuted>,
    /// How often a report was refuted and the refutation not overturned.
    pub refutations: u32,
    /// Whether its day passed without delivery.
    pub lapsed: bool,
    /// Whether it is delivered.
    pub verified: bool,
}

/// What can be asked.
#[derive(Debug, Clone)]
pub enum Command {
    /// Promise it.
    Announce(CommitmentAnnounced),
    /// Make a unit deliver it by a day.
    Assign {
        /// The unit and the day.
        assigned: CommitmentAssigned,
        /// Whether the unit is in the register and in service.
        in_service: bool,
        /// The day of the assignment.
        day: String,
    },
    /// Say that it was delivered.
    Report {
        /// What was delivered; its unit is the one that has it.
        reported: DeliveryReported,
        /// The day of the report.
        day: String,
    },
    /// Say that the delivery stands.
    Verify {
        /// The commitment.
        commitment: String,
        /// Who says so.
        actor: String,
    },
    /// Say that the delivery does not stand; its unit is the one that has it.
    Refute(DeliveryRefuted),
    /// Its day has passed.
    Lapse {
        /// The commitment.
        commitment: String,
        /// Today.
        today: String,
    },
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The id is taken.
    #[error("there is another commitment of this name")]
    CommitmentExists,
    /// No such commitment.
    #[error("there is no such commitment")]
    UnknownCommitment,
    /// The unit is not in service.
    #[error("{0} is not in the register, or is retired")]
    UnitNotInService(String),
    /// Nobody has to deliver it.
    #[error("the commitment is not assigned to a unit")]
    CommitmentNotAssigned,
    /// The day lies before the assignment.
    #[error("a unit cannot deliver by {0}, which is past")]
    DueDayPast(String),
    /// The day would move back.
    #[error("it is due on {0}; its day does not move back")]
    DueDayMovedBack(String),
    /// The day has passed.
    #[error("it was due on {0}")]
    DueDayPassed(String),
    /// The day has not passed.
    #[error("it is due on {0}, or its report still waits to be looked at")]
    NotLapsed(String),
    /// It lapsed.
    #[error("the commitment has lapsed")]
    Lapsed,
    /// A report waits.
    #[error("a reported delivery waits to be looked at")]
    DeliveryReported,
    /// Nothing is reported.
    #[error("no delivery is reported")]
    DeliveryNotReported,
    /// It is delivered.
    #[error("the delivery was verified")]
    DeliveryVerified,
    /// Who reported or refuted it would judge it.
    #[error("whoever reported a delivery, or refuted it, does not say that it stands or falls")]
    JudgesOwnDelivery,
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::CommitmentExists => "evaluation.commitment_exists",
            Self::UnknownCommitment => "evaluation.unknown_commitment",
            Self::UnitNotInService(_) => "evaluation.unit_not_in_service",
            Self::CommitmentNotAssigned => "evaluation.commitment_not_assigned",
            Self::DueDayPast(_) => "evaluation.due_day_past",
            Self::DueDayMovedBack(_) => "evaluation.due_day_moved_back",
            Self::DueDayPassed(_) => "evaluation.due_day_passed",
            Self::NotLapsed(_) => "evaluation.commitment_not_lapsed",
            Self::Lapsed => "evaluation.commitment_lapsed",
            Self::DeliveryReported => "evaluation.delivery_reported",
            Self::DeliveryNotReported => "evaluation.delivery_not_reported",
            Self::DeliveryVerified => "evaluation.delivery_verified",
            Self::JudgesOwnDelivery => "evaluation.judges_own_delivery",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::CommitmentExists => Kind::Exists,
            Self::UnknownCommitment => Kind::NotFound,
            Self::JudgesOwnDelivery => Kind::Denied,
            Self::UnitNotInService(_)
            | Self::CommitmentNotAssigned
            | Self::DueDayPast(_)
            | Self::DueDayMovedBack(_)
            | Self::DueDayPassed(_)
            | Self::NotLapsed(_)
            | Self::Lapsed
            | Self::DeliveryReported
            | Self::DeliveryNotReported
            | Self::DeliveryVerified => Kind::Rule,
        }
    }
}

/// A measure promised to the public.
#[derive(Debug)]
pub struct Commitment;

impl Decider for Commitment {
    const CATEGORY: &'static str = "commitment";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        if let Command::Announce(announced) = command {
            return state.announce(announced);
        }
        let State::Announced(commitment) = state else { return Err(Rejection::UnknownCommitment) };
        match command {
            Command::Announce(_) => Ok(vec![]),
            Command::Assign { assigned, in_service, day } => commitment.assign(assigned, in_service, &day),
            Command::Report { reported, day } => commitment.report(reported, &day),
            Command::Verify { commitment: name, actor } => commitment.verify(name, &actor),
            Command::Refute(refuted) => commitment.refute(refuted),
            Command::Lapse { commitment: name, today } => commitment.lapse(name, &today),
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        if let Event::CommitmentAnnounced(announced) = event {
            return State::Announced(Box::new(Announced::new(announced.clone())));
        }
        if let State::Announced(commitment) = &mut state {
            commitment.evolve(event);
        }
        state
    }

    fn unit(_state: &State, event: &Event) -> String {
        match event {
            Event::CommitmentAnnounced(_) => String::new(),
            Event::CommitmentAssigned(CommitmentAssigned { unit, .. })
            | Event::DeliveryReported(DeliveryReported { unit, .. })
            | Event::DeliveryVerified(DeliveryVerified { unit, .. })
            | Event::DeliveryRefuted(DeliveryRefuted { unit, .. })
            | Event::CommitmentLapsed(CommitmentLapsed { unit, .. }) => super::last_id(unit),
        }
    }
}

impl State {
    /// The commitment, if it was announced.
    pub fn announced(&self) -> Option<&Announced> {
        match self {
            Self::NotAnnounced => None,
            Self::Announced(commitment) => Some(commitment),
        }
    }

    fn announce(&self, announced: CommitmentAnnounced) -> Result<Vec<Event>, Rejection> {
        match self {
            Self::NotAnnounced => Ok(vec![announced.into()]),
            Self::Announced(known) if known.announced == announced => Ok(vec![]),
            Self::Announced(_) => Err(Rejection::CommitmentExists),
        }
    }
}

impl Announced {
    fn new(announced: CommitmentAnnounced) -> Self {
        Self {
            announced,
            assigned: None,
            report: None,
            refutation: None,
            refutations: 0,
            lapsed: false,
            verified: false,
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::CommitmentAnnounced(_) => {}
            Event::CommitmentAssigned(assigned) => {
                self.assigned = Some(assigned.clone());
                (self.report, self.refutation) = (None, None);
            }
            Event::DeliveryReported(reported) => {
                self.report = Some(reported.clone());
                self.refutation = None;
            }
            Event::DeliveryRefuted(refuted) => {
                self.refutation = Some(refuted.clone());
                self.refutations += 1;
            }
            Event::DeliveryVerified(verified) => {
                self.verified = true;
                if verified.overturns {
                    (self.refutation, self.lapsed) = (None, false);
                    self.refutations = self.refutations.saturating_sub(1);
                }
            }
            Event::CommitmentLapsed(_) => self.lapsed = true,
        }
    }

    /// The last day on which a report is still wanted; none: nothing is awaited of the unit.
    pub fn awaited_until(&self) -> Option<&str> {
        let assigned = self.assigned.as_ref()?;
        let answered = self.report.is_some() && self.refutation.is_none();
        (!self.lapsed && !self.verified && !answered).then_some(assigned.due_date.as_str())
    }

    fn assign(
        &self,
        assigned: CommitmentAssigned,
        in_service: bool,
        day: &str,
    ) -> Result<Vec<Event>, Rejection> {
        if self.assigned.as_ref() == Some(&assigned) {
            return Ok(vec![]);
        }
        self.check_running()?;
        if self.report.is_some() && self.refutation.is_none() {
            return Err(Rejection::DeliveryReported);
        }
        // Days are written YYYY-MM-DD: their order is the order of their text.
        if let Some(before) = &self.assigned {
            if before.due_date.as_str() < day {
                return Err(Rejection::DueDayPassed(before.due_date.clone()));
            }
            if before.due_date < assigned.due_date {
                return Err(Rejection::DueDayMovedBack(before.due_date.clone()));
            }
        }
        if assigned.due_date.as_str() < day {
            return Err(Rejection::DueDayPast(assigned.due_date));
        }
        if !in_service {
            return Err(Rejection::UnitNotInService(assigned.unit));
        }
        Ok(vec![assigned.into()])
    }

    fn report(&self, reported: DeliveryReported, day: &str) -> Result<Vec<Event>, Rejection> {
        let assigned = self.assigned()?;
        let reported = DeliveryReported { unit: assigned.unit.clone(), ..reported };
        if self.refutation.is_none() && self.report.as_ref() == Some(&reported) {
            return Ok(vec![]);
        }
        self.check_running()?;
        if self.report.is_some() && self.refutation.is_none() {
            return Err(Rejection::DeliveryReported);
        }
        if assigned.due_date.as_str() < day {
            return Err(Rejection::DueDayPassed(assigned.due_date.clone()));
        }
        Ok(vec![reported.into()])
    }

    fn verify(&self, commitment: String, actor: &str) -> Result<Vec<Event>, Rejection> {
        if self.verified {
            return Ok(vec![]);
        }
        let unit = self.assigned()?.unit.clone();
        let Some(report) = &self.report else { return Err(Rejection::DeliveryNotReported) };
        let refuted_by = self.refutation.as_ref().map(|refutation| refutation.refuted_by.as_str());
        if report.reported_by == actor || refuted_by == Some(actor) {
            return Err(Rejection::JudgesOwnDelivery);
        }
        Ok(vec![DeliveryVerified { commitment, unit, overturns: refuted_by.is_some() }.into()])
    }

    fn refute(&self, refuted: DeliveryRefuted) -> Result<Vec<Event>, Rejection> {
        let refuted = DeliveryRefuted { unit: self.assigned()?.unit.clone(), ..refuted };
        if self.refutation.as_ref() == Some(&refuted) {
            return Ok(vec![]);
        }
        self.check_running()?;
        match &self.report {
            Some(report) if self.refutation.is_none() => {
                if report.reported_by == refuted.refuted_by {
                    return Err(Rejection::JudgesOwnDelivery);
                }
                Ok(vec![refuted.into()])
            }
            Some(_) | None => Err(Rejection::DeliveryNotReported),
        }
    }

    fn lapse(&self, commitment: String, today: &str) -> Result<Vec<Event>, Rejection> {
        if self.lapsed || self.verified {
            return Ok(vec![]);
        }
        let CommitmentAssigned { unit, due_date, .. } = self.assigned()?.clone();
        if self.awaited_until().is_none_or(|until| today <= until) {
            return Err(Rejection::NotLapsed(due_date));
        }
        Ok(vec![CommitmentLapsed { commitment, unit, due_date }.into()])
    }

    fn assigned(&self) -> Result<&CommitmentAssigned, Rejection> {
        self.assigned.as_ref().ok_or(Rejection::CommitmentNotAssigned)
    }

    fn check_running(&self) -> Result<(), Rejection> {
        if self.verified {
            return Err(Rejection::DeliveryVerified);
        }
        if self.lapsed { Err(Rejection::Lapsed) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
