//! What queries read: the folded facts, and for each cycle what was computed from them, kept until it is out
//! of date. No lock is held while anything is computed or awaited.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use contract::name::CycleName;
use contract::scorecard::{Freshness, Scorecard};
use contract::status::Failure;
use contract::token;
use eventstore::LogReader;
use parking_lot::{Mutex, RwLock};
use shell::reads::{Progress, wait_for};
use tokio::sync::{Semaphore, watch};
use tokio_util::task::TaskTracker;

use crate::fold::{Folded, Reached};
use crate::league::League;
use crate::{figures, freshness};

/// At most so many cycles are kept computed; beyond, all are computed anew when they are read.
const CYCLES_KEPT_MAX: usize = 256;

/// How far each log is folded, for those who wait.
pub(crate) type Reach = BTreeMap<&'static str, Progress>;

/// What queries read.
pub(crate) struct Projection {
    folded: RwLock<Folded>,
    reach: watch::Sender<Reach>,
    logs: Vec<LogReader>,
    computed: Mutex<HashMap<String, Arc<Computed>>>,
    tracker: TaskTracker,
}

/// What was computed of a cycle last, and whose turn it is to compute it anew.
struct Computed {
    league: Mutex<Option<Arc<League>>>,
    turn: Semaphore,
}

/// A cycle's cards, and how far the logs were folded when they were right.
pub(crate) struct Current {
    /// The cycle.
    pub(crate) league: Arc<League>,
    reached: BTreeMap<&'static str, Reached>,
}

impl Projection {
    /// Serves what is folded so far.
    pub(crate) fn new(folded: Folded, logs: Vec<LogReader>, tracker: TaskTracker) -> Self {
        let (reach, _) = watch::channel(progress(&folded, &logs));
        Self { folded: RwLock::new(folded), reach, logs, computed: Mutex::default(), tracker }
    }

    /// The logs that it follows.
    pub(crate) fn logs(&self) -> &[LogReader] {
        &self.logs
    }

    /// Reads the facts. Never hold it across an await.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Folded) -> T) -> T {
        read(&self.folded.read())
    }

    /// Changes the facts, and tells those who wait.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Folded) -> T) -> T {
        let mut folded = self.folded.write();
        let changed = change(&mut folded);
        let progress = progress(&folded, &self.logs);
        drop(folded);
        self.reach.send_replace(progress);
        changed
    }

    /// Waits until the facts contain what `consistency_token` stands for, at most `patience`.
    pub(crate) async fn wait(&self, consistency_token: &str, patience: Duration) -> Result<(), Failure> {
        let wanted = token::parse(consistency_token)?;
        if wanted.is_empty() { Ok(()) } else { wait_for(&self.reach.subscribe(), &wanted, patience).await }
    }

    /// Waits until the facts contain all that the logs contain now, at most `patience`.
    pub(crate) async fn catch_up(&self, patience: Duration) -> Result<(), Failure> {
        let mut wanted = BTreeMap::new();
        for log in &self.logs {
            let head = log.head().await.map_err(|error| shell::commands::store_failure(&error))?;
            wanted.insert(log.service(), head.position);
        }
        wait_for(&self.reach.subscribe(), &wanted, patience).await
    }

    /// A cycle as it is now or later, computed if what is known is older. One computes at a time: whoever
    /// comes meanwhile waits, and takes what was begun after that.
    pub(crate) async fn cycle(self: &Arc<Self>, name: &CycleName) -> Result<Current, Failure> {
        let key = name.key();
        let found = self.read(|folded| {
            let version = folded.facts.cycle.get(&key)?.version;
            Some((version, folded.reached.clone()))
        });
        let (version, reached) = found.ok_or_else(|| Failure::not_found(name))?;
        let computed = self.computed(key);
        if let Some(league) = computed.at_least(version) {
            return Ok(Current::new(league, reached));
        }
        let turn = computed.turn.acquire().await;
        if let Some(league) = computed.at_least(version) {
            return Ok(Current::new(league, reached));
        }
        let league = self.compute(name).await?;
        *computed.league.lock() = Some(league.clone());
        drop(turn);
        Ok(Current::new(league, reached))
    }

    /// A unit's card with all that it shows.
    pub(crate) fn card(&self, current: &Current, unit: &str) -> Option<Scorecard> {
        let card = current.league.card(unit)?.clone();
        Some(self.finish(current, unit, card))
    }

    /// Fills in what is not of the cycle.
    pub(crate) fn finish(&self, current: &Current, unit: &str, mut card: Scorecard) -> Scorecard {
        let jurisdiction = &current.league.name.jurisdiction;
        let differences = self.read(|folded| {
            figures::fill(&folded.facts, jurisdiction, unit, &mut card);
            folded.facts.differences()
        });
        card.freshness = freshness::freshness(&current.reached, &self.logs, &differences);
        card
    }

    /// How far the facts have come.
    pub(crate) fn freshness(&self) -> Vec<Freshness> {
        self.read(|folded| freshness::freshness(&folded.reached, &self.logs, &folded.facts.differences()))
    }

    fn computed(&self, key: String) -> Arc<Computed> {
        let mut computed = self.computed.lock();
        if let Some(known) = computed.get(&key) {
            return known.clone();
        }
        if computed.len() >= CYCLES_KEPT_MAX {
            computed.clear();
        }
        let fresh = Arc::new(Computed { league: Mutex::new(None), turn: Semaphore::new(1) });
        computed.insert(key, fresh.clone());
        fresh
    }

    async fn compute(self: &Arc<Self>, name: &CycleName) -> Result<Arc<League>, Failure> {
        let (projection, cycle) = (self.clone(), name.clone());
        let computed = self.aside(move || {
            let snapshot = projection.read(|folded| folded.snapshot(&cycle))?;
            League::compute(snapshot)
        });
        computed.await?.map(Arc::new).ok_or_else(|| {
            tracing::error!(cycle.name = %name, "{name} cannot be computed: its scheme cannot be read");
            Failure::Internal
        })
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

impl Computed {
    /// What was computed, if it is not older than `version`.
    fn at_least(&self, version: u64) -> Option<Arc<League>> {
        self.league.lock().clone().filter(|league| league.cycle.version >= version)
    }
}

impl Current {
    /// `reached`: when the version was looked at that the league is of, or before it.
    fn new(league: Arc<League>, reached: BTreeMap<&'static str, Reached>) -> Self {
        let reached = freshness::further(reached, &league.reached);
        Self { league, reached }
    }
}

fn progress(folded: &Folded, logs: &[LogReader]) -> Reach {
    let progress = |log: &LogReader| {
        let reached = folded.reached.get(log.service()).cloned().unwrap_or_default();
        (log.service(), Progress { position: reached.position, alarm: reached.alarm })
    };
    logs.iter().map(progress).collect()
}
