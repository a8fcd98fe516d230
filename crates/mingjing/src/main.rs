//! `mingjing`: see `mingjing --help`.

use std::process::ExitCode;

use clap::Parser as _;
use mimalloc::MiMalloc;
use mingjing::cli::{self, Cli};
use tokio::runtime::Runtime;

/// Much is allocated in one thread and freed in another, event by event, which it is quicker at than the system's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let asked = Cli::parse();
    let ended = Runtime::new().map_err(Into::into).and_then(|runtime| {
        let ended = runtime.block_on(cli::run(asked));
        // What is awaited is done; nothing else is waited for.
        runtime.shutdown_background();
        ended
    });
    match ended {
        Ok(code) => code,
        Err(error) => cli::print::failure(&error),
    }
}
