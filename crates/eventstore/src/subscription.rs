//! Everything from a position on: catch up, then live, without a gap between.

use std::time::Duration;

use tokio::sync::watch;

use crate::event::RecordedEvent;
use crate::store::{LogReader, PAGE_EVENTS_MAX, StoreError};

/// How long to wait before looking, even if nobody says that there is more.
const POLL: Duration = Duration::from_millis(500);

/// A place in a log that moves forward.
pub struct Subscription {
    reader: LogReader,
    head: watch::Receiver<u64>,
    next_position: u64,
    /// Whether the database is asked though nobody says that there is more.
    looks: bool,
}

impl Subscription {
    pub(crate) fn new(reader: LogReader, head: watch::Receiver<u64>, from_position: u64) -> Self {
        Self { reader, head, next_position: from_position.max(1), looks: true }
    }

    /// The position that comes next.
    pub fn next_position(&self) -> u64 {
        self.next_position
    }

    /// The next page, never empty; waits for it as long as it takes. Safe to cancel: a page that was not
    /// returned comes again. A gap is an error.
    pub async fn next(&mut self) -> Result<Vec<RecordedEvent>, StoreError> {
        loop {
            let head = *self.head.borrow_and_update();
            let page = if head >= self.next_position || self.looks { self.page().await? } else { Vec::new() };
            self.looks = false;
            let mut next_position = self.next_position;
            for event in &page {
                if event.position != next_position {
                    return Err(StoreError::Gap { after: next_position - 1, found: event.position });
                }
                next_position += 1;
            }
            self.next_position = next_position;
            if !page.is_empty() {
                return Ok(page);
            }
            // Woken when this process sees more, or after a while, or (its writer is gone) after a while.
            match tokio::time::timeout(POLL, self.head.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => {
                    tokio::time::sleep(POLL).await;
                    self.looks = true;
                }
                Err(_) => self.looks = true,
            }
        }
    }

    async fn page(&self) -> Result<Vec<RecordedEvent>, StoreError> {
        match self.reader.recent(self.next_position, PAGE_EVENTS_MAX) {
            Some(page) => Ok(page),
            None => self.reader.read_all(self.next_position, PAGE_EVENTS_MAX).await,
        }
    }
}
