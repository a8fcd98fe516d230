//! What waits in boxes: the table `boxed`.

use std::collections::{BTreeMap, HashMap};

use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};

use super::writer::Failure;
use crate::batch::Lookup;
use crate::boxes::{Contents, Waiting};
use crate::event::StreamId;
use crate::row;
use crate::store::Append;

const COUNT: &str = "SELECT part, count(*) FROM boxed WHERE box = $1 GROUP BY part";
const LOAD: &str = "SELECT part, key, event_type, unit, payload FROM boxed WHERE box = $1";
/// An erased row would lie in its page until then, with the number of the transaction that put it in.
const FORGET: &str = "VACUUM boxed";

/// Each box of the batch: how much waits in it, and, if any of it may have to be recorded, all that does.
pub(super) async fn look_up(
    connection: &mut PgConnection,
    lookup: &Lookup,
    batch: &[Append],
) -> Result<HashMap<StreamId, Contents>, Failure> {
    let mut boxes = HashMap::new();
    for stream in &lookup.boxes {
        let rows = sqlx::query(COUNT).bind(stream.as_str()).fetch_all(&mut *connection).await?;
        let count = |row: &PgRow| -> Result<_, sqlx::Error> {
            Ok((row.try_get(0)?, usize::try_from(row.try_get::<i64, _>(1)?).unwrap_or(usize::MAX)))
        };
        let unseen: BTreeMap<String, usize> = rows.iter().map(count).collect::<Result<_, _>>()?;
        let mut contents = Contents { unseen, ..Contents::default() };
        if Lookup::wants(batch, stream, &contents.unseen) {
            for row in sqlx::query(LOAD).bind(stream.as_str()).fetch_all(&mut *connection).await? {
                let waiting = row::waiting(&row)?;
                contents.stored.entry(waiting.part.clone()).or_default().push(waiting);
            }
            contents.unseen.clear();
        }
        boxes.insert(stream.clone(), contents);
    }
    Ok(boxes)
}

/// What a batch puts in boxes, in the order of the random keys, and what it takes out, each with its box.
pub(super) struct Changes<'a> {
    pub(super) put: Vec<(&'a str, &'a Waiting)>,
    pub(super) gone: Vec<(&'a str, &'a Waiting)>,
}

impl<'a> Changes<'a> {
    pub(super) fn of(boxes: &'a HashMap<StreamId, Contents>) -> Self {
        let mut changes = Self { put: Vec::new(), gone: Vec::new() };
        for (stream, contents) in boxes {
            changes.put.extend(contents.fresh.iter().map(|waiting| (stream.as_str(), waiting)));
            changes.gone.extend(contents.gone.iter().map(|waiting| (stream.as_str(), waiting)));
        }
        changes.put.sort_by_key(|(_, waiting)| waiting.key);
        changes
    }
}

/// Takes away what was erased. Outside a transaction; whether it could, whoever maintains the database will.
pub(super) async fn forget(connection: &mut PgConnection) {
    if let Err(error) = sqlx::query(FORGET).execute(connection).await {
        tracing::warn!(%error, "erased rows of boxes are not vacuumed away yet");
    }
}
