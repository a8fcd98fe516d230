//! The sessions that the units hold, some four thousand.

use contract::training::{CorrectSessionRequest, HoldSessionRequest, TrainingMode, VoidSessionRequest};
use jiff::civil::{Date, date};

use super::super::super::BUREAU;
use super::super::super::random::Random;
use super::super::city::{City, LEADERS_AWAY, STANDS_STILL, STARS_ONLY, Unit};
use super::super::steps::{Step, at};
use super::assessments::{answers, answers_from};
use super::roster::RETIRING_PLACE;
use super::{END, STIRS_ON, campaign, drive, item};

const SEED: u64 = 20_250_205;
/// Units begin within some days of this one.
const FROM: Date = date(2025, 2, 10);
/// Sessions follow each other after this many working days …
const GAP_MIN: u32 = 7;
/// … or up to so many more: sooner than the drive asks for.
const GAP_SPREAD: u32 = 6;
/// One of so many sessions is corrected, one of so many was recorded twice.
const CORRECTED: usize = 60;
const TWICE: usize = 97;
/// What is put right lies before the drive's end.
const PUT_RIGHT_UNTIL: Date = date(2025, 12, 19);

/// A session as it is held.
#[derive(Clone)]
struct Session {
    id: String,
    item: String,
    unit: String,
    mode: TrainingMode,
    day: Date,
    hours: &'static str,
    participants: Vec<String>,
}

pub(super) fn steps(city: &City) -> Vec<Step> {
    let sessions: Vec<_> =
        city.units().iter().zip(0..).flat_map(|(unit, number)| of_unit(city, unit, SEED + number)).collect();
    let mut steps = Vec::new();
    for (session, number) in sessions.into_iter().zip(1_usize..) {
        let put_right = city.working_day(session.day, 3);
        if put_right <= PUT_RIGHT_UNTIL && number.is_multiple_of(CORRECTED) {
            let mut corrected = session.clone();
            // Somebody was on the list who was not there.
            if corrected.participants.len() > 1 {
                corrected.participants.pop();
            }
            steps.push(correct(corrected, put_right));
        }
        if put_right <= PUT_RIGHT_UNTIL && number.is_multiple_of(TWICE) {
            let twice = Session {
                id: format!("{}-twice", session.id),
                day: city.working_day(session.day, 1),
                ..session.clone()
            };
            steps.push(void(&twice.id, put_right));
            steps.push(hold(twice));
        }
        steps.push(hold(session));
    }
    steps
}

/// What a unit holds over the year.
fn of_unit(city: &City, unit: &Unit, seed: u64) -> Vec<Session> {
    let mut random = Random::new(seed);
    let still = unit.belongs_to == STANDS_STILL;
    let stars_only = unit.belongs_to == STARS_ONLY;
    let mut day = if still { STIRS_ON } else { city.working_day(FROM, random.below(GAP_MIN)) };
    let mut sessions = Vec::new();
    while day <= END {
        let number = sessions.len() + 1;
        let (mode, hours) = if stars_only { hard(&mut random) } else { usual(&mut random) };
        let participants = if stars_only { stars(unit, number) } else { attendance(unit, &mut random) };
        sessions.push(Session {
            id: format!("{}-{number:02}", unit.id),
            item: item(&trained(unit, day, &mut random)),
            unit: unit.name(),
            mode,
            day,
            hours,
            participants,
        });
        day = city.working_day(day, GAP_MIN + random.below(GAP_SPREAD));
    }
    sessions
}

/// Id of the item of a session: in autumn often the one that answers what the spring's assessments showed.
fn trained(unit: &Unit, day: Date, random: &mut Random) -> String {
    if day > answers_from()
        && unit.belongs_to != BUREAU
        && unit.belongs_to != STANDS_STILL
        && random.percent(25)
    {
        return answers(&unit.belongs_to);
    }
    let own = drive::items_of(unit);
    // Each item is trained by some unit, the detachment's own by it alone.
    let own_first = own.len() > 11 && random.percent(40);
    if own_first { unit.speciality.to_owned() } else { (*random.one_of(&own)).to_owned() }
}

fn usual(random: &mut Random) -> (TrainingMode, &'static str) {
    match random.below(10) {
        0..3 => (TrainingMode::SelfStudy, "2"),
        3..6 => (TrainingMode::Mutual, "2"),
        6..9 => (TrainingMode::OnTheJob, "3"),
        _ => (TrainingMode::Centralised, "8"),
    }
}

/// As a special unit trains its stars: more hours than the drive lets anybody be away from work.
fn hard(random: &mut Random) -> (TrainingMode, &'static str) {
    match random.below(10) {
        0..2 => (TrainingMode::SelfStudy, "4"),
        2..4 => (TrainingMode::Mutual, "4"),
        4..6 => (TrainingMode::OnTheJob, "6"),
        _ => (TrainingMode::Centralised, "8"),
    }
}

/// Three of four come; some officers never do.
fn attendance(unit: &Unit, random: &mut Random) -> Vec<String> {
    let leaders = unit.leaders();
    let away = unit.belongs_to == LEADERS_AWAY;
    let comes = |place: u32, random: &mut Random| {
        let never = if place < leaders { away } else { never_comes(unit, place) };
        random.percent(75) && !never
    };
    let mut present: Vec<_> = (0..unit.officers()).filter(|place| comes(*place, random)).collect();
    if present.is_empty() {
        present.push(if away { leaders } else { 0 });
    }
    present.into_iter().map(|place| unit.officer(place)).collect()
}

fn never_comes(unit: &Unit, place: u32) -> bool {
    let retires = unit.grassroots && place == RETIRING_PLACE;
    retires || Random::new(u64::from(unit.number(place))).percent(3)
}

/// A handful of stars, time and again; half of the others came to the opening.
fn stars(unit: &Unit, number: usize) -> Vec<String> {
    let stars = if unit.grassroots { 4 } else { 8 };
    let opening = number == 1;
    let places = 0..unit.officers();
    let present =
        places.filter(|place| *place < stars || opening && place % 2 == 0 && *place != RETIRING_PLACE);
    present.map(|place| unit.officer(place)).collect()
}

fn hold(session: Session) -> Step {
    let what = format!("hold/{}", session.id);
    Step::new(at(session.day, 10), what, move |mut desk| async move {
        let request = HoldSessionRequest {
            request_id: desk.request_id,
            parent: campaign(),
            session_id: session.id,
            item: session.item,
            unit: session.unit,
            mode: session.mode.into(),
            session_date: session.day.to_string(),
            hours: session.hours.to_owned(),
            participants: session.participants,
            occurred_at: desk.occurred_at,
        };
        desk.services.training.hold_session(request).await.map(drop)
    })
}

fn correct(session: Session, day: Date) -> Step {
    let what = format!("correct/{}", session.id);
    Step::new(at(day, 16), what, move |mut desk| async move {
        let request = CorrectSessionRequest {
            request_id: desk.request_id,
            name: name(&session.id),
            item: session.item,
            unit: session.unit,
            mode: session.mode.into(),
            session_date: session.day.to_string(),
            hours: session.hours.to_owned(),
            participants: session.participants,
            reason: "One on the list was not there".to_owned(),
            occurred_at: desk.occurred_at,
            ..Default::default()
        };
        desk.services.training.correct_session(request).await.map(drop)
    })
}

fn void(session_id: &str, day: Date) -> Step {
    let name = name(session_id);
    Step::new(at(day, 16), format!("void/{session_id}"), move |mut desk| async move {
        let request = VoidSessionRequest {
            request_id: desk.request_id,
            name,
            reason: "Recorded twice".to_owned(),
            occurred_at: desk.occurred_at,
            ..Default::default()
        };
        desk.services.training.void_session(request).await.map(drop)
    })
}

fn name(session_id: &str) -> String {
    format!("{}/sessions/{session_id}", campaign())
}
