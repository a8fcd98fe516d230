//! What a PostgreSQL server takes without any of the program: rows of an event's size and columns, in a
//! table like the log's own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use eventstore::postgres::PostgresLog;
use eventstore::testing::postgres::PostgresHere;
use mingjing::config::Settings;
use secrecy::SecretString;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::sync::Mutex;

use crate::LISTEN;
use crate::measure::{Limit, Table, per_second, rate};
use crate::raw::turn;

const CONNECTIONS: u32 = 32;
const BATCHES: [u32; 3] = [32, 256, 1024];
const INSERT: &str = "INSERT INTO raw_event SELECT position, 'mark-city/year/unit-' || position % 10000, position, \
     $2, 'mingjing.evaluation.v1.MarkRevised', 1700000000000000, 1700000000000000, 'clerk', $2, $2, 'city', \
     'unit-00001', '', payload, $4 FROM unnest($1::bigint[], $3::bytea[]) AS _ (position, payload)";

/// Where a service's databases are: on a server that was started for this, each empty.
pub(crate) async fn settings(server: &PostgresHere, folder: &Path) -> anyhow::Result<Settings> {
    for target in ["training", "complaints", "evaluation", "accountability", "scorecard"] {
        server.create(target).await?;
    }
    let database_url = Some(SecretString::from(server.url("{service}")));
    Ok(Settings { database_url, ..Settings::embedded(LISTEN, &tempfile::tempdir_in(folder)?.keep()) })
}

/// Events of the log at `url` per second, in one streamed query.
pub(crate) async fn streamed(url: &str) -> anyhow::Result<f64> {
    rows_in_order(&mut PgConnection::connect(url).await?, "SELECT * FROM event ORDER BY position").await
}

async fn rows_in_order(connection: &mut PgConnection, query: &'static str) -> anyhow::Result<f64> {
    let began = Instant::now();
    let mut rows = connection.fetch(sqlx::query(query));
    let mut count = 0;
    while let Some(row) = std::future::poll_fn(|context| rows.as_mut().poll_next(context)).await {
        row?;
        count += 1;
    }
    Ok(per_second(count, began.elapsed()))
}

/// Rows per second.
pub(crate) struct Rows {
    /// One row in a transaction, on one connection.
    pub(crate) single: f64,
    /// 256 rows in one statement, on one connection.
    pub(crate) many: f64,
}

impl Rows {
    /// For one caller, for many.
    pub(crate) fn limits(&self) -> [Limit<'static>; 2] {
        [
            Limit { what: "PostgreSQL, one row in a transaction", rate: self.single },
            Limit { what: "PostgreSQL, 256 rows in a transaction", rate: self.many },
        ]
    }
}

/// Inserts and reads rows with plain `sqlx`.
pub(crate) async fn rows(server: &PostgresHere, table: &mut Table) -> anyhow::Result<Rows> {
    let url = server.database().await?;
    PostgresLog::open(&url).await?;
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Mutex::new(PgConnection::connect(&url).await?));
    }
    let tables = Arc::new(Tables { connections, last: AtomicI64::new(0) });
    let inserted = |connections: u32, rows: u32| {
        let tables = tables.clone();
        rate(connections, move |connection| {
            let tables = tables.clone();
            async move { tables.insert(connection, rows).await }
        })
    };
    let make = "CREATE TABLE IF NOT EXISTS raw_event (LIKE event INCLUDING ALL); TRUNCATE raw_event";
    sqlx::raw_sql(make).execute(&mut *tables.connections[0].lock().await).await?;
    let single = inserted(1, 1).await?;
    table.row("PostgreSQL, one row in a transaction, 1 connection", single, &[]);
    let all = inserted(CONNECTIONS, 1).await?;
    table.row("… 32 connections", all, &[]);
    let mut rates = [0.0; 3];
    for (rate, rows) in rates.iter_mut().zip(BATCHES) {
        *rate = inserted(1, rows).await? * f64::from(rows);
        table.row(&format!("… {rows} rows in a statement, 1 connection"), *rate, &[]);
    }
    let read = "SELECT * FROM raw_event ORDER BY position";
    let read = rows_in_order(&mut *tables.connections[0].lock().await, read).await?;
    table.row("… read in order, one streamed query", read, &[]);
    Ok(Rows { single, many: rates[1] })
}

struct Tables {
    connections: Vec<Mutex<PgConnection>>,
    last: AtomicI64,
}

impl Tables {
    async fn insert(&self, connection: u32, rows: u32) -> anyhow::Result<()> {
        let first = self.last.fetch_add(rows.into(), Ordering::Relaxed) + 1;
        let positions: Vec<i64> = (first..first + i64::from(rows)).collect();
        let payloads = vec![[4_u8; 100]; positions.len()];
        let insert = sqlx::query(INSERT).bind(positions).bind([1_u8; 16]).bind(payloads).bind([5_u8; 32]);
        insert.execute(&mut *turn(&self.connections, connection).lock().await).await?;
        Ok(())
    }
}
