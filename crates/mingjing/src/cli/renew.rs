//! `mingjing renew`

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use eventstore::nats::jetstream;
use eventstore::relay;
use uuid::Uuid;

use super::print;
use crate::config::Flags;
use crate::substrate;
use crate::target::Owner;

/// The service must not begin to publish meanwhile.
const LEASE_TTL: Duration = Duration::from_mins(1);
/// A process that was killed a moment ago holds its lease a little longer.
const LEASE_ATTEMPTS: u32 = 20;
const LEASE_RETRY: Duration = Duration::from_millis(250);

#[derive(Debug, Args)]
pub(super) struct Renew {
    /// Whose log was restored from an older copy.
    #[arg(value_enum)]
    service: Owner,
    /// Where the log lies, if it is a SQLite file; a PostgreSQL URL is told by `MINGJING_DATABASE_URL`.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// NATS, where the log was published.
    #[arg(long, value_name = "URL")]
    nats_url: Option<String>,
}

pub(super) async fn run(asked: Renew, mut flags: Flags) -> anyhow::Result<ExitCode> {
    flags.data_dir = asked.data_dir;
    flags.nats_url = asked.nats_url;
    let settings = super::started(&flags)?;
    let service = asked.service.name();
    let log = substrate::open_existing_log(service, &settings).await?;
    let holder = Uuid::from_u128(rand::random());
    let mut attempts = 0;
    while !log.try_lease(relay::LEASE, holder, LEASE_TTL).await? {
        attempts += 1;
        anyhow::ensure!(attempts < LEASE_ATTEMPTS, "{service} runs: stop it first, all its replicas");
        tokio::time::sleep(LEASE_RETRY).await;
    }
    let before = log.head().await?;
    let head = log.renew_epoch().await?;
    print::line(format!(
        "{service}: store epoch {}, not {}; it ends at {}",
        head.epoch, before.epoch, head.position
    ));
    if let Some(nats) = substrate::connect("renew", &settings).await? {
        let withdrawn = jetstream::withdraw(&nats, service).await?;
        print::line(if withdrawn {
            "its stream is deleted; its relay makes it again"
        } else {
            "it has no stream"
        });
    }
    log.release_lease(relay::LEASE, holder).await?;
    log.close().await;
    Ok(ExitCode::SUCCESS)
}
