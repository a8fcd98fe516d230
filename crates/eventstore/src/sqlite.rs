//! The log in a SQLite file: WAL, flushed at every commit.
//!
//! Writing: one connection, one transaction per batch, few multi-row statements, since each statement costs
//! some 50 µs. Reading: a pool, in pages.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Connection as _, Row as _};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::batch::{Lookup, Plan, whole_microseconds};
use crate::event::{RecordedEvent, StreamId};
use crate::store::{Answered, Append, AppendError, Head, Log, Outcome, StoreError};

mod boxed;

const READERS: u32 = 4;
/// Rows in one INSERT: 15 columns each, well below SQLite's limit of 32,766 variables.
const INSERT_ROWS_MAX: usize = 256;

const EVENT_COLUMNS: &str = "position, stream, stream_version, event_id, event_type, occurred_at, recorded_at, \
     actor, correlation_id, causation_id, jurisdiction, unit, traceparent, payload, chain_hash";

/// INSERTs of 1, 2, … 256 rows: one statement writes a batch, and each is prepared once.
static INSERT_EVENTS: LazyLock<Vec<String>> =
    LazyLock::new(|| inserts(&format!("INSERT INTO event ({EVENT_COLUMNS}) VALUES "), 15));
static INSERT_REQUESTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    inserts("INSERT INTO request (request_id, fingerprint, answer, position, recorded_at) VALUES ", 5)
});
static READ_ALL: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT {EVENT_COLUMNS} FROM event WHERE position >= ? ORDER BY position LIMIT ?")
});
static READ_STREAM: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {EVENT_COLUMNS} FROM event WHERE stream = ? AND stream_version >= ? \
         ORDER BY stream_version LIMIT ?"
    )
});
/// All versions in one row, in the order of the names: each row costs a hand-over between threads.
const STREAM_VERSIONS: &str = "SELECT group_concat(coalesce((SELECT stream_version FROM event \
     WHERE stream = value ORDER BY stream_version DESC LIMIT 1), 0), ',' ORDER BY key) FROM json_each(?)";
const ANSWERED: &str = "SELECT request_id, fingerprint, answer, position, recorded_at FROM request \
     WHERE request_id IN (SELECT unhex(value) FROM json_each(?))";

const EMPTY_WAL: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// A log in a SQLite file.
pub struct SqliteLog {
    writer: Mutex<SqliteConnection>,
    readers: SqlitePool,
}

impl SqliteLog {
    /// Opens the log at `path`, and makes it if it is not there.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(std::time::Duration::from_secs(10))
            .pragma("secure_delete", "ON") // What is erased is overwritten, not only let go.
            .pragma("wal_autocheckpoint", "10000") // Pages; fewer, larger write-backs.
            .pragma("cache_size", "-65536")
            .statement_cache_capacity(2 * INSERT_ROWS_MAX + 64);
        let mut writer = SqliteConnection::connect_with(&options).await.map_err(StoreError::database)?;
        sqlx::migrate!("migrations/sqlite").run(&mut writer).await.map_err(StoreError::database)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .test_before_acquire(false)
            .connect_with(options.create_if_missing(false))
            .await
            .map_err(StoreError::database)?;
        Ok(Self { writer: Mutex::new(writer), readers })
    }

    async fn events(
        &self,
        query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
        from_position: u64,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let rows = query.fetch_all(&self.readers).await.map_err(|error| broken(error, from_position))?;
        rows.iter().map(|row| event(row, from_position)).collect()
    }
}

#[async_trait]
impl Log for SqliteLog {
    async fn write(
        &self,
        batch: Vec<Append>,
        now: Timestamp,
    ) -> Result<Vec<Result<Outcome, AppendError>>, StoreError> {
        let mut writer = self.writer.lock().await;
        let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await.map_err(StoreError::database)?;
        let lookup = Lookup::of(&batch);
        let mut plan = look_up(&mut transaction, &lookup, now).await?;
        plan.boxes = boxed::look_up(&mut transaction, &lookup, &batch).await?;
        let outcomes = batch.into_iter().map(|append| plan.take(append)).collect();
        if !plan.requests.is_empty() {
            insert(&mut transaction, &plan).await.map_err(StoreError::database)?;
        }
        let erased = boxed::change(&mut transaction, &plan.boxes).await.map_err(StoreError::database)?;
        transaction.commit().await.map_err(StoreError::database)?;
        if erased {
            // It still stands in the write-ahead log: move that into the file, and empty it.
            sqlx::query(EMPTY_WAL).execute(&mut *writer).await.map_err(StoreError::database)?;
        }
        Ok(outcomes)
    }

    async fn head(&self) -> Result<Head, StoreError> {
        let row = sqlx::query("SELECT position, chain_hash, epoch FROM head").fetch_one(&self.readers).await;
        let row = row.map_err(StoreError::database)?;
        let head = || -> Result<Head, Fault> {
            Ok(Head { position: number(&row, 0)?, chain_hash: hash(&row, 1)?, epoch: id(&row, 2)? })
        };
        head().map_err(|what| StoreError::Corrupt { position: 0, what: format!("the head: {what}") })
    }

    async fn read_all(&self, from_position: u64, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        let query = sqlx::query(READ_ALL.as_str()).bind(signed(from_position)).bind(count(limit));
        self.events(query, from_position).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        from_version: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let query = sqlx::query(READ_STREAM.as_str());
        let query = query.bind(stream.as_str()).bind(signed(from_version)).bind(count(limit));
        self.events(query, 0).await
    }

    async fn answered(&self, request_id: Uuid) -> Result<Option<Answered>, StoreError> {
        let found =
            sqlx::query(ANSWERED).bind(json_list([request_id.simple()])).fetch_optional(&self.readers);
        let row = found.await.map_err(StoreError::database)?;
        row.map(|row| request(&row).map(|(_, answered)| answered)).transpose()
    }

    async fn checkpoint(&self, consumer: &str) -> Result<u64, StoreError> {
        let position = sqlx::query_scalar::<_, i64>("SELECT position FROM checkpoint WHERE consumer = ?");
        let found = position.bind(consumer).fetch_optional(&self.readers).await;
        Ok(found
            .map_err(StoreError::database)?
            .and_then(|position| u64::try_from(position).ok())
            .unwrap_or(0))
    }

    async fn set_checkpoint(&self, consumer: &str, position: u64) -> Result<(), StoreError> {
        let upsert = sqlx::query("INSERT OR REPLACE INTO checkpoint (consumer, position) VALUES (?, ?)");
        self.write_one(upsert.bind(consumer).bind(signed(position))).await.map(drop)
    }

    async fn vault_put(&self, key: &str, content: &[u8]) -> Result<(), StoreError> {
        let upsert = sqlx::query("INSERT OR REPLACE INTO vault (key, content) VALUES (?, ?)");
        self.write_one(upsert.bind(key).bind(content)).await.map(drop)
    }

    async fn vault_get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let content = sqlx::query_scalar("SELECT content FROM vault WHERE key = ?").bind(key);
        content.fetch_optional(&self.readers).await.map_err(StoreError::database)
    }

    async fn vault_erase(&self, key: &str) -> Result<bool, StoreError> {
        let erased = self.write_one(sqlx::query("DELETE FROM vault WHERE key = ?").bind(key)).await?;
        // It still stands in the write-ahead log: move that into the file, and empty it.
        self.write_one(sqlx::query(EMPTY_WAL)).await?;
        Ok(erased > 0)
    }
}

impl SqliteLog {
    async fn write_one(
        &self,
        query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<u64, StoreError> {
        let mut writer = self.writer.lock().await;
        let done = query.execute(&mut *writer).await.map_err(StoreError::database)?;
        Ok(done.rows_affected())
    }
}

async fn look_up(
    connection: &mut SqliteConnection,
    lookup: &Lookup,
    now: Timestamp,
) -> Result<Plan, StoreError> {
    let head =
        sqlx::query("SELECT position, recorded_at, chain_hash FROM head").fetch_one(&mut *connection).await;
    let head = head.map_err(StoreError::database)?;
    let corrupt = |what: Fault| StoreError::Corrupt { position: 0, what: format!("the head: {what}") };
    let last_recorded_at = instant(&head, 1).map_err(corrupt)?;
    let mut plan = Plan {
        position: number(&head, 0).map_err(corrupt)?,
        chain_hash: hash(&head, 2).map_err(corrupt)?,
        recorded_at: whole_microseconds(now).max(last_recorded_at),
        streams: HashMap::new(),
        boxes: HashMap::new(),
        answered: HashMap::new(),
        events: Vec::new(),
        requests: Vec::new(),
    };
    if !lookup.streams.is_empty() {
        let names = json_list(lookup.streams.iter().map(StreamId::as_str));
        let versions =
            sqlx::query_scalar::<_, String>(STREAM_VERSIONS).bind(names).fetch_one(&mut *connection);
        let versions = versions.await.map_err(StoreError::database)?;
        let versions = versions.split(',').map(|version| version.parse().unwrap_or(0));
        plan.streams = lookup.streams.iter().cloned().zip(versions).collect();
    }
    let requests = json_list(lookup.requests.iter().map(|id| id.simple()));
    let rows = sqlx::query(ANSWERED).bind(requests).fetch_all(&mut *connection).await;
    for row in rows.map_err(StoreError::database)? {
        let (request_id, answered) = request(&row)?;
        plan.answered.insert(request_id, answered);
    }
    Ok(plan)
}

async fn insert(connection: &mut SqliteConnection, plan: &Plan) -> Result<(), sqlx::Error> {
    for chunk in plan.events.chunks(INSERT_ROWS_MAX) {
        let mut query = sqlx::query(INSERT_EVENTS[chunk.len() - 1].as_str());
        for event in chunk {
            query = query
                .bind(signed(event.position))
                .bind(event.stream.as_str())
                .bind(signed(event.stream_version))
                .bind(event.event_id.as_bytes().as_slice())
                .bind(event.event_type.as_str())
                .bind(event.occurred_at.as_microsecond())
                .bind(event.recorded_at.as_microsecond())
                .bind(event.actor.as_str())
                .bind(event.correlation_id.as_bytes().as_slice())
                .bind(event.causation_id.as_bytes().as_slice())
                .bind(event.jurisdiction.as_str())
                .bind(event.unit.as_str())
                .bind(event.traceparent.as_str())
                .bind(event.payload.as_slice())
                .bind(event.chain_hash.as_slice());
        }
        query.execute(&mut *connection).await?;
    }
    for chunk in plan.requests.chunks(INSERT_ROWS_MAX) {
        let mut query = sqlx::query(INSERT_REQUESTS[chunk.len() - 1].as_str());
        for (request_id, answered) in chunk {
            query = query
                .bind(request_id.as_bytes().as_slice())
                .bind(answered.fingerprint.as_slice())
                .bind(answered.answer.as_slice())
                .bind(signed(answered.position))
                .bind(answered.recorded_at.as_microsecond());
        }
        query.execute(&mut *connection).await?;
    }
    sqlx::query("UPDATE head SET position = ?, recorded_at = ?, chain_hash = ?")
        .bind(signed(plan.position))
        .bind(plan.recorded_at.as_microsecond())
        .bind(plan.chain_hash.as_slice())
        .execute(connection)
        .await
        .map(drop)
}

fn inserts(insert: &str, columns: usize) -> Vec<String> {
    let row = format!("({})", vec!["?"; columns].join(","));
    (1..=INSERT_ROWS_MAX).map(|rows| format!("{insert}{}", vec![row.as_str(); rows].join(","))).collect()
}

/// What is wrong with a row, for people.
type Fault = String;

fn event(row: &SqliteRow, from_position: u64) -> Result<RecordedEvent, StoreError> {
    let position = number(row, 0).map_err(|what| StoreError::Corrupt { position: from_position, what })?;
    let read = || -> Result<RecordedEvent, Fault> {
        Ok(RecordedEvent {
            position,
            stream: StreamId::from_log(text(row, 1)?),
            stream_version: number(row, 2)?,
            event_id: id(row, 3)?,
            event_type: text(row, 4)?,
            occurred_at: instant(row, 5)?,
            recorded_at: instant(row, 6)?,
            actor: text(row, 7)?,
            correlation_id: id(row, 8)?,
            causation_id: id(row, 9)?,
            jurisdiction: text(row, 10)?,
            unit: text(row, 11)?,
            traceparent: text(row, 12)?,
            payload: bytes(row, 13)?,
            chain_hash: hash(row, 14)?,
        })
    };
    read().map_err(|what| StoreError::Corrupt { position, what })
}

fn request(row: &SqliteRow) -> Result<(Uuid, Answered), StoreError> {
    let read = || -> Result<_, Fault> {
        let answered = Answered {
            fingerprint: hash(row, 1)?,
            answer: bytes(row, 2)?,
            position: number(row, 3)?,
            recorded_at: instant(row, 4)?,
        };
        Ok((id(row, 0)?, answered))
    };
    read().map_err(|what| StoreError::Corrupt { position: 0, what: format!("a request: {what}") })
}

fn bytes(row: &SqliteRow, column: usize) -> Result<Vec<u8>, Fault> {
    row.try_get(column).map_err(|error| error.to_string())
}

fn text(row: &SqliteRow, column: usize) -> Result<String, Fault> {
    row.try_get(column).map_err(|error| error.to_string())
}

fn number(row: &SqliteRow, column: usize) -> Result<u64, Fault> {
    let number: i64 = row.try_get(column).map_err(|error| error.to_string())?;
    u64::try_from(number).map_err(|error| error.to_string())
}

fn instant(row: &SqliteRow, column: usize) -> Result<Timestamp, Fault> {
    let microseconds: i64 = row.try_get(column).map_err(|error| error.to_string())?;
    Timestamp::from_microsecond(microseconds).map_err(|error| error.to_string())
}

fn id(row: &SqliteRow, column: usize) -> Result<Uuid, Fault> {
    Uuid::from_slice(&bytes(row, column)?).map_err(|error| error.to_string())
}

fn hash(row: &SqliteRow, column: usize) -> Result<[u8; 32], Fault> {
    bytes(row, column)?.try_into().map_err(|_| "a hash is not 32 bytes long".to_owned())
}

/// A database error while reading events: a damaged file is a corrupt event, all else the database's.
fn broken(error: sqlx::Error, from_position: u64) -> StoreError {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default();
    // SQLITE_CORRUPT and its extended codes.
    if code.parse::<u32>().is_ok_and(|code| code & 0xff == 11) {
        return StoreError::Corrupt { position: from_position, what: error.to_string() };
    }
    StoreError::database(error)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A JSON list of strings.
fn json_list(items: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    let mut list = String::from("[");
    for item in items {
        list.push_str(if list.len() > 1 { ",\"" } else { "\"" });
        for character in item.to_string().chars() {
            // Writing to a string cannot fail.
            let _ = match character {
                '"' | '\\' => write!(list, "\\{character}"),
                '\0'..='\u{1f}' => write!(list, "\\u{:04x}", u32::from(character)),
                _ => write!(list, "{character}"),
            };
        }
        list.push('"');
    }
    list.push(']');
    list
}
