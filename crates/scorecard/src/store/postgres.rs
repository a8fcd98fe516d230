//! The projection's database in PostgreSQL, which several replicas share. No statement needs the session of another.

use std::time::Duration;

use async_trait::async_trait;
use eventstore::migrate::{self, Step};
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgRow};
use sqlx::query::Query;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Postgres as Driver, Row as _, Transaction,
    TypeInfo as _, ValueRef as _,
};
use tokio::time::timeout;
use uuid::Uuid;

use super::Error;
use super::database::{Database, Dialect, FENCE, Reading, Row, Statement, Value, unreadable};

const STEPS: &[Step] = &[
    ("projection", include_str!("../../migrations/postgres/0001_projection.sql")),
    ("shown", include_str!("../../migrations/postgres/0002_shown.sql")),
];
const CONNECTIONS_MAX: u32 = 6;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What is not answered by then is given up, with its connection.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

const AS_OF_ONE_INSTANT: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
const TRY_LEASE: &str = "INSERT INTO lease AS held (name, holder, expires_at) \
     VALUES ($1, $2, clock_timestamp() + $3 * interval '1 millisecond') ON CONFLICT (name) DO UPDATE \
     SET holder = excluded.holder, expires_at = excluded.expires_at \
     WHERE held.holder = excluded.holder OR held.expires_at <= clock_timestamp()";

/// The database in PostgreSQL.
pub(super) struct Postgres {
    pool: PgPool,
}

impl Postgres {
    /// Opens the database at `url`, and makes its tables if they are not there. One process at a time does.
    pub(super) async fn open(url: &str) -> Result<Self, Error> {
        let options: PgConnectOptions = url.parse()?;
        let options = options.application_name("mingjing-scorecard").disable_statement_logging();
        let mut connection = answered(PgConnection::connect_with(&options)).await?;
        migrate::postgres(&mut connection, STEPS).await?;
        connection.close().await?;
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS_MAX).acquire_timeout(CONNECT_TIMEOUT);
        Ok(Self { pool: pool.connect_lazy_with(options) })
    }

    /// How many rows a statement changed.
    async fn change(&self, query: Query<'_, Driver, PgArguments>) -> Result<u64, Error> {
        Ok(answered(query.execute(&self.pool)).await?.rows_affected())
    }
}

#[async_trait]
impl Database for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn find(&self, statement: Statement) -> Result<Vec<Row>, Error> {
        let rows = answered(query(statement).fetch_all(&self.pool)).await?;
        rows.iter().map(row).collect()
    }

    async fn reading(&self) -> Result<Box<dyn Reading>, Error> {
        let mut transaction = answered(self.pool.begin()).await?;
        answered(sqlx::query(AS_OF_ONE_INSTANT).execute(&mut *transaction)).await?;
        Ok(Box::new(Snapshot(transaction)))
    }

    async fn write(&self, lease: &str, holder: Uuid, statements: Vec<Statement>) -> Result<(), Error> {
        let writing = async {
            let mut transaction = self.pool.begin().await?;
            for statement in statements {
                query(statement).execute(&mut *transaction).await?;
            }
            let fence = sqlx::query(FENCE).bind(lease).bind(holder.as_bytes().as_slice());
            if fence.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
            transaction.commit().await?;
            Ok(true)
        };
        if answered(writing).await? { Ok(()) } else { Err(Error::NotTheWriter) }
    }

    async fn try_lease(&self, name: &str, holder: Uuid, ttl: Duration) -> Result<bool, Error> {
        let ttl_ms = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        let take = sqlx::query(TRY_LEASE).bind(name).bind(holder.as_bytes().as_slice()).bind(ttl_ms);
        Ok(self.change(take).await? > 0)
    }

    async fn release_lease(&self, name: &str, holder: Uuid) -> Result<(), Error> {
        let free = sqlx::query("DELETE FROM lease WHERE name = $1 AND holder = $2");
        self.change(free.bind(name).bind(holder.as_bytes().as_slice())).await.map(drop)
    }

    async fn close(&self) {
        if timeout(CONNECT_TIMEOUT, self.pool.close()).await.is_err() {
            tracing::warn!("the scorecard's database was not closed in good order");
        }
    }
}

/// A transaction that only reads.
struct Snapshot(Transaction<'static, Driver>);

#[async_trait]
impl Reading for Snapshot {
    async fn find(&mut self, statement: Statement) -> Result<Vec<Row>, Error> {
        let rows = answered(query(statement).fetch_all(&mut *self.0)).await?;
        rows.iter().map(row).collect()
    }
}

async fn answered<T>(asked: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, Error> {
    let timed_out = || sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    Ok(timeout(ANSWER_TIMEOUT, asked).await.unwrap_or_else(|_| Err(timed_out()))?)
}

fn query(statement: Statement) -> Query<'static, Driver, PgArguments> {
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

fn row(row: &PgRow) -> Result<Row, Error> {
    let value = |column: usize| {
        let raw = row.try_get_raw(column)?;
        if raw.is_null() {
            return Ok(Value::None);
        }
        let kind = raw.type_info();
        Ok(match kind.name() {
            "INT8" => Value::Integer(row.try_get(column)?),
            "TEXT" => Value::Text(row.try_get(column)?),
            "BYTEA" => Value::Bytes(row.try_get(column)?),
            other => return Err(unreadable(format!("a value of type {other}"))),
        })
    };
    (0..row.len()).map(value).collect::<Result<_, Error>>().map(Row)
}
