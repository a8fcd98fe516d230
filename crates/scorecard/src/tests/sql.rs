//! What other tools read: docs/sql.md, on either database.

use std::collections::{BTreeMap, BTreeSet};

use contract::evaluation::entry_recorded::Target;
use contract::scorecard::ExplainScorecardRequest;
use contract::scorecard::scorecard_service_server::ScorecardService as _;
use rust_decimal::Decimal;
use tonic::Request;

use super::history::cycle;
use super::replicas::database;
use super::restart::long_history;
use super::running::{City, Running};
use crate::Place;
use crate::store::{FORMAT, Store};

const DOCUMENT: &str = include_str!("../../../../docs/sql.md");
/// They say when a row was written.
const CLOCK: [&str; 2] = ["computed_at", "written_at"];

type Views = BTreeMap<String, Vec<BTreeMap<String, Option<String>>>>;

async fn read(place: &Place) -> Views {
    let store = Store::open(place, FORMAT).await.unwrap();
    let mut views = Views::new();
    for view in store.views().await {
        let mut rows = store.read_view(&view).await;
        for row in &mut rows {
            row.retain(|column, _| !CLOCK.contains(&column.as_str()));
        }
        views.insert(view, rows);
    }
    views
}

/// The tables of the document: each view's columns with their types in PostgreSQL and in SQLite.
fn documented() -> BTreeMap<&'static str, Vec<[&'static str; 3]>> {
    let sections = DOCUMENT.split("\n## ").skip(1);
    let section = |section: &'static str| {
        let (name, text) = section.split_once('\n').unwrap();
        let columns = text.lines().filter_map(|line| line.strip_prefix("| `"));
        let column = |line: &'static str| {
            let mut cells = line.split(" | ");
            [cells.next().unwrap().trim_end_matches('`'), cells.next().unwrap(), cells.next().unwrap()]
        };
        (name, columns.map(column).collect())
    };
    sections.map(section).collect()
}

#[tokio::test]
async fn every_column_is_documented_as_it_is() {
    let city = City::start().await;
    for (place, kind) in [(database().await, 1), (city.database(), 2)] {
        let store = Store::open(&place, FORMAT).await.unwrap();
        let views: BTreeSet<_> = store.views().await.into_iter().collect();
        assert_eq!(views, documented().keys().map(|&name| name.to_owned()).collect());
        for (view, columns) in documented() {
            let documented = columns.iter().map(|column| (column[0].to_owned(), column[kind].to_owned()));
            assert_eq!(store.columns(view).await, documented.collect::<Vec<_>>(), "{view}");
        }
    }
}

#[tokio::test]
async fn both_databases_show_the_same_and_so_does_a_rebuild() {
    let mut history = long_history();
    let mut city = City::start().await;
    let places = [database().await, city.database()];
    let all = history.0.len();
    let mut shown = Vec::new();
    for place in &places {
        let running = Running::on(&city, place).await;
        shown.push(running);
    }
    for events in [20, 45, 60, all] {
        city.record(&super::history::History(history.0[..events.min(all)].to_vec())).await;
        for running in &shown {
            running.scorecard.catch_up(super::running::PATIENCE).await.unwrap();
            running.shown().await;
        }
    }
    history.rename("tax", "Taxes\u{0}");
    city.record(&history).await;
    for running in shown {
        running.scorecard.catch_up(super::running::PATIENCE).await.unwrap();
        running.shown().await;
        running.stop().await;
    }
    let [postgres, sqlite] = [read(&places[0]).await, read(&places[1]).await];
    for (view, rows) in &postgres {
        assert_eq!(rows, &sqlite[view], "{view}");
    }
    for view in ["scorecard", "component", "daily", "loss", "loss_event", "four_in_place", "veto", "cycle"] {
        assert!(!postgres[view].is_empty(), "{view}");
    }
    let titles: BTreeSet<_> = postgres["scorecard"].iter().map(|row| row["unit_title"].clone()).collect();
    assert!(titles.contains(&Some("Taxes".to_owned())), "{titles:?}");

    let rebuilt = Running::on(&city, &places[0]).await;
    rebuilt.scorecard.projection.rebuilds().ask();
    rebuilt.rebuilt().await;
    rebuilt.stop().await;
    assert_eq!(read(&places[0]).await, postgres);
}

#[tokio::test]
async fn what_is_shown_is_what_is_explained() {
    let mut city = City::start().await;
    let mut history = super::history::closed_year();
    history.entry("tax", "late", Target::SourceId("inspection".to_owned()), "-1.23");
    city.record(&history).await;
    let running = Running::start(&city).await;
    running.shown().await;
    let generation = running.scorecard.projection.generation();
    let store = generation.store();
    let (losses, cards) = (store.read_view("loss").await, store.read_view("scorecard").await);
    let events = store.read_view("loss_event").await;
    assert_eq!(cards.len(), 4);
    for card in cards {
        let unit = card["unit"].clone().unwrap();
        let request =
            ExplainScorecardRequest { name: format!("{}/scorecards/{unit}", cycle()), ..Default::default() };
        let explained =
            running.service().explain_scorecard(Request::new(request)).await.unwrap().into_inner();
        assert_eq!(card["final_points"], explained.scorecard.unwrap().final_points, "{unit}");
        assert_eq!(card["lost_points"], explained.total_points, "{unit}");
        let of_unit = |row: &&crate::store::Read| row["unit"].as_deref() == Some(&unit);
        let mut lost: Vec<_> = losses.iter().filter(of_unit).collect();
        lost.sort_by_key(|row| row["line"].clone().unwrap().parse::<u32>().unwrap());
        assert_eq!(lost.len(), explained.lines.len(), "{unit}");
        let mut sum = Decimal::ZERO;
        for (row, line) in lost.into_iter().zip(explained.lines) {
            assert_eq!(row["points"].as_deref(), Some(line.points.as_str()));
            assert_eq!(row["item"].clone().unwrap_or_default(), line.item);
            sum += line.points.parse::<Decimal>().unwrap();
            let of_line = events.iter().filter(of_unit).filter(|event| event["line"] == row["line"]);
            let shown: BTreeSet<_> = of_line.map(|event| event["event_id"].clone().unwrap()).collect();
            let named: BTreeSet<_> = line.events.iter().map(|event| event.event_id.clone()).collect();
            match &row["forms"] {
                Some(forms) => assert_eq!(forms.parse::<usize>().unwrap(), named.len(), "{unit}"),
                None => assert_eq!(shown, named, "{unit}"),
            }
        }
        // A pending unit has lines, and no total.
        if let Some(lost) = &card["lost_points"] {
            assert_eq!(lost.parse::<Decimal>().unwrap(), sum, "{unit}");
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn the_reading_role_reads_the_views_and_nothing_else_and_writes_nothing() {
    let mut city = City::start().await;
    city.record(&long_history()).await;
    let place = database().await;
    Running::on(&city, &place).await.stop().await;
    let store = Store::open(&place, FORMAT).await.unwrap();
    store.take_lease().await;
    for view in store.views().await {
        let name = format!("mingjing_read.{view}");
        let [read, delete] = store.refused_to_reader(&name).await;
        assert_eq!(read, None, "{view}");
        assert!(delete.unwrap().contains("permission denied"), "{view}");
    }
    for table in ["fact", "checkpoint", "past", "recent", "generation", "lease", "shown_scorecard"] {
        for refused in store.refused_to_reader(table).await {
            assert!(refused.unwrap().contains("permission denied"), "{table}");
        }
    }
}
