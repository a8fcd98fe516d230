//! Complaints' facts: whose each complaint is, and all that its figures count of it.

use contract::complaints::CalendarSet;
use eventstore::event::is_named;
use jiff::Timestamp;
use prost::Message as _;
use scoring::WorkingDays;
use scoring::figures::complaints::{Change, Complaint as Tallied, What};
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::names::{first, ids, key, optional_id_in};
use super::tally::{self, Counted, Step, Tallies};
use crate::history::Occurrence;

/// The log.
pub(crate) const SERVICE: &str = "complaints";

/// A complaint.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Complaint {
    /// The unit that has it; none: not known yet.
    pub(crate) unit: Option<String>,
    /// Whether it was not accepted; it counts for nobody then.
    rejected: bool,
    /// Whether a deadline of it ever passed.
    overdue: bool,
    /// What the figures count of it.
    pub(crate) counted: Tallied,
}

/// The working days of a jurisdiction.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Calendar {
    holidays: Vec<String>,
    make_up_days: Vec<String>,
}

impl Counted for Complaint {
    fn count(&self, key: &str, tallies: &mut Tallies, step: Step) {
        let Some(unit) = self.unit.as_ref().filter(|_| !self.rejected) else { return };
        let tally = tallies.edit(first(key).0, unit);
        match step {
            Step::Up => tally.complaints.add(&self.counted),
            Step::Down => tally.complaints.remove(&self.counted),
        }
        step.count_if(true, &mut tally.complaints_all);
        step.count_if(!self.counted.is_open(), &mut tally.complaints_closed);
        step.count_if(self.overdue, &mut tally.complaints_overdue);
    }
}

/// Whether an event of complaints can be decoded.
pub(crate) fn readable(event: &Occurrence<'_>) -> Result<(), String> {
    let Occurrence { event_type, payload, .. } = *event;
    let decoded = if is_named::<CalendarSet>(event_type) {
        CalendarSet::decode(payload).map(drop)
    } else {
        Change::decode(event_type, payload).map(drop)
    };
    decoded.map_err(|error| error.to_string())
}

/// Folds one event of complaints.
pub(crate) fn apply(facts: &mut Facts, event: &Occurrence<'_>) -> Result<(), String> {
    if is_named::<CalendarSet>(event.event_type) {
        let set = CalendarSet::decode(event.payload).map_err(|error| error.to_string())?;
        let calendar = Calendar { holidays: set.holidays, make_up_days: set.make_up_days };
        let jurisdiction = set.jurisdiction.strip_prefix("jurisdictions/");
        facts.calendar.put(jurisdiction.ok_or("it is of no jurisdiction")?.to_owned(), calendar);
        return Ok(());
    }
    let change = Change::decode(event.event_type, event.payload).map_err(|error| error.to_string())?;
    match change {
        None => Ok(()),
        Some(Change { complaint, unit, what: What::Lodged { at } }) => lodge(facts, &complaint, unit, at),
        Some(change) => self::change(facts, &change, event.occurred_at),
    }
}

fn lodge(facts: &mut Facts, name: &str, unit: Option<String>, at: Timestamp) -> Result<(), String> {
    let (jurisdiction, complaint) = ids("complaints", name)?;
    let unit = optional_id_in(jurisdiction, "units", &unit.unwrap_or_default())?.map(str::to_owned);
    let counted = Tallied::lodged(at);
    let lodged = Complaint { unit, rejected: false, overdue: false, counted };
    tally::put(&mut facts.complaint, &mut facts.tallies, key(&[jurisdiction, complaint]), lodged);
    Ok(())
}

fn change(facts: &mut Facts, change: &Change, at: Timestamp) -> Result<(), String> {
    let Change { complaint: name, unit, what } = change;
    let (jurisdiction, id) = ids("complaints", name)?;
    let given = match unit {
        Some(unit) => Some(optional_id_in(jurisdiction, "units", unit)?.map(str::to_owned)),
        None => None,
    };
    let key = key(&[jurisdiction, id]);
    let known = tally::change(&mut facts.complaint, &mut facts.tallies, &key, |complaint| {
        complaint.counted.apply(*what, at);
        complaint.rejected |= *what == What::Rejected;
        complaint.overdue |= *what == What::Overdue;
        if let Some(unit) = given {
            complaint.unit = unit;
        }
    });
    if known { Ok(()) } else { Err(format!("{name} was never lodged")) }
}

impl Facts {
    /// The working days of a jurisdiction.
    pub(crate) fn working_days(&self, jurisdiction: &str) -> WorkingDays {
        let Some(calendar) = self.calendar.get(jurisdiction) else { return WorkingDays::default() };
        WorkingDays::of(&CalendarSet {
            holidays: calendar.holidays.clone(),
            make_up_days: calendar.make_up_days.clone(),
            ..CalendarSet::default()
        })
    }
}
