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
use tokio::sync::{OnceCell, watch};
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

/// What was computed of a cycle at one version of it, or is being computed.
struct Computed {
    version: u64,
    league: OnceCell<Arc<League>>,
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

    /// A cycle as it is now, computed if it is out of date: once, however many wait for it.
    pub(crate) async fn cycle(self: &Arc<Self>, name: &CycleName) -> Result<Current, Failure> {
        let key = name.key();
        let found = self.read(|folded| {
            let version = folded.facts.cycle.get(&key)?.version;
            Some((self.computed(&key, version), folded.reached.clone()))
        });
        let (computed, reached) = found.ok_or_else(|| Failure::not_found(name))?;
        let league = computed.league.get_or_try_init(|| self.compute(name)).await?;
        // Computed at the version just seen, or at a later one.
        let reached = freshness::further(reached, &league.reached);
        Ok(Current { league: league.clone(), reached })
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
        self.read(|folded| {
            freshness::freshness(&folded.reached, &self.logs, &folded.facts.differences())
        })
    }

    fn computed(&self, key: &str, version: u64) -> Arc<Computed> {
        let mut computed = self.computed.lock();
        if let Some(known) = computed.get(key).filter(|known| known.version == version) {
            return known.clone();
        }
        if computed.len() >= CYCLES_KEPT_MAX {
            computed.clear();
        }
        let fresh = Arc::new(Computed { version, league: OnceCell::new() });
        computed.insert(key.to_owned(), fresh.clone());
        fresh
    }

    async fn compute(self: &Arc<Self>, name: &CycleName) -> Result<Arc<League>, Failure> {
        let (projection, cycle) = (self.clone(), name.clone());
        let computing = self.tracker.spawn_blocking(move || {
            let snapshot = projection.read(|folded| folded.snapshot(&cycle))?;
            League::compute(snapshot)
        });
        match computing.await {
            Ok(Some(league)) => Ok(Arc::new(league)),
            Ok(None) => Err(unreadable(name, "its scheme cannot be read")),
            Err(error) => Err(unreadable(name, &error.to_string())),
        }
    }
}

fn unreadable(name: &CycleName, why: &str) -> Failure {
    tracing::error!(cycle.name = %name, "{name} cannot be computed: {why}");
    Failure::Internal
}

fn progress(folded: &Folded, logs: &[LogReader]) -> Reach {
    let progress = |log: &LogReader| {
        let reached = folded.reached.get(log.service()).cloned().unwrap_or_default();
        (log.service(), Progress { position: reached.position, alarm: reached.alarm })
    };
    logs.iter().map(progress).collect()
}
