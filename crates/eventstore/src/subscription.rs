//! Everything from a position on: catch up, then live, without a gap between.

use std::time::Duration;

use tokio::sync::watch;

use crate::event::RecordedEvent;
use crate::store::{LogReader, PAGE_EVENTS_MAX, Pages, StoreError};

/// How long to wait before looking, even if nobody says that there is more.
const POLL: Duration = Duration::from_millis(500);

/// A place in a log that moves forward.
pub struct Subscription {
    reader: LogReader,
    head: watch::Receiver<u64>,
    next_position: u64,
    /// What is read ahead, while much is recorded already.
    ahead: Option<Pages>,
    /// Whether the database is asked though nobody says that there is more.
    looks: bool,
}

impl Subscription {
    pub(crate) fn new(reader: LogReader, head: watch::Receiver<u64>, from_position: u64) -> Self {
        Self { reader, head, next_position: from_position.max(1), ahead: None, looks: true }
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
            let is_there = head >= self.next_position || self.ahead.is_some() || self.looks;
            let page = if is_there { self.page().await? } else { Vec::new() };
            self.looks = false;
            let mut next_position = self.next_position;
            for event in &page {
                if event.position != next_position {
                    self.ahead = None;
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

    async fn page(&mut self) -> Result<Vec<RecordedEvent>, StoreError> {
        if let Some(ahead) = &mut self.ahead {
            match ahead.recv().await {
                Some(Ok(page)) => return Ok(page),
                Some(Err(error)) => {
                    self.ahead = None;
                    return Err(error);
                }
                None => self.ahead = None,
            }
        }
        if let Some(page) = self.reader.recent(self.next_position, PAGE_EVENTS_MAX) {
            return Ok(page);
        }
        let page = self.reader.read_all(self.next_position, PAGE_EVENTS_MAX).await?;
        if let Some(last) = page.last()
            && page.len() == PAGE_EVENTS_MAX
        {
            self.ahead = self.reader.read_on(last.position + 1);
        }
        Ok(page)
    }
}
