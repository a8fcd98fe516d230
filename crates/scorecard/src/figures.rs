//! What a card shows beside its cycle: the unit's title, what is in place, training. As of now, whatever the
//! cycle, also on a frozen card.

use contract::scorecard::{Scorecard, TrainingFigures};

use crate::fold::facts::Facts;
use crate::fold::names::key;

/// Fills it in.
pub(crate) fn fill(facts: &Facts, jurisdiction: &str, unit: &str, card: &mut Scorecard) {
    let key = key(&[jurisdiction, unit]);
    let tally = facts.tallies.unit(&key);
    card.unit_title = facts.title(jurisdiction, unit);
    let in_place = card.four_in_place.get_or_insert_default();
    in_place.commitments = tally.commitments;
    in_place.commitments_delivered = tally.commitments_delivered;
    in_place.complaints = tally.complaints;
    in_place.complaints_closed = tally.complaints_closed;
    in_place.complaints_overdue = tally.complaints_overdue;
    in_place.cases = tally.cases;
    in_place.cases_closed = tally.cases_closed;
    let subtree = facts.tallies.subtree(&key);
    card.training = Some(TrainingFigures {
        officers: subtree.iter().map(|tally| tally.officers).sum(),
        hours: "0".to_owned(),
        busiest_tenth_share: "0".to_owned(),
        median_hours: "0".to_owned(),
        grassroots_units: subtree.iter().map(|tally| tally.grassroots).sum(),
        stalled: tally.stalls > 0,
        ..TrainingFigures::default()
    });
}
