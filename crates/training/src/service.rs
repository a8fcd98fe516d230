//! The gRPC service: each rpc parses its request, hands the command to its rules, and answers.
//!
//! No branch on state, no rule, no SQL here. A command that depends on other streams looks at them in its
//! `prepare` and guards what it looked at.

use std::time::Duration;

use contract::field::{self, BadField};
use contract::name::{CampaignName, JurisdictionName, OfficerName, UnitName};
use contract::status::Failure;
use contract::training::training_service_server::TrainingService;
use contract::training::*;
use contract::words::PostLevel;
use eventstore::{Call, Clock, Decider, EventStore, Guard, StreamId};
use shell::caller::{Caller, UNNAMED, patience};
use shell::commands::Prepared;
use shell::{Commands, Reads, pages, receive};
use tonic::{Request, Response, Status};

use crate::domain::{campaign, officer};
use crate::read_model::ReadModel;
use crate::replica::Replica;
use crate::resource;

mod campaigns;
mod officers;
mod plans;

const TITLE_LENGTH_MAX: usize = 200;
const TEXT_LENGTH_MAX: usize = 20_000;
const REASON_LENGTH_MAX: usize = 2000;
const SPECIALITY_LENGTH_MAX: usize = 63;
const HOURS_PLACES_MAX: usize = 2;
const LEADING_GROUP_MAX: usize = 50;
const INTERVAL_WORKING_DAYS_MAX: u32 = 250;
/// What was recorded elsewhere a moment ago is here within this, or the call is to be tried again.
const REPLICA_WAIT_MAX: Duration = Duration::from_secs(2);

type Answer<T> = Result<Response<T>, Status>;

/// Serves `TrainingService`.
pub struct Service {
    clock: Clock,
    reads: Reads<ReadModel>,
    replica: Reads<Replica>,
    officers: Commands<officer::Officer>,
    campaigns: Commands<campaign::Campaign>,
}

impl Service {
    pub(crate) fn new(
        store: &EventStore,
        reads: Reads<ReadModel>,
        replica: Reads<Replica>,
        clock: Clock,
    ) -> Self {
        Self { clock, reads, replica, officers: Commands::new(store), campaigns: Commands::new(store) }
    }

    /// Whether a unit is in service. One that is not known here may have been registered a moment ago.
    async fn in_service(&self, unit: &str) -> Result<bool, Failure> {
        if self.replica.now().in_service(unit) {
            return Ok(true);
        }
        self.replica.catch_up(REPLICA_WAIT_MAX).await?;
        Ok(self.replica.now().in_service(unit))
    }

    /// Waits until own and others' facts are visible as far as `consistency_token` asks.
    async fn wait(&self, consistency_token: &str, patience: Duration) -> Result<(), Failure> {
        self.reads.wait(consistency_token, patience).await?;
        self.replica.wait(consistency_token, patience).await
    }
}

fn stream<D: Decider>(key: impl AsRef<str>) -> StreamId {
    StreamId::new(D::CATEGORY, key.as_ref())
}

/// A unit of `jurisdiction`, by its resource name.
fn unit(field: &'static str, value: &str, jurisdiction: &str) -> Result<String, BadField> {
    let unit = UnitName::parse(field, value)?;
    field::same_jurisdiction(field, &unit.jurisdiction, jurisdiction)?;
    Ok(unit.to_string())
}

#[tonic::async_trait]
impl TrainingService for Service {
    async fn enrol_officer(&self, request: Request<EnrolOfficerRequest>) -> Answer<EnrolOfficerResponse> {
        officers::enrol_officer(self, request).await
    }

    async fn transfer_officer(
        &self,
        request: Request<TransferOfficerRequest>,
    ) -> Answer<TransferOfficerResponse> {
        officers::transfer_officer(self, request).await
    }

    async fn change_post_level(
        &self,
        request: Request<ChangePostLevelRequest>,
    ) -> Answer<ChangePostLevelResponse> {
        officers::change_post_level(self, request).await
    }

    async fn remove_officer(&self, request: Request<RemoveOfficerRequest>) -> Answer<RemoveOfficerResponse> {
        officers::remove_officer(self, request).await
    }

    async fn get_officer(&self, request: Request<GetOfficerRequest>) -> Answer<GetOfficerResponse> {
        officers::get_officer(self, request).await
    }

    async fn list_officers(&self, request: Request<ListOfficersRequest>) -> Answer<ListOfficersResponse> {
        officers::list_officers(self, request).await
    }

    async fn launch_campaign(
        &self,
        request: Request<LaunchCampaignRequest>,
    ) -> Answer<LaunchCampaignResponse> {
        campaigns::launch_campaign(self, request).await
    }

    async fn issue_acceptance_method(
        &self,
        request: Request<IssueAcceptanceMethodRequest>,
    ) -> Answer<IssueAcceptanceMethodResponse> {
        campaigns::issue_acceptance_method(self, request).await
    }

    async fn conclude_campaign(
        &self,
        request: Request<ConcludeCampaignRequest>,
    ) -> Answer<ConcludeCampaignResponse> {
        campaigns::conclude_campaign(self, request).await
    }

    async fn get_campaign(&self, request: Request<GetCampaignRequest>) -> Answer<GetCampaignResponse> {
        campaigns::get_campaign(self, request).await
    }

    async fn list_campaigns(&self, request: Request<ListCampaignsRequest>) -> Answer<ListCampaignsResponse> {
        campaigns::list_campaigns(self, request).await
    }

    async fn file_plan(&self, request: Request<FilePlanRequest>) -> Answer<FilePlanResponse> {
        plans::file_plan(self, request).await
    }

    async fn return_plan(&self, request: Request<ReturnPlanRequest>) -> Answer<ReturnPlanResponse> {
        plans::return_plan(self, request).await
    }

    async fn approve_plan(&self, request: Request<ApprovePlanRequest>) -> Answer<ApprovePlanResponse> {
        plans::approve_plan(self, request).await
    }

    async fn get_plan(&self, request: Request<GetPlanRequest>) -> Answer<GetPlanResponse> {
        plans::get_plan(self, request).await
    }

    async fn list_plans(&self, request: Request<ListPlansRequest>) -> Answer<ListPlansResponse> {
        plans::list_plans(self, request).await
    }
}

#[cfg(test)]
mod tests;
