//! A log that is written to, its relay, and a reader that must not be needed.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use eventstore::nats::Nats;
use eventstore::nats::source::{Filler, NatsSource, Page};
use eventstore::relay::{Relay, State, Status};
use eventstore::sqlite::SqliteLog;
use eventstore::store::{Outcome, Request, StreamWrite};
use eventstore::{
    Append, EventStore, ExpectedVersion, Metadata, NewEvent, RecordedEvent, StoreError, StreamId,
};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::server::{PATIENCE, wait_until};

pub(crate) const SERVICE: &str = "evaluation";

/// A log in a file of its own.
pub(crate) struct Home {
    pub(crate) folder: TempDir,
    pub(crate) store: EventStore,
}

impl Home {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder.path().join("log.db")).await;
        Self { folder, store }
    }

    /// Records `count` events, and gives the position of the last.
    pub(crate) async fn say(&self, count: u64) -> u64 {
        say(&self.store, count).await
    }

    /// Starts a relay, as a process does that thinks it is the only one.
    pub(crate) fn relay(&self, nats: &Nats) -> Running {
        let relay = Arc::new(Relay::new(self.store.reader().clone(), nats.clone()));
        let status = relay.status();
        Running { status, _task: running(relay.lead()) }
    }

    /// The events as they are published, filled from the log.
    pub(crate) fn source(&self, nats: &Nats) -> NatsSource {
        NatsSource::new(SERVICE, nats.clone(), Arc::new(self.store.reader().clone()), "one")
    }

    pub(crate) async fn whole(&self) -> Vec<RecordedEvent> {
        self.store.reader().read_all(1, usize::MAX).await.unwrap()
    }
}

pub(crate) async fn open(path: &Path) -> EventStore {
    let log = Arc::new(SqliteLog::open(path).await.unwrap());
    let clock: eventstore::Clock = Arc::new(|| Timestamp::from_second(1_700_000_000).unwrap());
    EventStore::start(SERVICE, log, clock, &TaskTracker::new()).await.unwrap()
}

/// Records `count` events in one append, and gives the position of the last.
pub(crate) async fn say(store: &EventStore, count: u64) -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let event = |i| {
        let unit = if i % 3 == 0 { String::new() } else { format!("unit-{i}") };
        event(unit, format!("{number} said for the {i}th time").repeat(8).into_bytes())
    };
    append(store, number, (0..count).map(event).collect()).await
}

/// Records an event of each payload, and gives the position of the last.
pub(crate) async fn record(store: &EventStore, payloads: Vec<Vec<u8>>, unit: &str) -> u64 {
    append(store, u64::MAX, payloads.into_iter().map(|payload| event(unit.to_owned(), payload)).collect())
        .await
}

fn event(unit: String, payload: Vec<u8>) -> NewEvent {
    NewEvent { event_type: "mingjing.evaluation.v1.MarkRecorded".to_owned(), unit, payload }
}

async fn append(store: &EventStore, number: u64, events: Vec<NewEvent>) -> u64 {
    let request_id = Uuid::from_u128(number.into());
    let (stream, expected) = (StreamId::new("mark", &format!("city/{}", number % 7)), ExpectedVersion::Any);
    let append = Append {
        writes: vec![StreamWrite { stream, expected, events }],
        guards: vec![],
        boxes: vec![],
        metadata: Metadata {
            actor: "clerk 7 \u{661f}".to_owned(),
            jurisdiction: "city".to_owned(),
            occurred_at: Timestamp::from_second(1_600_000_000).unwrap(),
            correlation_id: request_id,
            causation_id: request_id,
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 vendor=value".to_owned(),
        },
        request: Request { request_id, fingerprint: [7; 32], answer: vec![] },
    };
    match store.append(append).await.unwrap() {
        Outcome::Appended { position, .. } => position,
        Outcome::Repeated(answered) => panic!("{answered:?}"),
    }
}

/// A task that runs until this is dropped.
pub(crate) fn running<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinSet<T> {
    let mut tasks = JoinSet::new();
    tasks.spawn(task);
    tasks
}

/// A relay that runs until this is dropped.
pub(crate) struct Running {
    pub(crate) status: watch::Receiver<Status>,
    _task: JoinSet<std::convert::Infallible>,
}

impl Running {
    pub(crate) fn now(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Waits until everything up to `position` is published.
    pub(crate) async fn published(&self, position: u64) {
        wait_until(async || self.now().position >= position && self.now().state == State::Active).await;
    }

    /// Waits for an alarm that says `what`.
    pub(crate) async fn alarm(&self, what: &str) {
        let mut status = self.status.clone();
        let says = |status: &Status| matches!(&status.state, State::Alarm(said) if said.contains(what));
        let alarmed = timeout(PATIENCE, status.wait_for(says)).await;
        assert!(alarmed.is_ok(), "no alarm says `{what}`: {:?}", self.now());
    }
}

/// Fills nothing: whatever is read comes from the stream.
pub(crate) struct Unfilled;

#[async_trait]
impl Filler for Unfilled {
    async fn read(&self, from_position: u64, _limit: usize) -> Result<Page, StoreError> {
        Err(StoreError::database(std::io::Error::other(format!("the stream lacks {from_position}"))))
    }
}
