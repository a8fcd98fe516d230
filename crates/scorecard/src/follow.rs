//! Follows the logs: each feeds its pages to one task, which folds and writes them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use eventstore::{LogReader, RecordedEvent, StoreError};
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::fold::Folded;
use crate::projection::Projection;
use crate::store::{Checkpoint, Store};

/// Pages that wait to be folded, all logs together.
const PAGES_WAITING_MAX: usize = 8;
/// A transaction takes no further page once it stands for this many events.
const BATCH_EVENTS_MAX: usize = 8192;
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What a log feeds.
enum Fed {
    /// Its next events.
    Page(&'static str, Vec<RecordedEvent>),
    /// It cannot be read any further.
    Broken(&'static str, String),
}

/// Starts following the logs from where the facts are, in tasks of the process.
pub(crate) fn start(
    projection: &Arc<Projection>,
    store: Store,
    epochs: BTreeMap<&'static str, Uuid>,
    tasks: &shell::Tasks,
) {
    let (sender, receiver) = mpsc::channel(PAGES_WAITING_MAX);
    for log in projection.logs() {
        let feeding = feed(log.clone(), projection.clone(), sender.clone());
        let stop = tasks.stop.clone();
        tasks.tracker.spawn(async move { stop.run_until_cancelled(feeding).await });
    }
    tasks.tracker.spawn(follow(projection.clone(), store, epochs, receiver, tasks.stop.clone()));
}

async fn feed(log: LogReader, projection: Arc<Projection>, follower: mpsc::Sender<Fed>) {
    let service = log.service();
    let reached = || projection.read(|folded| folded.reached.get(service).cloned()).unwrap_or_default();
    let mut subscription = log.subscribe(reached().position + 1);
    while reached().alarm.is_empty() {
        let fed = match subscription.next().await {
            Ok(page) => Fed::Page(service, page),
            Err(error @ StoreError::Database(_)) => {
                tracing::warn!(%error, "the log of {service} is away; trying again");
                tokio::time::sleep(RETRY_AFTER).await;
                continue;
            }
            Err(error) => Fed::Broken(service, error.to_string()),
        };
        let broken = matches!(fed, Fed::Broken(..));
        if follower.send(fed).await.is_err() || broken {
            return;
        }
    }
}

/// Folds and writes until it is told to stop; what it has folded by then is written.
async fn follow(
    projection: Arc<Projection>,
    mut store: Store,
    epochs: BTreeMap<&'static str, Uuid>,
    mut feed: mpsc::Receiver<Fed>,
    stop: CancellationToken,
) {
    let mut differences = String::new();
    while let Some(Some(first)) = stop.run_until_cancelled(feed.recv()).await {
        let mut next = Some(first);
        let mut events = 0;
        while let Some(fed) = next {
            events += take(&projection, fed);
            next = if events < BATCH_EVENTS_MAX { feed.try_recv().ok() } else { None };
        }
        let (changes, found) =
            projection.change(|folded| (folded.facts.take_changes(), folded.facts.differences()));
        if found != differences {
            tracing::error!("the scorecard's arithmetic and evaluation's differ: {found}");
            differences = found;
        }
        let changes = match changes {
            Ok(changes) => changes,
            Err(error) => return stop_all(&projection, &format!("its facts cannot be written: {error}")),
        };
        let checkpoints = projection.read(|folded| checkpoints(folded, &epochs));
        while let Err(error) = store.write(&changes, &checkpoints).await {
            tracing::warn!(%error, "the scorecard's facts were not written; trying again");
            // What is lost by a stop comes again from the logs.
            if stop.run_until_cancelled(tokio::time::sleep(RETRY_AFTER)).await.is_none() {
                return;
            }
        }
    }
}

/// Folds what was fed; gives how many events.
fn take(projection: &Projection, fed: Fed) -> usize {
    let (service, page) = match fed {
        Fed::Page(service, page) => (service, page),
        Fed::Broken(service, what) => {
            alarm(&projection.change(|folded| folded.stop(service, &format!("{service}: {what}"))));
            return 0;
        }
    };
    let taken = projection.change(|folded| page.iter().try_for_each(|event| folded.take(service, event)));
    if let Err(what) = taken {
        alarm(&what);
    }
    page.len()
}

fn stop_all(projection: &Projection, what: &str) {
    for log in projection.logs() {
        alarm(&projection.change(|folded| folded.stop(log.service(), what)));
    }
}

fn alarm(what: &str) {
    tracing::error!("the scorecard no longer follows a log: {what}");
}

fn checkpoints(folded: &Folded, epochs: &BTreeMap<&'static str, Uuid>) -> Vec<Checkpoint> {
    let checkpoint = |(service, epoch): (&&'static str, &Uuid)| {
        let reached = folded.reached.get(service).filter(|reached| reached.position > 0)?;
        Some(Checkpoint {
            service: (*service).to_owned(),
            position: reached.position,
            recorded_at: reached.recorded_at.unwrap_or(Timestamp::UNIX_EPOCH),
            epoch: *epoch,
        })
    };
    epochs.iter().filter_map(checkpoint).collect()
}
