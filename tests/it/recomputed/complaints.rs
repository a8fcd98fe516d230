//! Complaints, and the figures of §5 that they give.

use std::collections::BTreeMap;

use contract::complaints::*;
use contract::words::RecordedEvent;
use jiff::{Timestamp, ToSpan as _, tz};

use super::exact::{Q, q};
use super::past::{decoded, kind};

#[derive(Default)]
pub(crate) struct Complaints(BTreeMap<String, Complaint>);

pub(crate) struct Complaint {
    /// The last that it was lodged against, accepted for, assigned or transferred to; may be empty.
    pub(crate) unit: String,
    state: State,
    /// Overdue at some time; for the deadline in force.
    pub(crate) ever_overdue: bool,
    pub(crate) overdue: bool,
    deadline: Option<Timestamp>,
    /// When it was closed last, and whether as rectified or unsubstantiated.
    closed: Option<(Timestamp, bool)>,
    reopened: bool,
    /// The complainant's last word.
    satisfaction: Option<Q>,
}

/// Whether it is settled.
#[derive(PartialEq)]
enum State {
    Open,
    Closed,
    Rejected,
}

/// Complaints whose deadline in force lies in a period.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) due: u64,
    pub(crate) on_time: u64,
    pub(crate) rated: u64,
    pub(crate) satisfaction: Q,
    pub(crate) closed: u64,
    pub(crate) reopened: u64,
}

impl Complaints {
    /// Those of a unit, without those that were rejected.
    pub(crate) fn of<'a>(&'a self, unit: &str) -> impl Iterator<Item = &'a Complaint> {
        let unit = unit.to_owned();
        self.0.values().filter(move |complaint| complaint.unit == unit && complaint.state != State::Rejected)
    }

    pub(crate) fn take(&mut self, event: &RecordedEvent) {
        if kind(event) == "ComplaintLodged" {
            let lodged: ComplaintLodged = decoded(event);
            let complaint = Complaint {
                unit: lodged.unit,
                state: State::Open,
                ever_overdue: false,
                overdue: false,
                deadline: None,
                closed: None,
                reopened: false,
                satisfaction: None,
            };
            self.0.insert(lodged.complaint, complaint);
            return;
        }
        let named = decoded::<Named>(event).complaint;
        let Some(complaint) = self.0.get_mut(&named) else { return };
        match kind(event) {
            "ComplaintAccepted" => complaint.unit = decoded::<ComplaintAccepted>(event).unit,
            "ComplaintTransferred" => complaint.unit = decoded::<ComplaintTransferred>(event).unit,
            "ComplaintRejected" => complaint.state = State::Rejected,
            "ComplaintAssigned" => {
                let assigned: ComplaintAssigned = decoded(event);
                complaint.unit = assigned.unit;
                complaint.be_due(assigned.deadline);
            }
            "DeadlineExtended" => complaint.be_due(decoded::<DeadlineExtended>(event).deadline),
            "ComplaintOverdue" => (complaint.overdue, complaint.ever_overdue) = (true, true),
            "RectificationVerified" => {
                complaint.be_rated(decoded::<RectificationVerified>(event).satisfaction());
            }
            "RectificationRefuted" => {
                let refuted: RectificationRefuted = decoded(event);
                complaint.be_rated(refuted.satisfaction());
                complaint.be_due(refuted.deadline);
            }
            "ComplaintClosed" => {
                let outcome = decoded::<ComplaintClosed>(event).outcome();
                let done = [ClosureOutcome::Rectified, ClosureOutcome::Unsubstantiated].contains(&outcome);
                complaint.state = State::Closed;
                complaint.closed = Some((instant(event.occurred_at).unwrap(), done));
            }
            "ComplaintReopened" => (complaint.state, complaint.reopened) = (State::Open, true),
            _ => {}
        }
    }
}

impl Complaint {
    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    fn be_due(&mut self, deadline: Option<contract::Timestamp>) {
        let deadline = instant(deadline);
        if deadline != self.deadline {
            self.overdue = false;
        }
        self.deadline = deadline;
    }

    fn be_rated(&mut self, satisfaction: Satisfaction) {
        let value = match satisfaction {
            Satisfaction::Unspecified => return,
            Satisfaction::VerySatisfied => "1",
            Satisfaction::Satisfied => "0.8",
            Satisfaction::BasicallySatisfied => "0.6",
            Satisfaction::Dissatisfied => "0",
        };
        self.satisfaction = Some(q(value));
    }
}

impl Counts {
    /// Counts a complaint if its deadline falls inside the days from `first` to `last`.
    pub(crate) fn add(&mut self, complaint: &Complaint, (first, last): (&str, &str), now: Timestamp) {
        let Some(deadline) = complaint.deadline else { return };
        // Due at midnight is due with the day before.
        let day = day_of(deadline.checked_sub(1.microsecond()).unwrap());
        if *day < *first || *day > *last {
            return;
        }
        if deadline <= now {
            let closed = complaint.closed.filter(|_| !complaint.is_open());
            self.due += 1;
            self.on_time += u64::from(closed.is_some_and(|(at, done)| done && at <= deadline));
        }
        self.closed += u64::from(complaint.closed.is_some());
        self.reopened += u64::from(complaint.reopened);
        if let Some(value) = &complaint.satisfaction {
            self.rated += 1;
            self.satisfaction += value;
        }
    }
}

/// What every event of a complaint begins with.
#[derive(Clone, PartialEq, prost::Message)]
struct Named {
    #[prost(string, tag = "1")]
    complaint: String,
}

/// An instant of an event.
pub(crate) fn instant(wire: Option<contract::Timestamp>) -> Option<Timestamp> {
    wire.map(|wire| Timestamp::new(wire.seconds, wire.nanos).unwrap())
}

/// The day of an instant, in China's one time.
pub(crate) fn day_of(at: Timestamp) -> String {
    tz::offset(8).to_datetime(at).date().to_string()
}
