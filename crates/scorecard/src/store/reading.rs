//! What other tools do, for the tests: read the views, and find what they may not do.

use std::collections::BTreeMap;

use super::Store;
use super::database::{Dialect, Statement};

/// A row of a view: texts as they are read, whatever the column's type; none: NULL.
pub(crate) type Read = BTreeMap<String, Option<String>>;

impl Store {
    /// The columns of a view with their types, in order.
    pub(crate) async fn columns(&self, view: &str) -> Vec<(String, String)> {
        let columns = match self.dialect() {
            Dialect::Sqlite => "SELECT name, type FROM pragma_table_info($1) ORDER BY cid",
            Dialect::Postgres => {
                "SELECT column_name::text, CASE data_type WHEN 'timestamp with time zone' THEN 'TIMESTAMPTZ' \
                 ELSE upper(data_type) END FROM information_schema.columns \
                 WHERE table_schema = 'mingjing_read' AND table_name = $1 ORDER BY ordinal_position"
            }
        };
        let rows = self.find(Statement::new(columns).bind(view)).await.unwrap();
        rows.iter().map(|row| (row.text(0).unwrap().to_owned(), row.text(1).unwrap().to_owned())).collect()
    }

    /// The names of all views.
    pub(crate) async fn views(&self) -> Vec<String> {
        let views = match self.dialect() {
            Dialect::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name",
            Dialect::Postgres => {
                "SELECT table_name::text FROM information_schema.views \
                 WHERE table_schema = 'mingjing_read' ORDER BY table_name"
            }
        };
        let rows = self.find(Statement::new(views)).await.unwrap();
        rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect()
    }

    /// The rows of a view, in order.
    pub(crate) async fn read_view(&self, view: &str) -> Vec<Read> {
        let postgres = self.dialect() == Dialect::Postgres;
        let columns = self.columns(view).await;
        let shown = |(name, kind): &(String, String)| match kind.as_str() {
            "BOOLEAN" => format!("{name}::int::text"),
            "TIMESTAMPTZ" => format!("to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"),
            _ => format!("CAST({name} AS TEXT)"),
        };
        let named: Vec<_> = columns.iter().map(shown).collect();
        let schema = if postgres { "mingjing_read." } else { "" };
        let order: Vec<_> = (1..=columns.len()).map(|column| column.to_string()).collect();
        let select = format!("SELECT {} FROM {schema}{view}", named.join(", "));
        let mut read: Vec<Read> = Vec::new();
        for row in self.find(Statement::new(format!("{select} ORDER BY {}", order.join(", ")))).await.unwrap()
        {
            let value = |column| row.text(column).ok().map(str::to_owned);
            read.push(
                columns.iter().zip(0..).map(|((name, _), column)| (name.clone(), value(column))).collect(),
            );
        }
        read.sort_unstable();
        read
    }

    /// Does to a database of PostgreSQL what a later version of the program might: a column more in each table.
    pub(crate) async fn migrate_further(&self) {
        let later = "INSERT INTO _sqlx_migrations VALUES (9999, 'later', now(), true, '', 0)";
        self.find(Statement::new(later)).await.unwrap();
        for table in
            ["generation", "checkpoint", "fact", "past", "recent", "lease", "shown_scorecard", "shown_loss"]
        {
            let column = format!("ALTER TABLE {table} ADD COLUMN later TEXT NOT NULL DEFAULT ''");
            self.find(Statement::new(column)).await.unwrap();
        }
    }

    /// Is the one that writes from now on.
    pub(crate) async fn take_lease(&self) {
        let held = self.database.try_lease(&self.lease(), self.holder, eventstore::lease::TTL).await;
        assert!(held.unwrap(), "nobody else writes");
    }

    /// What PostgreSQL answers the reader's role, which a transaction plays, when it reads and when it deletes; none:
    /// it may.
    pub(crate) async fn refused_to_reader(&self, table: &str) -> [Option<String>; 2] {
        let mut answers = [None, None];
        for (answer, verb) in answers.iter_mut().zip(["SELECT count(*)", "DELETE"]) {
            let play = Statement::new("SET LOCAL ROLE mingjing_reader");
            let asks = Statement::new(format!("{verb} FROM {table}"));
            let played = self.write_all(vec![play, asks, Statement::new("RESET ROLE")]).await;
            *answer = played.err().map(|error| error.to_string());
        }
        answers
    }
}
