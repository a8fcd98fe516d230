//! Every event that counts, by jurisdiction; the newest as they came, until they are sorted in.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::{Error, Reader, Store, unreadable};
use crate::history::{Packed, unpack};

/// A row takes no further events once it has this many bytes.
const ROW_BYTES_MAX: usize = 256 * 1024;

impl Store {
    /// The newest events, as they came, a batch in each.
    pub(crate) async fn recent(&mut self, generation: i64) -> Result<Vec<Vec<u8>>, Error> {
        let query = sqlx::query("SELECT events FROM recent WHERE generation = ? ORDER BY number");
        let rows = query.bind(generation).fetch_all(&mut self.connection).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, sqlx::Error>>()?)
    }
}

impl Reader {
    /// The events of a jurisdiction that are sorted in, the oldest first.
    pub(crate) async fn past(&self, generation: i64, jurisdiction: &str) -> Result<Vec<Vec<u8>>, Error> {
        let query =
            sqlx::query("SELECT events FROM past WHERE generation = ? AND jurisdiction = ? ORDER BY number");
        let rows = query.bind(generation).bind(jurisdiction).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row: &SqliteRow| row.try_get(0)).collect::<Result<_, sqlx::Error>>()?)
    }
}

/// Adds a batch to the newest events.
pub(super) async fn add_recent(
    connection: &mut SqliteConnection,
    generation: i64,
    events: &[u8],
) -> Result<(), Error> {
    if events.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO recent (generation, number, events) \
         SELECT ?, coalesce(max(number), 0) + 1, ? FROM recent WHERE generation = ?",
    )
    .bind(generation)
    .bind(events)
    .bind(generation)
    .execute(connection)
    .await?;
    Ok(())
}

/// Sorts all the newest events into the past.
pub(super) async fn sort(
    connection: &mut SqliteConnection,
    generation: i64,
    sorted: &BTreeMap<String, Vec<u8>>,
) -> Result<(), Error> {
    for (jurisdiction, events) in sorted {
        if !events.is_empty() {
            append(connection, generation, jurisdiction, events).await?;
        }
    }
    sqlx::query("DELETE FROM recent WHERE generation = ?").bind(generation).execute(connection).await?;
    Ok(())
}

/// Appends to the last row of a jurisdiction, or begins another one where that is full.
async fn append(
    connection: &mut SqliteConnection,
    generation: i64,
    jurisdiction: &str,
    events: &[u8],
) -> Result<(), Error> {
    let query = sqlx::query(
        "SELECT number, CASE WHEN length(events) < ? THEN events END FROM past \
         WHERE generation = ? AND jurisdiction = ? ORDER BY number DESC LIMIT 1",
    );
    let room = i64::try_from(ROW_BYTES_MAX.saturating_sub(events.len())).unwrap_or_default();
    let last = query.bind(room).bind(generation).bind(jurisdiction).fetch_optional(&mut *connection).await?;
    let last = last.map(|row| Ok::<(i64, Option<Vec<u8>>), sqlx::Error>((row.try_get(0)?, row.try_get(1)?)));
    let (number, joined) = match last.transpose()? {
        None => (1, None),
        Some((number, None)) => (number + 1, None),
        Some((number, Some(before))) => (number, Some(join(&before, events)?)),
    };
    sqlx::query("INSERT OR REPLACE INTO past (generation, jurisdiction, number, events) VALUES (?, ?, ?, ?)")
        .bind(generation)
        .bind(jurisdiction)
        .bind(number)
        .bind(joined.as_deref().unwrap_or(events))
        .execute(connection)
        .await?;
    Ok(())
}

fn join(before: &[u8], events: &[u8]) -> Result<Vec<u8>, sqlx::Error> {
    let mut joined = Packed::default();
    for event in unpack(before).chain(unpack(events)) {
        joined.push(&event.map_err(unreadable)?);
    }
    Ok(joined.bytes().to_vec())
}
