//! Others' facts become this service's commands, once each however often they are delivered.

use std::time::Duration;

use contract::status::Failure;
use eventstore::lease::while_held;
use eventstore::{Call, Checkpoint, EventStore, Metadata, RecordedEvent, SharedSource, StoreError};
use tracing::{Instrument as _, Span};
use uuid::Uuid;

use crate::Tasks;
use crate::consumers::Consumer;

const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What a service does about another's facts.
pub trait Reaction: Send + Sync + 'static {
    /// Names the consumer, e.g. `evaluation-from-complaints`; under 32 characters, no dots.
    const CONSUMER: &'static str;
    /// What it does about which facts: its lines of `docs/reactions.md`.
    const EFFECTS: &'static [Effect];

    /// Acts on one event by commands whose request ids come from [`call`], so that a second delivery changes
    /// nothing. A rule that refuses is an outcome, not a failure.
    fn act(&self, event: &RecordedEvent) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// What one kind of fact leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// The fact, as `service.Event`, e.g. `complaints.ComplaintOverdue`.
    pub fact: &'static str,
    /// The acting service's event that follows, e.g. `EntryRecorded`.
    pub then: &'static str,
    /// The facts that undo it, as `service.Event`; may be empty.
    pub undone_by: &'static [&'static str],
    /// The acting service's event that undoes it; empty: nothing does.
    pub undo: &'static str,
}

/// A reaction as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    /// Its consumer.
    pub consumer: &'static str,
    /// What it does about which facts.
    pub effects: &'static [Effect],
}

/// A reaction as it is drawn.
pub const fn drawn<R: Reaction>() -> Drawn {
    Drawn { consumer: R::CONSUMER, effects: R::EFFECTS }
}

/// Starts a reaction: it is given each event of `source`, in order, in one process of the acting service at a
/// time. How far it has come is kept in that service's own database. An event that it cannot read stops it,
/// loudly; what may pass is tried again. A source that is another log than before stops it, too: told to go on, it
/// begins at that log's first event, and what it did about the same facts before is not done again.
pub fn start<R: Reaction>(reaction: R, source: SharedSource, store: EventStore, tasks: &Tasks) {
    let stop = tasks.stop.clone();
    let consumer = tasks.consumers.register(R::CONSUMER, source);
    tasks.tracker.spawn(async move {
        while_held(&store, R::CONSUMER, &stop, || run(&reaction, &consumer, &store)).await;
    });
}

async fn run<R: Reaction>(reaction: &R, consumer: &Consumer, store: &EventStore) {
    let mut accepted = None;
    loop {
        let stopped = follow(reaction, consumer, store, accepted).await;
        consumer.stopped(&stopped.alarm).await;
        accepted = stopped.another;
    }
}

/// Why a reaction stopped.
struct Stopped {
    alarm: String,
    /// The epoch of its source, if that is another log than before.
    another: Option<Uuid>,
}

impl From<String> for Stopped {
    fn from(alarm: String) -> Self {
        Self { alarm, another: None }
    }
}

/// Acts on each event from where it had come, in a log that is `accepted` from its first; returns why it cannot go
/// on.
async fn follow<R: Reaction>(
    reaction: &R,
    registered: &Consumer,
    store: &EventStore,
    accepted: Option<Uuid>,
) -> Stopped {
    let (consumer, source) = (R::CONSUMER, registered.source());
    let (epoch, reached) = loop {
        match (source.published().await, store.checkpoint(consumer).await) {
            (Ok(head), Ok(reached)) => break (head.epoch, reached),
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!(%error, "{consumer} cannot read how far it had come; trying again");
            }
        }
        tokio::time::sleep(RETRY_AFTER).await;
    };
    let before = reached.map_or(epoch, |reached| reached.epoch);
    if before != epoch && accepted != Some(epoch) {
        let alarm = format!("its source is another log than before: store epoch {epoch}, not {before}");
        return Stopped { alarm, another: Some(epoch) };
    }
    let reached = reached.filter(|_| before == epoch).map_or(0, |reached| reached.position);
    registered.reached(reached);
    let mut feed = source.subscribe(consumer, reached + 1);
    loop {
        let page = match feed.next().await {
            Ok(page) => page,
            Err(error @ StoreError::Database(_)) => {
                tracing::warn!(%error, "{consumer} cannot read its source; trying again");
                tokio::time::sleep(RETRY_AFTER).await;
                continue;
            }
            Err(error) => return error.to_string().into(),
        };
        for event in &page {
            if let Err(failure) =
                act(reaction, event).instrument(span(consumer, source.service(), event)).await
            {
                return format!("at {}:{}: {failure:?}", source.service(), event.position).into();
            }
        }
        let Some(last) = page.last() else { continue };
        let checkpoint = Checkpoint { position: last.position, epoch };
        while let Err(error) = store.set_checkpoint(consumer, checkpoint).await {
            tracing::warn!(%error, "{consumer} cannot record how far it has come; trying again");
            tokio::time::sleep(RETRY_AFTER).await;
        }
        registered.reached(last.position);
        if let Err(error) = feed.done(last.position).await {
            tracing::warn!(%error, "the source was not told what {consumer} has dealt with");
        }
    }
}

/// What is logged while a fact is acted on belongs together, and names the trace that the fact came of: a link, not a
/// parent, since it may be acted on long after.
fn span(consumer: &'static str, service: &'static str, event: &RecordedEvent) -> Span {
    let link = event.traceparent.split(' ').next().unwrap_or_default();
    tracing::info_span!("reaction", consumer, service, position = event.position, event.id = %event.event_id, link)
}

/// Acts on one event until it is done or can never be.
async fn act<R: Reaction>(reaction: &R, event: &RecordedEvent) -> Result<(), Failure> {
    loop {
        match reaction.act(event).await {
            Ok(()) => return Ok(()),
            Err(Failure::Refused { rule, message, .. }) => {
                tracing::info!(position = event.position, rule, "{}: nothing to do: {message}", R::CONSUMER);
                return Ok(());
            }
            Err(Failure::Conflict { .. } | Failure::Exhausted(_) | Failure::Unavailable(_)) => {
                tokio::time::sleep(RETRY_AFTER).await;
            }
            Err(failure @ (Failure::BadField(_) | Failure::Internal)) => return Err(failure),
        }
    }
}

/// The frame of a command that `cause` causes. `part` tells several commands of one cause apart.
pub fn call(cause: &RecordedEvent, consumer: &str, part: &str) -> Call {
    let request_id = Uuid::new_v5(&cause.event_id, format!("{consumer}/{part}").as_bytes());
    Call {
        request_id,
        fingerprint: [0; 32],
        metadata: Metadata {
            actor: consumer.to_owned(),
            jurisdiction: cause.jurisdiction.clone(),
            occurred_at: cause.occurred_at,
            correlation_id: cause.correlation_id,
            causation_id: cause.event_id,
            traceparent: cause.traceparent.clone(),
        },
    }
}
