//! Assessments in the four qualities: a sample in spring that shows what is lacking, everyone who trained in autumn;
//! the needs that spring showed, the items that answer them, and that they are met.

use contract::training::{
    Basic, CorrectAssessmentRequest, IdentifyNeedRequest, ImportAssessmentsRequest, MeetNeedRequest,
    NewAssessment, Quality, RecordAssessmentRequest,
};
use jiff::civil::{Date, date};

use super::super::super::random::Random;
use super::super::city::{City, STANDS_STILL, STARS_ONLY, Unit};
use super::super::steps::{Step, at};
use super::drive::{self, Item, qualities};
use super::{campaign, item, need, parent};

const SEED: u64 = 20_250_515;
/// The day of the spring's assessment …
const SPRING: Date = date(2025, 5, 15);
/// … the days on which its needs are recorded, items designed and approved for them …
const NEEDED: Date = date(2025, 5, 20);
const DESIGNED: Date = date(2025, 5, 26);
const APPROVED: Date = date(2025, 6, 3);
/// … the first day of the autumn's assessment, a sub-unit a day …
const AUTUMN: Date = date(2025, 11, 3);
/// … and the day on which the needs are seen to be met.
const MET: Date = date(2025, 11, 27);
/// The officer of a sub-unit in whom its need shows.
const TESTED: u32 = 20;
/// Of the 15 needs so many stay open.
const OPEN: usize = 3;

pub(super) fn steps(city: &City) -> Vec<Step> {
    let mut steps = Vec::new();
    let tested = city.sub_units().filter(|unit| unit.id != STANDS_STILL);
    for ((unit, quality), turn) in tested.zip(qualities().into_iter().cycle()).zip(1_usize..) {
        steps.push(assessed(unit.officer(TESTED), "spring", quality, SPRING, 48));
        steps.push(needed(unit, quality));
        let title = format!("What {} lacked in spring 缺什么补什么", unit.title());
        let answer = Item {
            id: &answers(&unit.id),
            title: &title,
            basic: Basic::Grassroots,
            quality,
            needs: vec![need(&unit.id)],
            ..Item::of(&unit.id)
        };
        steps.push(answer.designed(DESIGNED));
        steps.push(drive::approved(&answers(&unit.id), APPROVED));
        if turn > OPEN {
            steps.push(assessed(unit.officer(TESTED), "again", quality, MET, 85));
            steps.push(met(unit));
        }
    }
    for (sub_unit, turn) in city.sub_units().zip(0..) {
        steps.extend(autumn(city, sub_unit, city.working_day(AUTUMN, turn)));
    }
    steps
}

/// Id of the item that answers a sub-unit's need.
pub(super) fn answers(sub_unit: &str) -> String {
    format!("lack-{sub_unit}")
}

/// After this day it is trained.
pub(super) fn answers_from() -> Date {
    APPROVED
}

fn assessed(officer: String, id: &str, quality: Quality, day: Date, score: u32) -> Step {
    let (assessment_id, what) = (id.to_owned(), format!("assess/{officer}/{id}"));
    Step::new(at(day, 14), what, move |mut desk| async move {
        let request = RecordAssessmentRequest {
            request_id: desk.request_id,
            parent: officer,
            assessment_id,
            campaign: campaign(),
            quality: quality.into(),
            assessment_date: day.to_string(),
            passed: score >= 60,
            score: Some(score.to_string()),
            occurred_at: desk.occurred_at,
        };
        desk.services.training.record_assessment(request).await.map(drop)
    })
}

fn needed(unit: &Unit, quality: Quality) -> Step {
    let (need_id, name, speciality) = (unit.id.clone(), unit.name(), unit.speciality.to_owned());
    let assessment = format!("{}/assessments/spring", unit.officer(TESTED));
    Step::new(at(NEEDED, 14), format!("need/{need_id}"), move |mut desk| async move {
        let request = IdentifyNeedRequest {
            request_id: desk.request_id,
            parent: parent(),
            need_id,
            unit: name,
            quality: quality.into(),
            speciality,
            statement: "The spring's assessment shows too little practice 练得不够".to_owned(),
            assessment,
            occurred_at: desk.occurred_at,
        };
        desk.services.training.identify_need(request).await.map(drop)
    })
}

fn met(unit: &Unit) -> Step {
    let (name, item) = (need(&unit.id), item(&answers(&unit.id)));
    let assessment = format!("{}/assessments/again", unit.officer(TESTED));
    Step::new(at(MET, 16), format!("met/{}", unit.id), move |mut desk| async move {
        let request = MeetNeedRequest {
            request_id: desk.request_id,
            name,
            item,
            assessment,
            statement: "Trained since June, and passed".to_owned(),
            occurred_at: desk.occurred_at,
            ..Default::default()
        };
        desk.services.training.meet_need(request).await.map(drop)
    })
}

/// A sub-unit with all below it is assessed in one quality after the other; a mistake is put right in the open.
fn autumn(city: &City, sub_unit: &Unit, day: Date) -> Vec<Step> {
    let mut random = Random::new(SEED + u64::from(sub_unit.number(0)));
    let units: Vec<_> = city.units().iter().filter(|unit| unit.belongs_to == sub_unit.id).collect();
    let mut steps = Vec::new();
    for quality in qualities() {
        let row = |officer: String, random: &mut Random| {
            let passed = random.percent(pass_percent(&sub_unit.id));
            let score = if passed { 60 + random.below(40) } else { 30 + random.below(30) };
            NewAssessment {
                officer,
                assessment_id: word(quality).to_owned(),
                campaign: campaign(),
                quality: quality.into(),
                assessment_date: day.to_string(),
                passed,
                score: Some(score.to_string()),
            }
        };
        let officers = units.iter().flat_map(|unit| (0..unit.officers()).map(|place| unit.officer(place)));
        // The last of each unit was on leave, or has retired.
        let last = |officer: &String| !units.iter().any(|unit| unit.officer(unit.officers() - 1) == *officer);
        let rows: Vec<_> = officers.filter(last).map(|officer| row(officer, &mut random)).collect();
        if quality == Quality::Physical {
            steps.extend(
                rows.iter().find(|row| !row.passed).map(|row| corrected(row, city.working_day(day, 2))),
            );
        }
        steps.push(import(&sub_unit.id, day, quality, rows));
    }
    steps
}

/// Of a hundred assessments so many are a pass.
fn pass_percent(sub_unit: &str) -> u32 {
    match sub_unit {
        STANDS_STILL => 82,
        STARS_ONLY => 78,
        _ => 97,
    }
}

fn word(quality: Quality) -> &'static str {
    match quality {
        Quality::Political => "political",
        Quality::Professional => "professional",
        Quality::Physical => "physical",
        Quality::Combat => "combat",
        Quality::Unspecified => "unspecified",
    }
}

fn import(sub_unit: &str, day: Date, quality: Quality, assessments: Vec<NewAssessment>) -> Step {
    let what = format!("assess/{sub_unit}/{}", word(quality));
    Step::new(at(day, 14), what, move |mut desk| async move {
        let request = ImportAssessmentsRequest {
            request_id: desk.request_id,
            parent: parent(),
            assessments,
            occurred_at: desk.occurred_at,
        };
        let results = desk.services.training.import_assessments(request).await?.into_inner().results;
        let refused = results.iter().find(|result| result.name.is_empty());
        anyhow::ensure!(refused.is_none(), "an assessment was refused: {refused:?}");
        anyhow::Ok(())
    })
}

fn corrected(row: &NewAssessment, day: Date) -> Step {
    let (name, assessment_date) =
        (format!("{}/assessments/{}", row.officer, row.assessment_id), row.assessment_date.clone());
    Step::new(at(day, 16), format!("correct/{name}"), move |mut desk| async move {
        let request = CorrectAssessmentRequest {
            request_id: desk.request_id,
            name,
            assessment_date,
            passed: true,
            score: Some("61".to_owned()),
            reason: "A lap was not counted".to_owned(),
            occurred_at: desk.occurred_at,
            ..Default::default()
        };
        desk.services.training.correct_assessment(request).await.map(drop)
    })
}
