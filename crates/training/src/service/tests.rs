//! The service on logs of its own, each test in a folder of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use contract::complaints::CalendarSet;
use contract::evaluation::UnitRegistered;
use eventstore::sqlite::SqliteLog;
use eventstore::store::{Append, ExpectedVersion, Request as Recorded, StreamWrite};
use eventstore::{EventSet as _, Metadata, NewEvent};
use jiff::Timestamp;
use shell::Tasks;
use tonic::Code;
use uuid::Uuid;

use super::*;
use crate::Training;

mod facts;
mod stalls;

const BUREAU: &str = "jurisdictions/city/units/bureau";
const TEAM: &str = "jurisdictions/city/units/team";

eventstore::events! {
    enum Foreign { UnitRegistered, CalendarSet }
}

/// The context on logs in a folder, by a clock that is moved by hand.
struct World {
    training: Training,
    store: EventStore,
    evaluation: EventStore,
    complaints: EventStore,
    now: Arc<AtomicI64>,
    /// Stops what runs when the world ends.
    _stop: Box<dyn std::any::Any + Send>,
    folder: Arc<tempfile::TempDir>,
}

impl World {
    async fn new() -> Self {
        let now = "2024-06-01T08:00:00Z".parse::<Timestamp>().unwrap().as_second();
        Self::open(Arc::new(tempfile::tempdir().unwrap()), Arc::new(AtomicI64::new(now))).await
    }

    /// The same logs after the program ended and was started again.
    async fn restarted(self) -> Self {
        let (folder, now) = (self.folder.clone(), self.now.clone());
        drop(self);
        Self::open(folder, now).await
    }

    async fn open(folder: Arc<tempfile::TempDir>, now: Arc<AtomicI64>) -> Self {
        let tasks = Tasks::default();
        let seconds = now.clone();
        let clock: Clock = Arc::new(move || Timestamp::from_second(seconds.load(Ordering::Relaxed)).unwrap());
        let open = async |service: &'static str| {
            let log = SqliteLog::open(&folder.path().join(service)).await.unwrap();
            EventStore::start(service, Arc::new(log), clock.clone(), &tasks.tracker).await.unwrap()
        };
        let (store, evaluation, complaints) =
            (open("training").await, open("evaluation").await, open("complaints").await);
        let sources = shell::Sources {
            training: store.source(),
            complaints: complaints.source(),
            evaluation: evaluation.source(),
            accountability: open("accountability").await.source(),
        };
        let training = Training::start(store.clone(), &sources, clock.clone(), &tasks);
        let stop = Box::new(tasks.stop.clone().drop_guard());
        Self { training, store, evaluation, complaints, now, _stop: stop, folder }
    }

    /// Moves the clock to nine o'clock in China on a day.
    fn move_to(&self, day: Date) {
        let morning = jiff::tz::offset(8).to_timestamp(day.at(9, 0, 0, 0)).unwrap();
        self.now.store(morning.as_second(), Ordering::Relaxed);
    }

    async fn register(&self, unit: &str, parent: &str) {
        let registered = UnitRegistered {
            unit: unit.to_owned(),
            parent: parent.to_owned(),
            grassroots: true,
            ..UnitRegistered::default()
        };
        record(&self.evaluation, StreamId::new("unit_register", "city"), registered.into(), unit).await;
    }

    fn service(&self) -> &Service {
        &self.training.service
    }

    async fn everything(&self) -> String {
        let mut tokens = vec![];
        for store in [&self.store, &self.evaluation, &self.complaints] {
            let position = store.reader().head().await.unwrap().position;
            if position > 0 {
                tokens.push(contract::token::write(store.reader().service(), position));
            }
        }
        tokens.join(",")
    }
}

/// Puts a fact of another service in its log; `what` tells it from others.
async fn record(store: &EventStore, stream: StreamId, event: Foreign, what: &str) {
    let new = NewEvent { event_type: event.event_type(), unit: String::new(), payload: event.encode() };
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, what.as_bytes());
    let append = Append {
        writes: vec![StreamWrite { stream, expected: ExpectedVersion::Any, events: vec![new] }],
        boxes: vec![],
        guards: vec![],
        metadata: Metadata {
            actor: "clerk".to_owned(),
            jurisdiction: "city".to_owned(),
            occurred_at: Timestamp::UNIX_EPOCH,
            correlation_id: id,
            causation_id: id,
            traceparent: String::new(),
        },
        request: Recorded { request_id: id, fingerprint: [0; 32], answer: vec![] },
    };
    store.append(append).await.unwrap();
}

fn request_id(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

fn by<M>(actor: &'static str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("mingjing-actor", actor.parse().unwrap());
    request
}

fn enrol(number: u128, officer_id: &str, unit: &str) -> Request<EnrolOfficerRequest> {
    Request::new(EnrolOfficerRequest {
        request_id: request_id(number),
        parent: "jurisdictions/city".to_owned(),
        officer_id: officer_id.to_owned(),
        unit: unit.to_owned(),
        post_level: PostLevel::Staff.into(),
        effective_date: "2024-03-01".to_owned(),
        occurred_at: None,
    })
}

fn launch() -> Request<LaunchCampaignRequest> {
    Request::new(LaunchCampaignRequest {
        request_id: request_id(100),
        parent: "jurisdictions/city".to_owned(),
        campaign_id: "2024".to_owned(),
        title: "Drive".to_owned(),
        outline: "Everyone".to_owned(),
        unit: BUREAU.to_owned(),
        political_department: BUREAU.to_owned(),
        office: BUREAU.to_owned(),
        leading_group: vec!["jurisdictions/city/officers/o1".to_owned()],
        start_date: "2024-05-01".to_owned(),
        end_date: "2024-11-30".to_owned(),
        rules: Some(CampaignRules {
            plan_due_date: "2024-05-31".to_owned(),
            cutoff_date: "2024-11-30".to_owned(),
            session_interval_working_days: 10,
            centralised_hours_max: "40".to_owned(),
            leader_from: 0,
        }),
        occurred_at: None,
    })
}

#[tokio::test]
async fn a_unit_registered_a_moment_ago_is_known() {
    let world = World::new().await;
    let refused = world.service().enrol_officer(enrol(1, "o1", TEAM)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.message().starts_with("training.unit_not_in_service: "), "{}", refused.message());
    world.register(TEAM, "").await;
    let enrolled = world.service().enrol_officer(enrol(1, "o1", TEAM)).await.unwrap().into_inner();
    let officer = enrolled.officer.clone().unwrap();
    assert_eq!((officer.name.as_str(), officer.etag.as_str()), ("jurisdictions/city/officers/o1", "\"1\""));
    assert!(officer.create_time.is_some());
    assert_eq!(enrolled.consistency_token, "training:1");
    let again = world.service().enrol_officer(enrol(1, "o1", TEAM)).await.unwrap().into_inner();
    assert_eq!(again, enrolled);
}

#[tokio::test]
async fn officers_are_listed_by_unit_subtree_and_level() {
    let world = World::new().await;
    world.register(BUREAU, "").await;
    world.register(TEAM, BUREAU).await;
    world.service().enrol_officer(enrol(1, "o1", BUREAU)).await.unwrap();
    world.service().enrol_officer(enrol(2, "o2", TEAM)).await.unwrap();
    let ask = |change: fn(&mut ListOfficersRequest)| {
        let mut asked = ListOfficersRequest {
            parent: "jurisdictions/city".to_owned(),
            consistency_token: "training:2,evaluation:2".to_owned(),
            ..ListOfficersRequest::default()
        };
        change(&mut asked);
        world.service().list_officers(Request::new(asked))
    };
    let count = |listed: Answer<ListOfficersResponse>| listed.unwrap().into_inner().officers.len();
    assert_eq!(count(ask(|_| {}).await), 2);
    assert_eq!(count(ask(|asked| asked.unit = BUREAU.to_owned()).await), 1);
    let subtree = ask(|asked| {
        asked.unit = BUREAU.to_owned();
        asked.with_subtree = true;
    });
    assert_eq!(count(subtree.await), 2);
    assert_eq!(count(ask(|asked| asked.post_level_min = PostLevel::SectionHead.into()).await), 0);
}

#[tokio::test]
async fn a_plan_is_filed_by_one_and_approved_by_another() {
    let world = World::new().await;
    world.register(BUREAU, "").await;
    world.register(TEAM, BUREAU).await;
    let refused = world.service().launch_campaign(launch()).await.unwrap_err();
    assert!(refused.message().starts_with("training.officer_not_on_roster: "), "{}", refused.message());
    world.service().enrol_officer(enrol(1, "o1", BUREAU)).await.unwrap();
    let launched = world.service().launch_campaign(launch()).await.unwrap().into_inner().campaign.unwrap();
    assert_eq!(launched.rules.unwrap().leader_from(), PostLevel::DeputyDivisionHead);
    let file = FilePlanRequest {
        request_id: request_id(101),
        parent: launched.name.clone(),
        unit: TEAM.to_owned(),
        plan: "Twice a week".to_owned(),
        with_subtree: false,
        occurred_at: None,
    };
    let plan = world.service().file_plan(by("clerk", file)).await.unwrap().into_inner().plan.unwrap();
    assert_eq!(plan.name, "jurisdictions/city/campaigns/2024/plans/team");
    assert!(plan.late);
    let approve = |number| ApprovePlanRequest {
        request_id: request_id(number),
        name: plan.name.clone(),
        etag: plan.etag.clone(),
        occurred_at: None,
    };
    for (number, clerk) in [(102, "clerk"), (104, "jurisdictions/city/officers/clerk")] {
        let own = world.service().approve_plan(by(clerk, approve(number))).await.unwrap_err();
        assert_eq!(own.code(), Code::PermissionDenied, "{clerk}");
    }
    let approved = world.service().approve_plan(by("chief", approve(103))).await.unwrap().into_inner();
    let read = GetPlanRequest { name: plan.name.clone(), consistency_token: approved.consistency_token };
    let read = world.service().get_plan(Request::new(read)).await.unwrap().into_inner().plan.unwrap();
    assert_eq!(read.state(), PlanState::Approved);
    assert_eq!(Some(read), approved.plan);
}
