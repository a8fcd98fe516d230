//! `mingjing`: see `mingjing --help`.

use std::process::ExitCode;

use clap::Parser as _;
use mingjing::cli::{self, Cli};

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => cli::print::failure(&error),
    }
}
