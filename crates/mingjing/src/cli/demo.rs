//! `mingjing demo`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{print, scorecard};
use crate::config::{ClockSetting, Flags, Settings};
use crate::sample::{self, Servers};
use crate::target::Target;
use crate::{serve, shutdown, telemetry};

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Keep serving until interrupted, on the settings' address and data directory.
    #[arg(long)]
    keep_serving: bool,
    /// With --keep-serving: where to serve.
    #[arg(long, value_name = "ADDRESS", requires = "keep_serving")]
    listen: Option<String>,
    /// With --keep-serving: where the logs lie.
    #[arg(long, value_name = "DIR", requires = "keep_serving")]
    data_dir: Option<PathBuf>,
    /// Answer as JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(asked: Demo, mut flags: Flags) -> anyhow::Result<ExitCode> {
    flags.listen = asked.listen;
    flags.data_dir = asked.data_dir;
    flags.log = Some(flags.log.unwrap_or_else(|| "warn".to_owned()));
    let mut settings = Settings::read(&flags)?;
    telemetry::start(&settings)?;
    let folder = tempfile::tempdir()?;
    if !asked.keep_serving {
        settings.listen.set_port(0);
        settings.data_dir = folder.path().to_owned();
    }
    if settings.clock == ClockSetting::System {
        settings.clock = ClockSetting::ByHand(sample::CLOCK);
    }
    let running = serve::start(Target::All, &settings, crate::clock()).await?;
    let server = format!("http://{}", running.address);
    running.filled().await;
    let token = super::sample::load(&Servers::one(&server)).await?;
    scorecard::tour(&server, &token, asked.json).await?;
    if asked.keep_serving {
        print_how_to_call(&server);
        return Ok(shutdown::serve_until_asked(running).await?);
    }
    running.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn print_how_to_call(server: &str) {
    let address = server.trim_start_matches("http://");
    print::line(format!(
        "\nServing gRPC on {address}, with reflection. In another terminal:\n\
         \n  mingjing scorecard explain                          (the binary is target/release/mingjing)\
         \n  mingjing scorecard simulate --scheme second-year\
         \n  mingjing events tail evaluation --json\
         \n  grpcurl -plaintext -d '{{\"name\": \"{}\"}}' {address} \\\
         \n    mingjing.scorecard.v1.ScorecardService/GetScorecard\n\
         \nCtrl-C stops it.",
        sample::BUREAU_SCORECARD_NAME
    ));
}
