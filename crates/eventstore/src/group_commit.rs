//! Concurrent appends of one process, gathered into one transaction: while one batch is being written the
//! next one gathers. One append's conflict never fails its neighbours.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::task::TaskTracker;

use crate::Clock;
use crate::store::{Append, AppendError, Log, Outcome};

/// More appends than this waiting are refused.
const QUEUE_APPENDS_MAX: usize = 8192;
/// A batch takes no further append once it has this many …
const BATCH_APPENDS_MAX: usize = 512;
/// … or this many events.
const BATCH_EVENTS_MAX: usize = 8192;

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
        outcome.await.unwrap_or(Err(AppendError::QueueFull))
    }
}

pub(crate) fn start(log: Arc<dyn Log>, clock: Clock, head: watch::Sender<u64>, tasks: &TaskTracker) -> Queue {
    let (sender, receiver) = mpsc::channel(QUEUE_APPENDS_MAX);
    tasks.spawn(write_batches(log, clock, head, receiver));
    Queue(sender)
}

async fn write_batches(
    log: Arc<dyn Log>,
    clock: Clock,
    head: watch::Sender<u64>,
    mut queue: mpsc::Receiver<Waiting>,
) {
    while let Some(first) = queue.recv().await {
        let mut replies = vec![first.reply];
        let mut events = count_events(&first.append);
        let mut batch = vec![first.append];
        while batch.len() < BATCH_APPENDS_MAX && events < BATCH_EVENTS_MAX {
            let Ok(next) = queue.try_recv() else { break };
            events += count_events(&next.append);
            replies.push(next.reply);
            batch.push(next.append);
        }
        match log.write(batch, clock()).await {
            Ok(outcomes) => {
                for outcome in outcomes.iter().flatten() {
                    if let Outcome::Appended { position, .. } = *outcome {
                        head.send_if_modified(|head| std::mem::replace(head, position.max(*head)) < position);
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
