//! Commitments: which unit has each, and whether it is delivered.

use contract::evaluation::{CommitmentAssigned, DeliveryVerified};
use serde::{Deserialize, Serialize};

use crate::fold::facts::Facts;
use crate::fold::names::{first, id_in, ids, key};
use crate::fold::tally::{self, Counted, Step, Tallies};

/// A commitment that a unit has.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Commitment {
    unit: String,
    due_date: String,
    delivered: bool,
}

impl Counted for Commitment {
    fn count(&self, key: &str, tallies: &mut Tallies, step: Step) {
        let tally = tallies.edit(first(key).0, &self.unit);
        step.count_if(true, &mut tally.commitments);
        step.count_if(self.delivered, &mut tally.commitments_delivered);
    }
}

pub(super) fn assign(facts: &mut Facts, event: &CommitmentAssigned) -> Result<(), String> {
    let (jurisdiction, commitment) = ids("commitments", &event.commitment)?;
    let unit = id_in(jurisdiction, "units", &event.unit)?.to_owned();
    let assigned = Commitment { unit, due_date: event.due_date.clone(), delivered: false };
    tally::put(&mut facts.commitment, &mut facts.tallies, key(&[jurisdiction, commitment]), assigned);
    Ok(())
}

pub(super) fn verify(facts: &mut Facts, event: &DeliveryVerified) -> Result<(), String> {
    let (jurisdiction, commitment) = ids("commitments", &event.commitment)?;
    let key = key(&[jurisdiction, commitment]);
    let verified = |commitment: &mut Commitment| commitment.delivered = true;
    let known = tally::change(&mut facts.commitment, &mut facts.tallies, &key, verified);
    if known { Ok(()) } else { Err(format!("{} was never assigned", event.commitment)) }
}
