//! Points at risk, on the first of June of the year: each price is worked out by hand.

use std::sync::Arc;

use contract::complaints::{
    ClosureOutcome, ComplaintAssigned, ComplaintClosed, ComplaintLodged, ComplaintOverdue,
    RectificationReported, RectificationVerified, Satisfaction,
};
use contract::evaluation::entry_recorded::Target;
use contract::evaluation::{CommitmentAssigned, DeliveryReported, DeliveryVerified};
use contract::field::to_wire;
use contract::scorecard::scorecard_service_server::ScorecardService as _;
use contract::scorecard::{ListRisksRequest, Risk, RiskKind};
use contract::words::component::Method;
use contract::words::{Component, IndexKind, IndexMethod, SchemeRules, Tariff, TariffCause};
use jiff::Timestamp;
use tonic::Request;

use super::history::{History, complaint, cycle, rules, unit};
use super::running::{City, Running};

const NOW: &str = "2024-06-01T00:00:00+08:00";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Work 30, conduct 10, complaints and promises 30 each by their indices; inspection costs 3 at most.
fn priced() -> SchemeRules {
    let mut rules = rules();
    rules.components.retain(|component| ["work", "conduct"].contains(&component.component_id.as_str()));
    for (id, kind) in [("complaints", IndexKind::Rectification), ("promises", IndexKind::Commitments)] {
        rules.components.push(Component {
            component_id: id.to_owned(),
            title: id.to_owned(),
            max_points: "30".to_owned(),
            method: Some(Method::Index(IndexMethod { kind: kind.into(), weights: vec![] })),
        });
    }
    let tariff = |cause: TariffCause, points: &str| Tariff { cause: cause.into(), points: points.to_owned() };
    rules.daily_sources[0].tariffs = vec![tariff(TariffCause::UnitStalled, "-2")];
    rules.daily_sources[1].tariffs =
        vec![tariff(TariffCause::ComplaintOverdue, "-0.5"), tariff(TariffCause::CommitmentLapsed, "-1")];
    rules
}

/// A bureau with a station, whose post is in the register alone; and a unit without a mark.
fn priced_year() -> History {
    let mut history = History::default();
    history.open_with(priced());
    for (id, parent, group) in [("bureau", "", 1), ("station", "bureau", 2), ("tax", "", 1)] {
        history.register(id, parent);
        history.enter(id, parent, group);
    }
    history.register("post", "station");
    history.mark("bureau", "26");
    history.mark("station", "27");
    complain(&mut history, "done", "post", "2024-05-01");
    let verified = RectificationVerified {
        complaint: complaint("done"),
        satisfaction: Satisfaction::Satisfied.into(),
        ..Default::default()
    };
    history.tell("complaints", "complaint-city/done", &verified);
    let outcome = ClosureOutcome::Rectified.into();
    let closed = ComplaintClosed { complaint: complaint("done"), unit: unit("post"), outcome };
    history.tell("complaints", "complaint-city/done", &closed);
    promise(&mut history, "kept", "post", "2024-05-01");
    let commitment = "jurisdictions/city/commitments/kept".to_owned();
    let verified = DeliveryVerified { commitment, unit: unit("post"), ..Default::default() };
    history.tell("evaluation", "commitment-city/kept", &verified);
    history
}

fn complain(history: &mut History, id: &str, unit_id: &str, last_day: &str) {
    let lodge_time = Some(to_wire(at("2024-04-01T09:00:00+08:00")));
    let lodged =
        ComplaintLodged { complaint: complaint(id), unit: unit(unit_id), lodge_time, ..Default::default() };
    history.tell("complaints", &format!("complaint-city/{id}"), &lodged);
    let deadline = Some(to_wire(at(&format!("{last_day}T17:00:00+08:00"))));
    let assigned =
        ComplaintAssigned { complaint: complaint(id), unit: unit(unit_id), deadline, ..Default::default() };
    history.tell("complaints", &format!("complaint-city/{id}"), &assigned);
}

fn report(history: &mut History, id: &str) {
    let reported = RectificationReported { complaint: complaint(id), ..Default::default() };
    history.tell("complaints", &format!("complaint-city/{id}"), &reported);
}

fn promise(history: &mut History, id: &str, unit_id: &str, due_date: &str) {
    let commitment = format!("jurisdictions/city/commitments/{id}");
    let assigned = CommitmentAssigned { commitment, unit: unit(unit_id), due_date: due_date.to_owned() };
    history.tell("evaluation", &format!("commitment-city/{id}"), &assigned);
}

async fn risks(history: &History, id: &str) -> Vec<Risk> {
    let mut city = City::start().await;
    city.record(history).await;
    let running = Running::at(&city, Arc::new(|| at(NOW))).await;
    let request = ListRisksRequest { parent: format!("{}/scorecards/{id}", cycle()), ..Default::default() };
    let found = running.service().list_risks(Request::new(request)).await.unwrap().into_inner().risks;
    running.stop().await;
    found
}

/// Kind, source, points, what the final would lose, whether it is too late.
fn told(risks: &[Risk]) -> Vec<(RiskKind, &str, &str, Option<&str>, bool)> {
    let source = |risk: &'_ Risk| risk.source.rfind('/').map_or(0, |at| at + 1);
    risks
        .iter()
        .map(|risk| {
            let source = &risk.source[source(risk)..];
            (risk.kind(), source, risk.points.as_str(), risk.final_points.as_deref(), risk.overdue)
        })
        .collect()
}

#[tokio::test]
async fn a_unit_is_shown_what_it_will_be_charged_for_below_it_at_the_price_of_tariff_and_index() {
    let mut history = priced_year();
    complain(&mut history, "c1", "post", "2024-06-10");
    complain(&mut history, "c2", "station", "2024-06-20");
    complain(&mut history, "above", "bureau", "2024-06-10");
    promise(&mut history, "lamps", "post", "2024-06-15");
    // Complaints: one of one in time, so 30·(0.5·1 + 0.3·0.8 + 0.2·1); one of two: 30·(0.25 + 0.24 + 0.2).
    // Promises: one of one kept, then one of two.
    assert_eq!(
        told(&risks(&history, "station").await),
        [
            (RiskKind::Complaint, "c1", "0.50", Some("8.00"), false),
            (RiskKind::Commitment, "lamps", "1.00", Some("16.00"), false),
            (RiskKind::Complaint, "c2", "0.50", Some("8.00"), false),
        ]
    );
    // Nine tenths of the bureau's own.
    assert_eq!(
        told(&risks(&history, "bureau").await),
        [(RiskKind::Complaint, "above", "0.50", Some("7.20"), false)]
    );
}

#[tokio::test]
async fn what_is_reported_in_time_is_no_longer_charged_but_counts_until_it_is_done() {
    let mut history = priced_year();
    complain(&mut history, "in-time", "post", "2024-06-10");
    report(&mut history, "in-time");
    complain(&mut history, "past", "post", "2024-05-20");
    report(&mut history, "past");
    complain(&mut history, "late", "post", "2024-05-21");
    let overdue = ComplaintOverdue { complaint: complaint("late"), ..Default::default() };
    history.tell("complaints", "complaint-city/late", &overdue);
    promise(&mut history, "lamps", "station", "2024-06-15");
    let commitment = "jurisdictions/city/commitments/lamps".to_owned();
    let reported = DeliveryReported { commitment, unit: unit("station"), ..Default::default() };
    history.tell("evaluation", "commitment-city/lamps", &reported);
    // One of three in time, then one of four: 30·0.5·(1/3 − 1/4).
    assert_eq!(
        told(&risks(&history, "station").await),
        [
            (RiskKind::Complaint, "late", "0.00", Some("0.00"), true),
            (RiskKind::Complaint, "in-time", "0.00", Some("1.25"), false),
            (RiskKind::Commitment, "lamps", "0.00", Some("15.00"), false),
        ]
    );
}

#[tokio::test]
async fn a_cap_that_is_reached_costs_nothing_more_and_an_appeal_gives_back_what_the_cap_let_through() {
    let mut history = priced_year();
    history.entry("station", "e1", Target::SourceId("inspection".to_owned()), "-4");
    history.contest("station", "e1");
    history.launch();
    history.enrol("o1", "station");
    let found = risks(&history, "station").await;
    assert_eq!(
        told(&found),
        [
            // Its plan, and its first session.
            (RiskKind::StandingStill, "drive", "2.00", Some("0.00"), true),
            (RiskKind::StandingStill, "drive", "2.00", Some("0.00"), true),
            (RiskKind::Contested, "e1", "4.00", Some("3.00"), false),
        ]
    );
    assert_eq!(found[2].due_time, None);
}

#[tokio::test]
async fn a_closed_cycle_takes_no_entry_any_more_so_none_is_at_risk() {
    let mut history = priced_year();
    complain(&mut history, "c1", "post", "2024-06-10");
    history.close();
    assert_eq!(
        told(&risks(&history, "station").await),
        [(RiskKind::Complaint, "c1", "0.00", Some("7.50"), false)]
    );
}

#[tokio::test]
async fn what_is_pending_is_due_with_the_cycle() {
    let found = risks(&priced_year(), "tax").await;
    let work = found.iter().find(|risk| risk.source == "work").unwrap();
    assert_eq!((work.points.as_str(), work.final_points.as_deref(), work.overdue), ("30.00", None, false));
    assert_eq!(work.due_time, Some(to_wire(at("2025-01-01T00:00:00+08:00"))));
}
