//! Signals: the first one stops in good order, a second one at once.

use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::serve::Running;

/// Serves until the first signal to stop (interrupt or terminate), then stops in good order; a second signal
/// ends that at once.
pub async fn serve_until_asked(running: Running) -> std::io::Result<ExitCode> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    either(&mut interrupt, &mut terminate).await;
    tracing::info!("stopping");
    tokio::select! {
        () = running.stop() => Ok(ExitCode::SUCCESS),
        () = either(&mut interrupt, &mut terminate) => Ok(ExitCode::from(130)),
    }
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
