//! The second year's commitments 便民利民措施: 119, of which the ministry promised 30, the province 59 and the bureau
//! 30; the last 21 of the province and the last 10 of the bureau are new in its second half.

use contract::evaluation::{
    AnnounceCommitmentRequest, AssignCommitmentRequest, CommitmentLevel, RefuteDeliveryRequest,
    ReportDeliveryRequest, VerifyDeliveryRequest,
};
use jiff::civil::{Date, date};

use super::super::JURISDICTION;
use super::super::services::by;
use super::city::{City, FIRST_DAY};
use super::steps::{Step, at};

/// Who looks whether what was promised is there.
const VERIFIERS: &str = "verification-office";

/// Who promised, how many stand from before, and how many are new.
const PROMISED: [(&str, CommitmentLevel, u32, u32); 3] = [
    ("ministry", CommitmentLevel::Ministry, 30, 0),
    ("province", CommitmentLevel::Province, 38, 21),
    ("bureau", CommitmentLevel::Bureau, 20, 10),
];
/// When those that stand were announced, and when they were assigned.
const STANDING: (Date, Date) = (date(2024, 9, 10), date(2025, 2, 17));
/// The same of the new ones.
const NEW: (Date, Date) = (date(2025, 7, 2), date(2025, 7, 14));
/// Last days: of those that stand, and of the new ones.
const DUE: [Date; 4] = [date(2025, 4, 30), date(2025, 6, 30), date(2025, 9, 30), date(2025, 11, 28)];
const DUE_NEW: [Date; 2] = [date(2025, 11, 28), date(2025, 12, 19)];

const WHAT: [&str; 12] = [
    "Identity cards issued in any city",
    "Household registration moved online",
    "Vehicle inspection by appointment",
    "Driving licences on the telephone",
    "Exit and entry permits in five days",
    "Residence permits at one window",
    "Accident reports settled by video",
    "Firework and event permits online",
    "Lost property traced online",
    "Certificates without a second visit",
    "Opening hours on Saturdays",
    "Callers guided by a volunteer",
];
const FOR: [&str; 10] = [
    "for residents",
    "for enterprises",
    "for the elderly",
    "for students",
    "for drivers",
    "for newcomers",
    "for the disabled",
    "for travellers",
    "for shopkeepers",
    "in every service window",
];

/// What becomes of a commitment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Delivered in time, and found to be there.
    Delivered,
    /// The first report was refuted; the second stands.
    SecondReport,
    /// The only report was refuted, and the day passed.
    Refuted,
    /// Nobody reported anything.
    Lapsed,
}

/// Of 119: 4 lapse, 3 are refuted for good, 6 at first; the others are delivered.
fn fate(number: u32) -> Fate {
    match number {
        9 | 47 | 78 | 113 => Fate::Lapsed,
        21 | 62 | 97 => Fate::Refuted,
        5 | 30 | 41 | 67 | 88 | 104 => Fate::SecondReport,
        _ => Fate::Delivered,
    }
}

pub(super) fn steps(city: &City) -> Vec<Step> {
    let units = units(city);
    let mut number: u32 = 0;
    let mut steps = Vec::new();
    for (by_whom, level, standing, new) in PROMISED {
        for place in 1..=standing + new {
            number += 1;
            let unit = units[usize::try_from(number).unwrap_or(0) % units.len()].clone();
            let is_new = place > standing;
            let due = if is_new { pick(&DUE_NEW, place) } else { pick(&DUE, place) };
            let promise = Promise { id: format!("{by_whom}-{place:02}"), unit, due };
            let (announced, assigned) = if is_new { NEW } else { STANDING };
            steps.push(promise.announced(title(number), level, announced));
            steps.push(promise.assigned(assigned));
            steps.extend(promise.fulfilled(fate(number)));
        }
    }
    steps
}

/// Who delivers: the sub-units in turn, now and then the bureau itself.
fn units(city: &City) -> Vec<String> {
    let sub_units = city.sub_units().map(super::city::Unit::name);
    sub_units.chain([city.units()[0].name()]).collect()
}

fn pick(days: &[Date], place: u32) -> Date {
    days[usize::try_from(place).unwrap_or(0) % days.len()]
}

fn title(number: u32) -> String {
    let place = usize::try_from(number).unwrap_or(0);
    format!("{} {}", WHAT[place % WHAT.len()], FOR[place / WHAT.len() % FOR.len()])
}

struct Promise {
    id: String,
    /// Resource name of the unit that delivers.
    unit: String,
    due: Date,
}

impl Promise {
    fn name(&self) -> String {
        format!("jurisdictions/{JURISDICTION}/commitments/{}", self.id)
    }

    /// What was announced before this year is entered on its first day.
    fn announced(&self, title: String, level: CommitmentLevel, on: Date) -> Step {
        let commitment_id = self.id.clone();
        Step::new(
            at(on.max(FIRST_DAY), 14),
            format!("announce/{commitment_id}"),
            move |mut desk| async move {
                let request = AnnounceCommitmentRequest {
                    request_id: desk.request_id,
                    parent: format!("jurisdictions/{JURISDICTION}"),
                    commitment_id,
                    title,
                    level: level.into(),
                    occurred_at: Some(contract::field::to_wire(at(on, 14))),
                };
                desk.services.evaluation.announce_commitment(request).await.map(drop)
            },
        )
    }

    fn assigned(&self, on: Date) -> Step {
        let (name, unit, due_date) = (self.name(), self.unit.clone(), self.due.to_string());
        Step::new(at(on, 15), format!("assign/{name}"), |mut desk| async move {
            let (request_id, occurred_at) = (desk.request_id, desk.occurred_at);
            let request = AssignCommitmentRequest { request_id, name, unit, due_date, occurred_at };
            desk.services.evaluation.assign_commitment(request).await.map(drop)
        })
    }

    fn fulfilled(&self, fate: Fate) -> Vec<Step> {
        let before = |days: i64| self.due.checked_sub(jiff::Span::new().days(days)).unwrap_or(self.due);
        match fate {
            Fate::Lapsed => vec![],
            Fate::Delivered => vec![self.reported(1, before(14)), self.verified(before(7))],
            Fate::Refuted => vec![self.reported(1, before(14)), self.refuted(before(7))],
            Fate::SecondReport => vec![
                self.reported(1, before(14)),
                self.refuted(before(7)),
                self.reported(2, before(2)),
                self.verified(self.due),
            ],
        }
    }

    fn reported(&self, number: u32, on: Date) -> Step {
        let (name, unit) = (self.name(), self.unit.clone());
        Step::new(at(on, 10), format!("report/{number}/{name}"), move |mut desk| async move {
            let clerk = format!("clerk-of-{}", unit.rsplit('/').next().unwrap_or_default());
            let request = ReportDeliveryRequest {
                request_id: desk.request_id,
                name,
                statement: format!("In service since {on}"),
                occurred_at: desk.occurred_at,
            };
            desk.services.evaluation.report_delivery(by(&clerk, request)).await.map(drop)
        })
    }

    fn verified(&self, on: Date) -> Step {
        let name = self.name();
        Step::new(at(on, 15), format!("verify/{name}"), |mut desk| async move {
            let (request_id, occurred_at) = (desk.request_id, desk.occurred_at);
            let request = VerifyDeliveryRequest { request_id, name, occurred_at };
            desk.services.evaluation.verify_delivery(by(VERIFIERS, request)).await.map(drop)
        })
    }

    fn refuted(&self, on: Date) -> Step {
        let name = self.name();
        Step::new(at(on, 15), format!("refute/{name}"), |mut desk| async move {
            let request = RefuteDeliveryRequest {
                request_id: desk.request_id,
                name,
                reason: "Announced, but not to be had at the window".to_owned(),
                occurred_at: desk.occurred_at,
            };
            desk.services.evaluation.refute_delivery(by(VERIFIERS, request)).await.map(drop)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_119_each_of_its_own_title_and_31_are_new() {
        let all: u32 = PROMISED.iter().map(|(_, _, standing, new)| standing + new).sum();
        assert_eq!((all, PROMISED.iter().map(|(_, _, _, new)| new).sum::<u32>()), (119, 31));
        assert_eq!((1..=all).map(title).collect::<BTreeSet<_>>().len(), 119);
    }
}
