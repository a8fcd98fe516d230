//! Time becomes this service's commands.

use std::sync::Arc;
use std::time::Duration;

use contract::status::Failure;
use eventstore::{Call, Clock, Metadata};
use jiff::Timestamp;
use parking_lot::RwLock;
use tokio::sync::{mpsc, oneshot};
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

/// Who asked a timer to look, and waits for what came of it.
type Asker = oneshot::Sender<Result<(), Failure>>;

/// The timers of this process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Timers(Arc<RwLock<Vec<mpsc::Sender<Asker>>>>);

impl Timers {
    /// Has each look at once, and waits until all have; fails if one could not.
    pub async fn look(&self) -> Result<(), Failure> {
        let stopping = || Failure::Unavailable("the process stops".to_owned());
        let timers = self.0.read().clone();
        let mut looking = Vec::new();
        for timer in timers {
            let (asker, looked) = oneshot::channel();
            timer.send(asker).await.map_err(|_| stopping())?;
            looking.push(looked);
        }
        for looked in looking {
            looked.await.map_err(|_| stopping())??;
        }
        Ok(())
    }

    fn register(&self) -> mpsc::Receiver<Asker> {
        let (ask, asked) = mpsc::channel(1);
        self.0.write().push(ask);
        asked
    }
}

/// Starts a timer that looks once every `every`, and when it is asked to.
pub fn start<T: Timer>(timer: T, every: Duration, clock: Clock, tasks: &Tasks) {
    let (stop, mut requests) = (tasks.stop.clone(), tasks.timers.register());
    tasks.tracker.spawn(async move {
        stop.run_until_cancelled(async {
            let mut asker: Option<Asker> = None;
            loop {
                let looked = timer.tick(clock()).await;
                if let Err(failure) = &looked {
                    tracing::warn!(?failure, "{} will look again", T::NAME);
                }
                if let Some(asker) = asker {
                    // An error: nobody waits any more.
                    let _ = asker.send(looked);
                }
                asker = tokio::select! {
                    Some(asker) = requests.recv() => Some(asker),
                    () = tokio::time::sleep(every) => None,
                };
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
