//! What the events of the complaints' log mean to the figures.

use contract::complaints::*;
use contract::field;
use jiff::Timestamp;
use prost::{DecodeError, Message};

/// What an event means to the figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Resource name of the complaint.
    pub complaint: String,
    /// Resource name of the unit that has it from then on; `None`: as before.
    pub unit: Option<String>,
    /// What happened.
    pub what: What,
}

/// What happened to a complaint, as far as it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are named as in the contract")]
pub enum What {
    /// It was lodged.
    Lodged { at: Timestamp },
    /// A unit got it.
    Given,
    /// It was not accepted.
    Rejected,
    /// It has a deadline.
    Due { deadline: Timestamp },
    /// The deadline in force passed without a report.
    Overdue,
    /// It is said to be put right.
    Reported,
    /// The complainant said how satisfied they are.
    Rated { satisfaction: Satisfaction },
    /// It was not put right; it has a new deadline.
    Refuted { satisfaction: Satisfaction, deadline: Timestamp },
    /// It was closed.
    Closed { outcome: ClosureOutcome },
    /// It was opened again.
    Reopened,
}

impl Change {
    /// What an event of the complaints' log means to the figures; `None`: nothing.
    pub fn decode(event_type: &str, payload: &[u8]) -> Result<Option<Self>, DecodeError> {
        let Some(name) = event_type.strip_prefix("mingjing.complaints.v1.") else { return Ok(None) };
        Ok(Some(match name {
            "ComplaintLodged" => read(payload, lodged)?,
            "ComplaintAccepted" => {
                read(payload, |event: ComplaintAccepted| given(event.complaint, event.unit, What::Given))?
            }
            "ComplaintRejected" => {
                read(payload, |event: ComplaintRejected| kept(event.complaint, What::Rejected))?
            }
            "ComplaintTransferred" => {
                read(payload, |event: ComplaintTransferred| given(event.complaint, event.unit, What::Given))?
            }
            "ComplaintAssigned" => read(payload, |event: ComplaintAssigned| {
                given(event.complaint, event.unit, What::Due { deadline: instant(event.deadline) })
            })?,
            "DeadlineExtended" => read(payload, |event: DeadlineExtended| {
                kept(event.complaint, What::Due { deadline: instant(event.deadline) })
            })?,
            "ComplaintOverdue" => {
                read(payload, |event: ComplaintOverdue| kept(event.complaint, What::Overdue))?
            }
            "RectificationReported" => {
                read(payload, |event: RectificationReported| kept(event.complaint, What::Reported))?
            }
            "RectificationVerified" => read(payload, |event: RectificationVerified| {
                let satisfaction = event.satisfaction();
                kept(event.complaint, What::Rated { satisfaction })
            })?,
            "RectificationRefuted" => read(payload, |event: RectificationRefuted| {
                let (satisfaction, deadline) = (event.satisfaction(), instant(event.deadline));
                kept(event.complaint, What::Refuted { satisfaction, deadline })
            })?,
            "ComplaintClosed" => read(payload, |event: ComplaintClosed| {
                let outcome = event.outcome();
                kept(event.complaint, What::Closed { outcome })
            })?,
            "ComplaintReopened" => {
                read(payload, |event: ComplaintReopened| kept(event.complaint, What::Reopened))?
            }
            _ => return Ok(None),
        }))
    }
}

fn read<M: Message + Default>(
    payload: &[u8],
    means: impl FnOnce(M) -> Change,
) -> Result<Change, DecodeError> {
    M::decode(payload).map(means)
}

fn lodged(event: ComplaintLodged) -> Change {
    given(event.complaint, event.unit, What::Lodged { at: instant(event.lodge_time) })
}

fn given(complaint: String, unit: String, what: What) -> Change {
    Change { complaint, unit: Some(unit), what }
}

fn kept(complaint: String, what: What) -> Change {
    Change { complaint, unit: None, what }
}

/// An instant of an event: it was parsed before the event was recorded.
fn instant(wire: Option<contract::Timestamp>) -> Timestamp {
    wire.and_then(|wire| field::instant("event", wire).ok()).unwrap_or_default()
}
