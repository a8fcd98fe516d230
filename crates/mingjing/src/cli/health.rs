//! `mingjing health`

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::print;
use crate::config::{Flags, Settings};

const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub(super) struct Health {
    /// A service's full name, e.g. `mingjing.evaluation.v1.EvaluationService`, or `alive`; none: all that the
    /// server serves.
    service: Option<String>,
    /// The server to call.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
}

pub(super) async fn run(asked: Health, mut flags: Flags) -> anyhow::Result<ExitCode> {
    flags.server = asked.server;
    let settings = Settings::read(&flags)?;
    let channel =
        Endpoint::new(settings.server)?.connect_timeout(PATIENCE).timeout(PATIENCE).connect().await?;
    let request = HealthCheckRequest { service: asked.service.unwrap_or_default() };
    let answer = HealthClient::new(channel).check(request).await?.into_inner();
    let serving = answer.status() == ServingStatus::Serving;
    print::line(if serving { "serving" } else { "not serving" });
    Ok(if serving { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
