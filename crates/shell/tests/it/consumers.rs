//! A consumer that stopped is seen, and goes on when it is told to: never past what it could not read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use contract::status::Failure;
use eventstore::RecordedEvent;
use shell::reaction::{self, Reaction};
use shell::{Model, Reads, Tasks};

use crate::marks::{LONG, Running, until};

/// Cannot deal with the second event until it is cured.
#[derive(Clone, Default)]
struct Picky {
    cured: Arc<AtomicBool>,
    refused: Arc<AtomicU32>,
    seen: Arc<parking_lot::Mutex<Vec<u64>>>,
}

impl Picky {
    fn see(&self, event: &RecordedEvent) -> Result<(), String> {
        if event.position == 2 && !self.cured.load(Ordering::Relaxed) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err("not this one".to_owned());
        }
        self.seen.lock().push(event.position);
        Ok(())
    }
}

impl Model for Picky {
    fn apply(&mut self, _service: &'static str, event: &RecordedEvent) -> Result<(), String> {
        self.see(event)
    }
}

impl Reaction for Picky {
    const CONSUMER: &'static str = "evaluation-from-training";

    async fn act(&self, event: &RecordedEvent) -> Result<(), Failure> {
        self.see(event).map_err(|_| Failure::Internal)
    }
}

async fn written() -> Running {
    let running = Running::start("training").await;
    for number in 1..=3 {
        running.mark(number, "1").await;
    }
    running
}

/// The only consumer's position and alarm.
fn only(tasks: &Tasks) -> (u64, String) {
    let [consumer] = tasks.consumers.list().try_into().unwrap_or_else(|_| panic!("one"));
    let progress = consumer.progress().borrow().clone();
    (progress.position, progress.alarm)
}

/// Asserts that it stopped at the second event; that it stops there again if it is told to go on before it is
/// cured; and that it misses nothing once it is.
async fn assert_stops_and_goes_on(tasks: &Tasks, picky: &Picky, before: u64) {
    let consumers = tasks.consumers.list();
    for times in 1..=2 {
        until(async || picky.refused.load(Ordering::Relaxed) == times && !only(tasks).1.is_empty()).await;
        let (position, alarm) = only(tasks);
        assert_eq!(position, before);
        assert!(alarm.contains("training:2"), "{alarm}");
        assert!(!picky.seen.lock().contains(&3), "it never skips");
        assert!(consumers[0].resume());
    }
    until(async || picky.refused.load(Ordering::Relaxed) == 3 && !only(tasks).1.is_empty()).await;
    picky.cured.store(true, Ordering::Relaxed);
    assert!(consumers[0].resume());
    until(async || only(tasks) == (3, String::new())).await;
    assert!(!consumers[0].resume(), "it goes on already");
    assert!(picky.seen.lock().ends_with(&[2, 3]));
}

#[tokio::test]
async fn a_model_that_stopped_goes_on_when_it_is_told_to() {
    let running = written().await;
    let picky = Picky::default();
    let reads = Reads::follow("picky", picky.clone(), vec![running.store.source()], &running.tasks);
    assert_stops_and_goes_on(&running.tasks, &picky, 1).await;
    reads.wait("training:3", LONG).await.unwrap();
    assert_eq!(*picky.seen.lock(), [1, 2, 3], "each once");
}

#[tokio::test]
async fn a_reaction_that_stopped_goes_on_when_it_is_told_to() {
    let running = written().await;
    let acting = Running::start("evaluation").await;
    let picky = Picky::default();
    reaction::start(picky.clone(), running.store.source(), acting.store.clone(), &acting.tasks);
    // It had not yet recorded a checkpoint: the first comes again, which changes nothing.
    assert_stops_and_goes_on(&acting.tasks, &picky, 0).await;
    let checkpoint = acting.store.checkpoint(Picky::CONSUMER).await.unwrap().unwrap();
    assert_eq!(checkpoint.position, 3);
}
