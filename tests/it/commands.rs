//! What `mingjing scorecard …` prints, on a small city; on the sample years it is looked at in `second_year/commands`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use contract::evaluation::*;
use contract::scorecard::{GetFreshnessRequest, ListRisksRequest, Risk, RiskKind};
use serde_json::Value;
use tempfile::{TempDir, tempdir};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::harness::*;
use crate::kill::binary;

/// More than a page of the API holds.
const MANY: usize = 1001;
const AT_ONCE: usize = 32;
/// In the cycle's year; and a day that is near then.
const NOW: &str = "2024-06-03T01:00:00Z";
const DUE: &str = "2024-06-20";

/// The program as a clerk calls it.
pub(crate) struct Program {
    binary: PathBuf,
    server: String,
    _home: TempDir,
}

impl Program {
    pub(crate) fn of(server: &Server) -> Self {
        let home = tempdir().unwrap();
        Self { binary: binary(home.path()), server: server.url(), _home: home }
    }

    /// `mingjing scorecard …`
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("scorecard").args(arguments).args(["--log", "error", "--server", &self.server]);
        command.kill_on_drop(true);
        command
    }

    pub(crate) async fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().await.unwrap()
    }

    /// What it prints.
    pub(crate) async fn printed(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same with `--json`.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.printed(&[arguments, &["--json"]].concat()).await).unwrap()
    }

    /// The first lines of what never ends.
    async fn first_lines(&self, arguments: &[&str], count: usize) -> Vec<String> {
        let mut running = self.command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
        let mut first = Vec::new();
        while first.len() < count {
            first.push(lines.next_line().await.unwrap().expect("it goes on"));
        }
        running.kill().await.unwrap();
        first
    }

    /// Why it fails; with which code.
    async fn refused(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.output(arguments).await;
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

/// The cells of each row of the tables in it, headers left out.
pub(crate) fn rows(printed: &str) -> Vec<Vec<String>> {
    let lines: Vec<_> = printed.lines().collect();
    let table = |line: &&str| line.starts_with('|');
    let below = |(i, line): (usize, &&str)| {
        let header = lines.get(i + 1).is_some_and(|next| next.starts_with("|--"));
        (table(line) && !line.starts_with("|--") && !header).then(|| cells(line))
    };
    lines.iter().enumerate().filter_map(below).collect()
}

fn cells(line: &str) -> Vec<String> {
    line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// Columns that it takes on a terminal, where a Chinese character takes two.
pub(crate) fn width(line: &str) -> usize {
    let wide = |c: char| matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}');
    line.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

/// English words in it that are no part of a name, an id or of what people wrote, as the answer in JSON has them.
pub(crate) fn english(printed: &str, answer: &Value) -> BTreeSet<String> {
    let mut given = BTreeSet::new();
    names(answer, &mut given);
    words(printed).filter(|word| !given.contains(word)).collect()
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| word.contains(|c: char| c.is_ascii_alphabetic())).map(str::to_owned)
}

/// Words of names, ids and of what people wrote; not those of the service itself.
fn names(answer: &Value, into: &mut BTreeSet<String>) {
    match answer {
        Value::Object(fields) => {
            let kind = fields.get("kind").and_then(Value::as_str).unwrap_or_default();
            let peoples =
                ["LOSS_KIND_ENTRY", "LOSS_KIND_STRATUM", "RISK_KIND_COMMITMENT", "RISK_KIND_CONTESTED"];
            let caused = fields.get("cause_thing").is_some_and(|thing| thing != "");
            for (field, value) in fields {
                let services = match field.as_str() {
                    "pending_reason" | "method" | "ratio" => true,
                    "description" if kind == "RISK_KIND_PENDING" => {
                        let (title, _) = value.as_str().unwrap().rsplit_once(": ").unwrap();
                        into.extend(words(title));
                        true
                    }
                    "description" => caused || !peoples.contains(&kind),
                    "item" => kind == "LOSS_KIND_RATIO",
                    _ => false,
                };
                if !services {
                    names(value, into);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, into)),
        Value::String(text) => into.extend(words(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_does_not_heed_it_refuses_by_name() {
    let data = tempdir().unwrap();
    let server = Server::start(data.path()).await;
    let program = Program::of(&server);
    let past = "2024-06-30T16:00:00Z";
    let wrong: [(&[&str], &str); 16] = [
        (&["risks", "--as-of", past], "--as-of"),
        (&["risks", "--recorded"], "--recorded"),
        (&["simulate", "--scheme", "plain", "--as-of", past], "--as-of"),
        (&["simulate"], "--scheme"),
        (&["simulate", "--file", "scheme.toml", "--scheme-version", "2"], "--scheme-version"),
        (&["watch", "--as-of", past], "--as-of"),
        (&["watch", "--token", "evaluation:1"], "--token"),
        (&["show", "--recorded"], "--as-of"),
        (&["show", "--as-of", "yesterday"], "--as-of"),
        (&["show", "--lang", "fr"], "--lang"),
        (&["compare"], "--with"),
        (&["compare", "--with-as-of", past, "--recorded"], "--as-of"),
        (&["compare", "--as-of", past, "--with-recorded"], "--with-as-of"),
        (&["export", "--table", "--figures"], "--figures"),
        (&["export", "--json"], "--json"),
        (&["export", "--lang", "zh"], "--lang"),
    ];
    for (arguments, named) in wrong {
        let (code, told) = program.refused(arguments).await;
        assert_eq!(code, Some(2), "{arguments:?}: {told}");
        assert!(told.contains(named), "{arguments:?}: {told}");
    }
    city(&server.channel(), &["north"]).await;
    let (code, told) = program.refused(&["show", "testville/first/nowhere"]).await;
    assert_eq!(code, Some(1));
    assert!(told.contains("NotFound"), "{told}");
    let (code, told) = program.refused(&["risks", "testville/first/north", "--days", "9999"]).await;
    assert_eq!(code, Some(1));
    assert!(told.contains("days"), "{told}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_and_what_is_at_risk_is_told_in_both_languages() {
    let data = tempdir().unwrap();
    let server = Server::start_by_hand(data.path(), NOW.parse().unwrap()).await;
    city(&server.channel(), &["north", "south"]).await;
    let mut client = server.evaluation();
    client.record_entry(entry("north", "late", "-1.5")).await.unwrap();
    let contest = ContestEntryRequest {
        request_id: request_id(),
        name: entry_name("north", "late"),
        grounds: "The road was closed 道路封闭".to_owned(),
        occurred_at: None,
    };
    client.contest_entry(contest).await.unwrap();
    let unit = unit_name("north");
    promise(&server, "noon", &unit).await;
    let (program, token) = (Program::of(&server), server.everything().await);

    let card = program.json(&["show", "testville/first/north", "--token", &token]).await;
    let english_card = program.printed(&["show", "testville/first/north"]).await;
    let chinese_card = program.printed(&["show", "testville/first/north", "--lang", "zh"]).await;
    for component in card["components"].as_array().unwrap() {
        let reason = component["pending_reason"].as_str().unwrap();
        assert!(english_card.contains(reason), "{english_card}");
    }
    assert!(
        chinese_card.contains("待定: 尚未打分") && chinese_card.contains("待定: 评议未结束"),
        "{chinese_card}"
    );
    assert_eq!(english(&chinese_card, &card), BTreeSet::new(), "{chinese_card}");

    let request = ListRisksRequest {
        parent: format!("{CYCLE}/scorecards/north"),
        consistency_token: token,
        ..Default::default()
    };
    let risks = server.scorecards().list_risks(request).await.unwrap().into_inner().risks;
    let kinds: BTreeSet<_> = risks.iter().map(Risk::kind).collect();
    assert!(
        risks.iter().all(|risk| !risk.points.starts_with('-')),
        "a price is no less than nothing: {risks:?}"
    );
    assert_eq!(kinds, BTreeSet::from([RiskKind::Commitment, RiskKind::Pending, RiskKind::Contested]));
    let answer = program.json(&["risks", "testville/first/north"]).await;
    assert_eq!(answer["risks"].as_array().unwrap().len(), risks.len());
    for lang in ["en", "zh"] {
        let printed = program.printed(&["risks", "testville/first/north", "--lang", lang]).await;
        let prices: Vec<_> = rows(&printed).into_iter().map(|row| row[4].clone()).collect();
        assert_eq!(prices, risks.iter().map(|risk| risk.points.clone()).collect::<Vec<_>>(), "{printed}");
        if lang == "zh" {
            assert_eq!(english(&printed, &answer), BTreeSet::new(), "{printed}");
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_a_rebuild_ends_and_a_card_says_how_fresh_it_is() {
    let data = tempdir().unwrap();
    let server = Server::start(data.path()).await;
    city(&server.channel(), &["north", "south"]).await;
    let everything = server.everything().await;
    let program = Program::of(&server);
    let of = "testville/first/north";

    let card = program.json(&["show", of, "--token", &everything]).await;
    let request = GetFreshnessRequest { consistency_token: everything };
    let freshness = server.scorecards().get_freshness(request).await.unwrap().into_inner().freshness;
    let fresh: Vec<_> = freshness.iter().map(mingjing::json::message).collect();
    assert_eq!(card["freshness"], Value::Array(fresh));
    let behind = program.printed(&["show", of]).await;
    assert!(!behind.contains("events behind"), "{behind}");

    for lang in ["en", "zh"] {
        let told = program.first_lines(&["watch", of, "--lang", lang], 2).await;
        let pending = if lang == "en" { ": pending, rank –" } else { ": 待定, 名次 –" };
        assert_eq!(told[0], format!("{}{pending}", card["unit_title"].as_str().unwrap()));
        let (_, resume) = told[1].split_once("--resume ").expect("how to go on");
        // What happened since comes first.
        let mut client = server.evaluation();
        client.record_entry(entry("north", &format!("late-{lang}"), "-1.5")).await.unwrap();
        let since = program.first_lines(&["watch", of, "--resume", resume, "--json"], 1).await;
        let since: Value = serde_json::from_str(&since[0]).unwrap();
        assert_eq!(since["scorecards"][0]["name"], card["name"]);
    }
    let all = program.first_lines(&["watch", of, "--all", "--json"], 1).await;
    let all: Value = serde_json::from_str(&all[0]).unwrap();
    assert_eq!(all["scorecards"].as_array().unwrap().len(), 2);

    let events: u64 = server.heads().await.values().sum();
    let rebuilt = program.printed(&["rebuild"]).await;
    assert_eq!(rebuilt.trim(), format!("rebuilt from {events} events"));
    let rebuilt = program.json(&["rebuild"]).await;
    assert_eq!((&rebuilt["ended"], &rebuilt["events"]), (&Value::from(true), &Value::from(events)));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_and_risks_are_printed_whole_however_long() {
    let data = tempdir().unwrap();
    let server = Server::start_by_hand(data.path(), NOW.parse().unwrap()).await;
    let units: Vec<_> = (0..MANY).map(|unit| format!("unit-{unit}")).collect();
    city(&server.channel(), &units.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let unit = unit_name("unit-0");
    let mut promises: Vec<_> = (0..MANY).map(|promise| format!("promise-{promise}")).collect();
    while !promises.is_empty() {
        let mut promising = JoinSet::new();
        for id in promises.drain(..AT_ONCE.min(promises.len())) {
            let channel = server.channel();
            let unit = unit.clone();
            promising.spawn(async move { promise_on(channel, &id, &unit).await });
        }
        promising.join_all().await;
    }
    let (program, token) = (Program::of(&server), server.everything().await);
    let of = ["testville/first/unit-0", "--token", &token];
    let table = program.printed(&[&["rank", "--all"], &of[..]].concat()).await;
    let named: BTreeSet<_> = rows(&table).into_iter().map(|row| row[3].clone()).collect();
    assert_eq!(named.len(), MANY);
    let table = program.json(&[&["rank"], &of[..]].concat()).await;
    assert_eq!(table["scorecards"].as_array().unwrap().len(), MANY);
    assert_eq!((&table["total_size"], &table["next_page_token"]), (&Value::from(MANY), &Value::from("")));
    let risks = program.printed(&[&["risks"], &of[..]].concat()).await;
    let named: BTreeSet<_> = rows(&risks).into_iter().map(|row| row[2].clone()).collect();
    assert_eq!(named.len(), MANY + 2, "and the pending mark and survey");
    server.stop().await;
}

/// A measure that the unit has to deliver within days.
async fn promise(server: &Server, id: &str, unit: &str) {
    promise_on(server.channel(), id, unit).await;
}

async fn promise_on(channel: tonic::transport::Channel, id: &str, unit: &str) {
    let mut client = evaluation_service_client::EvaluationServiceClient::new(channel);
    let announce = AnnounceCommitmentRequest {
        request_id: request_id(),
        parent: PARENT.to_owned(),
        commitment_id: id.to_owned(),
        title: "A window open at noon 中午不休".to_owned(),
        level: CommitmentLevel::Bureau.into(),
        occurred_at: None,
    };
    client.announce_commitment(announce).await.unwrap();
    let assign = AssignCommitmentRequest {
        request_id: request_id(),
        name: format!("{PARENT}/commitments/{id}"),
        unit: unit.to_owned(),
        due_date: DUE.to_owned(),
        occurred_at: None,
    };
    client.assign_commitment(assign).await.unwrap();
}
