//! The projection's own database, a SQLite file. It can always be thrown away and filled again from the logs.
//! The only module with SQL.
//!
//! | file | what |
//! |---|---|
//! | `store/generations` | what was built, which of it is read |
//! | `store/facts` | facts and checkpoints, written together |
//! | `store/past` | every event that counts, by jurisdiction |

use std::path::Path;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};

use crate::history::Corrupt;

mod facts;
mod generations;
mod past;

#[cfg(test)]
pub(crate) use facts::Fact;
pub(crate) use facts::{Checkpoint, Written};

/// Readers that may read at once.
const READERS_MAX: u32 = 4;

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is away or refuses.
    #[error("the scorecard's database: {0}")]
    Database(#[from] sqlx::Error),
    /// It holds what was never written.
    #[error("the scorecard's database: {0}")]
    Unreadable(#[from] Corrupt),
    /// It cannot be brought to the present shape.
    #[error("the scorecard's database: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// Writes the database.
pub(crate) struct Store {
    connection: SqliteConnection,
}

/// Reads it beside the writer. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reader {
    pool: SqlitePool,
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
}

impl Store {
    /// Opens the database at `path`, and makes it if it is not there.
    pub(crate) async fn open(path: &Path) -> Result<Self, Error> {
        let mut connection = SqliteConnection::connect_with(&options(path)).await?;
        sqlx::migrate!("./migrations").run(&mut connection).await?;
        Ok(Self { connection })
    }

    /// Opens it once more: it is there, in its present shape.
    pub(crate) async fn reopen(path: &Path) -> Result<Self, Error> {
        Ok(Self { connection: SqliteConnection::connect_with(&options(path)).await? })
    }
}

impl Reader {
    /// Reads the database at `path`, which is there.
    pub(crate) fn open(path: &Path) -> Self {
        let options = options(path).create_if_missing(false).pragma("cache_size", "-8192").read_only(true);
        Self { pool: SqlitePoolOptions::new().max_connections(READERS_MAX).connect_lazy_with(options) }
    }
}

fn number(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}
