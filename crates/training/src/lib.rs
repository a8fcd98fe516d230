//! TRAINING 练兵: the roster, and the campaigns that everyone on it trains in.
//!
//! | rule about | file |
//! |---|---|
//! | who is on the roster, in which unit, at which level | [`domain::officer`] |
//! | a campaign, its acceptance method, the units' plans | [`domain::campaign`] |
//! | what is kept of the unit register | [`replica`] |
//!
//! What must never be here: a name, a police number, another context's tables. Start at [`service`].

pub mod domain;
pub mod read_model;
pub mod replica;
mod resource;
pub mod service;

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
    /// Starts the context on its log, with the unit register of `evaluation`.
    #[expect(clippy::needless_pass_by_value, reason = "every context is started with a store of its own")]
    pub fn start(store: EventStore, sources: &Sources, clock: Clock, tasks: &Tasks) -> Self {
        let reads = Reads::follow("training", ReadModel::default(), vec![store.source()], tasks);
        let replica =
            Reads::follow("training-replica", Replica::default(), vec![sources.evaluation.clone()], tasks);
        let service = Arc::new(Service::new(&store, reads.clone(), replica.clone(), clock));
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
