//! What a row of a log says, whatever the database: every adaptor has the same tables.

use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::boxes::Waiting;
use crate::event::{NewEvent, RecordedEvent, StreamId};
use crate::store::{Answered, Checkpoint, Head, StoreError};

/// The columns that [`event`] reads, in its order.
pub(crate) const EVENT_COLUMNS: &str = "position, stream, stream_version, event_id, event_type, occurred_at, \
     recorded_at, actor, correlation_id, causation_id, jurisdiction, unit, traceparent, payload, chain_hash";
/// The columns that [`answered`] reads.
pub(crate) const REQUEST_COLUMNS: &str = "request_id, fingerprint, answer, position, recorded_at";

/// What is wrong with a row, for people.
type Fault = String;

/// A row, by the three kinds of column that a log has.
pub(crate) trait Row {
    fn integer(&self, column: usize) -> Result<i64, Fault>;
    fn text(&self, column: usize) -> Result<String, Fault>;
    fn bytes(&self, column: usize) -> Result<Vec<u8>, Fault>;

    fn number(&self, column: usize) -> Result<u64, Fault> {
        u64::try_from(self.integer(column)?).map_err(|error| error.to_string())
    }

    fn instant(&self, column: usize) -> Result<Timestamp, Fault> {
        Timestamp::from_microsecond(self.integer(column)?).map_err(|error| error.to_string())
    }

    fn id(&self, column: usize) -> Result<Uuid, Fault> {
        Uuid::from_slice(&self.bytes(column)?).map_err(|error| error.to_string())
    }

    fn hash(&self, column: usize) -> Result<[u8; 32], Fault> {
        self.bytes(column)?.try_into().map_err(|_| "a hash is not 32 bytes long".to_owned())
    }
}

macro_rules! rows {
    ($($row:ty)+) => {$(
        impl Row for $row {
            fn integer(&self, column: usize) -> Result<i64, Fault> {
                sqlx::Row::try_get(self, column).map_err(|error| error.to_string())
            }

            fn text(&self, column: usize) -> Result<String, Fault> {
                sqlx::Row::try_get(self, column).map_err(|error| error.to_string())
            }

            fn bytes(&self, column: usize) -> Result<Vec<u8>, Fault> {
                sqlx::Row::try_get(self, column).map_err(|error| error.to_string())
            }
        }
    )+};
}
rows! { SqliteRow PgRow }

/// An event, from [`EVENT_COLUMNS`].
pub(crate) fn event(row: &impl Row, from_position: u64) -> Result<RecordedEvent, StoreError> {
    let position = row.number(0).map_err(|what| StoreError::Corrupt { position: from_position, what })?;
    let read = || -> Result<_, Fault> {
        Ok(RecordedEvent {
            position,
            stream: StreamId::from_log(row.text(1)?),
            stream_version: row.number(2)?,
            event_id: row.id(3)?,
            event_type: row.text(4)?,
            occurred_at: row.instant(5)?,
            recorded_at: row.instant(6)?,
            actor: row.text(7)?,
            correlation_id: row.id(8)?,
            causation_id: row.id(9)?,
            jurisdiction: row.text(10)?,
            unit: row.text(11)?,
            traceparent: row.text(12)?,
            payload: row.bytes(13)?,
            chain_hash: row.hash(14)?,
        })
    };
    read().map_err(|what| StoreError::Corrupt { position, what })
}

/// A request and what it was answered, from [`REQUEST_COLUMNS`].
pub(crate) fn answered(row: &impl Row) -> Result<(Uuid, Answered), StoreError> {
    let read = || -> Result<_, Fault> {
        let answered = Answered {
            fingerprint: row.hash(1)?,
            answer: row.bytes(2)?,
            position: row.number(3)?,
            recorded_at: row.instant(4)?,
        };
        Ok((row.id(0)?, answered))
    };
    read().map_err(|what| corrupt("a request", what))
}

/// Where the log ends, from `position, chain_hash, epoch`.
pub(crate) fn head(row: &impl Row) -> Result<Head, StoreError> {
    let read = || -> Result<_, Fault> {
        Ok(Head { position: row.number(0)?, chain_hash: row.hash(1)?, epoch: row.id(2)? })
    };
    read().map_err(|what| corrupt("the head", what))
}

/// What waits in a box, from `part, key, event_type, unit, payload`.
pub(crate) fn waiting(row: &impl Row) -> Result<Waiting, StoreError> {
    let read = || -> Result<_, Fault> {
        let event = NewEvent { event_type: row.text(2)?, unit: row.text(3)?, payload: row.bytes(4)? };
        let key = row.bytes(1)?.try_into().map_err(|_| "its key is not 16 bytes long".to_owned())?;
        Ok(Waiting { part: row.text(0)?, key, event })
    };
    read().map_err(|what| corrupt("what waits in a box", what))
}

/// How far a consumer has come, from `position, epoch`.
pub(crate) fn checkpoint(row: &impl Row) -> Result<Checkpoint, StoreError> {
    let read = || -> Result<_, Fault> { Ok(Checkpoint { position: row.number(0)?, epoch: row.id(1)? }) };
    read().map_err(|what| corrupt("a checkpoint", what))
}

/// A row of no event is not what was written.
pub(crate) fn corrupt(which: &str, what: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt { position: 0, what: format!("{which}: {what}") }
}

/// A number as databases have it; one that is too large is larger than any of a log.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A limit as databases have it.
pub(crate) fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
