//! What is recorded by hand: deductions for organ building, inspections open and covert 明察暗访, special
//! supervision 专项督察; and the appeals of units against some of it.

use contract::evaluation::{ContestEntryRequest, DecideContestRequest, RecordEntryRequest};
use jiff::civil::{Date, date};

use super::super::super::BUREAU;
use super::super::super::random::Random;
use super::super::super::services::by;
use super::super::steps::{Step, at};
use super::cycle;
use super::units::Appraised;

/// Who inspects and records.
const INSPECTORS: &str = "inspection-office";
/// Who decides on appeals against what the inspectors recorded.
const APPRAISERS: &str = "appraisal-office";

/// A day on which inspectors went out.
struct Round {
    id: &'static str,
    source_id: &'static str,
    on: Date,
    /// What they find, and how much each costs in hundredths of a point.
    findings: [(&'static str, u32); 2],
}

const ROUNDS: [Round; 7] = [
    round("open-1", "inspection", date(2025, 3, 20), OPEN),
    round("covert-1", "inspection", date(2025, 5, 22), COVERT),
    round("supervision-1", "supervision", date(2025, 6, 12), SUPERVISED),
    round("open-2", "inspection", date(2025, 7, 17), OPEN),
    round("covert-2", "inspection", date(2025, 9, 18), COVERT),
    round("supervision-2", "supervision", date(2025, 10, 23), SUPERVISED),
    round("covert-3", "inspection", date(2025, 11, 20), COVERT),
];
const OPEN: [(&str, u32); 2] =
    [("Open inspection: opening hours not kept", 20), ("Open inspection: notice of charges missing", 10)];
const COVERT: [(&str, u32); 2] = [
    ("Covert inspection: a caller was sent from window to window", 30),
    ("Covert inspection: the service line was not answered", 20),
];
const SUPERVISED: [(&str, u32); 2] = [
    ("Special supervision: measures of the year not begun", 40),
    ("Special supervision: figures reported late", 20),
];
const PRAISE: (&str, u32) = ("Commended: a service that others take as their model", 20);

const fn round(
    id: &'static str,
    source_id: &'static str,
    on: Date,
    findings: [(&'static str, u32); 2],
) -> Round {
    Round { id, source_id, on, findings }
}

const ORGAN_BUILDING: &str = "organ-building";
/// The bureau's own, in hundredths of a point.
const BUREAU_LOST: [(u32, &str); 4] = [
    (60, "Study plan of the leading group filed late"),
    (45, "Notice of open affairs out of date"),
    (40, "Two case files incomplete at the half-year inspection"),
    (27, "Duty roster not kept on two days"),
];
const REASONS: [&str; 4] =
    ["Inspection finding", "Report filed late", "Public notice missing", "Meeting not minuted"];

/// So many deductions of one round are contested; the first is granted.
const CONTESTED: usize = 3;
const CONTESTED_ROUND: &str = "open-2";

pub(super) fn steps(appraised: &[Appraised]) -> Vec<Step> {
    let mut random = Random::new(20_250_320);
    let mut steps: Vec<_> = appraised.iter().flat_map(|unit| organ_building(unit, &mut random)).collect();
    for round in &ROUNDS {
        let found = appraised.iter().filter_map(|unit| Some((unit, visit(round, unit, &mut random)?)));
        let found: Vec<_> = found.collect();
        if round.id == CONTESTED_ROUND {
            let deducted = found.iter().filter(|(_, entry)| entry.points.starts_with('-'));
            let contested = deducted.take(CONTESTED).enumerate();
            steps.extend(contested.flat_map(|(number, (_, entry))| contest(number == 0, entry)));
        }
        steps.extend(found.into_iter().map(|(_, entry)| recorded(entry)));
    }
    steps
}

/// An entry as it is recorded.
struct Entry {
    unit: String,
    id: String,
    component_id: &'static str,
    source_id: &'static str,
    points: String,
    reason: &'static str,
    on: Date,
}

fn organ_building(unit: &Appraised, random: &mut Random) -> Vec<Step> {
    let mut lost = REASONS.map(|reason| (15 + (100 - unit.quality) * 4 / 5 + random.below(20), reason));
    if unit.id == BUREAU {
        lost = BUREAU_LOST;
    }
    let entry = |((hundredths, reason), number): ((u32, &'static str), i8)| Entry {
        unit: unit.name.clone(),
        id: format!("{ORGAN_BUILDING}-{number}"),
        component_id: ORGAN_BUILDING,
        source_id: "",
        points: points('-', hundredths),
        reason,
        on: date(2025, number * 2 + 2, 15),
    };
    lost.into_iter().zip(1..).map(entry).map(recorded).collect()
}

/// What a round finds at a unit: mostly nothing, here and there something good.
fn visit(round: &Round, unit: &Appraised, random: &mut Random) -> Option<Entry> {
    let (chance, which) = (random.below(100), random.below(2));
    let [first, second] = round.findings;
    let bad = (100 - unit.quality) / 2;
    let (sign, (reason, hundredths)) = match chance {
        chance if chance < bad => ('-', if which == 0 { first } else { second }),
        chance if chance > 92 => ('+', PRAISE),
        _ => return None,
    };
    Some(Entry {
        unit: unit.name.clone(),
        id: round.id.to_owned(),
        component_id: "",
        source_id: round.source_id,
        points: points(sign, hundredths),
        reason,
        on: round.on,
    })
}

fn points(sign: char, hundredths: u32) -> String {
    let sign = if sign == '-' { "-" } else { "" };
    format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100)
}

fn recorded(entry: Entry) -> Step {
    let what = format!("entry/{}/{}", entry.unit, entry.id);
    Step::new(at(entry.on, 16), what, move |mut desk| async move {
        let request = RecordEntryRequest {
            request_id: desk.request_id,
            parent: cycle(),
            unit: entry.unit,
            entry_id: entry.id,
            component_id: entry.component_id.to_owned(),
            source_id: entry.source_id.to_owned(),
            points: entry.points,
            reason: entry.reason.to_owned(),
            entry_date: entry.on.to_string(),
            occurred_at: desk.occurred_at,
        };
        desk.services.evaluation.record_entry(by(INSPECTORS, request)).await.map(drop)
    })
}

/// The unit appeals; somebody else than who recorded the entry decides.
fn contest(granted: bool, entry: &Entry) -> [Step; 2] {
    let unit_id = entry.unit.rsplit('/').next().unwrap_or_default().to_owned();
    let name = format!("{}/units/{unit_id}/entries/{}", cycle(), entry.id);
    let (clerk, of) = (format!("clerk-of-{unit_id}"), name.clone());
    let appealed =
        Step::new(at(date(2025, 7, 28), 10), format!("contest/{name}"), move |mut desk| async move {
            let request = ContestEntryRequest {
                request_id: desk.request_id,
                name: of,
                grounds: "The window was closed for repairs that were announced".to_owned(),
                occurred_at: desk.occurred_at,
            };
            desk.services.evaluation.contest_entry(by(&clerk, request)).await.map(drop)
        });
    let reason = if granted { "The announcement is on file" } else { "There was no announcement" };
    let decided =
        Step::new(at(date(2025, 8, 11), 10), format!("decide/{name}"), move |mut desk| async move {
            let request = DecideContestRequest {
                request_id: desk.request_id,
                name,
                granted,
                reason: reason.to_owned(),
                occurred_at: desk.occurred_at,
            };
            desk.services.evaluation.decide_contest(by(APPRAISERS, request)).await.map(drop)
        });
    [appealed, decided]
}
