//! What stands beside a cycle's own facts: the counts behind its indices, and what a card shows of commitments,
//! complaints, cases and training.

use std::collections::BTreeMap;

use contract::field::day_of;
use contract::name::CycleName;
use contract::scorecard::{FourInPlace, Scorecard};
use jiff::Timestamp;
use jiff::civil::Date;
use scoring::figures::complaints::{self, Period};
use scoring::indices::{CommitmentFigures, IndexFigures};

use crate::fold::evaluation::commitment::{self, Commitment, Delivery};
use crate::fold::facts::Facts;
use crate::fold::names::{first, key};

mod training;

pub(crate) use training::Drilled;

/// Facts of a jurisdiction as they stand at an instant.
pub(crate) struct Standing<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) training: &'a Drilled,
    /// The days of the cycle; none: it has none.
    pub(crate) days: Option<(Date, Date)>,
    pub(crate) now: Timestamp,
}

impl Standing<'_> {
    /// The counts behind the indices (scoring.md §5) of these units, each with its whole subtree.
    pub(crate) fn indices<'a>(
        &self,
        cycle: &CycleName,
        units: impl Iterator<Item = &'a String>,
    ) -> BTreeMap<String, IndexFigures> {
        units.map(|unit| (unit.clone(), self.index(&cycle.jurisdiction, unit))).collect()
    }

    fn index(&self, jurisdiction: &str, unit: &str) -> IndexFigures {
        let Some(days) = self.days else { return IndexFigures::default() };
        let unit_key = key(&[jurisdiction, unit]);
        let subtree = self.facts.tallies.subtree(&unit_key);
        let mut rectification = complaints::Figures::default();
        let mut commitments = CommitmentFigures::default();
        for key in subtree {
            rectification += self.complaints(key);
            for (_, found) in self.facts.commitments(jurisdiction, first(key).1) {
                commitment::count(&mut commitments, found, days, day_of(self.now));
            }
        }
        IndexFigures {
            training: self.training.index(&unit_name(jurisdiction, unit), days.0, days.1),
            rectification: Some(rectification.rectification()),
            commitments: Some(commitments),
        }
    }

    fn complaints(&self, unit_key: &str) -> complaints::Figures {
        let (Some(tally), Some((start, end))) = (self.facts.tallies.unit(unit_key), self.days) else {
            return complaints::Figures::default();
        };
        tally.complaints.figures(Period { start, end }, self.now)
    }

    /// Fills in what a card shows beside its cycle.
    pub(crate) fn fill(&self, jurisdiction: &str, unit: &str, card: &mut Scorecard) {
        card.unit_title = self.facts.title(jurisdiction, unit);
        let in_place = card.four_in_place.get_or_insert_default();
        self.fill_commitments(jurisdiction, unit, in_place);
        self.fill_complaints(&key(&[jurisdiction, unit]), in_place);
        let name = unit_name(jurisdiction, unit);
        if let Some(shown) = self.days.and_then(|days| self.training.shown(&name, days)) {
            card.stalled = shown.stalled;
            card.training = Some(shown.figures);
        }
    }

    fn fill_commitments(&self, jurisdiction: &str, unit: &str, in_place: &mut FourInPlace) {
        let mut due = CommitmentFigures::default();
        for (_, found) in self.facts.commitments(jurisdiction, unit) {
            let is = |state: Delivery| u32::from(found.delivery == state);
            in_place.commitments += 1;
            in_place.commitments_delivered += is(Delivery::Verified);
            in_place.commitments_refuted += is(Delivery::Refuted);
            in_place.commitments_lapsed += u32::from(lapsed(found));
            if let Some(days) = self.days {
                commitment::count(&mut due, found, days, day_of(self.now));
            }
        }
        in_place.commitments_due = narrow(due.due);
        in_place.commitments_due_delivered = narrow(due.delivered);
    }

    fn fill_complaints(&self, unit_key: &str, in_place: &mut FourInPlace) {
        let Some(tally) = self.facts.tallies.unit(unit_key) else { return };
        let figures = self.complaints(unit_key);
        in_place.complaints = tally.complaints_all;
        in_place.complaints_closed = tally.complaints_closed;
        in_place.complaints_overdue = tally.complaints_overdue;
        in_place.complaints_due = narrow(figures.due);
        in_place.complaints_on_time = narrow(figures.on_time);
        in_place.complaints_open = narrow(figures.open);
        in_place.complaints_open_overdue = narrow(figures.overdue);
        in_place.complaints_reopened = narrow(figures.reopened);
        in_place.satisfaction =
            scoring::indices::satisfaction(&figures.rectification()).map(|mean| mean.to_string());
        in_place.cases = tally.cases;
        in_place.cases_closed = tally.cases_closed;
        in_place.findings = tally.findings;
        in_place.dispositions = tally.dispositions;
        in_place.dispositions_executed = tally.dispositions_executed;
    }
}

/// Lapsed, and not delivered since.
fn lapsed(commitment: &Commitment) -> bool {
    commitment.lapsed && commitment.delivery != Delivery::Verified
}

pub(crate) fn unit_name(jurisdiction: &str, unit: &str) -> String {
    format!("jurisdictions/{jurisdiction}/units/{unit}")
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
