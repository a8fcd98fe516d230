//! The log in a PostgreSQL database, on which several processes may write.
//!
//! Writing, in `postgres/writer.rs`: a connection of its own, two statements for a batch. Reading on, in
//! `postgres/run.rs`: one statement for many pages, on a connection of its own. Everything else, here: a pool, one
//! statement each. No statement needs the session of another, so a pooler in transaction mode may
//! stand between (PgBouncer from 1.21 on, with `max_prepared_statements`); what others wrote is found by a short
//! poll, which, unlike LISTEN, needs no session either, and no lock that all databases of a server share.
//!
//! Over TCP, prefer the same machine's socket: nothing here sends small pieces one after the other, which
//! sqlx would delay.

mod boxed;
mod run;
mod writer;

use std::fmt::Display;
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgRow};
use sqlx::query::Query;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Postgres, Row as _};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use self::run::Runs;
use self::writer::Writer;
use crate::event::{RecordedEvent, StreamId};
use crate::migrate::{self, Step};
use crate::row::{self, EVENT_COLUMNS, REQUEST_COLUMNS, count, signed};
use crate::store::{Answered, Append, Checkpoint, Head, Log, Pages, StoreError, Written};

const STEPS: &[Step] = &[
    ("log", include_str!("../migrations/postgres/0001_log.sql")),
    ("boxed", include_str!("../migrations/postgres/0002_boxed.sql")),
    ("entrusted", include_str!("../migrations/postgres/0003_entrusted.sql")),
];
const CONNECTIONS: u32 = 8;
/// Opening a connection, or waiting for a free one, takes no longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A statement that is not answered by then is given up, with its connection.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);
/// Another process's events are seen this soon.
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// A server that is away as a process starts is waited for so long.
const START_PATIENCE: Duration = Duration::from_mins(1);
const START_RETRY: Duration = Duration::from_millis(500);

static READ_ALL: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT {EVENT_COLUMNS} FROM event WHERE position >= $1 ORDER BY position LIMIT $2")
});
static READ_STREAM: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {EVENT_COLUMNS} FROM event WHERE stream = $1 AND stream_version >= $2 \
         ORDER BY stream_version LIMIT $3"
    )
});
static READ_STREAMS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {EVENT_COLUMNS} FROM unnest($1::text[], $2::bigint[]) AS wanted (name, from_version) \
         JOIN event ON stream = name AND stream_version >= from_version ORDER BY stream, stream_version"
    )
});
static ANSWERED: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {REQUEST_COLUMNS} FROM request WHERE request_id = ANY($1)"));
const SET_CHECKPOINT: &str = "INSERT INTO checkpoint (consumer, position, epoch) VALUES ($1, $2, $3) \
     ON CONFLICT (consumer) DO UPDATE SET position = excluded.position, epoch = excluded.epoch";
const LEASE: &str = "INSERT INTO lease AS held (name, holder, expires_at) \
     VALUES ($1, $2, clock_timestamp() + $3 * interval '1 millisecond') ON CONFLICT (name) DO UPDATE \
     SET holder = excluded.holder, expires_at = excluded.expires_at \
     WHERE held.holder = excluded.holder OR held.expires_at <= clock_timestamp()";
/// What is deleted, and, under the key that nothing has, that the table is to be written anew.
const VAULT_ERASE: &str = "WITH gone AS (DELETE FROM vault WHERE key = ANY($1) RETURNING key), \
     known AS (DELETE FROM entrusted WHERE key = ANY($1)), \
     marked AS (INSERT INTO vault SELECT '', '' FROM gone LIMIT 1 ON CONFLICT DO NOTHING) SELECT key FROM gone";
const VAULT_MARK: &str = "SELECT key FROM vault WHERE key = ''";
/// The transactions that run, in whichever database of the server.
const RUNNING: &str = "SELECT DISTINCT virtualtransaction FROM pg_locks \
     WHERE locktype IN ('virtualxid', 'transactionid') AND pid IS DISTINCT FROM pg_backend_pid()";
/// A deleted row's bytes stay in its page: the table is written anew without them, and its old file is gone.
const VAULT_REWRITE: &str = "VACUUM (FULL) vault";
const VAULT_UNMARK: &str = "DELETE FROM vault WHERE key = ''";
const VAULT_PUT: &str = "WITH put AS (INSERT INTO vault (key, content) VALUES ($1, $2) \
         ON CONFLICT (key) DO UPDATE SET content = excluded.content) \
     INSERT INTO entrusted (key, request_id, put_at) VALUES ($1, $3, clock_timestamp()) \
     ON CONFLICT (key) DO UPDATE SET put_at = excluded.put_at";
const VAULT_ANSWERED: &str =
    "DELETE FROM entrusted USING request WHERE request.request_id = entrusted.request_id";
const VAULT_UNANSWERED: &str = "SELECT key FROM entrusted \
     WHERE put_at <= clock_timestamp() - $1 * interval '1 millisecond' \
     AND NOT EXISTS (SELECT FROM request WHERE request.request_id = entrusted.request_id)";

type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// A log in a PostgreSQL database.
pub struct PostgresLog {
    writer: Writer,
    pool: PgPool,
    runs: Runs,
}

impl PostgresLog {
    /// Opens the log in the database at `url`, and makes its tables if they are not there. One process at a
    /// time does; a program of an earlier version goes on with what a later one made.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse().map_err(StoreError::database)?;
        let options = options.application_name("mingjing").disable_statement_logging();
        let mut connection = connect(&options).await.map_err(StoreError::database)?;
        migrate::postgres(&mut connection, STEPS).await.map_err(StoreError::database)?;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(CONNECT_TIMEOUT)
            .test_before_acquire(false)
            .connect_lazy_with(options.clone());
        let runs = Runs::new(options.clone());
        Ok(Self { writer: Writer::new(options, connection), pool, runs })
    }

    /// Runs a statement that may be run twice. A connection that was lost is replaced.
    async fn run<'q>(&self, statement: impl Fn() -> Statement<'q>) -> Result<(Vec<PgRow>, u64), StoreError> {
        let mut lost = 0;
        loop {
            let mut connection = self.pool.acquire().await.map_err(StoreError::database)?;
            let running = async {
                let mut rows = Vec::new();
                let mut affected = 0;
                let mut results = connection.fetch_many(statement());
                while let Some(result) =
                    std::future::poll_fn(|context| results.as_mut().poll_next(context)).await
                {
                    match result? {
                        sqlx::Either::Left(done) => affected += done.rows_affected(),
                        sqlx::Either::Right(row) => rows.push(row),
                    }
                }
                Ok((rows, affected))
            };
            match timeout(STATEMENT_TIMEOUT, running).await {
                Ok(Ok(found)) => return Ok(found),
                // Each connection of the pool may have been lost.
                Ok(Err(error)) if is_lost(&error) && lost < CONNECTIONS => lost += 1,
                Ok(Err(error)) => return Err(StoreError::database(error)),
                Err(elapsed) => {
                    drop(connection.detach());
                    return Err(StoreError::database(elapsed));
                }
            }
            drop(connection.detach());
        }
    }

    async fn rows<'q>(&self, statement: impl Fn() -> Statement<'q>) -> Result<Vec<PgRow>, StoreError> {
        Ok(self.run(statement).await?.0)
    }

    /// Waits until nobody sees what was deleted before: what somebody may still see is written anew, too.
    ///
    /// A snapshot is as old as the oldest change under way in the server when it is taken. Once all transactions
    /// of now have ended, no new snapshot is older than now; once those of then have, none is at all.
    async fn leave_to_others(&self) -> Result<(), StoreError> {
        let since = Instant::now();
        for _ in 0..2 {
            let mut before = self.running().await?;
            while !before.is_empty() {
                if since.elapsed() > STATEMENT_TIMEOUT {
                    tracing::warn!(
                        "what was erased lies in files while a transaction runs that began before"
                    );
                    return Err(StoreError::database(timed_out()));
                }
                sleep(POLL_INTERVAL).await;
                let now = self.running().await?;
                before.retain(|transaction| now.contains(transaction));
            }
        }
        Ok(())
    }

    async fn running(&self) -> Result<Vec<String>, StoreError> {
        let rows = self.rows(|| sqlx::query(RUNNING)).await?;
        rows.iter().map(|row| row.try_get(0).map_err(StoreError::database)).collect()
    }

    /// How many rows a statement changed.
    async fn change<'q>(&self, statement: impl Fn() -> Statement<'q>) -> Result<u64, StoreError> {
        Ok(self.run(statement).await?.1)
    }
}

#[async_trait]
impl Log for PostgresLog {
    async fn write(&self, batch: &[Append], now: Timestamp) -> Result<Written, StoreError> {
        self.writer.write(batch, now).await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        let rows = self.rows(|| sqlx::query("SELECT position, chain_hash, epoch FROM head")).await?;
        row::head(rows.first().ok_or_else(|| row::corrupt("the head", "it is missing"))?)
    }

    async fn renew_epoch(&self) -> Result<Head, StoreError> {
        self.change(|| sqlx::query("UPDATE head SET epoch = uuid_send(gen_random_uuid())")).await?;
        self.head().await
    }

    async fn read_all(&self, from_position: u64, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        let rows = self
            .rows(|| sqlx::query(READ_ALL.as_str()).bind(signed(from_position)).bind(count(limit)))
            .await?;
        rows.iter().map(|row| row::event(row, from_position)).collect()
    }

    fn read_on(&self, from_position: u64) -> Option<Pages> {
        self.runs.begin(from_position)
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        from_version: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let read = || {
            let read = sqlx::query(READ_STREAM.as_str()).bind(stream.as_str());
            read.bind(signed(from_version)).bind(count(limit))
        };
        self.rows(read).await?.iter().map(|row| row::event(row, 0)).collect()
    }

    async fn read_streams(&self, wanted: &[(StreamId, u64)]) -> Result<Vec<RecordedEvent>, StoreError> {
        let names: Vec<_> = wanted.iter().map(|(stream, _)| stream.as_str()).collect();
        let versions: Vec<_> = wanted.iter().map(|(_, from_version)| signed(*from_version)).collect();
        let read = || sqlx::query(READ_STREAMS.as_str()).bind(names.clone()).bind(versions.clone());
        self.rows(read).await?.iter().map(|row| row::event(row, 0)).collect()
    }

    async fn answered(&self, request_id: Uuid) -> Result<Option<Answered>, StoreError> {
        let rows = self.rows(|| sqlx::query(ANSWERED.as_str()).bind([bytes(&request_id)])).await?;
        rows.first().map(|row| row::answered(row).map(|(_, answered)| answered)).transpose()
    }

    async fn checkpoint(&self, consumer: &str) -> Result<Option<Checkpoint>, StoreError> {
        let read = "SELECT position, epoch FROM checkpoint WHERE consumer = $1";
        let rows = self.rows(|| sqlx::query(read).bind(consumer)).await?;
        rows.first().map(row::checkpoint).transpose()
    }

    async fn set_checkpoint(&self, consumer: &str, checkpoint: Checkpoint) -> Result<(), StoreError> {
        let Checkpoint { position, epoch } = checkpoint;
        let set = || sqlx::query(SET_CHECKPOINT).bind(consumer).bind(signed(position)).bind(bytes(&epoch));
        self.change(set).await.map(drop)
    }

    async fn try_lease(&self, name: &str, holder: Uuid, ttl: Duration) -> Result<bool, StoreError> {
        let ttl_ms = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        let take = || sqlx::query(LEASE).bind(name).bind(bytes(&holder)).bind(ttl_ms);
        Ok(self.change(take).await? > 0)
    }

    async fn release_lease(&self, name: &str, holder: Uuid) -> Result<(), StoreError> {
        let free = "DELETE FROM lease WHERE name = $1 AND holder = $2";
        self.change(|| sqlx::query(free).bind(name).bind(bytes(&holder))).await.map(drop)
    }

    async fn vault_put(&self, key: &str, content: &[u8], request_id: Uuid) -> Result<(), StoreError> {
        let put = || sqlx::query(VAULT_PUT).bind(key).bind(content).bind(bytes(&request_id));
        self.change(put).await.map(drop)
    }

    async fn vault_get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let rows = self.rows(|| sqlx::query("SELECT content FROM vault WHERE key = $1").bind(key)).await?;
        let content = |row: &PgRow| row::Row::bytes(row, 0).map_err(|what| row::corrupt("the vault", what));
        rows.first().map(content).transpose()
    }

    async fn vault_erase(&self, keys: &[String]) -> Result<u64, StoreError> {
        let erased = self.rows(|| sqlx::query(VAULT_ERASE).bind(keys)).await?.len();
        // Also what another erasure left, which was interrupted here.
        if !self.rows(|| sqlx::query(VAULT_MARK)).await?.is_empty() {
            self.leave_to_others().await?;
            self.change(|| sqlx::query(VAULT_REWRITE)).await?;
            self.change(|| sqlx::query(VAULT_UNMARK)).await?;
        }
        Ok(u64::try_from(erased).unwrap_or(u64::MAX))
    }

    async fn vault_unanswered(&self, age: Duration) -> Result<Vec<String>, StoreError> {
        self.change(|| sqlx::query(VAULT_ANSWERED)).await?;
        let age_ms = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        let rows = self.rows(|| sqlx::query(VAULT_UNANSWERED).bind(age_ms)).await?;
        rows.iter().map(|row| row.try_get(0).map_err(StoreError::database)).collect()
    }

    async fn close(&self) {
        self.writer.close().await;
        self.runs.close().await;
        if timeout(CONNECT_TIMEOUT, self.pool.close()).await.is_err() {
            tracing::warn!("a log was not closed in good order");
        }
    }

    fn poll_interval(&self) -> Duration {
        POLL_INTERVAL
    }
}

/// Tries again while the server is away, up to a minute: what a process that serves begins with.
pub async fn patiently<T, E: Display, F: Future<Output = Result<T, E>>>(
    attempt: impl Fn() -> F,
    is_away: impl Fn(&E) -> bool,
) -> Result<T, E> {
    let began = Instant::now();
    loop {
        match attempt().await {
            Err(error) if is_away(&error) && began.elapsed() < START_PATIENCE => {
                tracing::warn!(error = format!("{error:#}"), "PostgreSQL is away; trying again");
                sleep(START_RETRY).await;
            }
            done => return done,
        }
    }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let connected = timeout(CONNECT_TIMEOUT, PgConnection::connect_with(options)).await;
    connected.unwrap_or_else(|_| Err(timed_out()))
}

fn timed_out() -> sqlx::Error {
    sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())
}

/// Whether the connection is of no use any more; what it was doing may have been done.
pub fn is_lost(error: &sqlx::Error) -> bool {
    if let sqlx::Error::Migrate(error) = error {
        return matches!(&**error, MigrateError::Execute(error) if is_lost(error));
    }
    if let sqlx::Error::Database(error) = error {
        // Shut down, crashed, not yet up; a connection's own failures; no room for another one.
        let lost = |code: &str| code.starts_with("57P") || code.starts_with("08") || code == "53300";
        return error.code().is_some_and(|code| lost(&code));
    }
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolTimedOut)
}

fn bytes(id: &Uuid) -> &[u8] {
    id.as_bytes()
}
