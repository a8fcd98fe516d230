//! What queries read: the generation that is current, and what it makes of a cycle now or as of then.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use contract::name::CycleName;
use contract::scorecard::{Freshness, Scorecard};
use contract::status::Failure;
use contract::token;
use eventstore::{Clock, SharedSource};
use jiff::Timestamp;
use parking_lot::RwLock;
use shell::reads::{Progress, wait_for};
use shell::{Consumers, Tasks};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::as_of::{self, AsOf, Cut, Key};
use crate::current::Current;
use crate::figures::Standing;
use crate::fold::Folded;
use crate::generation::Generation;
use crate::heads::Heads;
use crate::league::{Indices, League, Snapshot};
use crate::rebuild::Rebuilds;
use crate::{Settings, freshness, store};

/// So many cuts of the past are folded at once.
const FOLDS_AT_ONCE: usize = 2;
/// Names of those that are fed; more than four logs of three generations at once.
const FEEDS_MAX: u64 = 64;
/// At most so many watch at once.
const WATCHERS_MAX: usize = 256;

/// How far each log is folded, for those who wait.
pub(crate) type Reach = BTreeMap<&'static str, Progress>;

/// What queries read.
pub(crate) struct Projection {
    current: RwLock<Arc<Generation>>,
    reach: watch::Sender<Reach>,
    heads: Heads,
    rebuilds: Rebuilds,
    folding: Semaphore,
    watching: Arc<Semaphore>,
    clock: Clock,
    tasks: Tasks,
    fed: AtomicU64,
    settings: Settings,
}

impl Projection {
    /// Serves a generation.
    pub(crate) fn new(
        generation: Arc<Generation>,
        sources: Vec<SharedSource>,
        clock: Clock,
        tasks: &Tasks,
        settings: Settings,
    ) -> Self {
        let (reach, _) = watch::channel(progress(&generation));
        Self {
            current: RwLock::new(generation),
            reach,
            heads: Heads::new(sources),
            rebuilds: Rebuilds::default(),
            folding: Semaphore::new(FOLDS_AT_ONCE),
            watching: Arc::new(Semaphore::new(WATCHERS_MAX)),
            clock,
            tasks: tasks.clone(),
            fed: AtomicU64::default(),
            settings,
        }
    }

    /// The generation that is read.
    pub(crate) fn generation(&self) -> Arc<Generation> {
        self.current.read().clone()
    }

    /// The generation that is read, if it is whole: of one that is being built from nothing nobody could tell what there
    /// is not from what is not folded yet.
    async fn whole(&self) -> Result<Arc<Generation>, Failure> {
        let rebuilding = |what: &str| Failure::Unavailable(format!("rebuilding: {what}"));
        let generation = self.generation();
        if generation.is_whole().is_none() {
            let known = self.heads.known();
            let heads = if known.is_empty() { self.heads.look().await } else { known };
            if let Some(head) = heads.values().find(|head| !head.away.is_empty()) {
                return Err(rebuilding(&head.away));
            }
            generation.set_goal(heads.into_iter().map(|(service, head)| (service, head.position)).collect());
        }
        match generation.is_whole() {
            Some(true) => Ok(generation),
            Some(false) | None => Err(rebuilding("the scorecards are not whole yet; try again")),
        }
    }

    /// What tests set otherwise.
    pub(crate) fn settings(&self) -> Settings {
        self.settings
    }

    /// Where the logs end.
    pub(crate) fn heads(&self) -> &Heads {
        &self.heads
    }

    /// What follows logs in this process.
    pub(crate) fn consumers(&self) -> &Consumers {
        &self.tasks.consumers
    }

    /// A name for the next of those that are fed: at most so many are fed at once.
    pub(crate) fn feed_name(&self) -> String {
        format!("scorecard-{}", self.fed.fetch_add(1, Ordering::Relaxed) % FEEDS_MAX)
    }

    /// Rebuilds.
    pub(crate) fn rebuilds(&self) -> &Rebuilds {
        &self.rebuilds
    }

    /// Reads the facts. Never hold it across an await.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Folded) -> T) -> T {
        self.generation().read(read)
    }

    /// Moves with every event.
    pub(crate) fn moved(&self) -> watch::Receiver<Reach> {
        self.reach.subscribe()
    }

    /// Cancelled when the program stops.
    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.tasks.stop
    }

    /// A place among those who watch.
    pub(crate) fn place(&self) -> Result<OwnedSemaphorePermit, Failure> {
        self.watching.clone().try_acquire_owned().map_err(|_| Failure::Exhausted("too many watch scorecards"))
    }

    /// Tells those who wait how far a generation is, if it is the one that is read.
    pub(crate) fn publish(&self, generation: &Arc<Generation>) {
        let current = self.current.read();
        if Arc::ptr_eq(&current, generation) {
            self.reach.send_replace(progress(generation));
        }
    }

    /// Puts another generation in the place of the one that is read.
    pub(crate) fn swap(&self, generation: Arc<Generation>) {
        let mut current = self.current.write();
        if current.is_whole() == Some(true) {
            generation.make_whole();
        }
        self.reach.send_replace(progress(&generation));
        *current = generation;
    }

    /// Waits until the facts contain what `consistency_token` stands for, at most `patience`.
    pub(crate) async fn wait(&self, consistency_token: &str, patience: Duration) -> Result<(), Failure> {
        let wanted = token::parse(consistency_token)?;
        if wanted.is_empty() { Ok(()) } else { wait_for(&self.reach.subscribe(), &wanted, patience).await }
    }

    /// Waits until the facts contain all that the logs contain now, at most `patience`.
    pub(crate) async fn catch_up(&self, patience: Duration) -> Result<(), Failure> {
        let mut wanted = BTreeMap::new();
        for source in self.heads.sources() {
            let head = source.published().await.map_err(|error| shell::commands::store_failure(&error))?;
            wanted.insert(source.service(), head.position);
        }
        self.generation().set_goal(wanted.clone());
        wait_for(&self.reach.subscribe(), &wanted, patience).await
    }

    /// A cycle as it is now or later, computed if what is known is older. One computes at a time: whoever
    /// comes meanwhile waits, and takes what was begun after that.
    pub(crate) async fn cycle(&self, name: &CycleName) -> Result<Current, Failure> {
        self.cycle_of(self.whole().await?, name).await
    }

    /// The same, of a generation that need not be the one that is read.
    pub(crate) async fn cycle_of(
        &self,
        generation: Arc<Generation>,
        name: &CycleName,
    ) -> Result<Current, Failure> {
        let (key, now) = (name.key(), (self.clock)());
        let drill = generation.drill(&name.jurisdiction).await.map_err(|error| away(&error))?;
        let found = generation.read(|folded| {
            let cycle = folded.facts.cycle.get(&key)?;
            let computed = generation.computed(name);
            let has_index = || computed.has_index().unwrap_or_else(|| folded.facts.has_index(cycle));
            let moving = !cycle.phase.is_frozen() && has_index();
            Some((cycle.version, moving, computed, folded.reached.clone()))
        });
        let (version, moving, computed, reached) = found.ok_or_else(|| Failure::not_found(name))?;
        // What is due by now is looked at once a minute.
        let indices = if moving {
            (drill.read().version.unwrap_or_default(), now.as_second().div_euclid(60))
        } else {
            (0, 0)
        };
        let current = |league| Current::now(league, generation.clone(), drill.clone(), now, reached);
        if let Some(league) = computed.at_least(version, indices) {
            return Ok(current(league));
        }
        let turn = computed.turn.acquire().await;
        if let Some(league) = computed.at_least(version, indices) {
            return Ok(current(league));
        }
        let snapshot =
            generation.read(|folded| folded.snapshot(name)).ok_or_else(|| Failure::not_found(name))?;
        let mut figures = self.indices(&generation, &snapshot, None, now).await?;
        (figures.version, figures.minute) = indices;
        let league = self.aside(move || League::compute(snapshot, figures)).await?;
        let league = computable(name, league)?;
        computed.keep(league.clone());
        drop(turn);
        Ok(current(league))
    }

    /// A cycle as it was.
    pub(crate) async fn cycle_as_of(&self, name: &CycleName, cut: Cut) -> Result<Current, Failure> {
        let generation = self.whole().await?;
        let as_of = self.as_of(&generation, &name.jurisdiction, cut).await?;
        let reached = generation.read(|folded| folded.reached.clone());
        let reached = freshness::then(&as_of.folded.reached, reached);
        let (key, now) = (name.key(), as_of.now);
        let known = as_of.leagues.lock().get(&key).cloned();
        let league = if let Some(league) = known {
            league
        } else {
            let snapshot = as_of.folded.snapshot(name).ok_or_else(|| Failure::not_found(name))?;
            let figures = self.indices(&generation, &snapshot, Some(&as_of), now).await?;
            let league = self.aside(move || League::compute(snapshot, figures)).await?;
            let league = computable(name, league)?;
            as_of.leagues.lock().insert(key, league.clone());
            league
        };
        Ok(Current::then(league, generation, as_of, now, reached))
    }

    /// The counts behind a cycle's indices as they stand; published results bring their own.
    async fn indices(
        &self,
        generation: &Arc<Generation>,
        snapshot: &Snapshot,
        as_of: Option<&Arc<AsOf>>,
        now: Timestamp,
    ) -> Result<Indices, Failure> {
        let name = snapshot.name();
        let has_index = generation.read(|folded| folded.facts.has_index(snapshot.cycle()))
            || as_of.is_some_and(|as_of| as_of.folded.facts.has_index(snapshot.cycle()));
        if !has_index || snapshot.is_published() {
            return Ok(Indices::default());
        }
        let days = snapshot.cycle().days();
        let figures = if let Some(as_of) = as_of {
            let (facts, training) = (&as_of.folded.facts, &as_of.training);
            Standing { facts, training, days, now }.indices(name, snapshot.units())
        } else {
            let drill = generation.drill(&name.jurisdiction).await.map_err(|error| away(&error))?;
            let training = &drill.read().training;
            generation.read(|folded| {
                Standing { facts: &folded.facts, training, days, now }.indices(name, snapshot.units())
            })
        };
        Ok(Indices { figures, ..Indices::default() })
    }

    async fn as_of(
        &self,
        generation: &Arc<Generation>,
        jurisdiction: &str,
        cut: Cut,
    ) -> Result<Arc<AsOf>, Failure> {
        let version = generation.tail.lock().version(jurisdiction);
        let key = Key { jurisdiction: jurisdiction.to_owned(), cut, version };
        if let Some(known) = generation.cuts.get(&key) {
            return Ok(known);
        }
        let _turn = self.folding.acquire().await;
        if let Some(known) = generation.cuts.get(&key) {
            return Ok(known);
        }
        let past = generation.past(jurisdiction).await.map_err(|error| away(&error))?;
        let key = Key { version: past.version, ..key };
        let (cut, read_at) = (key.cut.clone(), self.now());
        let now = cut.instant(read_at);
        let folding = cut.clone();
        let folded = self.aside(move || as_of::fold(&past, &folding)).await?;
        let (folded, training) = folded.map_err(|error| {
            tracing::error!(%error, "a scorecard was not computed as of then");
            Failure::Internal
        })?;
        let as_of = Arc::new(AsOf { folded, training, cut, now, leagues: parking_lot::Mutex::default() });
        // What is due changes with the time of an instant that is still to come.
        if now < read_at {
            generation.cuts.keep(key, as_of.clone());
        }
        Ok(as_of)
    }

    /// A unit's card with all that it shows.
    pub(crate) fn card(&self, current: &Current, unit: &str) -> Option<Scorecard> {
        let card = current.league.card(unit)?.clone();
        Some(self.finish(current, unit, card))
    }

    /// Fills in what is not of the cycle.
    pub(crate) fn finish(&self, current: &Current, unit: &str, mut card: Scorecard) -> Scorecard {
        let jurisdiction = &current.league.name.jurisdiction;
        current.standing(|standing, _| standing.fill(jurisdiction, unit, &mut card));
        card.freshness = self.shown(current);
        card
    }

    /// How far the facts of a cycle have come.
    pub(crate) fn shown(&self, current: &Current) -> Vec<Freshness> {
        // Results may be of facts that had not happened by then.
        let of_then = current.cut().is_some_and(|cut| cut.occurred.is_some());
        let alarms = current.standing(|standing, alarm| {
            let differences = if of_then { String::new() } else { standing.facts.differences() };
            (differences, alarm.to_owned())
        });
        let mut heads = self.heads.known();
        if current.cut().is_some() {
            // Of a log that is folded to its end nothing is missing, however early the cut ends.
            let reached = self.generation().positions();
            let is_whole = |service: &str, head: u64| reached.get(service).is_some_and(|at| *at >= head);
            heads.retain(|service, head| !head.away.is_empty() || !is_whole(service, head.position));
        }
        freshness::freshness(current.reached(), &heads, &alarms)
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Whether it has stopped at an event that it could not read.
    pub(crate) fn has_stopped(&self) -> bool {
        self.read(|folded| folded.reached.values().any(|reached| !reached.alarm.is_empty()))
    }

    /// How far the facts have come.
    pub(crate) async fn freshness(&self) -> Vec<Freshness> {
        let (heads, generation) = (self.heads.look().await, self.generation());
        let training = generation.drill_alarm();
        generation.read(|folded| {
            freshness::freshness(&folded.reached, &heads, &(folded.facts.differences(), training))
        })
    }

    /// Computes what takes long where it holds up no other call.
    pub(crate) async fn aside<T: Send + 'static>(
        &self,
        compute: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        self.tasks.tracker.spawn_blocking(compute).await.map_err(|error| {
            tracing::error!(%error, "a scorecard was not computed");
            Failure::Internal
        })
    }
}

fn computable(name: &CycleName, league: Option<League>) -> Result<Arc<League>, Failure> {
    league.map(Arc::new).ok_or_else(|| {
        tracing::error!(cycle.name = %name, "{name} cannot be computed: its scheme cannot be read");
        Failure::Internal
    })
}

/// The projection's own database does not answer.
pub(crate) fn away(error: &store::Error) -> Failure {
    tracing::error!(%error, "the scorecard's history cannot be read");
    Failure::Unavailable("the scorecard's history cannot be read now".to_owned())
}

/// How far a generation has come in each log.
pub(crate) fn progress(generation: &Generation) -> Reach {
    generation.read(|folded| {
        let progress = |service: &'static str| {
            let reached = folded.reached.get(service).cloned().unwrap_or_default();
            (service, Progress { position: reached.position, alarm: reached.alarm })
        };
        token::SERVICES.into_iter().map(progress).collect()
    })
}
