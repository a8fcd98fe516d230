//! A clerk's file of complaints goes in whole, whatever happens on the way; what does not fit is told by line
//! and field.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Output;

use contract::complaints::complaint_service_client::ComplaintServiceClient;
use contract::complaints::{ListComplaintsRequest, ListComplaintsResponse};
use serde_json::Value;
use tempfile::tempdir;
use tokio::process::Command;
use tonic::transport::Channel;

use crate::harness::*;
use crate::kill::binary;

const ROWS: usize = 2500;
/// Every so many rows one is bad.
const BAD_EVERY: usize = 100;

/// `rows` complaints, of which some are of an unknown channel, an unknown unit, or say nothing.
fn file(rows: usize) -> String {
    let mut csv = "complaint_id,channel,text,unit,full_name,occurred_at\n".to_owned();
    for row in 0..rows {
        let (mut channel, mut unit, mut text) = ("hotline", "north", format!("Nobody came, {row}."));
        if row % BAD_EVERY == 7 {
            match row / BAD_EVERY % 3 {
                0 => channel = "pigeon",
                1 => unit = "nowhere",
                _ => text.clear(),
            }
        }
        writeln!(csv, "row-{row},{channel},\"{text}\",{unit},Zhang San,2025-03-01T09:00:00+08:00").unwrap();
    }
    csv
}

async fn import(binary: &Path, kind: &str, file: &Path, server: &str) -> Output {
    let mut command = Command::new(binary);
    command.args([
        "import",
        kind,
        "--json",
        "--log",
        "error",
        "--jurisdiction",
        "testville",
        "--server",
        server,
    ]);
    command.arg(file).kill_on_drop(true).output().await.unwrap()
}

fn told(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

async fn complaints(channel: &Channel, token: &str) -> Vec<String> {
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListComplaintsRequest {
            parent: PARENT.to_owned(),
            page_size: 1000,
            page_token,
            consistency_token: token.to_owned(),
            ..Default::default()
        };
        let mut client = ComplaintServiceClient::new(channel.clone());
        let ListComplaintsResponse { complaints, next_page_token } =
            client.list_complaints(request).await.unwrap().into_inner();
        names.extend(complaints.into_iter().map(|complaint| complaint.name));
        page_token = next_page_token;
        if page_token.is_empty() {
            return names;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_import_that_is_repeated_ends_the_same() {
    let (home, data) = (tempdir().unwrap(), tempdir().unwrap());
    let binary = binary(home.path());
    let server = Server::start(data.path()).await;
    city(&server.channel(), &["north"]).await;
    let whole = home.path().join("complaints.csv");
    std::fs::write(&whole, file(ROWS)).unwrap();

    // Killed once something of it is recorded.
    let mut command = Command::new(&binary);
    command.args(["import", "complaints", "--log", "error", "--jurisdiction", "testville"]);
    let interrupted = command.args(["--server", &server.url()]).arg(&whole).kill_on_drop(true);
    let mut interrupted = interrupted.stdout(std::process::Stdio::null()).spawn().unwrap();
    while head(&server.channel(), "complaints").await == 0 {
        assert!(interrupted.try_wait().unwrap().is_none(), "it ended before anything was recorded");
        tokio::task::yield_now().await;
    }
    interrupted.kill().await.unwrap();

    let output = import(&binary, "complaints", &whole, &server.url()).await;
    assert_eq!(output.status.code(), Some(1), "rows were refused");
    let bad = ROWS / BAD_EVERY;
    let first = told(&output);
    assert_eq!(
        (first["recorded"].as_u64(), first["refused"].as_u64()),
        (Some(to_u64(ROWS - bad)), Some(to_u64(bad)))
    );
    let refusal = |row: usize| {
        let line = to_u64(row + 2);
        let found = first["refusals"].as_array().unwrap().iter().find(|it| it["line"].as_u64() == Some(line));
        found.unwrap_or_else(|| panic!("line {line} is not told")).clone()
    };
    assert_eq!((refusal(7)["field"].as_str(), refusal(7)["id"].as_str()), (Some("channel"), Some("row-7")));
    assert_eq!(refusal(107)["rule"], "complaints.unit_not_in_service");
    assert_eq!(refusal(207)["field"], "complaint.text");

    let everything = server.everything().await;
    let names = complaints(&server.channel(), &everything).await;
    assert_eq!(names.len(), ROWS - bad);
    let again = import(&binary, "complaints", &whole, &server.url()).await;
    assert_eq!(told(&again), first);
    // Deadlines pass meanwhile, so the log may grow; no complaint is recorded again.
    let everything = server.everything().await;
    assert_eq!(complaints(&server.channel(), &everything).await, names);
    server.stop().await;
}

fn to_u64(count: usize) -> u64 {
    count.try_into().unwrap()
}
