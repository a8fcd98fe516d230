//! Follows the logs: each feeds its pages to one task per generation, which folds them, and writes them if this
//! process is the one that writes.

mod follower;

use std::sync::Arc;
use std::time::Duration;

use eventstore::store::Head;
use eventstore::{Feed, RecordedEvent, SharedSource, StoreError};
use shell::consumers::Consumer;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::follower::Follower;
pub(crate) use self::follower::TAIL_EVENTS_STANDING_BY_MAX;
use crate::generation::Generation;
use crate::projection::{Projection, Reach, progress};
use crate::store::Store;

/// As what it is known among the consumers, once for each log.
const CONSUMER: &str = "scorecard";
/// Pages that wait to be folded, all logs together.
const PAGES_WAITING_MAX: usize = 8;
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What a log feeds.
enum Fed {
    /// Its next events.
    Page(&'static str, Vec<RecordedEvent>),
    /// It cannot be read any further.
    Broken(&'static str, String),
    /// It is to be followed again from where it had stopped.
    Resumed(&'static str),
}

/// A generation that is followed, and how.
#[derive(Clone)]
pub(crate) struct Following {
    pub(crate) projection: Arc<Projection>,
    pub(crate) generation: Arc<Generation>,
    pub(crate) store: Store,
    /// Whether this process writes the database.
    pub(crate) writes: bool,
    /// Whether it is the generation that is read: the one that is shown among the consumers.
    pub(crate) is_read: bool,
    pub(crate) stop: CancellationToken,
}

impl Following {
    /// Follows the logs until it is told to stop: returns when what it has folded is written.
    pub(crate) async fn run(self) {
        let (sender, receiver) = mpsc::channel(PAGES_WAITING_MAX);
        let (committed, _) = watch::channel(progress(&self.generation));
        let tasks = TaskTracker::new();
        for source in self.projection.heads().sources() {
            let register = || self.projection.consumers().register(CONSUMER, source.clone());
            let feeding = Feeding {
                projection: self.projection.clone(),
                generation: self.generation.clone(),
                source: source.clone(),
                consumer: self.is_read.then(register),
                follower: sender.clone(),
                committed: committed.subscribe(),
            };
            let stop = self.stop.clone();
            tasks.spawn(async move { stop.run_until_cancelled(feeding.run()).await });
        }
        drop(sender);
        Follower { following: self, committed, tasks: tasks.clone() }.run(receiver).await;
        tasks.close();
        tasks.wait().await;
    }
}

/// One log on its way to the follower.
struct Feeding {
    projection: Arc<Projection>,
    generation: Arc<Generation>,
    source: SharedSource,
    /// As what it is shown.
    consumer: Option<Arc<Consumer>>,
    follower: mpsc::Sender<Fed>,
    /// How far each log is folded and written.
    committed: watch::Receiver<Reach>,
}

impl Feeding {
    /// Feeds the log until the follower is gone. Where it cannot go on it stops, and goes on when it is told to.
    async fn run(mut self) {
        let service = self.source.service();
        while let Some(alarm) = self.feed().await {
            match &self.consumer {
                Some(consumer) => consumer.stopped(&alarm).await,
                None => return,
            }
            if self.follower.send(Fed::Resumed(service)).await.is_err() {
                return;
            }
            let goes_on = |reach: &Reach| reach.get(service).is_none_or(|reached| reached.alarm.is_empty());
            if self.committed.wait_for(goes_on).await.is_err() {
                return;
            }
        }
    }

    /// Feeds from where the facts are; gives why it cannot go on, or none: the follower is gone.
    async fn feed(&mut self) -> Option<String> {
        let service = self.source.service();
        if let Err(alarm) = self.recognise().await {
            return Some(alarm);
        }
        let reached =
            self.generation.read(|folded| folded.reached.get(service).map_or(0, |reached| reached.position));
        if let Some(consumer) = &self.consumer {
            consumer.reached(reached);
        }
        let mut feed = self.source.subscribe(&self.projection.feed_name(), reached + 1);
        loop {
            tokio::select! {
                page = feed.next() => match page {
                    Ok(page) => self.follower.send(Fed::Page(service, page)).await.ok()?,
                    Err(error @ StoreError::Database(_)) => {
                        tracing::warn!(%error, "the log of {service} is away; trying again");
                        tokio::time::sleep(RETRY_AFTER).await;
                    }
                    Err(error) => {
                        self.follower.send(Fed::Broken(service, error.to_string())).await.ok()?;
                        let stopped =
                            |reach: &Reach| reach.get(service).is_some_and(|reached| !reached.alarm.is_empty());
                        return Some(self.committed.wait_for(stopped).await.ok()?.get(service)?.alarm.clone());
                    }
                },
                changed = self.committed.changed() => {
                    changed.ok()?;
                    let reached = self.committed.borrow_and_update().get(service).cloned().unwrap_or_default();
                    self.dealt_with(&mut *feed, reached.position).await;
                    if !reached.alarm.is_empty() {
                        return Some(reached.alarm);
                    }
                }
            }
        }
    }

    /// Tells the log, and whoever looks, what is dealt with.
    async fn dealt_with(&self, feed: &mut dyn Feed, position: u64) {
        if let Some(consumer) = &self.consumer {
            consumer.reached(position);
        }
        if let Err(error) = feed.done(position).await {
            let service = self.source.service();
            tracing::warn!(%error, "{service} was not told what the scorecard has dealt with");
        }
    }

    /// Sees whether the log is the one that the facts come from; asks for a rebuild, and says why, if it is not.
    async fn recognise(&self) -> Result<(), String> {
        let service = self.source.service();
        let position =
            self.generation.read(|folded| folded.reached.get(service).map_or(0, |reached| reached.position));
        let head = loop {
            match self.end(position).await {
                Ok(head) => break head,
                Err(error) => tracing::warn!(%error, "the log of {service} is away; trying again"),
            }
            tokio::time::sleep(RETRY_AFTER).await;
        };
        let known = {
            let mut epochs = self.generation.epochs.lock();
            if position == 0 {
                epochs.insert(service, head.epoch);
            }
            *epochs.entry(service).or_insert(head.epoch)
        };
        let misfit = if known != head.epoch {
            format!("the log of {service} is another one")
        } else if head.position < position {
            format!("the log of {service} ends at {}, and facts are of up to {position}", head.position)
        } else {
            return Ok(());
        };
        let alarm = self.generation.change(|folded| folded.stop(service, &misfit));
        self.projection.publish(&self.generation);
        tracing::warn!("the scorecard is BUILT ANEW from the logs: {alarm}");
        self.projection.rebuilds().ask();
        Err(alarm)
    }

    /// Where the log ends, as far as it is published; the facts are of up to `position`, which may be more.
    async fn end(&self, position: u64) -> Result<Head, StoreError> {
        let published = self.source.published().await?;
        if published.position >= position { Ok(published) } else { self.source.head().await }
    }
}
