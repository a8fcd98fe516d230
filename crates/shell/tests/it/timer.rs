//! Time becomes commands: the same command for the same fact, whenever it is noticed.

use std::sync::Arc;
use std::time::Duration;

use contract::status::Failure;
use jiff::Timestamp;
use shell::Tasks;
use shell::timer::{self, Timer};
use tokio::sync::mpsc;

use crate::marks::{LONG, now};

/// Tells when it looked, and fails.
struct Looks(mpsc::UnboundedSender<Timestamp>);

impl Timer for Looks {
    const NAME: &'static str = "evaluation-looks";

    async fn tick(&self, now: Timestamp) -> Result<(), Failure> {
        let _ = self.0.send(now);
        Err(Failure::Unavailable("away".to_owned()))
    }
}

#[tokio::test]
async fn a_timer_looks_until_the_process_stops_even_if_it_fails() {
    let tasks = Tasks::default();
    let (looked, mut looks) = mpsc::unbounded_channel();
    timer::start(Looks(looked), Duration::from_millis(1), Arc::new(now), &tasks);
    for _ in 0..3 {
        assert_eq!(tokio::time::timeout(LONG, looks.recv()).await.unwrap(), Some(now()));
    }
    tasks.stop.cancel();
    tasks.tracker.close();
    tokio::time::timeout(LONG, tasks.tracker.wait()).await.unwrap();
    while let Some(look) = looks.recv().await {
        assert_eq!(look, now());
    }
}

#[test]
fn a_fact_has_one_request_whenever_it_is_noticed() {
    let call = |fact, due_at| timer::call("evaluation-looks", "city", fact, due_at);
    let first = call("c1", now());
    assert_eq!(call("c1", now()).request_id, first.request_id);
    assert_ne!(call("c2", now()).request_id, first.request_id);
    assert_ne!(call("c1", Timestamp::UNIX_EPOCH).request_id, first.request_id);
    assert_ne!(timer::call("evaluation-looks", "town", "c1", now()).request_id, first.request_id);
    assert_eq!((first.metadata.occurred_at, &*first.metadata.actor), (now(), "evaluation-looks"));
}

#[tokio::test]
async fn a_timer_that_is_asked_to_looks_at_once_and_answers() {
    let tasks = Tasks::default();
    let (looked, mut looks) = mpsc::unbounded_channel();
    timer::start(Looks(looked), LONG * 100, Arc::new(now), &tasks);
    assert_eq!(tokio::time::timeout(LONG, looks.recv()).await.unwrap(), Some(now()), "as it starts");
    let failure = tokio::time::timeout(LONG, tasks.timers.look()).await.unwrap().unwrap_err();
    assert_eq!(failure, Failure::Unavailable("away".to_owned()));
    assert_eq!(looks.try_recv(), Ok(now()));
    tasks.stop.cancel();
    tasks.tracker.close();
    tokio::time::timeout(LONG, tasks.tracker.wait()).await.unwrap();
    tasks.timers.look().await.unwrap_err();
}
