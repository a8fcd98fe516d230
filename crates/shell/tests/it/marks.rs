//! A small service to put the shell around: one mark per stream, recorded once.

use std::sync::Arc;
use std::time::Duration;

use contract::evaluation::{Mark, MarkRecorded, RecordMarkResponse};
use contract::status;
use eventstore::handle::Decided;
use eventstore::sqlite::SqliteLog;
use eventstore::store::{Outcome, Request, StreamWrite};
use eventstore::{
    Append, Call, Decider, EventSet as _, EventStore, ExpectedVersion, Metadata, NewEvent, StreamId,
};
use jiff::Timestamp;
use shell::Tasks;
use tempfile::TempDir;
use uuid::Uuid;

/// Longer than any wait of a test that is going to succeed.
pub(crate) const LONG: Duration = Duration::from_secs(30);

eventstore::events! {
    /// What can happen to a mark.
    pub(crate) enum Event { MarkRecorded }
}

/// Which rules can be broken.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("it is marked {0} already")]
    AlreadyMarked(String),
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        "test.already_marked"
    }
}

/// A mark, recorded once.
pub(crate) struct Marks;

impl Decider for Marks {
    const CATEGORY: &'static str = "mark";
    type State = String;
    type Command = MarkRecorded;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(points: &String, mark: MarkRecorded) -> Result<Vec<Event>, Rejection> {
        match points.as_str() {
            "" => Ok(vec![mark.into()]),
            standing if standing == mark.points => Ok(vec![]),
            standing => Err(Rejection::AlreadyMarked(standing.to_owned())),
        }
    }

    fn evolve(_points: String, Event::MarkRecorded(mark): &Event) -> String {
        mark.points.clone()
    }
}

/// A service's log, and the process that has it open.
pub(crate) struct Running {
    folder: Arc<TempDir>,
    pub(crate) store: EventStore,
    pub(crate) tasks: Tasks,
}

impl Running {
    /// Starts a service on a log with nothing in it.
    pub(crate) async fn start(service: &'static str) -> Self {
        Self::open(service, Arc::new(tempfile::tempdir().unwrap())).await
    }

    /// Starts it again on the same log, once all that it was doing has stopped.
    pub(crate) async fn restart(self) -> Self {
        self.tasks.stop.cancel();
        let (service, folder) = (self.store.reader().service(), self.folder);
        drop(self.store);
        self.tasks.tracker.close();
        tokio::time::timeout(LONG, self.tasks.tracker.wait()).await.unwrap();
        Self::open(service, folder).await
    }

    async fn open(service: &'static str, folder: Arc<TempDir>) -> Self {
        let tasks = Tasks::default();
        let log = Arc::new(SqliteLog::open(&folder.path().join("log.sqlite")).await.unwrap());
        let clock = Arc::new(now);
        let store = EventStore::start(service, log, clock, &tasks.tracker).await.unwrap();
        Self { folder, store, tasks }
    }

    /// Appends a mark of so many points, as request `number`; answers its position.
    pub(crate) async fn mark(&self, number: u128, points: &str) -> u64 {
        self.append(number, Event::from(mark(points)).encode()).await
    }

    /// Appends an event that nobody can read.
    pub(crate) async fn poison(&self, number: u128) -> u64 {
        self.append(number, b"\x01not a message".to_vec()).await
    }

    async fn append(&self, number: u128, payload: Vec<u8>) -> u64 {
        let event_type = Event::from(mark("")).event_type();
        let write = StreamWrite {
            stream: stream(number),
            expected: ExpectedVersion::Any,
            events: vec![NewEvent { event_type, unit: String::new(), payload }],
        };
        let Call { request_id, fingerprint, metadata } = call(number);
        let request = Request { request_id, fingerprint, answer: vec![] };
        let append = Append { writes: vec![write], boxes: vec![], guards: vec![], metadata, request };
        match self.store.append(append).await.unwrap() {
            Outcome::Appended { position, .. } => position,
            Outcome::Repeated(_) => panic!("request {number} was used"),
        }
    }
}

/// The present, in all tests.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

pub(crate) fn stream(number: u128) -> StreamId {
    StreamId::new(Marks::CATEGORY, &format!("city/{number}"))
}

pub(crate) fn mark(points: &str) -> MarkRecorded {
    MarkRecorded { points: points.to_owned(), ..MarkRecorded::default() }
}

pub(crate) fn call(number: u128) -> Call {
    let metadata = Metadata {
        actor: "clerk".to_owned(),
        jurisdiction: "city".to_owned(),
        occurred_at: now(),
        correlation_id: Uuid::from_u128(number),
        causation_id: Uuid::from_u128(number),
        traceparent: String::new(),
    };
    Call { request_id: Uuid::from_u128(number), fingerprint: [7; 32], metadata }
}

/// The answer to a recorded mark.
#[expect(clippy::needless_pass_by_value, reason = "as a command's answer is asked for")]
pub(crate) fn answer(decided: Decided<'_, Marks>) -> RecordMarkResponse {
    let mark = Mark { points: decided.after.state.clone(), ..Mark::default() };
    RecordMarkResponse { mark: Some(mark), ..RecordMarkResponse::default() }
}

/// Waits until something is so that nobody announces.
pub(crate) async fn until<F: Future<Output = bool>>(is_so: impl Fn() -> F) {
    let waiting = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, waiting).await.unwrap();
}
