//! The program is told to stop: first it says so, then it answers what it was asked, then it ends.

use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use contract::evaluation::evaluation_service_client::EvaluationServiceClient;
use contract::event::SubscribeEventsRequest;
use contract::event::event_service_client::EventServiceClient;
use contract::scorecard::WatchScorecardsRequest;
use contract::scorecard::scorecard_service_client::ScorecardServiceClient;
use sqlx::{Connection as _, SqliteConnection};
use tempfile::{TempDir, tempdir};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tonic::codegen::tokio_stream;
use tonic::transport::Channel;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;

use crate::harness::*;
use crate::kill::{binary, free_address, reached, serve};

/// What the README says that a stop takes at most, and what a busy machine adds.
const STOP_MAX: Duration = Duration::from_secs(11 + 4);
/// Long before a stop would give up what does not end.
const SOON: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(5);

/// The program, serving a city of one unit.
struct Program {
    home: TempDir,
    address: std::net::SocketAddr,
    channel: Channel,
    process: Child,
}

impl Program {
    async fn start() -> Self {
        let (home, address) = (tempdir().unwrap(), free_address());
        let process = serve(&binary(home.path()), &home.path().join("data"), address);
        let channel = reached(address).await;
        let program = Self { home, address, channel, process };
        let mut health = program.watch().await;
        while health.message().await.unwrap().unwrap().status() != ServingStatus::Serving {}
        program.evaluation().register_unit(registration("north")).await.unwrap();
        program
    }

    fn evaluation(&self) -> EvaluationServiceClient<Channel> {
        EvaluationServiceClient::new(self.channel.clone())
    }

    async fn watch(&self) -> tonic::Streaming<HealthCheckResponse> {
        let all = HealthCheckRequest { service: String::new() };
        HealthClient::new(self.channel.clone()).watch(all).await.unwrap().into_inner()
    }

    async fn signal(&self, signal: &str) {
        let process = self.process.id().unwrap().to_string();
        let sent = Command::new("kill").args([signal, &process]).status().await.unwrap();
        assert!(sent.success());
    }

    /// Asks for something that is not answered until the lock is given back.
    async fn in_flight(&self) -> (SqliteConnection, JoinSet<bool>) {
        let lock = lock(&self.home.path().join("data/evaluation.db")).await;
        let mut evaluation = self.evaluation();
        let mut call = JoinSet::new();
        call.spawn(async move { evaluation.register_unit(registration("south")).await.is_ok() });
        sleep(20 * POLL).await;
        assert!(call.try_join_next().is_none());
        (lock, call)
    }

    async fn ended(&mut self, within: Duration) -> ExitStatus {
        timeout(within, self.process.wait()).await.expect("it ends").unwrap()
    }

    /// Whether nothing is left of a write-ahead log: its database was closed.
    fn is_closed(&self) -> bool {
        !self.home.path().join("data/evaluation.db-wal").exists()
    }
}

/// Takes the right to write a database.
async fn lock(database: &Path) -> SqliteConnection {
    let mut lock = SqliteConnection::connect(&format!("sqlite://{}", database.display())).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut lock).await.unwrap();
    lock
}

async fn unlock(mut lock: SqliteConnection) {
    sqlx::query("ROLLBACK").execute(&mut lock).await.unwrap();
    lock.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_that_it_stops_still_accepts_answers_what_is_in_flight_and_ends_what_is_open() {
    let mut program = Program::start().await;
    let mut health = program.watch().await;
    let subscription = SubscribeEventsRequest { service: "evaluation".to_owned(), ..Default::default() };
    let mut events = EventServiceClient::new(program.channel.clone());
    let mut events = events.subscribe_events(subscription).await.unwrap().into_inner();
    let scorecards = WatchScorecardsRequest { parent: CYCLE.to_owned(), ..Default::default() };
    let mut watch = ScorecardServiceClient::new(program.channel.clone());
    let _scorecards = watch.watch_scorecards(scorecards).await;
    assert_eq!(health.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let (lock, mut call) = program.in_flight().await;
    let asked = Instant::now();
    program.signal("-TERM").await;
    assert_eq!(health.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    connect(program.address).await.expect("who does not know yet is still served");
    while TcpStream::connect(program.address).await.is_ok() {
        sleep(POLL).await;
    }
    assert!(asked.elapsed() >= Duration::from_secs(1), "{:?}", asked.elapsed());
    assert!(call.try_join_next().is_none());
    unlock(lock).await;
    assert!(call.join_next().await.unwrap().unwrap(), "what was in flight is answered");
    assert!(program.ended(SOON).await.success());
    assert!(program.is_closed());
    assert_eq!(health.message().await.ok().flatten(), None, "the watch ended");
    while events.message().await.ok().flatten().is_some() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_ends_does_not_keep_it_nor_its_databases_open() {
    let mut program = Program::start().await;
    let mut reflection = ServerReflectionClient::new(program.channel.clone());
    let _open = reflection.server_reflection_info(tokio_stream::pending()).await.unwrap();
    program.signal("-INT").await;
    assert!(program.ended(STOP_MAX).await.success());
    assert!(program.is_closed());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_signal_ends_it_at_once() {
    let mut program = Program::start().await;
    let mut health = program.watch().await;
    assert_eq!(health.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let (_lock, _call) = program.in_flight().await;
    program.signal("-TERM").await;
    assert_eq!(health.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    while TcpStream::connect(program.address).await.is_ok() {
        sleep(POLL).await;
    }
    program.signal("-TERM").await;
    assert_eq!(program.ended(Duration::from_secs(2)).await.code(), Some(130));
}
