//! What stands in views of its own beside a card: strata, ratios, training, officers, vetoes, and the cycle.

use std::collections::BTreeSet;

use contract::evaluation::GetCycleRequest;
use contract::scorecard::{LossKind, LossLine, Scorecard};
use serde_json::Value;

use super::{Row, same};
use crate::harness::*;

/// Each view's counts, and the field that has both.
const COUNTS: [(&str, &str); 6] = [
    ("participated", "participation"),
    ("leaders_participated", "leader_participation"),
    ("passed", "passed"),
    ("grassroots_covered", "grassroots_coverage"),
    ("plans_filed", "plans_filed"),
    ("plans_approved", "plans_approved"),
];
const HOURS: [&str; 4] = ["total_hours", "median_hours", "busiest_officers", "busiest_hours"];
/// Each kind of part: its list, the field that names it, and what the names begin with.
const PARTS: [(&str, &str, &str, &str); 4] = [
    ("mode", "modes", "mode", "TRAINING_MODE_"),
    ("basic", "basics", "basic", "BASIC_"),
    ("quality", "qualities", "quality", "QUALITY_"),
    ("speciality", "specialities", "speciality", ""),
];

/// The row of a cycle.
pub(super) async fn cycle(server: &Server, name: &str, row: &Row, cards: &[Scorecard]) {
    let request = GetCycleRequest { name: name.to_owned(), ..Default::default() };
    let cycle = server.evaluation().get_cycle(request).await.unwrap().into_inner().cycle.unwrap();
    let publication = cards[0].publication().as_str_name().trim_start_matches("PUBLICATION_").to_lowercase();
    let expected = [
        ("title", cycle.title),
        ("start_date", cycle.start_date),
        ("end_date", cycle.end_date),
        ("scheme", cycle.scheme),
        ("scheme_version", cards[0].scheme_version.to_string()),
        ("publication", publication),
        ("units", cards.len().to_string()),
    ];
    for (column, expected) in expected {
        assert_eq!(row[column], Some(expected), "{column}");
    }
    for (service, head) in server.heads().await {
        let position: u64 = row[&format!("{service}_position")].clone().unwrap().parse().unwrap();
        assert!(position <= head && (position > 0 || service != "evaluation"), "{service}");
    }
}

/// The strata of surveys and the ratios of indices.
pub(super) fn components(of: &impl Fn(&str) -> Vec<Row>, card: &Value, unit: &str) {
    let none = Vec::new();
    let (mut strata, mut ratios) = (0, 0);
    for component in card["components"].as_array().unwrap() {
        let list = |list: &Value| list.as_array().unwrap_or(&none).clone();
        let rows = |view: &str| -> Vec<Row> {
            let id = component["component_id"].as_str();
            of(view).into_iter().filter(|row| row["component"].as_deref() == id).collect()
        };
        let doubt = component.get("survey").map_or(&Value::Null, |survey| &survey["strata"]);
        strata += named(&rows("stratum"), &list(doubt), unit, ("stratum", "stratum_id"));
        ratios += named(&rows("ratio"), &list(&component["ratios"]), unit, ("ratio", "ratio"));
    }
    assert_eq!((of("stratum").len(), of("ratio").len()), (strata, ratios), "{unit}");
}

/// Holds rows against a list in which each is named; gives how many there are.
fn named(rows: &[Row], list: &[Value], unit: &str, (column, field): (&str, &str)) -> usize {
    for item in list {
        let row = rows.iter().find(|row| row[column].as_deref() == item[field].as_str()).unwrap();
        same(row, item, unit, &[column, "component"]);
    }
    list.len()
}

/// The training of a unit with those below it, and its parts.
pub(super) fn training(of: &impl Fn(&str) -> Vec<Row>, card: &Value, unit: &str) {
    let (rows, parts, figures) = (of("training"), of("training_part"), &card["training"]);
    if figures.is_null() {
        assert!(rows.is_empty() && parts.is_empty(), "{unit}");
        return;
    }
    assert_eq!(rows.len(), 1, "{unit}");
    let mut apart: Vec<String> = HOURS.map(str::to_owned).into();
    for column in HOURS {
        assert_eq!(rows[0][column], Some(text(&figures["hours"][column])), "{unit}: {column}");
    }
    for (column, field) in COUNTS {
        let whole = format!("{column}_of");
        assert_eq!(rows[0][column], Some(text(&figures[field]["count"])), "{unit}: {column}");
        assert_eq!(rows[0][&whole], Some(text(&figures[field]["of"])), "{unit}: {whole}");
        apart.extend([column.to_owned(), whole]);
    }
    same(&rows[0], figures, unit, &apart.iter().map(String::as_str).collect::<Vec<_>>());

    let mut count = 0;
    for (kind, list, field, prefix) in PARTS {
        for part in figures[list].as_array().into_iter().flatten() {
            let item = text(&part[field]);
            let item = if prefix.is_empty() { item } else { item.trim_start_matches(prefix).to_lowercase() };
            let is_it = |row: &&Row| {
                row["kind"].as_deref() == Some(kind) && row["item"].as_deref() == Some(item.as_str())
            };
            let row = parts.iter().find(is_it).unwrap_or_else(|| panic!("{unit}: {kind} {item}"));
            same(row, part, unit, &["kind", "item", "passed", "passed_of"]);
            let passed = part.get("passed").filter(|passed| !passed.is_null());
            assert_eq!(row["passed"], passed.map(|passed| text(&passed["count"])), "{unit}: {item}");
            assert_eq!(row["passed_of"], passed.map(|passed| text(&passed["of"])), "{unit}: {item}");
            count += 1;
        }
    }
    assert_eq!(parts.len(), count, "{unit}");
}

/// The officers of each line, and the vetoes behind one.
pub(super) fn lines(of: &impl Fn(&str) -> Vec<Row>, card: &Scorecard, lines: &[LossLine], unit: &str) {
    let shown: BTreeSet<_> = of("loss_officer")
        .into_iter()
        .map(|row| (row["line"].clone().unwrap().parse::<u32>().unwrap(), row["officer"].clone().unwrap()))
        .collect();
    let told = lines
        .iter()
        .zip(1..)
        .flat_map(|(line, number)| line.officers.iter().map(move |officer| (number, officer.clone())));
    assert_eq!(shown, told.collect(), "{unit}");

    let vetoes = of("veto");
    assert_eq!(!vetoes.is_empty(), card.vetoed, "{unit}");
    let raised: BTreeSet<_> = vetoes
        .iter()
        .map(|row| (row["event_id"].clone().unwrap(), row["position"].clone().unwrap()))
        .collect();
    for line in lines.iter().filter(|line| line.kind() == LossKind::Veto) {
        let told = line.events.iter().map(|event| (event.event_id.clone(), event.position.to_string()));
        assert_eq!(raised, told.collect(), "{unit}");
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
