//! What the services publish over NATS: heard by a foreign subscriber, described by a document, read at its owner
//! where it is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use contract::complaints::complaint_service_client::ComplaintServiceClient;
use contract::complaints::{ComplaintChannel, LodgeComplaintRequest, NewComplaint};
use contract::event::event_service_client::EventServiceClient;
use contract::event::{Consumer, ListConsumersRequest, ResumeConsumerRequest};
use contract::token::SERVICES;
use eventstore::nats::source::{Filler as _, NatsSource};
use eventstore::nats::{Nats, Settings, jetstream};
use eventstore::sqlite::SqliteLog;
use eventstore::{EventStore, Feed, RecordedEvent, Source as _, relay};
use mingjing::remote::RemoteLog;
use serde_json::Value;
use tempfile::{TempDir, tempdir};
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::Code;

use crate::foreign::{python, workspace};
use crate::harness::*;

const PATIENCE: Duration = Duration::from_mins(1);
const SECRET: &str = "Wang Xiaoming saw sirens at 13 Harbour Road";

/// A NATS server of this test's own.
struct Broker {
    url: String,
    _process: Child,
    _folder: TempDir,
}

impl Broker {
    async fn start() -> Self {
        let folder = tempdir().unwrap();
        let installed = workspace().join(".tools/python/bin/nats-server");
        let program = if installed.exists() { installed } else { PathBuf::from("nats-server") };
        let ports = folder.path().join("ports");
        std::fs::create_dir(&ports).unwrap();
        let mut command = Command::new(program);
        command.args(["--addr", "127.0.0.1", "--port", "-1", "--jetstream", "--store_dir"]);
        command.arg(folder.path()).arg("--ports_file_dir").arg(&ports);
        let process = command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        let starting = async {
            loop {
                if let Some(url) = listens(&ports) {
                    return url;
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        let url = timeout(PATIENCE, starting).await.expect("the NATS server starts");
        Self { url, _process: process, _folder: folder }
    }

    async fn connect(&self) -> Nats {
        let settings = Settings { url: self.url.clone(), replicas: 1, ..Settings::default() };
        Nats::connect(&settings).await.unwrap()
    }
}

/// Where the server says that it listens.
fn listens(ports: &Path) -> Option<String> {
    let file = std::fs::read_dir(ports).unwrap().next()?.unwrap().path();
    let said: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).ok()?;
    Some(said["nats"][0].as_str()?.to_owned())
}

/// Publishes a service's log, as a process beside the server does, up to its head.
async fn published(data: &Path, service: &'static str, nats: &Nats) -> u64 {
    let log = Arc::new(SqliteLog::open(&data.join(format!("{service}.db"))).await.unwrap());
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let store = EventStore::start(service, log, mingjing::clock(), &tasks).await.unwrap();
    let head = store.reader().head().await.unwrap().position;
    let mut status = relay::start(store, nats.clone(), &tasks, stop.clone());
    timeout(PATIENCE, status.wait_for(|status| status.position >= head)).await.unwrap().unwrap();
    stop.cancel();
    head
}

async fn lodge(server: &Server) {
    let request = LodgeComplaintRequest {
        request_id: request_id(),
        parent: PARENT.to_owned(),
        complaint_id: "noise".to_owned(),
        complaint: Some(NewComplaint {
            channel: ComplaintChannel::Hotline.into(),
            text: SECRET.to_owned(),
            unit: format!("{PARENT}/units/north"),
            ..Default::default()
        }),
        ..Default::default()
    };
    ComplaintServiceClient::new(server.channel()).lodge_complaint(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_subscriber_misses_nothing_reads_everything_and_learns_of_nobody() {
    let (data, broker) = (tempdir().unwrap(), Broker::start().await);
    let server = Server::start(data.path()).await;
    for unit in ["north", "south", "east"] {
        server.evaluation().register_unit(registration(unit)).await.unwrap();
    }
    server.everything().await;
    lodge(&server).await;
    let nats = broker.connect().await;
    let mut subscriber = Command::new(python());
    subscriber
        .arg(workspace().join("tests/python/subscriber.py"))
        .arg(workspace().join("proto"))
        .arg(&broker.url);
    for service in ["evaluation", "complaints"] {
        let position = published(data.path(), service, &nats).await;
        assert!(position > 0);
        subscriber.arg(format!("{service}={position}"));
    }
    let output =
        subscriber.args(["--", SECRET, "Xiaoming", "Harbour"]).kill_on_drop(true).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(seen["evaluation"]["mingjing.evaluation.v1.UnitRegistered"], 3);
    assert_eq!(seen["complaints"]["mingjing.complaints.v1.ComplaintLodged"], 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_in_another_process_gets_what_the_log_has_published_or_not() {
    let (data, broker) = (tempdir().unwrap(), Broker::start().await);
    let server = Server::start(data.path()).await;
    for unit in ["north", "south", "east"] {
        server.evaluation().register_unit(registration(unit)).await.unwrap();
    }
    let nats = broker.connect().await;
    let head = published(data.path(), "evaluation", &nats).await;
    let remote = Arc::new(RemoteLog::new("evaluation", server.channel()));
    let source = NatsSource::new("evaluation", nats, remote.clone(), "here");
    let mut feed = source.subscribe("scorecard", 1);
    let consumed = read(&mut *feed, head).await;
    assert_eq!(consumed, remote.read(1, 1000).await.unwrap().events, "the same, from both");
    let log = SqliteLog::open(&data.path().join("evaluation.db")).await.unwrap();
    assert_eq!(consumed, eventstore::store::Log::read_all(&log, 1, 1000).await.unwrap());
    let head = eventstore::store::Log::head(&log).await.unwrap();
    assert_eq!(source.published().await.unwrap(), head);
    assert_eq!(source.head().await.unwrap(), head);
    server.stop().await;
}

async fn read(feed: &mut dyn Feed, until: u64) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    while events.last().is_none_or(|event: &RecordedEvent| event.position < until) {
        events.extend(timeout(PATIENCE, feed.next()).await.unwrap().unwrap());
    }
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_the_logs_is_listed_and_what_goes_on_is_left_alone() {
    let data = tempdir().unwrap();
    let server = Server::start(data.path()).await;
    server.evaluation().register_unit(registration("north")).await.unwrap();
    let mut client = EventServiceClient::new(server.channel());
    let listed = client.list_consumers(ListConsumersRequest {}).await.unwrap().into_inner().consumers;
    let reaction = listed.iter().find(|consumer| consumer.consumer == "evaluation-from-complaints").unwrap();
    assert_eq!(
        (reaction.service.as_str(), reaction.head_position, reaction.alarm.as_str()),
        ("complaints", Some(0), "")
    );
    assert!(
        listed
            .iter()
            .any(|consumer| (&*consumer.consumer, &*consumer.service) == ("evaluation", "evaluation"))
    );
    let document = mingjing::asyncapi::document();
    let mut described = BTreeSet::new();
    for stream in document["x-streams"].as_array().unwrap() {
        for consumer in stream["durable_consumers"].as_array().unwrap() {
            described.insert((stream["name"].as_str().unwrap(), consumer.as_str().unwrap()));
        }
    }
    let streams: BTreeMap<_, _> = SERVICES.map(|service| (service, jetstream::name(service))).into();
    let reads =
        |it: &&Consumer| it.consumer.split_once("-from-").is_some_and(|(acting, _)| acting != it.service);
    let reading = listed.iter().filter(reads);
    let reading: BTreeSet<_> =
        reading.map(|it| (streams[it.service.as_str()].as_str(), it.consumer.as_str())).collect();
    assert_eq!(described, reading, "who reads a stream durably");
    let resume = |consumer: &str| ResumeConsumerRequest { consumer: consumer.to_owned() };
    let resumed = client.resume_consumer(resume("evaluation-from-complaints")).await.unwrap().into_inner();
    assert_eq!(resumed.consumers, []);
    assert_refused(
        client.resume_consumer(resume("nobody")).await,
        Code::InvalidArgument,
        "consumer",
        "nobody",
    );
    server.stop().await;
}

#[tokio::test]
async fn what_is_published_is_described_as_async_api_asks() {
    let schema = workspace().join(".tools/asyncapi/3.0.0.json");
    assert!(schema.exists(), "{} is not there: run `make tools`", schema.display());
    let mut check = Command::new(python());
    check.arg(workspace().join("tests/python/asyncapi.py")).arg(schema).stdin(Stdio::piped());
    check.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut checking = check.spawn().unwrap();
    let document = serde_json::to_vec(&mingjing::asyncapi::document()).unwrap();
    checking.stdin.take().unwrap().write_all(&document).await.unwrap();
    let output = checking.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
