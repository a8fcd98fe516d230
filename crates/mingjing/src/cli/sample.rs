//! `mingjing sample`

use std::process::ExitCode;

use clap::Args;

use super::{print, scorecard};
use crate::config::{Flags, Settings};
use crate::sample::{self, Outcome, SecondYear, Servers};
use crate::target::Owner;
use crate::telemetry;

#[derive(Debug, Args)]
pub(super) struct Sample {
    /// The server of the evaluation service.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The server of the scorecard service, if it is another.
    #[arg(long, value_name = "URL")]
    scorecard: Option<String>,
    /// The servers of the other services, if they are others: `training=http://…,complaints=http://…`.
    #[arg(long, value_name = "SERVICE=URL,…")]
    peers: Option<String>,
    /// Answer as JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(asked: Sample, mut flags: Flags) -> anyhow::Result<ExitCode> {
    flags.server = asked.server;
    flags.peers = asked.peers;
    flags.log = Some(flags.log.unwrap_or_else(|| "warn".to_owned()));
    let settings = Settings::read(&flags)?;
    telemetry::start(&settings)?;
    let of = |owner| settings.peers.address(owner).unwrap_or(&settings.server).to_owned();
    let servers = Servers {
        training: of(Owner::Training),
        complaints: of(Owner::Complaints),
        evaluation: settings.server.clone(),
        accountability: of(Owner::Accountability),
        scorecard: asked.scorecard.unwrap_or_else(|| settings.server.clone()),
    };
    let token = load(&servers).await?;
    scorecard::tour(&servers.scorecard, &token, asked.json).await?;
    Ok(ExitCode::SUCCESS)
}

/// Loads both years and lets time go, or says why not the second. Gives the token to read them with.
pub(super) async fn load(servers: &Servers) -> anyhow::Result<String> {
    let second = SecondYear::generate();
    let bar = print::progress(sample::STEPS + second.steps(), "the sample years");
    let first = sample::load(&servers.evaluation, || bar.inc(1)).await?;
    let outcome = second.load(servers, || bar.inc(1)).await?;
    bar.finish_and_clear();
    match outcome {
        Outcome::Entered | Outcome::There => return sample::let_go(servers).await,
        Outcome::NeedsClock => print::note(format!(
            "the second year is not loaded: its facts are entered while time is moved by hand. Start every service \
             anew, on logs without later facts, with `--clock {start}` or MINGJING_CLOCK={start}; `--peers` says \
             where they are, if not at `--server`",
            start = sample::CLOCK
        )),
    }
    Ok(first)
}
