//! Every event that counts, by jurisdiction; the newest as they came, until they are sorted in.

use std::collections::BTreeMap;

use lz4_flex::block::{compress_prepend_size, decompress, uncompressed_size};
use uuid::Uuid;

use super::database::{Statement, unreadable};
use super::{Error, Store};
use crate::history::{Packed, unpack};

/// A row takes no further events once it has this many bytes, which are compressed: all of them are written again.
const ROW_BYTES_MAX: i64 = 16 * 1024;

/// The generation of a number; 0: of this format the one that is read, or else the last one begun.
macro_rules! of_generation {
    () => {
        "(SELECT number FROM generation WHERE number = $1 OR ($1 = 0 AND format = $2) \
          ORDER BY current > 0 DESC, number DESC LIMIT 1)"
    };
}

/// Up to where each log is sorted into the past, and which log that is.
pub(crate) type Sorted = BTreeMap<String, (u64, Uuid)>;

impl Store {
    /// The events of a jurisdiction that are sorted in, the oldest first, and up to where each log is, both as of
    /// one instant. Generation 0: the one that is read, or else the last one begun.
    pub(crate) async fn past(
        &self,
        generation: i64,
        jurisdiction: &str,
    ) -> Result<(Vec<Vec<u8>>, Sorted), Error> {
        let found = Statement::new(concat!(
            "SELECT service, sorted, epoch FROM checkpoint WHERE generation = ",
            of_generation!(),
            " UNION ALL SELECT '', number, events FROM past WHERE jurisdiction = $3 AND generation = ",
            of_generation!(),
            " ORDER BY 1, 2",
        ));
        let (mut runs, mut sorted) = (Vec::new(), Sorted::new());
        for row in self.find(found.bind(generation).bind(self.format).bind(jurisdiction)).await? {
            match row.text(0)? {
                "" => runs.push(decompressed(row.bytes(2)?)?),
                service => drop(sorted.insert(service.to_owned(), log(row.position(1)?, row.bytes(2)?)?)),
            }
        }
        Ok((runs, sorted))
    }

    /// Up to where each log is sorted in, in the generation that is read, or else the last one begun.
    pub(crate) async fn sorted(&self) -> Result<Sorted, Error> {
        let found = Statement::new(concat!(
            "SELECT service, sorted, epoch FROM checkpoint WHERE generation = ",
            of_generation!(),
        ));
        let rows = self.find(found.bind(0_i64).bind(self.format)).await?;
        rows.iter().map(|row| Ok((row.text(0)?.to_owned(), log(row.position(1)?, row.bytes(2)?)?))).collect()
    }

    /// Sorts all the newest events into the past.
    pub(super) async fn sort(
        &self,
        generation: i64,
        newest: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Vec<Statement>, Error> {
        let mut statements = Vec::new();
        for (jurisdiction, events) in newest {
            if !events.is_empty() {
                statements.push(self.append(generation, jurisdiction, events).await?);
            }
        }
        for text in [
            "DELETE FROM recent WHERE generation = $1",
            "UPDATE checkpoint SET sorted = position WHERE generation = $1",
        ] {
            statements.push(Statement::new(text).bind(generation));
        }
        Ok(statements)
    }

    /// Appends to the last row of a jurisdiction, or begins another one where that is full.
    async fn append(&self, generation: i64, jurisdiction: &str, events: &[u8]) -> Result<Statement, Error> {
        let last = Statement::new(
            "SELECT number, CASE WHEN length(events) < $1 THEN events END FROM past \
             WHERE generation = $2 AND jurisdiction = $3 ORDER BY number DESC LIMIT 1",
        );
        let rows = self.find(last.bind(ROW_BYTES_MAX).bind(generation).bind(jurisdiction)).await?;
        let (number, joined) = match rows.first() {
            None => (1, events.to_owned()),
            Some(row) => match row.optional_bytes(1)? {
                None => (row.integer(0)? + 1, events.to_owned()),
                Some(before) => (row.integer(0)?, join(&decompressed(before)?, events)?),
            },
        };
        let put = "INSERT INTO past (generation, jurisdiction, number, events) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (generation, jurisdiction, number) DO UPDATE SET events = excluded.events";
        Ok(Statement::new(put)
            .bind(generation)
            .bind(jurisdiction)
            .bind(number)
            .bind(compress_prepend_size(&joined)))
    }
}

/// Adds a batch to the newest events.
pub(super) fn add_recent(generation: i64, events: &[u8]) -> Option<Statement> {
    let add = "INSERT INTO recent (generation, number, events) \
               SELECT $1, coalesce(max(number), 0) + 1, $2 FROM recent WHERE generation = $1";
    (!events.is_empty()).then(|| Statement::new(add).bind(generation).bind(events))
}

fn log(position: u64, epoch: &[u8]) -> Result<(u64, Uuid), Error> {
    Ok((position, Uuid::from_slice(epoch).map_err(unreadable)?))
}

fn decompressed(events: &[u8]) -> Result<Vec<u8>, Error> {
    let (size, block) = uncompressed_size(events).map_err(unreadable)?;
    // What LZ4 could make of a block at most: a wrong size asks for no more memory.
    if size / 255 > block.len() {
        return Err(unreadable("the size of a run is wrong"));
    }
    decompress(block, size).map_err(unreadable)
}

fn join(before: &[u8], events: &[u8]) -> Result<Vec<u8>, Error> {
    let mut joined = Packed::default();
    for event in unpack(before).chain(unpack(events)) {
        joined.push(&event?);
    }
    Ok(joined.bytes().to_vec())
}
