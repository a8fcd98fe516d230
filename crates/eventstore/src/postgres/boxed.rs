//! What waits in boxes: the table `boxed`. It is written by the writer's one statement.

use std::collections::{BTreeMap, HashMap};

use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};

use crate::batch::Lookup;
use crate::boxes::Contents;
use crate::event::StreamId;
use crate::row;
use crate::store::{Append, StoreError};

const COUNT: &str = "SELECT part, count(*) FROM boxed WHERE box = $1 GROUP BY part";
const LOAD: &str = "SELECT part, key, event_type, unit, payload FROM boxed WHERE box = $1";

/// Each box of the batch: how much waits in it, and, if any of it may have to be recorded, all that does.
pub(super) async fn look_up(
    connection: &mut PgConnection,
    lookup: &Lookup,
    batch: &[Append],
) -> Result<Result<HashMap<StreamId, Contents>, StoreError>, sqlx::Error> {
    let mut boxes = HashMap::new();
    for stream in &lookup.boxes {
        let rows = sqlx::query(COUNT).bind(stream.as_str()).fetch_all(&mut *connection).await?;
        let count = |row: &PgRow| -> Result<(String, usize), sqlx::Error> {
            Ok((row.try_get(0)?, usize::try_from(row.try_get::<i64, _>(1)?).unwrap_or(usize::MAX)))
        };
        let unseen: BTreeMap<String, usize> = rows.iter().map(count).collect::<Result<_, _>>()?;
        let mut contents = Contents { unseen, ..Contents::default() };
        if Lookup::wants(batch, stream, &contents.unseen) {
            let rows = sqlx::query(LOAD).bind(stream.as_str()).fetch_all(&mut *connection).await?;
            for row in &rows {
                match row::waiting(row) {
                    Ok(waiting) => contents.stored.entry(waiting.part.clone()).or_default().push(waiting),
                    Err(error) => return Ok(Err(error)),
                }
            }
            contents.unseen.clear();
        }
        boxes.insert(stream.clone(), contents);
    }
    Ok(Ok(boxes))
}

/// What was recorded has left the table; whoever reads the file must not find it there, or with which
/// transaction it came.
pub(super) async fn vacuum(connection: &mut PgConnection) {
    if let Err(error) = sqlx::query("VACUUM boxed").execute(connection).await {
        tracing::warn!(%error, "what was recorded from a box is not vacuumed away yet");
    }
}
