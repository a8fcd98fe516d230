//! What benches at scale share: a log filled in bulk, what the process takes, how long an answer takes.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use prost::{Message, Name};
use uuid::Uuid;

use crate::event::{Metadata, NewEvent, StreamId};
use crate::store::{Append, AppendError, EventStore, ExpectedVersion, Request, StreamWrite};

const EVENTS_PER_APPEND: usize = 2000;
/// While one append is written the next ones are encoded; few, as the queue's room is in bytes.
const APPENDS_AT_ONCE: usize = 4;
/// An answer's time is the median of so many.
const ASKED: usize = 9;

/// An event of a stream, to be recorded.
pub fn told<M: Message + Name>(stream: StreamId, message: &M) -> (StreamId, NewEvent) {
    let (event_type, payload) = (M::full_name(), message.encode_to_vec());
    (stream, NewEvent { event_type, unit: String::new(), payload })
}

/// Appends events in order, those of an append as of the same `occurred_at`; how many there were. A stream's key begins
/// with its jurisdiction; those of one that follow one another are appended together.
pub async fn fill(
    store: &EventStore,
    occurred_at: impl Fn() -> Timestamp,
    events: impl IntoIterator<Item = (StreamId, NewEvent)>,
) -> Result<u64, AppendError> {
    let mut number = u128::from(store.reader().head_known());
    let mut events = events.into_iter().peekable();
    let appends = std::iter::from_fn(|| {
        let jurisdiction = jurisdiction(&events.peek()?.0).to_owned();
        let mut writes = Vec::new();
        while writes.len() < EVENTS_PER_APPEND
            && let Some(event) = events.next_if(|(stream, _)| self::jurisdiction(stream) == jurisdiction)
        {
            writes.push(write(event));
        }
        number += 1;
        Some(append(writes, number, &jurisdiction, occurred_at()))
    });
    futures::stream::iter(appends)
        .map(async |append| {
            let count = append.writes.len();
            store.append(append).await.map(|_| u64::try_from(count).unwrap_or(u64::MAX))
        })
        .buffered(APPENDS_AT_ONCE)
        .try_fold(0, async |sum, count| Ok(sum + count))
        .await
}

fn jurisdiction(stream: &StreamId) -> &str {
    stream.key().split('/').next().unwrap_or_default()
}

fn write((stream, event): (StreamId, NewEvent)) -> StreamWrite {
    StreamWrite { stream, expected: ExpectedVersion::Any, events: vec![event] }
}

fn append(writes: Vec<StreamWrite>, number: u128, jurisdiction: &str, occurred_at: Timestamp) -> Append {
    let request_id = Uuid::from_u128(number);
    let metadata = Metadata {
        actor: "clerk".to_owned(),
        jurisdiction: jurisdiction.to_owned(),
        occurred_at,
        correlation_id: request_id,
        causation_id: request_id,
        traceparent: String::new(),
    };
    let request = Request { request_id, fingerprint: [0; 32], answer: vec![] };
    Append { writes, boxes: vec![], guards: vec![], metadata, request }
}

/// Bytes that the process has in memory now; 0: the system does not say.
pub fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
    kilobytes.unwrap_or(0_u64) * 1024
}

/// How long the calling thread has run, without what it waited for others that run; none: the system does not say.
pub fn thread_ran() -> Duration {
    let status = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(status.split(' ').next().and_then(|ran| ran.parse().ok()).unwrap_or_default())
}

/// How long all threads of the process have run, in hundredths of a second.
pub fn process_ran() -> Duration {
    let status = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // In user mode and in the system's, after the program's name in brackets.
    let fields = status.rsplit(')').next().unwrap_or_default().split(' ').skip(12).take(2);
    let ticks: u64 = fields.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * ticks)
}

/// The median and the longest of nine times, each a run of `ask`.
pub async fn timed<F: Future<Output = ()>>(ask: impl Fn() -> F) -> (Duration, Duration) {
    let mut times = [Duration::ZERO; ASKED];
    for time in &mut times {
        let start = Instant::now();
        ask().await;
        *time = start.elapsed();
    }
    times.sort_unstable();
    (times[ASKED / 2], times[ASKED - 1])
}

/// A number that looks like chance, the same for the same `seed`.
pub fn mixed(seed: u64) -> u64 {
    let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
