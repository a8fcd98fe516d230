//! Where each service's log ends, looked up every second, so that a scorecard can say what it lacks.

use std::collections::BTreeMap;
use std::time::Duration;

use eventstore::SharedSource;
use futures::future::join_all;
use parking_lot::Mutex;

const LOOK_EVERY: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known of the end of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HeadKnown {
    /// Position of its last event.
    pub(crate) position: u64,
    /// Why it cannot be looked up now; empty: it can.
    pub(crate) away: String,
}

/// The ends of all logs.
pub(crate) struct Heads {
    sources: Vec<SharedSource>,
    known: Mutex<BTreeMap<&'static str, HeadKnown>>,
}

impl Heads {
    pub(crate) fn new(sources: Vec<SharedSource>) -> Self {
        Self { sources, known: Mutex::default() }
    }

    /// The logs, in the order of their services' names.
    pub(crate) fn sources(&self) -> &[SharedSource] {
        &self.sources
    }

    /// What was known when it was looked up last.
    pub(crate) fn known(&self) -> BTreeMap<&'static str, HeadKnown> {
        self.known.lock().clone()
    }

    /// Looks all of them up now.
    pub(crate) async fn look(&self) -> BTreeMap<&'static str, HeadKnown> {
        let asked = self.sources.clone().into_iter().map(|source| async move {
            match tokio::time::timeout(PATIENCE, source.head()).await {
                Ok(Ok(head)) => Ok(head.position),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err("it does not answer".to_owned()),
            }
        });
        let found = join_all(asked).await;
        let mut known = self.known.lock();
        for (source, found) in self.sources.iter().zip(found) {
            let known = known.entry(source.service()).or_default();
            match found {
                Ok(position) => {
                    *known = HeadKnown { position: position.max(known.position), away: String::new() }
                }
                Err(what) => known.away = format!("its log cannot be reached: {what}"),
            }
        }
        known.clone()
    }

    /// Looks again and again.
    pub(crate) async fn keep_looking(&self) {
        loop {
            self.look().await;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
