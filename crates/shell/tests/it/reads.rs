//! A model follows its logs; a query waits until what it must contain is in it.

use std::sync::Arc;
use std::time::Duration;

use contract::status::Failure;
use eventstore::nats::Nats;
use eventstore::nats::source::NatsSource;
use eventstore::relay::{self, State};
use eventstore::testing::nats::NatsHere;
use eventstore::{EventSet as _, RecordedEvent};
use shell::{Folded, Model, Reads};
use tokio_util::sync::CancellationToken;

use crate::marks::{Event, LONG, Marks, Running};

/// The points folded, in order, with the service that they come from.
#[derive(Default)]
struct Points(Vec<(&'static str, String)>);

impl Model for Points {
    fn apply(&mut self, service: &'static str, event: &RecordedEvent) -> Result<(), String> {
        let decoded = Event::decode(&event.event_type, &event.payload).map_err(|error| error.to_string())?;
        let Event::MarkRecorded(mark) = decoded.ok_or("no mark")?;
        self.0.push((service, mark.points));
        Ok(())
    }
}

fn follow(services: &[&Running]) -> Reads<Points> {
    let logs = services.iter().map(|running| running.store.source()).collect();
    Reads::follow("points", Points::default(), logs, &services[0].tasks)
}

fn points(reads: &Reads<Points>) -> Vec<String> {
    reads.now().0.iter().map(|(_, points)| points.clone()).collect()
}

#[track_caller]
fn unavailable(outcome: Result<(), Failure>) -> String {
    match outcome {
        Err(Failure::Unavailable(text)) => text,
        other => panic!("not unavailable: {other:?}"),
    }
}

#[tokio::test]
async fn a_query_waits_for_what_it_must_contain() {
    let service = Running::start("evaluation").await;
    let reads = follow(&[&service]);
    let waiting = async {
        reads.wait("evaluation:2", LONG).await.unwrap();
        points(&reads)
    };
    let marking = async {
        service.mark(1, "10").await;
        service.mark(2, "20").await
    };
    let (read, written) = tokio::join!(waiting, marking);
    assert_eq!((read, written), (vec!["10".to_owned(), "20".to_owned()], 2));
    assert_eq!(reads.progress()["evaluation"].position, 2);
}

#[tokio::test]
async fn a_query_for_everything_waits_for_what_is_in_the_logs_now() {
    let evaluation = Running::start("evaluation").await;
    let training = Running::start("training").await;
    for number in 1..=20 {
        evaluation.mark(number, "1").await;
        training.mark(number, "2").await;
    }
    let reads = follow(&[&evaluation, &training]);
    reads.catch_up(LONG).await.unwrap();
    let model = reads.now();
    for service in ["evaluation", "training"] {
        assert_eq!(model.0.iter().filter(|(from, _)| *from == service).count(), 20);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_recorded_and_not_published_yet_is_waited_for() {
    let (service, folder) = (Running::start("evaluation").await, tempfile::tempdir().unwrap());
    let server = NatsHere::run(folder.path()).unwrap();
    let nats = Nats::connect(&server.settings()).await.unwrap();
    let publish = |stop: &CancellationToken| {
        relay::start(service.store.clone(), nats.clone(), &service.tasks.tracker, stop.clone())
    };
    service.mark(1, "10").await;
    let stop = CancellationToken::new();
    let mut published = publish(&stop);
    published.wait_for(|status| status.position == 1).await.unwrap();
    stop.cancel();
    published.wait_for(|status| status.state == State::Standby).await.unwrap();
    service.mark(2, "20").await;
    let owner = Arc::new(service.store.reader().clone());
    let source = Arc::new(NatsSource::new("evaluation", nats.clone(), owner, "here"));
    let reads = Reads::follow("points", Points::default(), vec![source], &service.tasks);
    reads.fill(LONG).await.unwrap();
    assert_eq!(points(&reads), ["10"]);
    let text = unavailable(reads.catch_up(Duration::from_millis(300)).await);
    assert!(text.contains("not evaluation:2"), "{text}");
    publish(&service.tasks.stop);
    reads.catch_up(LONG).await.unwrap();
    assert_eq!(points(&reads), ["10", "20"]);
}

#[tokio::test]
async fn a_query_that_waited_in_vain_is_told_how_far_the_model_is() {
    let service = Running::start("evaluation").await;
    service.mark(1, "10").await;
    let reads = follow(&[&service]);
    reads.wait("evaluation:1", LONG).await.unwrap();
    let text = unavailable(reads.wait("evaluation:9", Duration::from_millis(5)).await);
    assert_eq!(text, "not yet as far as asked: at evaluation:1, not evaluation:9");
}

#[tokio::test]
async fn a_query_waits_only_for_logs_that_the_model_follows() {
    let service = Running::start("evaluation").await;
    let reads = follow(&[&service]);
    reads.wait("", LONG).await.unwrap();
    reads.wait("training:99,evaluation:0", LONG).await.unwrap();
    let refused = reads.wait("nonsense", LONG).await.unwrap_err();
    assert!(matches!(refused, Failure::BadField(bad) if bad.field() == "consistency_token"));
}

#[tokio::test]
async fn an_event_that_cannot_be_folded_stops_the_model_and_every_query_for_more() {
    let evaluation = Running::start("evaluation").await;
    let training = Running::start("training").await;
    evaluation.mark(1, "10").await;
    let poisoned = evaluation.poison(2).await;
    evaluation.mark(3, "30").await;
    let reads = follow(&[&evaluation, &training]);
    // Told at once, not after an hour.
    let waiting = reads.wait("evaluation:3", Duration::from_hours(1));
    let text = unavailable(tokio::time::timeout(LONG, waiting).await.unwrap());
    let told = "not yet as far as asked: at evaluation:1, not evaluation:3: stopped at evaluation:2: ";
    assert!(text.starts_with(told), "{text}");
    assert_eq!((points(&reads), poisoned), (vec!["10".to_owned()], 2));
    assert!(reads.progress()["evaluation"].alarm.starts_with("stopped at evaluation:2: "));
    // What it has still answers, and its other log goes on.
    reads.wait("evaluation:1", LONG).await.unwrap();
    training.mark(1, "40").await;
    reads.wait("training:1", LONG).await.unwrap();
    assert_eq!(points(&reads), ["10", "40"]);
}

#[tokio::test]
async fn streams_are_folded_by_kind_and_found_by_key() {
    let service = Running::start("evaluation").await;
    for number in [1, 2, 3, 10] {
        service.mark(number, "5").await;
    }
    let mut events = service.store.reader().read_all(1, 10).await.unwrap();
    let mut folded = Folded::<Marks>::default();
    for event in &events {
        assert_eq!(folded.apply(event), Ok(true));
    }
    assert_eq!(folded.get("city/2").unwrap().state, "5");
    assert!(folded.get("city/4").is_none());
    let keys: Vec<_> = folded.with_prefix("city/1").map(|(key, _)| key).collect();
    assert_eq!(keys, ["city/1", "city/10"]);

    let mut other = events.remove(0);
    other.stream = other.stream.in_category("survey");
    assert_eq!(folded.apply(&other), Ok(false));
    other.stream = other.stream.in_category("mark");
    other.event_type = "mingjing.evaluation.v1.SurveyClosed".to_owned();
    let refused = "`mingjing.evaluation.v1.SurveyClosed` does not belong in `mark-city/1`";
    assert_eq!(folded.apply(&other), Err(refused.to_owned()));
}
