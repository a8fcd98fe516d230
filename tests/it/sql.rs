//! What other tools read in SQL is what the service answers: for every unit of the sample year, on either database, and
//! of the second one and of made ones, which have everything that a card may show.

mod details;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use contract::scorecard::{ExplainScorecardRequest, ListScorecardsRequest, LossKind};
use eventstore::testing::postgres::PostgresHere;
use mingjing::config::Settings;
use mingjing::sample;
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, PgConnection, Row as _};
use tempfile::tempdir;

use crate::harness::*;

const CYCLE: &str = "jurisdictions/city/cycles/first-year";
/// Those with a row for a unit.
pub(crate) const VIEWS: [&str; 12] = [
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
const PATIENCE: Duration = Duration::from_mins(2);

/// A row, each column as a text; none: NULL.
type Row = BTreeMap<String, Option<String>>;
/// Rows by view and unit.
type Rows = BTreeMap<&'static str, BTreeMap<String, Vec<Row>>>;

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
    hold_equal(&server, sqlite(dir.path()).await).await;
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

async fn sqlite(dir: &Path) -> Tool {
    let file = SqliteConnectOptions::new().filename(dir.join("scorecard.db")).read_only(true);
    Tool::Sqlite(file.connect().await.unwrap())
}

/// Loads the sample year, waits until it is shown, and holds each unit's rows against the service's answers.
async fn hold_equal(server: &Server, mut tool: Tool) {
    let consistency_token = sample::load(&server.url(), || {}).await.unwrap();
    shown(server, &mut tool).await;
    equal(server, &mut tool, (CYCLE, 101), consistency_token).await;
}

/// Holds each unit's rows of cycles, each of so many units, which `token` stands for, against the service's answers;
/// `dir` has the server's files. Gives the views of which something was held.
pub(crate) async fn read_as_answered(
    server: &Server,
    dir: &Path,
    cycles: &[(String, usize)],
    token: &str,
) -> BTreeSet<&'static str> {
    let mut tool = sqlite(dir).await;
    shown(server, &mut tool).await;
    let mut held = BTreeSet::new();
    for (cycle, units) in cycles {
        held.extend(equal(server, &mut tool, (cycle, *units), token.to_owned()).await.into_keys());
    }
    held
}

/// Waits until everything is shown.
async fn shown(server: &Server, tool: &mut Tool) {
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
}

/// Holds the rows of a cycle, which has so many units, against the service's answers; gives the rows, by view and unit.
async fn equal(
    server: &Server,
    tool: &mut Tool,
    (cycle, units): (&str, usize),
    consistency_token: String,
) -> Rows {
    let of_cycle = |row: &Row| {
        let id = |column: &str| row[column].clone().unwrap();
        format!("jurisdictions/{}/cycles/{}", id("jurisdiction"), id("cycle")) == cycle
    };
    let mut rows = Rows::new();
    for view in VIEWS {
        for row in tool.read(view).await.into_iter().filter(of_cycle) {
            let unit = row["unit"].clone().unwrap();
            rows.entry(view).or_default().entry(unit).or_default().push(row);
        }
    }
    let request = ListScorecardsRequest {
        parent: cycle.to_owned(),
        page_size: 1000,
        consistency_token,
        ..Default::default()
    };
    let cards = server.scorecards().list_scorecards(request).await.unwrap().into_inner().scorecards;
    assert_eq!((cards.len(), rows["scorecard"].len()), (units, units));
    let shown = tool.read("cycle").await.into_iter().find(of_cycle).unwrap();
    details::cycle(server, cycle, &shown, &cards).await;
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
        details::components(&of, &json, &unit);
        details::training(&of, &json, &unit);
        details::lines(&of, &card, &explained.lines, &unit);
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
                // What a ratio counts stands in its own row.
                None if line.kind() == LossKind::Ratio => assert!(of_line.is_empty(), "{unit}"),
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
    rows
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
        // What a scheme leaves untitled is there.
        let untitled = ["title", "description"].contains(&column.as_str());
        let shown = shown.filter(|text| !untitled || !text.is_empty());
        let expected = if column == "rank" { expected.filter(|rank| rank != "0") } else { expected };
        assert_eq!(shown, expected, "{unit}: {column}");
    }
}
