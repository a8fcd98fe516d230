//! The projection's own database: a SQLite file, or PostgreSQL for several replicas. It can always be thrown away
//! and filled again from the logs. The only module with SQL.
//!
//! | file | what |
//! |---|---|
//! | `store/database` | what a database does: the interface, and what it is asked in |
//! | `store/sqlite`, `store/postgres` | it, by either database |
//! | `store/generations` | what was built, which of it is read |
//! | `store/facts` | facts and checkpoints, written together |
//! | `store/snapshot` | all of a generation as of one instant |
//! | `store/past` | every event that counts, by jurisdiction |
//! | `store/shown` | what other tools read: `docs/sql.md` |
//!
//! One process of a format writes at a time, the one that holds the format's lease; each transaction looks, so that one which was asleep
//! and does not know yet that it lost the lease changes nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use eventstore::StoreError;
use eventstore::lease::Leases;
use eventstore::postgres::is_lost;
use uuid::Uuid;

use crate::history::Corrupt;

mod database;
mod facts;
mod generations;
mod past;
mod postgres;
#[cfg(test)]
mod reading;
mod shown;
mod snapshot;
mod sqlite;

use database::{Database, Dialect, Row, Statement};
#[cfg(test)]
pub(crate) use facts::Fact;
pub(crate) use facts::{Checkpoint, Written};
pub(crate) use generations::FORMAT;
pub(crate) use past::Sorted;
use postgres::Postgres;
#[cfg(test)]
pub(crate) use reading::Read;
pub(crate) use shown::Shown;
pub(crate) use snapshot::Snapshot;
use sqlite::Sqlite;

/// What the writer holds, with the number of its format.
const LEASE: &str = "scorecard";

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A SQLite file, of one process alone; made if it is not there.
    File(PathBuf),
    /// A PostgreSQL database, by its URL, which several processes may share.
    Url(String),
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is away or refuses.
    #[error("the scorecard's database: {0}")]
    Database(#[from] sqlx::Error),
    /// It holds what was never written.
    #[error("the scorecard's database: {0}")]
    Unreadable(#[from] Corrupt),
    /// Another process writes it now.
    #[error("another process writes the scorecard's database")]
    NotTheWriter,
    /// The process that writes it is behind this one.
    #[error("the scorecard's database does not have all of the past yet")]
    Behind,
}

impl Error {
    /// Whether the database is away, and may be back.
    pub(crate) fn is_away(&self) -> bool {
        match self {
            Self::Database(error) => is_lost(error),
            Self::Unreadable(_) | Self::NotTheWriter | Self::Behind => false,
        }
    }
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Store {
    database: Arc<dyn Database>,
    /// Names this process among those that may write.
    holder: Uuid,
    /// Of the facts that it reads and writes.
    format: i64,
}

impl Store {
    /// Opens the database for facts of a format, and brings it to its present shape.
    pub(crate) async fn open(place: &Place, format: i64) -> Result<Self, Error> {
        let holder = Uuid::from_u128(rand::random());
        let database: Arc<dyn Database> = match place {
            Place::File(path) => Arc::new(Sqlite::open(path, &lease_of(format), holder).await?),
            Place::Url(url) => Arc::new(Postgres::open(url).await?),
        };
        Ok(Self { database, holder, format })
    }

    async fn find(&self, statement: Statement) -> Result<Vec<Row>, Error> {
        self.database.find(statement).await
    }

    /// What was written up to the first time that it is asked.
    pub(crate) async fn snapshot(&self) -> Result<Snapshot, Error> {
        Ok(Snapshot { reading: self.database.reading().await?, format: self.format })
    }

    /// Runs these in one transaction, if this process is the one that writes.
    async fn write_all(&self, statements: Vec<Statement>) -> Result<(), Error> {
        self.database.write(&self.lease(), self.holder, statements).await
    }

    /// What the writer holds.
    pub(crate) fn lease(&self) -> String {
        lease_of(self.format)
    }

    fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    /// Closes it in good order.
    pub(crate) async fn close(&self) {
        self.database.close().await;
    }
}

fn lease_of(format: i64) -> String {
    format!("{LEASE}-{format}")
}

#[async_trait]
impl Leases for Store {
    async fn try_lease(&self, name: &str, ttl: Duration) -> Result<bool, StoreError> {
        self.database.try_lease(name, self.holder, ttl).await.map_err(StoreError::database)
    }

    async fn release_lease(&self, name: &str) -> Result<(), StoreError> {
        self.database.release_lease(name, self.holder).await.map_err(StoreError::database)
    }
}
