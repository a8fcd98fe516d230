//! One year of a city, by chance: what its people send to the services, from the first unit to the last revision.
//! Much of it happened long before it is recorded.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use contract::words::component::Method;
use contract::words::{DailySource, SchemeRules, Tariff, TariffCause};
use jiff::{SignedDuration, Timestamp};
use prost_reflect::DynamicMessage;
use serde_json::{Value, json};
use tonic::Code;
use tonic::transport::Channel;

use crate::arbitrary::pick;
use crate::chance::Chance;
use crate::desk::Desk;
use crate::harness::names;
use crate::methods::year;

const PATIENCE: Duration = Duration::from_secs(30);
/// Id, the unit above, whether it is grassroots.
const UNITS: [(&str, &str, bool); 7] = [
    ("bureau", "", false),
    ("north", "bureau", false),
    ("south", "bureau", false),
    ("station", "north", true),
    ("team", "north", true),
    ("window", "south", true),
    ("taxes", "", false),
];
/// Id, unit, level.
const OFFICERS: [(&str, &str, &str); 9] = [
    ("chief", "bureau", "POST_LEVEL_BUREAU_HEAD"),
    ("deputy", "bureau", "POST_LEVEL_DEPUTY_BUREAU_HEAD"),
    ("leader", "south", "POST_LEVEL_DIVISION_HEAD"),
    ("second", "taxes", "POST_LEVEL_DEPUTY_DIVISION_HEAD"),
    ("third", "north", "POST_LEVEL_SECTION_HEAD"),
    ("fourth", "station", "POST_LEVEL_STAFF"),
    ("fifth", "team", "POST_LEVEL_STAFF"),
    ("sixth", "window", "POST_LEVEL_STAFF"),
    ("seventh", "window", "POST_LEVEL_STAFF"),
];

/// A city in its year.
pub(crate) struct Walk {
    desk: Desk,
    pub(super) chance: Chance,
    pub(crate) city: String,
    pub(super) rules: SchemeRules,
    /// What was made, by kind: resource names.
    pub(super) made: BTreeMap<&'static str, Vec<String>>,
    pub(super) codes: Vec<(String, String)>,
    pub(super) now: Timestamp,
    /// Nothing happened before.
    begin: Timestamp,
    ids: u32,
    /// How many requests were done, and how many refused.
    pub(crate) answers: (u32, u32),
}

impl Walk {
    /// Opens the city's year: units, officers, scheme, cycle, drive.
    pub(crate) async fn open(channel: Channel, seed: u64, now: Timestamp) -> Self {
        let mut chance = Chance::seeded(seed);
        let rules = rules(&mut chance);
        let begin = now.checked_add(SignedDuration::from_hours(1)).unwrap();
        let (made, codes, city) = (BTreeMap::new(), vec![], format!("jurisdictions/walk-{seed}"));
        let mut walk = Self {
            desk: Desk::of(channel, &city),
            chance,
            city,
            rules,
            made,
            codes,
            now,
            begin,
            ids: 0,
            answers: (0, 0),
        };
        for (unit, above, grassroots) in UNITS {
            let parent_unit = if above.is_empty() { String::new() } else { walk.unit(above) };
            let title = format!("The {unit}");
            let unit = json!({"unit_id": unit, "title": title, "kind": "UNIT_KIND_DIVISION",
                "parent_unit": parent_unit, "grassroots": grassroots});
            walk.must("RegisterUnit", unit).await;
        }
        for (officer, unit, post_level) in OFFICERS {
            let unit = walk.unit(unit);
            let officer = json!({"officer_id": officer, "unit": unit, "post_level": post_level,
                "effective_date": "2024-01-02"});
            walk.must("EnrolOfficer", officer).await;
        }
        let rules = mingjing::json::message(&walk.rules);
        walk.must("DraftScheme", json!({"scheme_id": "year", "rules": rules})).await;
        let scheme = format!("{}/schemes/year", walk.city);
        walk.must("PublishScheme", json!({"name": scheme})).await;
        let cycle = json!({"cycle_id": "year", "title": "A year", "scheme": scheme, "scheme_version": 1,
            "start_date": "2024-01-01", "end_date": "2024-12-31", "level": "CYCLE_LEVEL_MUNICIPAL",
            "ranked_groups": [1, 2]});
        walk.must("OpenCycle", cycle).await;
        for (unit, ..) in UNITS {
            walk.enter_unit(unit).await;
        }
        walk.open_methods().await;
        walk.open_drive().await;
        walk
    }

    pub(crate) fn cycle(&self) -> String {
        format!("{}/cycles/year", self.city)
    }

    pub(super) fn unit(&self, id: &str) -> String {
        format!("{}/units/{id}", self.city)
    }

    pub(super) fn any_unit(&mut self) -> String {
        let (unit, ..) = *pick(&UNITS, &mut self.chance);
        self.unit(unit)
    }

    pub(super) fn any_officer(&mut self) -> String {
        let (officer, ..) = *pick(&OFFICERS, &mut self.chance);
        format!("{}/officers/{officer}", self.city)
    }

    /// One of those that were made.
    pub(super) fn any(&mut self, kind: &str) -> Option<String> {
        let made = self.made.get(kind).filter(|made| !made.is_empty())?;
        Some(pick(made, &mut self.chance).clone())
    }

    /// A new id, and the resource name that it gives.
    pub(super) fn new_id(&mut self, kind: &'static str, collection: &str) -> String {
        self.ids += 1;
        let id = format!("x-{}", self.ids);
        self.made.entry(kind).or_default().push(format!("{collection}/{id}"));
        id
    }

    pub(super) fn one_in(&mut self, end: u64) -> bool {
        self.chance.below(end) == 0
    }

    /// A day of the year that is not to come.
    pub(super) fn past_day(&mut self) -> String {
        contract::field::day_of(self.instant()).to_string()
    }

    /// A day in the next three months.
    pub(super) fn coming_day(&mut self) -> String {
        let hours = i64::try_from(24 * (1 + self.chance.below(90))).unwrap();
        let day = self.now.checked_add(SignedDuration::from_hours(hours)).unwrap();
        contract::field::day_of(day).to_string()
    }

    /// Some instant of the year until now.
    fn instant(&mut self) -> Timestamp {
        let span = u64::try_from(self.now.as_second() - self.begin.as_second()).unwrap().max(1);
        let seconds = i64::try_from(self.chance.below(span)).unwrap();
        self.begin.checked_add(SignedDuration::from_secs(seconds)).unwrap()
    }

    pub(super) fn points(&mut self, hundredths_max: u64) -> String {
        let hundredths = 1 + self.chance.below(hundredths_max);
        let sign = if self.one_in(3) { "" } else { "-" };
        format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100)
    }

    /// Sends a request that may not be refused.
    pub(super) async fn must(&mut self, rpc: &str, request: Value) -> DynamicMessage {
        self.desk.must("clerk", rpc, request).await
    }

    /// Sends a request again and again while it is refused for this reason, for a while.
    pub(super) async fn must_in_time(&mut self, rpc: &str, request: Value, reason: &str) {
        let until = Instant::now() + PATIENCE;
        while let Err(status) = self.desk.send("clerk", rpc, &request).await {
            let waits = status.message().contains(reason) && Instant::now() < until;
            assert!(waits, "{}: {rpc} {request}: {status}", self.city);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Sends a request that rules may refuse; half of what is done happened at some time before.
    pub(super) async fn may(&mut self, rpc: &str, mut request: Value) {
        if self.one_in(2) && Desk::is_dated(rpc) {
            let instant = self.instant();
            request["occurred_at"] = json!(instant.to_string());
        }
        let actor = *pick(&["clerk", "unit", "judge"], &mut self.chance);
        self.try_as(actor, rpc, request).await;
    }

    /// Sends a request that rules may refuse, in someone's name.
    pub(super) async fn try_as(&mut self, actor: &str, rpc: &str, request: Value) {
        match self.desk.send(actor, rpc, &request).await {
            Ok(_) => self.answers.0 += 1,
            Err(status) => {
                let by_rule = [
                    Code::FailedPrecondition,
                    Code::AlreadyExists,
                    Code::NotFound,
                    Code::PermissionDenied,
                    Code::Aborted,
                ];
                let expected = by_rule.contains(&status.code());
                assert!(expected, "{}: {rpc} {request}: {status} {:?}", self.city, names(&status));
                self.answers.1 += 1;
            }
        }
    }
}

/// All methods, sources with tariffs, and now and then a veto's cap and a threshold.
fn rules(chance: &mut Chance) -> SchemeRules {
    use TariffCause::*;
    let mut rules = year::rules(chance);
    let sources: [(&str, &[TariffCause]); 4] = [
        ("complaint", &[ComplaintOverdue, RectificationRefuted, ComplaintReopened, ComplaintSubstantiated]),
        ("drive", &[UnitStalled]),
        ("commitment", &[DeliveryRefuted, CommitmentLapsed]),
        ("accountability", &[FindingMade]),
    ];
    for (source_id, causes) in sources {
        let tariff = |cause: &TariffCause| Tariff {
            cause: (*cause).into(),
            points: format!("-{}.{:02}", chance.below(3), 1 + chance.below(99)),
        };
        rules.daily_sources.push(DailySource {
            source_id: source_id.to_owned(),
            tariffs: causes.iter().map(tariff).collect(),
            cap: (1 + chance.below(9)).to_string(),
            bonus_cap: "1".to_owned(),
            ..DailySource::default()
        });
    }
    rules.veto_cap = (chance.below(3) > 0).then(|| (10 + chance.below(60)).to_string());
    rules.accountability_threshold = (chance.below(2) == 0).then(|| chance.below(4).to_string());
    rules
}

/// The components of a method.
pub(super) fn of_method(rules: &SchemeRules, is: impl Fn(&Method) -> bool) -> Vec<String> {
    let components = rules.components.iter().filter(|component| is(component.method.as_ref().unwrap()));
    components.map(|component| component.component_id.clone()).collect()
}
