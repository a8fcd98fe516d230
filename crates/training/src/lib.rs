//! TRAINING 练兵: the roster, and the campaigns that everyone on it trains in.
//!
//! | rule about | file |
//! |---|---|
//! | who is on the roster, in which unit, at which level | [`domain::officer`] |
//! | a campaign, its acceptance method, the units' plans, who stands still | [`domain::campaign`] |
//! | what every fact of a campaign is asked | [`domain::admission`] |
//! | items | [`domain::item`] |
//! | sessions | [`domain::session`] |
//! | assessments; needs | [`domain::assessment`]; [`domain::need`] |
//! | units that stand still, as time passes | [`timers`] |
//! | the figures | `scoring::figures::training` |
//! | what is kept of the unit register and the calendars | [`replica`] |
//!
//! What must never be here: a name, a police number, another context's tables. Start at [`service`].

pub mod domain;
pub mod read_model;
pub mod replica;
mod resource;
pub mod service;
pub mod timers;

use contract::training::training_service_server::TrainingServiceServer;
use eventstore::{Clock, EventStore};
use shell::{Reads, Sources, Tasks};
use std::sync::Arc;

use crate::read_model::ReadModel;
use crate::replica::Replica;
use crate::service::Service;

/// The running context.
pub struct Training {
    service: Arc<Service>,
    reads: Reads<ReadModel>,
    replica: Reads<Replica>,
}

impl Training {
    /// Starts the context on its log, following the units of `evaluation` and the calendars of `complaints`.
    #[expect(clippy::needless_pass_by_value, reason = "every context is started with a store of its own")]
    pub fn start(store: EventStore, sources: &Sources, clock: Clock, tasks: &Tasks) -> Self {
        let own = vec![store.source(), sources.evaluation.clone()];
        let reads = Reads::follow("training", ReadModel::default(), own, tasks);
        let others = vec![sources.evaluation.clone(), sources.complaints.clone()];
        let replica = Reads::follow("training-replica", Replica::default(), others, tasks);
        let service = Arc::new(Service::new(&store, reads.clone(), replica.clone(), clock.clone()));
        shell::timer::start(timers::Stalls::new(service.clone()), timers::EVERY, clock, tasks);
        Self { service, reads, replica }
    }

    /// Its gRPC service.
    pub fn server(&self) -> TrainingServiceServer<Service> {
        TrainingServiceServer::from_arc(self.service.clone())
    }

    /// What it reads its own facts from: ready once it has caught up.
    pub fn reads(&self) -> &Reads<ReadModel> {
        &self.reads
    }

    /// What it reads others' facts from: ready once it has caught up.
    pub fn replica(&self) -> &Reads<Replica> {
        &self.replica
    }
}
