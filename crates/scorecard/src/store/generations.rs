//! What was built, which of it is read. Programs of several formats may run on one database while one takes the place
//! of another: each has generations of its own format, and a lease of its own to write them. `generation.current` is 1
//! for the one that other tools are shown, of the newest format that is level; 2 for one that programs of an older
//! format read until they go.

use std::collections::BTreeMap;

use super::database::{Dialect, Statement};
use super::{Error, LEASE, Store, shown};

/// Of facts as they are written. Raise it when a row's shape changes: facts of another format are built anew.
pub(crate) const FORMAT: i64 = 6;

/// What has rows of each generation.
const TABLES: [&str; 4] = ["fact", "checkpoint", "past", "recent"];

impl Store {
    /// The generation that is read by programs of this format; none: none yet.
    pub(crate) async fn current(&self) -> Result<Option<i64>, Error> {
        let read = Statement::new("SELECT number FROM generation WHERE current > 0 AND format = $1");
        let rows = self.find(read.bind(self.format)).await?;
        rows.first().map(|row| row.integer(0)).transpose()
    }

    /// Begins another generation, from nothing.
    pub(crate) async fn begin(&self) -> Result<i64, Error> {
        let before = self.last().await?;
        loop {
            // A program of another format may take the number: then it is the next one.
            let begin = "INSERT INTO generation (number, format, current) \
                         SELECT coalesce(max(number), 0) + 1, $1, 0 FROM generation WHERE true ON CONFLICT DO NOTHING";
            self.write_all(vec![Statement::new(begin).bind(self.format)]).await?;
            let last = self.last().await?;
            if last > before {
                return Ok(last);
            }
        }
    }

    /// The last one begun.
    async fn last(&self) -> Result<i64, Error> {
        let last = Statement::new("SELECT coalesce(max(number), 0) FROM generation WHERE format = $1");
        self.find(last.bind(self.format)).await?.first().map_or(Ok(0), |row| row.integer(0))
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
        // Who makes one of another format current at the same time waits for this one, or this one for it.
        statements.push(Statement::new("UPDATE generation SET current = current"));
        let make = "UPDATE generation SET current = CASE \
             WHEN number = $1 THEN (SELECT 1 + count(*) FROM generation AS newer \
                                    WHERE newer.current = 1 AND newer.format > $2) \
             WHEN format = $2 THEN 0 WHEN format < $2 AND current = 1 THEN 2 ELSE current END";
        statements.push(Statement::new(make).bind(generation).bind(self.format));
        self.write_all(statements).await
    }

    /// Throws every other generation of this format away.
    pub(crate) async fn keep_only(&self, generation: i64) -> Result<(), Error> {
        self.throw_away(self.of_this_format("<>", generation).await?).await
    }

    /// Throws every earlier generation of this format away; a later one may be on its way.
    pub(crate) async fn keep_from(&self, generation: i64) -> Result<(), Error> {
        self.throw_away(self.of_this_format("<", generation).await?).await
    }

    async fn of_this_format(&self, which: &str, generation: i64) -> Result<Vec<i64>, Error> {
        let found = format!("SELECT number FROM generation WHERE format = $1 AND number {which} $2");
        self.numbers(Statement::new(found).bind(self.format).bind(generation)).await
    }

    /// The generations of other formats that no program writes.
    pub(crate) async fn abandoned(&self) -> Result<Vec<i64>, Error> {
        let alive = match self.dialect() {
            Dialect::Sqlite => "",
            Dialect::Postgres => "AND expires_at > clock_timestamp()",
        };
        let found = format!(
            "SELECT number FROM generation WHERE format <> $1 \
             AND NOT EXISTS (SELECT 1 FROM lease WHERE name = '{LEASE}-' || format {alive})"
        );
        self.numbers(Statement::new(found).bind(self.format)).await
    }

    async fn numbers(&self, found: Statement) -> Result<Vec<i64>, Error> {
        self.find(found).await?.iter().map(|row| row.integer(0)).collect()
    }

    /// Throws these away; if one of them was shown to other tools, what is read of this format is shown from now on.
    pub(crate) async fn throw_away(&self, generations: Vec<i64>) -> Result<(), Error> {
        if generations.is_empty() {
            return Ok(());
        }
        let mut statements = Vec::new();
        for number in generations {
            let tables = TABLES.into_iter().map(str::to_owned).chain(shown::tables());
            let rows = tables.map(|table| format!("DELETE FROM {table} WHERE generation = $1"));
            let itself = "DELETE FROM generation WHERE number = $1".to_owned();
            statements.extend(rows.chain([itself]).map(|text| Statement::new(text).bind(number)));
        }
        let shown = "UPDATE generation SET current = 1 WHERE format = $1 AND current = 2 \
                     AND NOT EXISTS (SELECT 1 FROM generation AS shown WHERE shown.current = 1)";
        statements.push(Statement::new(shown).bind(self.format));
        self.write_all(statements).await
    }
}
