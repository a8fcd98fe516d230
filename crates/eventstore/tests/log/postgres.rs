//! The suite on PostgreSQL, and what is PostgreSQL's own: many writers, a server that goes away.

mod away;
mod replicas;

use std::sync::{Arc, LazyLock};

use eventstore::postgres::PostgresLog;
use eventstore::store::Log;
use eventstore::testing::postgres::PostgresHere;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::Mutex;

use crate::suite::{Home, Value, log_contract};

log_contract!(crate::postgres::Database);

/// The server of all tests that do it no harm. What it is for does not need the disk.
static SERVER: LazyLock<PostgresHere> =
    LazyLock::new(|| PostgresHere::run(&["fsync=off", "max_connections=500"]).unwrap());

/// A log in a database of its own.
pub(crate) struct Database {
    url: String,
    /// For what happens behind the log's back.
    beside: Mutex<PgConnection>,
}

impl Database {
    async fn on(server: &PostgresHere) -> Self {
        let url = server.database().await.unwrap();
        let beside = Mutex::new(PgConnection::connect(&url).await.unwrap());
        Self { url, beside }
    }
}

impl Home for Database {
    async fn new() -> Self {
        Self::on(&SERVER).await
    }

    async fn open(&self) -> Arc<dyn Log> {
        Arc::new(PostgresLog::open(&self.url).await.unwrap())
    }

    async fn tamper(&self, sql: &str, values: Vec<Value>) -> bool {
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for value in values {
            query = match value {
                Value::Integer(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
                Value::Bytes(bytes) => query.bind(bytes),
            };
        }
        query.execute(&mut *self.beside.lock().await).await.is_ok()
    }
}
