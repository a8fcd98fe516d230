//! What the program does per second, each figure beside the raw limit measured in the same run.
//!
//! | file | what |
//! |---|---|
//! | `measure` | the window in which calls are counted; the table |
//! | `raw`, `postgres` | what the file, the server and the wire take without any of the program |
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
mod postgres;
mod projection;
mod raw;
mod reads;
mod year;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use eventstore::postgres::PostgresLog;
use eventstore::testing::postgres::PostgresHere;
use measure::Table;
use postgres::Server;
use shell::Tasks;

/// How many callers there are at once.
const CALLERS: [u32; 3] = [1, 32, 256];
/// Any free port of this machine.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // `--postgres URL` names a server's database; any other word asks for the parts whose name has it, and
    // cargo adds a flag of its own.
    let mut arguments = std::env::args().skip(1);
    let (mut words, mut url) = (Vec::new(), None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--postgres" => url = arguments.next(),
            flag if flag.starts_with("--") => (),
            _ => words.push(argument),
        }
    }
    let asked = |part: &str| words.is_empty() || words.iter().any(|word| part.contains(word.as_str()));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let rows = raw::rows(folder.path()).await?;
    let mut table = Table::new();
    let tasks = Tasks::default();
    if asked("in-process") {
        let store = year::open("in-process", folder.path(), &tasks).await?;
        commands::in_process("SQLite", store, rows.limits(), &mut table).await?;
    }
    if asked("postgres") {
        let server = match url {
            Some(url) => Server::There(url),
            None => Server::Here(PostgresHere::run(&[])?),
        };
        let rows = postgres::rows(&server, &mut table).await?;
        let log = PostgresLog::open(&server.database().await?).await?;
        let store = year::start("postgres", Arc::new(log), &tasks).await?;
        commands::in_process("PostgreSQL", store, rows.limits(), &mut table).await?;
    }
    if asked("grpc") {
        commands::over_grpc(folder.path(), &rows, &mut table).await?;
    }
    if asked("projection") {
        projection::rebuilt(folder.path(), &mut table).await?;
    }
    if asked("reads") {
        reads::scorecards(folder.path(), &mut table).await?;
    }
    Ok(())
}
