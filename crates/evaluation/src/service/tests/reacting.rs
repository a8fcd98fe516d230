//! Facts that become entries, each delivered twice; and facts that undo them.

use contract::accountability::{AppealDecided, AppealOutcome, FindingMade};
use contract::complaints::{
    ComplaintOverdue, ComplaintReopened, ComplaintSubstantiated, ComplaintUnsubstantiated,
    RectificationRefuted, RectificationReported,
};
use contract::training::{StallCause, UnitStalled};

use super::*;
use crate::reactions::accountability::Accountability;
use crate::reactions::training::Training;

const COMPLAINT: &str = "jurisdictions/city/complaints/c1";
const CASE: &str = "jurisdictions/city/cases/k1";

fn complaint() -> String {
    COMPLAINT.to_owned()
}

fn overdue(unit: &str) -> ComplaintOverdue {
    ComplaintOverdue { complaint: complaint(), unit: unit.to_owned(), ..ComplaintOverdue::default() }
}

fn substantiated() -> ComplaintSubstantiated {
    let unit = TRAFFIC.to_owned();
    ComplaintSubstantiated { complaint: complaint(), unit, ..ComplaintSubstantiated::default() }
}

fn finding(cycle: &str) -> FindingMade {
    let (case, units) = (CASE.to_owned(), vec![TRAFFIC.to_owned()]);
    FindingMade { case, units, cycle: cycle.to_owned(), ..FindingMade::default() }
}

fn decided(outcome: AppealOutcome) -> AppealDecided {
    AppealDecided { case: CASE.to_owned(), outcome: outcome.into(), ..AppealDecided::default() }
}

#[tokio::test]
async fn each_fact_of_a_complaint_costs_its_tariff_once() {
    let world = World::start().await;
    let unit = || TRAFFIC.to_owned();
    let facts = [
        world.fact(overdue(TRAFFIC)).await,
        world.fact(RectificationRefuted { complaint: complaint(), unit: unit(), ..Default::default() }).await,
        world.fact(ComplaintReopened { complaint: complaint(), unit: unit(), ..Default::default() }).await,
        world.fact(substantiated()).await,
    ];
    for fact in &facts {
        world.react::<Complaints>(fact).await;
    }
    let mut standing = world.standing().await;
    standing.sort_by(|a, b| a.1.cmp(&b.1));
    let wanted = [
        (TariffCause::ComplaintOverdue, "-0.1"),
        (TariffCause::RectificationRefuted, "-0.2"),
        (TariffCause::ComplaintReopened, "-0.3"),
        (TariffCause::ComplaintSubstantiated, "-0.4"),
    ];
    assert_eq!(standing, wanted.map(|(cause, points)| (cause, points.to_owned())));
    let of_complaint = ListEntriesRequest { cause_thing: complaint(), ..Default::default() };
    assert_eq!(world.entries(of_complaint).await.len(), 4);
}

#[tokio::test]
async fn a_complaint_found_not_to_be_true_gives_back_all_but_what_a_passed_deadline_cost() {
    let world = World::start().await;
    let refuted =
        RectificationRefuted { complaint: complaint(), unit: TRAFFIC.to_owned(), ..Default::default() };
    for fact in [
        world.fact(overdue(TRAFFIC)).await,
        world.fact(refuted).await,
        world.fact(substantiated()).await,
        world.fact(ComplaintUnsubstantiated { complaint: complaint(), ..Default::default() }).await,
    ] {
        world.react::<Complaints>(&fact).await;
    }
    assert_eq!(world.standing().await, [(TariffCause::ComplaintOverdue, "-0.1".to_owned())]);
    let all = ListEntriesRequest { include_reversed: true, ..Default::default() };
    let fallen = world.entries(all).await.into_iter().filter(|entry| entry.reversed).count();
    assert_eq!(fallen, 2);
}

#[tokio::test]
async fn found_true_again_it_costs_its_tariff_again() {
    let world = World::start().await;
    for fact in [
        world.fact(substantiated()).await,
        world.fact(ComplaintUnsubstantiated { complaint: complaint(), ..Default::default() }).await,
        world.fact(substantiated()).await,
    ] {
        world.react::<Complaints>(&fact).await;
    }
    assert_eq!(world.standing().await, [(TariffCause::ComplaintSubstantiated, "-0.4".to_owned())]);
}

#[tokio::test]
async fn a_fact_about_a_unit_that_is_not_entered_counts_for_the_nearest_one_above() {
    let world = World::start().await;
    let fact = world.fact(overdue(STATION)).await;
    world.react::<Complaints>(&fact).await;
    let entries = world.entries(ListEntriesRequest::default()).await;
    assert!(entries[0].name.starts_with("jurisdictions/city/cycles/2025/units/traffic/entries/"));
    let unknown = world.fact(overdue("jurisdictions/city/units/nobody")).await;
    world.react::<Complaints>(&unknown).await;
    let of_none = world.fact(overdue("")).await;
    world.react::<Complaints>(&of_none).await;
    assert_eq!(world.standing().await.len(), 1);
}

#[tokio::test]
async fn the_day_of_the_fact_decides_the_cycle() {
    let world = World::start().await;
    world.open_cycle("2026", "2026-01-01", "2026-12-31", CycleLevel::Municipal, "").await.unwrap();
    let next = format!("{CITY}/cycles/2026");
    world.enter(&next, TRAFFIC).await.unwrap();
    world.at("2025-12-31T15:59:59Z");
    let last_moment = world.fact(overdue(TRAFFIC)).await;
    world.at("2025-12-31T16:00:00Z");
    let new_year = world.fact(overdue(TRAFFIC)).await;
    world.react::<Complaints>(&last_moment).await;
    world.react::<Complaints>(&new_year).await;
    let of = async |cycle: &str| {
        let asked = ListEntriesRequest { parent: cycle.to_owned(), ..Default::default() };
        let entries = world.entries(asked).await;
        entries.into_iter().map(|entry| entry.entry_date).collect::<Vec<_>>()
    };
    assert_eq!(of(CYCLE).await, ["2025-12-31"]);
    assert_eq!(of(&next).await, ["2026-01-01"]);
}

#[tokio::test]
async fn a_closed_cycle_takes_no_entry_but_lets_one_fall() {
    let world = World::start().await;
    let found = world.fact(substantiated()).await;
    world.react::<Complaints>(&found).await;
    world.close(CYCLE).await.unwrap();
    let late = world.fact(overdue(TRAFFIC)).await;
    world.react::<Complaints>(&late).await;
    assert_eq!(world.standing().await, [(TariffCause::ComplaintSubstantiated, "-0.4".to_owned())]);
    let undone = world.fact(ComplaintUnsubstantiated { complaint: complaint(), ..Default::default() }).await;
    world.react::<Complaints>(&undone).await;
    assert_eq!(world.standing().await, []);
}

#[tokio::test]
async fn a_unit_that_stands_still_pays_for_it_though_it_moves_again() {
    let world = World::start().await;
    let stalled = UnitStalled {
        campaign: "jurisdictions/city/campaigns/drive".to_owned(),
        unit: TRAFFIC.to_owned(),
        ..UnitStalled::default()
    };
    let fact = world.fact(stalled.clone()).await;
    world.react::<Training>(&fact).await;
    assert_eq!(world.standing().await, [(TariffCause::UnitStalled, "-0.5".to_owned())]);
    // Raised again for the same day, it is the same standstill; for another, or another cause, it is not.
    let again = world.fact(stalled.clone()).await;
    world.react::<Training>(&again).await;
    assert_eq!(world.standing().await.len(), 1);
    let later = UnitStalled { due_date: "2025-06-01".to_owned(), ..stalled.clone() };
    let other = UnitStalled { cause: StallCause::NoSession.into(), ..stalled };
    for fact in [world.fact(later).await, world.fact(other).await] {
        world.react::<Training>(&fact).await;
    }
    assert_eq!(world.standing().await.len(), 3);
}

#[tokio::test]
async fn a_finding_costs_points_until_an_appeal_overturns_it() {
    let world = World::start().await;
    let exonerated = FindingMade { exonerated: true, ..finding(CYCLE) };
    for fact in [
        world.fact(exonerated).await,
        world.fact(finding(CYCLE)).await,
        world.fact(decided(AppealOutcome::Dismissed)).await,
    ] {
        world.react::<Accountability>(&fact).await;
    }
    assert_eq!(world.standing().await, [(TariffCause::FindingMade, "-0.8".to_owned())]);
    let overturned = world.fact(decided(AppealOutcome::Overturned)).await;
    world.react::<Accountability>(&overturned).await;
    assert_eq!(world.standing().await, []);
}

#[tokio::test]
async fn an_appeal_that_clears_some_of_the_units_gives_back_what_the_finding_cost_for_them() {
    let world = World::start().await;
    let units = vec![TRAFFIC.to_owned(), STATION.to_owned()];
    let first = world.fact(FindingMade { units: units.clone(), ..finding(CYCLE) }).await;
    let other = FindingMade { case: format!("{CITY}/cases/k2"), units, ..finding(CYCLE) };
    let other = world.fact(other).await;
    for fact in [&first, &other] {
        world.react::<Accountability>(fact).await;
    }
    assert_eq!(world.standing().await.len(), 4, "each unit responsible costs the tariff");
    let varied = |units_cleared: &[&str]| AppealDecided {
        finding_event_id: first.event_id.to_string(),
        units_cleared: units_cleared.iter().map(ToString::to_string).collect(),
        ..decided(AppealOutcome::Varied)
    };
    for (cleared, standing) in [(&[][..], 4), (&[STATION], 3), (&[TRAFFIC], 2)] {
        let fact = world.fact(varied(cleared)).await;
        world.react::<Accountability>(&fact).await;
        assert_eq!(world.standing().await.len(), standing, "{cleared:?} cleared");
    }
    let left = ListEntriesRequest { cause_thing: format!("{CITY}/cases/k2"), ..Default::default() };
    assert_eq!(world.entries(left).await.len(), 2, "the finding of another case stands");
}

#[tokio::test]
async fn a_finding_counts_in_the_open_cycle_that_it_names_or_else_in_that_of_its_day() {
    let world = World::start().await;
    world.at("2026-01-20T02:00:00Z");
    let named = world.fact(finding(CYCLE)).await;
    world.react::<Accountability>(&named).await;
    let entries = world.entries(ListEntriesRequest::default()).await;
    assert_eq!(entries[0].entry_date, "2025-12-31");
    world.open_cycle("2026", "2026-01-01", "2026-12-31", CycleLevel::Municipal, "").await.unwrap();
    let next = format!("{CITY}/cycles/2026");
    world.enter(&next, TRAFFIC).await.unwrap();
    world.close(CYCLE).await.unwrap();
    let late = world.fact(finding(CYCLE)).await;
    world.react::<Accountability>(&late).await;
    let asked = || ListEntriesRequest { parent: next.clone(), ..Default::default() };
    assert_eq!(world.entries(asked()).await[0].entry_date, "2026-01-20");
    // What the cycle took before it was closed does not count in another one when it is read again.
    world.at("2026-01-21T02:00:00Z");
    let other = format!("{CITY}/cycles/second");
    world.open_cycle("second", "2026-01-01", "2026-12-31", CycleLevel::Municipal, "").await.unwrap();
    world.enter(&other, TRAFFIC).await.unwrap();
    let named = world.fact(finding(&other)).await;
    world.react::<Accountability>(&named).await;
    world.close(&other).await.unwrap();
    world.react::<Accountability>(&named).await;
    assert_eq!(world.entries(asked()).await.len(), 1);
}

#[tokio::test]
async fn a_corrected_finding_takes_the_place_of_the_one_before() {
    let world = World::start().await;
    let first = world.fact(ComplaintSubstantiated { unit: STATION.to_owned(), ..substantiated() }).await;
    world.react::<Complaints>(&first).await;
    world.at("2025-06-02T05:00:00Z");
    let corrected = world.fact(substantiated()).await;
    world.react::<Complaints>(&corrected).await;
    assert_eq!(world.standing().await, [(TariffCause::ComplaintSubstantiated, "-0.4".to_owned())]);
    let entries = world.entries(ListEntriesRequest::default()).await;
    assert_eq!(entries[0].cause_event_id, corrected.event_id.to_string());
    world.nothing_comes_of(&[&first, &corrected]).await;
}

#[tokio::test]
async fn a_report_that_was_made_in_time_and_entered_late_gives_back_what_the_deadline_cost() {
    let world = World::start().await;
    let passed = world.fact(overdue(TRAFFIC)).await;
    world.react::<Complaints>(&passed).await;
    let reported = || RectificationReported { complaint: complaint(), ..Default::default() };
    world.at("2025-06-02T04:00:01Z");
    let late = world.fact(reported()).await;
    world.react::<Complaints>(&late).await;
    assert_eq!(world.standing().await.len(), 1, "it was made after the deadline");
    let in_time = world.fact_of(reported(), passed.occurred_at).await;
    world.react::<Complaints>(&in_time).await;
    assert_eq!(world.standing().await, []);
    // A later deadline passes all the same.
    world.at("2025-06-20T04:00:00Z");
    let next = world.fact(overdue(TRAFFIC)).await;
    world.react::<Complaints>(&next).await;
    assert_eq!(world.standing().await.len(), 1);
    world.nothing_comes_of(&[&passed, &late, &in_time, &next]).await;
}

#[tokio::test]
async fn sources_whose_ids_begin_alike_take_an_entry_each() {
    let world = World::start().await;
    let mut rules = rules();
    let source = rules.daily_sources.remove(0);
    let source_id = |last: &str| format!("daily-assessment-of-the-office-{last}");
    let of = |last| DailySource { source_id: source_id(last), ..source.clone() };
    rules.daily_sources = vec![of("by-day"), of("by-night")];
    world.scheme("alike", rules).await;
    world.close(CYCLE).await.unwrap();
    let cycle = format!("{CITY}/cycles/alike");
    let request = OpenCycleRequest {
        request_id: world.request_id(),
        parent: CITY.to_owned(),
        cycle_id: "alike".to_owned(),
        title: "Two sources".to_owned(),
        scheme: format!("{CITY}/schemes/alike"),
        start_date: "2025-01-01".to_owned(),
        end_date: "2025-12-31".to_owned(),
        level: CycleLevel::Municipal.into(),
        ranked_groups: vec![1],
        ..Default::default()
    };
    EvaluationService::open_cycle(&*world.service, Request::new(request)).await.unwrap();
    world.enter(&cycle, TRAFFIC).await.unwrap();
    let fact = world.fact(overdue(TRAFFIC)).await;
    world.react::<Complaints>(&fact).await;
    let entries = world.entries(ListEntriesRequest { parent: cycle, ..Default::default() }).await;
    let mut sources: Vec<_> = entries.into_iter().map(|entry| entry.source_id).collect();
    sources.sort();
    assert_eq!(sources, [source_id("by-day"), source_id("by-night")]);
}

#[tokio::test]
async fn a_source_that_is_read_again_from_its_start_changes_nothing() {
    let world = World::start().await;
    let early = world.fact(overdue(STATION)).await;
    world.react::<Complaints>(&early).await;
    world.at("2025-06-02T05:00:00Z");
    world.enter(CYCLE, STATION).await.unwrap();
    let (found, undone) =
        (substantiated(), ComplaintUnsubstantiated { complaint: complaint(), ..Default::default() });
    let mut facts = vec![early];
    for fact in
        [world.fact(overdue(STATION)).await, world.fact(found.clone()).await, world.fact(undone).await]
    {
        world.react::<Complaints>(&fact).await;
        facts.push(fact);
    }
    world.at("2025-06-02T06:00:00Z");
    let again = world.fact(found).await;
    world.react::<Complaints>(&again).await;
    facts.push(again);
    // The unit leaves; a second cycle of the same days is opened.
    world.at("2025-06-03T05:00:00Z");
    world.remove(CYCLE, STATION).await;
    world.open_cycle("later", "2025-06-01", "2025-06-30", CycleLevel::Municipal, "").await.unwrap();
    world.enter(&format!("{CITY}/cycles/later"), TRAFFIC).await.unwrap();
    world.nothing_comes_of(&facts.iter().collect::<Vec<_>>()).await;
}
