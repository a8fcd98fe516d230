//! Concurrent appends of one process, gathered into one transaction: while one batch is being written the
//! next one gathers. One append's conflict never fails its neighbours.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::task::TaskTracker;

use crate::Clock;
use crate::recent::Recent;
use crate::store::{Append, AppendError, Log, Outcome, StoreError, Written};

/// More appends than this waiting are refused.
const QUEUE_APPENDS_MAX: usize = 8192;
/// A batch takes no further append once it has this many …
const BATCH_APPENDS_MAX: usize = 512;
/// … or this many events.
const BATCH_EVENTS_MAX: usize = 8192;
/// An append that has no outcome after this long fails, whatever the database does.
const TIMEOUT: Duration = Duration::from_secs(10);

struct Waiting {
    append: Append,
    reply: oneshot::Sender<Result<Outcome, AppendError>>,
}

/// Where appends wait for the writer.
#[derive(Clone)]
pub(crate) struct Queue(mpsc::Sender<Waiting>);

impl Queue {
    pub(crate) async fn append(&self, append: Append) -> Result<Outcome, AppendError> {
        let (reply, outcome) = oneshot::channel();
        self.0.try_send(Waiting { append, reply }).map_err(|_| AppendError::QueueFull)?;
        match tokio::time::timeout(TIMEOUT, outcome).await {
            Ok(outcome) => outcome.unwrap_or(Err(AppendError::QueueFull)),
            Err(elapsed) => Err(StoreError::database(elapsed).into()),
        }
    }
}

pub(crate) fn start(
    log: Arc<dyn Log>,
    clock: Clock,
    head: watch::Sender<u64>,
    recent: Arc<Recent>,
    tasks: &TaskTracker,
) -> Queue {
    let (sender, receiver) = mpsc::channel(QUEUE_APPENDS_MAX);
    tasks.spawn(async move {
        tokio::select! {
            () = write_batches(&*log, &clock, &head, &recent, receiver) => (),
            () = look_at_head(&*log, &head) => (),
        }
    });
    Queue(sender)
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
            if !reply.is_closed() {
                events += count_events(&append);
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
                    let _ = reply.send(outcome);
                }
            }
            Err(error) => {
                tracing::error!(%error, "a batch of {} appends was not written", replies.len());
                for reply in replies {
                    let _ = reply.send(Err(error.clone().into()));
                }
            }
        }
    }
}

fn count_events(append: &Append) -> usize {
    let written = append.writes.iter().map(|write| write.events.len());
    written.chain(append.boxes.iter().map(|write| write.events.len())).sum()
}
