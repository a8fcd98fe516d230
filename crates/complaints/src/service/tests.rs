//! What only shows with a log, a vault and others' facts behind the rules. Time is moved by hand.

use std::sync::atomic::{AtomicI64, Ordering};

use contract::evaluation::UnitRegistered;
use contract::training::OfficerEnrolled;
use contract::words::PostLevel;
use eventstore::sqlite::SqliteLog;
use eventstore::store::{Append, ExpectedVersion, Request as Answered, StreamWrite};
use eventstore::{Metadata, NewEvent, RecordedEvent};
use shell::Tasks;
use shell::timer::Timer as _;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::*;
use crate::timers::Clocks;

mod apart;
mod history;
mod imports;
mod queries;
mod secrets;
mod year;

const WORDS: &str = "The officer shouted at Zhang San.";

/// A running context with empty logs.
struct World {
    service: Arc<Service>,
    complaints: EventStore,
    evaluation: EventStore,
    training: EventStore,
    now: Arc<AtomicI64>,
    tasks: Tasks,
    folder: tempfile::TempDir,
}

impl World {
    async fn start() -> Self {
        // Monday, 2 September 2024, 9:00 in China.
        Self::open(tempfile::tempdir().unwrap(), Arc::new(AtomicI64::new(1_725_238_800))).await
    }

    /// The same logs, after the process ended and another one opened them.
    async fn restarted(self) -> Self {
        let Self { service, complaints, evaluation, training, now, tasks, folder } = self;
        tasks.stop.cancel();
        tasks.tracker.close();
        drop((service, complaints, evaluation, training));
        tasks.tracker.wait().await;
        Self::open(folder, now).await
    }

    async fn open(folder: tempfile::TempDir, now: Arc<AtomicI64>) -> Self {
        let tasks = Tasks::default();
        let seconds = now.clone();
        let clock: Clock = Arc::new(move || Timestamp::from_second(seconds.load(Ordering::Relaxed)).unwrap());
        let open = async |service| {
            let log = SqliteLog::open(&folder.path().join(service)).await.unwrap();
            EventStore::start(service, Arc::new(log), clock.clone(), &tasks.tracker).await.unwrap()
        };
        let complaints = open("complaints").await;
        let (evaluation, training) = (open("evaluation").await, open("training").await);
        let stores = [&complaints, &evaluation, &training];
        let service = serve(stores, clock, [&tasks, &tasks]);
        Self { service, complaints, evaluation, training, now, tasks, folder }
    }

    fn now(&self) -> Timestamp {
        (self.service.clock)()
    }

    async fn register_station(&self) {
        let unit = UnitRegistered { unit: unit("station"), ..UnitRegistered::default() };
        record(&self.evaluation, "unit_register-city", unit).await;
    }

    async fn enrol(&self, id: &str, post_level: PostLevel) {
        let (officer, post_level) = (officer(id), post_level.into());
        let enrolled = OfficerEnrolled { officer, post_level, ..OfficerEnrolled::default() };
        record(&self.training, &format!("officer-city/{id}"), enrolled).await;
    }

    async fn lodge(&self, request_id: u128) -> Result<LodgeComplaintResponse, Status> {
        self.service.lodge_complaint(Request::new(lodging(request_id))).await.map(Response::into_inner)
    }

    /// A complaint that is assigned, due in 15 working days.
    async fn assign(&self) -> Complaint {
        self.assign_by(1, None).await
    }

    /// A complaint that is assigned by five requests from number `first` on, due at `deadline`.
    async fn assign_by(&self, first: u128, deadline: Option<Timestamp>) -> Complaint {
        for (id, level) in [
            ("leader", PostLevel::DeputyDivisionHead),
            ("supervisor", PostLevel::DivisionHead),
            ("responsible", PostLevel::Staff),
        ] {
            self.enrol(id, level).await;
        }
        self.register_station().await;
        let name = self.lodge(first).await.unwrap().complaint.unwrap().name;
        let (service, name) = (&self.service, name.as_str());
        let request_id = |number| Uuid::from_u128(first + number).to_string();
        let accept = AcceptComplaintRequest {
            request_id: request_id(1),
            name: name.to_owned(),
            ..AcceptComplaintRequest::default()
        };
        service.accept_complaint(Request::new(accept)).await.unwrap();
        let lead = AppointLeaderRequest {
            request_id: request_id(2),
            name: name.to_owned(),
            leader: officer("leader"),
            ..AppointLeaderRequest::default()
        };
        service.appoint_leader(Request::new(lead)).await.unwrap();
        let supervise = AppointSupervisorRequest {
            request_id: request_id(3),
            name: name.to_owned(),
            supervisor: officer("supervisor"),
            ..AppointSupervisorRequest::default()
        };
        service.appoint_supervisor(Request::new(supervise)).await.unwrap();
        let assign = AssignComplaintRequest {
            request_id: request_id(4),
            name: name.to_owned(),
            officer: officer("responsible"),
            deadline: deadline.map(to_wire),
            ..AssignComplaintRequest::default()
        };
        let assigned = service.assign_complaint(Request::new(assign)).await.unwrap();
        assigned.into_inner().complaint.unwrap()
    }

    async fn log(&self) -> Vec<RecordedEvent> {
        self.complaints.reader().read_all(1, 10_000).await.unwrap()
    }

    async fn get(&self, name: &str) -> Complaint {
        self.service.reads.catch_up(Duration::from_secs(5)).await.unwrap();
        let asked = GetComplaintRequest { name: name.to_owned(), ..GetComplaintRequest::default() };
        let answer = self.service.get_complaint(Request::new(asked)).await.unwrap();
        answer.into_inner().complaint.unwrap()
    }
}

/// The service on its log and those of evaluation and training: its model follows in the tasks given first,
/// what it keeps of others' facts in those given second.
fn serve(
    [complaints, evaluation, training]: [&EventStore; 3],
    clock: Clock,
    [model, replica]: [&Tasks; 2],
) -> Arc<Service> {
    let reads = Reads::follow("complaints", ReadModel::default(), vec![complaints.source()], model);
    let others = vec![evaluation.source(), training.source()];
    let replica = Reads::follow("complaints-replica", Replica::default(), others, replica);
    Arc::new(Service::new(complaints.clone(), reads, replica, clock))
}

fn by<M>(actor: &str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert(shell::caller::ACTOR_HEADER, actor.parse().unwrap());
    request
}

fn unit(id: &str) -> String {
    format!("jurisdictions/city/units/{id}")
}

fn officer(id: &str) -> String {
    format!("jurisdictions/city/officers/{id}")
}

fn lodging(request_id: u128) -> LodgeComplaintRequest {
    let complainant = Complainant { full_name: "Li Si".to_owned(), ..Complainant::default() };
    let complaint = NewComplaint {
        channel: ComplaintChannel::Hotline.into(),
        complainant: Some(complainant),
        text: WORDS.to_owned(),
        unit: unit("station"),
        ..NewComplaint::default()
    };
    LodgeComplaintRequest {
        request_id: Uuid::from_u128(request_id).to_string(),
        parent: "jurisdictions/city".to_owned(),
        complaint: Some(complaint),
        ..LodgeComplaintRequest::default()
    }
}

/// Records another context's fact, as that context would.
async fn record<M: prost::Message + prost::Name>(store: &EventStore, stream: &str, fact: M) {
    let event = NewEvent { event_type: M::full_name(), unit: String::new(), payload: fact.encode_to_vec() };
    let stream = StreamId::from_log(stream.to_owned());
    let writes = vec![StreamWrite { stream, expected: ExpectedVersion::Any, events: vec![event] }];
    let request_id = Uuid::new_v5(&Uuid::NAMESPACE_OID, &fact.encode_to_vec());
    let metadata = Metadata {
        actor: "test".to_owned(),
        jurisdiction: "city".to_owned(),
        occurred_at: Timestamp::UNIX_EPOCH,
        correlation_id: request_id,
        causation_id: request_id,
        traceparent: String::new(),
    };
    let request = Answered { request_id, fingerprint: [0; 32], answer: vec![] };
    store.append(Append { writes, boxes: vec![], guards: vec![], metadata, request }).await.unwrap();
}

fn rule(status: &Status) -> String {
    status.get_error_details().error_info().unwrap().metadata["rule"].clone()
}

#[tokio::test]
async fn what_people_wrote_lies_in_the_vault_and_not_in_the_log() {
    let world = World::start().await;
    world.register_station().await;
    let answer = world.lodge(1).await.unwrap();
    let log = world.log().await;
    let [event] = log.as_slice() else { panic!("{log:?}") };
    for secret in [WORDS, "Li Si", &answer.receipt_code] {
        let found = event.payload.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{secret}");
    }
    let lodged = <ComplaintLodged as prost::Message>::decode(event.payload.as_slice()).unwrap();
    let text = lodged.text.unwrap();
    let content = world.complaints.vault_get(&text.vault_key).await.unwrap().unwrap();
    assert_eq!(&content[32..], WORDS.as_bytes());
    assert_eq!(text.sha256, <sha2::Sha256 as sha2::Digest>::digest(&content).to_vec());
    let complainant = world.complaints.vault_get(&lodged.complainant_key).await.unwrap().unwrap();
    let complainant = <Complainant as prost::Message>::decode(complainant.as_slice()).unwrap();
    assert_eq!(complainant.full_name, "Li Si");
    assert_eq!(lodged.receipt_hash, code::hash(&answer.receipt_code));
}

#[tokio::test]
async fn lodging_again_by_the_same_request_gives_the_same_receipt_and_touches_no_vault() {
    let world = World::start().await;
    world.register_station().await;
    let first = world.lodge(1).await.unwrap();
    let key = first.complaint.clone().unwrap().text_key;
    assert_eq!(world.complaints.vault_erase(std::slice::from_ref(&key)).await.unwrap(), 1);
    assert_eq!(world.lodge(1).await.unwrap(), first);
    assert_eq!(world.complaints.vault_get(&key).await.unwrap(), None);
    assert_eq!(world.log().await.len(), 1);
}

#[tokio::test]
async fn a_refused_complaint_leaves_nothing_in_the_vault() {
    let world = World::start().await;
    let refused = world.lodge(1).await.unwrap_err();
    assert_eq!(
        (refused.code(), &*rule(&refused)),
        (Code::FailedPrecondition, "complaints.unit_not_in_service")
    );
    let (caller, asked) = receive(Request::new(lodging(1)), &world.service.clock).unwrap();
    let call = caller.call(&asked.request_id, "city", None).unwrap();
    let sealed = world.service.vault.seal_text(&call, "text", WORDS, None).await.unwrap();
    assert_eq!(world.complaints.vault_get(&sealed.reference.vault_key).await.unwrap(), None);
}

#[tokio::test]
async fn a_unit_registered_a_moment_ago_is_known() {
    let world = World::start().await;
    world.lodge(1).await.unwrap_err();
    world.register_station().await;
    world.lodge(1).await.unwrap();
}

#[tokio::test]
async fn clocks_run_in_working_days_of_the_calendar() {
    let world = World::start().await;
    let holidays = (3..=6).map(|day| format!("2024-09-0{day}")).collect();
    let calendar = SetCalendarRequest {
        request_id: Uuid::from_u128(9).to_string(),
        parent: "jurisdictions/city".to_owned(),
        holidays,
        ..SetCalendarRequest::default()
    };
    world.service.set_calendar(Request::new(calendar)).await.unwrap();
    world.register_station().await;
    let clock = world.lodge(1).await.unwrap().complaint.unwrap().stage_clock.unwrap();
    // Five working days after Monday 2: Monday 9 to Friday 13.
    let due: Timestamp = "2024-09-14T00:00:00+08:00".parse().unwrap();
    assert_eq!((clock.due_time, clock.working_days_left), (Some(to_wire(due)), 5));
    assert_eq!(clock.colour(), AlertColour::Green);
}

#[tokio::test]
async fn a_deadline_that_passes_without_a_report_is_raised_once() {
    let world = World::start().await;
    let assigned = world.assign().await;
    let deadline = field::instant("deadline", assigned.deadline.unwrap()).unwrap();
    let timer = Clocks::new(world.service.clone());
    timer.tick(world.now()).await.unwrap();
    assert!(!world.get(&assigned.name).await.overdue);

    world.now.store(deadline.as_second(), Ordering::Relaxed);
    for _ in 0..3 {
        timer.tick(world.now()).await.unwrap();
    }
    assert!(world.get(&assigned.name).await.overdue);
    let log = world.log().await;
    let raised: Vec<_> = log.iter().filter(|event| event.event_type.ends_with(".ComplaintOverdue")).collect();
    let [raised] = raised.as_slice() else { panic!("{raised:?}") };
    assert_eq!((raised.occurred_at, &*raised.unit), (deadline, "station"));
    assert_eq!(raised.actor, "complaints-clocks");
}

#[tokio::test]
async fn a_deadline_extended_between_look_and_command_still_turns_yellow() {
    let world = World::start().await;
    let day = |day| format!("2024-09-0{day}T00:00:00+08:00").parse().unwrap();
    let name = world.assign_by(1, Some(day(4))).await.name;
    let timer = Clocks::new(world.service.clone());
    world.service.reads.catch_up(Duration::from_secs(5)).await.unwrap();
    let look = timer.due(world.now());
    let extend = ExtendDeadlineRequest {
        request_id: Uuid::from_u128(6).to_string(),
        name: name.clone(),
        deadline: Some(to_wire(day(5))),
        reason: "a witness is away".to_owned(),
        ..ExtendDeadlineRequest::default()
    };
    world.service.extend_deadline(Request::new(extend)).await.unwrap();
    assert!(!look.is_empty());
    for due in &look {
        timer.raise(due, world.now()).await.unwrap();
    }
    timer.tick(world.now()).await.unwrap();
    let raised: Vec<_> = world.raised().await.into_iter().map(|(_, told)| told).collect();
    assert_eq!(raised, ["the stage assigned turned yellow, due by 2024-09-04"]);
}

#[tokio::test]
async fn what_is_put_right_by_the_complainants_word_is_closed() {
    let world = World::start().await;
    let name = world.assign().await.name;
    let request_id = |number| Uuid::from_u128(number).to_string();
    let report = ReportRectificationRequest {
        request_id: request_id(6),
        name: name.clone(),
        report: "Said sorry.".to_owned(),
        ..ReportRectificationRequest::default()
    };
    world.service.report_rectification(Request::new(report)).await.unwrap();
    let verify = VerifyRectificationRequest {
        request_id: request_id(7),
        name: name.clone(),
        satisfaction: Satisfaction::Satisfied.into(),
        source: RatingSource::CallBack.into(),
        ..VerifyRectificationRequest::default()
    };
    world.service.verify_rectification(Request::new(verify)).await.unwrap();
    let close = CloseComplaintRequest {
        request_id: request_id(8),
        name: name.clone(),
        outcome: ClosureOutcome::Rectified.into(),
        ..CloseComplaintRequest::default()
    };
    let closed = world.service.close_complaint(Request::new(close)).await.unwrap().into_inner();
    let shown = world.get(&name).await;
    assert_eq!(closed.complaint.unwrap(), shown);
    assert_eq!((shown.stage(), shown.outcome()), (ComplaintStage::Closed, ClosureOutcome::Rectified));
    assert_eq!((shown.satisfaction(), shown.overdue), (Satisfaction::Satisfied, false));
    assert_eq!((shown.stage_clock, shown.case_clock), (None, None));
    // Due in 15 working days, whatever the other stages took.
    let deadline: Timestamp = "2024-09-24T00:00:00+08:00".parse().unwrap();
    assert_eq!(shown.deadline, Some(to_wire(deadline)));
}

#[tokio::test]
async fn complaints_are_listed_by_what_is_asked_for_and_by_nothing_less() {
    let world = World::start().await;
    let assigned = world.assign().await;
    world.lodge(11).await.unwrap();
    world.service.reads.catch_up(Duration::from_secs(5)).await.unwrap();
    let list = async |filter| {
        let asked = ListComplaintsRequest {
            parent: "jurisdictions/city".to_owned(),
            filter: Some(filter),
            ..ListComplaintsRequest::default()
        };
        let listed = world.service.list_complaints(Request::new(asked)).await?.into_inner().complaints;
        Ok::<Vec<_>, Status>(listed.into_iter().map(|complaint| complaint.name).collect())
    };
    assert_eq!(list(ComplaintFilter::default()).await.unwrap().len(), 2);
    let led = ComplaintFilter { leader: officer("leader"), ..ComplaintFilter::default() };
    assert_eq!(list(led).await.unwrap(), [assigned.name]);
    let elsewhere = ComplaintFilter { unit: unit("other"), ..ComplaintFilter::default() };
    assert!(list(elsewhere).await.unwrap().is_empty());
    let old = ComplaintFilter { age_working_days_min: 1, ..ComplaintFilter::default() };
    assert!(list(old).await.unwrap().is_empty());
    let unnamed = ComplaintFilter { unit: "station".to_owned(), ..ComplaintFilter::default() };
    assert_eq!(list(unnamed).await.unwrap_err().code(), Code::InvalidArgument);
}
