//! Rebuilds that are asked for, and how far the one that runs is: everything is built again from the logs, beside
//! what is read, and takes its place when it is level (`supervise`). Nobody who reads waits for it.

use tokio::sync::watch;

/// How far a rebuild is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// How many were begun since the program started.
    pub(crate) begun: u64,
    /// How many of them have ended.
    pub(crate) ended: u64,
    /// Events folded by the one that runs, or ran last.
    pub(crate) events: u64,
    /// Events that it has to fold.
    pub(crate) events_total: u64,
    /// Why the last one failed; empty: it did not.
    pub(crate) failure: String,
}

/// Rebuilds that are asked for, and how far the one that runs is.
#[derive(Default)]
pub(crate) struct Rebuilds {
    progress: watch::Sender<Progress>,
}

impl Rebuilds {
    /// Asks for one; if one runs, that is the one. Gives its number.
    pub(crate) fn ask(&self) -> u64 {
        let mut number = 0;
        self.progress.send_modify(|progress| {
            if progress.begun == progress.ended {
                progress.begun += 1;
                (progress.events, progress.events_total) = (0, 0);
                progress.failure.clear();
            }
            number = progress.begun;
        });
        number
    }

    /// How far it is, now and later.
    pub(crate) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Waits until one is asked for.
    pub(crate) async fn asked(&self) {
        // An error: this is gone, and so is who waits.
        let _ = self.progress.subscribe().wait_for(|progress| progress.begun > progress.ended).await;
    }

    /// Says how far the one that runs is.
    pub(crate) fn reached(&self, events: u64, events_total: u64) {
        self.progress.send_modify(|progress| {
            if progress.begun > progress.ended {
                (progress.events, progress.events_total) = (events, events_total);
            }
        });
    }

    /// Says that the one that runs has ended, and why it failed; empty: it did not.
    pub(crate) fn end(&self, failure: String) {
        self.progress.send_modify(|progress| {
            progress.ended = progress.begun;
            progress.failure = failure;
        });
    }
}
