//! Does every event fit its predecessor?

use std::cmp::Ordering;

use crate::chain;
use crate::event::RecordedEvent;
use crate::store::{Head, LogReader, PAGE_EVENTS_MAX, StoreError};

/// What a walk over a log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every event fits, and the head is the last one's.
    Sound {
        /// How many events there are.
        events: u64,
        /// The last one's chain hash.
        chain_hash: [u8; 32],
    },
    /// The first event that does not fit.
    Broken {
        /// Its position; one past the last event if the head does not fit.
        position: u64,
        /// What is wrong.
        what: String,
    },
}

/// Walks the whole log, calling `progress` with the position reached after each page. Fails only if the
/// database cannot be asked at all.
pub async fn verify(reader: &LogReader, mut progress: impl FnMut(u64)) -> Result<Verdict, StoreError> {
    let (mut position, mut hash) = (0, chain::GENESIS);
    let mut limit = PAGE_EVENTS_MAX;
    let mut promised = 0;
    loop {
        let page = match reader.read_all(position + 1, limit).await {
            Ok(page) => page,
            Err(StoreError::Corrupt { .. }) if limit > 1 => {
                limit = 1; // One by one from here, to name the event.
                continue;
            }
            Err(StoreError::Corrupt { what, .. }) => {
                return Ok(Verdict::Broken { position: position + 1, what });
            }
            Err(error) => return Err(error),
        };
        if page.is_empty() {
            let head = match reader.head().await {
                Ok(head) => head,
                Err(StoreError::Corrupt { what, .. }) => {
                    return Ok(Verdict::Broken { position: position + 1, what });
                }
                Err(error) => return Err(error),
            };
            if head.position > position && promised <= position {
                promised = head.position; // Appended since the page was read, or missing: look again.
                continue;
            }
            return Ok(match misfit_of_head(&head, position, &hash) {
                Some(what) => Verdict::Broken { position: position + 1, what },
                None => Verdict::Sound { events: position, chain_hash: hash },
            });
        }
        for event in page {
            if let Some(what) = misfit(&event, position + 1, &hash) {
                return Ok(Verdict::Broken { position: position + 1, what });
            }
            (position, hash) = (event.position, event.chain_hash);
        }
        progress(position);
    }
}

fn misfit_of_head(head: &Head, position: u64, hash: &[u8; 32]) -> Option<String> {
    match head.position.cmp(&position) {
        Ordering::Greater => Some(format!("it is missing; the head says that there are {}", head.position)),
        Ordering::Less => Some(format!("the head says that the log ends at {}", head.position)),
        Ordering::Equal if head.chain_hash != *hash => Some("the head's hash is another".to_owned()),
        Ordering::Equal => None,
    }
}

fn misfit(event: &RecordedEvent, position: u64, previous: &[u8; 32]) -> Option<String> {
    if event.position != position {
        return Some(format!("it is missing; the next one is {}", event.position));
    }
    let wanted = chain::hash(previous, event);
    (wanted != event.chain_hash).then(|| "its content and its chain hash do not fit".to_owned())
}
