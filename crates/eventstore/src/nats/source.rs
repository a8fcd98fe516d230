//! Where consumers get a service's events from, when they are published: pulled from JetStream, with what is
//! missing there read from the owner.
//!
//! A feed keeps its own place: the position that comes next. What is older is dropped, a gap is filled by the
//! owner's `ReadEvents`; so it does not matter what the server redelivers, drops or forgets, nor whether the
//! stream is made again: the consumer on the server is made anew at the feed's place whenever the pull breaks. While
//! there is no connection to NATS, everything is read from the owner. What the owner read must follow by its chain hash
//! what came before, and be followed by what comes after: a log that was restored from an older copy is noticed.
//!
//! Two kinds of consumers, told apart by their name:
//!
//! - `evaluation-from-complaints`, a reaction: one is active at a time (it holds a lease in its own service's
//!   database), so there is one *durable* consumer, acknowledged once the reaction has recorded its checkpoint.
//!   What is not acknowledged is what an operator sees as its lag on the server.
//! - any other name, a model: each process needs every event, so each feed has a consumer of its own, named after
//!   the process, kept in memory and forgotten by the server when it is not pulled from for a while. There is
//!   nothing to acknowledge: its place is in its own checkpoint, or it begins at 1.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_nats::jetstream::consumer::pull::{self, Stream};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use async_nats::jetstream::{self, Message};
use async_trait::async_trait;
use futures::{FutureExt as _, StreamExt as _};
use tokio::time::timeout;
use uuid::Uuid;

use super::jetstream::{epoch, find, last, name};
use super::message::{self, Received};
use super::{Away, Nats};
use crate::chain;
use crate::event::RecordedEvent;
use crate::source::{Feed, Source};
use crate::store::{Head, LogReader, PAGE_EVENTS_MAX, StoreError};

/// The server is heard of at least this often; twice as long without, and the pull is made anew.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// A pull is renewed after this.
const PULL_EXPIRES: Duration = Duration::from_secs(30);
/// An owner that does not say within this where its log ends is away.
const OWNER_TIMEOUT: Duration = Duration::from_secs(1);
/// While NATS is away, the owner is asked this often for what is new.
const OWNER_POLL: Duration = Duration::from_millis(200);
/// Messages that are pulled ahead.
const PULLED_MAX: usize = 4 * PAGE_EVENTS_MAX;
/// A consumer of a process that is gone is forgotten after this.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(5);
/// Pages handed out and not acknowledged yet that are remembered.
const REPLIES_MAX: usize = 64;

/// A page of a log, as its owner reads it.
#[derive(Debug, Clone)]
pub struct Page {
    /// In order.
    pub events: Vec<RecordedEvent>,
    /// Where the log ends.
    pub head: Head,
}

/// Reads a service's events from their owner, where JetStream lacks them.
#[async_trait]
pub trait Filler: Send + Sync + 'static {
    /// Up to `limit` events from a position on; beyond the end: none.
    async fn read(&self, from_position: u64, limit: usize) -> Result<Page, StoreError>;
}

#[async_trait]
impl Filler for LogReader {
    async fn read(&self, from_position: u64, limit: usize) -> Result<Page, StoreError> {
        let mut head = self.head().await?;
        if from_position > head.position {
            return Ok(Page { events: vec![], head });
        }
        let events = self.read_all(from_position, limit).await?;
        // Of what was recorded since.
        if let Some(last) = events.last().filter(|last| last.position > head.position) {
            head = Head { position: last.position, chain_hash: last.chain_hash, ..head };
        }
        Ok(Page { events, head })
    }
}

/// A service's events, as they are published.
#[derive(Clone)]
pub struct NatsSource {
    service: &'static str,
    nats: Nats,
    filler: Arc<dyn Filler>,
    process: Arc<str>,
    /// The store epoch of all events that this process has seen of the service.
    epoch: Arc<OnceLock<Uuid>>,
}

impl NatsSource {
    /// The events of `service`; `process` names this process among its replicas: letters, digits, `-`, `_`.
    pub fn new(service: &'static str, nats: Nats, filler: Arc<dyn Filler>, process: &str) -> Self {
        Self { service, nats, filler, process: process.into(), epoch: Arc::default() }
    }

    fn config(&self, consumer: &str, from_position: u64) -> pull::Config {
        let shared = consumer.contains("-from-");
        let name = if shared { consumer.to_owned() } else { format!("{consumer}-{}", self.process) };
        pull::Config {
            durable_name: Some(name),
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from_position },
            ack_policy: if shared { AckPolicy::All } else { AckPolicy::None },
            max_ack_pending: if shared { -1 } else { 0 },
            inactive_threshold: if shared { Duration::ZERO } else { FORGOTTEN_AFTER },
            memory_storage: !shared,
            num_replicas: usize::from(!shared),
            ..pull::Config::default()
        }
    }

    async fn stream(&self) -> Result<jetstream::stream::Stream, Away> {
        let stream = find(&self.nats, self.service).await?;
        stream.ok_or_else(|| Away(format!("there is no stream {} yet", name(self.service))))
    }
}

#[async_trait]
impl Source for NatsSource {
    fn service(&self) -> &'static str {
        self.service
    }

    /// As its owner says.
    async fn head(&self) -> Result<Head, StoreError> {
        let beyond = self.filler.read(u64::MAX, 1);
        Ok(timeout(OWNER_TIMEOUT, beyond).await.map_err(StoreError::database)??.head)
    }

    /// Where the stream ends; while NATS is away, the log.
    async fn published(&self) -> Result<Head, StoreError> {
        if timeout(OWNER_POLL, self.nats.connected()).await.is_err()
            && let Ok(head) = self.head().await
        {
            return Ok(head);
        }
        let stream = self.stream().await?;
        match last(&stream).await? {
            Some(Ok(Received { event, epoch })) => {
                Ok(Head { position: event.position, chain_hash: event.chain_hash, epoch })
            }
            Some(Err(what)) => {
                Err(StoreError::Corrupt { position: stream.cached_info().state.last_sequence, what })
            }
            None => {
                let epoch = epoch(&stream.cached_info().config);
                let epoch = epoch.ok_or_else(|| Away("the stream names no store epoch".to_owned()))?;
                Ok(Head { position: 0, chain_hash: chain::GENESIS, epoch })
            }
        }
    }

    fn subscribe(&self, consumer: &str, from_position: u64) -> Box<dyn Feed> {
        Box::new(Pulled {
            source: self.clone(),
            consumer: consumer.to_owned(),
            next_position: from_position.max(1),
            last_hash: (from_position <= 1).then_some(chain::GENESIS),
            owner_read: false,
            messages: None,
            broken: None,
            held: None,
            ready: Vec::new(),
            replies: VecDeque::new(),
        })
    }
}

/// A feed's place, and the pull that it has its messages from.
struct Pulled {
    source: NatsSource,
    consumer: String,
    next_position: u64,
    /// Chain hash of the event before that, where it is known.
    last_hash: Option<[u8; 32]>,
    /// Whether that event was read by the owner.
    owner_read: bool,
    messages: Option<Stream>,
    /// What came cannot be handed out, ever.
    broken: Option<StoreError>,
    /// An event beyond a gap that is being filled.
    held: Option<Received>,
    /// In order, to be handed out.
    ready: Vec<RecordedEvent>,
    /// Where each page that was handed out is acknowledged.
    replies: VecDeque<(u64, async_nats::Subject)>,
}

#[async_trait]
impl Feed for Pulled {
    async fn next(&mut self) -> Result<Vec<RecordedEvent>, StoreError> {
        loop {
            if let Some(held) = &self.held {
                let (missing, position) = (self.next_position, held.event.position);
                self.fill(missing, position).await?;
            }
            if !self.ready.is_empty() {
                return Ok(std::mem::take(&mut self.ready));
            }
            if let Some(error) = &self.broken {
                return Err(error.clone());
            }
            let nats = self.source.nats.clone();
            if timeout(OWNER_POLL, nats.connected()).await.is_err() {
                self.read().await?;
                continue;
            }
            tokio::select! {
                pulled = self.pull() => pulled?,
                _ = nats.lost() => self.messages = None,
            }
        }
    }

    /// Acknowledges, on the server too, where it keeps what was dealt with.
    async fn done(&mut self, position: u64) -> Result<(), StoreError> {
        let mut reply = None;
        while self.replies.front().is_some_and(|(reached, _)| *reached <= position) {
            reply = self.replies.pop_front();
        }
        let Some((_, reply)) = reply else { return Ok(()) };
        let client = self.source.nats.jetstream.client();
        Ok(client.publish(reply, "+ACK".into()).await.map_err(Away::because)?)
    }
}

impl Pulled {
    /// Waits for messages, and takes those that are there.
    async fn pull(&mut self) -> Result<(), StoreError> {
        if self.messages.is_none() {
            self.messages = Some(self.consume().await?);
        }
        let Some(messages) = &mut self.messages else { return Ok(()) };
        let mut message = messages.next().await;
        let mut reply = None;
        loop {
            let taken = match message {
                Some(Ok(message)) => message,
                Some(Err(error)) => {
                    self.messages = None;
                    if self.ready.is_empty() {
                        return Err(Away::because(error).into());
                    }
                    break;
                }
                None => {
                    self.messages = None;
                    break;
                }
            };
            match self.take(&taken) {
                Ok(Some(position)) => reply = taken.reply.clone().map(|reply| (position, reply)),
                Ok(None) => {}
                Err(error) => {
                    self.broken = Some(error);
                    break;
                }
            }
            if self.held.is_some() || self.ready.len() >= PAGE_EVENTS_MAX {
                break;
            }
            let Some(messages) = &mut self.messages else { break };
            let Some(next) = messages.next().now_or_never() else { break };
            message = next;
        }
        if self.consumer.contains("-from-") {
            self.replies.extend(reply);
            let excess = self.replies.len().saturating_sub(REPLIES_MAX);
            self.replies.drain(..excess);
        }
        Ok(())
    }

    /// Takes one message: gives its position if it is the next.
    fn take(&mut self, message: &Message) -> Result<Option<u64>, StoreError> {
        let corrupt = |position, what| StoreError::Corrupt { position, what };
        let headers = message.headers.as_ref();
        let received = headers.map(|headers| message::read(headers, &message.payload));
        let received = received.unwrap_or_else(|| Err("the message has no headers".to_owned()));
        let received = received.map_err(|what| corrupt(self.next_position, what))?;
        let sequence = message.info().map(|info| info.stream_sequence).unwrap_or_default();
        let position = received.event.position;
        if sequence != position {
            return Err(corrupt(position, format!("it came as message {sequence}")));
        }
        self.recognise(received.epoch, position)?;
        if position < self.next_position {
            return Ok(None);
        }
        if position > self.next_position {
            self.held = Some(received);
            return Ok(None);
        }
        self.push(received.event, false)?;
        Ok(Some(position))
    }

    /// Sees whether what is at `position` comes from the log that all came from before.
    fn recognise(&self, epoch: Uuid, position: u64) -> Result<(), StoreError> {
        // What is in memory here may be of events that the other log does not have.
        if *self.source.epoch.get_or_init(|| epoch) == epoch {
            return Ok(());
        }
        let what =
            "it comes from another log, of another store epoch: this process must start again".to_owned();
        Err(StoreError::Corrupt { position, what })
    }

    /// Reads from the owner what is new.
    async fn read(&mut self) -> Result<(), StoreError> {
        let page = self.source.filler.read(self.next_position, PAGE_EVENTS_MAX).await?;
        self.keep(page)
    }

    /// Reads from the owner what is missing before the event that is held.
    async fn fill(&mut self, missing: u64, held: u64) -> Result<(), StoreError> {
        let service = self.source.service;
        tracing::info!("{}: reading {service}:{missing} up to {held} from its owner", self.consumer);
        let gap = usize::try_from(held - missing).unwrap_or(usize::MAX);
        let page = self.source.filler.read(missing, gap.min(PAGE_EVENTS_MAX)).await?;
        if page.events.is_empty() {
            return Err(StoreError::Gap { after: missing - 1, found: held });
        }
        self.keep(page)?;
        if self.next_position == held
            && let Some(held) = self.held.take()
        {
            self.push(held.event, false)?;
        }
        Ok(())
    }

    /// Keeps what the owner read, to be handed out.
    fn keep(&mut self, page: Page) -> Result<(), StoreError> {
        self.recognise(page.head.epoch, self.next_position)?;
        for event in page.events {
            if event.position != self.next_position {
                return Err(StoreError::Gap { after: self.next_position - 1, found: event.position });
            }
            self.push(event, true)?;
        }
        Ok(())
    }

    /// Takes the next event, to be handed out. The relay sees to it that published events follow one another.
    fn push(&mut self, event: RecordedEvent, owner_read: bool) -> Result<(), StoreError> {
        if (owner_read || self.owner_read)
            && let Some(last_hash) = &self.last_hash
            && chain::hash(last_hash, &event) != event.chain_hash
        {
            let what =
                "it does not follow what came before, as of a log that was restored from an older copy";
            return Err(StoreError::Corrupt { position: event.position, what: what.to_owned() });
        }
        (self.last_hash, self.owner_read) = (Some(event.chain_hash), owner_read);
        self.next_position += 1;
        self.ready.push(event);
        Ok(())
    }

    /// Makes the consumer at this feed's place, and pulls from it.
    async fn consume(&self) -> Result<Stream, Away> {
        let stream = self.source.stream().await?;
        let config = self.source.config(&self.consumer, self.next_position);
        let name = config.durable_name.clone().unwrap_or_default();
        // What is left of an earlier one may be elsewhere, or may have handed out what was never seen.
        let _ = stream.delete_consumer(&name).await;
        let consumer: jetstream::consumer::PullConsumer =
            stream.create_consumer(config).await.map_err(Away::because)?;
        let messages = consumer
            .stream()
            .max_messages_per_batch(PULLED_MAX)
            .heartbeat(HEARTBEAT)
            .expires(PULL_EXPIRES)
            .messages();
        messages.await.map_err(Away::because)
    }
}
