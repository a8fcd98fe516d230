//! A clerk's file of complaints goes in whole, whatever happens on the way; what does not fit is told by line
//! and field.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use contract::complaints::complaint_service_client::ComplaintServiceClient;
use contract::complaints::*;
use contract::training::EnrolOfficerRequest;
use contract::training::training_service_client::TrainingServiceClient;
use contract::words::PostLevel;
use serde_json::Value;
use tempfile::tempdir;
use tokio::process::Command;
use tokio::task::JoinSet;
use tonic::transport::Channel;

use crate::foreign::python;
use crate::harness::*;
use crate::kill::binary;

/// Rows of a file, and every how many one is bad.
const SIZE: (usize, usize) = (2500, 100);
/// The same where `TEST_SOAK` was set when the test was built.
const SOAK: (usize, usize) = (100_000, 1000);
/// Of those that say whether it was put right.
const RATINGS: usize = 300;
const AT_ONCE: usize = 16;
/// Runs a program on a terminal of its own, and prints what that shows.
const ON_A_TERMINAL: &str = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";

/// `rows` complaints, of which some are of an unknown channel, an unknown unit, or say nothing.
fn file((rows, bad_every): (usize, usize)) -> String {
    let mut csv = "complaint_id,channel,text,unit,full_name,occurred_at\n".to_owned();
    for row in 0..rows {
        let (mut channel, mut unit, mut text) = ("hotline", "north", format!("Nobody came, {row}."));
        if row % bad_every == 7 {
            match row / bad_every % 3 {
                0 => channel = "pigeon",
                1 => unit = "nowhere",
                _ => text.clear(),
            }
        }
        writeln!(csv, "row-{row},{channel},\"{text}\",{unit},Zhang San,2025-03-01T09:00:00+08:00").unwrap();
    }
    csv
}

/// What follows `mingjing`.
fn arguments<'a>(kind: &'a str, file: &'a Path, server: &'a str) -> Vec<&'a OsStr> {
    let mut arguments: Vec<_> =
        ["import", kind, "--log", "error", "--jurisdiction", "testville", "--server", server]
            .map(OsStr::new)
            .into();
    arguments.push(file.as_os_str());
    arguments
}

async fn import(binary: &Path, kind: &str, file: &Path, server: &str) -> Output {
    let mut command = Command::new(binary);
    command.args(arguments(kind, file, server)).arg("--json");
    let output = command.kill_on_drop(true).output().await.unwrap();
    assert!(
        output.stderr.is_empty(),
        "no bar without a terminal: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Starts the import, and kills it once something of it is recorded.
async fn interrupted(binary: &Path, kind: &str, file: &Path, server: &Server) {
    let before = head(&server.channel(), "complaints").await;
    let mut command = Command::new(binary);
    command.args(arguments(kind, file, &server.url())).kill_on_drop(true);
    let mut running = command.stdout(Stdio::null()).spawn().unwrap();
    while head(&server.channel(), "complaints").await == before {
        assert!(running.try_wait().unwrap().is_none(), "it ended before anything was recorded");
        tokio::task::yield_now().await;
    }
    running.kill().await.unwrap();
}

fn told(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

async fn complaints(channel: &Channel, token: &str) -> Vec<String> {
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListComplaintsRequest {
            parent: PARENT.to_owned(),
            page_size: 1000,
            page_token,
            consistency_token: token.to_owned(),
            ..Default::default()
        };
        let mut client = ComplaintServiceClient::new(channel.clone());
        let ListComplaintsResponse { complaints, next_page_token } =
            client.list_complaints(request).await.unwrap().into_inner();
        names.extend(complaints.into_iter().map(|complaint| complaint.name));
        page_token = next_page_token;
        if page_token.is_empty() {
            return names;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_import_that_is_repeated_ends_the_same() {
    let (rows, bad_every) = if option_env!("TEST_SOAK").is_some() { SOAK } else { SIZE };
    let (home, data) = (tempdir().unwrap(), tempdir().unwrap());
    let binary = binary(home.path());
    let server = Server::start(data.path()).await;
    city(&server.channel(), &["north"]).await;
    let whole = home.path().join("complaints.csv");
    std::fs::write(&whole, file((rows, bad_every))).unwrap();

    interrupted(&binary, "complaints", &whole, &server).await;
    let output = import(&binary, "complaints", &whole, &server.url()).await;
    assert_eq!(output.status.code(), Some(1), "rows were refused");
    let bad = rows / bad_every;
    let first = told(&output);
    assert_eq!(
        (first["recorded"].as_u64(), first["refused"].as_u64()),
        (Some(to_u64(rows - bad)), Some(to_u64(bad)))
    );
    let refusal = |row: usize| {
        let line = to_u64(row + 2);
        let found = first["refusals"].as_array().unwrap().iter().find(|it| it["line"].as_u64() == Some(line));
        found.unwrap_or_else(|| panic!("line {line} is not told")).clone()
    };
    assert_eq!((refusal(7)["field"].as_str(), refusal(7)["id"].as_str()), (Some("channel"), Some("row-7")));
    assert_eq!(refusal(bad_every + 7)["rule"], "complaints.unit_not_in_service");
    assert_eq!(refusal(2 * bad_every + 7)["field"], "complaint.text");

    let everything = server.everything().await;
    let names = complaints(&server.channel(), &everything).await;
    assert_eq!(names.len(), rows - bad);
    let again = import(&binary, "complaints", &whole, &server.url()).await;
    assert_eq!(told(&again), first);
    // Deadlines pass meanwhile, so the log may grow; no complaint is recorded again.
    let everything = server.everything().await;
    assert_eq!(complaints(&server.channel(), &everything).await, names);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_import_of_complainants_words_that_is_repeated_ends_the_same() {
    let (home, data) = (tempdir().unwrap(), tempdir().unwrap());
    let binary = binary(home.path());
    let server = Server::start(data.path()).await;
    city(&server.channel(), &["north"]).await;
    put_right(&server, RATINGS).await;

    let mut csv = "row_id,complaint,rectified,satisfaction,statement\n".to_owned();
    for row in 0..RATINGS {
        let (rectified, satisfaction, statement) =
            if row % 4 == 3 { ("false", "", "It is as before.") } else { ("true", "satisfied", "") };
        writeln!(csv, "word-{row},put-right-{row},{rectified},{satisfaction},{statement}").unwrap();
    }
    csv.push_str("word-nowhere,nowhere,true,satisfied,\nword-unclear,put-right-0,perhaps,satisfied,\n");
    let whole = home.path().join("ratings.csv");
    std::fs::write(&whole, csv).unwrap();
    interrupted(&binary, "ratings", &whole, &server).await;

    let output = import(&binary, "ratings", &whole, &server.url()).await;
    assert_eq!(output.status.code(), Some(1), "rows were refused");
    let first = told(&output);
    assert_eq!(
        (first["recorded"].as_u64(), first["refused"].as_u64()),
        (Some(to_u64(RATINGS)), Some(2)),
        "{first:#}"
    );
    let refusals: Vec<_> =
        first["refusals"].as_array().unwrap().iter().map(|it| (&it["line"], &it["id"])).collect();
    let lines = [RATINGS + 2, RATINGS + 3].map(Value::from);
    assert_eq!(
        refusals,
        [(&lines[0], &Value::from("word-nowhere")), (&lines[1], &Value::from("word-unclear"))]
    );
    assert_eq!(first["refusals"][1]["field"], "rectified");
    let said = words(&server).await;
    assert_eq!(said.values().flatten().count(), RATINGS, "each complainant is heard once");
    assert_eq!(said["RectificationRefuted"].len(), RATINGS / 4);
    assert_eq!(told(&import(&binary, "ratings", &whole, &server.url()).await), first);
    assert_eq!(words(&server).await, said);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bar_shows_how_far_an_import_is_on_a_terminal() {
    let (home, data) = (tempdir().unwrap(), tempdir().unwrap());
    let binary = binary(home.path());
    let server = Server::start(data.path()).await;
    city(&server.channel(), &["north"]).await;
    let whole = home.path().join("complaints.csv");
    std::fs::write(&whole, file((300, 100))).unwrap();
    let mut terminal = Command::new(python());
    terminal.args(["-c", ON_A_TERMINAL]).arg(&binary).args(arguments("complaints", &whole, &server.url()));
    let shown = terminal.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
    let screen = String::from_utf8_lossy(&shown.stdout);
    assert_eq!(shown.status.code(), Some(1), "rows were refused: {screen}");
    assert!(screen.contains("importing [") && screen.contains("/300"), "{screen}");
    assert!(screen.contains("297 recorded, 3 refused"), "{screen}");
    server.stop().await;
}

/// Which complainants said, by the events, that it was put right, and which that it was not.
async fn words(server: &Server) -> BTreeMap<String, BTreeSet<String>> {
    let mut words = BTreeMap::<String, BTreeSet<String>>::new();
    for event in server.log("complaints").await {
        let kind = event.event_type.rsplit('.').next().unwrap();
        if ["RectificationVerified", "RectificationRefuted"].contains(&kind) {
            assert!(
                words.entry(kind.to_owned()).or_default().insert(event.stream.clone()),
                "{} twice",
                event.stream
            );
        }
    }
    words
}

/// Complaints that their unit reports to be put right.
async fn put_right(server: &Server, count: usize) {
    let mut training = TrainingServiceClient::new(server.channel());
    for (officer_id, post_level) in [
        ("leader", PostLevel::DivisionHead),
        ("second", PostLevel::DivisionHead),
        ("third", PostLevel::Staff),
    ] {
        let request = EnrolOfficerRequest {
            request_id: request_id(),
            parent: PARENT.to_owned(),
            officer_id: officer_id.to_owned(),
            unit: unit_name("north"),
            post_level: post_level.into(),
            ..Default::default()
        };
        training.enrol_officer(request).await.unwrap();
    }
    let mut ids: Vec<_> = (0..count).map(|id| format!("put-right-{id}")).collect();
    while !ids.is_empty() {
        let mut handling = JoinSet::new();
        for id in ids.drain(..AT_ONCE.min(ids.len())) {
            handling.spawn(handled(ComplaintServiceClient::new(server.channel()), id));
        }
        handling.join_all().await;
    }
}

async fn handled(mut client: ComplaintServiceClient<Channel>, complaint_id: String) {
    let name = format!("{PARENT}/complaints/{complaint_id}");
    let officer = |id: &str| format!("{PARENT}/officers/{id}");
    let complaint = NewComplaint {
        channel: ComplaintChannel::Hotline.into(),
        text: "Nobody came".to_owned(),
        unit: unit_name("north"),
        ..Default::default()
    };
    let request = LodgeComplaintRequest {
        request_id: request_id(),
        parent: PARENT.to_owned(),
        complaint_id,
        complaint: Some(complaint),
        ..Default::default()
    };
    client.lodge_complaint(request).await.unwrap();
    let request =
        AcceptComplaintRequest { request_id: request_id(), name: name.clone(), ..Default::default() };
    client.accept_complaint(request).await.unwrap();
    let request = AppointLeaderRequest {
        request_id: request_id(),
        name: name.clone(),
        leader: officer("leader"),
        ..Default::default()
    };
    client.appoint_leader(request).await.unwrap();
    let request = AppointSupervisorRequest {
        request_id: request_id(),
        name: name.clone(),
        supervisor: officer("second"),
        ..Default::default()
    };
    client.appoint_supervisor(request).await.unwrap();
    let deadline = (mingjing::clock())() + jiff::SignedDuration::from_hours(24 * 20);
    let request = AssignComplaintRequest {
        request_id: request_id(),
        name: name.clone(),
        officer: officer("third"),
        deadline: Some(contract::field::to_wire(deadline)),
        ..Default::default()
    };
    client.assign_complaint(request).await.unwrap();
    let request = ReportRectificationRequest {
        request_id: request_id(),
        name,
        report: "Somebody came".to_owned(),
        ..Default::default()
    };
    client.report_rectification(request).await.unwrap();
}

fn to_u64(count: usize) -> u64 {
    count.try_into().unwrap()
}
