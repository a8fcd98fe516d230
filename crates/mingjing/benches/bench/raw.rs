//! What the file and the wire take without any of the program.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use tokio::sync::Mutex;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::measure::{Limit, rate};

/// Rows in one transaction.
const ROWS: usize = 256;
const COLUMNS: usize = 15;

/// Rows of an event's size and columns, with the index on its stream, per second.
pub(crate) struct Rows {
    /// One row in a transaction.
    pub(crate) single: f64,
    /// 256 rows in one statement in a transaction.
    pub(crate) many: f64,
}

impl Rows {
    /// For one caller, for many.
    pub(crate) fn limits(&self) -> [Limit<'static>; 2] {
        [
            Limit { what: "SQLite, one row in a transaction", rate: self.single },
            Limit { what: "SQLite, 256 rows in a transaction", rate: self.many },
        ]
    }
}

/// Inserts rows with plain `sqlx`.
pub(crate) async fn rows(folder: &Path) -> anyhow::Result<Rows> {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("raw.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON")
        .pragma("wal_autocheckpoint", "10000")
        .pragma("cache_size", "-65536");
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let table = "CREATE TABLE event (position INTEGER PRIMARY KEY, stream TEXT, stream_version INTEGER, \
         event_id BLOB, event_type TEXT, occurred_at INTEGER, recorded_at INTEGER, actor TEXT, \
         correlation_id BLOB, causation_id BLOB, jurisdiction TEXT, unit TEXT, traceparent TEXT, \
         payload BLOB, chain_hash BLOB)";
    sqlx::query(table).execute(&mut connection).await?;
    let index = "CREATE UNIQUE INDEX event_by_stream ON event (stream, stream_version)";
    sqlx::query(index).execute(&mut connection).await?;
    let file = Arc::new(File { connection: Mutex::new(connection), last: AtomicI64::new(0) });
    let inserted = |rows: usize| {
        let (file, statement) = (file.clone(), Arc::<str>::from(insert(rows)));
        rate(1, move |_| {
            let (file, statement) = (file.clone(), statement.clone());
            async move { file.write(&statement, rows).await }
        })
    };
    let single = inserted(1).await?;
    let many = inserted(ROWS).await? * 256.0;
    Ok(Rows { single, many })
}

fn insert(rows: usize) -> String {
    let row = format!("({})", ["?"; COLUMNS].join(", "));
    format!("INSERT INTO event VALUES {}", vec![row; rows].join(", "))
}

struct File {
    connection: Mutex<SqliteConnection>,
    last: AtomicI64,
}

impl File {
    async fn write(&self, statement: &str, rows: usize) -> anyhow::Result<()> {
        let mut connection = self.connection.lock().await;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let mut query = sqlx::query(sqlx::AssertSqlSafe(statement.to_owned()));
        for _ in 0..rows {
            let position = self.last.fetch_add(1, Ordering::Relaxed) + 1;
            query = query
                .bind(position)
                .bind(format!("mark-city/year/unit-{:05}/business-work", position % 10_000))
                .bind(position / 10_000)
                .bind(&[1_u8; 16][..])
                .bind("mingjing.evaluation.v1.MarkRevised")
                .bind(1_700_000_000_000_000_i64)
                .bind(1_700_000_000_000_000_i64)
                .bind("clerk")
                .bind(&[2_u8; 16][..])
                .bind(&[3_u8; 16][..])
                .bind("city")
                .bind("unit-00001")
                .bind("")
                .bind(&[4_u8; 100][..])
                .bind(&[5_u8; 32][..]);
        }
        query.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Empty calls answered per second by the server itself.
pub(crate) async fn empty_calls(channels: &[Channel], callers: u32) -> anyhow::Result<f64> {
    let clients: Vec<_> = channels.iter().cloned().map(HealthClient::new).collect();
    rate(callers, move |caller| {
        let mut client = turn(&clients, caller).clone();
        async move {
            client.check(HealthCheckRequest::default()).await?;
            Ok(())
        }
    })
    .await
}

/// Connections to a server.
pub(crate) async fn connect(server: &str) -> anyhow::Result<Vec<Channel>> {
    let mut channels = Vec::new();
    for _ in 0..4 {
        channels.push(Channel::from_shared(server.to_owned())?.tcp_nodelay(true).connect().await?);
    }
    Ok(channels)
}

/// The one that is this caller's, in turn.
pub(crate) fn turn<T>(things: &[T], caller: u32) -> &T {
    let index = usize::try_from(caller).unwrap_or(0) % things.len();
    &things[index]
}
