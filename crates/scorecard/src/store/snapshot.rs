//! What was written up to an instant: facts and positions that belong together, whatever is written meanwhile.

use super::Error;
use super::database::{Reading, Row, Statement};
use super::facts::{Checkpoint, Fact, checkpoint};

/// What was written up to the first time it is asked, and nothing that was written after.
pub(crate) struct Snapshot {
    pub(super) reading: Box<dyn Reading>,
    /// Of the facts that can be gone on with.
    pub(super) format: i64,
}

impl Snapshot {
    /// The generation to go on with: the one that is read, or else the last one begun; none: there is none
    /// whose facts have the present format.
    pub(crate) async fn usable(&mut self) -> Result<Option<i64>, Error> {
        let usable = Statement::new(
            "SELECT number FROM generation WHERE format = $1 ORDER BY current > 0 DESC, number DESC LIMIT 1",
        );
        self.reading.find(usable.bind(self.format)).await?.first().map(|row| row.integer(0)).transpose()
    }

    /// Whether a generation has been read: it was level with the logs once.
    pub(crate) async fn was_level(&mut self, generation: i64) -> Result<bool, Error> {
        let read = Statement::new("SELECT number FROM generation WHERE number = $1 AND current > 0");
        Ok(!self.reading.find(read.bind(generation)).await?.is_empty())
    }

    /// Up to `limit` facts after the one of `after`, by kind and key.
    pub(crate) async fn facts(
        &mut self,
        generation: i64,
        after: (&str, &str),
        limit: u32,
    ) -> Result<Vec<Fact>, Error> {
        let found = Statement::new(
            "SELECT kind, key, value FROM fact WHERE generation = $1 AND (kind, key) > ($2, $3) \
             ORDER BY kind, key LIMIT $4",
        );
        let found = found.bind(generation).bind(after.0).bind(after.1).bind(i64::from(limit));
        let text = |row: &Row, column| row.text(column).map(str::to_owned);
        let fact = |row: &Row| Ok(Fact { kind: text(row, 0)?, key: text(row, 1)?, value: text(row, 2)? });
        self.reading.find(found).await?.iter().map(fact).collect()
    }

    /// How far the facts have come.
    pub(crate) async fn checkpoints(&mut self, generation: i64) -> Result<Vec<Checkpoint>, Error> {
        let found = Statement::new(
            "SELECT service, position, recorded_at, epoch, sorted FROM checkpoint WHERE generation = $1 \
             ORDER BY service",
        );
        self.reading.find(found.bind(generation)).await?.iter().map(checkpoint).collect()
    }

    /// The newest events, as they came, a batch in each.
    pub(crate) async fn recent(&mut self, generation: i64) -> Result<Vec<Vec<u8>>, Error> {
        let found = Statement::new("SELECT events FROM recent WHERE generation = $1 ORDER BY number");
        let rows = self.reading.find(found.bind(generation)).await?;
        rows.iter().map(|row| Ok(row.bytes(0)?.to_owned())).collect()
    }
}
