//! THE PROJECTION: reads every fact, owns none. The combined scorecard 成绩单 of every unit in every cycle,
//! from the events of the four other services alone.
//!
//! | file | what |
//! |---|---|
//! | `follow` | the logs → one task that folds and writes, exactly once in effect |
//! | [`fold`](fn@fold) | events → facts: pure; the logs in any order between them |
//! | `history`, `as_of` | every event that counts, packed; the same fold over those up to an instant |
//! | `generation`, `rebuild` | one build of it all; another one beside it, swapped in when level |
//! | `supervise` | which build is followed; which replica writes |
//! | `league` | the facts of one cycle → everything computed from them |
//! | `card`, `figures`, `drill` | … → a scorecard; what it shows beside its cycle; training |
//! | `explain`, `origins` | where the points went, each line with its events; what those say |
//! | `compare`, `risks` | two explanations side by side; what will be lost, when, at what price |
//! | `simulate` | another scheme on the same facts |
//! | `watch` | every change, as it happens |
//! | `show`, `shown` | the scorecards as SQL rows for other tools |
//! | `freshness`, `heads` | how far it has come; where the logs end |
//! | `projection`, `current` | what queries read, kept until it is out of date; a cycle as it is answered |
//! | `service`, `queries` | the gRPC service |
//! | `resume`, `store` | where it goes on after a restart; its database, the only module with SQL |
//!
//! What must never be here: a command, a rule of another context, arithmetic (that is `scoring`), anything
//! that cannot be built again from the logs. Start at [`fold`](fn@fold), then `league`.
//!
//! Published results are frozen: the facts as they were at `ResultsPublished` or `ResultsRevised` are kept
//! apart, and the cycle's cards show those, whatever is recorded later.

use std::sync::Arc;
use std::time::Duration;

use contract::scorecard::scorecard_service_server::ScorecardServiceServer;
use contract::status::Failure;
use eventstore::lease::{self, Leases as _};
use eventstore::postgres::patiently;
use eventstore::{Clock, SharedSource};
use shell::{Sources, Tasks};

mod as_of;
mod card;
mod compare;
mod current;
mod drill;
mod explain;
mod figures;
mod fold;
mod follow;
mod freshness;
mod generation;
mod heads;
mod history;
mod league;
mod origins;
mod projection;
mod queries;
mod rebuild;
mod resume;
mod risks;
mod service;
mod show;
mod shown;
mod simulate;
mod store;
mod supervise;
#[cfg(test)]
mod tests;
mod watch;

pub use fold::{Folded, Reached, fold};
pub use service::Service;
pub use store::{Error as DatabaseError, Place};

use generation::Generation;
use projection::Projection;
use store::Store;

/// What tests set otherwise.
#[derive(Debug, Clone, Copy)]
struct Settings {
    /// Of the facts as they are written.
    format: i64,
    /// So many events wait in a replica for the one that writes to sort them in.
    standing_by_max: usize,
    /// How often to look whether facts of another format are of use to anybody.
    look_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            format: store::FORMAT,
            standing_by_max: follow::TAIL_EVENTS_STANDING_BY_MAX,
            look_every: Duration::from_mins(1),
        }
    }
}

/// The running projection. Cheap to clone.
#[derive(Clone)]
pub struct Scorecard {
    projection: Arc<Projection>,
}

impl Scorecard {
    /// Takes the facts up where the database at `place` has them and follows every service's log, in tasks of the
    /// process.
    pub async fn start(
        sources: &Sources,
        place: &Place,
        clock: Clock,
        tasks: &Tasks,
    ) -> Result<Self, DatabaseError> {
        Self::start_with(sources, place, clock, tasks, Settings::default()).await
    }

    async fn start_with(
        sources: &Sources,
        place: &Place,
        clock: Clock,
        tasks: &Tasks,
        settings: Settings,
    ) -> Result<Self, DatabaseError> {
        let taking_up = || taken_up(place, settings.format);
        let (store, generation) = patiently(taking_up, DatabaseError::is_away).await?;
        let generation = Arc::new(generation);
        let projection = Projection::new(generation.clone(), in_order(sources), clock, tasks, settings);
        let projection = Arc::new(projection);
        let looking = projection.clone();
        let stop = tasks.stop.clone();
        tasks.tracker.spawn(async move { stop.run_until_cancelled(looking.heads().keep_looking()).await });
        tasks.tracker.spawn(supervise::supervise(projection.clone(), store, generation));
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

    /// Whether it has stopped at an event that it could not read.
    pub fn has_stopped(&self) -> bool {
        self.projection.has_stopped()
    }
}

/// The database, and the facts as they are in it; new ones if there are none.
async fn taken_up(place: &Place, format: i64) -> Result<(Store, Generation), DatabaseError> {
    let store = Store::open(place, format).await?;
    let writes = store.try_lease(&store.lease(), lease::TTL).await.unwrap_or_default();
    let generation = match resume::resume(&store).await? {
        Some(generation) => generation,
        None if writes => Generation::empty(store.begin().await?, store.clone()),
        None => Generation::empty(0, store.clone()),
    };
    if !writes {
        generation.stand_by();
    }
    Ok((store, generation))
}

/// By the services' names.
fn in_order(sources: &Sources) -> Vec<SharedSource> {
    let Sources { training, complaints, evaluation, accountability } = sources;
    [accountability, complaints, evaluation, training].map(SharedSource::clone).into()
}
