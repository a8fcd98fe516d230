//! The log in a SQLite file: WAL, flushed at every commit.
//!
//! Writing: one connection, one transaction per batch, few multi-row statements, since each statement costs
//! some 50 µs. Reading: a pool, in pages, each of which is one value, since each value costs as much again.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{Connection as _, Row as _};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::batch::{Lookup, Plan, whole_microseconds};
use crate::event::{RecordedEvent, StreamId};
use crate::migrate::{self, Step};
use crate::row::{self, EVENT_COLUMNS, REQUEST_COLUMNS, Row as _, count, signed};
use crate::store::{Answered, Append, Checkpoint, Head, Log, StoreError, Written};

mod boxed;
mod packed;

const STEPS: &[Step] = &[
    ("log", include_str!("../migrations/sqlite/0001_log.sql")),
    ("lease and epoch", include_str!("../migrations/sqlite/0002_lease_and_epoch.sql")),
    ("boxed", include_str!("../migrations/sqlite/0003_boxed.sql")),
    ("entrusted", include_str!("../migrations/sqlite/0004_entrusted.sql")),
];
const READERS: u32 = 4;
/// Seldom does another process write to a file.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Rows in one INSERT: 15 columns each, well below SQLite's limit of 32,766 variables.
const INSERT_ROWS_MAX: usize = 256;

/// INSERTs of 1, 2, … 256 rows: one statement writes a batch, and each is prepared once.
static INSERT_EVENTS: LazyLock<Vec<String>> =
    LazyLock::new(|| inserts(&format!("INSERT INTO event ({EVENT_COLUMNS}) VALUES "), 15));
/// The same of requests, each with the head moved.
static INSERT_REQUESTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let insert =
        |insert: String| format!("{insert}; UPDATE head SET position = ?, recorded_at = ?, chain_hash = ?");
    inserts(&format!("INSERT INTO request ({REQUEST_COLUMNS}) VALUES "), 5).into_iter().map(insert).collect()
});
static READ_ALL: LazyLock<String> =
    LazyLock::new(|| packed::select("event WHERE position >= ? ORDER BY position LIMIT ?"));
static READ_STREAM: LazyLock<String> = LazyLock::new(|| {
    packed::select("event WHERE stream = ? AND stream_version >= ? ORDER BY stream_version LIMIT ?")
});
/// By a list of pairs. Each is looked up: the list is the outer loop.
static READ_STREAMS: LazyLock<String> = LazyLock::new(|| {
    packed::select(
        "json_each(?) AS wanted CROSS JOIN event ON stream = wanted.value ->> 0 \
         AND stream_version >= wanted.value ->> 1 ORDER BY wanted.key, stream_version",
    )
});
/// One row, since each row and each statement costs a hand-over between threads: the head, the versions in the
/// order of the names, how many of the requests were answered.
const LOOK_UP: &str = "SELECT position, recorded_at, chain_hash, \
     (SELECT group_concat(coalesce((SELECT stream_version FROM event \
         WHERE stream = value ORDER BY stream_version DESC LIMIT 1), 0), ',' ORDER BY key) FROM json_each(?)), \
     (SELECT count(*) FROM request WHERE request_id IN (SELECT unhex(value) FROM json_each(?))) FROM head";
static ANSWERED: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {REQUEST_COLUMNS} FROM request WHERE request_id IN (SELECT unhex(value) FROM json_each(?))"
    )
});
/// SQLite's clock stands still for up to a millisecond: a lease is longer by one, so as not to end too early.
const LEASE: &str = "INSERT INTO lease (name, holder, expires_at) \
     VALUES (?, ?, CAST(round(unixepoch('subsec') * 1000) AS INTEGER) + 1 + ?) ON CONFLICT (name) DO UPDATE \
     SET holder = excluded.holder, expires_at = excluded.expires_at \
     WHERE holder = excluded.holder OR expires_at <= CAST(round(unixepoch('subsec') * 1000) AS INTEGER)";

const ENTRUST: &str = "INSERT OR REPLACE INTO entrusted (key, request_id, put_at) \
     VALUES (?, ?, CAST(unixepoch('subsec') * 1000 AS INTEGER))";
const VAULT_ANSWERED: &str = "DELETE FROM entrusted WHERE request_id IN (SELECT request_id FROM request)";
const VAULT_UNANSWERED: &str = "SELECT key FROM entrusted \
     WHERE put_at <= CAST(unixepoch('subsec') * 1000 AS INTEGER) - ? \
     AND request_id NOT IN (SELECT request_id FROM request)";

const EMPTY_WAL: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// A log in a SQLite file.
pub struct SqliteLog {
    /// `None`: the log is closed.
    writer: Mutex<Option<SqliteConnection>>,
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
            .busy_timeout(Duration::from_secs(10))
            .pragma("secure_delete", "ON") // What is erased is overwritten, not only let go.
            .pragma("wal_autocheckpoint", "10000") // Pages; fewer, larger write-backs.
            .pragma("cache_size", "-65536")
            .statement_cache_capacity(2 * INSERT_ROWS_MAX + 64);
        let mut writer = SqliteConnection::connect_with(&options).await.map_err(StoreError::database)?;
        // sqlx takes for granted that it is text, and does not answer where it is not.
        let schema: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT CAST(group_concat(sql) AS BLOB) FROM sqlite_schema")
                .fetch_one(&mut writer)
                .await
                .map_err(StoreError::database)?;
        std::str::from_utf8(&schema.unwrap_or_default()).map_err(StoreError::database)?;
        migrate::sqlite(&mut writer, STEPS).await.map_err(StoreError::database)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .test_before_acquire(false)
            .connect_with(options.create_if_missing(false))
            .await
            .map_err(StoreError::database)?;
        Ok(Self { writer: Mutex::new(Some(writer)), readers })
    }

    async fn events(
        &self,
        query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
        from_position: u64,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let row = query.fetch_one(&self.readers).await.map_err(|error| broken(error, from_position))?;
        let page: Option<Vec<u8>> = row.try_get(0).map_err(StoreError::database)?;
        packed::events(&page.unwrap_or_default(), from_position)
    }
}

#[async_trait]
impl Log for SqliteLog {
    async fn write(&self, batch: &[Append], now: Timestamp) -> Result<Written, StoreError> {
        let mut writer = self.writer.lock().await;
        let writer = writer.as_mut().ok_or_else(closed)?;
        let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await.map_err(StoreError::database)?;
        let lookup = Lookup::of(batch);
        let mut plan = look_up(&mut transaction, &lookup, now).await?;
        plan.boxes = boxed::look_up(&mut transaction, &lookup, batch).await?;
        let outcomes = batch.iter().map(|append| plan.take(append)).collect();
        if !plan.requests.is_empty() {
            insert(&mut transaction, &plan).await.map_err(StoreError::database)?;
        }
        let erased = boxed::change(&mut transaction, &plan.boxes).await.map_err(StoreError::database)?;
        transaction.commit().await.map_err(StoreError::database)?;
        if erased {
            // It still stands in the write-ahead log: move that into the file, and empty it.
            sqlx::query(EMPTY_WAL).execute(&mut *writer).await.map_err(StoreError::database)?;
        }
        Ok(Written { outcomes, events: plan.events })
    }

    async fn head(&self) -> Result<Head, StoreError> {
        let row = sqlx::query("SELECT position, chain_hash, epoch FROM head").fetch_one(&self.readers).await;
        row::head(&row.map_err(StoreError::database)?)
    }

    async fn renew_epoch(&self) -> Result<Head, StoreError> {
        self.write_one(sqlx::query("UPDATE head SET epoch = randomblob(16)")).await?;
        self.head().await
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

    async fn read_streams(&self, wanted: &[(StreamId, u64)]) -> Result<Vec<RecordedEvent>, StoreError> {
        let pairs: Vec<_> =
            wanted.iter().map(|(stream, from_version)| (stream.as_str(), signed(*from_version))).collect();
        let pairs = serde_json::to_string(&pairs).map_err(StoreError::database)?;
        self.events(sqlx::query(READ_STREAMS.as_str()).bind(pairs), 0).await
    }

    async fn answered(&self, request_id: Uuid) -> Result<Option<Answered>, StoreError> {
        let found = sqlx::query(ANSWERED.as_str())
            .bind(json_list([request_id.simple()]))
            .fetch_optional(&self.readers);
        let row = found.await.map_err(StoreError::database)?;
        row.map(|row| row::answered(&row).map(|(_, answered)| answered)).transpose()
    }

    async fn checkpoint(&self, consumer: &str) -> Result<Option<Checkpoint>, StoreError> {
        let found = sqlx::query("SELECT position, epoch FROM checkpoint WHERE consumer = ?").bind(consumer);
        let row = found.fetch_optional(&self.readers).await.map_err(StoreError::database)?;
        row.as_ref().map(row::checkpoint).transpose()
    }

    async fn set_checkpoint(&self, consumer: &str, checkpoint: Checkpoint) -> Result<(), StoreError> {
        let upsert =
            sqlx::query("INSERT OR REPLACE INTO checkpoint (consumer, position, epoch) VALUES (?, ?, ?)");
        let upsert = upsert.bind(consumer).bind(signed(checkpoint.position));
        self.write_one(upsert.bind(checkpoint.epoch.as_bytes().as_slice())).await.map(drop)
    }

    async fn try_lease(&self, name: &str, holder: Uuid, ttl: Duration) -> Result<bool, StoreError> {
        let ttl_ms = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        let taken = sqlx::query(LEASE).bind(name).bind(holder.as_bytes().as_slice()).bind(ttl_ms);
        Ok(self.write_one(taken).await? > 0)
    }

    async fn release_lease(&self, name: &str, holder: Uuid) -> Result<(), StoreError> {
        let free = sqlx::query("DELETE FROM lease WHERE name = ? AND holder = ?");
        self.write_one(free.bind(name).bind(holder.as_bytes().as_slice())).await.map(drop)
    }

    async fn vault_put(&self, key: &str, content: &[u8], request_id: Uuid) -> Result<(), StoreError> {
        // First, so that it is known of whatever happens between.
        let entrust = sqlx::query(ENTRUST).bind(key).bind(request_id.as_bytes().as_slice());
        self.write_one(entrust).await?;
        let upsert = sqlx::query("INSERT OR REPLACE INTO vault (key, content) VALUES (?, ?)");
        self.write_one(upsert.bind(key).bind(content)).await.map(drop)
    }

    async fn vault_get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let content = sqlx::query_scalar("SELECT content FROM vault WHERE key = ?").bind(key);
        content.fetch_optional(&self.readers).await.map_err(StoreError::database)
    }

    async fn vault_erase(&self, keys: &[String]) -> Result<u64, StoreError> {
        let mut erased = 0;
        for key in keys {
            erased += self.write_one(sqlx::query("DELETE FROM vault WHERE key = ?").bind(key)).await?;
            self.write_one(sqlx::query("DELETE FROM entrusted WHERE key = ?").bind(key)).await?;
        }
        // It still stands in the write-ahead log: move that into the file, and empty it.
        self.write_one(sqlx::query(EMPTY_WAL)).await?;
        Ok(erased)
    }

    async fn vault_unanswered(&self, age: Duration) -> Result<Vec<String>, StoreError> {
        self.write_one(sqlx::query(VAULT_ANSWERED)).await?;
        let age_ms = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        let keys = sqlx::query_scalar(VAULT_UNANSWERED).bind(age_ms);
        keys.fetch_all(&self.readers).await.map_err(StoreError::database)
    }

    /// Whoever closes the file last takes the write-ahead log away.
    async fn close(&self) {
        self.readers.close().await;
        if let Some(writer) = self.writer.lock().await.take()
            && let Err(error) = writer.close().await
        {
            tracing::warn!(%error, "a log was not closed in good order");
        }
    }

    fn poll_interval(&self) -> Duration {
        POLL_INTERVAL
    }
}

impl SqliteLog {
    async fn write_one(
        &self,
        query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<u64, StoreError> {
        let mut writer = self.writer.lock().await;
        let done = query.execute(writer.as_mut().ok_or_else(closed)?).await.map_err(StoreError::database)?;
        Ok(done.rows_affected())
    }
}

async fn look_up(
    connection: &mut SqliteConnection,
    lookup: &Lookup,
    now: Timestamp,
) -> Result<Plan, StoreError> {
    let names = json_list(lookup.streams.iter().map(StreamId::as_str));
    let requests = json_list(lookup.requests.iter().map(|id| id.simple()));
    let found = sqlx::query(LOOK_UP).bind(names).bind(&requests).fetch_one(&mut *connection).await;
    let found = found.map_err(StoreError::database)?;
    let corrupt = |what| row::corrupt("the head", what);
    let last_recorded_at = found.instant(1).map_err(corrupt)?;
    let versions: Option<String> = found.try_get(3).map_err(StoreError::database)?;
    let versions = versions.unwrap_or_default();
    let versions = versions.split(',').map(|version| version.parse().unwrap_or(0));
    let mut plan = Plan {
        position: found.number(0).map_err(corrupt)?,
        chain_hash: found.hash(2).map_err(corrupt)?,
        recorded_at: whole_microseconds(now).max(last_recorded_at),
        streams: lookup.streams.iter().cloned().zip(versions).collect(),
        boxes: HashMap::new(),
        answered: HashMap::new(),
        events: Vec::new(),
        requests: Vec::new(),
    };
    if found.integer(4).map_err(corrupt)? > 0 {
        let rows = sqlx::query(ANSWERED.as_str()).bind(requests).fetch_all(&mut *connection).await;
        for row in rows.map_err(StoreError::database)? {
            let (request_id, answered) = row::answered(&row)?;
            plan.answered.insert(request_id, answered);
        }
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
        query = query
            .bind(signed(plan.position))
            .bind(plan.recorded_at.as_microsecond())
            .bind(plan.chain_hash.as_slice());
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

fn closed() -> StoreError {
    StoreError::database(sqlx::Error::PoolClosed)
}

fn inserts(insert: &str, columns: usize) -> Vec<String> {
    let row = format!("({})", vec!["?"; columns].join(","));
    (1..=INSERT_ROWS_MAX).map(|rows| format!("{insert}{}", vec![row.as_str(); rows].join(","))).collect()
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
