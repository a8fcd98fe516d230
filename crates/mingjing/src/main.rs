//! `mingjing`: see `mingjing --help`.

use std::process::ExitCode;

use clap::Parser as _;
use mimalloc::MiMalloc;
use mingjing::cli::{self, Cli};

/// Much is allocated in one thread and freed in another, event by event, which it is quicker at than the system's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => cli::print::failure(&error),
    }
}
