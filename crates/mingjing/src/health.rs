//! What the process says of its health, by gRPC's health protocol.
//!
//! | name | serving means |
//! |---|---|
//! | `alive` | the process runs and listens |
//! | a service's full name | what it reads from was filled |
//! | the empty name | that of all services in this process |
//! | `consumers` | nothing that follows a log has stopped at an event it could not read |
//! | `publishing` | no relay has stopped at something that somebody must put right |
//!
//! A database or NATS that is away makes nothing unhealthy that was filled: what is in memory is still served, and a
//! command that cannot be stored is refused as such.

use std::time::Duration;

use eventstore::relay;
use shell::Consumers;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health as HealthService, HealthServer};
use tonic_health::server::HealthReporter;

const ALIVE: &str = "alive";
const CONSUMERS: &str = "consumers";
const PUBLISHING: &str = "publishing";
/// Consumers and relays are looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a relay is doing.
type Relay = watch::Receiver<relay::Status>;

/// Says how the process fares. Cheap to clone.
#[derive(Clone)]
pub struct Health(HealthReporter);

impl Health {
    /// The health of a process, and its gRPC service.
    pub fn new() -> (Self, HealthServer<impl HealthService>) {
        let (reporter, server) = tonic_health::server::health_reporter();
        (Self(reporter), server)
    }

    /// Nothing is filled yet.
    pub async fn begin(&self, names: &[&'static str]) {
        self.set(ALIVE, true).await;
        self.set(CONSUMERS, true).await;
        self.set(PUBLISHING, true).await;
        for name in names.iter().copied().chain([""]) {
            self.set(name, false).await;
        }
    }

    /// Says whether what has this name serves.
    pub async fn set(&self, name: &str, serving: bool) {
        let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        self.0.set_service_status(name, status).await;
    }

    /// Waits for `drain`, and says at once that nothing serves any more; at `stop` ends what watches it.
    pub async fn stopping(
        mut self,
        names: Vec<&'static str>,
        drain: CancellationToken,
        stop: CancellationToken,
    ) {
        drain.cancelled().await;
        let names: Vec<_> = names.into_iter().chain([""]).collect();
        for name in &names {
            self.set(name, false).await;
        }
        stop.cancelled().await;
        for name in names.into_iter().chain([ALIVE, CONSUMERS, PUBLISHING]) {
            self.0.clear_service_status(name).await;
        }
    }

    /// Says whether a consumer or a relay has stopped, until `stop`.
    pub async fn follow(self, consumers: Consumers, relays: Vec<Relay>, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
            let stopped = |progress: &shell::consumers::Progress| !progress.alarm.is_empty();
            let well = consumers.list().iter().all(|consumer| !stopped(&consumer.progress().borrow()));
            self.set(CONSUMERS, well).await;
            let stopped = |relay: &Relay| matches!(relay.borrow().state, relay::State::Alarm(_));
            self.set(PUBLISHING, !relays.iter().any(stopped)).await;
        }
    }
}
