//! What a batch of appends comes to: pure, the same for every database.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use uuid::{NoContext, Uuid};

use crate::boxes::{self, Contents};
use crate::chain;
use crate::event::{Metadata, NewEvent, RecordedEvent, StreamId};
use crate::store::{Answered, Append, AppendError, ExpectedVersion, Outcome};

/// What must be looked up before a batch can be planned.
pub(crate) struct Lookup {
    /// Streams whose version is wanted.
    pub(crate) streams: HashSet<StreamId>,
    /// Requests that may have been answered before.
    pub(crate) requests: HashSet<Uuid>,
    /// Boxes of which it is wanted how much waits in them.
    pub(crate) boxes: HashSet<StreamId>,
}

impl Lookup {
    pub(crate) fn of(batch: &[Append]) -> Self {
        let boxes: HashSet<_> =
            batch.iter().flat_map(|append| &append.boxes).map(|write| write.stream.clone()).collect();
        let written = batch.iter().flat_map(|append| append.writes.iter().map(|write| &write.stream));
        let guarded = batch.iter().flat_map(|append| append.guards.iter().map(|guard| &guard.stream));
        Self {
            streams: written.chain(guarded).chain(&boxes).cloned().collect(),
            requests: batch.iter().map(|append| append.request.request_id).collect(),
            boxes,
        }
    }

    /// Whether all that waits in `stream` is wanted, where so much waits in its parts.
    pub(crate) fn wants(batch: &[Append], stream: &StreamId, waiting: &BTreeMap<String, usize>) -> bool {
        let writes = batch.iter().flat_map(|append| &append.boxes).filter(|write| write.stream == *stream);
        Contents::overflow(waiting, &writes.collect::<Vec<_>>())
    }
}

/// What stood in the log when the batch's transaction began; moves on with each append that is accepted.
pub(crate) struct Plan {
    /// Position of the last event.
    pub(crate) position: u64,
    /// Its chain hash.
    pub(crate) chain_hash: [u8; 32],
    /// When it was recorded, or now if that is later.
    pub(crate) recorded_at: Timestamp,
    /// Version of each stream looked up; a stream that is not here does not exist.
    pub(crate) streams: HashMap<StreamId, u64>,
    /// Each box looked up.
    pub(crate) boxes: HashMap<StreamId, Contents>,
    /// Requests answered before.
    pub(crate) answered: HashMap<Uuid, Answered>,
    /// To be inserted, in order.
    pub(crate) events: Vec<RecordedEvent>,
    /// To be inserted.
    pub(crate) requests: Vec<(Uuid, Answered)>,
}

impl Plan {
    /// Checks one append on its own and, if it stands, plans what it writes.
    pub(crate) fn take(&mut self, append: &Append) -> Result<Outcome, AppendError> {
        if let Some(answered) = self.answered.get(&append.request.request_id) {
            return Ok(Outcome::Repeated(answered.clone()));
        }
        for guard in &append.guards {
            self.check(&guard.stream, guard.stream_version)?;
        }
        for write in &append.writes {
            if let ExpectedVersion::Exactly(expected) = write.expected {
                self.check(&write.stream, expected)?;
            }
        }
        // Before the events that it came with: who reads that a box is closed has read what was in it.
        for write in &append.boxes {
            let drawn = self.boxes.entry(write.stream.clone()).or_default().stir(&write.events, write.keep);
            let stream_version = self.streams.get(&write.stream).copied().unwrap_or(0);
            let metadata = boxes::metadata(&write.stream, stream_version, &append.metadata);
            for event in &drawn {
                self.record(&write.stream, event, &metadata);
            }
        }
        for write in &append.writes {
            for event in &write.events {
                self.record(&write.stream, event, &append.metadata);
            }
        }
        let answered = Answered {
            fingerprint: append.request.fingerprint,
            answer: append.request.answer.clone(),
            position: self.position,
            recorded_at: self.recorded_at,
        };
        self.answered.insert(append.request.request_id, answered.clone());
        self.requests.push((append.request.request_id, answered));
        Ok(Outcome::Appended { position: self.position, recorded_at: self.recorded_at })
    }

    fn check(&self, stream: &StreamId, expected: u64) -> Result<(), AppendError> {
        let actual = self.streams.get(stream).copied().unwrap_or(0);
        if actual == expected {
            return Ok(());
        }
        Err(AppendError::WrongExpectedVersion { stream: stream.clone(), expected, actual })
    }

    fn record(&mut self, stream: &StreamId, event: &NewEvent, metadata: &Metadata) {
        self.position += 1;
        let stream_version = self.streams.entry(stream.clone()).or_insert(0);
        *stream_version += 1;
        let mut recorded = RecordedEvent {
            position: self.position,
            stream: stream.clone(),
            stream_version: *stream_version,
            event_id: new_id(self.recorded_at),
            event_type: event.event_type.clone(),
            occurred_at: whole_microseconds(metadata.occurred_at),
            recorded_at: self.recorded_at,
            actor: metadata.actor.clone(),
            correlation_id: metadata.correlation_id,
            causation_id: metadata.causation_id,
            jurisdiction: metadata.jurisdiction.clone(),
            unit: event.unit.clone(),
            traceparent: metadata.traceparent.clone(),
            payload: event.payload.clone(),
            chain_hash: chain::GENESIS,
        };
        recorded.chain_hash = chain::hash(&self.chain_hash, &recorded);
        self.chain_hash = recorded.chain_hash;
        self.events.push(recorded);
    }
}

/// An instant as the log stores it.
pub(crate) fn whole_microseconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(instant.as_microsecond()).unwrap_or(instant)
}

/// A new UUID version 7.
pub(crate) fn new_id(now: Timestamp) -> Uuid {
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanoseconds))
}
