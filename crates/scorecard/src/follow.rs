//! Follows the logs: each feeds its pages to one task per generation, which folds and writes them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use eventstore::{Feed, RecordedEvent, SharedSource, StoreError};
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::fold::Folded;
use crate::generation::Generation;
use crate::history::{Occurrence, Packed};
use crate::projection::Projection;
use crate::store::{Checkpoint, Store, Written};

/// Pages that wait to be folded, all logs together.
const PAGES_WAITING_MAX: usize = 8;
/// A transaction takes no further page once it stands for this many events.
const BATCH_EVENTS_MAX: usize = 8192;
/// So many events wait to be sorted into the past.
const TAIL_EVENTS_MAX: usize = 262_144;
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What a log feeds.
enum Fed {
    /// Its next events.
    Page(&'static str, Vec<RecordedEvent>),
    /// It cannot be read any further.
    Broken(&'static str, String),
}

/// Up to where each log's events are written.
type Committed = BTreeMap<&'static str, u64>;

/// Follows the logs with one generation, until `stop`: returns when what it has folded is written.
pub(crate) async fn follow(
    projection: Arc<Projection>,
    generation: Arc<Generation>,
    store: Store,
    stop: CancellationToken,
) {
    let (sender, receiver) = mpsc::channel(PAGES_WAITING_MAX);
    let (committed, _) = watch::channel(Committed::new());
    let feeds = TaskTracker::new();
    for source in projection.heads().sources() {
        let feeding = Feeding {
            projection: projection.clone(),
            generation: generation.clone(),
            source: source.clone(),
            follower: sender.clone(),
            committed: committed.subscribe(),
        };
        let stop = stop.clone();
        feeds.spawn(async move { stop.run_until_cancelled(feeding.run()).await });
    }
    drop(sender);
    Follower { projection, generation, store, committed, stop }.run(receiver).await;
    feeds.close();
    feeds.wait().await;
}

/// One log on its way to the follower.
struct Feeding {
    projection: Arc<Projection>,
    generation: Arc<Generation>,
    source: SharedSource,
    follower: mpsc::Sender<Fed>,
    committed: watch::Receiver<Committed>,
}

impl Feeding {
    async fn run(mut self) {
        let service = self.source.service();
        self.recognise().await;
        let reached = self.generation.read(|folded| folded.reached.get(service).cloned()).unwrap_or_default();
        if !reached.alarm.is_empty() {
            return;
        }
        let consumer = format!("scorecard-{}", self.generation.number % 2);
        let mut feed = self.source.subscribe(&consumer, reached.position + 1);
        while let Some(fed) = self.next(&mut *feed).await {
            let broken = matches!(fed, Fed::Broken(..));
            if self.follower.send(fed).await.is_err() || broken {
                return;
            }
        }
    }

    /// Sees whether the log is the one that the facts come from; asks for a rebuild if it is not.
    async fn recognise(&self) {
        let service = self.source.service();
        let head = loop {
            match self.source.head().await {
                Ok(head) => break head,
                Err(error) => tracing::warn!(%error, "the log of {service} is away; trying again"),
            }
            tokio::time::sleep(RETRY_AFTER).await;
        };
        let known = self.generation.epochs.lock().insert(service, head.epoch);
        let position =
            self.generation.read(|folded| folded.reached.get(service).map_or(0, |reached| reached.position));
        let misfit = if position > 0 && known.is_some_and(|known| known != head.epoch) {
            format!("the log of {service} is another one")
        } else if head.position < position {
            format!("the log of {service} ends at {}, and facts are of up to {position}", head.position)
        } else {
            return;
        };
        let alarm = self.generation.change(|folded| folded.stop(service, &misfit));
        self.projection.publish(&self.generation);
        tracing::warn!("the scorecard is BUILT ANEW from the logs: {alarm}");
        self.projection.rebuilds().ask();
    }

    /// What comes next; none: nothing more. Meanwhile the log is told what is dealt with.
    async fn next(&mut self, feed: &mut dyn Feed) -> Option<Fed> {
        let service = self.source.service();
        loop {
            let page = tokio::select! {
                page = feed.next() => page,
                changed = self.committed.changed() => {
                    changed.ok()?;
                    let position = self.committed.borrow_and_update().get(service).copied();
                    if let Some(position) = position && let Err(error) = feed.done(position).await {
                        tracing::warn!(%error, "{service} was not told what the scorecard has dealt with");
                    }
                    continue;
                }
            };
            match page {
                Ok(page) => return Some(Fed::Page(service, page)),
                Err(error @ StoreError::Database(_)) => {
                    tracing::warn!(%error, "the log of {service} is away; trying again");
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                Err(error) => return Some(Fed::Broken(service, error.to_string())),
            }
        }
    }
}

struct Follower {
    projection: Arc<Projection>,
    generation: Arc<Generation>,
    store: Store,
    committed: watch::Sender<Committed>,
    stop: CancellationToken,
}

impl Follower {
    /// Folds and writes until it is told to stop; what it has folded by then is written.
    async fn run(mut self, mut feed: mpsc::Receiver<Fed>) {
        let mut differences = String::new();
        while let Some(Some(first)) = self.stop.clone().run_until_cancelled(feed.recv()).await {
            let mut recent = Packed::default();
            let (mut next, mut events) = (Some(first), 0);
            while let Some(fed) = next {
                events += self.take(fed, &mut recent);
                next = if events < BATCH_EVENTS_MAX { feed.try_recv().ok() } else { None };
            }
            let (changes, found) =
                self.generation.change(|folded| (folded.facts.take_changes(), folded.facts.differences()));
            self.projection.publish(&self.generation);
            if found != differences {
                tracing::error!("the scorecard's arithmetic and evaluation's differ: {found}");
                differences = found;
            }
            let changes = match changes {
                Ok(changes) => changes,
                Err(error) => return self.stop_all(&format!("its facts cannot be written: {error}")),
            };
            let checkpoints = self.checkpoints();
            let sorted = {
                let tail = self.generation.tail.lock();
                (tail.events() >= TAIL_EVENTS_MAX).then(|| tail.all())
            };
            let written = Written { changes, checkpoints, recent: recent.bytes().to_vec(), sorted };
            if !self.write(&written).await {
                return;
            }
        }
    }

    /// Folds what was fed; gives how many events.
    fn take(&self, fed: Fed, recent: &mut Packed) -> usize {
        let (service, page) = match fed {
            Fed::Page(service, page) => (service, page),
            Fed::Broken(service, what) => {
                alarm(&self.generation.change(|folded| folded.stop(service, &format!("{service}: {what}"))));
                return 0;
            }
        };
        let mut tail = self.generation.tail.lock();
        let taken = self.generation.change(|folded| {
            page.iter().try_for_each(|event| {
                if folded.take(service, event)? {
                    let event = Occurrence::of(service, event);
                    tail.push(&event);
                    recent.push(&event);
                }
                Ok(())
            })
        });
        drop(tail);
        if let Err(what) = taken {
            let what: String = what;
            alarm(&what);
        }
        page.len()
    }

    /// Whether it is written; it is not when it is told to stop meanwhile, and comes again from the logs.
    async fn write(&mut self, written: &Written) -> bool {
        while let Err(error) = self.store.write(self.generation.number, written).await {
            tracing::warn!(%error, "the scorecard's facts were not written; trying again");
            if self.stop.run_until_cancelled(tokio::time::sleep(RETRY_AFTER)).await.is_none() {
                return false;
            }
        }
        if written.sorted.is_some() {
            self.generation.tail.lock().sorted();
        }
        let committed = |checkpoint: &Checkpoint| {
            let services = contract::token::SERVICES.into_iter();
            let service = services.into_iter().find(|service| *service == checkpoint.service)?;
            Some((service, checkpoint.position))
        };
        self.committed.send_replace(written.checkpoints.iter().filter_map(committed).collect());
        true
    }

    fn checkpoints(&self) -> Vec<Checkpoint> {
        let epochs = self.generation.epochs.lock().clone();
        let checkpoint = |folded: &Folded, service: &'static str, epoch| {
            let reached = folded.reached.get(service).filter(|reached| reached.position > 0)?;
            Some(Checkpoint {
                service: service.to_owned(),
                position: reached.position,
                recorded_at: reached.recorded_at.unwrap_or(Timestamp::UNIX_EPOCH),
                epoch,
            })
        };
        self.generation.read(|folded| {
            epochs.into_iter().filter_map(|(service, epoch)| checkpoint(folded, service, epoch)).collect()
        })
    }

    fn stop_all(&self, what: &str) {
        for source in self.projection.heads().sources() {
            alarm(&self.generation.change(|folded| folded.stop(source.service(), what)));
        }
        self.projection.publish(&self.generation);
    }
}

fn alarm(what: &str) {
    tracing::error!("the scorecard no longer follows a log: {what}");
}
