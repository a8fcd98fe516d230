//! Logs that are generated as they are read.

use std::sync::Arc;

use async_trait::async_trait;
use eventstore::store::{Head, PAGE_EVENTS_MAX};
use eventstore::{Feed, RecordedEvent, SharedSource, Source, StoreError};
use shell::Sources;
use uuid::Uuid;

use crate::nation::{Nation, Told, recorded};

/// Every log of a nation.
pub(crate) fn sources(nation: Nation) -> Sources {
    let of = |service| -> SharedSource { Arc::new(Generated { service, nation }) };
    Sources {
        training: of("training"),
        complaints: of("complaints"),
        evaluation: of("evaluation"),
        accountability: of("accountability"),
    }
}

/// One log.
struct Generated {
    service: &'static str,
    nation: Nation,
}

#[async_trait]
impl Source for Generated {
    fn service(&self) -> &'static str {
        self.service
    }

    async fn head(&self) -> Result<Head, StoreError> {
        let position = self.nation.count(self.service);
        Ok(Head { position, chain_hash: [0; 32], epoch: Uuid::nil() })
    }

    async fn published(&self) -> Result<Head, StoreError> {
        self.head().await
    }

    fn subscribe(&self, _consumer: &str, from_position: u64) -> Box<dyn Feed> {
        Box::new(Pages::of(self.nation, self.service, from_position))
    }
}

/// A place in a log.
pub(crate) struct Pages {
    nation: Nation,
    service: &'static str,
    set_up: std::vec::IntoIter<Told>,
    set_up_count: u64,
    next: u64,
}

impl Pages {
    pub(crate) fn of(nation: Nation, service: &'static str, from_position: u64) -> Self {
        let mut set_up = nation.set_up(service);
        let set_up_count = u64::try_from(set_up.len()).unwrap_or(u64::MAX);
        let passed = usize::try_from(from_position - 1).unwrap_or(usize::MAX);
        set_up.drain(..passed.min(set_up.len()));
        Self { nation, service, set_up: set_up.into_iter(), set_up_count, next: from_position }
    }

    /// Whether the set-up is over.
    pub(crate) fn in_year(&self) -> bool {
        self.set_up.len() == 0
    }

    /// The next `limit` events; none: the log ends.
    pub(crate) fn page(&mut self, limit: usize) -> Vec<RecordedEvent> {
        let last = self.nation.count(self.service);
        let mut page = Vec::with_capacity(limit);
        while page.len() < limit && self.next <= last {
            let told = self.set_up.next();
            let told =
                told.unwrap_or_else(|| self.nation.event(self.service, self.next - 1 - self.set_up_count));
            page.push(recorded(self.next, told));
            self.next += 1;
        }
        page
    }
}

#[async_trait]
impl Feed for Pages {
    async fn next(&mut self) -> Result<Vec<RecordedEvent>, StoreError> {
        let page = self.page(PAGE_EVENTS_MAX);
        if page.is_empty() { std::future::pending().await } else { Ok(page) }
    }

    async fn done(&mut self, _position: u64) -> Result<(), StoreError> {
        Ok(())
    }
}
