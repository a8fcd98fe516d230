//! Which generation is followed, and who writes. Of all replicas of one format on one database one holds the lease and
//! writes; the others fold in memory, from where the database had come when they started, and read of the past what that one
//! wrote. Who gets the lease takes over as after a restart: resumes from the database, beside what is read, and swaps
//! when it is level.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use eventstore::lease::while_held;
use futures::FutureExt as _;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::follow::Following;
use crate::generation::Generation;
use crate::projection::Projection;
use crate::resume;
use crate::show::Show;
use crate::store::{Error, Store};

const LOOK_EVERY: Duration = Duration::from_millis(200);
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Follows the logs with `first`, and with whatever takes its place, until the program stops and what was folded is
/// written.
pub(crate) async fn supervise(projection: Arc<Projection>, store: Store, first: Arc<Generation>) {
    let (says, held) = watch::channel(first.number() > 0);
    let (lease_stop, lease) = (CancellationToken::new(), TaskTracker::new());
    let (leased, stopping) = (store.clone(), lease_stop.clone());
    lease.spawn(async move {
        let holding = || async {
            let _held = Held::new(&says);
            std::future::pending::<()>().await;
        };
        while_held(&leased, &leased.lease(), &stopping, holding).await;
    });
    let supervisor = Supervisor { projection, store: store.clone(), held, given_up: GivenUp::default() };
    supervisor.run(first).boxed().await;
    lease_stop.cancel();
    lease.close();
    lease.wait().await;
    store.close().await;
}

/// Says that the lease is held, until it is dropped.
struct Held<'a>(&'a watch::Sender<bool>);

impl<'a> Held<'a> {
    fn new(says: &'a watch::Sender<bool>) -> Self {
        says.send_replace(true);
        Self(says)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}

/// A generation that follows the logs in a task; the task is told to stop when this is dropped.
struct Followed {
    generation: Arc<Generation>,
    writes: bool,
    stop: CancellationToken,
    task: TaskTracker,
    given_up: GivenUp,
}

/// Tasks that were told to stop and may still write what they have folded.
type GivenUp = Arc<Mutex<Vec<TaskTracker>>>;

impl Followed {
    /// Stops it, once what it has folded is written.
    async fn end(self) {
        self.stop.cancel();
        self.task.close();
        self.task.wait().await;
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.stop.cancel();
        if !self.task.is_empty() {
            self.given_up.lock().push(self.task.clone());
        }
    }
}

/// With what a generation is level.
enum Level {
    /// With the logs as they are now.
    Logs,
    /// With these positions.
    Positions(BTreeMap<&'static str, u64>),
}

/// Why a generation does not take the place of another.
enum NotLevel {
    /// Its facts and the logs do not go together.
    Facts(String),
    /// The database failed, which may pass.
    Database(String),
}

/// Why nothing took the place of what is followed.
enum Unchanged {
    /// Another process writes now, or this one does.
    LeaseMoved,
    /// It failed.
    Failed(String),
}

struct Supervisor {
    projection: Arc<Projection>,
    store: Store,
    /// Whether this process holds the lease.
    held: watch::Receiver<bool>,
    given_up: GivenUp,
}

impl Supervisor {
    async fn run(mut self, first: Arc<Generation>) {
        let stop = self.projection.stop().clone();
        let writes = first.number() > 0;
        if writes && let Err(error) = self.tidy(first.number()).await {
            tracing::warn!(%error, "what is left of another build was not thrown away");
        }
        let mut running = self.follow(first, writes, true);
        while !stop.is_cancelled() {
            let held = *self.held.borrow_and_update();
            let unwritten = running.generation.unwritten.clone();
            if held && !running.writes {
                running = self.take_over(running).await;
            } else if running.writes && (!held || unwritten.is_cancelled()) {
                let generation = running.generation.clone();
                running.end().await;
                generation.stand_by();
                running = self.follow(generation, false, true);
            } else {
                tokio::select! {
                    () = stop.cancelled() => {}
                    _ = self.held.changed() => {}
                    // The lease may have been another's, and be held again before anybody looked.
                    () = unwritten.cancelled(), if running.writes => {}
                    () = self.projection.rebuilds().asked() => running = self.rebuild(running).await,
                }
            }
        }
        running.end().await;
    }

    /// Throws away what another build left behind when the program stopped.
    async fn tidy(&self, number: i64) -> Result<(), Error> {
        if self.store.current().await? == Some(number) { self.store.keep_only(number).await } else { Ok(()) }
    }

    fn follow(&self, generation: Arc<Generation>, writes: bool, is_read: bool) -> Followed {
        let (stop, task) = (self.projection.stop().child_token(), TaskTracker::new());
        let following = Following {
            projection: self.projection.clone(),
            generation: generation.clone(),
            store: self.store.clone(),
            writes,
            is_read,
            stop: stop.clone(),
        };
        task.spawn(following.run());
        if writes && is_read {
            let settling = settle(self.projection.clone(), self.store.clone(), generation.clone());
            let stop = stop.clone();
            task.spawn(async move { stop.run_until_cancelled(settling).await });
        }
        Followed { generation, writes, stop, task, given_up: self.given_up.clone() }
    }

    /// Waits until nothing that was given up writes any more.
    async fn end_given_up(&self) {
        let given_up = self.given_up.lock().clone();
        for task in given_up {
            task.close();
            task.wait().await;
        }
        self.given_up.lock().retain(|task| !task.is_empty());
    }

    /// The lease is held: goes on from the database, or, where its facts cannot be gone on with, builds anew.
    async fn take_over(&self, running: Followed) -> Followed {
        let positions = running.generation.positions();
        let taking = async {
            let Some(resumed) = resume::resume(&self.store).await.map_err(|error| error.to_string())? else {
                return self.build(0).await;
            };
            match self.replace(resumed, Level::Positions(positions)).await {
                Ok(followed) => Ok(followed),
                Err(NotLevel::Facts(alarm)) => {
                    tracing::warn!("the scorecard is BUILT ANEW from the logs: {alarm}");
                    self.build(0).await
                }
                Err(NotLevel::Database(failure)) => Err(failure),
            }
        };
        self.change(running, taking).await.0
    }

    /// Builds another generation from nothing, and puts it in the place of what is read. If the lease changes hands
    /// meanwhile it stays asked for, of who writes then.
    async fn rebuild(&self, running: Followed) -> Followed {
        let building = self.build(if running.writes { running.generation.number() } else { 0 });
        let (followed, changed) = self.change(running, building).await;
        match changed {
            Ok(()) => self.projection.rebuilds().end(String::new()),
            Err(Unchanged::Failed(failure)) => self.projection.rebuilds().end(failure),
            Err(Unchanged::LeaseMoved) => {}
        }
        followed
    }

    async fn build(&self, running: i64) -> Result<Followed, String> {
        self.end_given_up().await;
        let number = if *self.held.borrow() {
            let begun = async {
                // What an earlier one left behind when it failed.
                if running > 0 {
                    self.store.keep_only(running).await?;
                }
                self.store.begin().await
            };
            begun.await.map_err(|error: Error| error.to_string())?
        } else {
            0
        };
        match self.replace(Generation::empty(number, self.store.clone()), Level::Logs).await {
            Ok(followed) => Ok(followed),
            Err(NotLevel::Facts(failure) | NotLevel::Database(failure)) => Err(failure),
        }
    }

    /// Waits for what takes the place of `running`, which is followed meanwhile, and on if it fails; it is given up
    /// when the lease changes hands or the program stops.
    async fn change(
        &self,
        running: Followed,
        next: impl Future<Output = Result<Followed, String>> + Send,
    ) -> (Followed, Result<(), Unchanged>) {
        let mut held = self.held.clone();
        let writes = *held.borrow_and_update();
        let next = tokio::select! {
            next = next.boxed() => next.map_err(Unchanged::Failed),
            _ = held.wait_for(|held| *held != writes) => Err(Unchanged::LeaseMoved),
            () = self.projection.stop().cancelled() => Err(Unchanged::Failed("the program stops".to_owned())),
        };
        let next = match next {
            Ok(next) => next,
            Err(unchanged) => {
                if let Unchanged::Failed(failure) = &unchanged {
                    tracing::error!("the scorecard was not rebuilt: {failure}");
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                self.end_given_up().await;
                return (running, Err(unchanged));
            }
        };
        running.end().await;
        if next.writes
            && let Err(error) = self.store.keep_only(next.generation.number()).await
        {
            tracing::warn!(%error, "older facts of the scorecard were not thrown away");
        }
        (next, Ok(()))
    }

    /// Follows with `next` beside what is read, until it is level; then it takes its place.
    async fn replace(&self, next: Generation, level: Level) -> Result<Followed, NotLevel> {
        let told = |error: Error| NotLevel::Database(error.to_string());
        let (next, writes) = (Arc::new(next), *self.held.borrow());
        let building = self.follow(next.clone(), writes, false);
        self.level(&next, &level).await.map_err(NotLevel::Facts)?;
        let current = if writes { self.store.current().await } else { Ok(None) };
        let current = current.map_err(told)?;
        if writes && current != Some(next.number()) {
            let mut show = Show::new(self.projection.clone(), next.clone());
            show.round().await.map_err(|error| NotLevel::Database(error.to_string()))?;
        }
        building.end().await;
        if next.unwritten.is_cancelled() {
            return Err(NotLevel::Database("what was folded was not written".to_owned()));
        }
        if writes && current != Some(next.number()) {
            let newest = next.tail.lock().seal();
            let made = self.store.make_current(next.number(), Some(&newest)).await;
            made.map_err(told)?;
            next.tail.lock().sorted(next.positions());
        }
        let running = self.follow(next.clone(), writes, true);
        self.level(&next, &level).await.map_err(NotLevel::Facts)?;
        if matches!(level, Level::Logs) {
            next.make_whole();
        }
        self.projection.swap(next);
        Ok(running)
    }

    /// Waits until a generation is level; fails if it cannot be.
    async fn level(&self, generation: &Generation, level: &Level) -> Result<(), String> {
        match level {
            Level::Logs => {
                let rebuilds = self.projection.rebuilds();
                level_with_logs(&self.projection, generation, |events, total| rebuilds.reached(events, total))
                    .await
            }
            Level::Positions(positions) => loop {
                let reached = generation.read(|folded| folded.reached.clone());
                let at = |service: &str| reached.get(service).cloned().unwrap_or_default();
                let behind = positions.iter().find(|(service, position)| at(service).position < **position);
                let Some((service, _)) = behind else { return Ok(()) };
                if !at(service).alarm.is_empty() {
                    return Err(at(service).alarm);
                }
                tokio::time::sleep(LOOK_EVERY).await;
            },
        }
    }
}

/// Once a generation that was begun is level it is the one that is read, and those before it are thrown away. From
/// then on it is shown to other tools as it moves.
async fn settle(projection: Arc<Projection>, store: Store, generation: Arc<Generation>) {
    let mut show = Show::new(projection.clone(), generation.clone());
    while let Err(what) = try_to_settle(&projection, &store, &generation, &mut show).await {
        tracing::debug!("the scorecard is not whole yet: {what}");
        tokio::time::sleep(RETRY_AFTER).await;
    }
    tokio::join!(show.keep_showing(), clear_away(&store, projection.settings().look_every));
}

/// Throws away what programs of other formats read, once nobody has written it for a while.
async fn clear_away(store: &Store, look_every: Duration) {
    let mut before = Vec::new();
    loop {
        tokio::time::sleep(look_every).await;
        let cleared = async {
            let found = store.abandoned().await?;
            let still = |number: &i64| before.contains(number);
            store.throw_away(found.iter().copied().filter(still).collect()).await?;
            Ok::<_, Error>(found)
        };
        match cleared.await {
            Ok(found) => before = found,
            Err(error) => tracing::warn!(%error, "facts of another format were not thrown away"),
        }
    }
}

async fn try_to_settle(
    projection: &Projection,
    store: &Store,
    generation: &Generation,
    show: &mut Show,
) -> Result<(), String> {
    let (number, told) = (generation.number(), |error: Error| error.to_string());
    if store.current().await.map_err(told)? != Some(number) {
        // One that is rebuilt meanwhile says itself how far it is.
        level_with_logs(projection, generation, |_, _| ()).await?;
        generation.make_whole();
        show.round().await.map_err(|error| error.to_string())?;
        store.make_current(number, None).await.map_err(told)?;
    }
    store.keep_from(number).await.map_err(told)
}

/// Waits until a generation contains all that the logs contain, and tells how many of how many events it has; fails if it
/// cannot.
async fn level_with_logs(
    projection: &Projection,
    generation: &Generation,
    tell: impl Fn(u64, u64) + Send,
) -> Result<(), String> {
    loop {
        let reached = generation.read(|folded| folded.reached.clone());
        if let Some(stopped) = reached.values().find(|reached| !reached.alarm.is_empty()) {
            return Err(stopped.alarm.clone());
        }
        let heads = projection.heads().look().await;
        let position = |service: &str| reached.get(service).map_or(0, |reached| reached.position);
        let events = heads.keys().map(|service| position(service)).sum();
        let total = heads.values().map(|head| head.position).sum();
        tell(events, total);
        let away = heads.values().any(|head| !head.away.is_empty());
        if !away && heads.iter().all(|(service, head)| position(service) >= head.position) {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
