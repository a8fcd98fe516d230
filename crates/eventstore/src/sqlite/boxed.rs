//! What waits in boxes: the table `boxed`.

use std::collections::{BTreeMap, HashMap};

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::batch::Lookup;
use crate::boxes::{Contents, Waiting};
use crate::event::StreamId;
use crate::row;
use crate::store::{Append, StoreError};

const COUNT: &str = "SELECT part, count(*) FROM boxed WHERE box = ? GROUP BY part";
const LOAD: &str = "SELECT part, key, event_type, unit, payload FROM boxed WHERE box = ?";
const PUT: &str = "INSERT INTO boxed (box, part, key, event_type, unit, payload) VALUES (?, ?, ?, ?, ?, ?)";
const ERASE: &str = "DELETE FROM boxed WHERE box = ? AND part = ? AND key = ?";

/// Each box of the batch: how much waits in it, and, if any of it may have to be recorded, all that does.
pub(super) async fn look_up(
    connection: &mut SqliteConnection,
    lookup: &Lookup,
    batch: &[Append],
) -> Result<HashMap<StreamId, Contents>, StoreError> {
    let mut boxes = HashMap::new();
    for stream in &lookup.boxes {
        let rows = sqlx::query(COUNT).bind(stream.as_str()).fetch_all(&mut *connection).await;
        let count = |row: &SqliteRow| -> Result<_, sqlx::Error> {
            Ok((row.try_get(0)?, usize::try_from(row.try_get::<i64, _>(1)?).unwrap_or(usize::MAX)))
        };
        let unseen: Result<BTreeMap<String, usize>, _> =
            rows.map_err(StoreError::database)?.iter().map(count).collect();
        let mut contents = Contents { unseen: unseen.map_err(StoreError::database)?, ..Contents::default() };
        if Lookup::wants(batch, stream, &contents.unseen) {
            let rows = sqlx::query(LOAD).bind(stream.as_str()).fetch_all(&mut *connection).await;
            for row in rows.map_err(StoreError::database)? {
                let waiting = row::waiting(&row)?;
                contents.stored.entry(waiting.part.clone()).or_default().push(waiting);
            }
            contents.unseen.clear();
        }
        boxes.insert(stream.clone(), contents);
    }
    Ok(boxes)
}

/// Puts in what waits from now on, and erases what was recorded; whether anything was erased.
pub(super) async fn change(
    connection: &mut SqliteConnection,
    boxes: &HashMap<StreamId, Contents>,
) -> Result<bool, sqlx::Error> {
    let mut erased = false;
    for (stream, contents) in boxes {
        for Waiting { part, key, .. } in &contents.gone {
            let erase = sqlx::query(ERASE).bind(stream.as_str()).bind(part).bind(key.as_slice());
            erase.execute(&mut *connection).await?;
            erased = true;
        }
        for Waiting { part, key, event } in &contents.fresh {
            let put = sqlx::query(PUT).bind(stream.as_str()).bind(part).bind(key.as_slice());
            let put = put.bind(&event.event_type).bind(&event.unit).bind(event.payload.as_slice());
            put.execute(&mut *connection).await?;
        }
    }
    Ok(erased)
}
