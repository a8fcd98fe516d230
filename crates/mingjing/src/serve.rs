//! Puts services together and serves them on one port: all of them embedded, or one on the real substrate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use accountability::Accountability;
use anyhow::Context as _;
use axum::middleware::from_fn;
use complaints::Complaints;
use contract::accountability::accountability_service_server::SERVICE_NAME as ACCOUNTABILITY_SERVICE;
use contract::clock::clock_service_server::ClockServiceServer;
use contract::complaints::complaint_service_server::SERVICE_NAME as COMPLAINT_SERVICE;
use contract::descriptors;
use contract::evaluation::evaluation_service_server::SERVICE_NAME as EVALUATION_SERVICE;
use contract::event::event_service_server::{EventServiceServer, SERVICE_NAME as EVENT_SERVICE};
use contract::scorecard::scorecard_service_server::SERVICE_NAME as SCORECARD_SERVICE;
use contract::status::Failure;
use contract::training::training_service_server::SERVICE_NAME as TRAINING_SERVICE;
use evaluation::Evaluation;
use eventstore::Clock;
use eventstore::store::Log;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use scorecard::Scorecard;
use shell::{Model, Reads, Tasks};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_web::GrpcWebLayer;
use training::Training;

use crate::config::{ClockSetting, Settings};
use crate::deadline::{self, CALL_TIMEOUT};
use crate::events::Events;
use crate::health::Health;
use crate::metrics;
use crate::rehearsal::{HandMoved, Rehearsal};
use crate::substrate::{self, Substrate};
use crate::target::{Owner, Target};

/// A request's message has at most so many bytes.
const REQUEST_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A connection has at most so many calls at once.
const CALLS_PER_CONNECTION_MAX: usize = 1024;
/// A connection is closed, in good order, after this.
const CONNECTION_AGE_MAX: Duration = Duration::from_hours(1);
const KEEPALIVE: Duration = Duration::from_secs(30);
/// Filling what a service reads from is looked at this often, as long as it takes.
const FILL_LOOK: Duration = Duration::from_secs(2);
/// … or this, while a log is away.
const FILL_RETRY: Duration = Duration::from_millis(200);
/// Who no longer says that it serves still accepts calls for this long, so that nobody is sent to it who is refused.
const DRAIN: Duration = Duration::from_secs(1);
/// A stop waits this long for the calls and tasks that run …
const STOP_TIMEOUT: Duration = Duration::from_secs(8);
/// … and this long for each database to be closed, all at once.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// What was started, running.
pub struct Running {
    /// Where gRPC is served.
    pub address: SocketAddr,
    /// The background work.
    pub tasks: Tasks,
    databases: Vec<Arc<dyn Log>>,
    filled: watch::Receiver<bool>,
    draining: CancellationToken,
}

/// The services of a process, on the way to being served.
struct Services {
    routes: Routes,
    /// Each by its gRPC name, with what fills what it reads from.
    filling: Vec<(&'static str, Filling)>,
}

/// Fills what a service reads from, as long as it takes; `false`: it has met what it cannot read.
type Filling = Box<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// Starts what `target` says, as `settings` say, and serves it. Each service is healthy once what it reads from is
/// filled: see [`Running::filled`]. Time is `system`'s, unless the settings have it moved by hand.
pub async fn start(target: Target, settings: &Settings, system: Clock) -> anyhow::Result<Running> {
    let tasks = Tasks::default();
    let listen = settings.listen;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("listening on {listen}"))?;
    let address = listener.local_addr()?;
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let (health, health_server) = Health::new();
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(descriptors::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;

    let by_hand = match settings.clock {
        ClockSetting::System => None,
        ClockSetting::ByHand(start) => Some(HandMoved::new(start, system.clone())),
    };
    let clock = by_hand.as_ref().map_or(system, HandMoved::clock);
    let substrate = Substrate::open(target, settings, &clock, &tasks).await?;
    let mut routes = Routes::new(health_server).add_service(reflection);
    if let Some(time) = by_hand {
        time.pass(&substrate.logs()).await?;
        tracing::warn!("TIME IS MOVED BY HAND: it stands still at {} until ClockService moves it", clock());
        let rehearsal = Rehearsal::new(time, tasks.timers.clone(), substrate.logs());
        routes = routes.add_service(ClockServiceServer::new(rehearsal));
    }
    let services = Services::start(routes, target, &substrate, settings, clock, &tasks).await?;
    if let Some(listen) = settings.metrics_listen {
        metrics::serve(listen, &substrate, &tasks)?;
    }

    let names: Vec<_> = services.filling.iter().map(|(name, _)| *name).collect();
    health.begin(&names).await;
    let draining = tasks.stop.child_token();
    tasks.tracker.spawn(health.clone().stopping(names, draining.clone(), tasks.stop.clone()));
    let stopping = tasks.stop.clone().cancelled_owned();
    let routes = services.routes.into_axum_router().layer(from_fn(deadline::in_time));
    let server = Server::builder()
        .accept_http1(true)
        .layer(GrpcWebLayer::new())
        .timeout(CALL_TIMEOUT)
        .concurrency_limit_per_connection(CALLS_PER_CONNECTION_MAX)
        .max_connection_age(CONNECTION_AGE_MAX)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .add_routes(routes.into())
        .serve_with_incoming_shutdown(incoming, stopping);
    tasks.tracker.spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the server stopped");
        }
    });

    let (publish, filled) = watch::channel(false);
    let filling = fill(services.filling, health.clone(), publish);
    let until = draining.clone();
    tasks.tracker.spawn(async move { until.run_until_cancelled(filling).await });
    let relays = substrate.relays.values().cloned().collect();
    tasks.tracker.spawn(health.follow(tasks.consumers.clone(), relays, tasks.stop.clone()));
    Ok(Running { address, tasks, databases: substrate.databases, filled, draining })
}

impl Services {
    async fn start(
        mut routes: Routes,
        target: Target,
        substrate: &Substrate,
        settings: &Settings,
        clock: Clock,
        tasks: &Tasks,
    ) -> anyhow::Result<Self> {
        let sources = &substrate.sources;
        let mut filling: Vec<(&'static str, Filling)> = Vec::new();
        routes = routes.add_service(EventServiceServer::new(Events::new(substrate.logs(), tasks)));
        filling.push((EVENT_SERVICE, Box::new(|| Box::pin(std::future::ready(true)))));
        if let Some(store) = substrate.stores.get(&Owner::Training) {
            let training = Training::start(store.clone(), sources, clock.clone(), tasks);
            routes = routes.add_service(training.server().max_decoding_message_size(REQUEST_BYTES_MAX));
            filling.push((TRAINING_SERVICE, filled(training.reads(), training.replica())));
        }
        if let Some(store) = substrate.stores.get(&Owner::Complaints) {
            let complaints = Complaints::start(store.clone(), sources, clock.clone(), tasks);
            routes = routes.add_service(complaints.server().max_decoding_message_size(REQUEST_BYTES_MAX));
            filling.push((COMPLAINT_SERVICE, filled(complaints.reads(), complaints.replica())));
        }
        if let Some(store) = substrate.stores.get(&Owner::Evaluation) {
            let evaluation = Evaluation::start(store.clone(), sources, clock.clone(), tasks);
            routes = routes.add_service(evaluation.server().max_decoding_message_size(REQUEST_BYTES_MAX));
            filling.push((EVALUATION_SERVICE, filled(evaluation.reads(), evaluation.replica())));
        }
        if let Some(store) = substrate.stores.get(&Owner::Accountability) {
            let accountability = Accountability::start(store.clone(), sources, clock.clone(), tasks);
            routes = routes.add_service(accountability.server().max_decoding_message_size(REQUEST_BYTES_MAX));
            filling.push((ACCOUNTABILITY_SERVICE, filled(accountability.reads(), accountability.replica())));
        }
        if target.projects() {
            let place = substrate::projection_place(settings)?;
            let scorecard = Scorecard::start(sources, &place, clock, tasks).await?;
            routes = routes.add_service(scorecard.server().max_decoding_message_size(REQUEST_BYTES_MAX));
            let scorecard = Arc::new(scorecard);
            let filled = move || {
                let scorecard = scorecard.clone();
                let filled = async move {
                    until_filled(|| scorecard.catch_up(FILL_LOOK), || scorecard.has_stopped()).await
                };
                filled.boxed()
            };
            filling.push((SCORECARD_SERVICE, Box::new(filled)));
        }
        Ok(Self { routes, filling })
    }
}

impl Running {
    /// Waits until each service is filled, or has met what it cannot read.
    pub async fn filled(&self) {
        // An error: it was stopped before.
        let _ = self.filled.clone().wait_for(|filled| *filled).await;
    }

    /// Says at once that it does not serve, and goes on serving for a second.
    pub async fn drain(&self) {
        self.draining.cancel();
        tokio::time::sleep(DRAIN).await;
    }

    /// Stops in good order: unhealthy at once, running calls answered, tasks ended, databases closed, within 10 s.
    /// The databases are closed, whatever does not end.
    pub async fn stop(self) {
        self.tasks.stop.cancel();
        self.tasks.tracker.close();
        if tokio::time::timeout(STOP_TIMEOUT, self.tasks.tracker.wait()).await.is_err() {
            tracing::warn!("some calls or tasks did not end within {} s", STOP_TIMEOUT.as_secs());
        }
        let closing = futures::future::join_all(self.databases.iter().map(|database| database.close()));
        if tokio::time::timeout(CLOSE_TIMEOUT, closing).await.is_err() {
            tracing::warn!("some databases were not closed within {} s", CLOSE_TIMEOUT.as_secs());
        }
    }
}

/// Says which service is healthy as each is filled. One that cannot be (an event that it cannot read) stays
/// unhealthy until it goes on; the others serve.
async fn fill(filling: Vec<(&'static str, Filling)>, health: Health, publish: watch::Sender<bool>) {
    let all = filling.iter().map(|service| fill_one(service, &health));
    let filled = futures::future::join_all(all).await;
    let stopped: Vec<_> = filling.iter().zip(filled).filter(|(_, filled)| !filled).collect();
    health.set("", stopped.is_empty()).await;
    publish.send_replace(true);
    let stopped = stopped.into_iter().map(async |(service, _)| {
        tracing::error!("{} cannot be filled: see `mingjing consumers list`", service.0);
        while !fill_one(service, &health).await {
            tokio::time::sleep(FILL_LOOK).await;
        }
    });
    futures::future::join_all(stopped).await;
    health.set("", true).await;
    tracing::info!("all that is served is filled");
}

async fn fill_one((name, filling): &(&'static str, Filling), health: &Health) -> bool {
    let filled = filling().await;
    health.set(name, filled).await;
    filled
}

fn filled<M: Model, R: Model>(reads: &Reads<M>, replica: &Reads<R>) -> Filling {
    let (reads, replica) = (reads.clone(), replica.clone());
    Box::new(move || {
        let (reads, replica) = (reads.clone(), replica.clone());
        let filled = async move {
            until_filled(|| reads.fill(FILL_LOOK), || reads.has_stopped()).await
                && until_filled(|| replica.fill(FILL_LOOK), || replica.has_stopped()).await
        };
        filled.boxed()
    })
}

/// Waits for it as long as it takes, also for a log that is away; `false`: it has met what it cannot read.
async fn until_filled<F: Future<Output = Result<(), Failure>>>(
    catch_up: impl Fn() -> F,
    has_stopped: impl Fn() -> bool,
) -> bool {
    while let Err(failure) = catch_up().await {
        if has_stopped() {
            tracing::debug!(?failure, "a service cannot be filled");
            return false;
        }
        tracing::debug!(?failure, "a service is not filled yet");
        tokio::time::sleep(FILL_RETRY).await;
    }
    true
}
