//! Builds everything again from the logs, beside what is read, and takes its place when it is level. Nobody
//! who reads waits for it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::fold::Folded;
use crate::follow;
use crate::generation::Generation;
use crate::projection::Projection;
use crate::store::{Error, Reader, Store};

const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How far a rebuild is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// How many were begun since the program started.
    pub(crate) begun: u64,
    /// How many of them have ended.
    pub(crate) ended: u64,
    /// Events folded by the one that runs, or ran last.
    pub(crate) events: u64,
    /// Events that it has to fold.
    pub(crate) events_total: u64,
    /// Why the last one failed; empty: it did not.
    pub(crate) failure: String,
}

/// Rebuilds that are asked for, and how far the one that runs is.
pub(crate) struct Rebuilds {
    progress: watch::Sender<Progress>,
    asked: watch::Sender<u64>,
}

impl Default for Rebuilds {
    fn default() -> Self {
        Self { progress: watch::channel(Progress::default()).0, asked: watch::channel(0).0 }
    }
}

impl Rebuilds {
    /// Asks for one; if one runs, that is the one. Gives its number.
    pub(crate) fn ask(&self) -> u64 {
        let mut number = 0;
        self.progress.send_modify(|progress| {
            if progress.begun == progress.ended {
                progress.begun += 1;
                (progress.events, progress.events_total) = (0, 0);
                progress.failure.clear();
            }
            number = progress.begun;
        });
        self.asked.send_replace(number);
        number
    }

    /// How far it is, now and later.
    pub(crate) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    fn end(&self, failure: String) {
        self.progress.send_modify(|progress| {
            progress.ended = progress.begun;
            progress.failure = failure;
        });
    }
}

/// A generation that follows the logs in a task.
struct Followed {
    generation: Arc<Generation>,
    stop: CancellationToken,
    task: TaskTracker,
}

impl Followed {
    fn start(
        projection: &Arc<Projection>,
        generation: Arc<Generation>,
        store: Store,
        stop: &CancellationToken,
    ) -> Self {
        let (stop, task) = (stop.child_token(), TaskTracker::new());
        task.spawn(follow::follow(projection.clone(), generation.clone(), store, stop.clone()));
        Self { generation, stop, task }
    }

    /// Stops it, once what it has folded is written.
    async fn end(&self) {
        self.stop.cancel();
        self.task.close();
        self.task.wait().await;
    }
}

/// Where the database is, and how to read it.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) reader: Reader,
}

/// Follows the logs with `first`, and with whatever is rebuilt after it, until it is told to stop and what was
/// folded is written.
pub(crate) async fn supervise(
    projection: Arc<Projection>,
    place: Place,
    first: (Arc<Generation>, Store),
    stop: CancellationToken,
) {
    let mut asked = projection.rebuilds().asked.subscribe();
    let mut running = Followed::start(&projection, first.0, first.1, &stop);
    let settled = stop
        .run_until_cancelled(settle(projection.clone(), place.clone(), running.generation.clone()).boxed())
        .await;
    if let Some(Err(error)) = settled {
        tracing::warn!(%error, "older facts of the scorecard were not thrown away");
    }
    while let Some(Ok(())) = stop.run_until_cancelled(asked.changed()).await {
        let rebuilt = stop
            .run_until_cancelled(
                rebuild(projection.clone(), place.clone(), running.generation.number, stop.clone()).boxed(),
            )
            .await;
        let Some(rebuilt) = rebuilt else { break };
        let failure = match rebuilt {
            Ok(rebuilt) => {
                std::mem::replace(&mut running, rebuilt).end().await;
                let kept = keep(place.clone(), running.generation.number).boxed().await;
                kept.err().map_or_else(String::new, |error| error.to_string())
            }
            Err(failure) => failure,
        };
        if !failure.is_empty() {
            tracing::error!("the scorecard was not rebuilt: {failure}");
        }
        projection.rebuilds().end(failure);
    }
    running.end().await;
}

/// Once a generation that was begun is level it is the one that is read, and all others are thrown away.
async fn settle(projection: Arc<Projection>, place: Place, generation: Arc<Generation>) -> Result<(), Error> {
    let current = Store::reopen(&place.path).await?.current().await?;
    if current == Some(generation.number) {
        return Ok(());
    }
    let level = level(&projection, &generation).await;
    if level.is_ok() { keep(place, generation.number).await } else { Ok(()) }
}

async fn keep(place: Place, generation: i64) -> Result<(), Error> {
    let mut store = Store::reopen(&place.path).await?;
    store.make_current(generation).await?;
    store.keep_only(generation).await
}

/// Builds another generation, and puts it in the place of what is read.
async fn rebuild(
    projection: Arc<Projection>,
    place: Place,
    running: i64,
    stop: CancellationToken,
) -> Result<Followed, String> {
    let begun = async {
        let mut store = Store::reopen(&place.path).await?;
        // What an earlier one left behind when it failed.
        store.keep_only(running).await?;
        Ok::<_, Error>((store.begin().await?, store))
    };
    let (number, store) = begun.await.map_err(|error| error.to_string())?;
    let generation = Generation::new(
        number,
        Folded::default(),
        BTreeMap::new(),
        crate::history::Tail::default(),
        place.reader.clone(),
    );
    let rebuilt = Followed::start(&projection, Arc::new(generation), store, &stop);
    if let Err(failure) = level(&projection, &rebuilt.generation).await {
        rebuilt.end().await;
        return Err(failure);
    }
    projection.swap(rebuilt.generation.clone());
    Ok(rebuilt)
}

/// Waits until a generation contains all that the logs contain; fails if it cannot.
async fn level(projection: &Projection, generation: &Generation) -> Result<(), String> {
    loop {
        let reached = generation.read(|folded| folded.reached.clone());
        if let Some(stopped) = reached.values().find(|reached| !reached.alarm.is_empty()) {
            return Err(stopped.alarm.clone());
        }
        let heads = projection.heads().look().await;
        let position = |service: &str| reached.get(service).map_or(0, |reached| reached.position);
        let events = heads.keys().map(|service| position(service)).sum();
        let total = heads.values().map(|head| head.position).sum();
        projection.rebuilds().progress.send_modify(|progress| {
            if progress.begun > progress.ended {
                (progress.events, progress.events_total) = (events, total);
            }
        });
        let away = heads.values().any(|head| !head.away.is_empty());
        if !away && heads.iter().all(|(service, head)| position(service) >= head.position) {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
