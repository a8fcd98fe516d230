//! What other tools read in SQL is what the service answers: for every unit of the sample year, on either database.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::scorecard::{ExplainScorecardRequest, ListScorecardsRequest};
use eventstore::testing::postgres::PostgresHere;
use mingjing::config::Settings;
use mingjing::sample;
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, PgConnection, Row as _};
use tempfile::tempdir;

use crate::harness::*;

const CYCLE: &str = "jurisdictions/city/cycles/first-year";
const VIEWS: [&str; 7] =
    ["scorecard", "component", "daily", "four_in_place", "loss", "loss_event", "freshness"];
const PATIENCE: Duration = Duration::from_mins(2);

/// A row, each column as a text; none: NULL.
type Row = BTreeMap<String, Option<String>>;

/// Another tool, which may only read.
enum Tool {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Tool {
    async fn read(&mut self, view: &str) -> Vec<Row> {
        match self {
            Self::Sqlite(connection) => {
                let select = AssertSqlSafe(format!("SELECT * FROM {view}"));
                let rows = sqlx::query(select).fetch_all(connection).await.unwrap();
                let row = |row: &sqlx::sqlite::SqliteRow| {
                    let column = |column: &sqlx::sqlite::SqliteColumn| {
                        let value = row.try_get_unchecked::<Option<String>, _>(column.ordinal()).unwrap();
                        (column.name().to_owned(), value)
                    };
                    row.columns().iter().map(column).collect()
                };
                rows.iter().map(row).collect()
            }
            Self::Postgres(connection) => {
                let select = format!(
                    "SELECT (SELECT json_object_agg(key, value) FROM json_each_text(row_to_json(shown)))::text \
                     FROM mingjing_read.{view} AS shown"
                );
                let rows: Vec<String> =
                    sqlx::query_scalar(AssertSqlSafe(select)).fetch_all(connection).await.unwrap();
                rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_sqlite_file_other_tools_read_what_the_service_answers() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    let file = dir.path().join("scorecard.db");
    let tool = SqliteConnectOptions::new().filename(file).read_only(true).connect().await.unwrap();
    hold_equal(&server, Tool::Sqlite(tool)).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_postgresql_other_tools_read_what_the_service_answers() {
    let (dir, postgres) = (tempdir().unwrap(), PostgresHere::run(&["fsync=off"]).unwrap());
    for service in contract::token::SERVICES.into_iter().chain(["scorecard"]) {
        postgres.create(service).await.unwrap();
    }
    let mut settings = Settings::embedded("127.0.0.1:0".parse().unwrap(), dir.path());
    settings.database_url = Some(postgres.url("{service}").into());
    let server = Server::start_as(&settings, mingjing::clock()).await;
    let mut tool = PgConnection::connect(&postgres.url("scorecard")).await.unwrap();
    sqlx::query("SET ROLE mingjing_reader").execute(&mut tool).await.unwrap();
    hold_equal(&server, Tool::Postgres(tool)).await;
    server.stop().await;
}

/// Loads the sample year, waits until it is shown, and holds each unit's rows against the service's answers.
async fn hold_equal(server: &Server, mut tool: Tool) {
    let consistency_token = sample::load(&server.url(), || {}).await.unwrap();
    let heads = server.heads().await;
    let mut look = tokio::time::interval(Duration::from_millis(100));
    let shown = async {
        loop {
            look.tick().await;
            let fresh = tool.read("freshness").await;
            let is_shown = |service: &str, head: u64| {
                fresh.iter().any(|row| {
                    row["service"].as_deref() == Some(service)
                        && row["position"].as_deref() == Some(&head.to_string())
                })
            };
            if heads.iter().all(|(service, head)| is_shown(service, *head)) {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, shown).await.expect("all of the year is shown");

    let mut rows: BTreeMap<&str, BTreeMap<String, Vec<Row>>> = BTreeMap::new();
    for view in VIEWS.into_iter().filter(|view| *view != "freshness") {
        for row in tool.read(view).await {
            let unit = row["unit"].clone().unwrap();
            rows.entry(view).or_default().entry(unit).or_default().push(row);
        }
    }
    let request = ListScorecardsRequest {
        parent: CYCLE.to_owned(),
        page_size: 1000,
        consistency_token,
        ..Default::default()
    };
    let cards = server.scorecards().list_scorecards(request).await.unwrap().into_inner().scorecards;
    assert_eq!((cards.len(), rows["scorecard"].len()), (101, 101));
    for card in cards {
        let unit = card.unit.rsplit('/').next().unwrap().to_owned();
        let of = |view: &str| rows.get(view).and_then(|rows| rows.get(&unit)).cloned().unwrap_or_default();
        let request = ExplainScorecardRequest { name: card.name.clone(), ..Default::default() };
        let explained = server.scorecards().explain_scorecard(request).await.unwrap().into_inner();
        let json = mingjing::json::message(&card);
        let one = of("scorecard").remove(0);
        assert_eq!(one["lost_points"], explained.total_points, "{unit}");
        assert_eq!(one["unit_group"].as_deref(), Some(card.group.to_string().as_str()), "{unit}");
        assert_eq!(one["rank"].is_some(), card.rank > 0, "{unit}");
        same(&one, &json, &unit, &["lost_points", "unit_group", "publication"]);
        same(&of("four_in_place").remove(0), &json["four_in_place"], &unit, &[]);
        each(&of("component"), &json["components"], &unit, ("component", "component_id"));
        each(&of("daily"), &json["daily"], &unit, ("source", "source_id"));
        let (mut lost, events) = (of("loss"), of("loss_event"));
        lost.sort_by_key(|row| row["line"].clone().unwrap().parse::<u32>().unwrap());
        assert_eq!(lost.len(), explained.lines.len(), "{unit}");
        for (row, line) in lost.iter().zip(&explained.lines) {
            let json = mingjing::json::message(line);
            same(row, &json, &unit, &["line", "component", "source", "kind", "cause", "forms"]);
            assert_eq!(row["component"].clone().unwrap_or_default(), line.component_id, "{unit}");
            assert_eq!(row["source"].clone().unwrap_or_default(), line.source_id, "{unit}");
            let of_line: Vec<_> = events.iter().filter(|event| event["line"] == row["line"]).collect();
            match &row["forms"] {
                Some(forms) => assert_eq!(forms.parse(), Ok(line.events.len()), "{unit}"),
                None => assert_eq!(of_line.len(), line.events.len(), "{unit}"),
            }
            for event in of_line {
                let named =
                    line.events.iter().find(|named| event["event_id"].as_ref() == Some(&named.event_id));
                let json = mingjing::json::message(named.unwrap());
                same(event, &json, &unit, &["line", "number", "occurred_at", "recorded_at"]);
                assert!(event["occurred_at"].is_some() && event["recorded_at"].is_some(), "{unit}");
            }
        }
    }
}

/// Holds the rows of a list against a message's, in its order.
fn each(rows: &[Row], list: &Value, unit: &str, (column, field): (&str, &str)) {
    let list = list.as_array().unwrap();
    assert_eq!(rows.len(), list.len(), "{unit}");
    for (item, place) in list.iter().zip(1..) {
        let row = rows.iter().find(|row| row[column].as_deref() == item[field].as_str()).unwrap();
        assert_eq!(row["place"].as_deref(), Some(place.to_string().as_str()), "{unit}");
        same(row, item, unit, &[column, "place"]);
    }
}

/// Holds every column against the field of its name, but those that are `apart`; those of a survey's doubt and of the
/// roll-up lie deeper.
fn same(row: &Row, message: &Value, unit: &str, apart: &[&str]) {
    let key = ["jurisdiction", "cycle", "unit"];
    let columns =
        row.iter().filter(|(column, _)| !key.contains(&column.as_str()) && !apart.contains(&column.as_str()));
    for (column, value) in columns {
        let deeper = column.split_once("roll_up_").map(|(_, field)| ("roll_up", field));
        let deeper = deeper.or_else(|| column.split_once("rank_").map(|(_, field)| ("rank_interval", field)));
        let doubt = ["forms_issued", "forms_returned", "return_rate", "interval_low", "interval_high"];
        let doubt = doubt.contains(&column.as_str()) || column.starts_with("bound_");
        let field = match deeper {
            Some((inner, field)) => message.get(inner).and_then(|inner| inner.get(field)),
            None if doubt => {
                message.get("survey").and_then(|survey| survey.get(column.trim_start_matches("forms_")))
            }
            None => message.get(column),
        };
        let expected = match field {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()).filter(|text| !text.is_empty()),
            Some(Value::Bool(truth)) => Some(truth.to_string()),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(other) => panic!("{column}: {other}"),
        };
        let shown = value.clone().map(|value| match (field, value.as_str()) {
            (Some(Value::Bool(_)), "1") => "true".to_owned(),
            (Some(Value::Bool(_)), "0") => "false".to_owned(),
            _ => value,
        });
        let expected = if column == "rank" { expected.filter(|rank| rank != "0") } else { expected };
        assert_eq!(shown, expected, "{unit}: {column}");
    }
}
