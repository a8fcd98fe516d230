//! A city by seed: units, roster, a campaign with its sessions, and one that nobody has trained for.

use std::iter::once;

use contract::evaluation::UnitRegistered;
use contract::training::*;
use eventstore::testing::scale::{mixed, told};
use eventstore::{NewEvent, StreamId};

const JURISDICTION: &str = "city";
/// Its name.
pub(crate) const NAME: &str = "jurisdictions/city";
/// The unit above all.
pub(crate) const BUREAU: &str = "jurisdictions/city/units/bureau";
/// The campaign that all sessions are of.
pub(crate) const CAMPAIGN: &str = "jurisdictions/city/campaigns/2024";
/// A campaign without a session.
pub(crate) const NEXT_CAMPAIGN: &str = "jurisdictions/city/campaigns/2025";
const ATTENDANCES_PER_OFFICER: u64 = 5;
const OFFICERS_PER_UNIT: u64 = 100;
const PARTICIPANTS: u64 = 100;
const SUB_BUREAUS: u64 = 200;
/// One officer in so many never trains.
const ABSENT: u64 = 16;

type Told = (StreamId, NewEvent);

/// A city with so many officers.
pub(crate) struct City {
    pub(crate) officers: u64,
}

impl City {
    pub(crate) fn of(officers: u64) -> Self {
        Self { officers }
    }

    pub(crate) fn attendances(&self) -> u64 {
        self.officers * ATTENDANCES_PER_OFFICER
    }

    fn stations(&self) -> u64 {
        self.officers / OFFICERS_PER_UNIT
    }

    /// The log of evaluation: the bureau, sub-bureaus below it, stations below those.
    pub(crate) fn units(&self) -> impl Iterator<Item = Told> {
        let subs = (0..SUB_BUREAUS).map(|number| register(sub_bureau(number), BUREAU.to_owned()));
        let stations =
            (0..self.stations()).map(|number| register(station(number), sub_bureau(number % SUB_BUREAUS)));
        once(register(BUREAU.to_owned(), String::new())).chain(subs).chain(stations)
    }

    /// The log of training: the roster in no order, both campaigns, the sessions of the first.
    pub(crate) fn events(&self) -> impl Iterator<Item = Told> {
        // A step without a common divisor meets each officer once.
        let enrolled = (0..self.officers).map(|number| enrol(number * 7_368_787 % self.officers));
        let sessions = (0..self.attendances() / PARTICIPANTS).map(|number| self.session(number));
        let launched = [launch("2024"), launch("2025")].into_iter().flatten();
        enrolled.chain(launched).chain(once(design())).chain(sessions)
    }

    /// A unit's officers train together, more or less: one in eight sits out, somebody of elsewhere comes.
    fn session(&self, number: u64) -> Told {
        let unit = number % self.stations();
        let participants = (0..PARTICIPANTS).map(|place| {
            let at_home = unit * OFFICERS_PER_UNIT + place;
            let sits_out = mixed(number * PARTICIPANTS + place).is_multiple_of(8) || is_absent(at_home);
            let away = mixed(number + place * self.officers) % self.officers;
            officer(if sits_out { present_from(away) % self.officers } else { at_home })
        });
        let held = SessionHeld {
            session: format!("{CAMPAIGN}/sessions/s{number}"),
            item: format!("{CAMPAIGN}/items/run"),
            unit: station(unit),
            mode: 1 + i32::try_from(number % 4).expect("small"),
            session_date: format!("2024-{:02}-{:02}", 1 + mixed(number) % 12, 1 + mixed(number) % 28),
            hours: format!("{}.5", 1 + mixed(number) % 4),
            participants: participants.collect(),
        };
        told(StreamId::new("session", &format!("city/2024/s{number}")), &held)
    }
}

/// The first officer from one on who trains.
fn present_from(officer: u64) -> u64 {
    (officer..=u64::MAX).find(|number| !is_absent(*number)).unwrap_or(officer)
}

fn is_absent(officer: u64) -> bool {
    mixed(officer).is_multiple_of(ABSENT)
}

fn register(unit: String, parent: String) -> Told {
    let registered = UnitRegistered { unit, parent, grassroots: true, ..UnitRegistered::default() };
    told(StreamId::new("unit_register", JURISDICTION), &registered)
}

fn enrol(number: u64) -> Told {
    let enrolled = OfficerEnrolled {
        officer: officer(number),
        unit: station(number / OFFICERS_PER_UNIT),
        post_level: if number.is_multiple_of(20) { 3 } else { 1 },
        effective_date: "2020-01-01".to_owned(),
    };
    told(StreamId::new("officer", &format!("city/{}", officer_id(number))), &enrolled)
}

/// A campaign that has a plan for all units.
fn launch(year: &str) -> [Told; 3] {
    let campaign = format!("jurisdictions/city/campaigns/{year}");
    let stream = StreamId::new("campaign", &format!("city/{year}"));
    let launched = CampaignLaunched {
        campaign: campaign.clone(),
        unit: BUREAU.to_owned(),
        start_date: format!("{year}-01-01"),
        end_date: format!("{year}-12-31"),
        rules: Some(CampaignRules {
            plan_due_date: format!("{year}-02-01"),
            cutoff_date: format!("{year}-12-31"),
            session_interval_working_days: 250,
            centralised_hours_max: "40".to_owned(),
            leader_from: 3,
        }),
        ..CampaignLaunched::default()
    };
    let issued = AcceptanceMethodIssued {
        campaign: campaign.clone(),
        method: "run".to_owned(),
        required_qualities: vec![1],
    };
    let filed = PlanFiled { campaign, unit: BUREAU.to_owned(), with_subtree: true, ..PlanFiled::default() };
    [told(stream.clone(), &launched), told(stream.clone(), &issued), told(stream, &filed)]
}

fn design() -> Told {
    let item = format!("{CAMPAIGN}/items/run");
    let designed = ItemDesigned { item, basic: 1, quality: 1, ..ItemDesigned::default() };
    told(StreamId::new("item", "city/2024/run"), &designed)
}

pub(crate) fn sub_bureau(number: u64) -> String {
    format!("jurisdictions/city/units/sub-{number}")
}

pub(crate) fn station(number: u64) -> String {
    format!("jurisdictions/city/units/station-{number}")
}

pub(crate) fn officer(number: u64) -> String {
    format!("jurisdictions/city/officers/{}", officer_id(number))
}

pub(crate) fn officer_id(number: u64) -> String {
    format!("o{number:07}")
}
