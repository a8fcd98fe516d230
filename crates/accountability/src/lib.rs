//! ACCOUNTABILITY 追责: cases against units and officers, from opening to finding.
//!
//! | rule about | file |
//! |---|---|
//! | a case: who investigates, evidence, finding, veto | [`domain::case`] |
//! | others' facts that open a case | [`reactions`] |
//! | what is kept of others' facts: units, cycles, officers, complaints | [`replica`] |
//!
//! What must never be here: a text of a case in an event or a log line, another context's tables. Start at
//! [`service`].

pub mod domain;
pub mod reactions;
pub mod read_model;
pub mod replica;
mod resource;
pub mod service;

use contract::accountability::accountability_service_server::AccountabilityServiceServer;
use eventstore::{Clock, EventStore};
use shell::reaction::{self, Drawn};
use shell::{Reads, Sources, Tasks};
use std::sync::Arc;

use crate::read_model::ReadModel;
use crate::replica::Replica;
use crate::service::Service;

/// Its reactions, as they are drawn.
pub const REACTIONS: &[Drawn] = &[reaction::drawn::<reactions::FromComplaints>()];

/// The running context.
pub struct Accountability {
    service: Arc<Service>,
    reads: Reads<ReadModel>,
    replica: Reads<Replica>,
}

impl Accountability {
    /// Starts the context on its log, with what others know of units, officers and complaints, reacting to
    /// the facts of `complaints`.
    pub fn start(store: EventStore, sources: &Sources, clock: Clock, tasks: &Tasks) -> Self {
        let reads = Reads::follow("accountability", ReadModel::default(), vec![store.source()], tasks);
        let others = [&sources.evaluation, &sources.training, &sources.complaints].map(Clone::clone);
        let replica = Reads::follow("accountability-replica", Replica::default(), others.to_vec(), tasks);
        let service = Arc::new(Service::new(store.clone(), reads.clone(), replica.clone(), clock));
        let complaints = reactions::FromComplaints::new(service.clone());
        reaction::start(complaints, sources.complaints.clone(), store, tasks);
        Self { service, reads, replica }
    }

    /// Its gRPC service.
    pub fn server(&self) -> AccountabilityServiceServer<Service> {
        AccountabilityServiceServer::from_arc(self.service.clone())
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
