//! The projection running on logs of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use contract::scorecard::GetScorecardRequest;
use contract::scorecard::scorecard_service_server::ScorecardService as _;
use eventstore::sqlite::SqliteLog;
use eventstore::store::{Request, StreamWrite};
use eventstore::{Append, Clock, EventStore, ExpectedVersion, LogReader, Metadata, NewEvent};
use jiff::Timestamp;
use shell::{Sources, Tasks};
use tempfile::TempDir;
use tonic::Status;
use uuid::Uuid;

use super::history::History;
use crate::service::Service;
use crate::{Place, Scorecard, Settings, fold};

pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// A read that waited for a rebuild would take longer.
const READ_WITHIN: Duration = Duration::from_secs(5);

/// Four logs in a folder, and a projection beside them.
pub(super) struct City {
    folder: TempDir,
    stores: Vec<EventStore>,
    tasks: Tasks,
    appended: u32,
}

impl City {
    pub(super) async fn start() -> Self {
        let (folder, tasks) = (tempfile::tempdir().unwrap(), Tasks::default());
        let mut stores = Vec::new();
        for service in contract::token::SERVICES {
            stores.push(open(folder.path(), service, &tasks).await);
        }
        Self { folder, stores, tasks, appended: 0 }
    }

    /// Records `history`, from where it was recorded up to last; gives the consistency token.
    pub(super) async fn record(&mut self, history: &History) -> String {
        let mut token = String::new();
        for told in history.0.iter().skip(usize::try_from(self.appended).unwrap()) {
            self.appended += 1;
            let append = Append {
                writes: vec![StreamWrite {
                    stream: told.stream.clone(),
                    expected: ExpectedVersion::Any,
                    events: vec![NewEvent {
                        event_type: told.event_type.clone(),
                        unit: String::new(),
                        payload: told.payload.clone(),
                    }],
                }],
                boxes: vec![],
                guards: Vec::new(),
                metadata: Metadata {
                    actor: "clerk".to_owned(),
                    jurisdiction: "city".to_owned(),
                    occurred_at: told.occurred_at,
                    correlation_id: Uuid::nil(),
                    causation_id: Uuid::nil(),
                    traceparent: String::new(),
                },
                request: Request {
                    request_id: Uuid::from_u128(u128::from(self.appended)),
                    fingerprint: [0; 32],
                    answer: Vec::new(),
                },
            };
            let store = self.stores.iter().find(|store| store.reader().service() == told.service).unwrap();
            store.append(append).await.unwrap();
        }
        for store in &self.stores {
            let service = store.reader().service();
            let separator = if token.is_empty() { "" } else { "," };
            let position = store.reader().head().await.unwrap().position;
            token = format!("{token}{separator}{}", contract::token::write(service, position));
        }
        token
    }

    pub(super) fn logs(&self) -> Vec<LogReader> {
        self.stores.iter().map(|store| store.reader().clone()).collect()
    }

    pub(super) fn sources(&self) -> Sources {
        let [accountability, complaints, evaluation, training] =
            [0, 1, 2, 3].map(|place: usize| self.stores[place].source());
        Sources { training, complaints, evaluation, accountability }
    }

    pub(super) fn database(&self) -> Place {
        self.file("scorecard.db")
    }

    /// Another one.
    pub(super) fn file(&self, name: &str) -> Place {
        Place::File(self.folder.path().join(name))
    }

    /// Throws a log away and makes another one of the same service, which is empty.
    pub(super) async fn replace_log(&mut self, service: &'static str) {
        let place = self.stores.iter().position(|store| store.reader().service() == service).unwrap();
        let other = self.folder.path().join("other");
        std::fs::create_dir_all(&other).unwrap();
        self.stores[place] = open(&other, service, &self.tasks).await;
        self.appended = 0;
    }
}

/// It is always the day after everything.
pub(super) fn clock() -> Clock {
    Arc::new(|| Timestamp::from_second(1_800_000_000).unwrap())
}

async fn open(folder: &Path, service: &'static str, tasks: &Tasks) -> EventStore {
    // Every second one instant later, so that an instant of recording tells events apart.
    let ticks = std::sync::atomic::AtomicI64::new(1_735_700_001);
    let tick = move || ticks.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    let clock: Clock = Arc::new(move || Timestamp::from_second(tick()).unwrap());
    let log = SqliteLog::open(&folder.join(format!("{service}.db"))).await.unwrap();
    EventStore::start(service, Arc::new(log), clock, &tasks.tracker).await.unwrap()
}

/// A projection that runs until it is stopped.
pub(super) struct Running {
    pub(super) scorecard: Scorecard,
    tasks: Tasks,
}

impl Running {
    /// Starts on the city's database; has caught up.
    pub(super) async fn start(city: &City) -> Self {
        Self::on(city, &city.database()).await
    }

    /// Starts on a database of its own; has caught up.
    pub(super) async fn on(city: &City, database: &Place) -> Self {
        let running = Self::begin(city, database).await;
        running.scorecard.catch_up(PATIENCE).await.unwrap();
        running
    }

    /// Starts on a database; need not have caught up.
    pub(super) async fn begin(city: &City, database: &Place) -> Self {
        let tasks = Tasks::default();
        let scorecard = Scorecard::start(&city.sources(), database, clock(), &tasks).await.unwrap();
        Self { scorecard, tasks }
    }

    /// Starts by a clock of its own; has caught up.
    pub(super) async fn at(city: &City, clock: Clock) -> Self {
        let tasks = Tasks::default();
        let scorecard = Scorecard::start(&city.sources(), &city.database(), clock, &tasks).await.unwrap();
        scorecard.catch_up(PATIENCE).await.unwrap();
        Self { scorecard, tasks }
    }

    /// Starts on these sources with settings of its own; need not have caught up.
    pub(super) async fn set(sources: &Sources, database: &Place, settings: Settings) -> Self {
        let tasks = Tasks::default();
        let scorecard = Scorecard::start_with(sources, database, clock(), &tasks, settings).await.unwrap();
        Self { scorecard, tasks }
    }

    /// Starts on these sources, among these tasks; has caught up.
    pub(super) async fn with(sources: &Sources, database: &Place, tasks: &Tasks) -> Self {
        let scorecard = Scorecard::start(sources, database, clock(), tasks).await.unwrap();
        scorecard.catch_up(PATIENCE).await.unwrap();
        Self { scorecard, tasks: tasks.clone() }
    }

    /// Waits until a log is folded up to a position.
    pub(super) async fn reached(&self, service: &'static str, position: u64) {
        let mut moved = self.scorecard.projection.moved();
        let there = moved.wait_for(|reach| reach[service].position >= position);
        tokio::time::timeout(PATIENCE, there).await.expect("it is folded").unwrap();
    }

    /// Waits until all that is folded is shown to other tools.
    pub(super) async fn shown(&self) {
        self.settled().await;
        let generation = self.scorecard.projection.generation();
        let positions = generation.positions();
        let shown = async {
            loop {
                let fresh = generation.store().read_view("freshness").await;
                let at = |service: &str| {
                    let row = fresh.iter().find(|row| row["service"].as_deref() == Some(service));
                    row.map_or(0, |row| row["position"].as_ref().unwrap().parse().unwrap())
                };
                if positions.iter().all(|(service, position)| at(service) >= *position) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, shown).await.expect("it is shown");
    }

    /// Waits until what is followed is what the database calls the one that is read.
    pub(super) async fn settled(&self) {
        let generation = self.scorecard.projection.generation();
        let settled = async {
            while generation.store().current().await.unwrap() != Some(generation.number()) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, settled).await.expect("it is the one that is read");
    }

    /// The card of a unit in the city's cycle.
    pub(super) async fn card(&self, unit: &str) -> Result<contract::scorecard::Scorecard, Status> {
        let name = format!("{}/scorecards/{unit}", super::history::cycle());
        let request = GetScorecardRequest { name, ..Default::default() };
        let answer = self.service().get_scorecard(tonic::Request::new(request)).await?;
        Ok(answer.into_inner().scorecard.unwrap())
    }

    pub(super) fn service(&self) -> Service {
        Service::new(self.scorecard.projection.clone())
    }

    /// Waits until a rebuild has ended, and caught up.
    pub(super) async fn rebuilt(&self) {
        let mut progress = self.scorecard.projection.rebuilds().progress();
        let ended = progress.wait_for(|progress| progress.ended > 0);
        let ended = tokio::time::timeout(PATIENCE, ended).await.unwrap().unwrap().clone();
        assert_eq!(ended.failure, "");
        self.scorecard.catch_up(PATIENCE).await.unwrap();
    }

    /// Stops it, once what it has folded is written.
    pub(super) async fn stop(self) {
        self.tasks.stop.cancel();
        self.tasks.tracker.close();
        self.tasks.tracker.wait().await;
    }
}

/// Reads a unit's card again and again until `meanwhile` is over: it is never refused, never long in coming, never of
/// an older position than before.
pub(super) async fn while_read<T>(running: &Running, unit: &str, meanwhile: impl Future<Output = T>) -> T {
    let mut last = Vec::new();
    let reading = async {
        loop {
            let read = tokio::time::timeout(READ_WITHIN, running.card(unit)).await.expect("it is answered");
            let positions: Vec<u64> = read.unwrap().freshness.iter().map(|fresh| fresh.position).collect();
            assert!(last.iter().zip(&positions).all(|(before, now)| before <= now), "{last:?} {positions:?}");
            last = positions;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let over = tokio::select! {
        over = meanwhile => over,
        () = reading => unreachable!("it reads on"),
    };
    assert!(!last.is_empty(), "it was read");
    over
}

#[tokio::test]
async fn a_projection_on_logs_is_the_same_as_a_fold_in_memory() {
    let history = super::history::closed_year();
    let mut city = City::start().await;
    city.record(&history).await;
    let running = Running::start(&city).await;
    let mut recorded = Vec::new();
    for log in city.logs() {
        for event in log.read_all(1, 1000).await.unwrap() {
            recorded.push((log.service(), event));
        }
    }
    let in_memory = fold(recorded.iter().map(|(service, event)| (*service, event))).unwrap();
    let name = super::history::cycle_name();
    let cards = running.scorecard.projection.read(|folded| folded.scorecards(&name));
    assert_eq!(cards, in_memory.scorecards(&name));
    running.stop().await;
}
