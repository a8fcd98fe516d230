//! What was written up to an instant: facts and positions that belong together, whatever is written meanwhile.

use super::Error;
use super::database::{Reading, Row, Statement};
use super::facts::{Checkpoint, Fact, checkpoint};
use super::generations::FORMAT;

/// What was written up to the first time it is asked, and nothing that was written after.
pub(crate) struct Snapshot(pub(super) Box<dyn Reading>);

impl Snapshot {
    /// The generation to go on with: the one that is read, or else the last one begun; none: there is none
    /// whose facts have the present format.
    pub(crate) async fn usable(&mut self) -> Result<Option<i64>, Error> {
        let usable = Statement::new(
            "SELECT number FROM generation WHERE format = $1 ORDER BY current DESC, number DESC LIMIT 1",
        );
        self.0.find(usable.bind(FORMAT)).await?.first().map(|row| row.integer(0)).transpose()
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
        self.0.find(found).await?.iter().map(fact).collect()
    }

    /// How far the facts have come.
    pub(crate) async fn checkpoints(&mut self, generation: i64) -> Result<Vec<Checkpoint>, Error> {
        let found = Statement::new(
            "SELECT service, position, recorded_at, epoch, sorted FROM checkpoint WHERE generation = $1 \
             ORDER BY service",
        );
        self.0.find(found.bind(generation)).await?.iter().map(checkpoint).collect()
    }

    /// The newest events, as they came, a batch in each.
    pub(crate) async fn recent(&mut self, generation: i64) -> Result<Vec<Vec<u8>>, Error> {
        let found = Statement::new("SELECT events FROM recent WHERE generation = $1 ORDER BY number");
        let rows = self.0.find(found.bind(generation)).await?;
        rows.iter().map(|row| Ok(row.bytes(0)?.to_owned())).collect()
    }
}
