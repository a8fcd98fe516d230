//! THE PROJECTION: reads every fact, owns none. The combined scorecard 成绩单 of every unit in every cycle,
//! from the events of the four other services alone.
//!
//! | file | what |
//! |---|---|
//! | `follow` | the logs → one task that folds and writes, exactly once in effect |
//! | [`fold`](fn@fold) | events → facts: pure; the logs in any order between them |
//! | `league` | the facts of one cycle → everything computed from them |
//! | `card`, `figures` | … → a scorecard; what it shows beside its cycle |
//! | `explain` | where the points went, each line with its events |
//! | `simulate` | another scheme on the same facts |
//! | `freshness` | how far it has come |
//! | `projection` | what queries read, kept until it is out of date |
//! | `service` | the gRPC service |
//! | `resume`, `store` | where it goes on after a restart; its database, the only file with SQL |
//!
//! What must never be here: a command, a rule of another context, arithmetic (that is `scoring`), anything
//! that cannot be built again from the logs. Start at [`fold`](fn@fold), then `league`.
//!
//! Published results are frozen: the facts as they were at `ResultsPublished` or `ResultsRevised` are kept
//! apart, and the cycle's cards show those, whatever is recorded later.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use contract::scorecard::scorecard_service_server::ScorecardServiceServer;
use contract::status::Failure;
use eventstore::{LogReader, StoreError};

mod card;
mod explain;
mod figures;
mod fold;
mod follow;
mod freshness;
mod league;
mod projection;
mod resume;
mod service;
mod simulate;
mod store;
#[cfg(test)]
mod tests;

pub use fold::{Folded, Reached, fold};
pub use service::Service;
pub use store::Error as DatabaseError;

use projection::Projection;
use store::Store;

/// Why the projection does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its own database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A log.
    #[error(transparent)]
    Log(#[from] StoreError),
}

/// The running projection. Cheap to clone.
#[derive(Clone)]
pub struct Scorecard {
    projection: Arc<Projection>,
}

impl Scorecard {
    /// Takes the facts up where `database` has them (made if it is not there) and follows `logs`, one of each
    /// service, in tasks of the process.
    pub async fn start(
        mut logs: Vec<LogReader>,
        database: &Path,
        tasks: &shell::Tasks,
    ) -> Result<Self, StartError> {
        logs.sort_by_key(LogReader::service);
        let mut store = Store::open(database).await?;
        let (folded, epochs) = resume::resume(&mut store, &logs).await?;
        let projection = Arc::new(Projection::new(folded, logs, tasks.tracker.clone()));
        follow::start(&projection, store, epochs, tasks);
        Ok(Self { projection })
    }

    /// The gRPC service.
    pub fn server(&self) -> ScorecardServiceServer<Service> {
        ScorecardServiceServer::new(Service::new(self.projection.clone()))
    }

    /// Waits until all that the logs contain now is in, at most `patience`.
    pub async fn catch_up(&self, patience: Duration) -> Result<(), Failure> {
        self.projection.catch_up(patience).await
    }
}
