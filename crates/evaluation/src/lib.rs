//! EVALUATION 考评: the unit register, schemes, cycles, and what gives each component its points.
//!
//! | rule about | file |
//! |---|---|
//! | the tree of units | [`domain::unit_register`] |
//! | drafts, faults, published versions | [`domain::scheme`] |
//! | who is appraised, closing, publishing, revising | [`domain::cycle`] |
//! | which facts a cycle admits | [`domain::admission`] |
//! | an assessor's mark | [`domain::mark`] |
//! | promises to the public | [`domain::commitment`] |
//! | days that pass without delivery | [`timers`] |
//! | entries of ledgers and of the daily assessment | [`domain::daily_assessment`] |
//! | targets and actuals | [`domain::indicator`] |
//! | rolls, turnout, secret ballots | [`domain::panel`] |
//! | form codes and answers | [`domain::survey`] |
//! | what is published | [`results`] |
//! | what it keeps of others' facts | [`replica`] |
//! | vetoes that stand | [`vetoes`] |
//! | facts that become entries, and what undoes them | [`reactions`], [`causes`] |
//!
//! What must never be here: arithmetic (that is `scoring`), another context's tables. Start at [`service`].

pub mod causes;
pub mod domain;
pub mod reactions;
pub mod read_model;
pub mod replica;
mod resource;
pub mod results;
mod schemes;
pub mod service;
pub mod timers;
pub mod vetoes;

use contract::evaluation::evaluation_service_server::EvaluationServiceServer;
use eventstore::{Clock, EventStore, SharedSource};
use shell::reaction::{self, Drawn};
use shell::{Reads, Sources, Tasks};
use std::sync::Arc;

use crate::reactions::Facts as _;
use crate::read_model::ReadModel;
use crate::replica::Replica;
use crate::service::Service;

/// Its reactions, as they are drawn.
pub const REACTIONS: &[Drawn] = &[
    reaction::drawn::<reactions::Consumer<reactions::training::Training>>(),
    reaction::drawn::<reactions::Consumer<reactions::complaints::Complaints>>(),
    reaction::drawn::<reactions::Consumer<reactions::accountability::Accountability>>(),
    reaction::drawn::<reactions::Consumer<reactions::commitments::Commitments>>(),
];

/// The running context.
pub struct Evaluation {
    service: Arc<Service>,
    reads: Reads<ReadModel>,
    replica: Reads<Replica>,
}

impl Evaluation {
    /// Starts the context on its log, reacting to the facts of the other contexts and its own.
    pub fn start(store: EventStore, sources: &Sources, clock: Clock, tasks: &Tasks) -> Self {
        let reads = Reads::follow("evaluation", ReadModel::default(), vec![store.source()], tasks);
        let others = vec![
            store.source(),
            sources.training.clone(),
            sources.complaints.clone(),
            sources.accountability.clone(),
        ];
        let replica = Reads::follow("evaluation-replica", Replica::default(), others, tasks);
        let waited_for = vec![
            (reactions::training::Training::CONSUMER, sources.training.clone()),
            (reactions::complaints::Complaints::CONSUMER, sources.complaints.clone()),
            (reactions::accountability::Accountability::CONSUMER, sources.accountability.clone()),
            (reactions::commitments::Commitments::CONSUMER, store.source()),
        ];
        let service = Service::new(&store, reads.clone(), replica.clone(), clock.clone());
        let service = Arc::new(service.reacting(waited_for));
        shell::timer::start(timers::Lapses::new(service.clone()), timers::EVERY, clock, tasks);
        let own = store.source();
        reacting::<reactions::training::Training>(&service, &sources.training, store.clone(), tasks);
        reacting::<reactions::complaints::Complaints>(&service, &sources.complaints, store.clone(), tasks);
        let accountability = &sources.accountability;
        reacting::<reactions::accountability::Accountability>(&service, accountability, store.clone(), tasks);
        reacting::<reactions::commitments::Commitments>(&service, &own, store, tasks);
        Self { service, reads, replica }
    }

    /// Its gRPC service.
    pub fn server(&self) -> EvaluationServiceServer<Service> {
        EvaluationServiceServer::from_arc(self.service.clone())
    }

    /// What it reads its own facts from: ready once it has caught up.
    pub fn reads(&self) -> &Reads<ReadModel> {
        &self.reads
    }

    /// What it keeps of others' facts: ready once it has caught up.
    pub fn replica(&self) -> &Reads<Replica> {
        &self.replica
    }
}

fn reacting<F: reactions::Facts>(
    service: &Arc<Service>,
    source: &SharedSource,
    store: EventStore,
    tasks: &Tasks,
) {
    reaction::start(reactions::Consumer::<F>::new(service.clone()), source.clone(), store, tasks);
}
