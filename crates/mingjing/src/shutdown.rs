//! Signals: the first one stops in good order, a second one at once.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for the first signal to stop (interrupt or terminate). A second one ends the process at once.
pub async fn asked(tasks: &shell::Tasks) -> std::io::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tasks.tracker.spawn({
        let stopped = tasks.tracker.clone();
        async move {
            tokio::select! {
                _ = interrupt.recv() => std::process::exit(130),
                _ = terminate.recv() => std::process::exit(143),
                () = async { stopped.wait().await } => {}
            }
        }
    });
    Ok(())
}
