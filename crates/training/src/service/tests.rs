//! The service on logs of its own, each test in a folder of its own.

use std::sync::Arc;

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

const BUREAU: &str = "jurisdictions/city/units/bureau";
const TEAM: &str = "jurisdictions/city/units/team";

eventstore::events! {
    enum Foreign { UnitRegistered }
}

struct World {
    training: Training,
    evaluation: EventStore,
    tasks: Tasks,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tasks = Tasks::default();
        let clock: Clock = Arc::new(|| "2024-06-01T08:00:00Z".parse::<Timestamp>().unwrap());
        let open = async |service: &'static str| {
            let log = SqliteLog::open(&folder.path().join(service)).await.unwrap();
            EventStore::start(service, Arc::new(log), clock.clone(), &tasks.tracker).await.unwrap()
        };
        let (store, evaluation) = (open("training").await, open("evaluation").await);
        let sources = shell::Sources {
            training: store.source(),
            complaints: open("complaints").await.source(),
            evaluation: evaluation.source(),
            accountability: open("accountability").await.source(),
        };
        let training = Training::start(store, &sources, clock.clone(), &tasks);
        Self { training, evaluation, tasks, _folder: folder }
    }

    async fn register(&self, unit: &str, parent: &str) {
        let registered =
            UnitRegistered { unit: unit.to_owned(), parent: parent.to_owned(), ..UnitRegistered::default() };
        let event = Foreign::from(registered);
        let new = NewEvent { event_type: event.event_type(), unit: String::new(), payload: event.encode() };
        let stream = StreamId::new("unit_register", "city");
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, unit.as_bytes());
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
        self.evaluation.append(append).await.unwrap();
    }

    fn service(&self) -> &Service {
        &self.training.service
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.tasks.stop.cancel();
    }
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
    let own = world.service().approve_plan(by("clerk", approve(102))).await.unwrap_err();
    assert_eq!(own.code(), Code::PermissionDenied);
    let approved = world.service().approve_plan(by("chief", approve(103))).await.unwrap().into_inner();
    let read = GetPlanRequest { name: plan.name.clone(), consistency_token: approved.consistency_token };
    let read = world.service().get_plan(Request::new(read)).await.unwrap().into_inner().plan.unwrap();
    assert_eq!(read.state(), PlanState::Approved);
    assert_eq!(Some(read), approved.plan);
}
