//! Writing a batch by two statements, each a transaction of its own: one looks up what the batch depends on, one
//! writes it all if nobody wrote since, and moves the head. If somebody did, the batch is planned again with
//! the head locked. So a single writer never holds a transaction open, and the lock is held no longer than the
//! insert and its flush.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Row as _};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

use super::boxed::{self, Changes};
use super::{ANSWERED, STATEMENT_TIMEOUT, bytes, connect, is_lost, timed_out};
use crate::batch::{Lookup, Plan, whole_microseconds};
use crate::event::StreamId;
use crate::row::{self, EVENT_COLUMNS, REQUEST_COLUMNS, Row as _, signed};
use crate::store::{Append, StoreError, Written};

/// While the database is away, a batch is tried again for this long …
const PATIENCE: Duration = Duration::from_secs(5);
/// … this often.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// One row: the head, the streams' versions in order, those of the requests that were answered.
const LOOK_UP: &str = "SELECT position, recorded_at, chain_hash, batch, \
     ARRAY(SELECT coalesce((SELECT stream_version FROM event WHERE stream = name \
         ORDER BY stream_version DESC LIMIT 1), 0) FROM unnest($1::text[]) WITH ORDINALITY AS _ (name, place) \
         ORDER BY place), \
     ARRAY(SELECT id FROM unnest($2::bytea[]) AS _ (id) \
         WHERE (SELECT true FROM request WHERE request_id = id)) \
     FROM head";
/// Writes all or, if another batch came between, nothing: one row, or none.
static WRITE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH moved AS ( \
             UPDATE head SET position = $2, recorded_at = $3, chain_hash = $4, batch = batch + 1 \
             WHERE batch = $1 RETURNING one), \
         events AS (INSERT INTO event ({EVENT_COLUMNS}) SELECT written.* FROM moved, unnest( \
             $5::bigint[], $6::text[], $7::bigint[], $8::bytea[], $9::text[], $10::bigint[], $11::bigint[], \
             $12::text[], $13::bytea[], $14::bytea[], $15::text[], $16::text[], $17::text[], $18::bytea[], \
             $19::bytea[]) AS written), \
         requests AS (INSERT INTO request ({REQUEST_COLUMNS}) SELECT written.* FROM moved, unnest( \
             $20::bytea[], $21::bytea[], $22::bytea[], $23::bigint[], $24::bigint[]) AS written) \
         SELECT one FROM moved"
    )
});
/// The same, with what goes into boxes and out of them.
static WRITE_BOXES: LazyLock<String> = LazyLock::new(|| {
    WRITE.replace(
        "SELECT one FROM moved",
        ", put AS (INSERT INTO boxed (box, part, key, event_type, unit, payload) \
             SELECT written.* FROM moved, unnest( \
             $25::text[], $26::text[], $27::bytea[], $28::text[], $29::text[], $30::bytea[]) AS written), \
         gone AS (DELETE FROM boxed USING moved, unnest($31::text[], $32::text[], $33::bytea[]) \
             AS old (box, part, key) \
             WHERE boxed.box = old.box AND boxed.part = old.part AND boxed.key = old.key) \
         SELECT one FROM moved",
    )
});
/// A process that hangs with the head locked is thrown out.
const LOCK: &str =
    "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '5s'; SELECT one FROM head FOR UPDATE";

/// Writes batches, one after the other.
pub(super) struct Writer {
    options: PgConnectOptions,
    connection: Mutex<State>,
}

enum State {
    Connected(PgConnection),
    /// Lost, or in use by a batch that was given up.
    Lost,
    Closed,
}

impl Writer {
    pub(super) fn new(options: PgConnectOptions, connection: PgConnection) -> Self {
        Self { options, connection: Mutex::new(State::Connected(connection)) }
    }

    /// Writes a batch. After a lost connection nobody knows whether it was written: the same batch is tried
    /// again, and what was written is found by its request ids. It fails only while the database stays away.
    pub(super) async fn write(&self, batch: &[Append], now: Timestamp) -> Result<Written, StoreError> {
        let until = Instant::now() + PATIENCE;
        let mut state = self.connection.lock().await;
        loop {
            match self.try_write(&mut state, batch, now).await {
                Ok(written) => return Ok(written),
                Err(Failure::Log(error)) => return Err(error),
                Err(Failure::Database(error)) if is_lost(&error) && Instant::now() < until => {
                    tracing::debug!(%error, "a batch is not written yet");
                }
                Err(Failure::Database(error)) => return Err(StoreError::database(error)),
            }
            sleep(RETRY_AFTER).await;
        }
    }

    /// Whatever goes wrong, or if this is dropped, the connection is not used again.
    async fn try_write(
        &self,
        state: &mut State,
        batch: &[Append],
        now: Timestamp,
    ) -> Result<Written, Failure> {
        let mut connection = match std::mem::replace(state, State::Lost) {
            State::Connected(connection) => connection,
            State::Lost => connect(&self.options).await?,
            State::Closed => {
                *state = State::Closed;
                return Err(sqlx::Error::PoolClosed.into());
            }
        };
        let written = timeout(STATEMENT_TIMEOUT, write(&mut connection, batch, now)).await;
        let written = written.unwrap_or_else(|_| Err(timed_out().into()))?;
        *state = State::Connected(connection);
        Ok(written)
    }

    pub(super) async fn close(&self) {
        let state = std::mem::replace(&mut *self.connection.lock().await, State::Closed);
        if let State::Connected(connection) = state
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the writer's connection was not closed in good order");
        }
    }
}

/// Why a batch was not written, or may not have been.
pub(super) enum Failure {
    /// The database or the connection to it.
    Database(sqlx::Error),
    /// What the log has.
    Log(StoreError),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Log(error)
    }
}

async fn write(connection: &mut PgConnection, batch: &[Append], now: Timestamp) -> Result<Written, Failure> {
    let mut written = write_unless_overtaken(connection, batch, now).await?;
    if written.is_none() {
        let mut transaction = connection.begin_with(LOCK).await?;
        written = write_unless_overtaken(&mut transaction, batch, now).await?;
        transaction.commit().await?;
    }
    let written = written.ok_or_else(|| row::corrupt("the head", "it is missing"))?;
    let (written, erased) = written;
    if erased {
        boxed::forget(connection).await;
    }
    Ok(written)
}

/// Writes a batch, and tells whether something was taken out of a box; `None` if another was written since this one
/// was planned.
async fn write_unless_overtaken(
    connection: &mut PgConnection,
    batch: &[Append],
    now: Timestamp,
) -> Result<Option<(Written, bool)>, Failure> {
    let lookup = Lookup::of(batch);
    let (mut plan, last_batch) = look_up(connection, &lookup, now).await?;
    plan.boxes = boxed::look_up(connection, &lookup, batch).await?;
    let outcomes = batch.iter().map(|append| plan.take(append)).collect();
    let changes = Changes::of(&plan.boxes);
    let erased = !changes.gone.is_empty();
    let written = plan.requests.is_empty() || insert(connection, &plan, &changes, last_batch).await?;
    Ok(written.then_some((Written { outcomes, events: plan.events }, erased)))
}

/// What the log has, and how many batches were written to it.
async fn look_up(
    connection: &mut PgConnection,
    lookup: &Lookup,
    now: Timestamp,
) -> Result<(Plan, i64), Failure> {
    let names: Vec<&str> = lookup.streams.iter().map(StreamId::as_str).collect();
    let ids: Vec<&[u8]> = lookup.requests.iter().map(|id| id.as_bytes().as_slice()).collect();
    let head = sqlx::query(LOOK_UP).bind(names).bind(ids).fetch_one(&mut *connection).await?;
    let (last_batch, versions): (i64, Vec<i64>) = (head.try_get(3)?, head.try_get(4)?);
    let repeated: Vec<Vec<u8>> = head.try_get(5)?;
    let mut answered = HashMap::new();
    if !repeated.is_empty() {
        for row in sqlx::query(ANSWERED.as_str()).bind(repeated).fetch_all(connection).await? {
            let (request_id, first) = row::answered(&row)?;
            answered.insert(request_id, first);
        }
    }
    let versions = versions.into_iter().map(|version| u64::try_from(version).unwrap_or(0));
    let corrupt = |what| row::corrupt("the head", what);
    let last_recorded_at = head.instant(1).map_err(corrupt)?;
    let plan = Plan {
        position: head.number(0).map_err(corrupt)?,
        chain_hash: head.hash(2).map_err(corrupt)?,
        recorded_at: whole_microseconds(now).max(last_recorded_at),
        streams: lookup.streams.iter().cloned().zip(versions).collect(),
        boxes: HashMap::new(),
        answered,
        events: Vec::new(),
        requests: Vec::new(),
    };
    Ok((plan, last_batch))
}

/// Writes what was planned on `last_batch`; whether that was still the last one.
async fn insert(
    connection: &mut PgConnection,
    plan: &Plan,
    changes: &Changes<'_>,
    last_batch: i64,
) -> Result<bool, sqlx::Error> {
    macro_rules! events {
        ($event:ident => $value:expr) => {
            plan.events.iter().map(|$event| $value).collect::<Vec<_>>()
        };
    }
    macro_rules! requests {
        ($id:pat, $answered:pat => $value:expr) => {
            plan.requests.iter().map(|($id, $answered)| $value).collect::<Vec<_>>()
        };
    }
    macro_rules! boxed {
        ($kind:ident, $stream:pat, $waiting:pat => $value:expr) => {
            changes.$kind.iter().map(|($stream, $waiting)| $value).collect::<Vec<_>>()
        };
    }
    let boxes = !(changes.put.is_empty() && changes.gone.is_empty());
    let mut query = sqlx::query(if boxes { WRITE_BOXES.as_str() } else { WRITE.as_str() })
        .bind(last_batch)
        .bind(signed(plan.position))
        .bind(plan.recorded_at.as_microsecond())
        .bind(plan.chain_hash.as_slice())
        .bind(events!(event => signed(event.position)))
        .bind(events!(event => event.stream.as_str()))
        .bind(events!(event => signed(event.stream_version)))
        .bind(events!(event => bytes(&event.event_id)))
        .bind(events!(event => event.event_type.as_str()))
        .bind(events!(event => event.occurred_at.as_microsecond()))
        .bind(events!(event => event.recorded_at.as_microsecond()))
        .bind(events!(event => event.actor.as_str()))
        .bind(events!(event => bytes(&event.correlation_id)))
        .bind(events!(event => bytes(&event.causation_id)))
        .bind(events!(event => event.jurisdiction.as_str()))
        .bind(events!(event => event.unit.as_str()))
        .bind(events!(event => event.traceparent.as_str()))
        .bind(events!(event => event.payload.as_slice()))
        .bind(events!(event => event.chain_hash.as_slice()))
        .bind(requests!(request_id, _ => bytes(request_id)))
        .bind(requests!(_, answered => answered.fingerprint.as_slice()))
        .bind(requests!(_, answered => answered.answer.as_slice()))
        .bind(requests!(_, answered => signed(answered.position)))
        .bind(requests!(_, answered => answered.recorded_at.as_microsecond()));
    if boxes {
        query = query
            .bind(boxed!(put, stream, _ => *stream))
            .bind(boxed!(put, _, waiting => waiting.part.as_str()))
            .bind(boxed!(put, _, waiting => waiting.key.as_slice()))
            .bind(boxed!(put, _, waiting => waiting.event.event_type.as_str()))
            .bind(boxed!(put, _, waiting => waiting.event.unit.as_str()))
            .bind(boxed!(put, _, waiting => waiting.event.payload.as_slice()))
            .bind(boxed!(gone, stream, _ => *stream))
            .bind(boxed!(gone, _, waiting => waiting.part.as_str()))
            .bind(boxed!(gone, _, waiting => waiting.key.as_slice()));
    }
    Ok(query.fetch_optional(connection).await?.is_some())
}
