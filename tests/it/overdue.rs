//! A complaint whose deadline passes costs the responsible unit what the scheme says: through four services.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use contract::complaints::complaint_service_client::ComplaintServiceClient;
use contract::complaints::*;
use contract::evaluation::*;
use contract::scorecard::{ExplainScorecardRequest, LossKind};
use contract::training::EnrolOfficerRequest;
use contract::training::training_service_client::TrainingServiceClient;
use contract::words::{DailySource, PostLevel, Tariff, TariffCause};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::harness::{PARENT, Server, registration, request_id, rules, unit_name};

const COMPLAINT: &str = "jurisdictions/testville/complaints/noise";
const CYCLE: &str = "jurisdictions/testville/cycles/tariffed";
const UNIT: &str = "traffic";
const DAY: i64 = 24 * 60 * 60;

/// A clock that a test moves by hand; 3 June 2024, ten in the morning in China.
fn clock() -> (Arc<AtomicI64>, eventstore::Clock) {
    let seconds = Arc::new(AtomicI64::new(1_717_380_000));
    let read = seconds.clone();
    let clock = move || Timestamp::from_second(read.load(Ordering::SeqCst)).unwrap();
    (seconds, Arc::new(clock))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_passes_costs_the_unit_its_points_once_and_every_event_names_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    let (seconds, clock) = clock();
    let server = Server::start_with(folder.path(), clock.clone()).await;
    open_cycle(&server).await;
    lodge_and_assign(&server, seconds.load(Ordering::SeqCst) + 2 * DAY).await;

    seconds.fetch_add(3 * DAY, Ordering::SeqCst);
    let entry = entry_of(&server).await;
    assert_eq!((entry.source_id.as_str(), entry.points.as_str()), ("complaint", "-0.2"));

    let overdue = event(&server, "complaints", "ComplaintOverdue").await;
    assert_eq!(entry.cause_event_id, overdue["event_id"]);
    let recorded = event(&server, "evaluation", "EntryRecorded").await;
    assert_eq!(recorded["causation_id"], overdue["event_id"]);

    let request = ExplainScorecardRequest {
        name: format!("{CYCLE}/scorecards/{UNIT}"),
        consistency_token: server.everything().await,
        ..Default::default()
    };
    let explained = server.scorecards().explain_scorecard(request).await.unwrap().into_inner();
    let line = explained.lines.iter().find(|line| line.source_id == "complaint").unwrap();
    assert_eq!((line.kind(), line.points.as_str()), (LossKind::Entry, "0.20"));
    assert_eq!(line.events[0].event_id, recorded["event_id"].as_str().unwrap());

    server.stop().await;
    seconds.fetch_add(DAY, Ordering::SeqCst);
    let server = Server::start_with(folder.path(), clock).await;
    entry_of(&server).await;
    event(&server, "complaints", "ComplaintOverdue").await;
    event(&server, "evaluation", "EntryRecorded").await;
    server.stop().await;
}

async fn open_cycle(server: &Server) {
    let mut evaluation = server.evaluation();
    let mut rules = rules();
    rules.daily_sources = vec![DailySource {
        source_id: "complaint".to_owned(),
        title: "Complaints".to_owned(),
        cap: "5".to_owned(),
        bonus_cap: "0".to_owned(),
        tariffs: vec![Tariff { cause: TariffCause::ComplaintOverdue.into(), points: "-0.2".to_owned() }],
    }];
    let request = DraftSchemeRequest {
        request_id: request_id(),
        parent: PARENT.to_owned(),
        scheme_id: "tariffed".to_owned(),
        rules: Some(rules),
        ..Default::default()
    };
    let scheme = evaluation.draft_scheme(request).await.unwrap().into_inner().scheme.unwrap().name;
    let request =
        PublishSchemeRequest { request_id: request_id(), name: scheme.clone(), ..Default::default() };
    evaluation.publish_scheme(request).await.unwrap();
    evaluation.register_unit(registration(UNIT)).await.unwrap();
    let request = OpenCycleRequest {
        request_id: request_id(),
        parent: PARENT.to_owned(),
        cycle_id: "tariffed".to_owned(),
        title: "With tariffs".to_owned(),
        scheme,
        start_date: "2024-01-01".to_owned(),
        end_date: "2024-12-31".to_owned(),
        level: CycleLevel::Municipal.into(),
        ranked_groups: vec![1],
        ..Default::default()
    };
    evaluation.open_cycle(request).await.unwrap();
    let request = EnterUnitRequest {
        request_id: request_id(),
        name: CYCLE.to_owned(),
        unit: unit_name(UNIT),
        group: 1,
        ..Default::default()
    };
    evaluation.enter_unit(request).await.unwrap();
}

async fn lodge_and_assign(server: &Server, deadline: i64) {
    let mut training = TrainingServiceClient::new(server.channel());
    let officers = [
        ("leader", PostLevel::DivisionHead),
        ("second", PostLevel::DivisionHead),
        ("third", PostLevel::Staff),
    ];
    for (officer_id, post_level) in officers {
        let request = EnrolOfficerRequest {
            request_id: request_id(),
            parent: PARENT.to_owned(),
            officer_id: officer_id.to_owned(),
            unit: unit_name(UNIT),
            post_level: post_level.into(),
            ..Default::default()
        };
        training.enrol_officer(request).await.unwrap();
    }
    let officer = |officer_id: &str| format!("{PARENT}/officers/{officer_id}");
    let mut complaints = ComplaintServiceClient::new(server.channel());
    let request = LodgeComplaintRequest {
        request_id: request_id(),
        parent: PARENT.to_owned(),
        complaint_id: "noise".to_owned(),
        complaint: Some(NewComplaint {
            channel: ComplaintChannel::Hotline.into(),
            text: "Sirens at night, every night".to_owned(),
            unit: unit_name(UNIT),
            ..Default::default()
        }),
        ..Default::default()
    };
    complaints.lodge_complaint(request).await.unwrap();
    let name = COMPLAINT.to_owned();
    let request =
        AcceptComplaintRequest { request_id: request_id(), name: name.clone(), ..Default::default() };
    complaints.accept_complaint(request).await.unwrap();
    let request = AppointLeaderRequest {
        request_id: request_id(),
        name: name.clone(),
        leader: officer("leader"),
        ..Default::default()
    };
    complaints.appoint_leader(request).await.unwrap();
    let request = AppointSupervisorRequest {
        request_id: request_id(),
        name: name.clone(),
        supervisor: officer("second"),
        ..Default::default()
    };
    complaints.appoint_supervisor(request).await.unwrap();
    let request = AssignComplaintRequest {
        request_id: request_id(),
        name,
        officer: officer("third"),
        deadline: Some(contract::Timestamp { seconds: deadline, nanos: 0 }),
        ..Default::default()
    };
    complaints.assign_complaint(request).await.unwrap();
}

/// The unit's one entry, once it is there.
async fn entry_of(server: &Server) -> Entry {
    let looking = async {
        loop {
            let request = ListEntriesRequest { parent: CYCLE.to_owned(), ..Default::default() };
            let mut entries = server.evaluation().list_entries(request).await.unwrap().into_inner().entries;
            assert!(entries.len() <= 1, "an entry stands twice");
            if let Some(entry) = entries.pop() {
                return entry;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(20), looking).await.expect("the deadline that passed becomes an entry")
}

/// The one event of this type in a log.
async fn event(server: &Server, service: &str, event_type: &str) -> Value {
    let log = server.log(service).await;
    let of_type =
        |event: &&contract::words::RecordedEvent| event.event_type.ends_with(&format!(".{event_type}"));
    let found: Vec<_> = log.iter().filter(of_type).collect();
    assert_eq!(found.len(), 1, "{event_type} happened once");
    mingjing::json::event(found[0])
}
