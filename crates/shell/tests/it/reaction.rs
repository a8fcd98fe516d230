//! Others' facts become commands, once each however often they are delivered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use contract::status::{Failure, Kind};
use eventstore::{Checkpoint, EventSet as _, RecordedEvent, StreamId};
use shell::Commands;
use shell::reaction::{self, Effect, Reaction};
use tokio::sync::mpsc;

use crate::marks::{Event, LONG, Marks, Running, mark, until};

/// Copies each mark of another service; tells which positions it was given.
struct Copies {
    commands: Commands<Marks>,
    given: mpsc::UnboundedSender<u64>,
    away: Arc<AtomicBool>,
}

impl Reaction for Copies {
    const CONSUMER: &'static str = "evaluation-from-training";
    const EFFECTS: &'static [Effect] = &[];

    async fn act(&self, event: &RecordedEvent) -> Result<(), Failure> {
        let _ = self.given.send(event.position);
        if self.away.swap(false, Ordering::Relaxed) {
            return Err(Failure::Unavailable("away".to_owned()));
        }
        let decoded = Event::decode(&event.event_type, &event.payload).map_err(|_| Failure::Internal)?;
        let Some(Event::MarkRecorded(copied)) = decoded else { return Ok(()) };
        if copied.points == "refused" {
            let message = "not this one".to_owned();
            return Err(Failure::Refused { kind: Kind::Rule, rule: "test.refused", message });
        }
        let call = reaction::call(event, Self::CONSUMER, "copy");
        let stream = StreamId::new("mark", &format!("copy/{}", event.position));
        let prepare = |_| std::future::ready(Ok((mark(&copied.points), vec![])));
        self.commands.send(&call, &stream, prepare).await.map(drop)
    }
}

/// Starts copying from `source` to `target`; what it is given, and a way to make it fail once.
fn copy(source: &Running, target: &Running) -> (mpsc::UnboundedReceiver<u64>, Arc<AtomicBool>) {
    let (given, received) = mpsc::unbounded_channel();
    let away = Arc::new(AtomicBool::new(false));
    let copies = Copies { commands: Commands::new(&target.store), given, away: away.clone() };
    reaction::start(copies, source.store.source(), target.store.clone(), &target.tasks);
    (received, away)
}

async fn next<const N: usize>(given: &mut mpsc::UnboundedReceiver<u64>) -> [u64; N] {
    let mut positions = [0; N];
    for position in &mut positions {
        *position = tokio::time::timeout(LONG, given.recv()).await.unwrap().unwrap();
    }
    positions
}

async fn reached(target: &Running, position: u64) {
    until(async || {
        let checkpoint = target.store.checkpoint(Copies::CONSUMER).await.unwrap();
        checkpoint.is_some_and(|checkpoint| checkpoint.position == position)
    })
    .await;
}

/// Waits until the reaction says that it stopped, and `why`.
async fn stopped(target: &Running, why: &str) {
    let consumers = target.tasks.consumers.list();
    until(async || consumers[0].progress().borrow().alarm.contains(why)).await;
}

async fn copied(target: &Running) -> Vec<String> {
    let events = target.store.reader().read_all(1, 100).await.unwrap();
    let read = |event: &RecordedEvent| match Event::decode(&event.event_type, &event.payload) {
        Ok(Some(Event::MarkRecorded(mark))) => mark.points,
        other => panic!("{other:?}"),
    };
    events.iter().map(read).collect()
}

#[tokio::test]
async fn facts_are_acted_on_in_order_and_after_a_restart_from_where_it_had_come() {
    let source = Running::start("training").await;
    let target = Running::start("evaluation").await;
    source.mark(1, "10").await;
    source.mark(2, "20").await;
    let (mut given, _) = copy(&source, &target);
    assert_eq!(next(&mut given).await, [1, 2]);
    reached(&target, 2).await;
    let target = target.restart().await;
    source.mark(3, "30").await;
    let (mut given, _) = copy(&source, &target);
    assert_eq!(next(&mut given).await, [3]);
    reached(&target, 3).await;
    assert_eq!(copied(&target).await, ["10", "20", "30"]);
}

#[tokio::test]
async fn a_fact_delivered_twice_changes_nothing() {
    let source = Running::start("training").await;
    let target = Running::start("evaluation").await;
    source.mark(1, "10").await;
    source.mark(2, "20").await;
    copy(&source, &target);
    reached(&target, 2).await;
    let log = target.store.reader().read_all(1, 100).await.unwrap();
    // It acted, and stopped before it could say so.
    let target = target.restart().await;
    let checkpoint = target.store.checkpoint(Copies::CONSUMER).await.unwrap().unwrap();
    let before = Checkpoint { position: 0, ..checkpoint };
    target.store.set_checkpoint(Copies::CONSUMER, before).await.unwrap();
    let (mut given, _) = copy(&source, &target);
    assert_eq!(next(&mut given).await, [1, 2]);
    reached(&target, 2).await;
    assert_eq!(target.store.reader().read_all(1, 100).await.unwrap(), log);
}

#[tokio::test]
async fn a_commands_events_say_which_fact_caused_them() {
    let source = Running::start("training").await;
    let target = Running::start("evaluation").await;
    source.mark(1, "10").await;
    copy(&source, &target);
    reached(&target, 1).await;
    let cause = &source.store.reader().read_all(1, 1).await.unwrap()[0];
    let effect = &target.store.reader().read_all(1, 1).await.unwrap()[0];
    assert_eq!((effect.causation_id, effect.correlation_id), (cause.event_id, cause.correlation_id));
    assert_eq!((effect.occurred_at, &*effect.jurisdiction), (cause.occurred_at, "city"));
    assert_eq!(effect.actor, Copies::CONSUMER);
    let request_id = |consumer, part| reaction::call(cause, consumer, part).request_id;
    assert_eq!(request_id("a", "x"), request_id("a", "x"));
    assert_ne!(request_id("a", "x"), request_id("a", "y"));
    assert_ne!(request_id("a", "x"), request_id("b", "x"));
}

#[tokio::test]
async fn a_rule_that_refuses_is_an_outcome_and_the_next_fact_is_acted_on() {
    let source = Running::start("training").await;
    let target = Running::start("evaluation").await;
    source.mark(1, "refused").await;
    source.mark(2, "20").await;
    copy(&source, &target);
    reached(&target, 2).await;
    assert_eq!(copied(&target).await, ["20"]);
}

#[tokio::test]
async fn what_may_pass_is_tried_again_before_the_next_fact() {
    let source = Running::start("training").await;
    let target = Running::start("evaluation").await;
    let (mut given, away) = copy(&source, &target);
    away.store(true, Ordering::Relaxed);
    source.mark(1, "10").await;
    source.mark(2, "20").await;
    assert_eq!(next(&mut given).await, [1, 1, 2]);
    reached(&target, 2).await;
    assert_eq!(copied(&target).await, ["10", "20"]);
}

#[tokio::test]
async fn a_fact_that_cannot_be_read_stops_the_reaction_there() {
    let source = Running::start("training").await;
    let target = Running::start("evaluation").await;
    source.mark(1, "10").await;
    source.poison(2).await;
    source.mark(3, "30").await;
    let (mut given, _) = copy(&source, &target);
    assert_eq!(next(&mut given).await, [1, 2]);
    stopped(&target, "at training:2").await;
    assert!(given.is_empty(), "it is given no further fact");
    assert_eq!(copied(&target).await, ["10"]);
    assert_eq!(target.store.checkpoint(Copies::CONSUMER).await.unwrap(), None);
}

#[tokio::test]
async fn a_source_that_is_another_than_before_stops_the_reaction() {
    let source = Running::start("training").await;
    let target = Running::start("evaluation").await;
    source.mark(1, "10").await;
    let of_another = Checkpoint { position: 0, epoch: uuid::Uuid::from_u128(1) };
    target.store.set_checkpoint(Copies::CONSUMER, of_another).await.unwrap();
    let (given, _) = copy(&source, &target);
    stopped(&target, "another log than before").await;
    assert!(given.is_empty());
    assert_eq!(copied(&target).await, [""; 0]);
}

#[tokio::test]
async fn told_to_go_on_with_another_log_it_begins_at_its_first_event_and_does_nothing_twice() {
    let source = Running::start("training").await;
    let target = Running::start("evaluation").await;
    source.mark(1, "10").await;
    let (mut given, _) = copy(&source, &target);
    assert_eq!(next(&mut given).await, [1]);
    reached(&target, 1).await;
    // A copy of the log was restored, and has a new epoch.
    let target = target.restart().await;
    let of_another = Checkpoint { position: 7, epoch: uuid::Uuid::from_u128(1) };
    target.store.set_checkpoint(Copies::CONSUMER, of_another).await.unwrap();
    source.mark(2, "20").await;
    let (mut given, _) = copy(&source, &target);
    stopped(&target, "another log than before").await;
    target.tasks.consumers.list().iter().for_each(|consumer| assert!(consumer.resume()));
    assert_eq!(next(&mut given).await, [1, 2]);
    reached(&target, 2).await;
    assert_eq!(copied(&target).await, ["10", "20"]);
}

#[tokio::test]
async fn a_reaction_stops_when_the_process_does() {
    let source = Running::start("training").await;
    let target = Running::start("evaluation").await;
    let (mut given, _) = copy(&source, &target);
    let target = target.restart().await;
    source.mark(1, "10").await;
    assert_eq!(given.recv().await, None);
    assert_eq!(copied(&target).await, [""; 0]);
}
