//! A complaint as a list needs it, in some 200 bytes.

use std::sync::Arc;

use contract::complaints::*;
use eventstore::RecordedEvent;
use jiff::Timestamp;
use scoring::figures::complaints as figures;

use super::names::{Id, NOBODY, Names};
use crate::domain::complaint::{Event, Move};
use crate::domain::instant;

/// Microseconds since 1970; the least one: none.
type Micros = i64;
const NEVER: Micros = Micros::MIN;

/// A complaint.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its id.
    pub id: Arc<str>,
    /// What counts of it.
    pub counted: figures::Complaint,
    /// Where it stands.
    pub stage: ComplaintStage,
    /// How it came in.
    pub channel: ComplaintChannel,
    /// The unit that has it.
    pub unit: Id,
    /// Who is responsible.
    pub officer: Id,
    /// Who leads.
    pub leader: Id,
    /// Who supervises.
    pub supervisor: Id,
    /// Of which category it is.
    pub category: Id,
    /// The earlier complaint that it repeats.
    pub repeats: Option<u32>,
    /// How often it was reopened.
    pub reopenings: u16,
    /// Which alerts were raised of the stage and of the case: see [`Row::raised`].
    raised: u8,
    stage_due: Micros,
    stage_since: Micros,
    /// Stream version of the event that began the stage: tells one stage from the next.
    pub stage_version: u32,
    case_due: Micros,
    escalation_due: Micros,
    version: u32,
}

impl Row {
    /// A complaint as it was lodged.
    pub fn new(id: &str, lodged: &ComplaintLodged, names: &mut Names) -> Self {
        Self {
            id: Arc::from(id),
            counted: figures::Complaint::lodged(instant(lodged.lodge_time)),
            stage: ComplaintStage::Lodged,
            channel: lodged.channel(),
            unit: names.give(&lodged.unit),
            officer: NOBODY,
            leader: NOBODY,
            supervisor: NOBODY,
            category: names.give(&lodged.category),
            repeats: None,
            reopenings: 0,
            raised: 0,
            stage_due: micros(lodged.stage_due_time),
            stage_since: micros(lodged.lodge_time),
            stage_version: 1,
            case_due: micros(lodged.case_due_time),
            escalation_due: NEVER,
            version: 1,
        }
    }

    /// When a clock is due; none: it does not run.
    pub fn due(&self, clock: ComplaintClock) -> Option<Timestamp> {
        match clock {
            ComplaintClock::Stage => time(self.stage_due),
            ComplaintClock::Case => time(self.case_due).filter(|_| self.counted.is_open()),
            ComplaintClock::Unspecified => None,
        }
    }

    /// Since when a clock runs.
    pub fn since(&self, clock: ComplaintClock) -> Timestamp {
        match clock {
            ComplaintClock::Stage => time(self.stage_since).unwrap_or_default(),
            ComplaintClock::Case | ComplaintClock::Unspecified => self.counted.lodged_at(),
        }
    }

    /// When it is escalated next.
    pub fn escalation_due(&self) -> Option<Timestamp> {
        time(self.escalation_due).filter(|_| self.stage == ComplaintStage::Assigned)
    }

    /// Whether the alert of a clock and a colour was raised.
    pub fn raised(&self, clock: ComplaintClock, colour: AlertColour) -> bool {
        self.raised & bit(clock, colour) != 0
    }

    /// What an event after the first one makes of it.
    pub fn apply(&mut self, recorded: &RecordedEvent, event: &Event, names: &mut Names) {
        self.version += 1;
        match event {
            Event::ComplaintAccepted(ComplaintAccepted { unit, stage_due_time, .. }) => {
                self.unit = names.give(unit);
                self.go(Move::ComplaintAccepted, *stage_due_time, recorded);
            }
            Event::ComplaintRejected(_) => self.go(Move::ComplaintRejected, None, recorded),
            Event::ComplaintReferred(_) => self.go(Move::ComplaintReferred, None, recorded),
            Event::ComplaintTransferred(ComplaintTransferred { unit, .. }) => {
                (self.unit, self.officer) = (names.give(unit), NOBODY);
            }
            Event::LeaderAppointed(LeaderAppointed { leader, stage_due_time, .. }) => {
                self.leader = names.give(leader);
                if self.stage == ComplaintStage::Accepted {
                    self.go(Move::LeaderAppointed, *stage_due_time, recorded);
                }
            }
            Event::SupervisorAppointed(appointed) => self.supervisor = names.give(&appointed.supervisor),
            Event::ComplaintAssigned(ComplaintAssigned { unit, officer, deadline, .. }) => {
                (self.unit, self.officer) = (names.give(unit), names.give(officer));
                if self.stage == ComplaintStage::Led {
                    self.go(Move::ComplaintAssigned, *deadline, recorded);
                }
            }
            Event::DeadlineExtended(DeadlineExtended { deadline, .. }) => self.stage_due = micros(*deadline),
            Event::ComplaintAlerted(alerted) => self.raised |= bit(alerted.clock(), alerted.colour()),
            Event::ComplaintOverdue(ComplaintOverdue { escalation_time, .. }) => {
                self.raised |= bit(ComplaintClock::Stage, AlertColour::Red);
                self.escalation_due = micros(*escalation_time);
            }
            Event::ComplaintEscalated(ComplaintEscalated { escalation_time, .. }) => {
                self.escalation_due = micros(*escalation_time);
            }
            Event::RectificationReported(RectificationReported { stage_due_time, .. }) => {
                self.go(Move::RectificationReported, *stage_due_time, recorded);
            }
            Event::RectificationVerified(RectificationVerified { stage_due_time, .. }) => {
                self.go(Move::RectificationVerified, *stage_due_time, recorded);
            }
            Event::RectificationRefuted(RectificationRefuted { deadline, .. }) => {
                self.go(Move::RectificationRefuted, *deadline, recorded);
            }
            Event::ComplaintClosed(_) => self.go(Move::ComplaintClosed, None, recorded),
            Event::ComplaintReopened(ComplaintReopened { stage_due_time, .. }) => {
                self.reopenings = self.reopenings.saturating_add(1);
                self.officer = NOBODY;
                self.go(Move::ComplaintReopened, *stage_due_time, recorded);
            }
            Event::ComplaintWithdrawn(_) => self.go(Move::ComplaintWithdrawn, None, recorded),
            Event::ComplaintLodged(_)
            | Event::ProgressReported(_)
            | Event::QuestionAsked(_)
            | Event::QuestionAnswered(_)
            | Event::ComplaintSubstantiated(_)
            | Event::ComplaintUnsubstantiated(_)
            | Event::PersonalDataRevealed(_)
            | Event::ComplainantErased(_) => {}
        }
    }

    fn go(&mut self, to: Move, due: Option<contract::Timestamp>, recorded: &RecordedEvent) {
        self.stage = to.to(self.leader != NOBODY);
        (self.stage_due, self.escalation_due) = (micros(due), NEVER);
        (self.stage_since, self.stage_version) = (recorded.occurred_at.as_microsecond(), self.version);
        let of_stage =
            bit(ComplaintClock::Stage, AlertColour::Yellow) | bit(ComplaintClock::Stage, AlertColour::Red);
        self.raised &= !of_stage;
    }
}

fn bit(clock: ComplaintClock, colour: AlertColour) -> u8 {
    match (clock, colour) {
        (ComplaintClock::Stage, AlertColour::Yellow) => 1,
        (ComplaintClock::Stage, AlertColour::Red) => 2,
        (ComplaintClock::Case, AlertColour::Yellow) => 4,
        (ComplaintClock::Case, AlertColour::Red) => 8,
        (ComplaintClock::Unspecified, _) | (_, AlertColour::Unspecified | AlertColour::Green) => 0,
    }
}

fn micros(wire: Option<contract::Timestamp>) -> Micros {
    wire.map_or(NEVER, |wire| instant(Some(wire)).as_microsecond())
}

fn time(micros: Micros) -> Option<Timestamp> {
    if micros == NEVER { None } else { Timestamp::from_microsecond(micros).ok() }
}
