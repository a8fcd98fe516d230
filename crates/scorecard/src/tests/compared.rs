//! Two units, and two cycles, side by side.

use contract::evaluation::{CycleOpened, MarkRecorded, UnitEntered};
use contract::scorecard::scorecard_service_server::ScorecardService as _;
use contract::scorecard::{
    CompareScorecardsRequest, CompareScorecardsResponse, Difference, LossKind, LossLine,
};
use rust_decimal::Decimal;
use tonic::Request;

use super::history::{History, closed_year, cycle, unit};
use super::running::{City, Running};

const NEXT: &str = "jurisdictions/city/cycles/2025";

async fn compared(history: &History, name: String, other_name: String) -> CompareScorecardsResponse {
    let mut city = City::start().await;
    city.record(history).await;
    let running = Running::start(&city).await;
    let request = CompareScorecardsRequest { name, other_name, ..Default::default() };
    let compared = running.service().compare_scorecards(Request::new(request)).await.unwrap().into_inner();
    running.stop().await;
    compared
}

fn of(compared: &CompareScorecardsResponse, kind: LossKind, item: &str) -> Difference {
    let is =
        |line: &Option<LossLine>| line.as_ref().is_some_and(|line| line.kind() == kind && line.item == item);
    let found = compared.differences.iter().find(|found| is(&found.line) || is(&found.other));
    found.unwrap_or_else(|| panic!("no {kind:?} {item}: {compared:#?}")).clone()
}

fn points(text: &str) -> Decimal {
    text.parse::<Decimal>().unwrap().normalize()
}

/// Position of the only event, which is of this type.
fn position(line: Option<&LossLine>, event_type: &str) -> u64 {
    let [event] = line.unwrap().events.as_slice() else { panic!("not one event: {line:?}") };
    assert_eq!((event.event_type.as_str(), event.actor.as_str()), (event_type, "clerk"));
    event.position
}

#[tokio::test]
async fn two_units_differ_by_lines_that_each_name_their_own_events() {
    let mut history = closed_year();
    history.raise_veto("station");
    let name = |id: &str| format!("{}/scorecards/{id}", cycle());
    let compared = compared(&history, name("traffic"), name("station")).await;
    let (one, other) = (compared.scorecard.clone().unwrap(), compared.other.clone().unwrap());
    assert_eq!((one.unit, other.unit), (unit("traffic"), unit("station")));
    // 30 − 27 against 30 − 25.5.
    let mark = of(&compared, LossKind::Mark, "");
    assert_eq!(points(&mark.points), points("1.5"));
    assert!(position(mark.line.as_ref(), "MarkRecorded") < position(mark.other.as_ref(), "MarkRecorded"));
    let veto = of(&compared, LossKind::Veto, "");
    assert!(veto.line.is_none());
    assert_eq!(position(veto.other.as_ref(), "VetoRaised"), 1);
    // Both lost as much by the first entry.
    assert!(
        compared.differences.iter().all(|found| found.line.as_ref().is_none_or(|line| line.item != "e1"))
    );
    let sum: Decimal = compared.differences.iter().map(|found| points(&found.points)).sum();
    assert_eq!(points(compared.total_points.as_ref().unwrap()), sum.normalize());
    let greatest_first = compared.differences.is_sorted_by_key(|found| -points(&found.points).abs());
    assert!(greatest_first);
}

#[tokio::test]
async fn two_cycles_of_a_unit_differ_by_lines_of_each_cycle() {
    let mut history = closed_year();
    let opened = CycleOpened {
        cycle: NEXT.to_owned(),
        scheme: "jurisdictions/city/schemes/first".to_owned(),
        scheme_version: 1,
        start_date: "2025-01-01".to_owned(),
        end_date: "2025-12-31".to_owned(),
        ranked_groups: vec![1],
        ..CycleOpened::default()
    };
    history.tell("evaluation", "cycle-city/2025", &opened);
    let entered =
        UnitEntered { cycle: NEXT.to_owned(), unit: unit("traffic"), group: 2, ..UnitEntered::default() };
    history.tell("evaluation", "cycle-city/2025", &entered);
    let mark = MarkRecorded {
        cycle: NEXT.to_owned(),
        unit: unit("traffic"),
        component_id: "work".to_owned(),
        points: "20".to_owned(),
    };
    history.tell("evaluation", "mark-city/2025/traffic/work", &mark);
    let compared =
        compared(&history, format!("{}/scorecards/traffic", cycle()), format!("{NEXT}/scorecards/traffic"));
    let compared = compared.await;
    // 30 − 27 against 30 − 20.
    let mark = of(&compared, LossKind::Mark, "");
    assert_eq!(points(&mark.points), points("7"));
    assert!(position(mark.line.as_ref(), "MarkRecorded") < position(mark.other.as_ref(), "MarkRecorded"));
    let entry = of(&compared, LossKind::Entry, "e2");
    assert!(entry.other.is_none(), "the next cycle has no entry");
    assert_eq!(points(&entry.points), points("-2"));
    position(entry.line.as_ref(), "EntryRecorded");
    assert_eq!(compared.total_points, None, "the next cycle's final is pending");
}
