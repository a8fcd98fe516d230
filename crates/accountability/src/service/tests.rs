//! The service on logs of its own, each test in a folder of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use contract::complaints::{
    ComplaintLodged, ComplaintSubstantiated, ComplaintUnsubstantiated, LeaderAppointed,
};
use contract::evaluation::{
    CycleOpened, Deduction, EntryRecorded, EntryReversed, ResultsPublished, ResultsRevised, UnitRegistered,
    UnitResult,
};
use contract::training::OfficerEnrolled;
use eventstore::sqlite::SqliteLog;
use eventstore::store::{Append, ExpectedVersion, Request as Recorded, StreamWrite};
use eventstore::{EventSet as _, Metadata, NewEvent};
use shell::Tasks;
use tonic::Code;
use uuid::Uuid;

use super::*;
use crate::Accountability;

mod reacting;
mod reading;
mod whole;

const TRAFFIC: &str = "jurisdictions/city/units/traffic";
const INSPECTION: &str = "jurisdictions/city/units/inspection";
const CYCLE: &str = "jurisdictions/city/cycles/2024";
const COMPLAINT: &str = "jurisdictions/city/complaints/c1";
const ANNA: &str = "jurisdictions/city/officers/anna";
const SECTION_HEAD: &str = "jurisdictions/city/officers/section-head";
const DIRECTOR: &str = "jurisdictions/city/officers/director";
const LEADER: &str = "jurisdictions/city/officers/leader";
const GROUNDS: &str = "Li Si waited nine months for his licence";

eventstore::events! {
    enum Foreign {
        UnitRegistered, CycleOpened, OfficerEnrolled,
        ComplaintLodged, LeaderAppointed, ComplaintSubstantiated, ComplaintUnsubstantiated,
        EntryRecorded, EntryReversed, ResultsPublished, ResultsRevised,
    }
}

struct World {
    accountability: Accountability,
    own: EventStore,
    evaluation: EventStore,
    training: EventStore,
    complaints: EventStore,
    tasks: Tasks,
    /// Seconds since 1970.
    now: Arc<AtomicI64>,
    _folder: tempfile::TempDir,
}

impl World {
    /// Two units, a cycle, an officer of the inspection, and a complaint with its leader.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tasks = Tasks::default();
        let start: Timestamp = "2024-06-01T08:00:00Z".parse().unwrap();
        let now = Arc::new(AtomicI64::new(start.as_second()));
        let hand = now.clone();
        let clock: Clock = Arc::new(move || Timestamp::from_second(hand.load(Ordering::SeqCst)).unwrap());
        let open = async |service: &'static str| {
            let log = SqliteLog::open(&folder.path().join(service)).await.unwrap();
            EventStore::start(service, Arc::new(log), clock.clone(), &tasks.tracker).await.unwrap()
        };
        let (own, evaluation) = (open("accountability").await, open("evaluation").await);
        let (training, complaints) = (open("training").await, open("complaints").await);
        let sources = shell::Sources {
            training: training.source(),
            complaints: complaints.source(),
            evaluation: evaluation.source(),
            accountability: own.source(),
        };
        let accountability = Accountability::start(own.clone(), &sources, clock.clone(), &tasks);
        let world =
            Self { accountability, own, evaluation, training, complaints, tasks, now, _folder: folder };
        for unit in [TRAFFIC, INSPECTION] {
            let registered = UnitRegistered { unit: unit.to_owned(), ..UnitRegistered::default() };
            record(&world.evaluation, registered).await;
        }
        let opened = CycleOpened { cycle: CYCLE.to_owned(), ..CycleOpened::default() };
        record(&world.evaluation, opened).await;
        for (officer, post_level) in [(ANNA, 2), (LEADER, 3), (SECTION_HEAD, 2), (DIRECTOR, 4)] {
            let (officer, unit) = (officer.to_owned(), INSPECTION.to_owned());
            let enrolled = OfficerEnrolled { officer, unit, post_level, ..OfficerEnrolled::default() };
            record(&world.training, enrolled).await;
        }
        let complaint = || COMPLAINT.to_owned();
        let lodged = ComplaintLodged { complaint: complaint(), ..ComplaintLodged::default() };
        record(&world.complaints, lodged).await;
        let leader = LEADER.to_owned();
        let led = LeaderAppointed { complaint: complaint(), leader, ..LeaderAppointed::default() };
        record(&world.complaints, led).await;
        world
    }

    fn service(&self) -> &Service {
        &self.accountability.service
    }

    async fn list(&self, filter: CaseFilter) -> Vec<Case> {
        let parent = "jurisdictions/city".to_owned();
        let asked = ListCasesRequest { parent, filter: Some(filter), ..ListCasesRequest::default() };
        self.accountability.reads().catch_up(REPLICA_WAIT_MAX).await.unwrap();
        self.service().list_cases(Request::new(asked)).await.unwrap().into_inner().cases
    }

    async fn get(&self, name: &str) -> Case {
        self.accountability.reads().catch_up(REPLICA_WAIT_MAX).await.unwrap();
        let asked = GetCaseRequest { name: name.to_owned(), ..GetCaseRequest::default() };
        self.service().get_case(Request::new(asked)).await.unwrap().into_inner().case.unwrap()
    }

    /// Last names of the events in its own log.
    async fn events(&self) -> Vec<String> {
        let events = self.own.reader().read_all(1, 1000).await.unwrap();
        let name = |event: eventstore::RecordedEvent| event.event_type.rsplit('.').next().unwrap().to_owned();
        events.into_iter().map(name).collect()
    }

    /// Waits until `wanted` events of a name are recorded.
    async fn until(&self, name: &str, wanted: usize) {
        let recorded = async {
            while self.events().await.iter().filter(|known| *known == name).count() < wanted {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), recorded).await.unwrap();
    }

    fn set_clock(&self, now: &str) {
        self.now.store(now.parse::<Timestamp>().unwrap().as_second(), Ordering::SeqCst);
    }

    /// Everything in the log, as bytes.
    async fn log(&self) -> Vec<u8> {
        let events = self.own.reader().read_all(1, 1000).await.unwrap();
        events.into_iter().flat_map(|event| event.payload).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.tasks.stop.cancel();
    }
}

async fn record(store: &EventStore, event: impl Into<Foreign>) {
    let event: Foreign = event.into();
    let new = NewEvent { event_type: event.event_type(), unit: String::new(), payload: event.encode() };
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, &[new.event_type.as_bytes(), &new.payload].concat());
    let stream = StreamId::new("foreign", "city");
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

/// A request by `actor`.
fn by<M>(actor: &str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert(shell::caller::ACTOR_HEADER, actor.parse().unwrap());
    request
}

fn refused_by(refused: &Status, rule: &str) {
    assert!(refused.message().starts_with(&format!("{rule}: ")), "{}", refused.message());
}

fn request_id(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

fn open(number: u128, case_id: &str) -> OpenCaseRequest {
    OpenCaseRequest {
        request_id: request_id(number),
        parent: "jurisdictions/city".to_owned(),
        case_id: case_id.to_owned(),
        nature: CaseNature::Delay.into(),
        units: vec![TRAFFIC.to_owned()],
        grounds: GROUNDS.to_owned(),
        complaint: COMPLAINT.to_owned(),
        ..OpenCaseRequest::default()
    }
}

fn assign(number: u128, name: &str, investigator: &str) -> Request<AssignInvestigatorRequest> {
    Request::new(AssignInvestigatorRequest {
        request_id: request_id(number),
        name: name.to_owned(),
        investigator: investigator.to_owned(),
        ..AssignInvestigatorRequest::default()
    })
}

fn evidence(number: u128, name: &str) -> AddEvidenceRequest {
    AddEvidenceRequest {
        request_id: request_id(number),
        name: name.to_owned(),
        evidence_id: "e1".to_owned(),
        kind: EvidenceKind::Statement.into(),
        text: "Wang Wu says he asked four times".to_owned(),
        ..AddEvidenceRequest::default()
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn what_people_wrote_lies_in_the_vault_and_not_in_the_log() {
    let world = World::new().await;
    let answer = world.service().open_case(Request::new(open(1, "c1"))).await.unwrap().into_inner();
    let case = answer.case.clone().unwrap();
    let kept = world.own.vault_get(&case.grounds_key).await.unwrap().unwrap();
    assert!(contains(&kept, GROUNDS));
    assert!(!contains(&world.log().await, GROUNDS));
    let again = world.service().open_case(Request::new(open(1, "c1"))).await.unwrap().into_inner();
    assert_eq!(again, answer);
    // The same case asked for anew is there already; with other grounds it is another one.
    let same = world.service().open_case(Request::new(open(2, "c1"))).await.unwrap().into_inner();
    assert_eq!(same.case.unwrap().etag, "\"1\"");
    let other = OpenCaseRequest { grounds: "He never came".to_owned(), ..open(3, "c1") };
    let refused = world.service().open_case(Request::new(other)).await.unwrap_err();
    assert_eq!(refused.code(), Code::AlreadyExists);
    assert_eq!(world.own.vault_get(&case.grounds_key).await.unwrap().unwrap(), kept);
}

#[tokio::test]
async fn an_erased_text_does_not_come_back_with_a_repeated_request() {
    let world = World::new().await;
    let answer = world.service().open_case(Request::new(open(1, "c1"))).await.unwrap().into_inner();
    let grounds_key = answer.case.clone().unwrap().grounds_key;
    assert_eq!(world.own.vault_erase(std::slice::from_ref(&grounds_key)).await.unwrap(), 1);
    let again = world.service().open_case(Request::new(open(1, "c1"))).await.unwrap().into_inner();
    assert_eq!(again, answer);
    assert_eq!(world.own.vault_get(&grounds_key).await.unwrap(), None);
}

#[tokio::test]
async fn a_refused_text_is_kept_nowhere() {
    let world = World::new().await;
    let unknown = OpenCaseRequest { units: vec![format!("{TRAFFIC}-2")], ..open(1, "c1") };
    let refused = world.service().open_case(Request::new(unknown.clone())).await.unwrap_err();
    assert!(refused.message().starts_with("accountability.unknown_unit: "), "{}", refused.message());
    let (caller, asked) = receive(Request::new(unknown), &world.service().clock).unwrap();
    let call = caller.call(&asked.request_id, "city", None).unwrap();
    let sealed = world.service().vault.seal_text(&call, TEXT, GROUNDS, None).await.unwrap();
    let key = sealed.reference.vault_key;
    assert_eq!(world.own.vault_get(&key).await.unwrap(), None);
    record(&world.evaluation, UnitRegistered { unit: asked.units[0].clone(), ..UnitRegistered::default() })
        .await;
    world.service().open_case(Request::new(asked)).await.unwrap();
    assert!(world.own.vault_get(&key).await.unwrap().is_some());
}

#[tokio::test]
async fn a_case_comes_to_a_finding_by_someone_who_is_not_involved() {
    let world = World::new().await;
    let opened = world.service().open_case(Request::new(open(1, ""))).await.unwrap().into_inner();
    let name = opened.case.unwrap().name;
    let early = world.service().add_evidence(Request::new(evidence(2, &name))).await.unwrap_err();
    assert!(early.message().starts_with("accountability.no_investigator: "), "{}", early.message());
    let involved = world.service().assign_investigator(assign(3, &name, LEADER)).await.unwrap_err();
    assert!(involved.message().starts_with("accountability.investigator_involved: "));
    world.service().assign_investigator(assign(4, &name, ANNA)).await.unwrap();
    let added = world.service().add_evidence(Request::new(evidence(5, &name))).await.unwrap().into_inner();
    let found = MakeFindingRequest {
        request_id: request_id(6),
        name: name.clone(),
        nature: CaseNature::Inaction.into(),
        gravity: Gravity::Grave.into(),
        units: vec![TRAFFIC.to_owned()],
        facts: "Nobody looked at it".to_owned(),
        cycle: CYCLE.to_owned(),
        etag: added.case.unwrap().etag,
        ..MakeFindingRequest::default()
    };
    let found = world.service().make_finding(Request::new(found)).await.unwrap().into_inner();
    let read = GetCaseRequest { name, consistency_token: found.consistency_token };
    let case = world.service().get_case(Request::new(read)).await.unwrap().into_inner().case.unwrap();
    assert_eq!((case.stage(), case.nature()), (CaseStage::Found, CaseNature::Inaction));
    // Opened, assigned, evidence, finding, veto.
    assert_eq!((case.etag.as_str(), case.dispositions.len()), ("\"5\"", 1));
    assert!(!case.finding.unwrap().event_id.is_empty());
    assert!(case.evidence[0].create_time.is_some());
    let is_in_cycle = CaseFilter { cycle: CYCLE.to_owned(), ..CaseFilter::default() };
    assert_eq!(world.list(is_in_cycle).await.len(), 1);
    let opened_only = CaseFilter { stages: vec![CaseStage::Opened.into()], ..CaseFilter::default() };
    assert_eq!(world.list(opened_only).await.len(), 0);
}

#[tokio::test]
async fn a_complaint_substantiated_as_harming_the_public_opens_a_case_by_itself() {
    let world = World::new().await;
    let substantiated = |harms_public| ComplaintSubstantiated {
        complaint: COMPLAINT.to_owned(),
        unit: TRAFFIC.to_owned(),
        harms_public,
        ..ComplaintSubstantiated::default()
    };
    record(&world.complaints, substantiated(false)).await;
    record(&world.complaints, substantiated(true)).await;
    let opens = async {
        while world.own.reader().head().await.unwrap().position == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), opens).await.unwrap();
    let cases = world.list(CaseFilter::default()).await;
    assert_eq!(cases.len(), 1);
    assert_eq!((cases[0].origin(), cases[0].complaint.as_str()), (Origin::Complaint, COMPLAINT));
    assert_eq!(cases[0].causes[0].position, 4);
}
