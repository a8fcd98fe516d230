//! What follows logs in this process, how far each has come, and why it stopped; and the word to go on.
//!
//! A consumer that meets an event which it cannot read stops there, loudly: it never skips. Once the cause is
//! put right it goes on, when it is told to, without a restart.

use std::sync::Arc;

use eventstore::SharedSource;
use parking_lot::RwLock;
use tokio::sync::{Notify, watch};

/// The consumers of this process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Consumers(Arc<RwLock<Vec<Arc<Consumer>>>>);

/// One consumer of one log.
pub struct Consumer {
    name: String,
    source: SharedSource,
    progress: watch::Sender<Progress>,
    resumed: Notify,
}

/// How far a consumer has come in its log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Position of the last event dealt with.
    pub position: u64,
    /// Why it stopped; empty: it goes on.
    pub alarm: String,
}

impl Consumers {
    /// Notes that `name` follows `source`.
    pub fn register(&self, name: &str, source: &SharedSource) -> Arc<Consumer> {
        let consumer = Arc::new(Consumer {
            name: name.to_owned(),
            source: source.clone(),
            progress: watch::Sender::default(),
            resumed: Notify::new(),
        });
        let mut all = self.0.write();
        all.retain(|other| other.name != name || other.source.service() != source.service());
        all.push(consumer.clone());
        consumer
    }

    /// All of them, in the order in which they began.
    pub fn list(&self) -> Vec<Arc<Consumer>> {
        self.0.read().clone()
    }
}

impl Consumer {
    /// Its name; several logs may be followed under one.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The log that it follows.
    pub fn source(&self) -> &SharedSource {
        &self.source
    }

    /// How far it has come, now and later.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Says how far it has come.
    pub fn reached(&self, position: u64) {
        self.progress.send_modify(|progress| progress.position = position);
    }

    /// Says that it stopped, and waits until it is told to go on.
    pub async fn stopped(&self, alarm: &str) {
        let resumed = self.resumed.notified();
        let service = self.source.service();
        tracing::error!(consumer = self.name, service, "{} stopped: {alarm}", self.name);
        self.progress.send_modify(|progress| alarm.clone_into(&mut progress.alarm));
        resumed.await;
        tracing::info!(consumer = self.name, service, "{} goes on", self.name);
        self.progress.send_modify(|progress| progress.alarm.clear());
    }

    /// Tells it to go on; whether it had stopped.
    pub fn resume(&self) -> bool {
        let stopped = !self.progress.borrow().alarm.is_empty();
        if stopped {
            self.resumed.notify_waiters();
        }
        stopped
    }
}
