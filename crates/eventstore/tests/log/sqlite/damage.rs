//! A damaged file: `verify` names an event or fails with an error; it neither panics nor calls the log sound,
//! unless every event is still what was written.

use std::path::Path;

use eventstore::sqlite::SqliteLog;
use eventstore::store::Log as _;
use eventstore::verify::{Verdict, verify};
use eventstore::{EventStore, ExpectedVersion, NewEvent, RecordedEvent, StoreError};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio_util::task::TaskTracker;

use super::File;
use crate::suite::{Home as _, append, appended, event, start, whole, write};

const EVENTS: usize = 40;

/// A log as it lies in its file, and what was written to it.
struct Original {
    file: Vec<u8>,
    events: Vec<RecordedEvent>,
}

/// Writes a log; one of its events is too long for a page of the file.
async fn original() -> Original {
    let home = File::new().await;
    let store = start(&home).await.store;
    let mut events: Vec<NewEvent> = (0..EVENTS).map(|i| event(&format!("payload-{i:04}"))).collect();
    events[20].payload = b"long".repeat(3000);
    appended(&store.append(append(1, vec![write("a", ExpectedVersion::Any, events)])).await);
    let events = whole(&store).await;
    assert!(home.tamper("PRAGMA wal_checkpoint(TRUNCATE)", vec![]).await);
    Original { file: std::fs::read(home.path()).unwrap(), events }
}

impl Original {
    /// What `verify` finds after `mask` is laid over the byte at `offset`; `None`: it is sound, and rightly.
    async fn verdict(&self, offset: usize, mask: u8) -> Option<Result<u64, StoreError>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.sqlite");
        let mut file = self.file.clone();
        file[offset] ^= mask;
        std::fs::write(&path, file).unwrap();
        let (verdict, events) = match examine(&path).await {
            Ok(examined) => examined,
            Err(error) => return Some(Err(error)),
        };
        match verdict {
            Verdict::Broken { position, .. } => Some(Ok(position)),
            Verdict::Sound { .. } => {
                assert_eq!(events, self.events, "byte {offset} ^ {mask}");
                None
            }
        }
    }

    /// Where in the file `bytes` lie, which lie there once.
    fn find(&self, bytes: &[u8]) -> usize {
        let mut found = self.file.windows(bytes.len()).enumerate().filter(|(_, window)| *window == bytes);
        let (offset, _) = found.next().unwrap();
        assert!(found.next().is_none());
        offset
    }
}

async fn examine(path: &Path) -> Result<(Verdict, Vec<RecordedEvent>), StoreError> {
    let log = std::sync::Arc::new(SqliteLog::open(path).await?);
    let clock = std::sync::Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
    let store = EventStore::start("evaluation", log.clone(), clock, &TaskTracker::new()).await?;
    let verdict = verify(store.reader(), |_| {}).await?;
    let events = if matches!(verdict, Verdict::Sound { .. }) { log.read_all(1, 1000).await? } else { vec![] };
    Ok((verdict, events))
}

#[tokio::test]
async fn each_byte_of_an_events_row_counts() {
    let original = original().await;
    let event = &original.events[10];
    // A row is a header of some 20 bytes, then its columns; the first is the stream, the last the chain hash.
    let end = original.find(&event.chain_hash) + event.chain_hash.len();
    let start = original.find(event.event_id.as_bytes()) - event.stream.as_str().len() - 1;
    for offset in start - 20..end {
        let verdict = original.verdict(offset, 1 << (offset % 8)).await;
        let told = match &verdict {
            Some(Ok(position)) if offset >= start => *position == event.position,
            Some(_) => true,
            // The header says how a value is kept: the same bytes as a text or as a blob are the same event.
            None => offset < start,
        };
        assert!(told, "byte {offset} of {start}..{end}: {verdict:?}");
    }
}

#[tokio::test]
async fn each_page_of_a_long_event_counts() {
    let original = original().await;
    let event = &original.events[20];
    let long = original.file.windows(4).enumerate().filter(|(_, window)| window == b"long");
    for offset in long.map(|(offset, _)| offset).step_by(100) {
        assert_eq!(original.verdict(offset, 0x10).await.unwrap().unwrap(), event.position);
    }
}

#[test]
fn a_log_that_is_not_what_was_written_is_never_called_sound() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let original = runtime.block_on(original());
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
    let anywhere = (0..original.file.len(), 1..=u8::MAX);
    let outcome = TestRunner::new(config).run(&anywhere, |(offset, mask)| {
        runtime.block_on(original.verdict(offset, mask));
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}

#[tokio::test]
async fn each_byte_of_the_schema_counts() {
    let original = original().await;
    let start = original.find(b"CREATE TABLE event");
    let length = original.file[start..].iter().position(|byte| *byte == b')').unwrap();
    for offset in start..start + length {
        // No text any more.
        original.verdict(offset, 0x80).await.unwrap().unwrap_err();
    }
}
