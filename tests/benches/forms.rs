//! `cargo bench -p tests --bench forms`: a hundred thousand forms answered in bulk, and a panel of five hundred
//! electors by a hundred and one units, embedded, through gRPC.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "it is for reading")]

use std::time::{Duration, Instant};

use contract::evaluation::*;
use contract::words::{Component, ElectorClass, PanelMethod, component::Method};
use tempfile::tempdir;
use tokio::task::JoinSet;

use crate::harness::{
    CYCLE, STRATA, SURVEY, SURVEYED, Server, answer, city, city_under, close_survey, form, request_id, rules,
    unit_name,
};

#[path = "../it/harness.rs"]
#[expect(dead_code, reason = "the end-to-end tests need more of it")]
mod harness;

const FORMS: u32 = 100_000;
const UNITS: [&str; 5] = ["north", "south", "east", "west", "centre"];
const BULKS: [usize; 2] = [500, 1000];
const CLIENTS: usize = 4;
/// At most so many codes are issued at once.
const ISSUED_MAX: u32 = 10_000;

#[tokio::main]
async fn main() {
    for bulk in BULKS {
        let (answered, closed) = answer_all(bulk).await;
        let rate = u128::from(FORMS) * 1000 / answered.as_millis();
        println!(
            "{FORMS} forms of {} answers, {bulk} to a call, {CLIENTS} clients: {answered:.2?}, {rate} forms/s; closed in {closed:.2?}",
            UNITS.len()
        );
    }
    let (voted, closed) = vote().await;
    println!(
        "500 ballots of 101 marks, {CLIENTS} clients: {voted:.2?}; closed, and the result told, in {closed:.2?}"
    );
}

/// How long it takes to answer all forms, and to close the survey.
async fn answer_all(bulk: usize) -> (Duration, Duration) {
    let data = tempdir().unwrap();
    let server = Server::start(data.path()).await;
    let channel = server.channel();
    city(&channel, &UNITS).await;
    let codes = issue_all(&server).await;
    let started = Instant::now();
    let mut clients = JoinSet::new();
    for codes in codes.chunks(codes.len().div_ceil(CLIENTS)) {
        let (codes, channel) = (codes.to_vec(), server.channel());
        clients.spawn(async move {
            for codes in codes.chunks(bulk) {
                answer(&channel, codes.iter().map(|code| form(code, &UNITS, "good")).collect()).await;
            }
        });
    }
    clients.join_all().await;
    let answered = started.elapsed();
    let closing = Instant::now();
    close_survey(&channel).await;
    let closed = closing.elapsed();
    let card = server.scorecard("north").await;
    assert_eq!(card.components[2].points.as_deref(), Some("40.00"));
    server.stop().await;
    (answered, closed)
}

async fn issue_all(server: &Server) -> Vec<String> {
    let plan = |stratum: &str| StratumPlan { stratum_id: stratum.to_owned(), forms_max: FORMS / 2 };
    let plan = PlanSurveyRequest {
        request_id: request_id(),
        parent: CYCLE.to_owned(),
        component_id: SURVEYED.to_owned(),
        strata: STRATA.map(plan).to_vec(),
        occurred_at: None,
    };
    server.evaluation().plan_survey(plan).await.unwrap();
    let mut codes = Vec::new();
    for number in 0..FORMS / ISSUED_MAX {
        let stratum_id = STRATA[usize::try_from(number % 2).unwrap()].to_owned();
        let (name, count) = (SURVEY.to_owned(), ISSUED_MAX);
        let issue =
            IssueFormsRequest { request_id: request_id(), name, stratum_id, count, occurred_at: None };
        codes.extend(server.evaluation().issue_forms(issue).await.unwrap().into_inner().form_codes);
    }
    codes
}

/// How long it takes to vote, and to close the panel.
async fn vote() -> (Duration, Duration) {
    let data = tempdir().unwrap();
    let server = Server::start(data.path()).await;
    let names: Vec<_> = (0..101).map(|number| format!("unit-{number}")).collect();
    let units: Vec<_> = names.iter().map(String::as_str).collect();
    let class = ElectorClass { class_id: "members".to_owned(), weight: "1".to_owned(), ..Default::default() };
    let panel = Component {
        component_id: "panel".to_owned(),
        title: "Panel".to_owned(),
        max_points: "100".to_owned(),
        method: Some(Method::Panel(PanelMethod {
            classes: vec![class],
            quorum: "1".to_owned(),
            ..Default::default()
        })),
    };
    let scheme = contract::words::SchemeRules { components: vec![panel], ..rules() };
    city_under(&server.channel(), &units, scheme).await;
    let electors: Vec<_> = (0..500).map(|number| format!("elector-{number}")).collect();
    let roll = ElectorRoll { class_id: "members".to_owned(), electors: electors.clone() };
    let convene = ConvenePanelRequest {
        request_id: request_id(),
        parent: CYCLE.to_owned(),
        component_id: "panel".to_owned(),
        rolls: vec![roll],
        occurred_at: None,
    };
    server.evaluation().convene_panel(convene).await.unwrap();
    let name = format!("{CYCLE}/panels/panel");
    let started = Instant::now();
    let mut clients = JoinSet::new();
    for electors in electors.chunks(electors.len().div_ceil(CLIENTS)) {
        let (electors, name, mut client) = (electors.to_vec(), name.clone(), server.evaluation());
        let units: Vec<_> = units.iter().map(|unit| unit_name(unit)).collect();
        clients.spawn(async move {
            for elector in electors {
                let mark = |unit: &String| BallotMark { unit: unit.clone(), points: "80.5".to_owned() };
                let marks = units.iter().map(mark).collect();
                let ballot =
                    CastBallotRequest { request_id: request_id(), name: name.clone(), elector, marks };
                client.cast_ballot(ballot).await.unwrap();
            }
        });
    }
    clients.join_all().await;
    let voted = started.elapsed();
    let closing = Instant::now();
    let close = ClosePanelRequest { request_id: request_id(), name: name.clone(), occurred_at: None };
    let closed = server.evaluation().close_panel(close).await.unwrap().into_inner();
    let get = GetPanelRequest { name, consistency_token: closed.consistency_token };
    let told = server.evaluation().get_panel(get).await.unwrap().into_inner().panel.unwrap();
    assert_eq!((told.results.len(), told.quorum_reached), (101, Some(true)));
    let closed = closing.elapsed();
    server.stop().await;
    (voted, closed)
}
