//! `mingjing sample`

use std::process::ExitCode;

use clap::Args;

use super::{print, scorecard};
use crate::config::{Flags, Settings};
use crate::{sample, telemetry};

#[derive(Debug, Args)]
pub(super) struct Sample {
    /// The server of the evaluation service.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The server of the scorecard service, if it is another.
    #[arg(long, value_name = "URL")]
    scorecard: Option<String>,
    /// Answer as JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(asked: Sample, mut flags: Flags) -> anyhow::Result<ExitCode> {
    flags.server = asked.server;
    flags.log = Some(flags.log.unwrap_or_else(|| "warn".to_owned()));
    let settings = Settings::read(&flags)?;
    telemetry::start(&settings)?;
    let bar = print::progress(sample::STEPS, "the sample year");
    let token = sample::load(&settings.server, || bar.inc(1)).await?;
    bar.finish_and_clear();
    scorecard::tour(&asked.scorecard.unwrap_or(settings.server), &token, asked.json).await?;
    Ok(ExitCode::SUCCESS)
}
