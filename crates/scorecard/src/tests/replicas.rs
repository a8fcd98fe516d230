//! Several replicas on one PostgreSQL database: one writes, the others read the same, and take over.

use std::sync::{Arc, LazyLock};

use contract::scorecard::GetScorecardRequest;
use contract::scorecard::scorecard_service_server::ScorecardService as _;
use eventstore::testing::postgres::PostgresHere;
use jiff::Timestamp;
use shell::Tasks;
use tonic::Request;

use super::history::{History, closed_year, cycle};
use super::restart::{long_history, written};
use super::running::{City, PATIENCE, Running};
use super::trouble::{Trouble, troubled};
use crate::Place;
use crate::history::unpack;
use crate::store::{FORMAT, Store};

static SERVER: LazyLock<PostgresHere> = LazyLock::new(|| PostgresHere::run(&["fsync=off"]).unwrap());

/// A database of the test's own.
pub(super) async fn database() -> Place {
    Place::Url(SERVER.database().await.unwrap())
}

/// What a unit's card said in the end of the first minutes of recording, as JSON.
pub(super) async fn as_of(running: &Running, unit: &str) -> String {
    let as_of_recorded = contract::field::to_wire(Timestamp::from_second(1_735_700_030).unwrap());
    let request = GetScorecardRequest {
        name: format!("{}/scorecards/{unit}", cycle()),
        as_of_recorded: Some(as_of_recorded),
        ..Default::default()
    };
    let card = running.service().get_scorecard(Request::new(request)).await.unwrap().into_inner();
    format!("{:?}", card.scorecard.unwrap().components)
}

#[tokio::test]
async fn postgresql_keeps_the_same_as_sqlite_and_resumes() {
    let history = long_history();
    let mut city = City::start().await;
    let place = database().await;
    for events in [20, 55, history.0.len()] {
        city.record(&History(history.0[..events.min(history.0.len())].to_vec())).await;
        Running::on(&city, &place).await.stop().await;
    }
    Running::start(&city).await.stop().await;
    assert_eq!(written(&place).await, written(&city.database()).await);
    let resumed = Running::on(&city, &place).await;
    let embedded = Running::start(&city).await;
    assert_eq!(as_of(&resumed, "tax").await, as_of(&embedded, "tax").await);
    resumed.stop().await;
    embedded.stop().await;
}

#[tokio::test]
async fn what_a_replica_takes_up_is_of_one_instant_whatever_is_written_meanwhile() {
    let history = long_history().0;
    for in_postgresql in [false, true] {
        let mut city = City::start().await;
        let place = if in_postgresql { database().await } else { city.database() };
        city.record(&History(history[..20].to_vec())).await;
        Running::on(&city, &place).await.stop().await;
        let store = Store::open(&place, FORMAT).await.unwrap();
        let mut snapshot = store.snapshot().await.unwrap();
        let generation = snapshot.usable().await.unwrap().unwrap();

        city.record(&History(history.clone())).await;
        Running::on(&city, &place).await.stop().await;
        let facts = snapshot.facts(generation, ("", ""), u32::MAX).await.unwrap();
        let checkpoints = snapshot.checkpoints(generation).await.unwrap();
        let positions = checkpoints.iter().map(|checkpoint| checkpoint.position);
        assert_eq!(positions.sum::<u64>(), 20);
        assert_ne!(written(&place).await.0, facts);
        drop(snapshot);
        store.close().await;
    }
}

#[tokio::test]
async fn who_could_not_write_something_takes_it_up_from_the_database_again() {
    for in_postgresql in [false, true] {
        let (mut city, mut history) = (City::start().await, closed_year());
        let place = if in_postgresql { database().await } else { city.file("own.db") };
        city.record(&history).await;
        let running = Running::on(&city, &place).await;
        let before = running.scorecard.projection.generation();
        before.unwritten.cancel();
        let mut moved = running.scorecard.projection.moved();
        let taken_up = async {
            while Arc::ptr_eq(&running.scorecard.projection.generation(), &before) {
                moved.changed().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, taken_up).await.expect("it is taken up again");
        assert_eq!(running.scorecard.projection.generation().number(), 1, "and written on");
        history.reverse("traffic", "e1");
        city.record(&history).await;
        running.scorecard.catch_up(PATIENCE).await.unwrap();
        running.stop().await;
        Running::start(&city).await.stop().await;
        assert_eq!(written(&place).await, written(&city.database()).await);
    }
}

#[tokio::test]
async fn a_program_of_an_earlier_version_goes_on_and_starts_on_what_a_later_one_made() {
    let (mut city, mut history, place) = (City::start().await, closed_year(), database().await);
    city.record(&history).await;
    let running = Running::on(&city, &place).await;
    running.shown().await;
    running.scorecard.projection.generation().store().migrate_further().await;
    history.reverse("traffic", "e1");
    city.record(&history).await;
    running.scorecard.catch_up(PATIENCE).await.unwrap();
    running.shown().await;
    running.stop().await;
    let earlier = Running::on(&city, &place).await;
    history.reverse("traffic", "e2");
    city.record(&history).await;
    earlier.scorecard.catch_up(PATIENCE).await.unwrap();
    earlier.shown().await;
    earlier.scorecard.projection.rebuilds().ask();
    earlier.rebuilt().await;
    earlier.stop().await;
    Running::start(&city).await.stop().await;
    assert_eq!(written(&place).await, written(&city.database()).await);
}

#[tokio::test]
async fn of_two_replicas_one_writes_and_the_other_reads_the_same_and_takes_over() {
    let mut city = City::start().await;
    let mut history = closed_year();
    let place = database().await;
    let first = Running::on(&city, &place).await;
    city.record(&history).await;
    first.scorecard.catch_up(PATIENCE).await.unwrap();
    let second = Running::on(&city, &place).await;
    assert_eq!(first.scorecard.projection.generation().number(), 1);
    assert_eq!(second.scorecard.projection.generation().number(), 0, "it does not write");
    history.reverse("traffic", "e1");
    let consistency_token = city.record(&history).await;
    for replica in [&first, &second] {
        replica.scorecard.projection.wait(&consistency_token, PATIENCE).await.unwrap();
    }
    assert_eq!(as_of(&first, "traffic").await, as_of(&second, "traffic").await);

    first.stop().await;
    took_over(&second).await;
    history.entry(
        "tax",
        "late",
        contract::evaluation::entry_recorded::Target::SourceId("inspection".to_owned()),
        "-1",
    );
    city.record(&history).await;
    second.scorecard.catch_up(PATIENCE).await.unwrap();
    second.stop().await;
    Running::start(&city).await.stop().await;
    assert_eq!(written(&place).await, written(&city.database()).await);
}

/// Waits until a replica writes.
async fn took_over(replica: &Running) {
    let mut moved = replica.scorecard.projection.moved();
    let took_over = async {
        while replica.scorecard.projection.generation().number() == 0 {
            moved.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, took_over).await.expect("it writes now");
}

#[tokio::test]
async fn a_rebuild_that_was_begun_before_its_replica_took_over_is_done_once_it_has() {
    let history = closed_year();
    let (city, sources, says) = troubled(&history, "evaluation").await;
    let place = database().await;
    let first = Running::on(&city, &place).await;
    let second = Running::with(&sources, &place, &Tasks::default()).await;
    says.send_replace(Trouble::Stalled);
    let rebuilds = second.scorecard.projection.rebuilds();
    rebuilds.ask();
    let mut progress = rebuilds.progress();
    let begun = progress.wait_for(|progress| progress.events_total > 0);
    tokio::time::timeout(PATIENCE, begun).await.expect("it is begun").unwrap();

    first.stop().await;
    took_over(&second).await;
    let taken_over = second.scorecard.projection.generation().number();
    says.send_replace(Trouble::Nothing);
    second.rebuilt().await;
    assert!(second.scorecard.projection.generation().number() > taken_over, "built by the one that writes");
    second.stop().await;
    Running::start(&city).await.stop().await;
    assert_eq!(written(&place).await, written(&city.database()).await);
}

#[tokio::test]
async fn a_rebuild_by_the_one_that_writes_leaves_the_other_its_past() {
    let mut city = City::start().await;
    city.record(&closed_year()).await;
    let place = database().await;
    let first = Running::on(&city, &place).await;
    let second = Running::on(&city, &place).await;
    let before = as_of(&second, "tax").await;
    // As if it had run for long: what the database has sorted in is forgotten.
    let generation = second.scorecard.projection.generation();
    let positions = generation.positions();
    generation.tail.lock().forget(&positions).unwrap();
    assert!(generation.tail.lock().of("city").iter().flat_map(|run| unpack(run)).next().is_none());
    first.scorecard.projection.rebuilds().ask();
    first.rebuilt().await;
    assert!(first.scorecard.projection.generation().number() > 1);
    assert_eq!(as_of(&second, "tax").await, before);
    second.scorecard.projection.rebuilds().ask();
    second.rebuilt().await;
    assert_eq!(second.scorecard.projection.generation().number(), 0, "it still does not write");
    assert_eq!(as_of(&second, "tax").await, before);
    second.stop().await;
    first.stop().await;
}
