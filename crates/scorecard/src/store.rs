//! The projection's own database, a SQLite file: facts and checkpoints, written together. It can always be
//! thrown away and filled again from the logs. The only file with SQL.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{Connection as _, Row as _};
use uuid::Uuid;

use crate::fold::rows::Change;

/// Written in the file; facts of another format are thrown away. Raise it when a row's shape changes.
const FORMAT: i64 = 1;
const SET_FORMAT: &str = "PRAGMA user_version = 1";
/// All changed rows of a kind in one statement, as an object of keys and values: sqlx costs more per bound
/// value than SQLite does to read JSON.
const UPSERT: &str =
    "INSERT OR REPLACE INTO fact (kind, key, value) SELECT ?, each.key, each.value FROM json_each(?) AS each";
const DELETE: &str = "DELETE FROM fact WHERE kind = ? AND key IN (SELECT value FROM json_each(?))";

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is away or refuses.
    #[error("the scorecard's database: {0}")]
    Database(#[from] sqlx::Error),
    /// It cannot be brought to the present shape.
    #[error("the scorecard's database: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// How far the facts have come in one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) service: String,
    /// Of the last event applied.
    pub(crate) position: u64,
    /// Of that event.
    pub(crate) recorded_at: Timestamp,
    /// Of the log.
    pub(crate) epoch: Uuid,
}

/// A fact as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) kind: String,
    pub(crate) key: String,
    pub(crate) value: String,
}

/// The database.
pub(crate) struct Store {
    connection: SqliteConnection,
}

impl Store {
    /// Opens the database at `path`, and makes it if it is not there.
    pub(crate) async fn open(path: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit lost with the power comes again from the logs.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(std::time::Duration::from_secs(10))
            // Catching up writes the same pages over and over: they are copied into the file seldom.
            .pragma("wal_autocheckpoint", "16384")
            .pragma("cache_size", "-65536");
        let mut connection = SqliteConnection::connect_with(&options).await?;
        sqlx::migrate!("./migrations").run(&mut connection).await?;
        let format: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut connection).await?;
        let mut store = Self { connection };
        if format != FORMAT {
            if format != 0 {
                tracing::warn!(format, "the scorecard's facts are of another format: building them anew");
            }
            store.clear().await?;
            sqlx::query(SET_FORMAT).execute(&mut store.connection).await?;
        }
        Ok(store)
    }

    /// Throws everything away.
    pub(crate) async fn clear(&mut self) -> Result<(), Error> {
        let mut transaction = self.connection.begin().await?;
        sqlx::query("DELETE FROM fact").execute(&mut *transaction).await?;
        sqlx::query("DELETE FROM checkpoint").execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// How far the facts have come.
    pub(crate) async fn checkpoints(&mut self) -> Result<Vec<Checkpoint>, Error> {
        let query = sqlx::query("SELECT service, position, recorded_at, epoch FROM checkpoint");
        let rows = query.fetch_all(&mut self.connection).await?;
        Ok(rows.iter().map(checkpoint).collect::<Result<_, sqlx::Error>>()?)
    }

    /// Up to `limit` facts after the one of `after`, by kind and key.
    pub(crate) async fn facts(&mut self, after: (&str, &str), limit: u32) -> Result<Vec<Fact>, Error> {
        let query = sqlx::query(
            "SELECT kind, key, value FROM fact WHERE (kind, key) > (?, ?) ORDER BY kind, key LIMIT ?",
        );
        let rows = query.bind(after.0).bind(after.1).bind(limit).fetch_all(&mut self.connection).await?;
        let fact = |row: &SqliteRow| {
            Ok(Fact { kind: row.try_get(0)?, key: row.try_get(1)?, value: row.try_get(2)? })
        };
        Ok(rows.iter().map(fact).collect::<Result<_, sqlx::Error>>()?)
    }

    /// Writes what changed and how far it has come, in one transaction.
    pub(crate) async fn write(
        &mut self,
        changes: &[Change],
        checkpoints: &[Checkpoint],
    ) -> Result<(), Error> {
        let mut transaction = self.connection.begin().await?;
        for changes in changes.chunk_by(|one, other| one.kind == other.kind) {
            write_kind(&mut transaction, changes).await?;
        }
        for checkpoint in checkpoints {
            sqlx::query(
                "INSERT OR REPLACE INTO checkpoint (service, position, recorded_at, epoch) VALUES (?, ?, ?, ?)",
            )
            .bind(checkpoint.service.as_str())
            .bind(i64::try_from(checkpoint.position).unwrap_or(i64::MAX))
            .bind(checkpoint.recorded_at.as_microsecond())
            .bind(checkpoint.epoch.as_bytes().as_slice())
            .execute(&mut *transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// Writes changes that are all of one kind, in the order of their keys.
async fn write_kind(connection: &mut SqliteConnection, changes: &[Change]) -> Result<(), Error> {
    let (mut rows, mut gone) = (BTreeMap::new(), Vec::new());
    for Change { key, value, .. } in changes {
        match value {
            Some(value) => drop(rows.insert(key.as_str(), value.as_str())),
            None => gone.push(key.as_str()),
        }
    }
    let kind = changes.first().map_or("", |change| change.kind);
    for (statement, json, none) in [
        (UPSERT, serde_json::to_string(&rows), rows.is_empty()),
        (DELETE, serde_json::to_string(&gone), gone.is_empty()),
    ] {
        if !none {
            let json = json.map_err(|error| sqlx::Error::Encode(error.into()))?;
            sqlx::query(statement).bind(kind).bind(json).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

fn checkpoint(row: &SqliteRow) -> Result<Checkpoint, sqlx::Error> {
    let unreadable = |error: Box<dyn std::error::Error + Send + Sync>| sqlx::Error::Decode(error);
    Ok(Checkpoint {
        service: row.try_get(0)?,
        position: u64::try_from(row.try_get::<i64, _>(1)?).map_err(|error| unreadable(error.into()))?,
        recorded_at: Timestamp::from_microsecond(row.try_get(2)?)
            .map_err(|error| unreadable(error.into()))?,
        epoch: Uuid::from_slice(row.try_get(3)?).map_err(|error| unreadable(error.into()))?,
    })
}
