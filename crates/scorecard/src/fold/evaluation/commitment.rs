//! Commitments: which unit has each by when, and what became of it.

use contract::evaluation::{
    CommitmentAnnounced, CommitmentAssigned, CommitmentLapsed, DeliveryRefuted, DeliveryReported,
    DeliveryVerified,
};
use contract::field;
use jiff::civil::Date;
use scoring::indices::CommitmentFigures;
use serde::{Deserialize, Serialize};

use crate::fold::facts::Facts;
use crate::fold::names::{id_in, ids, key};

/// A commitment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Commitment {
    /// For people; empty: it was never announced.
    pub(crate) title: String,
    /// The unit that has it; none: nobody yet.
    pub(crate) unit: Option<String>,
    due_date: String,
    /// What became of it.
    pub(crate) delivery: Delivery,
    /// Whether its last day passed without delivery.
    pub(crate) lapsed: bool,
}

/// What became of a commitment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Delivery {
    #[default]
    Waiting,
    Reported,
    Refuted,
    Verified,
}

impl Commitment {
    /// Its last day.
    pub(crate) fn due_date(&self) -> Option<Date> {
        field::date("due_date", &self.due_date).ok()
    }
}

pub(super) fn announce(facts: &mut Facts, event: CommitmentAnnounced) -> Result<(), String> {
    let (jurisdiction, commitment) = ids("commitments", &event.commitment)?;
    facts.commitment.edit_or_default(&key(&[jurisdiction, commitment])).title = event.title;
    Ok(())
}

pub(super) fn assign(facts: &mut Facts, event: &CommitmentAssigned) -> Result<(), String> {
    let (jurisdiction, commitment) = ids("commitments", &event.commitment)?;
    let unit = id_in(jurisdiction, "units", &event.unit)?.to_owned();
    field::date("due_date", &event.due_date).map_err(|bad| bad.to_string())?;
    let commitment = facts.commitment.edit_or_default(&key(&[jurisdiction, commitment]));
    commitment.unit = Some(unit);
    commitment.due_date.clone_from(&event.due_date);
    (commitment.delivery, commitment.lapsed) = (Delivery::Waiting, false);
    Ok(())
}

pub(super) fn report(facts: &mut Facts, event: &DeliveryReported) -> Result<(), String> {
    change(facts, &event.commitment, |commitment| commitment.delivery = Delivery::Reported)
}

pub(super) fn verify(facts: &mut Facts, event: &DeliveryVerified) -> Result<(), String> {
    change(facts, &event.commitment, |commitment| commitment.delivery = Delivery::Verified)
}

pub(super) fn refute(facts: &mut Facts, event: &DeliveryRefuted) -> Result<(), String> {
    change(facts, &event.commitment, |commitment| commitment.delivery = Delivery::Refuted)
}

pub(super) fn lapse(facts: &mut Facts, event: &CommitmentLapsed) -> Result<(), String> {
    change(facts, &event.commitment, |commitment| commitment.lapsed = true)
}

fn change(facts: &mut Facts, name: &str, change: impl FnOnce(&mut Commitment)) -> Result<(), String> {
    let (jurisdiction, commitment) = ids("commitments", name)?;
    let commitment = facts.commitment.edit(&key(&[jurisdiction, commitment]));
    let commitment = commitment.filter(|commitment| commitment.unit.is_some());
    commitment.map(change).ok_or_else(|| format!("{name} was never assigned"))
}

impl Facts {
    /// The commitments of a jurisdiction that a unit has, by id.
    pub(crate) fn commitments<'a>(
        &'a self,
        jurisdiction: &str,
        unit: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Commitment)> {
        let commitments = self.commitment.below(jurisdiction);
        commitments.filter(move |(_, commitment)| commitment.unit.as_deref() == Some(unit))
    }
}

/// Counts a commitment if its last day lies in the period and is over `today`.
pub(crate) fn count(
    figures: &mut CommitmentFigures,
    commitment: &Commitment,
    (first, last): (Date, Date),
    today: Date,
) {
    let due = |day: Date| (first..=last).contains(&day) && day < today;
    if commitment.due_date().is_some_and(due) {
        figures.due += 1;
        figures.delivered += u64::from(commitment.delivery == Delivery::Verified);
    }
}
