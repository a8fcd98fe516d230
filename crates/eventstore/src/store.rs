//! The interface that a database implements, and the two handles that everything else uses: [`EventStore`]
//! to append, [`LogReader`] to read.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::Clock;
use crate::batch::new_id;
use crate::boxes::BoxWrite;
use crate::event::{Metadata, NewEvent, RecordedEvent, StreamId};
use crate::group_commit::{self, Queue};
use crate::postgres;
use crate::recent::Recent;
use crate::source::SharedSource;
use crate::subscription::Subscription;

/// How many events a page of the log has at most.
pub const PAGE_EVENTS_MAX: usize = 1000;

/// A payload has at most so many bytes: with its headers it stays below the megabyte that NATS takes.
pub const EVENT_BYTES_MAX: usize = 768 * 1024;

/// The stream version that a writer expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedVersion {
    /// Whatever it is.
    Any,
    /// Exactly this; 0: the stream does not exist yet.
    Exactly(u64),
}

/// A stream that was looked at while deciding, and must not have changed since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// The stream.
    pub stream: StreamId,
    /// The version that was looked at; 0: it did not exist.
    pub stream_version: u64,
}

/// Events for one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamWrite {
    /// The stream.
    pub stream: StreamId,
    /// The version that it must be at.
    pub expected: ExpectedVersion,
    /// The events, in order.
    pub events: Vec<NewEvent>,
}

/// The request that an append answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its id.
    pub request_id: Uuid,
    /// SHA-256 of its content.
    pub fingerprint: [u8; 32],
    /// What is answered, also when it is repeated.
    pub answer: Vec<u8>,
}

/// What one command writes: all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// What is written; may be empty, to record the request alone.
    pub writes: Vec<StreamWrite>,
    /// What is put in boxes, and what is taken out of them.
    pub boxes: Vec<BoxWrite>,
    /// What must not have changed.
    pub guards: Vec<Guard>,
    /// What is said of every event.
    pub metadata: Metadata,
    /// The request that is answered.
    pub request: Request,
}

impl Append {
    /// Every event, also those that are put in boxes.
    pub(crate) fn events(&self) -> impl Iterator<Item = &NewEvent> {
        let boxed = self.boxes.iter().flat_map(|write| &write.events).map(|boxed| &boxed.event);
        self.writes.iter().flat_map(|write| &write.events).chain(boxed)
    }
}

/// What became of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is recorded.
    Appended {
        /// The log's head after it.
        position: u64,
        /// When.
        recorded_at: Timestamp,
    },
    /// The request was answered before; nothing was written now.
    Repeated(Answered),
}

/// A request that was answered before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// SHA-256 of its content.
    pub fingerprint: [u8; 32],
    /// What was answered.
    pub answer: Vec<u8>,
    /// The log's head after it.
    pub position: u64,
    /// When.
    pub recorded_at: Timestamp,
}

/// Where a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Position of the last event; 0: none.
    pub position: u64,
    /// Its chain hash.
    pub chain_hash: [u8; 32],
    /// Random, made with the log: tells a restored log from another.
    pub epoch: Uuid,
}

/// How far a consumer has come in a source's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Position of the last event that it has dealt with.
    pub position: u64,
    /// The source's epoch: in a log of another one, the position means nothing.
    pub epoch: Uuid,
}

/// Why an append wrote nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// A stream is not at the version it was expected at, or a guard's changed.
    #[error("stream `{stream}` is at version {actual}, not {expected}")]
    WrongExpectedVersion {
        /// The stream.
        stream: StreamId,
        /// The version expected.
        expected: u64,
        /// The version found.
        actual: u64,
    },
    /// More appends are waiting than the queue takes.
    #[error("too many appends are waiting")]
    QueueFull,
    /// An event could be recorded, but never published.
    #[error("`{event_type}` has {size} bytes; an event has at most {EVENT_BYTES_MAX}")]
    TooLarge {
        /// Its type.
        event_type: String,
        /// Bytes of its payload.
        size: usize,
    },
    /// The database failed; whether it was written is told by asking again with the same request id.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a log cannot be read or written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database is away or refuses.
    #[error("the log's database: {0}")]
    Database(Arc<dyn std::error::Error + Send + Sync>),
    /// A row is not what was written.
    #[error("event {position} cannot be read: {what}")]
    Corrupt {
        /// Its position.
        position: u64,
        /// What is wrong.
        what: String,
    },
    /// A position is missing.
    #[error("the log has a gap: after {after} comes {found}")]
    Gap {
        /// Last position before it.
        after: u64,
        /// First position after it.
        found: u64,
    },
}

impl StoreError {
    /// Whether the database is away, and may be back.
    pub fn is_away(&self) -> bool {
        let Self::Database(error) = self else { return false };
        error.downcast_ref().is_some_and(postgres::is_lost)
    }

    /// A database's own error.
    pub fn database(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Database(Arc::new(error))
    }
}

/// What a batch came to.
#[derive(Debug, Default)]
pub struct Written {
    /// Of each append, in order.
    pub outcomes: Vec<Result<Outcome, AppendError>>,
    /// What was recorded, as it is read from now on.
    pub events: Vec<RecordedEvent>,
}

/// Pages of a log, in order, none of them empty.
pub type Pages = mpsc::Receiver<Result<Vec<RecordedEvent>, StoreError>>;

/// A database that holds one log. The only thing that knows which database it is.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Writes a batch in one transaction, each append checked on its own: one result for each, in order.
    async fn write(&self, batch: &[Append], now: Timestamp) -> Result<Written, StoreError>;

    /// Where the log ends.
    async fn head(&self) -> Result<Head, StoreError>;

    /// Gives the log a new epoch, as one that was restored from an older copy needs: what others know of it is
    /// of another log from then on.
    async fn renew_epoch(&self) -> Result<Head, StoreError>;

    /// Up to `limit` events from a position on, in order.
    async fn read_all(&self, from_position: u64, limit: usize) -> Result<Vec<RecordedEvent>, StoreError>;

    /// The same, in pages that are read ahead of who takes them, by one statement; it ends at the log's end, or
    /// before. None: read page by page.
    fn read_on(&self, _from_position: u64) -> Option<Pages> {
        None
    }

    /// Up to `limit` events of a stream from a version on, in order.
    async fn read_stream(
        &self,
        stream: &StreamId,
        from_version: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError>;

    /// Every event of some streams, each once and from a version on of its own: each stream's in order.
    async fn read_streams(&self, wanted: &[(StreamId, u64)]) -> Result<Vec<RecordedEvent>, StoreError>;

    /// What a request was answered, if it was.
    async fn answered(&self, request_id: Uuid) -> Result<Option<Answered>, StoreError>;

    /// How far a consumer has come; `None`: nowhere yet.
    async fn checkpoint(&self, consumer: &str) -> Result<Option<Checkpoint>, StoreError>;

    /// Says how far a consumer has come.
    async fn set_checkpoint(&self, consumer: &str, checkpoint: Checkpoint) -> Result<(), StoreError>;

    /// Takes a lease that is free, or renews the holder's own; whether `holder` has it now. It is free again
    /// after `ttl` by the database's clock.
    async fn try_lease(&self, name: &str, holder: Uuid, ttl: Duration) -> Result<bool, StoreError>;

    /// Frees a lease if `holder` has it.
    async fn release_lease(&self, name: &str, holder: Uuid) -> Result<(), StoreError>;

    /// Puts personal data in the vault, for a request that is yet to be answered.
    async fn vault_put(&self, key: &str, content: &[u8], request_id: Uuid) -> Result<(), StoreError>;

    /// Personal data of the vault; `None`: never there, or erased.
    async fn vault_get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Erases personal data for good, also from the database's files; how many of the keys had any.
    async fn vault_erase(&self, keys: &[String]) -> Result<u64, StoreError>;

    /// The keys of what was put in the vault so long ago or longer for requests that were not answered: no event
    /// names them. Those of requests that were are forgotten about.
    async fn vault_unanswered(&self, age: Duration) -> Result<Vec<String>, StoreError>;

    /// Lets go of the database in good order; whatever is asked after it fails.
    async fn close(&self);

    /// How often to look whether another process wrote.
    fn poll_interval(&self) -> Duration;
}

/// Reads one service's log. Cheap to clone.
#[derive(Clone)]
pub struct LogReader {
    service: &'static str,
    log: Arc<dyn Log>,
    head: watch::Receiver<u64>,
    recent: Arc<Recent>,
}

impl LogReader {
    /// The service whose log it is.
    pub fn service(&self) -> &'static str {
        self.service
    }

    /// Where the log ends.
    pub async fn head(&self) -> Result<Head, StoreError> {
        self.log.head().await
    }

    /// Position of the last event as far as this process has seen, without asking the database now.
    pub fn head_known(&self) -> u64 {
        *self.head.borrow()
    }

    /// Up to `limit` events from a position on, in order.
    pub async fn read_all(&self, from_position: u64, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        self.log.read_all(from_position, limit).await
    }

    /// Every event of a stream, in order.
    pub async fn read_stream(&self, stream: &StreamId) -> Result<Vec<RecordedEvent>, StoreError> {
        self.read_stream_from(stream, 1).await
    }

    /// Every event of a stream from a version on, in order.
    pub async fn read_stream_from(
        &self,
        stream: &StreamId,
        from_version: u64,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let mut events = self.log.read_stream(stream, from_version, PAGE_EVENTS_MAX).await?;
        let mut page = events.len();
        while page == PAGE_EVENTS_MAX {
            let next = events.last().map_or(from_version, |event| event.stream_version + 1);
            let more = self.log.read_stream(stream, next, PAGE_EVENTS_MAX).await?;
            page = more.len();
            events.extend(more);
        }
        Ok(events)
    }

    /// Every event of some streams, each once and from a version on of its own: each stream's in order. One question
    /// for all, which are not long.
    pub async fn read_streams(&self, wanted: &[(StreamId, u64)]) -> Result<Vec<RecordedEvent>, StoreError> {
        self.log.read_streams(wanted).await
    }

    /// Events that are recorded from a position on, if this process has them still.
    pub(crate) fn recent(&self, from_position: u64, limit: usize) -> Option<Vec<RecordedEvent>> {
        self.recent.from(from_position, limit)
    }

    /// What is recorded from a position on, in pages that are read ahead; none: read page by page.
    pub(crate) fn read_on(&self, from_position: u64) -> Option<Pages> {
        self.log.read_on(from_position)
    }

    /// Everything from a position on: first what is recorded, then live.
    pub fn subscribe(&self, from_position: u64) -> Subscription {
        Subscription::new(self.clone(), self.head.clone(), from_position)
    }
}

/// Appends to one service's log, and reads it. Cheap to clone.
#[derive(Clone)]
pub struct EventStore {
    reader: LogReader,
    queue: Queue,
    holder: Uuid,
}

impl EventStore {
    /// Starts appending to `log`; the writer's task runs under `tasks` until every clone is gone.
    pub async fn start(
        service: &'static str,
        log: Arc<dyn Log>,
        clock: Clock,
        tasks: &TaskTracker,
    ) -> Result<Self, StoreError> {
        let (publish, head) = watch::channel(log.head().await?.position);
        let holder = new_id(clock());
        let recent = Arc::<Recent>::default();
        let queue = group_commit::start(log.clone(), clock, publish, recent.clone(), tasks);
        Ok(Self { reader: LogReader { service, log, head, recent }, queue, holder })
    }

    /// Reads the same log.
    pub fn reader(&self) -> &LogReader {
        &self.reader
    }

    /// The same log, for consumers.
    pub fn source(&self) -> SharedSource {
        Arc::new(self.reader.clone())
    }

    /// Writes what one command decided, together with what others decide at the same time.
    pub async fn append(&self, append: Append) -> Result<Outcome, AppendError> {
        if let Some(event) = append.events().find(|event| event.payload.len() > EVENT_BYTES_MAX) {
            let (event_type, size) = (event.event_type.clone(), event.payload.len());
            return Err(AppendError::TooLarge { event_type, size });
        }
        self.queue.append(append).await
    }

    /// What a request was answered, if it was.
    pub async fn answered(&self, request_id: Uuid) -> Result<Option<Answered>, StoreError> {
        self.reader.log.answered(request_id).await
    }

    /// How far a consumer has come; `None`: nowhere yet.
    pub async fn checkpoint(&self, consumer: &str) -> Result<Option<Checkpoint>, StoreError> {
        self.reader.log.checkpoint(consumer).await
    }

    /// Says how far a consumer has come.
    pub async fn set_checkpoint(&self, consumer: &str, checkpoint: Checkpoint) -> Result<(), StoreError> {
        self.reader.log.set_checkpoint(consumer, checkpoint).await
    }

    /// Takes a lease for this store, or renews it; whether this store has it now.
    pub async fn try_lease(&self, name: &str, ttl: Duration) -> Result<bool, StoreError> {
        self.reader.log.try_lease(name, self.holder, ttl).await
    }

    /// Frees a lease if this store has it.
    pub async fn release_lease(&self, name: &str) -> Result<(), StoreError> {
        self.reader.log.release_lease(name, self.holder).await
    }

    /// Puts personal data in the vault, for a request that is yet to be answered.
    pub async fn vault_put(&self, key: &str, content: &[u8], request_id: Uuid) -> Result<(), StoreError> {
        self.reader.log.vault_put(key, content, request_id).await
    }

    /// Personal data of the vault; `None`: never there, or erased.
    pub async fn vault_get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.reader.log.vault_get(key).await
    }

    /// Erases personal data for good, also from the database's files; how many of the keys had any.
    pub async fn vault_erase(&self, keys: &[String]) -> Result<u64, StoreError> {
        self.reader.log.vault_erase(keys).await
    }

    /// Erases what was put in the vault so long ago or longer for requests that were not answered; how much.
    pub async fn vault_sweep(&self, age: Duration) -> Result<u64, StoreError> {
        let keys = self.reader.log.vault_unanswered(age).await?;
        if keys.is_empty() { Ok(0) } else { self.vault_erase(&keys).await }
    }

    /// Lets go of the database in good order, for every clone; whatever is asked after it fails.
    pub async fn close(&self) {
        self.reader.log.close().await;
    }
}
