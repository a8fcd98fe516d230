//! What the program does per second, each figure beside the raw limit measured in the same run.
//!
//! | file | what |
//! |---|---|
//! | `measure` | the window in which calls are counted; the table |
//! | `raw`, `postgres` | what the file, the server and the wire take without any of the program |
//! | `nats` | the relay and a consumer, beside what NATS takes without any of the program |
//! | `stack` | from the answer of a command to the scorecard, over PostgreSQL and NATS |
//! | `year` | a cycle of 10,000 units, as events |
//! | `commands` | durable commands, in process and over gRPC; forms in bulk |
//! | `projection` | the scorecard rebuilt from the logs |
//! | `reads` | scorecards over gRPC |
//!
//! Clients and server share the process and its cores. Files lie under the target directory, on a disk; each
//! commit is flushed.

#![expect(clippy::float_arithmetic, reason = "rates are for people to look at")]

mod commands;
mod measure;
mod nats;
mod postgres;
mod projection;
mod raw;
mod reads;
mod stack;
mod year;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use eventstore::postgres::PostgresLog;
use eventstore::testing::postgres::PostgresHere;
use measure::Table;
use mimalloc::MiMalloc;
use mingjing::config::Settings;
use shell::Tasks;

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How many callers there are at once.
const CALLERS: [u32; 3] = [1, 32, 256];
/// Any free port of this machine.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Words ask for the parts whose name has one of them; cargo adds a flag of its own.
    let words: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let asked = |part: &str| words.is_empty() || words.iter().any(|word| part.contains(word.as_str()));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let folder = folder.path();
    let rows = raw::rows(folder).await?;
    let mut table = Table::new();
    let tasks = Tasks::default();
    if asked("sqlite") {
        let store = year::open("in-process", folder, &tasks).await?;
        commands::in_process("SQLite", store, rows.limits(), &mut table).await?;
        let settings = Settings::embedded(LISTEN, &folder.join("grpc"));
        commands::over_grpc("SQLite", &settings, rows.limits(), &mut table).await?;
        projection::rebuilt("SQLite", &Settings::embedded(LISTEN, &folder.join("projection")), &mut table)
            .await?;
    }
    if asked("postgres") || asked("nats") {
        let server = PostgresHere::run(&[])?;
        let rows = postgres::rows(&server, &mut table).await?;
        if asked("postgres") {
            let log = PostgresLog::open(&server.database().await?).await?;
            let store = year::start("postgres", Arc::new(log), &tasks).await?;
            commands::in_process("PostgreSQL", store, rows.limits(), &mut table).await?;
            let settings = postgres::settings(&server, folder).await?;
            commands::over_grpc("PostgreSQL", &settings, rows.limits(), &mut table).await?;
            let settings = postgres::settings(&server, folder).await?;
            projection::rebuilt("PostgreSQL", &settings, &mut table).await?;
        }
        if asked("nats") {
            let settings = postgres::settings(&server, folder).await?;
            nats::published(folder, &settings, &mut table).await?;
            let settings = postgres::settings(&server, folder).await?;
            let [_, limit] = rows.limits();
            stack::visible(folder, &settings, limit, &mut table).await?;
        }
    }
    if asked("reads") {
        reads::scorecards(folder, &mut table).await?;
    }
    Ok(())
}
