//! Facts and checkpoints of a generation, written together.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::database::{Dialect, Row, Statement, unreadable};
use super::{Error, Store, past};
use crate::fold::rows::Change;

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
    /// Up to here its events are sorted into the past.
    pub(crate) sorted: u64,
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
    /// How far they have come; `sorted` is not looked at.
    pub(crate) checkpoints: Vec<Checkpoint>,
    /// The events that changed them, packed; may be empty.
    pub(crate) recent: Vec<u8>,
    /// All recent events by jurisdiction, packed, if they are to be sorted into the past.
    pub(crate) sorted: Option<Arc<BTreeMap<String, Vec<u8>>>>,
}

impl Store {
    /// Writes what changed, the events that changed it, and how far it has come, in one transaction.
    pub(crate) async fn write(&self, generation: i64, written: &Written) -> Result<(), Error> {
        let mut statements = Vec::new();
        for changes in written.changes.chunk_by(|one, other| one.kind == other.kind) {
            self.write_kind(generation, changes, &mut statements)?;
        }
        for checkpoint in &written.checkpoints {
            statements.push(write_checkpoint(generation, checkpoint));
        }
        match &written.sorted {
            Some(sorted) => statements.extend(self.sort(generation, sorted).await?),
            None => statements.extend(past::add_recent(generation, &written.recent)),
        }
        self.write_all(statements).await
    }

    /// Changes that are all of one kind, in the order of their keys: an object of keys and values, since sqlx costs
    /// more per bound value than a database does to read JSON.
    fn write_kind(
        &self,
        generation: i64,
        changes: &[Change],
        statements: &mut Vec<Statement>,
    ) -> Result<(), Error> {
        let (mut rows, mut gone) = (BTreeMap::new(), Vec::new());
        for Change { key, value, .. } in changes {
            match value {
                Some(value) => drop(rows.insert(key.as_str(), value.as_str())),
                None => gone.push(key.as_str()),
            }
        }
        let kind = changes.first().map_or("", |change| change.kind);
        let (put, delete) = match self.dialect() {
            Dialect::Sqlite => (
                "INSERT OR REPLACE INTO fact (generation, kind, key, value) \
                 SELECT $1, $2, each.key, each.value FROM json_each($3) AS each",
                "DELETE FROM fact WHERE generation = $1 AND kind = $2 \
                 AND key IN (SELECT value FROM json_each($3))",
            ),
            Dialect::Postgres => (
                "INSERT INTO fact (generation, kind, key, value) \
                 SELECT $1, $2, each.key, each.value FROM json_each_text($3::json) AS each \
                 ON CONFLICT (generation, kind, key) DO UPDATE SET value = excluded.value",
                "DELETE FROM fact WHERE generation = $1 AND kind = $2 \
                 AND key IN (SELECT value FROM json_array_elements_text($3::json))",
            ),
        };
        for (text, json, none) in [
            (put, serde_json::to_string(&rows), rows.is_empty()),
            (delete, serde_json::to_string(&gone), gone.is_empty()),
        ] {
            if !none {
                let json = json.map_err(|error| Error::Database(sqlx::Error::Encode(error.into())))?;
                statements.push(Statement::new(text).bind(generation).bind(kind).bind(json));
            }
        }
        Ok(())
    }
}

fn write_checkpoint(generation: i64, checkpoint: &Checkpoint) -> Statement {
    let put = "INSERT INTO checkpoint (generation, service, position, recorded_at, epoch) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (generation, service) DO UPDATE \
               SET position = excluded.position, recorded_at = excluded.recorded_at, epoch = excluded.epoch";
    let put = Statement::new(put).bind(generation).bind(checkpoint.service.as_str());
    let put = put.bind(checkpoint.position).bind(checkpoint.recorded_at.as_microsecond());
    put.bind(checkpoint.epoch.as_bytes().as_slice())
}

pub(super) fn checkpoint(row: &Row) -> Result<Checkpoint, Error> {
    Ok(Checkpoint {
        service: row.text(0)?.to_owned(),
        position: row.position(1)?,
        recorded_at: Timestamp::from_microsecond(row.integer(2)?).map_err(unreadable)?,
        epoch: Uuid::from_slice(row.bytes(3)?).map_err(unreadable)?,
        sorted: row.position(4)?,
    })
}
