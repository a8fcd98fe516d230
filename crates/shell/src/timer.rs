//! Time becomes this service's commands.

use std::time::Duration;

use contract::status::Failure;
use eventstore::{Call, Clock, Metadata};
use jiff::Timestamp;
use uuid::Uuid;

use crate::Tasks;

/// What a service does when time passes.
pub trait Timer: Send + Sync + 'static {
    /// Names the timer, e.g. `complaints-clocks`.
    const NAME: &'static str;

    /// Sends the commands that are due at `now`, under request ids from [`call`]: each fact is raised once,
    /// however often the timer looks.
    fn tick(&self, now: Timestamp) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Starts a timer that looks once every `every`.
pub fn start<T: Timer>(timer: T, every: Duration, clock: Clock, tasks: &Tasks) {
    let stop = tasks.stop.clone();
    tasks.tracker.spawn(async move {
        stop.run_until_cancelled(async {
            loop {
                if let Err(failure) = timer.tick(clock()).await {
                    tracing::warn!(?failure, "{} will look again", T::NAME);
                }
                tokio::time::sleep(every).await;
            }
        })
        .await
    });
}

/// The frame of a command that time causes: the same for the same `fact` (what became due, and when it was
/// due), whenever it is noticed.
pub fn call(timer: &str, jurisdiction: &str, fact: &str, due_at: Timestamp) -> Call {
    let request_id =
        Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{timer}/{jurisdiction}/{fact}/{due_at}").as_bytes());
    Call {
        request_id,
        fingerprint: [0; 32],
        metadata: Metadata {
            actor: timer.to_owned(),
            jurisdiction: jurisdiction.to_owned(),
            occurred_at: due_at,
            correlation_id: request_id,
            causation_id: request_id,
            traceparent: String::new(),
        },
    }
}
