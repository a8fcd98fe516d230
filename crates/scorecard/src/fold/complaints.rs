//! Complaints' facts: whose each complaint is, whether it is closed, whether it was ever overdue.

use contract::complaints::{
    ComplaintAccepted, ComplaintAssigned, ComplaintClosed, ComplaintLodged, ComplaintOverdue,
    ComplaintRejected, ComplaintReopened, ComplaintTransferred,
};
use eventstore::EventSet as _;
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::names::{first, ids, key, optional_id_in};
use super::tally::{self, Counted, Step, Tallies};
use crate::history::Occurrence;

/// The log.
pub(crate) const SERVICE: &str = "complaints";

eventstore::events! {
    #[expect(clippy::enum_variant_names, reason = "each is named after its message")]
    enum Event {
        ComplaintLodged, ComplaintAccepted, ComplaintRejected, ComplaintTransferred, ComplaintAssigned,
        ComplaintOverdue, ComplaintClosed, ComplaintReopened,
    }
}

/// A complaint.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Complaint {
    /// The unit that has it; none: not known yet.
    unit: Option<String>,
    /// Whether it was not accepted; it counts for nobody then.
    rejected: bool,
    closed: bool,
    /// Whether a deadline of it ever passed.
    overdue: bool,
}

impl Counted for Complaint {
    fn count(&self, key: &str, tallies: &mut Tallies, step: Step) {
        let Some(unit) = self.unit.as_ref().filter(|_| !self.rejected) else { return };
        let tally = tallies.edit(first(key).0, unit);
        step.count_if(true, &mut tally.complaints);
        step.count_if(self.closed, &mut tally.complaints_closed);
        step.count_if(self.overdue, &mut tally.complaints_overdue);
    }
}

/// Folds one event of complaints.
pub(crate) fn apply(facts: &mut Facts, event: &Occurrence<'_>) -> Result<(), String> {
    let decoded = Event::decode(event.event_type, event.payload).map_err(|error| error.to_string())?;
    match decoded {
        None => Ok(()),
        Some(Event::ComplaintLodged(event)) => lodge(facts, &event),
        Some(Event::ComplaintAccepted(event)) => move_to(facts, &event.complaint, &event.unit),
        Some(Event::ComplaintTransferred(event)) => move_to(facts, &event.complaint, &event.unit),
        Some(Event::ComplaintAssigned(event)) => move_to(facts, &event.complaint, &event.unit),
        Some(Event::ComplaintRejected(event)) => {
            change(facts, &event.complaint, |complaint| complaint.rejected = true)
        }
        Some(Event::ComplaintOverdue(event)) => {
            change(facts, &event.complaint, |complaint| complaint.overdue = true)
        }
        Some(Event::ComplaintClosed(event)) => {
            change(facts, &event.complaint, |complaint| complaint.closed = true)
        }
        Some(Event::ComplaintReopened(event)) => {
            change(facts, &event.complaint, |complaint| complaint.closed = false)
        }
    }
}

fn lodge(facts: &mut Facts, event: &ComplaintLodged) -> Result<(), String> {
    let (jurisdiction, complaint) = ids("complaints", &event.complaint)?;
    let unit = optional_id_in(jurisdiction, "units", &event.unit)?.map(str::to_owned);
    let lodged = Complaint { unit, ..Complaint::default() };
    tally::put(&mut facts.complaint, &mut facts.tallies, key(&[jurisdiction, complaint]), lodged);
    Ok(())
}

fn move_to(facts: &mut Facts, complaint: &str, unit: &str) -> Result<(), String> {
    let (jurisdiction, _) = ids("complaints", complaint)?;
    let unit = optional_id_in(jurisdiction, "units", unit)?.map(str::to_owned);
    change(facts, complaint, |complaint| complaint.unit = unit)
}

fn change(facts: &mut Facts, name: &str, change: impl FnOnce(&mut Complaint)) -> Result<(), String> {
    let (jurisdiction, complaint) = ids("complaints", name)?;
    let key = key(&[jurisdiction, complaint]);
    let known = tally::change(&mut facts.complaint, &mut facts.tallies, &key, change);
    if known { Ok(()) } else { Err(format!("{name} was never lodged")) }
}
