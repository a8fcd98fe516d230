//! What the commands print of the sample years is what the API answers, in both languages, and a card on one screen.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::Year;
use crate::commands::{Program, english, rows, width};

const FIRST: &str = mingjing::sample::BUREAU_SCORECARD;
const SECOND: &str = mingjing::sample::SECOND_SCORECARD;
/// In the second year; the one of the sub-units that stood still.
const MIDSUMMER: &str = "2025-07-01T04:00:00Z";
const STOOD_STILL: &str = "city/second-year/west-sub-bureau";
/// The evening before a finding fell, and whom it had cost a veto.
const DAY_BEFORE: &str = "2026-02-11T12:00:00Z";
const VETOED: &str = "city/second-year/organ-3-05";
const LANGUAGES: [&str; 2] = ["en", "zh"];
const LINES_MAX: usize = 40;
const COLUMNS_MAX: usize = 100;

pub(crate) async fn the_head_of_a_unit_reads_its_card_on_one_screen(year: &Year) {
    let program = Program::of(&year.server);
    let asked: [&[&str]; 4] = [
        &["show", FIRST],
        &["show", SECOND],
        &["show", STOOD_STILL, "--as-of", MIDSUMMER],
        &["show", VETOED, "--as-of", DAY_BEFORE],
    ];
    for asked in asked {
        let card = program.json(asked).await;
        for lang in LANGUAGES {
            let printed = program.printed(&[asked, &["--lang", lang]].concat()).await;
            assert!(printed.lines().count() <= LINES_MAX, "{printed}");
            let widest = printed.lines().map(width).max().unwrap();
            assert!(widest <= COLUMNS_MAX, "{widest}:\n{printed}");
            for component in card["components"].as_array().unwrap() {
                let row = row(&printed, text(&component["title"]));
                assert_eq!((row[2].as_str(), row[3].as_str()), shown(component, lang), "{printed}");
            }
            for daily in card["daily"].as_array().unwrap() {
                assert_eq!(row(&printed, text(&daily["title"]))[3], text(&daily["clipped"]));
            }
            let label = if lang == "en" { "Final" } else { "总分" };
            let last = row(&printed, label);
            let pending = if lang == "en" { "pending" } else { "待定" };
            assert_eq!(last[3], card["final_points"].as_str().unwrap_or(pending), "{printed}");
            if card["uncapped_points"] != card["final_points"] {
                let label = if lang == "en" { "Without the veto" } else { "否决前" };
                assert_eq!(row(&printed, label)[3], text(&card["uncapped_points"]));
            }
            if let Some(interval) = card["rank_interval"].as_object() {
                assert!(last[1].ends_with(&format!("{}–{}", interval["low"], interval["high"])), "{printed}");
            }
            assert_figures(&printed, &card, lang);
            if lang == "zh" {
                assert_eq!(english(&printed, &card), BTreeSet::new(), "{printed}");
            }
        }
    }
    let capped = program.json(&["show", VETOED, "--as-of", DAY_BEFORE]).await;
    assert_ne!(capped["uncapped_points"], capped["final_points"], "a veto took points");
}

/// What stands beside the points is there with its figures.
fn assert_figures(printed: &str, card: &Value, lang: &str) {
    let of = |en: &'static str, zh: &'static str| if lang == "en" { en } else { zh };
    let four = &card["four_in_place"];
    let reopened = format!("{} {}", of("reopened", "重开"), four["complaints_reopened"]);
    assert!(printed.contains(&reopened), "{reopened}:\n{printed}");
    let training = &card["training"];
    if training.is_null() {
        assert!(printed.contains(of("no campaign", "没有练兵活动")), "{printed}");
        return;
    }
    for (label, field) in [(of("filed", "报送"), "plans_filed"), (of("approved", "批准"), "plans_approved")]
    {
        let count = &training[field];
        let plans = format!("{label} {}/{}", count["count"], count["of"]);
        assert!(printed.contains(&plans), "{plans}:\n{printed}");
    }
    let specialities = training["specialities"].as_array().unwrap();
    let most = specialities.iter().max_by_key(|one| decimal(&one["hours"]));
    if let Some(most) = most {
        assert!(printed.contains(text(&most["hours"])), "{printed}");
    }
    let still = printed.contains(of("STANDS STILL", "按兵不动"));
    assert_eq!(still, card["stalled"].as_bool().unwrap(), "{printed}");
}

pub(crate) async fn tables_explanations_and_simulations_say_what_the_api_answers(year: &Year) {
    let program = Program::of(&year.server);
    for lang in LANGUAGES {
        let said = async |asked: &[&str]| {
            let answer = program.json(asked).await;
            let printed = program.printed(&[asked, &["--lang", lang]].concat()).await;
            if lang == "zh" {
                assert_eq!(english(&printed, &answer), BTreeSet::new(), "{printed}");
            }
            (printed, answer)
        };
        for asked in [&["rank", SECOND][..], &["rank", SECOND, "--all"], &["below", SECOND]] {
            let (printed, table) = said(asked).await;
            let finals =
                table["scorecards"].as_array().unwrap().iter().map(|card| text(&card["final_points"]));
            assert!(last_cells(&printed).iter().eq(finals), "{printed}");
        }
        let (printed, table) = said(&["rank", SECOND, "--all"]).await;
        assert_eq!(table["total_size"], 117);
        assert_eq!(rows(&printed).iter().filter(|row| row[0] == "▸").count(), 1, "{printed}");

        let (printed, explained) = said(&["explain", SECOND]).await;
        let lines = explained["lines"].as_array().unwrap();
        let lost = lines.iter().map(|line| &line["points"]).chain([&explained["total_points"]]).map(text);
        assert!(last_cells(&printed).iter().eq(lost), "{printed}");

        let (printed, simulated) = said(&["simulate", FIRST, "--scheme", "second-year"]).await;
        let difference = if lang == "en" { "Difference: " } else { "差额: " };
        let difference = format!("{difference}{}", text(&simulated["difference"]));
        assert!(printed.lines().any(|line| line == difference), "{printed}");
        let (printed, simulated) = said(&["simulate", FIRST, "--scheme", "second-year", "--all"]).await;
        let moved = simulated.as_array().unwrap().iter().map(|row| text(&row["difference"]).to_owned());
        assert!(rows(&printed).into_iter().map(|row| row[6].clone()).eq(moved), "{printed}");
    }
}

pub(crate) async fn two_units_two_years_and_two_instants_are_compared(year: &Year) {
    let program = Program::of(&year.server);
    let pairs: [&[&str]; 4] = [
        &["compare", SECOND, "--with", STOOD_STILL],
        &["compare", SECOND, "--with", FIRST],
        &["compare", VETOED, "--with-as-of", DAY_BEFORE],
        &[
            "compare",
            VETOED,
            "--as-of",
            MIDSUMMER,
            "--recorded",
            "--with-as-of",
            DAY_BEFORE,
            "--with-recorded",
        ],
    ];
    for asked in pairs {
        let answer = program.json(asked).await;
        for lang in LANGUAGES {
            let printed = program.printed(&[asked, &["--lang", lang]].concat()).await;
            let differences = answer["differences"].as_array().unwrap();
            assert!(!differences.is_empty(), "{asked:?}");
            let more = differences.iter().map(|difference| text(&difference["points"]));
            assert!(last_cells(&printed).iter().eq(more), "{printed}");
            for (line, card) in printed.lines().zip([&answer["scorecard"], &answer["other"]]) {
                let pending = if lang == "en" { "pending" } else { "待定" };
                let told = card["final_points"].as_str().unwrap_or(pending);
                assert!(
                    line.contains(text(&card["unit_title"])) && line.ends_with(&format!(": {told}")),
                    "{line}"
                );
            }
            if lang == "zh" {
                assert_eq!(english(&printed, &json!([answer, asked])), BTreeSet::new(), "{printed}");
            }
        }
    }
    let published = [("en", "nothing is at risk"), ("zh", "没有失分风险")];
    for (lang, nothing) in published {
        assert_eq!(program.printed(&["risks", SECOND, "--lang", lang]).await.trim(), nothing);
    }
    // Known at an instant, and happened by it, are two questions.
    let at = ["compare", VETOED, "--with-as-of", MIDSUMMER];
    let happened = program.json(&at).await;
    let known = program.json(&[&at[..], &["--with-recorded"]].concat()).await;
    let one = program.json(&["show", VETOED, "--as-of", MIDSUMMER]).await;
    let other = program.json(&["show", VETOED, "--as-of", MIDSUMMER, "--recorded"]).await;
    assert_eq!((&happened["other"], &known["other"]), (&one, &other));
}

pub(crate) async fn an_export_says_what_the_api_answers(year: &Year) {
    let program = Program::of(&year.server);
    for at in [&[][..], &["--as-of", MIDSUMMER], &["--as-of", MIDSUMMER, "--recorded"]] {
        let of = |what: &[&'static str]| [&["export", STOOD_STILL], at, what].concat();
        let lines = csv(&program.printed(&of(&[])).await);
        let answer: Value = serde_json::from_str(&program.printed(&of(&["--format", "json"])).await).unwrap();
        let column = |name: &str| lines[0].iter().position(|column| column == name).unwrap();
        for (name, field) in [
            ("component", "component_id"),
            ("source", "source_id"),
            ("item", "item"),
            ("points_lost", "points"),
        ] {
            let exported = lines[1..].iter().map(|line| line[column(name)].as_str());
            let answered = answer["lines"].as_array().unwrap().iter().map(|line| text(&line[field]));
            assert!(exported.eq(answered), "{name}");
        }

        let card = program.json(&[&["show", STOOD_STILL], at].concat()).await;
        let row = csv(&program.printed(&of(&["--figures"])).await);
        assert_eq!(row.len(), 2);
        assert_row(&row[0], &row[1], &card);
        let json: Value =
            serde_json::from_str(&program.printed(&of(&["--figures", "--format", "json"])).await).unwrap();
        assert_eq!(json, card);

        let table = csv(&program.printed(&of(&["--table"])).await);
        let cards: Value =
            serde_json::from_str(&program.printed(&of(&["--table", "--format", "json"])).await).unwrap();
        let cards = cards["scorecards"].as_array().unwrap();
        assert_eq!(table.len(), cards.len() + 1);
        for (row, card) in table[1..].iter().zip(cards) {
            assert_row(&table[0], row, card);
        }
        assert!(table.contains(&row[1]), "the figures are a row of the table");
    }
}

/// Each documented column holds what the card's JSON says; there is no other.
fn assert_row(header: &[String], row: &[String], card: &Value) {
    assert_eq!(header.len(), row.len());
    let cell = |column: &str| {
        let found = header.iter().position(|name| name == column);
        row[found.unwrap_or_else(|| panic!("no column {column}"))].as_str()
    };
    let written = |value: &Value| match value.as_str() {
        Some(text) => text.to_owned(),
        None if value.is_null() => String::new(),
        None => value.to_string(),
    };
    let documented = std::fs::read_to_string(crate::foreign::workspace().join("docs/export.md")).unwrap();
    for column in header.iter().filter(|name| !name.starts_with("component_") && !name.starts_with("daily_"))
    {
        assert!(documented.contains(&format!("`{column}`")), "{column} is documented");
    }
    for (column, path) in [
        ("scorecard", "/name"),
        ("max_points", "/max_points"),
        ("own_points", "/own_points"),
        ("daily_points", "/daily_points"),
        ("uncapped_points", "/uncapped_points"),
        ("final_points", "/final_points"),
        ("roll_up_mean", "/roll_up/mean"),
        ("unit_group", "/group"),
        ("rank_low", "/rank_interval/low"),
        ("excellent", "/excellent"),
        ("stalled", "/stalled"),
        ("training_participated", "/training/participation/count"),
        ("training_busiest_hours", "/training/hours/busiest_hours"),
        ("training_plans_approved_of", "/training/plans_approved/of"),
        ("training_units_stalled", "/training/units_stalled"),
    ] {
        assert_eq!(cell(column), written(card.pointer(path).unwrap_or(&Value::Null)), "{column}");
    }
    for (field, value) in card["four_in_place"].as_object().unwrap() {
        assert_eq!(cell(field), written(value), "{field}");
    }
    for component in card["components"].as_array().unwrap() {
        let id = text(&component["component_id"]);
        assert_eq!(cell(&format!("component_{id}")), written(&component["points"]), "{id}");
        assert_eq!(cell(&format!("component_{id}_max")), written(&component["max_points"]), "{id}");
    }
    for daily in card["daily"].as_array().unwrap() {
        assert_eq!(cell(&format!("daily_{}", text(&daily["source_id"]))), text(&daily["clipped"]));
    }
    let rank = if card["rank"] == 0 { String::new() } else { written(&card["rank"]) };
    assert_eq!(cell("rank"), rank);
}

/// Lines of CSV, each its fields.
fn csv(text: &str) -> Vec<Vec<String>> {
    let reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let lines = reader.into_records().map(|line| line.unwrap().iter().map(str::to_owned).collect());
    lines.collect()
}

fn row(printed: &str, first: &str) -> Vec<String> {
    let found = rows(printed).into_iter().find(|row| row[0] == first);
    found.unwrap_or_else(|| panic!("no row {first}:\n{printed}"))
}

fn shown<'a>(component: &'a Value, lang: &str) -> (&'a str, &'a str) {
    let pending = if lang == "en" { "pending" } else { "待定" };
    (text(&component["max_points"]), component["points"].as_str().unwrap_or(pending))
}

fn last_cells(printed: &str) -> Vec<String> {
    rows(printed).into_iter().map(|row| row.last().unwrap().clone()).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn decimal(value: &Value) -> Decimal {
    text(value).parse().unwrap()
}
