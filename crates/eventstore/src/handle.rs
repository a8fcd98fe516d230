//! The whole command side: load, decide, append at the version that was read; again if others were faster.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use jiff::Timestamp;
use moka::sync::Cache;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::boxes::{BoxWrite, BoxedEvent};
use crate::decider::{Boxed, Decider, Loaded};
use crate::event::{EventSet as _, Metadata, NewEvent, RecordedEvent, StreamId};
use crate::store::{
    Append, AppendError, EVENT_BYTES_MAX, EventStore, ExpectedVersion, Guard, Outcome, Request, StoreError,
    StreamWrite,
};

/// A command is decided at most this many times.
const ATTEMPTS_MAX: u32 = 4;
/// States kept in memory, per kind of stream.
const CACHED_STREAMS_MAX: u64 = 20_000;
/// Streams that are read for the first time at once, per kind: of those that share a turn one waits for the other.
const TURNS: usize = 64;

/// What is the same for every command: who asks, and under which request id.
#[derive(Debug, Clone)]
pub struct Call {
    /// The request's id: repeated, it gets the first answer.
    pub request_id: Uuid,
    /// SHA-256 of the request's content.
    pub fingerprint: [u8; 32],
    /// What is said of every event.
    pub metadata: Metadata,
}

/// A command's outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    /// The answer, as it was first given.
    pub answer: Vec<u8>,
    /// The log's head after the command.
    pub position: u64,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

/// What was decided, for building the answer.
pub struct Decided<'a, D: Decider> {
    /// Before the command.
    pub before: &'a Loaded<D>,
    /// After it; what is being recorded has no times yet.
    pub after: &'a Loaded<D>,
}

/// Why a command did nothing.
#[derive(Debug, thiserror::Error)]
pub enum HandleError<R> {
    /// It breaks a rule.
    #[error("{0}")]
    Rejected(R),
    /// Others kept changing what it was decided on.
    #[error("stream `{stream}` is at version {actual}, not {expected}")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// The version decided on.
        expected: u64,
        /// The version found.
        actual: u64,
    },
    /// The request id was used for another request.
    #[error("the request id was used for another request")]
    RequestIdReused,
    /// More commands are waiting than the queue takes.
    #[error("too many commands are waiting")]
    QueueFull,
    /// An event of it could never be published.
    #[error("`{event_type}` would have {size} bytes; an event has at most {EVENT_BYTES_MAX}")]
    TooLarge {
        /// Its type.
        event_type: String,
        /// Bytes of its payload.
        size: usize,
    },
    /// The log failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Handles the commands of one kind of stream; keeps states beside their versions.
pub struct Handler<D: Decider> {
    store: EventStore,
    cache: Cache<StreamId, Arc<Loaded<D>>>,
    /// Who reads a stream that is not known yet: many may ask for a long one at once.
    turns: [Mutex<()>; TURNS],
    hasher: RandomState,
}

impl<D: Decider> Handler<D> {
    /// Handles commands on `store`.
    pub fn new(store: EventStore) -> Self {
        let turns = std::array::from_fn(|_| Mutex::default());
        Self { store, cache: Cache::new(CACHED_STREAMS_MAX), turns, hasher: RandomState::new() }
    }

    /// A stream's state: as last known in this process, or (`fresh`) as the log has it.
    pub async fn load(&self, stream: &StreamId, fresh: bool) -> Result<Arc<Loaded<D>>, StoreError> {
        let known = self.cache.get(stream);
        let _turn = if known.is_none() { Some(self.turn(stream).lock().await) } else { None };
        // Somebody may have read it while this one waited.
        let known = known.or_else(|| self.cache.get(stream)).unwrap_or_default();
        if !fresh && known.stream_version > 0 {
            return Ok(known);
        }
        // A stream only grows: what is known of it and what came since is all of it.
        let since = self.store.reader().read_stream_from(stream, known.stream_version + 1).await?;
        if since.is_empty() {
            return Ok(known);
        }
        let mut loaded = Arc::unwrap_or_clone(known);
        for event in since {
            loaded = followed(loaded, &event)?;
        }
        let loaded = Arc::new(loaded);
        self.remember(stream, &loaded);
        Ok(loaded)
    }

    /// The states of `streams`, which are not long, as the log has them: one question for all.
    pub async fn load_all(&self, streams: &[StreamId]) -> Result<Vec<Arc<Loaded<D>>>, StoreError> {
        let known = |stream: &StreamId| (stream.clone(), self.cache.get(stream).unwrap_or_default());
        let mut all: HashMap<_, _> = streams.iter().map(known).collect();
        let wanted: Vec<_> =
            all.iter().map(|(stream, known)| (stream.clone(), known.stream_version + 1)).collect();
        let mut moved = HashSet::new();
        for event in self.store.reader().read_streams(&wanted).await? {
            if let Some(known) = all.get_mut(&event.stream) {
                *known = Arc::new(followed(Arc::unwrap_or_clone(std::mem::take(known)), &event)?);
                moved.insert(event.stream);
            }
        }
        moved.iter().filter_map(|stream| Some((stream, all.get(stream)?))).for_each(|(stream, loaded)| {
            self.remember(stream, loaded);
        });
        Ok(streams.iter().map(|stream| all.get(stream).cloned().unwrap_or_default()).collect())
    }

    fn turn(&self, stream: &StreamId) -> &Mutex<()> {
        let hash = usize::try_from(self.hasher.hash_one(stream) & 0xffff_ffff).unwrap_or_default();
        &self.turns[hash % TURNS]
    }

    /// Keeps a state, unless a later one is known: commands do not end in the order in which they are written.
    fn remember(&self, stream: &StreamId, loaded: &Arc<Loaded<D>>) {
        self.cache.entry_by_ref(stream).and_upsert_with(|known| match known {
            Some(known) if known.value().stream_version > loaded.stream_version => known.into_value(),
            _ => loaded.clone(),
        });
    }

    /// Handles one command. `prepare` builds it, with the guards of what it looked at, each time it has to be
    /// decided; it is told whether to look afresh. `answer` is what the request is answered, now and when it
    /// is repeated.
    pub async fn handle<E, F>(
        &self,
        stream: &StreamId,
        call: &Call,
        prepare: impl Fn(bool) -> F,
        answer: impl Fn(Decided<'_, D>) -> Vec<u8>,
    ) -> Result<Handled, E>
    where
        E: From<HandleError<D::Rejection>>,
        F: Future<Output = Result<(D::Command, Vec<Guard>), E>>,
    {
        let mut conflict = None;
        for attempt in 0..ATTEMPTS_MAX {
            let before = self.load(stream, attempt > 0).await.map_err(HandleError::Store)?;
            let prepared = prepare(attempt > 0).await;
            let decided = match prepared {
                Ok((command, guards)) => match D::decide(&before.state, command) {
                    Ok(events) => Ok((events, guards)),
                    Err(rejection) => Err(HandleError::Rejected(rejection).into()),
                },
                Err(error) => Err(error),
            };
            let (events, mut guards) = match decided {
                Ok(decided) => decided,
                Err(refusal) => {
                    // A repeated request may break a rule by its own first effect.
                    if let Some(first) = self.repeated(call).await? {
                        return Ok(first);
                    }
                    // What is known here may lie behind what another process wrote: only the log refuses.
                    if attempt == 0 {
                        continue;
                    }
                    return Err(refusal);
                }
            };
            let mut after = Loaded::clone(&before);
            let (mut writes, boxes) = writes::<D>(stream, &mut after, &events);
            writes.extend(copies::<D>(&after.state, &events));
            let answer = answer(Decided { before: &before, after: &after });
            if writes.is_empty() {
                // "It is so already" must be true of the log, too.
                guards.push(Guard { stream: stream.clone(), stream_version: before.stream_version });
            }
            let request = Request {
                request_id: call.request_id,
                fingerprint: call.fingerprint,
                answer: answer.clone(),
            };
            let append = Append { writes, boxes, guards, metadata: call.metadata.clone(), request };
            match self.store.append(append).await {
                Ok(Outcome::Appended { position, recorded_at }) => {
                    after.settle(recorded_at);
                    self.remember(stream, &Arc::new(after));
                    return Ok(Handled { answer, position, recorded_at });
                }
                Ok(Outcome::Repeated(_)) => {
                    return self.repeated(call).await?.ok_or(HandleError::RequestIdReused.into());
                }
                Err(AppendError::WrongExpectedVersion { stream, expected, actual }) => {
                    conflict = Some(HandleError::Conflict { stream, expected, actual });
                }
                Err(AppendError::QueueFull) => return Err(HandleError::QueueFull.into()),
                Err(AppendError::TooLarge { event_type, size }) => {
                    return Err(HandleError::TooLarge { event_type, size }.into());
                }
                Err(AppendError::Store(error)) => return Err(HandleError::Store(error).into()),
            }
        }
        Err(conflict.unwrap_or(HandleError::QueueFull).into())
    }

    async fn repeated(&self, call: &Call) -> Result<Option<Handled>, HandleError<D::Rejection>> {
        match self.store.answered(call.request_id).await? {
            None => Ok(None),
            Some(answered) if answered.fingerprint != call.fingerprint => Err(HandleError::RequestIdReused),
            Some(answered) => Ok(Some(Handled {
                answer: answered.answer,
                position: answered.position,
                recorded_at: answered.recorded_at,
            })),
        }
    }
}

/// A stream's state after its next event, as the log has it.
fn followed<D: Decider>(loaded: Loaded<D>, event: &RecordedEvent) -> Result<Loaded<D>, StoreError> {
    let corrupt = |what: String| StoreError::Corrupt { position: event.position, what };
    let decoded = D::Event::decode(&event.event_type, &event.payload)
        .map_err(|error| corrupt(error.to_string()))?
        .ok_or_else(|| corrupt(format!("`{}` does not belong in this stream", event.event_type)))?;
    Ok(loaded.fold(&decoded, Some(event.recorded_at)))
}

/// The events as they are to be written: to the stream itself, and to its boxes.
fn writes<D: Decider>(
    stream: &StreamId,
    after: &mut Loaded<D>,
    events: &[D::Event],
) -> (Vec<StreamWrite>, Vec<BoxWrite>) {
    let expected = ExpectedVersion::Exactly(after.stream_version);
    let mut own = StreamWrite { stream: stream.clone(), expected, events: Vec::new() };
    let mut boxes: Vec<BoxWrite> = Vec::new();
    for event in events {
        let secret = D::boxed(event);
        if secret.is_none() {
            *after = std::mem::take(after).fold(event, None);
        }
        let unit = D::unit(&after.state, event);
        let new = NewEvent { event_type: event.event_type(), unit, payload: event.encode() };
        let Some(Boxed { category, part, keep }) = secret else {
            own.events.push(new);
            if let Some(category) = D::unboxes(event) {
                boxes.push(BoxWrite { stream: stream.in_category(category), events: Vec::new(), keep: 0 });
            }
            continue;
        };
        let stream = stream.in_category(category);
        let content = BoxedEvent { part: part.to_owned(), event: new };
        match boxes.iter_mut().find(|write| write.stream == stream && write.keep == keep) {
            Some(write) => write.events.push(content),
            None => boxes.push(BoxWrite { stream, events: vec![content], keep }),
        }
    }
    (if own.events.is_empty() { vec![] } else { vec![own] }, boxes)
}

/// What stands in other streams of the kind, too.
fn copies<'a, D: Decider>(
    after: &'a D::State,
    events: &'a [D::Event],
) -> impl Iterator<Item = StreamWrite> + 'a {
    events.iter().filter_map(|event| {
        let stream = StreamId::new(D::CATEGORY, &D::also_in(event)?);
        let unit = D::unit(after, event);
        let new = NewEvent { event_type: event.event_type(), unit, payload: event.encode() };
        Some(StreamWrite { stream, expected: ExpectedVersion::Any, events: vec![new] })
    })
}
