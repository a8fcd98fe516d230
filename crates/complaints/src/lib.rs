//! COMPLAINTS 投诉: which problem is whose, by when, and whether it was put right.
//!
//! | rule about | file |
//! |---|---|
//! | a complaint's life, who may handle it, its deadline | [`domain::complaint`] |
//! | working days, colours of clocks | [`domain::calendar`] |
//! | how long the clocks run | [`domain::terms`] |
//! | clocks that turn yellow and red, deadlines that pass, one level up | [`timers`] |
//! | what finds complaints, and their figures | [`read_model`] |
//! | what is kept of units and officers | [`replica`] |
//!
//! What must never be here: personal data in an event or a log line (it lies in the vault), another context's
//! tables. Start at [`service`].

pub mod domain;
mod history;
pub mod read_model;
pub mod replica;
mod resource;
pub mod service;
pub mod timers;

use contract::complaints::complaint_service_server::ComplaintServiceServer;
use eventstore::{Clock, EventStore};
use shell::{Reads, Sources, Tasks};
use std::sync::Arc;

use crate::read_model::ReadModel;
use crate::replica::Replica;
use crate::service::Service;

/// The running context.
pub struct Complaints {
    service: Arc<Service>,
    reads: Reads<ReadModel>,
    replica: Reads<Replica>,
}

impl Complaints {
    /// Starts the context on its log, following the units of `evaluation` and the officers of `training`.
    pub fn start(store: EventStore, sources: &Sources, clock: Clock, tasks: &Tasks) -> Self {
        let reads = Reads::follow("complaints", ReadModel::default(), vec![store.source()], tasks);
        let others = vec![sources.evaluation.clone(), sources.training.clone()];
        let replica = Reads::follow("complaints-replica", Replica::default(), others, tasks);
        let service = Arc::new(Service::new(store, reads.clone(), replica.clone(), clock.clone()));
        shell::timer::start(timers::Clocks::new(service.clone()), timers::EVERY, clock, tasks);
        Self { service, reads, replica }
    }

    /// Its gRPC service.
    pub fn server(&self) -> ComplaintServiceServer<Service> {
        ComplaintServiceServer::from_arc(self.service.clone())
    }

    /// What it reads its own facts from: ready once it has caught up.
    pub fn reads(&self) -> &Reads<ReadModel> {
        &self.reads
    }

    /// What it keeps of units and officers: ready once it has caught up.
    pub fn replica(&self) -> &Reads<Replica> {
        &self.replica
    }
}
