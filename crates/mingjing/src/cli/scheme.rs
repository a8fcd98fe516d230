//! `mingjing scheme …`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use contract::words::SchemeRules;
use scoring::scheme::differences;
use serde_json::json;

use super::print;
use crate::scheme_file::{self, Fault};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check a scheme file: every fault at once, each with its place. Exits with 1 if there is one.
    ///
    /// A scheme file is TOML with the fields of `mingjing.type.v1.SchemeRules`, decimals as strings; see
    /// crates/mingjing/sample/second-year.toml.
    Check(Check),
    /// Where two scheme files differ, field by field; components, strata and the like are matched by their ids.
    Compare(Compare),
}

#[derive(Debug, Args)]
pub(super) struct Compare {
    /// The one file.
    one: PathBuf,
    /// The other.
    other: PathBuf,
    /// Answer as JSON, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// The file.
    file: PathBuf,
    /// Answer as JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(asked) => check(asked),
        Command::Compare(asked) => compare(asked),
    }
}

fn read(file: &Path) -> anyhow::Result<SchemeRules> {
    scheme_file::parse(&text(file)?).with_context(|| format!("{} is not a scheme", file.display()))
}

fn text(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}

fn compare(asked: &Compare) -> anyhow::Result<ExitCode> {
    let differences = differences(&read(&asked.one)?, &read(&asked.other)?);
    if asked.json {
        let shown: Vec<_> = differences
            .iter()
            .map(|it| json!({"path": it.path, "value": it.value, "otherValue": it.other_value}))
            .collect();
        print::json(&json!({ "differences": shown }));
    } else if differences.is_empty() {
        print::line("no difference");
    } else {
        let (one, other) = (asked.one.display().to_string(), asked.other.display().to_string());
        let rows = differences.into_iter().map(|it| vec![it.path, it.value, it.other_value]);
        print::table(&["where", &one, &other], 3, rows);
    }
    Ok(ExitCode::SUCCESS)
}

fn check(asked: &Check) -> anyhow::Result<ExitCode> {
    let file = asked.file.display();
    let faults = scheme_file::check(&text(&asked.file)?);
    if asked.json {
        let shown = faults.iter().map(|Fault { path, line, rule, message }| {
            json!({"path": path, "line": line, "rule": rule, "message": message})
        });
        print::json(&json!({ "faults": shown.collect::<Vec<_>>() }));
    } else if faults.is_empty() {
        print::line(format!("{file}: no fault; it may be published"));
    } else {
        let rows = faults.iter().map(|Fault { path, line, rule, message }| {
            vec![line.to_string(), path.clone(), message.clone(), (*rule).to_owned()]
        });
        print::table(&["line", "where", "what is wrong", "rule"], 4, rows);
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
