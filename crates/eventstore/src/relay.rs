//! The relay: publishes a service's log to its JetStream stream, so that a message's sequence *is* the event's
//! position.
//!
//! - Atomic batches that name the sequence they expect: nothing twice, nothing missing, whatever crashes when. A
//!   second relay that wakes up by mistake is refused.
//! - It never guesses. At the start, after anything unclear, and now and then while there is nothing to do, it asks
//!   the stream for its last message and compares it with the log. Behind: what is missing is published. Gone,
//!   purged or with holes: the stream is made again, from the first event on. Ahead of the log, from another log,
//!   with other settings: it stops, says so, and looks again until somebody has put it right.
//! - It publishes no event that does not fit its predecessor.
//!
//! One is active per service, by a lease in its database; [`start`] keeps the others standing by.

mod batch;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::stream::Stream;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use self::batch::Batches;
use crate::chain;
use crate::event::RecordedEvent;
use crate::lease;
use crate::nats::{Away, Nats, jetstream};
use crate::store::{EventStore, Head, LogReader, StoreError};

/// The lease of who publishes a log.
pub const LEASE: &str = "relay";
/// A batch has at most so many bytes, or one event.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// While there is nothing to publish, the stream is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// After a failure, first and at most.
const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(1);
/// What stopped the relay is looked at again after this.
const ALARM_EVERY: Duration = Duration::from_secs(2);

/// What a relay is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// Another one publishes; or this one has not begun.
    #[default]
    Standby,
    /// It publishes.
    Active,
    /// NATS or the log is away; it tries again.
    Away(String),
    /// It stopped, until somebody puts right what is said here.
    Alarm(String),
}

/// What a relay is doing, and how far it has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// What it is doing.
    pub state: State,
    /// Position of the last event that is known to be published.
    pub position: u64,
    /// When the oldest event was recorded that is known not to be published; `None`: there is none.
    pub oldest_unpublished: Option<Timestamp>,
    /// How often the stream was made.
    pub created: u64,
    /// How often the stream had to be asked what became of a batch.
    pub asked: u64,
}

/// Starts a relay of `store`'s log, which stands by while another one is active. Gives what it is doing.
pub fn start(
    store: EventStore,
    nats: Nats,
    tasks: &TaskTracker,
    stop: CancellationToken,
) -> watch::Receiver<Status> {
    let relay = Arc::new(Relay::new(store.reader().clone(), nats));
    let status = relay.status();
    tasks.spawn(
        async move { lease::while_held(&store, LEASE, &stop, || Box::pin(relay.clone().lead())).await },
    );
    status
}

/// Publishes one service's log.
pub struct Relay {
    log: LogReader,
    nats: Nats,
    status: watch::Sender<Status>,
}

/// Why publishing ended.
enum Trouble {
    Away(String),
    Alarm(String),
}

impl From<Away> for Trouble {
    fn from(away: Away) -> Self {
        Self::Away(away.to_string())
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(_) => Self::Away(error.to_string()),
            StoreError::Corrupt { .. } | StoreError::Gap { .. } => Self::Alarm(error.to_string()),
        }
    }
}

/// The last event that is published.
#[derive(Clone, Copy)]
struct Reached {
    epoch: Uuid,
    position: u64,
    chain_hash: [u8; 32],
}

impl Reached {
    fn nothing(epoch: Uuid) -> Self {
        Self { epoch, position: 0, chain_hash: chain::GENESIS }
    }
}

/// Why a batch is not known to be published.
enum Refused {
    /// The stream is not where it was thought to be, or nothing was heard: ask it.
    Unclear(String),
    /// An event cannot be published at all.
    Never(String),
}

impl Relay {
    /// A relay of `log`, which publishes once it is told to [`lead`](Self::lead).
    pub fn new(log: LogReader, nats: Nats) -> Self {
        Self { log, nats, status: watch::Sender::default() }
    }

    /// What it is doing, now and later.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Publishes until it is dropped. At most one should at a time; more do no harm.
    pub async fn lead(self: Arc<Self>) -> Infallible {
        let _standing_by = StandBy(&self.status);
        let mut retry = RETRY_MIN;
        loop {
            let before = self.status.borrow().position;
            let lost = async {
                self.nats.connected().await?;
                Err::<Infallible, Trouble>(self.nats.lost().await.into())
            };
            let Err(trouble) =
                tokio::select! { trouble = self.publish() => trouble, trouble = lost => trouble };
            if self.status.borrow().position > before {
                retry = RETRY_MIN;
            }
            let wait = match trouble {
                Trouble::Away(what) => {
                    self.turn(State::Away(what));
                    retry
                }
                Trouble::Alarm(what) => {
                    self.turn(State::Alarm(what));
                    ALARM_EVERY
                }
            };
            if let Err(error) = self.note_oldest().await {
                tracing::warn!(%error, "the relay of {}", self.log.service());
            }
            sleep(wait).await;
            retry = (2 * retry).min(RETRY_MAX);
        }
    }

    /// Asks the stream where it is, and publishes what it lacks, until there is trouble.
    async fn publish(&self) -> Result<Infallible, Trouble> {
        let service = self.log.service();
        loop {
            let reached = self.ask().await?;
            self.turn(State::Active);
            self.reached(reached.position, None);
            match self.publish_after(reached).await? {
                None => {}
                Some(Refused::Unclear(what)) => {
                    tracing::info!("the relay of {service} asks the stream: {what}");
                    self.status.send_modify(|status| status.asked += 1);
                    sleep(RETRY_MIN).await;
                }
                Some(Refused::Never(what)) => return Err(Trouble::Alarm(what)),
            }
        }
    }

    /// Publishes what comes after an event, until a batch is refused, or, none, until there has been nothing to do for
    /// a while: is the stream still there?
    async fn publish_after(&self, mut reached: Reached) -> Result<Option<Refused>, Trouble> {
        let mut subscription = self.log.subscribe(reached.position + 1);
        let mut batches = Batches::none(&self.nats, self.log.service()).await?;
        let mut sent = reached;
        loop {
            tokio::select! {
                answer = batches.answer() => match answer {
                    Ok(answered) => reached = answered,
                    Err(refused) => return Ok(Some(refused)),
                },
                page = subscription.next(), if batches.have_room() => {
                    let page = page?;
                    fits(sent.chain_hash, &page)?;
                    for part in parts(&page) {
                        let Some(last) = part.last() else { continue };
                        sent = Reached { position: last.position, chain_hash: last.chain_hash, ..sent };
                        if let Err(refused) = batches.send(part, sent).await {
                            return Ok(Some(refused));
                        }
                    }
                }
                () = sleep(LOOK_EVERY), if batches.are_answered() => return Ok(None),
            }
            self.reached(reached.position, batches.oldest());
        }
    }

    /// The last event in the stream, which is made if it is not there, and made again if it is not whole.
    async fn ask(&self) -> Result<Reached, Trouble> {
        let service = self.log.service();
        let epoch = self.log.head().await?.epoch;
        let wanted = jetstream::settings(service, epoch, self.nats.replicas);
        let alarm = |what: String| Trouble::Alarm(format!("the stream {}: {what}", wanted.name));
        let Some(stream) = jetstream::find(&self.nats, service).await? else {
            self.create(wanted.clone()).await?;
            return Ok(Reached::nothing(epoch));
        };
        if let Some(what) = jetstream::mismatch(&wanted, &stream.cached_info().config) {
            return Err(alarm(what));
        }
        // One that is not whole may lack it.
        let whole = is_whole(&stream);
        let last = if whole { jetstream::last(&stream).await?.transpose().map_err(alarm)? } else { None };
        // Read after the stream: what was published by then was in the log before.
        let head = self.log.head().await?;
        let sequence = stream.cached_info().state.last_sequence;
        if sequence > head.position {
            let what = format!("it is at {sequence}, ahead of the log, which ends at {}", head.position);
            return Err(alarm(format!("{what}: the log has lost its end")));
        }
        if !whole {
            tracing::error!("the stream {} is not whole; it is published again", wanted.name);
            self.nats.jetstream.delete_stream(&wanted.name).await.map_err(Away::because)?;
            self.create(wanted.clone()).await?;
            return Ok(Reached::nothing(epoch));
        }
        let Some(last) = last else { return Ok(Reached::nothing(epoch)) };
        if last.epoch != epoch || self.recorded(&last.event, head).await? != Some(last.event.chain_hash) {
            return Err(alarm(format!("its event {} is not the log's", last.event.position)));
        }
        Ok(Reached { epoch, position: last.event.position, chain_hash: last.event.chain_hash })
    }

    /// The chain hash that the log has at the position of `event`.
    async fn recorded(&self, event: &RecordedEvent, head: Head) -> Result<Option<[u8; 32]>, StoreError> {
        if head.position == event.position {
            return Ok(Some(head.chain_hash));
        }
        let found = self.log.read_all(event.position, 1).await?;
        Ok(found.first().filter(|found| found.position == event.position).map(|found| found.chain_hash))
    }

    async fn create(&self, config: async_nats::jetstream::stream::Config) -> Result<(), Away> {
        let name = config.name.clone();
        self.nats.jetstream.create_stream(config).await.map_err(Away::because)?;
        tracing::info!("made the stream {name}");
        self.status.send_modify(|status| status.created += 1);
        Ok(())
    }

    fn turn(&self, state: State) {
        let service = self.log.service();
        self.status.send_if_modified(|status| {
            if status.state == state {
                return false;
            }
            match &state {
                State::Standby => tracing::info!("the relay of {service} stands by"),
                State::Active => tracing::info!("the relay of {service} publishes"),
                State::Away(what) => tracing::warn!("the relay of {service} tries again: {what}"),
                State::Alarm(what) => tracing::error!("the relay of {service} stopped: {what}"),
            }
            status.state = state;
            true
        });
    }

    fn reached(&self, position: u64, oldest_unpublished: Option<Timestamp>) {
        self.status.send_if_modified(|status| {
            let changed = status.position != position || status.oldest_unpublished != oldest_unpublished;
            (status.position, status.oldest_unpublished) = (position, oldest_unpublished);
            changed
        });
    }

    /// While nothing is published, what waits grows older.
    async fn note_oldest(&self) -> Result<(), StoreError> {
        let position = self.status.borrow().position;
        let next = self.log.read_all(position + 1, 1).await?;
        self.reached(position, next.first().map(|event| event.recorded_at));
        Ok(())
    }
}

/// A relay that is dropped stands by: what waits is another one's to tell.
struct StandBy<'a>(&'a watch::Sender<Status>);

impl Drop for StandBy<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|status| (status.state, status.oldest_unpublished) = (State::Standby, None));
    }
}

/// Whether a stream has every message from the first on.
fn is_whole(stream: &Stream) -> bool {
    let state = &stream.cached_info().state;
    state.messages == state.last_sequence && (state.messages == 0 || state.first_sequence == 1)
}

/// A page in parts that are sent well within the time for their answers.
fn parts(page: &[RecordedEvent]) -> impl Iterator<Item = &[RecordedEvent]> {
    let mut size = 0;
    page.chunk_by(move |event, next| {
        size += event.payload.len();
        let room = size + next.payload.len() <= BATCH_BYTES_MAX;
        size = if room { size } else { 0 };
        room
    })
}

/// Whether each event fits the one before.
fn fits(mut previous: [u8; 32], page: &[RecordedEvent]) -> Result<(), Trouble> {
    for event in page {
        if chain::hash(&previous, event) != event.chain_hash {
            let what =
                format!("event {} of the log does not fit what is published before it", event.position);
            return Err(Trouble::Alarm(what));
        }
        previous = event.chain_hash;
    }
    Ok(())
}
