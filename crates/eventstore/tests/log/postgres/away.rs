//! The server killed, gone for a while, asleep: what is not written fails in time and is written later, once.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use eventstore::postgres::{PostgresLog, patiently};
use eventstore::store::Outcome;
use eventstore::testing::postgres::PostgresHere;
use eventstore::{AppendError, EventStore, StoreError};
use sqlx::{Connection as _, PgConnection};
use tokio::task::JoinSet;
use tokio::time::sleep;
use uuid::Uuid;

use super::Database;
use crate::suite::{audit, say, start, whole};

const CALLERS: u128 = 16;
/// Longer than a batch is tried again.
const AWAY: Duration = Duration::from_secs(7);
/// What any append takes, at most.
const DEADLINE: Duration = Duration::from_secs(12);
/// More than may wait.
const MANY: u128 = 9000;

/// Appends until it is acknowledged, always under the same request id; how often it failed.
async fn append(store: &EventStore, number: u128) -> u32 {
    let mut failed = 0;
    loop {
        let asked = Instant::now();
        let outcome = store.append(say(number, &format!("s{}", number % 7), &number.to_string())).await;
        assert!(asked.elapsed() < DEADLINE, "{:?}", asked.elapsed());
        match outcome {
            Ok(Outcome::Appended { .. } | Outcome::Repeated(_)) => return failed,
            Err(AppendError::Store(StoreError::Database(_)) | AppendError::QueueFull) => failed += 1,
            Err(error) => panic!("{error}"),
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// Asserts that the log has exactly these requests, once each.
async fn assert_written(store: &EventStore, numbers: impl Iterator<Item = u128>) {
    audit(store).await;
    let written: HashSet<Uuid> = whole(store).await.iter().map(|event| event.causation_id).collect();
    assert!(written == numbers.map(Uuid::from_u128).collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_loses_nothing_and_what_failed_is_told_and_written_once() {
    let server = PostgresHere::run(&[]).unwrap();
    let home = Database::on(&server).await;
    let replicas = [start(&home).await.store, start(&home).await.store];
    let stop = tokio_util::sync::CancellationToken::new();
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let (stop, store) = (stop.clone(), replicas[usize::from(caller % 2 == 0)].clone());
        callers.spawn(async move {
            let (mut acknowledged, mut failed) = (Vec::new(), 0);
            while !stop.is_cancelled() {
                let number = (caller + 1) * 1_000_000 + u128::try_from(acknowledged.len()).unwrap();
                failed += append(&store, number).await;
                acknowledged.push(number);
            }
            (acknowledged, failed)
        });
    }
    for away in [Duration::ZERO, AWAY, Duration::ZERO] {
        sleep(Duration::from_millis(700)).await;
        server.signal("KILL").unwrap();
        sleep(away).await;
        server.start().unwrap();
    }
    sleep(Duration::from_millis(700)).await;
    stop.cancel();
    let outcomes = callers.join_all().await;
    assert!(outcomes.iter().any(|(_, failed)| *failed > 0), "an append fails while the server stays away");
    assert!(outcomes.iter().all(|(acknowledged, _)| acknowledged.len() > 1));
    assert_written(&replicas[0], outcomes.into_iter().flat_map(|(acknowledged, _)| acknowledged)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_server_sleeps_so_many_wait_and_no_more_and_none_for_long() {
    let server = PostgresHere::run(&["fsync=off"]).unwrap();
    let home = Database::on(&server).await;
    let store = start(&home).await.store;
    append(&store, MANY + 1).await;
    server.signal("STOP").unwrap();
    let asked = Instant::now();
    let mut appends = JoinSet::new();
    for number in 1..=MANY {
        let store = store.clone();
        appends.spawn(async move { store.append(say(number, "a", "x")).await });
    }
    let (mut refused, mut failed) = (0, 0);
    while let Some(outcome) = appends.join_next().await {
        match outcome.unwrap() {
            Err(AppendError::QueueFull) => refused += 1,
            Err(AppendError::Store(StoreError::Database(_))) => failed += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(asked.elapsed() < DEADLINE, "{:?}", asked.elapsed());
    assert!(refused > 0 && failed > 8000, "{refused} refused, {failed} failed");
    server.signal("CONT").unwrap();
    for number in 1..=100 {
        append(&store, number).await;
    }
    assert_eq!(
        store.append(say(1, "a", "x")).await.map(|outcome| matches!(outcome, Outcome::Repeated(_))).ok(),
        Some(true)
    );
    audit(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_has_no_connection_left_is_away_and_a_start_waits_for_one() {
    let server = PostgresHere::run(&["fsync=off", "max_connections=6", "max_wal_senders=0"]).unwrap();
    let url = server.database().await.unwrap();
    let mut taken = Vec::new();
    while let Ok(connection) = PgConnection::connect(&url).await {
        taken.push(connection);
    }
    let full = PostgresLog::open(&url).await.err().unwrap();
    assert!(full.is_away(), "{full}");
    let freed = async {
        sleep(Duration::from_millis(700)).await;
        taken.clear();
    };
    let (opened, ()) = tokio::join!(patiently(|| PostgresLog::open(&url), StoreError::is_away), freed);
    assert!(opened.is_ok());
}
