//! A model folded from one or more logs, and queries that wait until what they must contain is in it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use contract::status::Failure;
use contract::token;
use eventstore::store::Head;
use eventstore::{RecordedEvent, SharedSource, StoreError};
use futures::future::try_join_all;
use parking_lot::{RwLock, RwLockReadGuard};
use tokio::sync::watch;

use crate::Tasks;
use crate::commands::store_failure;
use crate::consumers::Consumer;
pub use crate::consumers::Progress;

/// Folds events; the logs in any order between them, each log in its own.
pub trait Model: Send + Sync + 'static {
    /// Folds one event of `service`'s log. The error says why it cannot be folded: the model stops there.
    fn apply(&mut self, service: &'static str, event: &RecordedEvent) -> Result<(), String>;
}

/// A model in memory that follows its logs. Cheap to clone.
pub struct Reads<M> {
    model: Arc<RwLock<M>>,
    progress: watch::Receiver<BTreeMap<&'static str, Progress>>,
    sources: Arc<Vec<SharedSource>>,
}

impl<M> Clone for Reads<M> {
    fn clone(&self) -> Self {
        Self { model: self.model.clone(), progress: self.progress.clone(), sources: self.sources.clone() }
    }
}

impl<M: Model> Reads<M> {
    /// Starts following `sources` from their beginning, in tasks of the process. `consumer` names the model.
    pub fn follow(consumer: &'static str, model: M, sources: Vec<SharedSource>, tasks: &Tasks) -> Self {
        let start = sources.iter().map(|source| (source.service(), Progress::default())).collect();
        let (publish, progress) = watch::channel(start);
        let model = Arc::new(RwLock::new(model));
        for source in &sources {
            let consumer = tasks.consumers.register(consumer, source.clone());
            let following = follow(consumer, model.clone(), publish.clone());
            let stop = tasks.stop.clone();
            tasks.tracker.spawn(async move { stop.run_until_cancelled(following).await });
        }
        Self { model, progress, sources: Arc::new(sources) }
    }

    /// The model as it is now. Never hold it across an await.
    pub fn now(&self) -> RwLockReadGuard<'_, M> {
        self.model.read()
    }

    /// How far the model has come in each log.
    pub fn progress(&self) -> BTreeMap<&'static str, Progress> {
        self.progress.borrow().clone()
    }

    /// Whether the model has stopped at an event that it could not read.
    pub fn has_stopped(&self) -> bool {
        self.progress.borrow().values().any(|progress| !progress.alarm.is_empty())
    }

    /// Waits until the model contains what `consistency_token` stands for, at most `patience`. What it asks
    /// of logs that the model does not follow asks nothing of it.
    pub async fn wait(&self, consistency_token: &str, patience: Duration) -> Result<(), Failure> {
        self.wait_for(&token::parse(consistency_token)?, patience).await
    }

    /// Waits until the model contains all that its logs contain now, at most `patience`. Of a log whose owner cannot
    /// be asked it is all that is published.
    pub async fn catch_up(&self, patience: Duration) -> Result<(), Failure> {
        let ends = self.sources.iter().map(|source| async move {
            let head = match source.head().await {
                Ok(head) => head,
                Err(error) => {
                    tracing::warn!(%error, "where the log of {} ends is not known", source.service());
                    end(source.published().await)?
                }
            };
            Ok::<_, Failure>((source.service(), head.position))
        });
        let wanted = try_join_all(ends).await?.into_iter().collect();
        self.wait_for(&wanted, patience).await
    }

    /// Waits until the model contains all that there is now to be followed, at most `patience`.
    pub async fn fill(&self, patience: Duration) -> Result<(), Failure> {
        let mut wanted = BTreeMap::new();
        for source in self.sources.iter() {
            wanted.insert(source.service(), end(source.published().await)?.position);
        }
        self.wait_for(&wanted, patience).await
    }

    async fn wait_for(
        &self,
        wanted: &BTreeMap<&'static str, u64>,
        patience: Duration,
    ) -> Result<(), Failure> {
        wait_for(&self.progress, wanted, patience).await
    }
}

fn end(published: Result<Head, StoreError>) -> Result<Head, Failure> {
    published.map_err(|error| store_failure(&error))
}

/// Waits until a model has come as far as `wanted`, at most `patience`; fails with how far it got.
pub async fn wait_for(
    progress: &watch::Receiver<BTreeMap<&'static str, Progress>>,
    wanted: &BTreeMap<&'static str, u64>,
    patience: Duration,
) -> Result<(), Failure> {
    let lag = |reached: &BTreeMap<&'static str, Progress>| {
        wanted.iter().find_map(|(service, position)| {
            let reached = reached.get(service)?;
            (reached.position < *position).then(|| (*service, *position, reached.clone()))
        })
    };
    // A model that has stopped in a log it is asked about will not get there by waiting.
    let settled = |reached: &BTreeMap<&'static str, Progress>| {
        lag(reached).is_none_or(|(_, _, reached)| !reached.alarm.is_empty())
    };
    let mut awaited = progress.clone();
    let outcome = tokio::time::timeout(patience, awaited.wait_for(settled)).await;
    let missing = match outcome {
        Ok(Ok(reached)) => lag(&reached),
        Ok(Err(_)) | Err(_) => lag(&progress.borrow()),
    };
    let Some((service, position, reached)) = missing else { return Ok(()) };
    let why = if reached.alarm.is_empty() { String::new() } else { format!(": {}", reached.alarm) };
    Err(Failure::Unavailable(format!(
        "not yet as far as asked: at {service}:{}, not {service}:{position}{why}",
        reached.position
    )))
}

type Publish = watch::Sender<BTreeMap<&'static str, Progress>>;

/// A hole is worse than standing still: the model stops where it cannot go on, says so, and goes on from there
/// when it is told to.
async fn follow<M: Model>(consumer: Arc<Consumer>, model: Arc<RwLock<M>>, publish: Publish) {
    let service = consumer.source().service();
    loop {
        let alarm = fold(&consumer, &model, &publish).await;
        publish.send_modify(|progress| progress.entry(service).or_default().alarm.clone_from(&alarm));
        consumer.stopped(&alarm).await;
        publish.send_modify(|progress| progress.entry(service).or_default().alarm.clear());
    }
}

/// Folds from where the model is; returns why it cannot go on.
async fn fold<M: Model>(consumer: &Consumer, model: &RwLock<M>, publish: &Publish) -> String {
    let source = consumer.source();
    let service = source.service();
    let reached = publish.borrow().get(service).map_or(0, |progress| progress.position);
    let mut feed = source.subscribe(consumer.name(), reached + 1);
    loop {
        let page = match feed.next().await {
            Ok(page) => page,
            Err(error @ StoreError::Database(_)) => {
                tracing::warn!(%error, "the log of {service} is away; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
            Err(error) => return format!("stopped in {service}: {error}"),
        };
        let mut last = None;
        let mut poison = None;
        {
            let mut model = model.write();
            for event in &page {
                if let Err(what) = model.apply(service, event) {
                    poison = Some(format!("stopped at {service}:{}: {what}", event.position));
                    break;
                }
                last = Some(event.position);
            }
        }
        if let Some(position) = last {
            publish.send_modify(|progress| {
                progress.entry(service).or_default().position = position;
            });
            consumer.reached(position);
            if let Err(error) = feed.done(position).await {
                tracing::warn!(%error, position, "{service} was not told what {} has read", consumer.name());
            }
        }
        if let Some(alarm) = poison {
            return alarm;
        }
    }
}
