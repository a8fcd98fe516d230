//! What a citizen, a clerk or a chief may rely on.

use std::collections::BTreeMap;

use contract::evaluation::*;
use contract::scorecard::simulate_scorecard_request::Rules;
use contract::scorecard::{
    EventReference, ExplainScorecardRequest, ListScorecardsRequest, Scorecard, SimulateScorecardRequest,
};
use mingjing::sample;
use rust_decimal::Decimal;
use tempfile::tempdir;
use tonic::Code;

use crate::harness::*;

const SAMPLE_CYCLE: &str = "jurisdictions/city/cycles/first-year";

#[tokio::test(flavor = "multi_thread")]
async fn the_first_years_figures_come_out_of_its_facts() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    let token = sample::load(&server.url(), || {}).await.unwrap();

    let explained = explain(&server, sample::BUREAU_SCORECARD_NAME, &token).await;
    let card = explained.scorecard.as_ref().unwrap();
    let points: Vec<_> = card.components.iter().map(|component| component.points.as_deref()).collect();
    assert_eq!(points, [Some("26.40"), Some("26.94"), Some("30.86")]);
    assert_eq!(card.final_points.as_deref(), Some("84.20"));
    assert_eq!((card.rank, card.group_size, card.excellent), (9, 29, true));

    assert_eq!(explained.total_points.as_deref().map(decimal), Some(decimal("15.80")));
    let lost: Decimal = explained.lines.iter().map(|line| decimal(&line.points)).sum();
    assert_eq!(lost, decimal("15.80"));
    let logs = logs(&server).await;
    for line in &explained.lines {
        line.events.iter().for_each(|event| assert_in_log(event, &logs));
    }
    assert!(explained.lines.iter().any(|line| !line.events.is_empty()));

    let excellent = excellent(&server, &token).await;
    assert_eq!(excellent.len(), 25);
    assert_eq!(excellent.iter().filter(|other| other.group == card.group).count(), 9);

    let request = SimulateScorecardRequest {
        name: sample::BUREAU_SCORECARD_NAME.to_owned(),
        rules: Some(Rules::Scheme(format!("jurisdictions/city/schemes/{}", sample::SECOND_SCHEME))),
        consistency_token: token,
        ..Default::default()
    };
    let simulated = server.scorecards().simulate_scorecard(request).await.unwrap().into_inner();
    assert_eq!(simulated.simulated.unwrap().final_points.as_deref(), Some("82.94"));
    assert_eq!(simulated.difference.as_deref(), Some("-1.26"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn loading_the_sample_twice_changes_nothing() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    sample::load(&server.url(), || {}).await.unwrap();
    let (heads, cards) = (server.heads().await, server.scorecards_as_json(SAMPLE_CYCLE).await);
    assert_eq!(cards.len(), 101);
    sample::load(&server.url(), || {}).await.unwrap();
    assert_eq!(server.heads().await, heads);
    assert_eq!(server.scorecards_as_json(SAMPLE_CYCLE).await, cards);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_answered_again() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    let mut client = server.evaluation();
    let request = registration("north");
    let first = client.register_unit(request.clone()).await.unwrap().into_inner();
    client.register_unit(registration("south")).await.unwrap();
    let heads = server.heads().await;

    let again = client.register_unit(request.clone()).await.unwrap().into_inner();
    assert_eq!(again, first);
    let other = RegisterUnitRequest { title: "Another title".to_owned(), ..request };
    let refused = client.register_unit(other).await;
    assert_refused(refused, Code::AlreadyExists, "request_id_reused", "other content");
    assert_eq!(server.heads().await, heads);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_read_back_with_its_token() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    city(&server.channel(), &["north", "south"]).await;
    let mut client = server.evaluation();
    for number in 1..=20_u32 {
        let request = entry("north", &format!("e-{number}"), "-0.10");
        let consistency_token = client.record_entry(request).await.unwrap().into_inner().consistency_token;
        let list = ListEntriesRequest {
            parent: CYCLE.to_owned(),
            unit: unit_name("north"),
            consistency_token: consistency_token.clone(),
            ..Default::default()
        };
        let entries = client.list_entries(list).await.unwrap().into_inner().entries;
        assert_eq!(entries.len(), usize::try_from(number).unwrap());
        let explained = explain(&server, &format!("{CYCLE}/scorecards/north"), &consistency_token).await;
        let card = explained.scorecard.unwrap();
        let ledger = card.components.iter().find(|component| component.component_id == LEDGER).unwrap();
        let left = decimal("30") - decimal("0.10") * Decimal::from(number);
        assert_eq!(ledger.points.as_deref().map(decimal), Some(left));
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_point_is_traced_to_its_event() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    city(&server.channel(), &["north", "south"]).await;
    appraise(&server, "north", "south").await;
    let late = entry("north", "late", "-1.5");
    let recorded = server.evaluation().record_entry(late).await.unwrap().into_inner();

    let explained = explain(&server, &format!("{CYCLE}/scorecards/north"), &recorded.consistency_token).await;
    let line = explained.lines.iter().find(|line| line.item == "late").expect("the entry has its line");
    assert_eq!((line.component_id.as_str(), decimal(&line.points)), (LEDGER, decimal("1.5")));
    let [event] = line.events.as_slice() else { panic!("one event took it: {:?}", line.events) };
    assert_eq!(event.position, recorded.position);
    assert_eq!(event.event_type, "EntryRecorded");
    let logs = logs(&server).await;
    assert_in_log(event, &logs);
    let lost: Decimal = explained.lines.iter().map(|line| decimal(&line.points)).sum();
    let card = explained.scorecard.unwrap();
    assert_eq!(decimal("100") - lost, decimal(&card.final_points.unwrap()));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn published_results_are_frozen_until_revised() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    let mut client = server.evaluation();
    city(&server.channel(), &["north", "south"]).await;
    appraise(&server, "north", "south").await;
    client.record_entry(entry("north", "late", "-2")).await.unwrap();
    close_cycle(&server.channel()).await;
    let publish =
        PublishResultsRequest { request_id: request_id(), name: CYCLE.to_owned(), occurred_at: None };
    client.publish_results(publish).await.unwrap();
    let published = server.scorecard("north").await;

    let reverse = ReverseEntryRequest {
        request_id: request_id(),
        name: entry_name("north", "late"),
        reason: "It was not north".to_owned(),
        occurred_at: None,
    };
    client.reverse_entry(reverse).await.unwrap();
    assert_eq!(figures(&server.scorecard("north").await), figures(&published));

    let revise = ReviseResultsRequest {
        request_id: request_id(),
        name: CYCLE.to_owned(),
        reason: "Appeal of north".to_owned(),
        occurred_at: None,
    };
    client.revise_results(revise).await.unwrap();
    let revised = server.scorecard("north").await;
    let gained = decimal(&revised.final_points.unwrap()) - decimal(&published.final_points.unwrap());
    assert_eq!(gained, decimal("2"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_changes_nothing() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    city(&server.channel(), &["north", "south", "west"]).await;
    appraise(&server, "north", "south").await;
    server.evaluation().record_entry(entry("west", "late", "-2")).await.unwrap();
    let (heads, cards) = (server.heads().await, server.scorecards_as_json(CYCLE).await);
    assert_eq!(cards.len(), 3);
    server.stop().await;

    let server = Server::start(dir.path()).await;
    assert_eq!(server.heads().await, heads);
    assert_eq!(server.scorecards_as_json(CYCLE).await, cards);
    server.stop().await;
}

/// Gives two units a mark each and what a survey says of them.
async fn appraise(server: &Server, one: &str, other: &str) {
    let mut client = server.evaluation();
    for (unit, points) in [(one, "26.40"), (other, "21")] {
        client.record_mark(mark(unit, points)).await.unwrap();
    }
    let codes = issue(&server.channel(), 3).await;
    let levels = ["good", "fair", "unknown"].into_iter().cycle();
    let forms = codes.iter().zip(levels).map(|(code, level)| form(code, &[one, other], level)).collect();
    answer(&server.channel(), forms).await;
    close_survey(&server.channel()).await;
}

async fn explain(
    server: &Server,
    name: &str,
    consistency_token: &str,
) -> contract::scorecard::ExplainScorecardResponse {
    let request = ExplainScorecardRequest {
        name: name.to_owned(),
        consistency_token: consistency_token.to_owned(),
        ..Default::default()
    };
    server.scorecards().explain_scorecard(request).await.unwrap().into_inner()
}

async fn excellent(server: &Server, consistency_token: &str) -> Vec<Scorecard> {
    let request = ListScorecardsRequest {
        parent: SAMPLE_CYCLE.to_owned(),
        excellent_only: true,
        page_size: 1000,
        consistency_token: consistency_token.to_owned(),
        ..Default::default()
    };
    server.scorecards().list_scorecards(request).await.unwrap().into_inner().scorecards
}

type Logs = BTreeMap<(String, u64), (String, String)>;

/// Id and type of every event, by service and position.
async fn logs(server: &Server) -> Logs {
    let mut logs = Logs::new();
    for service in contract::token::SERVICES {
        let events = server.log(service).await.into_iter();
        logs.extend(
            events.map(|event| ((event.service, event.position), (event.event_id, event.event_type))),
        );
    }
    logs
}

fn assert_in_log(reference: &EventReference, logs: &Logs) {
    let (event_id, event_type) = &logs[&(reference.service.clone(), reference.position)];
    assert_eq!(event_id, &reference.event_id);
    assert!(event_type.ends_with(&format!(".{}", reference.event_type)), "{event_type}: {reference:?}");
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}
