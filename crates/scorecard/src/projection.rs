//! What queries read: the generation that is current, and what it makes of a cycle now or as of then.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use contract::name::CycleName;
use contract::scorecard::{Freshness, Scorecard};
use contract::status::Failure;
use contract::token;
use eventstore::{Clock, SharedSource};
use parking_lot::RwLock;
use shell::reads::{Progress, wait_for};
use tokio::sync::{Semaphore, watch};
use tokio_util::task::TaskTracker;

use crate::as_of::{self, AsOf, Cut, Key};
use crate::fold::{Folded, Reached};
use crate::generation::Generation;
use crate::heads::Heads;
use crate::history::Past;
use crate::league::League;
use crate::rebuild::Rebuilds;
use crate::{figures, freshness, store};

/// So many cuts of the past are folded at once.
const FOLDS_AT_ONCE: usize = 2;

/// How far each log is folded, for those who wait.
pub(crate) type Reach = BTreeMap<&'static str, Progress>;

/// What queries read.
pub(crate) struct Projection {
    current: RwLock<Arc<Generation>>,
    reach: watch::Sender<Reach>,
    heads: Heads,
    rebuilds: Rebuilds,
    folding: Semaphore,
    clock: Clock,
    tracker: TaskTracker,
}

/// A cycle's cards, what stands beside them, and how far the logs were folded when they were right.
pub(crate) struct Current {
    /// The cycle.
    pub(crate) league: Arc<League>,
    generation: Arc<Generation>,
    then: Option<Arc<AsOf>>,
    reached: BTreeMap<&'static str, Reached>,
}

impl Projection {
    /// Serves a generation.
    pub(crate) fn new(
        generation: Arc<Generation>,
        sources: Vec<SharedSource>,
        clock: Clock,
        tracker: TaskTracker,
    ) -> Self {
        let (reach, _) = watch::channel(progress(&generation));
        Self {
            current: RwLock::new(generation),
            reach,
            heads: Heads::new(sources),
            rebuilds: Rebuilds::default(),
            folding: Semaphore::new(FOLDS_AT_ONCE),
            clock,
            tracker,
        }
    }

    /// The generation that is read.
    pub(crate) fn generation(&self) -> Arc<Generation> {
        self.current.read().clone()
    }

    /// Where the logs end.
    pub(crate) fn heads(&self) -> &Heads {
        &self.heads
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
            let head = source.head().await.map_err(|error| shell::commands::store_failure(&error))?;
            wanted.insert(source.service(), head.position);
        }
        wait_for(&self.reach.subscribe(), &wanted, patience).await
    }

    /// A cycle as it is now or later, computed if what is known is older. One computes at a time: whoever
    /// comes meanwhile waits, and takes what was begun after that.
    pub(crate) async fn cycle(&self, name: &CycleName) -> Result<Current, Failure> {
        let (generation, key) = (self.generation(), name.key());
        let found = generation.read(|folded| {
            let version = folded.facts.cycle.get(&key)?.version;
            Some((version, folded.reached.clone()))
        });
        let (version, reached) = found.ok_or_else(|| Failure::not_found(name))?;
        let computed = generation.computed(name);
        if let Some(league) = computed.at_least(version) {
            return Ok(Current::now(league, generation, reached));
        }
        let turn = computed.turn.acquire().await;
        if let Some(league) = computed.at_least(version) {
            return Ok(Current::now(league, generation, reached));
        }
        let (facts, cycle) = (generation.clone(), name.clone());
        let league =
            self.aside(move || League::compute(facts.read(|folded| folded.snapshot(&cycle))?)).await?;
        let league = computable(name, league)?;
        computed.keep(league.clone());
        drop(turn);
        Ok(Current::now(league, generation, reached))
    }

    /// A cycle as it was.
    pub(crate) async fn cycle_as_of(&self, name: &CycleName, cut: Cut) -> Result<Current, Failure> {
        let generation = self.generation();
        let as_of = self.as_of(&generation, &name.jurisdiction, cut).await?;
        let reached = generation.read(|folded| folded.reached.clone());
        let key = name.key();
        let known = as_of.leagues.lock().get(&key).cloned();
        if let Some(league) = known {
            return Ok(Current { league, generation, then: Some(as_of), reached });
        }
        as_of.folded.facts.cycle_named(name).ok_or_else(|| Failure::not_found(name))?;
        let (facts, cycle) = (as_of.clone(), name.clone());
        let league = self.aside(move || League::compute(facts.folded.snapshot(&cycle)?)).await?;
        let league = computable(name, league)?;
        as_of.leagues.lock().insert(key, league.clone());
        Ok(Current { league, generation, then: Some(as_of), reached })
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
        let (cut, now) = (key.cut.clone(), key.cut.instant((self.clock)()));
        let folding = cut.clone();
        let folded = self.aside(move || as_of::fold(&past, &folding)).await?.map_err(|error| {
            tracing::error!(%error, "a scorecard was not computed as of then");
            Failure::Internal
        })?;
        let as_of = Arc::new(AsOf { folded, cut, now, leagues: parking_lot::Mutex::default() });
        generation.cuts.keep(key, as_of.clone());
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
        let differences = current.read(|folded| {
            figures::fill(&folded.facts, jurisdiction, unit, &mut card);
            folded.facts.differences()
        });
        card.freshness = freshness::freshness(&current.reached, &self.heads.known(), &differences);
        card
    }

    /// How far the facts have come.
    pub(crate) async fn freshness(&self) -> Vec<Freshness> {
        let heads = self.heads.look().await;
        self.read(|folded| freshness::freshness(&folded.reached, &heads, &folded.facts.differences()))
    }

    /// Computes what takes long where it holds up no other call.
    pub(crate) async fn aside<T: Send + 'static>(
        &self,
        compute: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        self.tracker.spawn_blocking(compute).await.map_err(|error| {
            tracing::error!(%error, "a scorecard was not computed");
            Failure::Internal
        })
    }
}

impl Current {
    /// `reached`: when the version was looked at that the league is of, or before it.
    fn now(
        league: Arc<League>,
        generation: Arc<Generation>,
        reached: BTreeMap<&'static str, Reached>,
    ) -> Self {
        let reached = freshness::further(reached, &league.reached);
        Self { league, generation, then: None, reached }
    }

    /// Reads the facts that stand beside the cycle. Never hold it across an await.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Folded) -> T) -> T {
        match &self.then {
            None => self.generation.read(read),
            Some(as_of) => read(&as_of.folded),
        }
    }

    /// As of when it is; none: now.
    pub(crate) fn cut(&self) -> Option<&Cut> {
        self.then.as_ref().map(|as_of| &as_of.cut)
    }

    /// The history of its jurisdiction.
    pub(crate) async fn past(&self) -> Result<Past, store::Error> {
        self.generation.past(&self.league.name.jurisdiction).await
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

fn progress(generation: &Generation) -> Reach {
    generation.read(|folded| {
        let progress = |service: &'static str| {
            let reached = folded.reached.get(service).cloned().unwrap_or_default();
            (service, Progress { position: reached.position, alarm: reached.alarm })
        };
        token::SERVICES.into_iter().map(progress).collect()
    })
}
