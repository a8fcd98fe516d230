//! Where a consumer gets a service's events from, without knowing whether it reads the log itself or what is
//! published of it.

use std::sync::Arc;

use async_trait::async_trait;

use crate::event::RecordedEvent;
use crate::store::{Head, LogReader, StoreError};
use crate::subscription::Subscription;

/// A service's events, from wherever they come.
#[async_trait]
pub trait Source: Send + Sync + 'static {
    /// The service whose events they are.
    fn service(&self) -> &'static str;

    /// Where the log ends, whatever of it is published.
    async fn head(&self) -> Result<Head, StoreError>;

    /// Where what is there to be followed ends: the log, or what is published of it.
    async fn published(&self) -> Result<Head, StoreError>;

    /// Everything from a position on: first what is recorded, then live. `consumer` names who follows it, e.g.
    /// `evaluation-from-complaints`; under 32 characters, no dots.
    fn subscribe(&self, consumer: &str, from_position: u64) -> Box<dyn Feed>;
}

/// A place in a service's events that moves forward.
#[async_trait]
pub trait Feed: Send {
    /// The next events, never none, each position one after the last; waits for them as long as it takes. Safe
    /// to cancel: what was not returned comes again. A gap is an error.
    async fn next(&mut self) -> Result<Vec<RecordedEvent>, StoreError>;

    /// Says that everything up to `position` is dealt with, durably where that matters.
    async fn done(&mut self, position: u64) -> Result<(), StoreError>;
}

/// A source that several consumers share.
pub type SharedSource = Arc<dyn Source>;

#[async_trait]
impl Source for LogReader {
    fn service(&self) -> &'static str {
        Self::service(self)
    }

    async fn head(&self) -> Result<Head, StoreError> {
        Self::head(self).await
    }

    async fn published(&self) -> Result<Head, StoreError> {
        Self::head(self).await
    }

    fn subscribe(&self, _consumer: &str, from_position: u64) -> Box<dyn Feed> {
        Box::new(Self::subscribe(self, from_position))
    }
}

#[async_trait]
impl Feed for Subscription {
    async fn next(&mut self) -> Result<Vec<RecordedEvent>, StoreError> {
        Self::next(self).await
    }

    /// A log remembers nothing of who reads it.
    async fn done(&mut self, _position: u64) -> Result<(), StoreError> {
        Ok(())
    }
}
