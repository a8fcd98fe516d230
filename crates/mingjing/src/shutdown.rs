//! Signals: the first one stops in good order, a second one at once.

use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::serve::Running;

/// What shells call the end by a signal.
const INTERRUPTED: i32 = 130;

/// Serves until the first signal to stop (interrupt or terminate), then stops in good order; a second signal
/// ends the process at once.
pub async fn serve_until_asked(running: Running) -> std::io::Result<ExitCode> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    either(&mut interrupt, &mut terminate).await;
    tracing::info!("stopping");
    let stopping = async {
        running.drain().await;
        running.stop().await;
    };
    tokio::select! {
        () = stopping => Ok(ExitCode::SUCCESS),
        // Returning would wait for whatever runs.
        () = either(&mut interrupt, &mut terminate) => std::process::exit(INTERRUPTED),
    }
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
