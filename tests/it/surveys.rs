//! What a survey tells when it is closed; two schemes side by side; form codes and scorecards for other programs.

use std::collections::HashMap;
use std::path::Path;

use contract::evaluation::*;
use contract::words::SchemeRules;
use serde_json::Value;
use tempfile::tempdir;
use tokio::process::Command;

use crate::harness::*;
use crate::kill::binary;

const UNITS: [&str; 6] = ["north", "south", "east", "west", "centre", "harbour"];

async fn survey(server: &Server) -> Survey {
    let request = GetSurveyRequest { name: SURVEY.to_owned(), consistency_token: server.everything().await };
    server.evaluation().get_survey(request).await.unwrap().into_inner().survey.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_survey_tells_how_far_it_can_be_trusted_and_what_looks_steered() {
    let data = tempdir().unwrap();
    let server = Server::start(data.path()).await;
    let channel = server.channel();
    city(&channel, &UNITS).await;
    let codes = issue(&channel, 40).await;
    let (residents, visitors) = codes.split_at(40);
    // 32 of 40 residents find everything good; 4 of 10 visitors find the north good, 6 fair.
    answer(&channel, residents[..32].iter().map(|code| form(code, &UNITS, "good")).collect()).await;
    let level = |place| if place < 4 { "good" } else { "fair" };
    let forms = visitors[..10].iter().zip(0..).map(|(code, place)| form(code, &UNITS[..1], level(place)));
    answer(&channel, forms.collect()).await;

    let open = survey(&server).await;
    let rates: Vec<_> = open.strata.iter().map(|stratum| stratum.return_rate.as_deref()).collect();
    assert_eq!(rates, [Some("0.8000"), Some("0.2500")]);
    assert_eq!((open.results, open.flags), (vec![], vec![]), "nothing is told while it is open");

    close_survey(&channel).await;
    let closed = survey(&server).await;
    let of = |unit: &str| closed.results.iter().find(|result| result.unit == unit_name(unit)).unwrap();
    let north = of("north");
    // 40 · (0.6 · 1 + 0.4 · 0.76); half of the doubt is 1.96 · 40 · 0.4 · sqrt(0.384/9/10).
    let interval = (north.interval_low.as_deref(), north.interval_high.as_deref());
    assert_eq!((north.points.as_deref(), interval), (Some("36.16"), (Some("34.11"), Some("38.21"))));
    // The eight residents and thirty visitors who did not answer, all at "fair", or all at "good".
    let bounds = (north.bound_low.as_deref(), north.bound_high.as_deref());
    assert_eq!(bounds, (Some("32.32"), Some("39.04")));
    assert_eq!(north.strata_difference.as_deref(), Some("0.2400"));
    let south = of("south");
    assert_eq!((south.points.as_deref(), south.strata_difference.as_deref()), (Some("40.00"), None));
    assert_eq!(south.strata[1].value, None, "no visitor said anything of the south");

    let flags = |rule: &str| -> Vec<_> {
        let found = closed.flags.iter().filter(|flag| flag.rule == rule);
        found.map(|flag| (flag.stratum_id.as_str(), flag.unit.clone())).collect()
    };
    let mut everyone: Vec<_> = UNITS.iter().map(|unit| ("residents", unit_name(unit))).collect();
    everyone.sort();
    assert_eq!(flags("at_ceiling"), everyone);
    assert_eq!(flags("one_pattern"), [("residents", String::new())]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_schemes_are_told_apart_field_by_field() {
    let data = tempdir().unwrap();
    let server = Server::start(data.path()).await;
    city(&server.channel(), &["north"]).await;
    let mut other = SchemeRules { excellent_quota: 2, ..rules() };
    "20".clone_into(&mut other.components[0].max_points);
    "50.00".clone_into(&mut other.components[2].max_points);
    let draft = DraftSchemeRequest {
        request_id: request_id(),
        parent: PARENT.to_owned(),
        scheme_id: "next".to_owned(),
        rules: Some(other),
        occurred_at: None,
    };
    let drafted = server.evaluation().draft_scheme(draft).await.unwrap().into_inner();
    let request = CompareSchemesRequest {
        name: SCHEME.to_owned(),
        scheme_version: 1,
        other_name: format!("{PARENT}/schemes/next"),
        other_scheme_version: 1,
        consistency_token: drafted.consistency_token,
    };
    let compared = server.evaluation().compare_schemes(request).await.unwrap().into_inner().differences;
    let told: Vec<_> =
        compared.iter().map(|it| (it.path.as_str(), it.value.as_str(), it.other_value.as_str())).collect();
    let expected = [
        ("components[work].max_points", "30", "20"),
        ("components[opinion].max_points", "40", "50.00"),
        ("excellent_quota", "1", "2"),
    ];
    assert_eq!(told, expected);
    server.stop().await;
}

/// What the program prints.
async fn printed(binary: &Path, server: &Server, arguments: &[&str]) -> String {
    let mut command = Command::new(binary);
    command.args(arguments).args(["--server", &server.url()]);
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The fields of each line but the first; none of ours has a comma in it.
fn rows(csv: &str) -> Vec<Vec<String>> {
    csv.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// Each row by the names of its columns.
fn named(csv: &str) -> Vec<HashMap<String, String>> {
    let columns: Vec<_> = csv.lines().next().unwrap_or_default().split(',').collect();
    let row = |values: Vec<String>| columns.iter().map(|column| (*column).to_owned()).zip(values).collect();
    rows(csv).into_iter().map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn printed_codes_are_those_that_are_answered_and_a_repeated_call_prints_the_same() {
    let (data, home) = (tempdir().unwrap(), tempdir().unwrap());
    let (server, binary) = (Server::start(data.path()).await, binary(home.path()));
    let channel = server.channel();
    city(&channel, &["north"]).await;
    let plan = |stratum: &str| StratumPlan { stratum_id: stratum.to_owned(), forms_max: 5 };
    let plan = PlanSurveyRequest {
        request_id: request_id(),
        parent: CYCLE.to_owned(),
        component_id: SURVEYED.to_owned(),
        strata: STRATA.map(plan).to_vec(),
        occurred_at: None,
    };
    server.evaluation().plan_survey(plan).await.unwrap();
    let call = request_id();
    let print = |format: &'static str| {
        [
            "forms",
            "print",
            "testville/first/opinion",
            "--stratum",
            STRATA[0],
            "--count",
            "5",
            "--format",
            format,
            "--request-id",
            &call,
        ]
        .map(str::to_owned)
    };
    let csv = print("csv");
    let csv: Vec<_> = csv.iter().map(String::as_str).collect();
    let first = printed(&binary, &server, &csv).await;
    assert_eq!(printed(&binary, &server, &csv).await, first);
    assert_eq!(first.lines().next(), Some("number,stratum,code"));
    let codes: Vec<_> = rows(&first).into_iter().map(|row| row[2].clone()).collect();
    assert_eq!(codes.len(), 5);
    let list = print("list");
    let list: Vec<_> = list.iter().map(String::as_str).collect();
    let list = printed(&binary, &server, &list).await;
    assert!(codes.iter().all(|code| list.contains(code)), "{list}");
    answer(&channel, codes.iter().map(|code| form(code, &["north"], "good")).collect()).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_and_a_scorecard_are_exported_as_they_are_served() {
    let (data, home) = (tempdir().unwrap(), tempdir().unwrap());
    let (server, binary) = (Server::start(data.path()).await, binary(home.path()));
    let channel = server.channel();
    city(&channel, &["north", "south"]).await;
    let codes = issue(&channel, 2).await;
    answer(&channel, codes.iter().map(|code| form(code, &["north", "south"], "fair")).collect()).await;
    close_survey(&channel).await;
    server.evaluation().record_mark(mark("north", "26.5")).await.unwrap();
    server.evaluation().record_entry(entry("north", "late", "-1.25")).await.unwrap();
    let token = server.everything().await;
    let export = async |format: &str, more: &[&str]| {
        let known = ["scorecard", "export", "testville/first/north", "--token", &token, "--format", format];
        printed(&binary, &server, &[&known, more].concat()).await
    };
    let table = named(&export("csv", &["--table"]).await);
    let json: Value = serde_json::from_str(&export("json", &["--table"]).await).unwrap();
    assert_eq!(table.len(), 2);
    for (row, card) in table.iter().zip(json["scorecards"].as_array().unwrap()) {
        let shown = server.scorecard(card["unit"].as_str().unwrap().rsplit('/').next().unwrap()).await;
        let mut exported = card.clone();
        exported.as_object_mut().unwrap().remove("freshness");
        assert_eq!(exported, figures(&shown));
        assert_eq!(row["scorecard"], shown.name);
        assert_eq!(row["final_points"], shown.final_points.as_deref().unwrap_or(""));
        for component in &shown.components {
            let points = &row[&format!("component_{}", component.component_id)];
            assert_eq!(points, component.points.as_deref().unwrap_or(""));
        }
    }
    let lines = rows(&export("csv", &[]).await);
    let json: Value = serde_json::from_str(&export("json", &[]).await).unwrap();
    let told = json["lines"].as_array().unwrap();
    assert_eq!(lines.len(), told.len());
    for (row, line) in lines.iter().zip(told) {
        assert_eq!(
            (row[1].as_str(), row[6].as_str()),
            (line["component_id"].as_str().unwrap(), line["points"].as_str().unwrap())
        );
    }
    let late = lines.iter().find(|row| row[4] == "late").unwrap();
    assert_eq!((late[3].as_str(), late[6].as_str()), ("entry", "1.25"));
    assert!(late[7].starts_with("evaluation:"), "its event is named: {late:?}");
    server.stop().await;
}
