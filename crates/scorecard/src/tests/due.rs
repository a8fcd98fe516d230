//! What only time changes: something falls due, and nothing is recorded.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use contract::field::to_wire;
use contract::scorecard::scorecard_service_server::ScorecardService as _;
use contract::scorecard::{GetScorecardRequest, WatchScorecardsRequest, WatchScorecardsResponse};
use eventstore::Clock;
use futures::StreamExt as _;
use jiff::Timestamp;
use tonic::Request;

use super::history::{History, cycle, year};
use super::running::{City, PATIENCE, Running};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A clock that is set by hand.
fn clock() -> (Arc<AtomicI64>, Clock) {
    let second = Arc::new(AtomicI64::new(at("2024-06-01T00:00:00Z").as_second()));
    let reads = second.clone();
    (second, Arc::new(move || Timestamp::from_second(reads.load(Ordering::SeqCst)).unwrap()))
}

/// A year in which the traffic unit owes something by the end of June.
fn owing() -> History {
    let mut history = year();
    history.assign_commitment("traffic");
    history
}

#[tokio::test]
async fn one_who_watches_and_was_away_is_told_what_fell_due_meanwhile() {
    let mut city = City::start().await;
    city.record(&owing()).await;
    let (second, clock) = clock();
    let running = Running::at(&city, clock).await;
    let next = async |resume_token: String| {
        let request = WatchScorecardsRequest { parent: cycle(), resume_token, ..Default::default() };
        let answers = running.service().watch_scorecards(Request::new(request)).await.unwrap();
        let next = tokio::time::timeout(PATIENCE, answers.into_inner().next()).await;
        next.expect("it is told").unwrap().unwrap()
    };
    let due = |answer: &WatchScorecardsResponse| -> Vec<_> {
        let card = |card: &contract::scorecard::Scorecard| {
            let unit = card.unit.rsplit('/').next().unwrap().to_owned();
            (unit, card.four_in_place.as_ref().unwrap().commitments_due)
        };
        answer.scorecards.iter().map(card).collect()
    };
    let before = next(String::new()).await;
    assert!(due(&before).contains(&("traffic".to_owned(), 0)));
    second.store(at("2024-07-02T00:00:00Z").as_second(), Ordering::SeqCst);
    assert_eq!(due(&next(before.resume_token).await), [("traffic".to_owned(), 1)]);
    running.stop().await;
}

#[tokio::test]
async fn as_of_an_instant_that_is_still_to_come_counts_what_falls_due_until_then() {
    let mut city = City::start().await;
    city.record(&owing()).await;
    let (second, clock) = clock();
    let running = Running::at(&city, clock).await;
    let due = async || {
        let request = GetScorecardRequest {
            name: format!("{}/scorecards/traffic", cycle()),
            as_of_recorded: Some(to_wire(at("2030-01-01T00:00:00Z"))),
            ..Default::default()
        };
        let card = running.service().get_scorecard(Request::new(request)).await.unwrap().into_inner();
        card.scorecard.unwrap().four_in_place.unwrap().commitments_due
    };
    assert_eq!(due().await, 0);
    second.store(at("2024-07-02T00:00:00Z").as_second(), Ordering::SeqCst);
    assert_eq!(due().await, 1);
    running.stop().await;
}
