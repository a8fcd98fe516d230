//! The services as the sample's clerk calls them.

use std::collections::BTreeMap;

use anyhow::Context as _;
use contract::accountability::accountability_service_client::AccountabilityServiceClient;
use contract::complaints::complaint_service_client::ComplaintServiceClient;
use contract::evaluation::evaluation_service_client::EvaluationServiceClient;
use contract::training::training_service_client::TrainingServiceClient;
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

/// Where each service serves gRPC, e.g. `http://127.0.0.1:50051`; several may be in one process.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the service of that name")]
pub struct Servers {
    pub training: String,
    pub complaints: String,
    pub evaluation: String,
    pub accountability: String,
    pub scorecard: String,
}

impl Servers {
    /// All in one process.
    pub fn one(server: &str) -> Self {
        let [training, complaints, evaluation, accountability, scorecard] =
            std::array::from_fn(|_| server.to_owned());
        Self { training, complaints, evaluation, accountability, scorecard }
    }

    /// A channel to each process.
    pub(super) async fn connect(&self) -> anyhow::Result<BTreeMap<String, Channel>> {
        let mut channels = BTreeMap::new();
        for server in
            [&self.training, &self.complaints, &self.evaluation, &self.accountability, &self.scorecard]
        {
            if !channels.contains_key(server) {
                channels.insert(server.clone(), connect(server).await?);
            }
        }
        Ok(channels)
    }
}

pub(super) async fn connect(server: &str) -> anyhow::Result<Channel> {
    let endpoint = Channel::from_shared(server.to_owned())?;
    endpoint.connect().await.with_context(|| format!("calling {server}"))
}

type Clerked = InterceptedService<Channel, Clerk>;
pub(super) type Training = TrainingServiceClient<Clerked>;
pub(super) type Complaints = ComplaintServiceClient<Clerked>;
pub(super) type Evaluation = EvaluationServiceClient<Clerked>;
pub(super) type Accountability = AccountabilityServiceClient<Clerked>;

/// The services that own facts.
#[derive(Clone)]
pub(super) struct Services {
    pub(super) training: Training,
    pub(super) complaints: Complaints,
    pub(super) evaluation: Evaluation,
    pub(super) accountability: Accountability,
}

impl Services {
    pub(super) fn of(servers: &Servers, channels: &BTreeMap<String, Channel>) -> Self {
        let channel = |server: &String| channels[server].clone();
        Self {
            training: TrainingServiceClient::with_interceptor(channel(&servers.training), Clerk),
            complaints: ComplaintServiceClient::with_interceptor(channel(&servers.complaints), Clerk),
            evaluation: EvaluationServiceClient::with_interceptor(channel(&servers.evaluation), Clerk),
            accountability: AccountabilityServiceClient::with_interceptor(
                channel(&servers.accountability),
                Clerk,
            ),
        }
    }
}

/// A request of somebody else than the clerk.
pub(super) fn by<M>(actor: &str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    if let Ok(actor) = MetadataValue::try_from(actor) {
        request.metadata_mut().insert(shell::caller::ACTOR_HEADER, actor);
    }
    request
}

/// Names the sample's clerk as the actor of every call that names nobody.
#[derive(Clone)]
pub(super) struct Clerk;

impl Interceptor for Clerk {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let actor = request.metadata().get(shell::caller::ACTOR_HEADER).cloned();
        let actor = actor.unwrap_or_else(|| MetadataValue::from_static("sample-clerk"));
        request.metadata_mut().insert(shell::caller::ACTOR_HEADER, actor);
        Ok(request)
    }
}
