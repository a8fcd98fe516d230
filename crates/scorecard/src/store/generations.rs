//! What was built, which of it is read.

use std::collections::BTreeMap;

use super::database::Statement;
use super::{Error, Store, shown};

/// Of facts as they are written. Raise it when a row's shape changes: facts of another format are built anew.
pub(super) const FORMAT: i64 = 5;

/// What has rows of each generation.
const TABLES: [&str; 4] = ["fact", "checkpoint", "past", "recent"];

impl Store {
    /// The generation that is read; none: none yet.
    pub(crate) async fn current(&self) -> Result<Option<i64>, Error> {
        let rows = self.find(Statement::new("SELECT number FROM generation WHERE current = 1")).await?;
        rows.first().map(|row| row.integer(0)).transpose()
    }

    /// Begins another generation, from nothing.
    pub(crate) async fn begin(&self) -> Result<i64, Error> {
        let rows = self.find(Statement::new("SELECT coalesce(max(number), 0) FROM generation")).await?;
        let number = rows.first().map_or(Ok(0), |row| row.integer(0))? + 1;
        let begin = Statement::new("INSERT INTO generation (number, format, current) VALUES ($1, $2, 0)");
        self.write_all(vec![begin.bind(number).bind(FORMAT)]).await?;
        Ok(number)
    }

    /// Makes a generation the one that is read. If it takes the place of another one, all of its `newest` events
    /// are sorted in: what a replica has forgotten, since it was in the other one's past, is in its own.
    pub(crate) async fn make_current(
        &self,
        generation: i64,
        newest: Option<&BTreeMap<String, Vec<u8>>>,
    ) -> Result<(), Error> {
        let mut statements = match newest {
            Some(newest) => self.sort(generation, newest).await?,
            None => Vec::new(),
        };
        let make = "UPDATE generation SET current = CASE WHEN number = $1 THEN 1 ELSE 0 END";
        statements.push(Statement::new(make).bind(generation));
        self.write_all(statements).await
    }

    /// Throws every other generation away.
    pub(crate) async fn keep_only(&self, generation: i64) -> Result<(), Error> {
        self.throw_away("<>", generation).await
    }

    /// Throws every earlier generation away; a later one may be on its way.
    pub(crate) async fn keep_from(&self, generation: i64) -> Result<(), Error> {
        self.throw_away("<", generation).await
    }

    async fn throw_away(&self, which: &str, generation: i64) -> Result<(), Error> {
        let delete = |text: String| Statement::new(text).bind(generation);
        let tables = TABLES.into_iter().map(str::to_owned).chain(shown::tables());
        let rows = tables.map(|table| delete(format!("DELETE FROM {table} WHERE generation {which} $1")));
        let itself = delete(format!("DELETE FROM generation WHERE number {which} $1"));
        self.write_all(rows.chain([itself]).collect()).await
    }
}
