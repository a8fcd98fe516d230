//! A nation's year by seed: every event of every log by its position, so that nothing need be stored.
//!
//! First each log's set-up, then rounds in which every jurisdiction has one event. Of twenty rounds fourteen are forms
//! of ten answers, two entries, one a mark; two are complaints' (five events each, from lodged to closed); one a
//! session of ten. In the end every survey and every cycle is closed.

use contract::complaints::*;
use contract::evaluation::entry_recorded::Target;
use contract::evaluation::*;
use contract::training::*;
use contract::words::{
    AssessorMethod, Component, DailySource, LedgerMethod, SchemeRules, Stratum, SurveyLevel, SurveyMethod,
    component,
};
use eventstore::testing::scale::{mixed, told};
use eventstore::{NewEvent, RecordedEvent, StreamId};
use jiff::Timestamp;
use uuid::Uuid;

/// The services that have events, and how many of twenty rounds are theirs.
pub(crate) const ROUNDS: [(&str, u64); 3] = [("evaluation", 17), ("complaints", 2), ("training", 1)];
/// Jurisdictions of the whole nation.
pub(crate) const JURISDICTIONS: u64 = 3000;
const OFFICERS: u64 = 20;
const STEPS: u64 = 5;
/// What closes a jurisdiction's year.
const CLOSING: u64 = 2;
const STRATA: [&str; 4] = ["service-recipients", "residents", "enterprises", "deputies"];
const LEVELS: [&str; 5] = ["very-satisfied", "satisfied", "fairly-satisfied", "dissatisfied", "unknown"];
/// The year began then; an event is recorded each millisecond.
const BEGAN_MILLIS: i64 = 1_704_038_400_000;

pub(crate) type Told = (StreamId, NewEvent);

/// Some jurisdictions, and so many events after their set-up, a multiple of twenty rounds.
#[derive(Clone, Copy)]
pub(crate) struct Nation {
    pub(crate) jurisdictions: u64,
    pub(crate) year: u64,
}

impl Nation {
    /// At least `year` events.
    pub(crate) fn of(jurisdictions: u64, year: u64) -> Self {
        Self { jurisdictions, year: year.div_ceil(20 * jurisdictions) * 20 * jurisdictions }
    }

    /// 50,000 in 3,000 jurisdictions.
    pub(crate) fn units_of(jurisdiction: u64) -> u64 {
        16 + u64::from(jurisdiction % 3 < 2)
    }

    pub(crate) fn units(self) -> u64 {
        (0..self.jurisdictions).map(Self::units_of).sum()
    }

    /// All events of all logs.
    pub(crate) fn events(self) -> u64 {
        ROUNDS.iter().map(|(service, _)| self.count(service)).sum()
    }

    /// The events of a log's set-up, in order.
    pub(crate) fn set_up(self, service: &str) -> Vec<Told> {
        let of: fn(u64) -> Vec<Told> = match service {
            "evaluation" => evaluation_set_up,
            "training" => training_set_up,
            _ => return vec![],
        };
        (0..self.jurisdictions).flat_map(of).collect()
    }

    /// How many events a log has.
    pub(crate) fn count(self, service: &str) -> u64 {
        let closing = if service == "evaluation" { CLOSING * self.jurisdictions } else { 0 };
        self.set_up_count(service) + self.in_year(service) + closing
    }

    fn set_up_count(self, service: &str) -> u64 {
        let set_up = (0..self.jurisdictions).map(|jurisdiction| match service {
            "evaluation" => 4 + 3 * Self::units_of(jurisdiction),
            "training" => 3 + OFFICERS,
            _ => 0,
        });
        set_up.sum()
    }

    fn in_year(self, service: &str) -> u64 {
        self.year / 20 * rounds_of(service)
    }

    /// All events of a log, those of a jurisdiction by the hundred together.
    pub(crate) fn in_blocks(self, service: &str) -> impl Iterator<Item = Told> {
        let rounds = self.year / 20 / self.jurisdictions * rounds_of(service);
        let starts = (0..rounds).step_by(100);
        let of = starts.flat_map(move |start| {
            let rounds =
                move |jurisdiction| (start..rounds.min(start + 100)).map(move |round| (round, jurisdiction));
            (0..self.jurisdictions).flat_map(rounds)
        });
        let year = of
            .map(move |(round, jurisdiction)| self.event(service, round * self.jurisdictions + jurisdiction));
        let closing = self.in_year(service)..self.count(service) - self.set_up_count(service);
        let closing = closing.map(move |number| self.event(service, number));
        self.set_up(service).into_iter().chain(year).chain(closing)
    }

    /// The event of a log after its set-up, from 0.
    pub(crate) fn event(self, service: &str, number: u64) -> Told {
        let (round, jurisdiction) = (number / self.jurisdictions, number % self.jurisdictions);
        match service {
            "evaluation" if number >= self.in_year(service) => {
                closing(jurisdiction, round - self.in_year(service) / self.jurisdictions)
            }
            "evaluation" => evaluation(jurisdiction, round),
            "complaints" => complaint(jurisdiction, round / STEPS, round % STEPS),
            _ => session(jurisdiction, round),
        }
    }
}

fn rounds_of(service: &str) -> u64 {
    ROUNDS.iter().find(|(name, _)| *name == service).map_or(0, |(_, rounds)| *rounds)
}

/// As the log would have it.
pub(crate) fn recorded(position: u64, (stream, event): Told) -> RecordedEvent {
    let jurisdiction = stream.key().split('/').next().unwrap_or_default().to_owned();
    let at = instant(position);
    RecordedEvent {
        position,
        stream,
        stream_version: position,
        event_id: Uuid::from_u128(position.into()),
        event_type: event.event_type,
        occurred_at: at,
        recorded_at: at,
        actor: "clerk".to_owned(),
        correlation_id: Uuid::nil(),
        causation_id: Uuid::nil(),
        jurisdiction,
        unit: event.unit,
        traceparent: String::new(),
        payload: event.payload,
        chain_hash: [0; 32],
    }
}

/// When the event of a position was recorded.
pub(crate) fn instant(position: u64) -> Timestamp {
    let millis = BEGAN_MILLIS + i64::try_from(position).unwrap_or_default();
    Timestamp::from_millisecond(millis).unwrap_or_default()
}

fn evaluation_set_up(jurisdiction: u64) -> Vec<Told> {
    let (scheme, cycle) = (format!("{}/schemes/first", name(jurisdiction)), cycle(jurisdiction));
    let stream =
        |category: &str, rest: &str| StreamId::new(category, &format!("{}/{rest}", id(jurisdiction)));
    let drafted = SchemeDrafted { scheme: scheme.clone(), scheme_version: 1, rules: Some(rules()) };
    let published = SchemePublished { scheme: scheme.clone(), scheme_version: 1 };
    let opened = CycleOpened {
        cycle: cycle.clone(),
        title: "The year".to_owned(),
        scheme,
        scheme_version: 1,
        start_date: "2024-01-01".to_owned(),
        end_date: "2024-12-31".to_owned(),
        level: CycleLevel::Municipal.into(),
        ranked_groups: vec![1],
        ..CycleOpened::default()
    };
    let plan = |stratum: &str| StratumPlan { stratum_id: stratum.to_owned(), forms_max: 100_000 };
    let planned = SurveyPlanned {
        cycle: cycle.clone(),
        component_id: "appraisal".to_owned(),
        strata: STRATA.map(plan).into(),
    };
    let mut all = vec![
        told(stream("scheme", "first"), &drafted),
        told(stream("scheme", "first"), &published),
        told(stream("cycle", "year"), &opened),
        told(stream("survey", "year/appraisal"), &planned),
    ];
    for place in 0..Nation::units_of(jurisdiction) {
        let (unit, above) = (unit(jurisdiction, place), unit(jurisdiction, 0));
        let parent = if place == 0 { String::new() } else { above };
        let registered = UnitRegistered {
            unit: unit.clone(),
            parent: parent.clone(),
            grassroots: place > 0,
            ..UnitRegistered::default()
        };
        let entered = UnitEntered { cycle: cycle.clone(), unit, group: 1, parent, appraisal_target: false };
        all.push(told(stream("unit_register", ""), &registered));
        all.push(told(stream("cycle", "year"), &entered));
        all.push(mark(jurisdiction, place));
    }
    all
}

fn training_set_up(jurisdiction: u64) -> Vec<Told> {
    let campaign = format!("{}/campaigns/2024", name(jurisdiction));
    let stream = StreamId::new("campaign", &format!("{}/2024", id(jurisdiction)));
    let rules = CampaignRules {
        plan_due_date: "2024-02-01".to_owned(),
        cutoff_date: "2024-12-31".to_owned(),
        session_interval_working_days: 20,
        centralised_hours_max: "40".to_owned(),
        leader_from: 3,
    };
    let launched = CampaignLaunched {
        campaign: campaign.clone(),
        unit: unit(jurisdiction, 0),
        start_date: "2024-01-01".to_owned(),
        end_date: "2024-12-31".to_owned(),
        rules: Some(rules),
        ..CampaignLaunched::default()
    };
    let issued = AcceptanceMethodIssued {
        campaign: campaign.clone(),
        method: "run".to_owned(),
        required_qualities: vec![1],
    };
    let designed = ItemDesigned {
        item: format!("{campaign}/items/run"),
        basic: 1,
        quality: 1,
        ..ItemDesigned::default()
    };
    let mut all =
        vec![told(stream.clone(), &launched), told(stream.clone(), &issued), told(stream, &designed)];
    for number in 0..OFFICERS {
        let enrolled = OfficerEnrolled {
            officer: officer(jurisdiction, number),
            unit: unit(jurisdiction, number % Nation::units_of(jurisdiction)),
            post_level: 1,
            effective_date: "2020-01-01".to_owned(),
        };
        all.push(told(StreamId::new("officer", &format!("{}/o{number}", id(jurisdiction))), &enrolled));
    }
    all
}

fn evaluation(jurisdiction: u64, round: u64) -> Told {
    let seed = mixed(round * JURISDICTIONS + jurisdiction);
    match round % 17 {
        14 | 15 => entry(jurisdiction, seed, round),
        16 => mark(jurisdiction, seed % Nation::units_of(jurisdiction)),
        _ => form(jurisdiction, seed),
    }
}

fn form(jurisdiction: u64, seed: u64) -> Told {
    let units = Nation::units_of(jurisdiction);
    let answer = |place: u64| FormAnswer {
        unit: unit(jurisdiction, (seed + place) % units),
        level_id: pick(&LEVELS, mixed(seed + place)).to_owned(),
    };
    let answered = FormAnswered {
        cycle: cycle(jurisdiction),
        component_id: "appraisal".to_owned(),
        stratum_id: pick(&STRATA, seed).to_owned(),
        answers: (0..10).map(answer).collect(),
    };
    told(StreamId::new("survey_box", &format!("{}/year/appraisal", id(jurisdiction))), &answered)
}

fn entry(jurisdiction: u64, seed: u64, round: u64) -> Told {
    let place = seed % Nation::units_of(jurisdiction);
    let target = if seed.is_multiple_of(2) {
        Target::ComponentId("conduct".to_owned())
    } else {
        Target::SourceId("inspection".to_owned())
    };
    let recorded = EntryRecorded {
        cycle: cycle(jurisdiction),
        unit: unit(jurisdiction, place),
        entry_id: format!("e{round}"),
        target: Some(target),
        points: "-0.05".to_owned(),
        reason: "Report filed late".to_owned(),
        entry_date: "2024-06-01".to_owned(),
        recorded_by: "clerk".to_owned(),
        ..EntryRecorded::default()
    };
    told(StreamId::new("daily_assessment", &format!("{}/year/u{place}", id(jurisdiction))), &recorded)
}

fn mark(jurisdiction: u64, place: u64) -> Told {
    let recorded = MarkRecorded {
        cycle: cycle(jurisdiction),
        unit: unit(jurisdiction, place),
        component_id: "work".to_owned(),
        points: format!("{}.5", 15 + place),
    };
    told(StreamId::new("mark", &format!("{}/year/u{place}/work", id(jurisdiction))), &recorded)
}

/// The survey is closed, then the cycle.
fn closing(jurisdiction: u64, step: u64) -> Told {
    let (id, cycle) = (id(jurisdiction), cycle(jurisdiction));
    if step == 0 {
        let closed = SurveyClosed { cycle, component_id: "appraisal".to_owned() };
        told(StreamId::new("survey", &format!("{id}/year/appraisal")), &closed)
    } else {
        told(StreamId::new("cycle", &format!("{id}/year")), &CycleClosed { cycle })
    }
}

/// A step of a complaint's life: lodged, accepted, assigned, rated, closed.
fn complaint(jurisdiction: u64, number: u64, step: u64) -> Told {
    let complaint = format!("{}/complaints/c{number}", name(jurisdiction));
    let unit = unit(jurisdiction, number % Nation::units_of(jurisdiction));
    let at = |seconds: i64| Some(contract::Timestamp { seconds: BEGAN_MILLIS / 1000 + seconds, nanos: 0 });
    let stream = StreamId::new("complaint", &format!("{}/c{number}", id(jurisdiction)));
    let (lodge_time, deadline) = (at(0), at(30 * 86_400));
    match step {
        0 => told(
            stream,
            &ComplaintLodged { complaint, channel: 1, unit, lodge_time, ..ComplaintLodged::default() },
        ),
        1 => told(stream, &ComplaintAccepted { complaint, unit, stage_due_time: deadline }),
        2 => {
            told(stream, &ComplaintAssigned { complaint, unit, officer: officer(jurisdiction, 1), deadline })
        }
        3 => told(
            stream,
            &RectificationVerified { complaint, unit, satisfaction: 2, ..RectificationVerified::default() },
        ),
        _ => told(stream, &ComplaintClosed { complaint, unit, outcome: ClosureOutcome::Rectified.into() }),
    }
}

fn session(jurisdiction: u64, round: u64) -> Told {
    let campaign = format!("{}/campaigns/2024", name(jurisdiction));
    let held = SessionHeld {
        session: format!("{campaign}/sessions/s{round}"),
        item: format!("{campaign}/items/run"),
        unit: unit(jurisdiction, round % Nation::units_of(jurisdiction)),
        mode: 1 + i32::try_from(round % 4).unwrap_or_default(),
        session_date: format!("2024-{:02}-{:02}", 1 + round % 12, 1 + round % 28),
        hours: "1.5".to_owned(),
        participants: (0..10).map(|place| officer(jurisdiction, (round + place) % OFFICERS)).collect(),
    };
    told(StreamId::new("session", &format!("{}/2024/s{round}", id(jurisdiction))), &held)
}

pub(crate) fn rules() -> SchemeRules {
    let component = |id: &str, max_points: &str, method| Component {
        component_id: id.to_owned(),
        title: id.to_owned(),
        max_points: max_points.to_owned(),
        method: Some(method),
    };
    let values = [Some("1"), Some("0.8"), Some("0.6"), Some("0"), None];
    let level = |(id, value): (&str, Option<&str>)| SurveyLevel {
        level_id: id.to_owned(),
        title: id.to_owned(),
        value: value.map(str::to_owned),
    };
    let stratum =
        |id: &str| Stratum { stratum_id: id.to_owned(), title: id.to_owned(), weight: "1".to_owned() };
    let survey = SurveyMethod {
        levels: LEVELS.into_iter().zip(values).map(level).collect(),
        strata: STRATA.map(stratum).into(),
        min_valid: 1,
    };
    let inspection = DailySource {
        source_id: "inspection".to_owned(),
        title: "Inspection".to_owned(),
        cap: "5".to_owned(),
        bonus_cap: "0".to_owned(),
        ..DailySource::default()
    };
    SchemeRules {
        title: "First year".to_owned(),
        components: vec![
            component("work", "40", component::Method::Assessor(AssessorMethod {})),
            component(
                "conduct",
                "20",
                component::Method::Ledger(LedgerMethod { start_points: "20".to_owned() }),
            ),
            component("appraisal", "40", component::Method::Survey(survey)),
        ],
        daily_sources: vec![inspection],
        excellent_quota: 3,
        ..SchemeRules::default()
    }
}

fn pick<'a>(words: &[&'a str], seed: u64) -> &'a str {
    let place = usize::try_from(seed % 1000).unwrap_or_default() % words.len();
    words[place]
}

fn id(jurisdiction: u64) -> String {
    format!("j{jurisdiction:04}")
}

fn name(jurisdiction: u64) -> String {
    format!("jurisdictions/j{jurisdiction:04}")
}

pub(crate) fn cycle(jurisdiction: u64) -> String {
    format!("jurisdictions/j{jurisdiction:04}/cycles/year")
}

fn unit(jurisdiction: u64, place: u64) -> String {
    format!("jurisdictions/j{jurisdiction:04}/units/u{place}")
}

fn officer(jurisdiction: u64, number: u64) -> String {
    format!("jurisdictions/j{jurisdiction:04}/officers/o{number}")
}

/// A unit's scorecard, by a number.
pub(crate) fn scorecard(jurisdictions: u64, seed: u64) -> String {
    let jurisdiction = mixed(seed) % jurisdictions;
    format!("{}/scorecards/u{}", cycle(jurisdiction), mixed(seed + 1) % Nation::units_of(jurisdiction))
}
