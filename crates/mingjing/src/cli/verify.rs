//! `mingjing verify`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use eventstore::EventStore;
use eventstore::verify::{Verdict, verify};
use serde_json::json;
use tokio_util::task::TaskTracker;

use super::print;
use crate::config::Flags;
use crate::substrate;
use crate::target::Owner;

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Which logs; none: all four.
    #[arg(value_enum)]
    services: Vec<Owner>,
    /// Where the logs lie, if they are SQLite files; a PostgreSQL URL is told by `MINGJING_DATABASE_URL`.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Answer as JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(asked: Verify, mut flags: Flags) -> anyhow::Result<ExitCode> {
    flags.data_dir = asked.data_dir;
    let settings = super::started(&flags)?;
    let mut shown = Vec::new();
    let mut sound = true;
    let services = if asked.services.is_empty() { Owner::ALL.to_vec() } else { asked.services };
    for service in services.into_iter().map(Owner::name) {
        let log = substrate::open_existing_log(service, &settings).await?;
        let store = EventStore::start(service, log, crate::clock(), &TaskTracker::new()).await?;
        let bar = print::progress(store.reader().head().await?.position, service);
        let verdict = verify(store.reader(), |position| bar.set_position(position)).await?;
        bar.finish_and_clear();
        let (verdict, position, what) = match verdict {
            Verdict::Sound { events, .. } => ("sound", events, String::new()),
            Verdict::Broken { position, what } => {
                sound = false;
                ("broken", position, what)
            }
        };
        if asked.json {
            shown.push(json!({"service": service, "verdict": verdict, "position": position, "what": what}));
        } else if what.is_empty() {
            print::line(format!("{service}: sound, {position} events"));
        } else {
            print::line(format!("{service}: BROKEN at position {position}: {what}"));
        }
    }
    if asked.json {
        print::json(&json!({ "logs": shown }));
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
