//! Reading on: one statement's events, page by page, ahead of who takes them.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, Executor as _};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::{READ_ALL, connect};
use crate::event::RecordedEvent;
use crate::row::{self, count, signed};
use crate::store::{PAGE_EVENTS_MAX, Pages, StoreError};

/// So many at a time.
const RUNS_MAX: usize = 4;
const EVENTS_MAX: usize = 64 * PAGE_EVENTS_MAX;
/// What is erased stays in the database's files while a statement runs that began before: none runs longer, however
/// slowly its events are taken.
const TIME_MAX: Duration = Duration::from_secs(1);
/// Pages that wait to be taken.
const PAGES_WAITING_MAX: usize = 2;

/// The runs of a log, each on a connection of its own: a statement that is broken off goes with it.
pub(super) struct Runs {
    options: PgConnectOptions,
    free: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Runs {
    pub(super) fn new(options: PgConnectOptions) -> Self {
        Self { options, free: Arc::new(Semaphore::new(RUNS_MAX)), tasks: TaskTracker::new() }
    }

    /// Begins one; none: there are enough of them.
    pub(super) fn begin(&self, from_position: u64) -> Option<Pages> {
        let permit = self.free.clone().try_acquire_owned().ok()?;
        let (sender, pages) = mpsc::channel(PAGES_WAITING_MAX);
        let options = self.options.clone();
        self.tasks.spawn(async move {
            let _permit = permit;
            // Who takes the pages asks for what comes after them, and is told then of what is wrong.
            if let Ok(Err(error)) = timeout(TIME_MAX, run(&options, from_position, sender)).await {
                tracing::debug!(%error, "reading on broke off");
            }
        });
        Some(pages)
    }

    /// Waits until the last has ended.
    pub(super) async fn close(&self) {
        self.free.close();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

type Sender = mpsc::Sender<Result<Vec<RecordedEvent>, StoreError>>;

/// Hands over the events of one statement, page by page.
async fn run(options: &PgConnectOptions, from_position: u64, pages: Sender) -> Result<(), sqlx::Error> {
    let mut connection = connect(options).await?;
    let read = sqlx::query(READ_ALL.as_str()).bind(signed(from_position)).bind(count(EVENTS_MAX));
    let mut rows = connection.fetch(read);
    let mut page = Vec::with_capacity(PAGE_EVENTS_MAX);
    while let Some(found) = rows.next().await {
        match row::event(&found?, from_position) {
            Ok(event) => page.push(event),
            Err(corrupt) => {
                let _ = pages.send(Err(corrupt)).await;
                return Ok(());
            }
        }
        if page.len() == PAGE_EVENTS_MAX {
            let whole = std::mem::replace(&mut page, Vec::with_capacity(PAGE_EVENTS_MAX));
            if pages.send(Ok(whole)).await.is_err() {
                return Ok(());
            }
        }
    }
    drop(rows);
    if !page.is_empty() {
        let _ = pages.send(Ok(page)).await;
    }
    connection.close().await
}
