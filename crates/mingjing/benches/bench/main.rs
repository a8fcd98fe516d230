//! What the program does per second, each figure beside the raw limit measured in the same run.
//!
//! | file | what |
//! |---|---|
//! | `measure` | the window in which calls are counted; the table |
//! | `raw` | what the file and the wire take without any of the program |
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
mod projection;
mod raw;
mod reads;
mod year;

use std::net::{Ipv4Addr, SocketAddr};

use measure::Table;

/// How many callers there are at once.
const CALLERS: [u32; 3] = [1, 32, 256];
/// Any free port of this machine.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Cargo adds a flag of its own; a word asks for the parts whose name has it.
    let words: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let asked = |part: &str| words.is_empty() || words.iter().any(|word| part.contains(word.as_str()));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let rows = raw::rows(folder.path()).await?;
    let mut table = Table::new();
    if asked("in-process") {
        commands::in_process(folder.path(), &rows, &mut table).await?;
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
