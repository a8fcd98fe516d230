//! Puts the services together and serves them on one port, embedded: SQLite files in a data directory, and
//! nothing else.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use accountability::Accountability;
use anyhow::Context as _;
use complaints::Complaints;
use contract::accountability::accountability_service_server::SERVICE_NAME as ACCOUNTABILITY_SERVICE;
use contract::complaints::complaint_service_server::SERVICE_NAME as COMPLAINT_SERVICE;
use contract::descriptors;
use contract::evaluation::evaluation_service_server::SERVICE_NAME as EVALUATION_SERVICE;
use contract::event::event_service_server::{EventServiceServer, SERVICE_NAME as EVENT_SERVICE};
use contract::scorecard::scorecard_service_server::SERVICE_NAME as SCORECARD_SERVICE;
use contract::status::Failure;
use contract::training::training_service_server::SERVICE_NAME as TRAINING_SERVICE;
use evaluation::Evaluation;
use eventstore::sqlite::SqliteLog;
use eventstore::{Clock, EventStore};
use scorecard::Scorecard;
use shell::{Model, Reads, Sources, Tasks};
use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_web::GrpcWebLayer;
use training::Training;

use crate::events::Events;

/// A request's message has at most so many bytes.
const REQUEST_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A connection has at most so many calls at once.
const CALLS_PER_CONNECTION_MAX: usize = 1024;
/// A call is answered within this, or given up.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// A connection is closed, in good order, after this.
const CONNECTION_AGE_MAX: Duration = Duration::from_hours(1);
const KEEPALIVE: Duration = Duration::from_secs(30);
/// Filling the read models from the logs may take this long.
const FILL_TIMEOUT: Duration = Duration::from_mins(30);
/// A stop waits this long for the calls and tasks that run.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Everything, running.
pub struct Running {
    /// Where gRPC is served.
    pub address: SocketAddr,
    /// The background work.
    pub tasks: Tasks,
}

/// Starts all services on the logs in `data_dir` (made if it is not there) and serves them on `listen`. Each is
/// healthy, and this returns, once what it reads from is filled.
pub async fn start(listen: SocketAddr, data_dir: &Path, clock: Clock) -> anyhow::Result<Running> {
    std::fs::create_dir_all(data_dir).with_context(|| format!("data directory {}", data_dir.display()))?;
    let tasks = Tasks::default();
    let (listener, health) = (TcpListener::bind(listen).await, tonic_health::server::health_reporter());
    let listener = listener.with_context(|| format!("listening on {listen}"))?;
    let address = listener.local_addr()?;
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));

    let training_log = open("training", data_dir, &clock, &tasks).await?;
    let complaints_log = open("complaints", data_dir, &clock, &tasks).await?;
    let evaluation_log = open("evaluation", data_dir, &clock, &tasks).await?;
    let accountability_log = open("accountability", data_dir, &clock, &tasks).await?;
    let read = |store: &EventStore| store.reader().clone();
    let logs = [&training_log, &complaints_log, &evaluation_log, &accountability_log].map(read);

    let sources = Sources {
        training: training_log.source(),
        complaints: complaints_log.source(),
        evaluation: evaluation_log.source(),
        accountability: accountability_log.source(),
    };
    let training = Training::start(training_log, &sources, clock.clone(), &tasks);
    let complaints = Complaints::start(complaints_log, &sources, clock.clone(), &tasks);
    let evaluation = Evaluation::start(evaluation_log, &sources, clock.clone(), &tasks);
    let accountability = Accountability::start(accountability_log, &sources, clock.clone(), &tasks);
    let scorecard = Scorecard::start(&sources, &data_dir.join("scorecard.db"), clock.clone(), &tasks).await?;

    let (reporter, health) = health;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(descriptors::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    let routes = Routes::new(health)
        .add_service(reflection)
        .add_service(EventServiceServer::new(Events::new(logs, &tasks)))
        .add_service(training.server().max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(complaints.server().max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(evaluation.server().max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(accountability.server().max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(scorecard.server().max_decoding_message_size(REQUEST_BYTES_MAX));
    let names = [
        TRAINING_SERVICE,
        COMPLAINT_SERVICE,
        EVALUATION_SERVICE,
        ACCOUNTABILITY_SERVICE,
        SCORECARD_SERVICE,
        EVENT_SERVICE,
    ];
    for name in names.into_iter().chain([""]) {
        reporter.set_service_status(name, ServingStatus::NotServing).await;
    }
    let stop = tasks.stop.clone();
    let stopping = {
        let reporter = reporter.clone();
        async move {
            stop.cancelled().await;
            for name in names.into_iter().chain([""]) {
                reporter.set_service_status(name, ServingStatus::NotServing).await;
            }
        }
    };
    let server = Server::builder()
        .accept_http1(true)
        .layer(GrpcWebLayer::new())
        .timeout(CALL_TIMEOUT)
        .concurrency_limit_per_connection(CALLS_PER_CONNECTION_MAX)
        .max_connection_age(CONNECTION_AGE_MAX)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, stopping);
    tasks.tracker.spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the server stopped");
        }
    });

    // A service that cannot be filled (an event that it cannot read) stays unhealthy; the others serve.
    let filled = [
        (TRAINING_SERVICE, filled(training.reads()).await && filled(training.replica()).await),
        (COMPLAINT_SERVICE, filled(complaints.reads()).await && filled(complaints.replica()).await),
        (EVALUATION_SERVICE, filled(evaluation.reads()).await && filled(evaluation.replica()).await),
        (
            ACCOUNTABILITY_SERVICE,
            filled(accountability.reads()).await && filled(accountability.replica()).await,
        ),
        (SCORECARD_SERVICE, is_filled(&scorecard.catch_up(FILL_TIMEOUT).await)),
        (EVENT_SERVICE, true),
    ];
    let all = filled.iter().all(|(_, filled)| *filled);
    for (name, filled) in filled.into_iter().chain([("", all)]) {
        let status = if filled { ServingStatus::Serving } else { ServingStatus::NotServing };
        reporter.set_service_status(name, status).await;
    }
    Ok(Running { address, tasks })
}

impl Running {
    /// Stops in good order: unhealthy at once, running calls answered, tasks ended, within 10 s.
    pub async fn stop(self) {
        self.tasks.stop.cancel();
        self.tasks.tracker.close();
        if tokio::time::timeout(STOP_TIMEOUT, self.tasks.tracker.wait()).await.is_err() {
            tracing::warn!("some tasks did not stop within {} s", STOP_TIMEOUT.as_secs());
        }
    }
}

async fn open(
    service: &'static str,
    data_dir: &Path,
    clock: &Clock,
    tasks: &Tasks,
) -> anyhow::Result<EventStore> {
    let path = data_dir.join(format!("{service}.db"));
    let log = SqliteLog::open(&path).await.with_context(|| format!("the log {}", path.display()))?;
    Ok(EventStore::start(service, Arc::new(log), clock.clone(), &tasks.tracker).await?)
}

async fn filled<M: Model>(reads: &Reads<M>) -> bool {
    is_filled(&reads.catch_up(FILL_TIMEOUT).await)
}

fn is_filled(caught_up: &Result<(), Failure>) -> bool {
    if let Err(failure) = caught_up {
        tracing::error!(?failure, "a service is not ready");
    }
    caught_up.is_ok()
}
