//! Follows the logs: each feeds its pages to one task per generation, which folds them, and writes them if this
//! process is the one that writes.

use std::sync::Arc;
use std::time::Duration;

use contract::token::SERVICES;
use eventstore::{Feed, RecordedEvent, SharedSource, StoreError};
use futures::future::OptionFuture;
use jiff::Timestamp;
use shell::consumers::Consumer;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::fold::Folded;
use crate::generation::Generation;
use crate::history::{Occurrence, Packed};
use crate::projection::{Projection, Reach, progress};
use crate::store::{Checkpoint, Error, Store, Written};

/// As what it is known among the consumers, once for each log.
const CONSUMER: &str = "scorecard";
/// Pages that wait to be folded, all logs together.
const PAGES_WAITING_MAX: usize = 8;
/// A transaction takes no further page once it stands for this many events.
const BATCH_EVENTS_MAX: usize = 8192;
/// So many events wait to be sorted into the past. Who is further behind than that gathers as many in a transaction:
/// a fact that changes with each of them is written once.
const TAIL_EVENTS_MAX: usize = 262_144;
/// So many wait in a replica for the one that writes to sort them in.
const TAIL_EVENTS_STANDING_BY_MAX: usize = 2 * TAIL_EVENTS_MAX;
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
        let head = loop {
            match self.source.head().await {
                Ok(head) => break head,
                Err(error) => tracing::warn!(%error, "the log of {service} is away; trying again"),
            }
            tokio::time::sleep(RETRY_AFTER).await;
        };
        let position =
            self.generation.read(|folded| folded.reached.get(service).map_or(0, |reached| reached.position));
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
}

/// What is folded together, and then written in one transaction.
#[derive(Default)]
struct Batch {
    /// The events as they came; none: all the newest are sorted in, or another process writes.
    recent: Option<Packed>,
    events: usize,
    /// So many make it full; 0: it has not begun.
    events_max: usize,
}

impl Batch {
    fn is_begun(&self) -> bool {
        self.events_max > 0
    }

    /// Whether it waits for more than there is: much is missing.
    fn gathers(&self) -> bool {
        self.events_max > BATCH_EVENTS_MAX
    }
}

struct Follower {
    following: Following,
    committed: watch::Sender<Reach>,
    tasks: TaskTracker,
}

impl Follower {
    /// Folds until it is told to stop, and writes what was folded while it folds what comes next; what it has folded
    /// by then is written.
    async fn run(self, mut fed: mpsc::Receiver<Fed>) {
        let stop = &self.following.stop;
        let (mut batch, mut differences) = (Batch::default(), String::new());
        let (mut goes_on, mut writing) = (true, None);
        while goes_on || batch.is_begun() || writing.is_some() {
            let is_whole = !goes_on || self.is_whole(&batch, fed.is_empty());
            if writing.is_none() && batch.is_begun() && is_whole {
                self.tell_of(&mut differences);
                writing = self.commit(std::mem::take(&mut batch));
                if writing.is_none() {
                    return;
                }
            }
            tokio::select! {
                biased;
                Some(written) = OptionFuture::from(writing.as_mut()) => {
                    writing = None;
                    if !matches!(written, Ok(true)) {
                        return;
                    }
                }
                () = stop.cancelled(), if goes_on => goes_on = false,
                next = fed.recv(), if goes_on && !self.is_full(&batch) => match next {
                    Some(next) => self.take(next, &mut batch),
                    None => goes_on = false,
                },
                else => {}
            }
        }
    }

    /// Whether a batch takes no more.
    fn is_full(&self, batch: &Batch) -> bool {
        batch.is_begun() && (batch.events >= batch.events_max || (batch.gathers() && self.has_stopped()))
    }

    /// Whether a batch is to be written as it is: it is full, or all that there is.
    fn is_whole(&self, batch: &Batch, is_all: bool) -> bool {
        self.is_full(batch) || (is_all && !batch.gathers())
    }

    /// Whether more events are missing than are written in one transaction.
    fn is_far_behind(&self) -> bool {
        let reached = self.following.generation.positions();
        let heads = self.following.projection.heads().known();
        let missing = heads.iter().map(|(service, head)| {
            head.position.saturating_sub(reached.get(service).copied().unwrap_or_default())
        });
        usize::try_from(missing.sum::<u64>()).is_ok_and(|missing| missing > TAIL_EVENTS_MAX)
            && !self.has_stopped()
    }

    /// Whether a log goes no further: nobody waits for it then.
    fn has_stopped(&self) -> bool {
        self.following
            .generation
            .read(|folded| folded.reached.values().any(|reached| !reached.alarm.is_empty()))
    }

    /// Folds what was fed.
    fn take(&self, fed: Fed, batch: &mut Batch) {
        let Following { projection, generation, writes, .. } = &self.following;
        if !batch.is_begun() {
            let far_behind = self.is_far_behind();
            batch.events_max = if far_behind { TAIL_EVENTS_MAX } else { BATCH_EVENTS_MAX };
            batch.recent = (*writes && !far_behind).then(Packed::default);
        }
        match fed {
            Fed::Page(service, page) => self.fold(service, &page, batch),
            Fed::Broken(service, what) => {
                alarm(&generation.change(|folded| folded.stop(service, &format!("{service}: {what}"))));
            }
            Fed::Resumed(service) => generation.change(|folded| folded.go_on(service)),
        }
        projection.publish(generation);
    }

    fn fold(&self, service: &'static str, page: &[RecordedEvent], batch: &mut Batch) {
        let generation = &self.following.generation;
        let stopped = |folded: &Folded| folded.reached.get(service).is_some_and(|at| !at.alarm.is_empty());
        if generation.read(stopped) {
            return;
        }
        batch.events += page.len();
        let mut tail = generation.tail.lock();
        let taken = generation.change(|folded| {
            page.iter().try_for_each(|event| {
                if folded.take(service, event)? {
                    let event = Occurrence::of(service, event);
                    tail.push(&event);
                    if let Some(recent) = &mut batch.recent {
                        recent.push(&event);
                    }
                }
                Ok(())
            })
        });
        drop(tail);
        if let Err(what) = taken {
            let what: String = what;
            alarm(&what);
        }
    }

    /// Tells when the arithmetic begins to differ from evaluation's.
    fn tell_of(&self, differences: &mut String) {
        let found = self.following.generation.read(|folded| folded.facts.differences());
        if found != *differences {
            tracing::error!("the scorecard's arithmetic and evaluation's differ: {found}");
            *differences = found;
        }
    }

    /// Begins to write what was folded, or to stand by; then those who feed are told. It ends with whether to go on;
    /// none: not at all.
    fn commit(&self, batch: Batch) -> Option<JoinHandle<bool>> {
        let following = self.following.clone();
        let written = match following.writes.then(|| following.gather(batch.recent)).transpose() {
            Ok(written) => written,
            Err(error) => {
                following.stop_all(&format!("its facts cannot be written: {error}"));
                self.committed.send_replace(progress(&following.generation));
                return None;
            }
        };
        if written.is_none() {
            following.generation.change(|folded| folded.facts.forget_changes());
        }
        let (reached, committed) = (progress(&following.generation), self.committed.clone());
        Some(self.tasks.spawn(async move {
            let goes_on = match written {
                Some(written) => following.write(&written).await,
                None => following.stand_by().await,
            };
            if goes_on {
                committed.send_replace(reached);
            }
            goes_on
        }))
    }
}

impl Following {
    /// What changed, and the newest events: as they came, or sorted in if they were not packed.
    fn gather(&self, recent: Option<Packed>) -> Result<Written, serde_json::Error> {
        let changes = self.generation.change(|folded| folded.facts.take_changes())?;
        let sorted = {
            let mut tail = self.generation.tail.lock();
            (recent.is_none() || tail.events() >= TAIL_EVENTS_MAX).then(|| tail.seal())
        };
        let recent = recent.map_or_else(Vec::new, Packed::into_bytes);
        Ok(Written { changes, checkpoints: self.checkpoints(), recent, sorted })
    }

    /// Whether to go on. What is not written, since it is told to stop or since another process writes now, comes
    /// again from the logs.
    async fn write(&self, written: &Written) -> bool {
        let Self { generation, store, stop, .. } = self;
        while let Err(error) = store.write(generation.number(), written).await {
            tracing::warn!(%error, "the scorecard's facts were not written");
            let again = !matches!(error, Error::NotTheWriter)
                && stop.run_until_cancelled(tokio::time::sleep(RETRY_AFTER)).await.is_some();
            if !again {
                generation.unwritten.cancel();
                return false;
            }
        }
        if written.sorted.is_some() {
            let reached = written.checkpoints.iter().filter_map(|checkpoint| {
                let service = SERVICES.into_iter().find(|service| *service == checkpoint.service)?;
                Some((service, checkpoint.position))
            });
            generation.tail.lock().sorted(reached.collect());
        }
        true
    }

    /// Another process writes. What it has sorted in is forgotten here; if it is far behind, it is waited for.
    async fn stand_by(&self) -> bool {
        let Self { generation, store, stop, .. } = self;
        while generation.tail.lock().events() >= TAIL_EVENTS_STANDING_BY_MAX {
            match store.sorted().await {
                Ok(sorted) => {
                    let sorted = generation.of_the_same_logs(&sorted).unwrap_or_default();
                    if let Err(error) = generation.tail.lock().forget(&sorted) {
                        return self.stop_all(&error.to_string());
                    }
                }
                Err(error) => tracing::warn!(%error, "trying again"),
            }
            let full = generation.tail.lock().events() >= TAIL_EVENTS_STANDING_BY_MAX;
            if full && stop.run_until_cancelled(tokio::time::sleep(RETRY_AFTER)).await.is_none() {
                return false;
            }
        }
        true
    }

    fn checkpoints(&self) -> Vec<Checkpoint> {
        let generation = &self.generation;
        let epochs = generation.epochs.lock().clone();
        let checkpoint = |folded: &Folded, service: &'static str, epoch| {
            let reached = folded.reached.get(service).filter(|reached| reached.position > 0)?;
            Some(Checkpoint {
                service: service.to_owned(),
                position: reached.position,
                recorded_at: reached.recorded_at.unwrap_or(Timestamp::UNIX_EPOCH),
                epoch,
                sorted: 0,
            })
        };
        generation.read(|folded| {
            epochs.into_iter().filter_map(|(service, epoch)| checkpoint(folded, service, epoch)).collect()
        })
    }

    fn stop_all(&self, what: &str) -> bool {
        let Self { projection, generation, .. } = self;
        for source in projection.heads().sources() {
            alarm(&generation.change(|folded| folded.stop(source.service(), what)));
        }
        projection.publish(generation);
        false
    }
}

fn alarm(what: &str) {
    tracing::error!("the scorecard no longer follows a log: {what}");
}
