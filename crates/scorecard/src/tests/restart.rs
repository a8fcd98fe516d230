use super::history::{History, closed_year, cycle_name};
use super::running::{City, Running};
use crate::Place;
use crate::fold::rows::Change;
use crate::store::{Checkpoint, FORMAT, Fact, Store, Written};

/// Everything written in a database.
pub(super) async fn written(database: &Place) -> (Vec<Fact>, Vec<Checkpoint>) {
    let store = Store::open(database, FORMAT).await.unwrap();
    let mut written = store.snapshot().await.unwrap();
    let generation = written.usable().await.unwrap().unwrap();
    let facts = written.facts(generation, ("", ""), u32::MAX).await.unwrap();
    let checkpoints = written.checkpoints(generation).await.unwrap();
    // Whether the newest events are sorted in yet is all the same.
    let checkpoints = checkpoints.into_iter().map(|found| Checkpoint { sorted: 0, ..found }).collect();
    (facts, checkpoints)
}

async fn current(store: &Store) -> i64 {
    store.snapshot().await.unwrap().usable().await.unwrap().unwrap()
}

pub(super) fn long_history() -> History {
    let mut history = closed_year();
    history.lodge("c1", "traffic");
    history.enrol("o1", "station");
    history.raise_veto("bureau");
    let results = history.results();
    history.publish(results);
    history.reverse("traffic", "e1");
    history.close_complaint("c1");
    history.leave("o1");
    history
}

#[tokio::test]
async fn a_restart_resumes_where_it_stopped_and_equals_a_rebuild() {
    let history = long_history();
    let mut city = City::start().await;
    for events in [20, 30, 55, history.0.len()] {
        city.record(&History(history.0[..events.min(history.0.len())].to_vec())).await;
        let running = Running::start(&city).await;
        running.stop().await;
    }
    let rebuilt = city.file("rebuilt.db");
    let running = Running::on(&city, &rebuilt).await;
    let cards = running.scorecard.projection.read(|folded| folded.scorecards(&cycle_name()));
    running.stop().await;
    assert_eq!(written(&city.database()).await, written(&rebuilt).await);

    let resumed = Running::start(&city).await;
    assert_eq!(resumed.scorecard.projection.read(|folded| folded.scorecards(&cycle_name())), cards);
    let tallies = |running: &Running| {
        running
            .scorecard
            .projection
            .read(|folded| folded.facts.tallies.unit("city/traffic").cloned().unwrap())
    };
    assert_eq!((tallies(&resumed).complaints_all, tallies(&resumed).complaints_closed), (1, 1));
    resumed.stop().await;
}

#[tokio::test]
async fn results_that_differ_are_told_after_a_restart_too_until_they_are_revised() {
    let mut history = closed_year();
    let right = history.results();
    let mut wrong = right.clone();
    wrong[0].components[0].points = Some("26.41".to_owned());
    history.publish(wrong);
    let published = history.0.len();
    history.revise_results(right);
    let mut city = City::start().await;
    city.record(&History(history.0[..published].to_vec())).await;
    let differences =
        |running: &Running| running.scorecard.projection.read(|folded| folded.facts.differences());
    let running = Running::start(&city).await;
    let found = differences(&running);
    assert!(found.contains("bureau: work 26.41, not 26.40"), "{found}");
    running.stop().await;
    let resumed = Running::start(&city).await;
    assert_eq!(differences(&resumed), found);
    resumed.stop().await;
    city.record(&history).await;
    let revised = Running::start(&city).await;
    assert_eq!(differences(&revised), "");
    revised.stop().await;
}

#[tokio::test]
async fn facts_of_another_log_are_thrown_away() {
    let mut city = City::start().await;
    city.record(&long_history()).await;
    Running::start(&city).await.stop().await;
    city.replace_log("training").await;
    let running = Running::begin(&city, &city.database()).await;
    running.rebuilt().await;
    let reached = running.scorecard.projection.read(|folded| folded.reached().clone());
    assert!(!reached.contains_key("training"), "{reached:?}");
    assert!(running.scorecard.projection.read(|folded| folded.scorecards(&cycle_name())).is_some());
    running.stop().await;
    let (_, checkpoints) = written(&city.database()).await;
    assert!(checkpoints.iter().all(|checkpoint| checkpoint.service != "training"));
}

#[tokio::test]
async fn facts_from_beyond_the_end_of_a_log_are_thrown_away() {
    let mut city = City::start().await;
    city.record(&long_history()).await;
    Running::start(&city).await.stop().await;
    let before = written(&city.database()).await;
    let store = Store::open(&city.database(), FORMAT).await.unwrap();
    let beyond = Checkpoint { position: 10_000, ..before.1[0].clone() };
    let value = r#"{"title":"Invented","parent":null,"grassroots":false,"retired":false}"#;
    let invented = Change { kind: "unit", key: "city/invented".to_owned(), value: Some(value.to_owned()) };
    let change = Written { changes: vec![invented], checkpoints: vec![beyond], ..Written::default() };
    let generation = current(&store).await;
    store.write(generation, &change).await.unwrap();
    drop(store);
    let running = Running::begin(&city, &city.database()).await;
    running.rebuilt().await;
    running.stop().await;
    assert_eq!(written(&city.database()).await, before);
}

#[tokio::test]
async fn facts_that_cannot_be_read_are_built_anew() {
    let mut city = City::start().await;
    city.record(&long_history()).await;
    Running::start(&city).await.stop().await;
    let before = written(&city.database()).await;
    for (kind, value) in [("mark", "not JSON"), ("mark", "{}"), ("rumour", "{}")] {
        let store = Store::open(&city.database(), FORMAT).await.unwrap();
        let bad = Change { kind, key: "city/2024/tax/work".to_owned(), value: Some(value.to_owned()) };
        let generation = current(&store).await;
        let change = Written { changes: vec![bad], ..Written::default() };
        store.write(generation, &change).await.unwrap();
        drop(store);
        Running::start(&city).await.stop().await;
        assert_eq!(written(&city.database()).await, before, "{kind} {value}");
    }
}

#[tokio::test]
async fn what_is_written_can_be_read_by_any_tool() {
    let mut city = City::start().await;
    city.record(&long_history()).await;
    Running::start(&city).await.stop().await;
    let (facts, _) = written(&city.database()).await;
    let value = |kind: &str, key: &str| -> serde_json::Value {
        let fact = facts.iter().find(|fact| (fact.kind.as_str(), fact.key.as_str()) == (kind, key));
        serde_json::from_str(&fact.unwrap().value).unwrap()
    };
    assert_eq!(value("mark", "city/2024/bureau/work")["points"], "26.40");
    assert_eq!(value("entry", "city/2024/traffic/e2")["source_id"], "inspection");
    assert_eq!(value("stratum", "city/2024/public/residents")["answers"]["tax"]["good"], 1);
    assert_eq!(value("scheme", "city/first/0000000001")["rules"]["components"][0]["maxPoints"], "30");
}
