//! Facts and checkpoints of a generation, written together.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Connection as _, Row as _};
use uuid::Uuid;

use super::{Error, Store, number, past, unreadable};
use crate::fold::rows::Change;

/// All changed rows of a kind in one statement, as an object of keys and values: sqlx costs more per bound
/// value than SQLite does to read JSON.
const UPSERT: &str = "INSERT OR REPLACE INTO fact (generation, kind, key, value) \
                      SELECT ?, ?, each.key, each.value FROM json_each(?) AS each";
const DELETE: &str =
    "DELETE FROM fact WHERE generation = ? AND kind = ? AND key IN (SELECT value FROM json_each(?))";

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

/// What is written in one transaction.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The facts that changed.
    pub(crate) changes: Vec<Change>,
    /// How far they have come.
    pub(crate) checkpoints: Vec<Checkpoint>,
    /// The events that changed them, packed; may be empty.
    pub(crate) recent: Vec<u8>,
    /// All recent events by jurisdiction, packed, if they are to be sorted into the past.
    pub(crate) sorted: Option<BTreeMap<String, Vec<u8>>>,
}

impl Store {
    /// How far the facts have come.
    pub(crate) async fn checkpoints(&mut self, generation: i64) -> Result<Vec<Checkpoint>, Error> {
        let query = sqlx::query(
            "SELECT service, position, recorded_at, epoch FROM checkpoint WHERE generation = ? ORDER BY service",
        );
        let rows = query.bind(generation).fetch_all(&mut self.connection).await?;
        Ok(rows.iter().map(checkpoint).collect::<Result<_, sqlx::Error>>()?)
    }

    /// Up to `limit` facts after the one of `after`, by kind and key.
    pub(crate) async fn facts(
        &mut self,
        generation: i64,
        after: (&str, &str),
        limit: u32,
    ) -> Result<Vec<Fact>, Error> {
        let query = sqlx::query(
            "SELECT kind, key, value FROM fact WHERE generation = ? AND (kind, key) > (?, ?) \
             ORDER BY kind, key LIMIT ?",
        );
        let query = query.bind(generation).bind(after.0).bind(after.1).bind(limit);
        let rows = query.fetch_all(&mut self.connection).await?;
        let fact = |row: &SqliteRow| {
            Ok(Fact { kind: row.try_get(0)?, key: row.try_get(1)?, value: row.try_get(2)? })
        };
        Ok(rows.iter().map(fact).collect::<Result<_, sqlx::Error>>()?)
    }

    /// Writes what changed, the events that changed it, and how far it has come, in one transaction.
    pub(crate) async fn write(&mut self, generation: i64, written: &Written) -> Result<(), Error> {
        let mut transaction = self.connection.begin().await?;
        for changes in written.changes.chunk_by(|one, other| one.kind == other.kind) {
            write_kind(&mut transaction, generation, changes).await?;
        }
        for checkpoint in &written.checkpoints {
            write_checkpoint(&mut transaction, generation, checkpoint).await?;
        }
        match &written.sorted {
            Some(sorted) => past::sort(&mut transaction, generation, sorted).await?,
            None => past::add_recent(&mut transaction, generation, &written.recent).await?,
        }
        Ok(transaction.commit().await?)
    }
}

async fn write_checkpoint(
    connection: &mut SqliteConnection,
    generation: i64,
    checkpoint: &Checkpoint,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT OR REPLACE INTO checkpoint (generation, service, position, recorded_at, epoch) \
         VALUES (?, ?, ?, ?, ?)",
    )
    .bind(generation)
    .bind(checkpoint.service.as_str())
    .bind(number(checkpoint.position))
    .bind(checkpoint.recorded_at.as_microsecond())
    .bind(checkpoint.epoch.as_bytes().as_slice())
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes changes that are all of one kind, in the order of their keys.
async fn write_kind(
    connection: &mut SqliteConnection,
    generation: i64,
    changes: &[Change],
) -> Result<(), Error> {
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
            let query = sqlx::query(statement).bind(generation).bind(kind).bind(json);
            query.execute(&mut *connection).await?;
        }
    }
    Ok(())
}

fn checkpoint(row: &SqliteRow) -> Result<Checkpoint, sqlx::Error> {
    Ok(Checkpoint {
        service: row.try_get(0)?,
        position: u64::try_from(row.try_get::<i64, _>(1)?).map_err(unreadable)?,
        recorded_at: Timestamp::from_microsecond(row.try_get(2)?).map_err(unreadable)?,
        epoch: Uuid::from_slice(row.try_get(3)?).map_err(unreadable)?,
    })
}
