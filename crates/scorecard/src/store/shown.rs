//! What other tools read: rows of scorecards, replaced a card at a time, those of a cycle in one transaction.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::database::{Dialect, Statement, Value};
use super::{Error, Store};

/// What has rows of a card, by table.
const OF_CARDS: [&str; 12] = [
    "scorecard",
    "component",
    "stratum",
    "ratio",
    "daily",
    "four_in_place",
    "training",
    "training_part",
    "loss",
    "loss_event",
    "loss_officer",
    "veto",
];

/// So many rows are inserted by one statement.
const ROWS_AT_ONCE: usize = 64;

/// What has rows of a generation.
pub(super) fn tables() -> impl Iterator<Item = String> {
    OF_CARDS.into_iter().chain(["cycle", "freshness"]).map(|table| format!("shown_{table}"))
}

/// What is to be shown of a cycle.
pub(crate) struct Shown {
    pub(crate) jurisdiction: String,
    pub(crate) cycle: String,
    /// The units whose rows are replaced; those that have none any more too.
    pub(crate) units: Vec<String>,
    /// The rows, by table.
    pub(crate) rows: BTreeMap<&'static str, Vec<Json>>,
}

impl Store {
    /// What tells the rows of a cycle's units apart from others.
    pub(crate) async fn digests(
        &self,
        generation: i64,
        jurisdiction: &str,
        cycle: &str,
    ) -> Result<BTreeMap<String, i64>, Error> {
        let found = Statement::new(
            "SELECT unit, digest FROM shown_scorecard WHERE generation = $1 AND jurisdiction = $2 AND cycle = $3",
        );
        let rows = self.find(found.bind(generation).bind(jurisdiction).bind(cycle)).await?;
        rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.integer(1)?))).collect()
    }

    /// Shows what changed of a cycle.
    pub(crate) async fn show(&self, generation: i64, shown: &Shown) -> Result<(), Error> {
        let (jurisdiction, cycle) = (shown.jurisdiction.as_str(), shown.cycle.as_str());
        let whole = "DELETE FROM shown_cycle WHERE generation = $1 AND jurisdiction = $2 AND cycle = $3";
        let mut statements = vec![Statement::new(whole).bind(generation).bind(jurisdiction).bind(cycle)];
        if !shown.units.is_empty() {
            let units = serde_json::to_string(&shown.units).map_err(unwritable)?;
            let each = match self.dialect() {
                Dialect::Sqlite => "json_each($4)",
                Dialect::Postgres => "json_array_elements_text($4::json)",
            };
            for table in OF_CARDS {
                let delete = Statement::new(format!(
                    "DELETE FROM shown_{table} WHERE generation = $1 AND jurisdiction = $2 AND cycle = $3 \
                     AND unit IN (SELECT value FROM {each})"
                ));
                statements.push(delete.bind(generation).bind(jurisdiction).bind(cycle).bind(units.as_str()));
            }
        }
        for (table, rows) in &shown.rows {
            statements.extend(self.insert(generation, table, rows)?);
        }
        self.write_all(statements).await
    }

    /// Shows how far what is shown has come.
    pub(crate) async fn show_freshness(&self, generation: i64, rows: &[Json]) -> Result<(), Error> {
        let mut statements =
            vec![Statement::new("DELETE FROM shown_freshness WHERE generation = $1").bind(generation)];
        statements.extend(self.insert(generation, "freshness", rows)?);
        self.write_all(statements).await
    }

    fn insert(&self, generation: i64, table: &str, rows: &[Json]) -> Result<Vec<Statement>, Error> {
        let Some(Json::Object(first)) = rows.first() else { return Ok(Vec::new()) };
        let columns: Vec<&str> = first.keys().map(String::as_str).collect();
        let named = columns.join(", ");
        let into = format!("INSERT INTO shown_{table} (generation, {named})");
        match self.dialect() {
            // Quicker than its functions for JSON.
            Dialect::Sqlite => {
                let row = format!("(?{})", ", ?".repeat(columns.len()));
                Ok(rows
                    .chunks(ROWS_AT_ONCE)
                    .map(|rows| {
                        let values = vec![row.as_str(); rows.len()].join(", ");
                        let insert = Statement::new(format!("{into} VALUES {values}"));
                        rows.iter().fold(insert, |insert, row| {
                            let of_row = columns.iter().map(|column| value(&row[column]));
                            of_row.fold(insert.bind(generation), Statement::bind)
                        })
                    })
                    .collect())
            }
            Dialect::Postgres => {
                let each =
                    format!("SELECT $1, {named} FROM json_populate_recordset(NULL::shown_{table}, $2::json)");
                let json = serde_json::to_string(rows).map_err(unwritable)?;
                Ok(vec![Statement::new(format!("{into} {each}")).bind(generation).bind(json)])
            }
        }
    }
}

/// What a column keeps of a row's value.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::None,
        Json::Bool(is) => Value::Integer(i64::from(*is)),
        Json::Number(number) => Value::Integer(number.as_i64().unwrap_or(i64::MAX)),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(_) | Json::Object(_) => Value::Text(json.to_string()),
    }
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::Database(sqlx::Error::Encode(error.into()))
}
