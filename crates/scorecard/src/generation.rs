//! One build of the projection: the facts, the newest events, and for each cycle what was computed from them,
//! kept until it is out of date. No lock is held while anything is computed or awaited.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use contract::name::CycleName;
use contract::token::SERVICES;
use parking_lot::{Mutex, RwLock};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::as_of::Cuts;
use crate::drill::Drill;
use crate::fold::Folded;
use crate::history::{Past, Tail};
use crate::league::League;
use crate::store::{Error, Sorted, Store};

/// At most so many cycles are kept computed, more than a nation has running; beyond, all are computed anew when they
/// are read.
const CYCLES_KEPT_MAX: usize = 4096;
/// At most the training of so many jurisdictions is kept; beyond, all is folded anew when it is read.
const DRILLS_KEPT_MAX: usize = 4096;

/// One build of the projection.
pub(crate) struct Generation {
    /// Which one of the database; 0: none, since another process writes there.
    number: AtomicI64,
    folded: RwLock<Folded>,
    /// Whether it has come as far as the logs were when it was begun.
    whole: AtomicBool,
    /// Where the logs ended when it was first asked for.
    goal: OnceLock<BTreeMap<&'static str, u64>>,
    /// Which log each service's facts come from, as far as known.
    pub(crate) epochs: Mutex<BTreeMap<&'static str, Uuid>>,
    /// The newest events.
    pub(crate) tail: Mutex<Tail>,
    /// Cuts of the past that were read last.
    pub(crate) cuts: Cuts,
    /// Cancelled when something that it has folded was not written: from then on it must write no more, since what it
    /// wrote next would stand for that, too.
    pub(crate) unwritten: CancellationToken,
    store: Store,
    computed: Mutex<HashMap<String, Arc<Computed>>>,
    drills: Mutex<HashMap<String, Arc<RwLock<Drill>>>>,
}

/// What was computed of a cycle last, and whose turn it is to compute it anew.
pub(crate) struct Computed {
    league: Mutex<Option<Arc<League>>>,
    /// One computes at a time.
    pub(crate) turn: Semaphore,
}

impl Generation {
    /// A generation with what is folded so far.
    pub(crate) fn new(
        number: i64,
        folded: Folded,
        epochs: BTreeMap<&'static str, Uuid>,
        tail: Tail,
        store: Store,
    ) -> Self {
        Self {
            number: AtomicI64::new(number),
            folded: RwLock::new(folded),
            whole: AtomicBool::default(),
            goal: OnceLock::new(),
            epochs: Mutex::new(epochs),
            tail: Mutex::new(tail),
            cuts: Cuts::default(),
            unwritten: CancellationToken::new(),
            store,
            computed: Mutex::default(),
            drills: Mutex::default(),
        }
    }

    /// One that begins from nothing.
    pub(crate) fn empty(number: i64, store: Store) -> Self {
        Self::new(number, Folded::default(), BTreeMap::new(), Tail::default(), store)
    }

    /// Which one of the database; 0: none, since another process writes there.
    pub(crate) fn number(&self) -> i64 {
        self.number.load(Ordering::Relaxed)
    }

    /// The database.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// How far each log is folded.
    pub(crate) fn positions(&self) -> BTreeMap<&'static str, u64> {
        self.read(|folded| folded.reached.iter().map(|(service, at)| (*service, at.position)).collect())
    }

    /// Says that it has come as far as the logs were when it was begun.
    pub(crate) fn make_whole(&self) {
        self.whole.store(true, Ordering::Relaxed);
    }

    /// Whether it has come as far as the logs were when it was begun; none: that is not known yet.
    pub(crate) fn is_whole(&self) -> Option<bool> {
        if self.whole.load(Ordering::Relaxed) {
            return Some(true);
        }
        let goal = self.goal.get()?;
        let there = self.read(|folded| {
            goal.iter().all(|(service, goal)| {
                let at = folded.reached.get(service);
                at.map_or(*goal == 0, |at| at.position >= *goal || !at.alarm.is_empty())
            })
        });
        if there {
            self.make_whole();
        }
        Some(there)
    }

    /// Where the logs end, if nobody has asked for it before.
    pub(crate) fn set_goal(&self, goal: BTreeMap<&'static str, u64>) {
        self.goal.get_or_init(|| goal);
    }

    /// Another process writes the database from now on.
    pub(crate) fn stand_by(&self) {
        self.number.store(0, Ordering::Relaxed);
    }

    /// Reads the facts. Never hold it across an await.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Folded) -> T) -> T {
        read(&self.folded.read())
    }

    /// Changes the facts.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Folded) -> T) -> T {
        change(&mut self.folded.write())
    }

    /// The whole history of a jurisdiction. The newest events are taken first: what is sorted in meanwhile is
    /// met twice, and counted once.
    pub(crate) async fn past(&self, jurisdiction: &str) -> Result<Past, Error> {
        let (newest, version, floor) = {
            let tail = self.tail.lock();
            (tail.of(jurisdiction), tail.version(jurisdiction), tail.floor().clone())
        };
        let (mut runs, sorted) = self.store.past(self.number(), jurisdiction).await?;
        let sorted = self.of_the_same_logs(&sorted);
        if sorted.is_none() {
            runs.clear();
        }
        let sorted = sorted.unwrap_or_default();
        if floor.iter().any(|(service, floor)| sorted.get(service).copied().unwrap_or_default() < *floor) {
            return Err(Error::Behind);
        }
        runs.extend(newest);
        Ok(Past { runs, version })
    }

    /// Up to where the database has each log's past; none: it is of other logs.
    pub(crate) fn of_the_same_logs(&self, sorted: &Sorted) -> Option<BTreeMap<&'static str, u64>> {
        let epochs = self.epochs.lock();
        let sorted = SERVICES.into_iter().filter_map(|service| {
            let (position, epoch) = *sorted.get(service)?;
            let same = epochs.get(service).is_none_or(|known| *known == epoch);
            Some((service, same.then_some(position)))
        });
        sorted.map(|(service, position)| Some((service, position?))).collect()
    }

    /// The training of a jurisdiction as it is now or later.
    pub(crate) async fn drill(&self, jurisdiction: &str) -> Result<Arc<RwLock<Drill>>, Error> {
        let drill = {
            let mut drills = self.drills.lock();
            if !drills.contains_key(jurisdiction) && drills.len() >= DRILLS_KEPT_MAX {
                drills.clear();
            }
            drills.entry(jurisdiction.to_owned()).or_default().clone()
        };
        let (newest, version) = {
            let tail = self.tail.lock();
            let version = tail.version(jurisdiction);
            if drill.read().version == Some(version) {
                return Ok(drill);
            }
            (tail.of(jurisdiction), version)
        };
        let level = drill.write().catch_up(&newest, version)?;
        if !level {
            let past = self.past(jurisdiction).await?;
            drill.write().read(&past)?;
        }
        Ok(drill)
    }

    /// Why the training of some jurisdiction goes no further, among those that were asked for; empty: all do.
    pub(crate) fn drill_alarm(&self) -> String {
        let drills: Vec<_> = self.drills.lock().values().cloned().collect();
        let alarms = drills.iter().map(|drill| drill.read().alarm.clone());
        alarms.filter(|alarm| !alarm.is_empty()).min().unwrap_or_default()
    }

    /// What was computed of a cycle.
    pub(crate) fn computed(&self, cycle: &CycleName) -> Arc<Computed> {
        let key = cycle.key();
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
}

impl Computed {
    /// What was computed, if it is not older than `version`, and its indices than theirs.
    pub(crate) fn at_least(&self, version: u64, indices: (u64, i64)) -> Option<Arc<League>> {
        let fresh = |league: &Arc<League>| {
            league.cycle.version >= version && (league.indices.version, league.indices.minute) >= indices
        };
        self.league.lock().clone().filter(fresh)
    }

    /// Whether a component of the cycle's scheme is an index; none: nothing was computed yet.
    pub(crate) fn has_index(&self) -> Option<bool> {
        self.league.lock().as_ref().map(|league| league.has_index())
    }

    /// Keeps what was computed.
    pub(crate) fn keep(&self, league: Arc<League>) {
        *self.league.lock() = Some(league);
    }
}
