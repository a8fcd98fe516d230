//! The projection's database in a SQLite file: one connection that writes, a pool that reads.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use eventstore::migrate::{self, Step};
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool,
    SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{
    AssertSqlSafe, Connection as _, Row as _, Sqlite as Driver, Transaction, TypeInfo as _, ValueRef as _,
};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::Error;
use super::database::{Database, Dialect, FENCE, Reading, Row, Statement, Value, unreadable};

const STEPS: &[Step] = &[
    ("facts", include_str!("../../migrations/sqlite/0001_facts.sql")),
    ("generations", include_str!("../../migrations/sqlite/0002_generations.sql")),
    ("replicas", include_str!("../../migrations/sqlite/0003_replicas.sql")),
    ("shown", include_str!("../../migrations/sqlite/0004_shown.sql")),
];
/// Readers that may read at once.
const READERS_MAX: u32 = 4;

/// A file is of one process: whoever opens it is the one that writes from then on.
const FREE: &str = "DELETE FROM lease";
const TAKE: &str = "INSERT INTO lease (name, holder, expires_at) VALUES ($1, $2, 0)";
const HELD: &str = "SELECT count(*) FROM lease WHERE name = $1 AND holder = $2";

/// The database in a SQLite file.
pub(super) struct Sqlite {
    writer: Mutex<SqliteConnection>,
    readers: SqlitePool,
}

impl Sqlite {
    /// Opens the file at `path`, and makes it if it is not there. From now on `holder` writes it.
    pub(super) async fn open(path: &Path, lease: &str, holder: Uuid) -> Result<Self, Error> {
        let options = options(path);
        let mut writer = SqliteConnection::connect_with(&options).await?;
        migrate::sqlite(&mut writer, STEPS).await?;
        let mut taking = writer.begin().await?;
        sqlx::query(FREE).execute(&mut *taking).await?;
        sqlx::query(TAKE).bind(lease).bind(holder.as_bytes().as_slice()).execute(&mut *taking).await?;
        taking.commit().await?;
        let options = options.create_if_missing(false).pragma("cache_size", "-8192").read_only(true);
        let readers = SqlitePoolOptions::new().max_connections(READERS_MAX).test_before_acquire(false);
        Ok(Self { writer: Mutex::new(writer), readers: readers.connect_lazy_with(options) })
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A commit lost with the power comes again from the logs.
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(10))
        // Catching up writes the same pages over and over: they are copied into the file seldom.
        .pragma("wal_autocheckpoint", "16384")
        .pragma("cache_size", "-65536")
        // What a statement of many rows would undo is kept in memory.
        .pragma("temp_store", "MEMORY")
}

#[async_trait]
impl Database for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn find(&self, statement: Statement) -> Result<Vec<Row>, Error> {
        let rows = query(statement).fetch_all(&self.readers).await?;
        rows.iter().map(row).collect()
    }

    async fn reading(&self) -> Result<Box<dyn Reading>, Error> {
        Ok(Box::new(Snapshot(self.readers.begin().await?)))
    }

    async fn write(&self, lease: &str, holder: Uuid, statements: Vec<Statement>) -> Result<(), Error> {
        let mut writer = self.writer.lock().await;
        let mut transaction = writer.begin().await?;
        for statement in statements {
            query(statement).execute(&mut *transaction).await?;
        }
        let fence = sqlx::query(FENCE).bind(lease).bind(holder.as_bytes().as_slice());
        if fence.execute(&mut *transaction).await?.rows_affected() == 0 {
            return Err(Error::NotTheWriter);
        }
        Ok(transaction.commit().await?)
    }

    async fn try_lease(&self, name: &str, holder: Uuid, _ttl: Duration) -> Result<bool, Error> {
        let held = sqlx::query_scalar(HELD).bind(name).bind(holder.as_bytes().as_slice());
        let held: i64 = held.fetch_one(&self.readers).await?;
        Ok(held > 0)
    }

    async fn release_lease(&self, _name: &str, _holder: Uuid) -> Result<(), Error> {
        Ok(())
    }

    async fn close(&self) {
        self.readers.close().await;
    }
}

/// A transaction that only reads.
struct Snapshot(Transaction<'static, Driver>);

#[async_trait]
impl Reading for Snapshot {
    async fn find(&mut self, statement: Statement) -> Result<Vec<Row>, Error> {
        let rows = query(statement).fetch_all(&mut *self.0).await?;
        rows.iter().map(row).collect()
    }
}

fn query(statement: Statement) -> Query<'static, Driver, SqliteArguments> {
    let mut query = sqlx::query(AssertSqlSafe(statement.text));
    for value in statement.values {
        query = match value {
            Value::None => query.bind(None::<i64>),
            Value::Integer(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
        };
    }
    query
}

fn row(row: &SqliteRow) -> Result<Row, Error> {
    let value = |column: usize| {
        let raw = row.try_get_raw(column)?;
        if raw.is_null() {
            return Ok(Value::None);
        }
        let kind = raw.type_info();
        Ok(match kind.name() {
            "INTEGER" => Value::Integer(row.try_get(column)?),
            "TEXT" => Value::Text(row.try_get(column)?),
            "BLOB" => Value::Bytes(row.try_get(column)?),
            other => return Err(unreadable(format!("a value of type {other}"))),
        })
    };
    (0..row.len()).map(value).collect::<Result<_, Error>>().map(Row)
}
