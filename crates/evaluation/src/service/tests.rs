//! What only shows with logs behind the rules. Time is moved by hand, facts of other services are written into
//! logs of their own, and reactions are given them one by one.

use std::sync::atomic::{AtomicI64, Ordering};

use contract::words::{Component, DailySource, SchemeRules, Tariff, component};
use eventstore::sqlite::SqliteLog;
use eventstore::store::{Append, ExpectedVersion, Request as Answered, StreamWrite};
use eventstore::{Metadata, NewEvent, RecordedEvent};
use jiff::Timestamp;
use shell::Tasks;
use shell::reaction::Reaction as _;
use shell::timer::Timer as _;
use tonic::Code;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use super::*;
use crate::reactions::complaints::Complaints;
use crate::reactions::{Consumer, Facts};
use crate::timers::Lapses;

mod commitments;
mod cycles;
mod reacting;

const CITY: &str = "jurisdictions/city";
const CYCLE: &str = "jurisdictions/city/cycles/2025";
const STATION: &str = "jurisdictions/city/units/station";
const TRAFFIC: &str = "jurisdictions/city/units/traffic";
const PATIENCE: Duration = Duration::from_secs(5);

/// A running service with a log of its own, and a log for the facts of the others.
pub(crate) struct World {
    pub(crate) service: Arc<Service>,
    own: EventStore,
    others: EventStore,
    now: Arc<AtomicI64>,
    requests: AtomicI64,
    _tasks: Tasks,
    _folder: tempfile::TempDir,
}

impl World {
    /// Two units, one below the other; a scheme with a tariff for every cause; an open cycle of the year 2025
    /// that the upper one is entered in. It is noon on 2 June 2025 in China.
    pub(crate) async fn start() -> Self {
        let (tasks, folder) = (Tasks::default(), tempfile::tempdir().unwrap());
        let now = Arc::new(AtomicI64::new(1_748_836_800));
        let seconds = now.clone();
        let clock: Clock = Arc::new(move || Timestamp::from_second(seconds.load(Ordering::Relaxed)).unwrap());
        let open = async |service| {
            let log = SqliteLog::open(&folder.path().join(service)).await.unwrap();
            EventStore::start(service, Arc::new(log), clock.clone(), &tasks.tracker).await.unwrap()
        };
        let (own, others) = (open("evaluation").await, open("accountability").await);
        let reads = Reads::follow("evaluation", ReadModel::default(), vec![own.source()], &tasks);
        let others_facts = vec![own.source(), others.source()];
        let replica = Reads::follow("evaluation-replica", Replica::default(), others_facts, &tasks);
        let service = Arc::new(Service::new(&own, reads, replica, clock));
        let requests = AtomicI64::new(0);
        let world = Self { service, own, others, now, requests, _tasks: tasks, _folder: folder };
        world.set_up().await;
        world
    }

    async fn set_up(&self) {
        for (unit_id, parent_unit) in [("traffic", ""), ("station", TRAFFIC)] {
            let request = RegisterUnitRequest {
                request_id: self.request_id(),
                parent: CITY.to_owned(),
                unit_id: unit_id.to_owned(),
                title: unit_id.to_owned(),
                kind: UnitKind::Detachment.into(),
                parent_unit: parent_unit.to_owned(),
                ..Default::default()
            };
            self.service.register_unit(Request::new(request)).await.unwrap();
        }
        self.scheme("s", rules()).await;
        self.open_cycle("2025", "2025-01-01", "2025-12-31", CycleLevel::Municipal, "").await.unwrap();
        self.enter(CYCLE, TRAFFIC).await.unwrap();
    }

    /// Drafts and publishes a scheme.
    pub(crate) async fn scheme(&self, scheme_id: &str, rules: SchemeRules) {
        let request = DraftSchemeRequest {
            request_id: self.request_id(),
            parent: CITY.to_owned(),
            scheme_id: scheme_id.to_owned(),
            rules: Some(rules),
            ..Default::default()
        };
        self.service.draft_scheme(Request::new(request)).await.unwrap();
        let name = format!("{CITY}/schemes/{scheme_id}");
        let request = PublishSchemeRequest { request_id: self.request_id(), name, ..Default::default() };
        self.service.publish_scheme(Request::new(request)).await.unwrap();
    }

    pub(crate) async fn open_cycle(
        &self,
        cycle_id: &str,
        start_date: &str,
        end_date: &str,
        level: CycleLevel,
        parent_cycle: &str,
    ) -> Result<(), Status> {
        let request = OpenCycleRequest {
            request_id: self.request_id(),
            parent: CITY.to_owned(),
            cycle_id: cycle_id.to_owned(),
            title: cycle_id.to_owned(),
            scheme: format!("{CITY}/schemes/s"),
            start_date: start_date.to_owned(),
            end_date: end_date.to_owned(),
            level: level.into(),
            parent_cycle: parent_cycle.to_owned(),
            ranked_groups: vec![1],
            ..Default::default()
        };
        EvaluationService::open_cycle(&*self.service, Request::new(request)).await.map(drop)
    }

    pub(crate) async fn enter(&self, cycle: &str, unit: &str) -> Result<(), Status> {
        let request = EnterUnitRequest {
            request_id: self.request_id(),
            name: cycle.to_owned(),
            unit: unit.to_owned(),
            group: 1,
            ..Default::default()
        };
        self.service.enter_unit(Request::new(request)).await.map(drop)
    }

    pub(crate) async fn remove(&self, cycle: &str, unit: &str) {
        let request = RemoveUnitRequest {
            request_id: self.request_id(),
            name: cycle.to_owned(),
            unit: unit.to_owned(),
            reason: "It is appraised elsewhere".to_owned(),
            ..Default::default()
        };
        self.service.remove_unit(Request::new(request)).await.unwrap();
    }

    pub(crate) async fn close(&self, cycle: &str) -> Result<(), Status> {
        let request =
            CloseCycleRequest { request_id: self.request_id(), name: cycle.to_owned(), ..Default::default() };
        self.service.close_cycle(Request::new(request)).await.map(drop)
    }

    pub(crate) fn request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        Uuid::from_u128(u128::try_from(number).unwrap() + 1).to_string()
    }

    pub(crate) fn at(&self, instant: &str) {
        let instant: Timestamp = instant.parse().unwrap();
        self.now.store(instant.as_second(), Ordering::Relaxed);
    }

    /// Records a fact of another service, as having happened now.
    pub(crate) async fn fact<M: prost::Message + prost::Name>(&self, fact: M) -> RecordedEvent {
        self.fact_of(fact, (self.service.clock)()).await
    }

    /// Records a fact of another service that happened before.
    pub(crate) async fn fact_of<M: prost::Message + prost::Name>(
        &self,
        fact: M,
        occurred_at: Timestamp,
    ) -> RecordedEvent {
        let request_id: Uuid = self.request_id().parse().unwrap();
        let stream = StreamId::new("fact", &request_id.to_string());
        append(&self.others, stream, request_id, &fact, occurred_at).await;
        let head = self.others.reader().head().await.unwrap().position;
        self.others.reader().read_all(head, 1).await.unwrap().remove(0)
    }

    /// Gives a reaction an event, twice.
    pub(crate) async fn react<F: Facts>(&self, event: &RecordedEvent) {
        let consumer = Consumer::<F>::new(self.service.clone());
        consumer.act(event).await.unwrap();
        let head = self.own.reader().head().await.unwrap();
        consumer.act(event).await.unwrap();
        assert_eq!(self.own.reader().head().await.unwrap().position, head.position, "a second delivery");
    }

    /// Gives the reaction to complaints all of these again: nothing is recorded.
    pub(crate) async fn nothing_comes_of(&self, facts: &[&RecordedEvent]) {
        let head = self.own.reader().head().await.unwrap().position;
        for fact in facts {
            self.react::<Complaints>(fact).await;
        }
        assert_eq!(self.own.reader().head().await.unwrap().position, head);
    }

    /// The last event of the service's own log.
    pub(crate) async fn last_own(&self) -> RecordedEvent {
        let head = self.own.reader().head().await.unwrap().position;
        self.own.reader().read_all(head, 1).await.unwrap().remove(0)
    }

    pub(crate) async fn entries(&self, asked: ListEntriesRequest) -> Vec<Entry> {
        self.service.reads.catch_up(PATIENCE).await.unwrap();
        let parent = if asked.parent.is_empty() { CYCLE.to_owned() } else { asked.parent };
        let request = ListEntriesRequest { parent, ..asked };
        self.service.list_entries(Request::new(request)).await.unwrap().into_inner().entries
    }

    /// Cause and points of the entries that stand in the cycle.
    pub(crate) async fn standing(&self) -> Vec<(TariffCause, String)> {
        let entries = self.entries(ListEntriesRequest::default()).await;
        entries.into_iter().map(|entry| (entry.cause(), entry.points)).collect()
    }
}

/// A request as `actor`.
pub(crate) fn by<M>(actor: &'static str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert(shell::caller::ACTOR_HEADER, actor.parse().unwrap());
    request
}

/// The dotted name of the rule that refused.
pub(crate) fn rule<T: std::fmt::Debug>(refused: Result<T, Status>) -> String {
    let details = refused.unwrap_err().get_error_details();
    details.error_info().unwrap().metadata["rule"].clone()
}

fn rules() -> SchemeRules {
    let causes = [
        (TariffCause::ComplaintOverdue, "-0.1"),
        (TariffCause::RectificationRefuted, "-0.2"),
        (TariffCause::ComplaintReopened, "-0.3"),
        (TariffCause::ComplaintSubstantiated, "-0.4"),
        (TariffCause::UnitStalled, "-0.5"),
        (TariffCause::DeliveryRefuted, "-0.6"),
        (TariffCause::CommitmentLapsed, "-0.7"),
        (TariffCause::FindingMade, "-0.8"),
    ];
    let tariff = |(cause, points): &(TariffCause, &str)| Tariff {
        cause: (*cause).into(),
        points: (*points).to_owned(),
    };
    let ledger = contract::words::LedgerMethod { start_points: "100".to_owned() };
    SchemeRules {
        title: "Rules".to_owned(),
        components: vec![Component {
            component_id: "duties".to_owned(),
            title: "Duties".to_owned(),
            max_points: "100".to_owned(),
            method: Some(component::Method::Ledger(ledger)),
        }],
        daily_sources: vec![DailySource {
            source_id: "daily".to_owned(),
            title: "Daily".to_owned(),
            cap: "2".to_owned(),
            bonus_cap: "1".to_owned(),
            tariffs: causes.iter().map(tariff).collect(),
        }],
        excellent_quota: 1,
        veto_cap: Some("60".to_owned()),
        accountability_threshold: Some("1".to_owned()),
        ..SchemeRules::default()
    }
}

/// Records a fact, whatever the rules say.
async fn append<M: prost::Message + prost::Name>(
    store: &EventStore,
    stream: StreamId,
    request_id: Uuid,
    fact: &M,
    occurred_at: Timestamp,
) {
    let (event_type, payload) = (M::full_name(), fact.encode_to_vec());
    let events = vec![NewEvent { event_type, unit: String::new(), payload }];
    let writes = vec![StreamWrite { stream, expected: ExpectedVersion::Any, events }];
    let metadata = Metadata {
        actor: "test".to_owned(),
        jurisdiction: "city".to_owned(),
        occurred_at,
        correlation_id: request_id,
        causation_id: request_id,
        traceparent: String::new(),
    };
    let request = Answered { request_id, fingerprint: [0; 32], answer: vec![] };
    store.append(Append { writes, boxes: vec![], guards: vec![], metadata, request }).await.unwrap();
}
