//! Folds what the logs feed, a batch at a time, and writes it while the next one is folded.

use contract::token::SERVICES;
use eventstore::RecordedEvent;
use futures::future::OptionFuture;
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use super::{Fed, Following, RETRY_AFTER};
use crate::fold::Folded;
use crate::history::{Occurrence, Packed};
use crate::projection::{Reach, progress};
use crate::store::{Checkpoint, Error, Written};

/// A transaction takes no further page once it stands for this many events.
const BATCH_EVENTS_MAX: usize = 8192;
/// Once so many events wait to be sorted into the past, they are.
const TAIL_EVENTS_MAX: usize = 262_144;
/// Who writes and is further behind than one of these gathers as many in a transaction: a fact that changes with each
/// of them is written once.
const GATHERED_EVENTS: [usize; 2] = [4 * TAIL_EVENTS_MAX, TAIL_EVENTS_MAX];
/// So many wait in a replica for the one that writes to sort them in.
pub(crate) const TAIL_EVENTS_STANDING_BY_MAX: usize = 2 * TAIL_EVENTS_MAX;

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

/// Folds what is fed, and writes it.
pub(super) struct Follower {
    pub(super) following: Following,
    /// How far each log is folded and written.
    pub(super) committed: watch::Sender<Reach>,
    /// What writes runs among these.
    pub(super) tasks: TaskTracker,
}

impl Follower {
    /// Folds until it is told to stop, and writes what was folded while it folds what comes next; what it has folded
    /// by then is written.
    pub(super) async fn run(self, mut fed: mpsc::Receiver<Fed>) {
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
                    match written {
                        Ok(true) => {}
                        Ok(false) => return,
                        Err(error) => {
                            tracing::error!(%error, "writing what was folded broke off");
                            self.following.generation.unwritten.cancel();
                            return;
                        }
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

    /// How many events the next batch takes.
    fn events_max(&self) -> usize {
        let reached = self.following.generation.positions();
        let heads = self.following.projection.heads().known();
        let missing = heads.iter().map(|(service, head)| {
            head.position.saturating_sub(reached.get(service).copied().unwrap_or_default())
        });
        let missing = usize::try_from(missing.sum::<u64>()).unwrap_or_default();
        let gathered = GATHERED_EVENTS.into_iter().find(|gathered| missing > *gathered);
        // Who writes nothing has nothing to gather for, and keeps what waits within its own bound.
        let gathers = self.following.writes && !self.has_stopped();
        gathered.filter(|_| gathers).unwrap_or(BATCH_EVENTS_MAX)
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
            batch.events_max = self.events_max();
            batch.recent = (*writes && !batch.gathers()).then(Packed::default);
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
        let Self { projection, generation, store, stop, .. } = self;
        let events_max = projection.settings().standing_by_max;
        while generation.tail.lock().events() >= events_max {
            match store.sorted().await {
                Ok(sorted) => {
                    let sorted = generation.of_the_same_logs(&sorted).unwrap_or_default();
                    if let Err(error) = generation.tail.lock().forget(&sorted) {
                        return self.stop_all(&error.to_string());
                    }
                }
                Err(error) => tracing::warn!(%error, "trying again"),
            }
            let full = generation.tail.lock().events() >= events_max;
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
