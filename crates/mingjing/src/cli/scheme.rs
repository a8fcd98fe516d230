//! `mingjing scheme …`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::json;

use super::print;
use crate::scheme_file;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check a scheme file: every fault at once, each with its place. Exits with 1 if there is one.
    ///
    /// A scheme file is TOML with the fields of `mingjing.type.v1.SchemeRules`, decimals as strings; see
    /// crates/mingjing/sample/second-year.toml.
    Check(Check),
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// The file.
    file: PathBuf,
    /// Answer as JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn check(asked: &Check) -> anyhow::Result<ExitCode> {
    let file = asked.file.display();
    let text = std::fs::read_to_string(&asked.file).with_context(|| format!("{file}"))?;
    let rules = scheme_file::parse(&text).with_context(|| format!("{file} is not a scheme"))?;
    let faults = scoring::Scheme::parse_for_publication(&rules).err().unwrap_or_default();
    if asked.json {
        let shown: Vec<_> = faults
            .iter()
            .map(|fault| json!({"path": fault.path, "rule": fault.rule.name(), "message": fault.message}))
            .collect();
        print::json(&json!({ "faults": shown }));
    } else if faults.is_empty() {
        print::line(format!("{file}: no fault; it may be published"));
    } else {
        let rows = faults
            .iter()
            .map(|fault| vec![fault.path.clone(), fault.message.clone(), fault.rule.name().to_owned()]);
        print::table(&["where", "what is wrong", "rule"], 3, rows);
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
