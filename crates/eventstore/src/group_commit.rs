//! Concurrent appends of one process, gathered into one transaction: while one batch is being written the
//! next one gathers. One append's conflict never fails its neighbours.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio_util::task::TaskTracker;

use crate::Clock;
use crate::recent::Recent;
use crate::store::{Append, AppendError, Log, Outcome, StoreError, Written};

/// More appends than this waiting are refused …
const QUEUE_APPENDS_MAX: usize = 8192;
/// … or more bytes of them.
const QUEUE_BYTES_MAX: u32 = 64 * 1024 * 1024;
/// A batch takes no further append once it has this many …
const BATCH_APPENDS_MAX: usize = 512;
/// … or this many events.
const BATCH_EVENTS_MAX: usize = 8192;
/// An append that has no outcome after this long fails, whatever the database does.
const TIMEOUT: Duration = Duration::from_secs(10);

struct Waiting {
    append: Append,
    reply: Reply,
}

/// Where an append's outcome is told.
struct Reply {
    outcome: oneshot::Sender<Result<Outcome, AppendError>>,
    /// What the append takes up until then.
    _room: OwnedSemaphorePermit,
}

/// Where appends wait for the writer.
#[derive(Clone)]
pub(crate) struct Queue {
    appends: mpsc::Sender<Waiting>,
    /// Bytes.
    room: Arc<Semaphore>,
}

impl Queue {
    fn new() -> (Self, mpsc::Receiver<Waiting>) {
        let (appends, waiting) = mpsc::channel(QUEUE_APPENDS_MAX);
        let room = Arc::new(Semaphore::new(usize::try_from(QUEUE_BYTES_MAX).unwrap_or(usize::MAX)));
        (Self { appends, room }, waiting)
    }

    pub(crate) async fn append(&self, append: Append) -> Result<Outcome, AppendError> {
        let size = u32::try_from(size(&append)).unwrap_or(u32::MAX).min(QUEUE_BYTES_MAX);
        let room = self.room.clone().try_acquire_many_owned(size);
        let room = room.map_err(|_| AppendError::QueueFull)?;
        let (reply, outcome) = oneshot::channel();
        let reply = Reply { outcome: reply, _room: room };
        self.appends.try_send(Waiting { append, reply }).map_err(|refused| match refused {
            TrySendError::Full(_) => AppendError::QueueFull,
            TrySendError::Closed(_) => stopped(),
        })?;
        match tokio::time::timeout(TIMEOUT, outcome).await {
            Ok(outcome) => outcome.unwrap_or_else(|_| Err(stopped())),
            Err(elapsed) => Err(StoreError::database(elapsed).into()),
        }
    }
}

fn stopped() -> AppendError {
    StoreError::database(std::io::Error::other("nothing is written any more")).into()
}

pub(crate) fn start(
    log: Arc<dyn Log>,
    clock: Clock,
    head: watch::Sender<u64>,
    recent: Arc<Recent>,
    tasks: &TaskTracker,
) -> Queue {
    let (queue, waiting) = Queue::new();
    tasks.spawn(async move {
        tokio::select! {
            () = write_batches(&*log, &clock, &head, &recent, waiting) => (),
            () = look_at_head(&*log, &head) => (),
        }
    });
    queue
}

/// Sees what other processes write; ends only with the writer.
async fn look_at_head(log: &dyn Log, known: &watch::Sender<u64>) {
    loop {
        tokio::time::sleep(log.poll_interval()).await;
        // A database that is away is told of by whoever needs it.
        if let Ok(head) = log.head().await {
            reach(known, head.position);
        }
    }
}

fn reach(head: &watch::Sender<u64>, position: u64) {
    head.send_if_modified(|head| std::mem::replace(head, position.max(*head)) < position);
}

async fn write_batches(
    log: &dyn Log,
    clock: &Clock,
    head: &watch::Sender<u64>,
    recent: &Recent,
    mut queue: mpsc::Receiver<Waiting>,
) {
    while let Some(first) = queue.recv().await {
        let (mut replies, mut batch, mut events) = (Vec::new(), Vec::new(), 0);
        let mut next = Some(first);
        while let Some(Waiting { append, reply }) = next {
            // Who waits no longer has been told that it failed: so it does.
            if !reply.outcome.is_closed() {
                events += append.events().count();
                batch.push(append);
                replies.push(reply);
            }
            let full = batch.len() >= BATCH_APPENDS_MAX || events >= BATCH_EVENTS_MAX;
            next = if full { None } else { queue.try_recv().ok() };
        }
        match log.write(&batch, clock()).await {
            Ok(Written { outcomes, events }) => {
                recent.keep(events);
                for outcome in outcomes.iter().flatten() {
                    if let Outcome::Appended { position, .. } = *outcome {
                        reach(head, position);
                    }
                }
                for (reply, outcome) in replies.into_iter().zip(outcomes) {
                    // A caller that went away does not want to know.
                    let _ = reply.outcome.send(outcome);
                }
            }
            Err(error) => {
                tracing::error!(%error, "a batch of {} appends was not written", replies.len());
                for reply in replies {
                    let _ = reply.outcome.send(Err(error.clone().into()));
                }
            }
        }
    }
}

/// Bytes that an append takes up while it waits, nearly.
fn size(append: &Append) -> usize {
    append.request.answer.len() + append.events().map(|event| event.payload.len()).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::event::Metadata;
    use crate::store::Request;

    fn of_size(bytes: usize) -> Append {
        let metadata = Metadata {
            actor: String::new(),
            jurisdiction: String::new(),
            occurred_at: Timestamp::UNIX_EPOCH,
            correlation_id: Uuid::nil(),
            causation_id: Uuid::nil(),
            traceparent: String::new(),
        };
        let request = Request { request_id: Uuid::nil(), fingerprint: [0; 32], answer: vec![0; bytes] };
        Append { writes: vec![], boxes: vec![], guards: vec![], metadata, request }
    }

    #[tokio::test]
    async fn more_bytes_than_may_wait_are_refused_until_there_is_room() {
        let (queue, mut waiting) = Queue::new();
        let large = || Box::pin(queue.append(of_size(48 << 20)));
        let small = || Box::pin(queue.append(of_size(16 << 20)));
        let (mut first, mut second) = (large(), small());
        assert!((&mut first).now_or_never().is_none() && (&mut second).now_or_never().is_none());
        assert!(matches!(small().await, Err(AppendError::QueueFull)));
        drop(waiting.recv().await);
        assert!(large().now_or_never().is_none());
    }

    #[tokio::test]
    async fn one_that_is_larger_than_the_queue_waits_alone() {
        let (queue, _waiting) = Queue::new();
        assert!(queue.append(of_size(100 << 20)).now_or_never().is_none());
    }

    #[tokio::test]
    async fn a_writer_that_is_gone_is_away_and_not_busy() {
        let (queue, mut waiting) = Queue::new();
        let mut before = Box::pin(queue.append(of_size(1)));
        assert!((&mut before).now_or_never().is_none());
        waiting.close();
        drop(waiting);
        for outcome in [before.await, queue.append(of_size(1)).await] {
            assert!(matches!(outcome, Err(AppendError::Store(StoreError::Database(_)))), "{outcome:?}");
        }
    }
}
