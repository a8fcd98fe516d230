//! The gRPC service: each rpc parses its request, hands the command to its rules, and answers.
//!
//! No branch on state, no rule, no SQL here. A command that depends on other streams looks at them in its
//! `prepare` and guards what it looked at.

use std::sync::Arc;
use std::time::Duration;

use contract::field::{self, BadField};
use contract::name::{
    AssessmentName, CampaignName, ItemName, JurisdictionName, NeedName, OfficerName, SessionName, UnitName,
};
use contract::status::Failure;
use contract::training::training_service_server::TrainingService;
use contract::training::*;
use contract::words::PostLevel;
use eventstore::{Call, Clock, Decider, EventStore, Guard, Loaded, StreamId};
use jiff::civil::Date;
use rust_decimal::Decimal;
use scoring::figures::training::{AssessmentSummary, OfficerFilter, Scope};
use shell::caller::{Caller, patience};
use shell::commands::{Failed, Prepared};
use shell::{Commands, Reads, pages, receive};
use tonic::{Request, Response, Status};

use crate::domain::admission::{self, NotAdmitted};
use crate::domain::{assessment, campaign, item, need, officer, session};
use crate::read_model::{ReadModel, Stall};
use crate::replica::Replica;
use crate::resource;

use self::page::Page;

mod assessments;
mod campaigns;
mod figures;
mod imports;
mod items;
mod needs;
mod officers;
mod page;
mod plans;
mod sessions;

const TITLE_LENGTH_MAX: usize = 200;
const TEXT_LENGTH_MAX: usize = 20_000;
const REASON_LENGTH_MAX: usize = 2000;
const SPECIALITY_LENGTH_MAX: usize = 63;
const HOURS_PLACES_MAX: usize = 2;
const HOURS_MAX: Decimal = Decimal::from_parts(24, 0, 0, false, 0);
const SCORE_PLACES_MAX: usize = 2;
const PARTICIPANTS_MAX: usize = 2000;
const NEEDS_MAX: usize = 100;
const ROWS_MAX: usize = 1000;
/// Officers whose assessments are looked at in one go.
const OFFICERS_AT_ONCE: usize = 1000;
const LEADING_GROUP_MAX: usize = 50;
const INTERVAL_WORKING_DAYS_MAX: u32 = 250;
/// What was recorded elsewhere a moment ago is here within this, or the call is to be tried again.
const REPLICA_WAIT_MAX: Duration = Duration::from_secs(2);

type Answer<T> = Result<Response<T>, Status>;

/// Serves `TrainingService`.
pub struct Service {
    clock: Clock,
    pub(crate) reads: Reads<ReadModel>,
    pub(crate) replica: Reads<Replica>,
    pub(crate) campaigns: Commands<campaign::Campaign>,
    officers: Commands<officer::Officer>,
    items: Commands<item::Item>,
    sessions: Commands<session::Session>,
    assessments: Commands<assessment::Assessment>,
    needs: Commands<need::Need>,
}

impl Service {
    pub(crate) fn new(
        store: &EventStore,
        reads: Reads<ReadModel>,
        replica: Reads<Replica>,
        clock: Clock,
    ) -> Self {
        Self {
            clock,
            reads,
            replica,
            campaigns: Commands::new(store),
            officers: Commands::new(store),
            items: Commands::new(store),
            sessions: Commands::new(store),
            assessments: Commands::new(store),
            needs: Commands::new(store),
        }
    }

    /// The stream that a campaign lies in.
    pub(crate) fn stream_of(campaign: &CampaignName) -> StreamId {
        campaigns::stream_of(campaign)
    }

    /// Whether a unit is in service. One that is not known here may have been registered a moment ago.
    async fn in_service(&self, unit: &str) -> Result<bool, Failure> {
        if self.replica.now().in_service(unit) {
            return Ok(true);
        }
        self.replica.catch_up(REPLICA_WAIT_MAX).await?;
        Ok(self.replica.now().in_service(unit))
    }

    /// Those of some units that are not in service.
    async fn not_in_service(&self, units: &[&String]) -> Result<Vec<String>, Failure> {
        let mut not_in_service = vec![];
        for unit in units {
            if !self.in_service(unit).await? {
                not_in_service.push((*unit).clone());
            }
        }
        Ok(not_in_service)
    }

    /// A unit and all units above it; none: it is not in service. Looked at as the register is now.
    async fn lineage(&self, unit: &str) -> Result<Vec<String>, Failure> {
        self.replica.catch_up(REPLICA_WAIT_MAX).await?;
        Ok(self.replica.now().lineage_in_service(unit))
    }

    /// Those of some officers who were not on the roster on a day. Looked at as the log is now.
    async fn off_roster(&self, officers: &[String], day: &str) -> Result<Vec<String>, Failure> {
        let day = field::date("day", day)?;
        self.reads.catch_up(REPLICA_WAIT_MAX).await?;
        let model = self.reads.now();
        let off = officers.iter().filter(|officer| !model.training.is_on_roster(officer, day));
        Ok(off.cloned().collect())
    }

    /// A campaign, and what guards it.
    async fn campaign_of(
        &self,
        name: CampaignName,
        fresh: bool,
    ) -> Result<(Arc<Loaded<campaign::Campaign>>, Vec<Guard>), Failed> {
        let stream = campaigns::stream_of(&name);
        let campaign = self.campaigns.load(&stream, fresh).await?;
        let guard = Guard { stream, stream_version: campaign.stream_version };
        Ok((campaign, vec![guard]))
    }

    /// An item, and what guards it.
    async fn item_of(
        &self,
        name: &ItemName,
        fresh: bool,
    ) -> Result<(Arc<Loaded<item::Item>>, Guard), Failed> {
        let stream = items::stream_of(name);
        let item = self.items.load(&stream, fresh).await?;
        let guard = Guard { stream, stream_version: item.stream_version };
        Ok((item, guard))
    }

    /// A need, and what guards it.
    async fn need_of(
        &self,
        name: &NeedName,
        fresh: bool,
    ) -> Result<(Arc<Loaded<need::Need>>, Guard), Failed> {
        let stream = needs::stream_of(name);
        let need = self.needs.load(&stream, fresh).await?;
        let guard = Guard { stream, stream_version: need.stream_version };
        Ok((need, guard))
    }

    /// Whether an assessment is on record, and what guards it.
    async fn knows_assessment(
        &self,
        name: &AssessmentName,
        fresh: bool,
    ) -> Result<(Result<(), NotAdmitted>, Guard), Failed> {
        let stream = assessments::stream_of(name);
        let assessment = self.assessments.load(&stream, fresh).await?;
        let known = assessment.state.recorded().map(drop);
        let guard = Guard { stream, stream_version: assessment.stream_version };
        Ok((known.ok_or_else(|| NotAdmitted::UnknownAssessment(name.to_string())), guard))
    }

    /// Waits until own and others' facts are visible as far as `consistency_token` asks.
    async fn wait(&self, consistency_token: &str, patience: Duration) -> Result<(), Failure> {
        self.reads.wait(consistency_token, patience).await?;
        self.replica.wait(consistency_token, patience).await
    }
}

/// Which unit's things are listed.
struct Only {
    /// Resource name; empty: of any.
    unit: String,
    with_subtree: bool,
}

impl Only {
    fn parse(
        field: &'static str,
        value: &str,
        with_subtree: bool,
        jurisdiction: &str,
    ) -> Result<Self, BadField> {
        let unit = if value.is_empty() { String::new() } else { unit(field, value, jurisdiction)? };
        Ok(Self { unit, with_subtree })
    }

    fn lets(&self, unit: &str, replica: &Replica) -> bool {
        let below = || self.with_subtree && replica.lineage(unit).any(|above| above == self.unit);
        self.unit.is_empty() || self.unit == unit || below()
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

/// An enum that may be left unsaid.
fn optional_enumeration<E: TryFrom<i32> + Copy + Into<i32>>(
    field: &'static str,
    value: i32,
    unsaid: E,
) -> Result<E, BadField> {
    if value == 0 { Ok(unsaid) } else { field::enumeration(field, value) }
}

/// A day that is not in the future.
fn past_date(field: &'static str, value: &str, caller: &Caller) -> Result<String, BadField> {
    let day = field::date(field, value)?;
    if day > field::day_of(caller.now) {
        return Err(BadField::new(field, "must not be in the future"));
    }
    Ok(day.to_string())
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

    async fn import_officers(
        &self,
        request: Request<ImportOfficersRequest>,
    ) -> Answer<ImportOfficersResponse> {
        officers::import_officers(self, request).await
    }

    async fn get_officer_record(
        &self,
        request: Request<GetOfficerRecordRequest>,
    ) -> Answer<GetOfficerRecordResponse> {
        officers::get_officer_record(self, request).await
    }

    async fn design_item(&self, request: Request<DesignItemRequest>) -> Answer<DesignItemResponse> {
        items::design_item(self, request).await
    }

    async fn approve_item(&self, request: Request<ApproveItemRequest>) -> Answer<ApproveItemResponse> {
        items::approve_item(self, request).await
    }

    async fn retire_item(&self, request: Request<RetireItemRequest>) -> Answer<RetireItemResponse> {
        items::retire_item(self, request).await
    }

    async fn get_item(&self, request: Request<GetItemRequest>) -> Answer<GetItemResponse> {
        items::get_item(self, request).await
    }

    async fn list_items(&self, request: Request<ListItemsRequest>) -> Answer<ListItemsResponse> {
        items::list_items(self, request).await
    }

    async fn hold_session(&self, request: Request<HoldSessionRequest>) -> Answer<HoldSessionResponse> {
        sessions::hold_session(self, request).await
    }

    async fn correct_session(
        &self,
        request: Request<CorrectSessionRequest>,
    ) -> Answer<CorrectSessionResponse> {
        sessions::correct_session(self, request).await
    }

    async fn void_session(&self, request: Request<VoidSessionRequest>) -> Answer<VoidSessionResponse> {
        sessions::void_session(self, request).await
    }

    async fn get_session(&self, request: Request<GetSessionRequest>) -> Answer<GetSessionResponse> {
        sessions::get_session(self, request).await
    }

    async fn list_sessions(&self, request: Request<ListSessionsRequest>) -> Answer<ListSessionsResponse> {
        sessions::list_sessions(self, request).await
    }

    async fn record_assessment(
        &self,
        request: Request<RecordAssessmentRequest>,
    ) -> Answer<RecordAssessmentResponse> {
        assessments::record_assessment(self, request).await
    }

    async fn import_assessments(
        &self,
        request: Request<ImportAssessmentsRequest>,
    ) -> Answer<ImportAssessmentsResponse> {
        assessments::import_assessments(self, request).await
    }

    async fn correct_assessment(
        &self,
        request: Request<CorrectAssessmentRequest>,
    ) -> Answer<CorrectAssessmentResponse> {
        assessments::correct_assessment(self, request).await
    }

    async fn get_assessment(&self, request: Request<GetAssessmentRequest>) -> Answer<GetAssessmentResponse> {
        assessments::get_assessment(self, request).await
    }

    async fn list_assessments(
        &self,
        request: Request<ListAssessmentsRequest>,
    ) -> Answer<ListAssessmentsResponse> {
        assessments::list_assessments(self, request).await
    }

    async fn identify_need(&self, request: Request<IdentifyNeedRequest>) -> Answer<IdentifyNeedResponse> {
        needs::identify_need(self, request).await
    }

    async fn meet_need(&self, request: Request<MeetNeedRequest>) -> Answer<MeetNeedResponse> {
        needs::meet_need(self, request).await
    }

    async fn get_need(&self, request: Request<GetNeedRequest>) -> Answer<GetNeedResponse> {
        needs::get_need(self, request).await
    }

    async fn list_needs(&self, request: Request<ListNeedsRequest>) -> Answer<ListNeedsResponse> {
        needs::list_needs(self, request).await
    }

    async fn get_training_figures(
        &self,
        request: Request<GetTrainingFiguresRequest>,
    ) -> Answer<GetTrainingFiguresResponse> {
        figures::get_training_figures(self, request).await
    }

    async fn list_training_figures(
        &self,
        request: Request<ListTrainingFiguresRequest>,
    ) -> Answer<ListTrainingFiguresResponse> {
        figures::list_training_figures(self, request).await
    }

    async fn list_missing_officers(
        &self,
        request: Request<ListMissingOfficersRequest>,
    ) -> Answer<ListMissingOfficersResponse> {
        figures::list_missing_officers(self, request).await
    }

    async fn list_uncovered_units(
        &self,
        request: Request<ListUncoveredUnitsRequest>,
    ) -> Answer<ListUncoveredUnitsResponse> {
        figures::list_uncovered_units(self, request).await
    }

    async fn list_stalled_units(
        &self,
        request: Request<ListStalledUnitsRequest>,
    ) -> Answer<ListStalledUnitsResponse> {
        figures::list_stalled_units(self, request).await
    }
}

#[cfg(test)]
mod tests;
