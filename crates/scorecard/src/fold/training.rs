//! Training's facts: who is on the roster of which unit, and which unit stands still.

use contract::training::{
    CampaignConcluded, OfficerEnrolled, OfficerLeft, OfficerTransferred, UnitResumed, UnitStalled,
};
use eventstore::EventSet as _;
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::names::{first, id_in, ids, key};
use super::tally::{self, Counted, Step, Tallies};
use crate::history::Occurrence;

/// The log.
pub(crate) const SERVICE: &str = "training";

eventstore::events! {
    enum Event {
        OfficerEnrolled, OfficerTransferred, OfficerLeft, UnitStalled, UnitResumed, CampaignConcluded,
    }
}

/// An officer on the roster.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Officer {
    unit: String,
}

/// A unit stands still in a campaign.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stall {
    due_date: String,
}

impl Counted for Officer {
    fn count(&self, key: &str, tallies: &mut Tallies, step: Step) {
        step.count_if(true, &mut tallies.edit(first(key).0, &self.unit).officers);
    }
}

impl Counted for Stall {
    fn count(&self, key: &str, tallies: &mut Tallies, step: Step) {
        let (jurisdiction, rest) = first(key);
        step.count_if(true, &mut tallies.edit(jurisdiction, first(rest).1).stalls);
    }
}

/// Folds one event of training.
pub(crate) fn apply(facts: &mut Facts, event: &Occurrence<'_>) -> Result<(), String> {
    let decoded = Event::decode(event.event_type, event.payload).map_err(|error| error.to_string())?;
    match decoded {
        None => Ok(()),
        Some(Event::OfficerEnrolled(event)) => enrol(facts, &event),
        Some(Event::OfficerTransferred(event)) => transfer(facts, &event),
        Some(Event::OfficerLeft(event)) => leave(facts, &event),
        Some(Event::UnitStalled(event)) => stall(facts, event),
        Some(Event::UnitResumed(event)) => resume(facts, &event),
        Some(Event::CampaignConcluded(event)) => conclude(facts, &event),
    }
}

fn enrol(facts: &mut Facts, event: &OfficerEnrolled) -> Result<(), String> {
    let (jurisdiction, officer) = ids("officers", &event.officer)?;
    let unit = id_in(jurisdiction, "units", &event.unit)?.to_owned();
    tally::put(&mut facts.officer, &mut facts.tallies, key(&[jurisdiction, officer]), Officer { unit });
    Ok(())
}

fn transfer(facts: &mut Facts, event: &OfficerTransferred) -> Result<(), String> {
    let (jurisdiction, officer) = ids("officers", &event.officer)?;
    let unit = id_in(jurisdiction, "units", &event.unit)?.to_owned();
    let key = key(&[jurisdiction, officer]);
    let known = tally::change(&mut facts.officer, &mut facts.tallies, &key, |officer| officer.unit = unit);
    on_the_roster(known)
}

fn leave(facts: &mut Facts, event: &OfficerLeft) -> Result<(), String> {
    let (jurisdiction, officer) = ids("officers", &event.officer)?;
    on_the_roster(tally::remove(&mut facts.officer, &mut facts.tallies, &key(&[jurisdiction, officer])))
}

fn on_the_roster(known: bool) -> Result<(), String> {
    if known { Ok(()) } else { Err("the officer is not on the roster".to_owned()) }
}

fn stall(facts: &mut Facts, event: UnitStalled) -> Result<(), String> {
    let key = stall_key(&event.campaign, &event.unit)?;
    tally::put(&mut facts.stall, &mut facts.tallies, key, Stall { due_date: event.due_date });
    Ok(())
}

fn resume(facts: &mut Facts, event: &UnitResumed) -> Result<(), String> {
    let key = stall_key(&event.campaign, &event.unit)?;
    let stalled = tally::remove(&mut facts.stall, &mut facts.tallies, &key);
    if stalled { Ok(()) } else { Err("the unit did not stand still".to_owned()) }
}

fn conclude(facts: &mut Facts, event: &CampaignConcluded) -> Result<(), String> {
    let (jurisdiction, campaign) = ids("campaigns", &event.campaign)?;
    let campaign = key(&[jurisdiction, campaign]);
    let stalled: Vec<_> = facts.stall.below(&campaign).map(|(unit, _)| key(&[&campaign, unit])).collect();
    for key in stalled {
        tally::remove(&mut facts.stall, &mut facts.tallies, &key);
    }
    Ok(())
}

fn stall_key(campaign: &str, unit: &str) -> Result<String, String> {
    let (jurisdiction, campaign) = ids("campaigns", campaign)?;
    Ok(key(&[jurisdiction, campaign, id_in(jurisdiction, "units", unit)?]))
}
