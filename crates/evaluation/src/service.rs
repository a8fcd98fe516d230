//! The gRPC service: each rpc parses its request, hands the command to its rules, and answers.
//!
//! No branch on state, no rule, no SQL here. A command that depends on other streams looks at them in its
//! `prepare` and guards what it looked at.

use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::evaluation::entry_recorded::Target;
use contract::evaluation::evaluation_service_server::EvaluationService;
use contract::evaluation::*;
use contract::field::{self, BadField};
use contract::name::{
    CommitmentName, CycleName, EntryName, JurisdictionName, PanelName, SchemeName, SurveyName, UnitName,
};
use contract::status::Failure;
use contract::status::Rejection as _;
use contract::words::TariffCause;
use eventstore::handle::Decided;
use eventstore::store::Head;
use eventstore::{Clock, Decider, EventStore, Guard, Loaded, SharedSource, StreamId};
use rand::seq::SliceRandom as _;
use rust_decimal::Decimal;
use scoring::Scheme as Rules;
use scoring::scheme::Method;
use shell::caller::patience;
use shell::commands::{Failed, Prepared, store_failure};
use shell::{Commands, Reads, code, pages, receive};
use tonic::{Request, Response, Status};

use self::filter::{Days, known};
use crate::domain::{
    admission, commitment, cycle, daily_assessment, indicator, mark, panel, scheme, survey, unit_register,
};
use crate::read_model::ReadModel;
use crate::replica::Replica;
use crate::schemes::Schemes;
use crate::{resource, results};

pub(crate) mod commitments;
mod contests;
mod cycles;
pub(crate) mod entries;
mod excellence;
mod filter;
mod indicators;
mod marks;
mod panels;
mod readiness;
mod schemes;
mod surveys;
mod turns;
mod units;

const TITLE_LENGTH_MAX: usize = 200;
const REASON_LENGTH_MAX: usize = 2000;
const POINTS_PLACES_MAX: usize = 9;
const ENTRY_PLACES_MAX: usize = 2;
const GROUP_MAX: u32 = 1000;
const RANKED_GROUPS_MAX: usize = 100;
/// 80 random bits.
const FORM_CODE_LETTERS: usize = 16;
const ISSUED_FORMS_MAX: u32 = 10_000;
const ANSWERED_FORMS_MAX: usize = 5000;
const FORM_ANSWERS_MAX: usize = 500;
/// How long the close of a cycle waits for reactions, and how often it looks.
const BEHIND_WAIT_MAX: Duration = Duration::from_secs(5);
const BEHIND_LOOK_EVERY: Duration = Duration::from_millis(20);

type Answer<T> = Result<Response<T>, Status>;

/// Serves `EvaluationService`.
pub struct Service {
    clock: Clock,
    reads: Reads<ReadModel>,
    replica: Reads<Replica>,
    registers: Commands<unit_register::UnitRegister>,
    schemes: Commands<scheme::Scheme>,
    cycles: Commands<cycle::Cycle>,
    marks: Commands<mark::Mark>,
    pub(crate) daily_assessments: Commands<daily_assessment::DailyAssessment>,
    surveys: Commands<survey::Survey>,
    pub(crate) commitments: Commands<commitment::Commitment>,
    panels: Commands<panel::Panel>,
    indicators: Commands<indicator::Indicator>,
    turns: turns::Turns,
    parsed: Schemes,
    store: EventStore,
    reacting: Vec<(&'static str, SharedSource)>,
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
            registers: Commands::new(store),
            schemes: Commands::new(store),
            cycles: Commands::new(store),
            marks: Commands::new(store),
            daily_assessments: Commands::new(store),
            surveys: Commands::new(store),
            commitments: Commands::new(store),
            panels: Commands::new(store),
            indicators: Commands::new(store),
            turns: turns::Turns::default(),
            parsed: Schemes::default(),
            store: store.clone(),
            reacting: vec![],
        }
    }

    /// The same, with the consumers whose entries a cycle waits for before it is closed, and their sources.
    pub(crate) fn reacting(self, reacting: Vec<(&'static str, SharedSource)>) -> Self {
        Self { reacting, ..self }
    }

    /// The consumers that have not dealt with all that their sources hold now, after a while.
    async fn behind(&self, patience: Duration) -> Result<Vec<String>, Failure> {
        let until = Instant::now() + patience.min(BEHIND_WAIT_MAX);
        let mut behind = vec![];
        for (consumer, source) in &self.reacting {
            let head = source.head().await.map_err(|error| store_failure(&error))?;
            while !self.has_reached(consumer, head).await? {
                if Instant::now() >= until {
                    behind.push(format!("{consumer} has not dealt with all facts of {}", source.service()));
                    break;
                }
                tokio::time::sleep(BEHIND_LOOK_EVERY).await;
            }
        }
        Ok(behind)
    }

    async fn has_reached(&self, consumer: &str, head: Head) -> Result<bool, Failure> {
        let reached = self.store.checkpoint(consumer).await.map_err(|error| store_failure(&error))?;
        let reached =
            reached.filter(|reached| reached.epoch == head.epoch).map_or(0, |reached| reached.position);
        Ok(reached >= head.position)
    }

    pub(crate) fn reads(&self) -> &Reads<ReadModel> {
        &self.reads
    }

    /// The open cycle, its scheme, and the guard that it stays as it is.
    pub(crate) async fn open_cycle(&self, name: &CycleName, fresh: bool) -> Result<OpenCycle, Failed> {
        let stream = stream::<cycle::Cycle>(name.key());
        let loaded = self.cycles.load(&stream, fresh).await?;
        let terms = &admission::open(&loaded.state).map_err(|refused| Failure::from(&refused))?.terms;
        let scheme = self.scheme(&terms.scheme, terms.scheme_version).await?;
        let guard = Guard { stream, stream_version: loaded.stream_version };
        Ok(OpenCycle { loaded, scheme, guard })
    }

    /// The scheme of a cycle; none: it was never opened.
    pub(crate) async fn scheme_of(&self, cycle: &CycleName) -> Result<Option<Arc<Rules>>, Failure> {
        let terms = {
            let model = self.reads.now();
            let opened = model.cycles.get(&cycle.key()).and_then(|loaded| loaded.state.opened());
            opened.map(|opened| (opened.terms.scheme.clone(), opened.terms.scheme_version))
        };
        let Some((scheme, scheme_version)) = terms else { return Ok(None) };
        self.scheme(&scheme, scheme_version).await.map(Some)
    }

    pub(crate) async fn scheme(&self, name: &str, scheme_version: u32) -> Result<Arc<Rules>, Failure> {
        let name = SchemeName::parse("scheme", name)?;
        self.parsed.get(&self.schemes, &name, scheme_version).await
    }
}

/// An open cycle as it was looked at.
pub(crate) struct OpenCycle {
    loaded: Arc<Loaded<cycle::Cycle>>,
    pub(crate) scheme: Arc<Rules>,
    pub(crate) guard: Guard,
}

impl OpenCycle {
    /// The cycle; it was open when it was looked at.
    pub(crate) fn opened(&self) -> Result<&cycle::Opened, Failure> {
        admission::open(&self.loaded.state).map_err(|refused| Failure::from(&refused))
    }

    /// The cycle, if the unit is entered in it.
    pub(crate) fn with_unit(&self, unit: &str) -> Result<&cycle::Opened, Failure> {
        let opened = self.opened()?;
        admission::check_unit(opened, unit).map_err(|refused| Failure::from(&refused))?;
        Ok(opened)
    }

    /// Refuses a source that the scheme does not name.
    pub(crate) fn check_source(&self, source_id: &str) -> Result<(), Failure> {
        admission::source(&self.scheme, source_id).map(drop).map_err(|refused| Failure::from(&refused))
    }

    /// The scheme's component, if its method is `wanted`.
    pub(crate) fn component(
        &self,
        component_id: &str,
        wanted: &'static str,
    ) -> Result<&scoring::scheme::Component, Failure> {
        admission::component(&self.scheme, component_id, wanted).map_err(|refused| Failure::from(&refused))
    }
}

pub(crate) fn stream<D: Decider>(key: impl AsRef<str>) -> StreamId {
    StreamId::new(D::CATEGORY, key.as_ref())
}

#[tonic::async_trait]
impl EvaluationService for Service {
    async fn register_unit(&self, request: Request<RegisterUnitRequest>) -> Answer<RegisterUnitResponse> {
        units::register_unit(self, request).await
    }

    async fn rename_unit(&self, request: Request<RenameUnitRequest>) -> Answer<RenameUnitResponse> {
        units::rename_unit(self, request).await
    }

    async fn move_unit(&self, request: Request<MoveUnitRequest>) -> Answer<MoveUnitResponse> {
        units::move_unit(self, request).await
    }

    async fn retire_unit(&self, request: Request<RetireUnitRequest>) -> Answer<RetireUnitResponse> {
        units::retire_unit(self, request).await
    }

    async fn get_unit(&self, request: Request<GetUnitRequest>) -> Answer<GetUnitResponse> {
        units::get_unit(self, request).await
    }

    async fn list_units(&self, request: Request<ListUnitsRequest>) -> Answer<ListUnitsResponse> {
        units::list_units(self, request).await
    }

    async fn draft_scheme(&self, request: Request<DraftSchemeRequest>) -> Answer<DraftSchemeResponse> {
        schemes::draft_scheme(self, request).await
    }

    async fn publish_scheme(&self, request: Request<PublishSchemeRequest>) -> Answer<PublishSchemeResponse> {
        schemes::publish_scheme(self, request).await
    }

    async fn check_scheme(&self, request: Request<CheckSchemeRequest>) -> Answer<CheckSchemeResponse> {
        schemes::check_scheme(request)
    }

    async fn get_scheme(&self, request: Request<GetSchemeRequest>) -> Answer<GetSchemeResponse> {
        schemes::get_scheme(self, request).await
    }

    async fn list_schemes(&self, request: Request<ListSchemesRequest>) -> Answer<ListSchemesResponse> {
        schemes::list_schemes(self, request).await
    }

    async fn compare_schemes(
        &self,
        request: Request<CompareSchemesRequest>,
    ) -> Answer<CompareSchemesResponse> {
        schemes::compare_schemes(self, request).await
    }

    async fn open_cycle(&self, request: Request<OpenCycleRequest>) -> Answer<OpenCycleResponse> {
        cycles::open_cycle(self, request).await
    }

    async fn enter_unit(&self, request: Request<EnterUnitRequest>) -> Answer<EnterUnitResponse> {
        cycles::enter_unit(self, request).await
    }

    async fn remove_unit(&self, request: Request<RemoveUnitRequest>) -> Answer<RemoveUnitResponse> {
        cycles::remove_unit(self, request).await
    }

    async fn close_cycle(&self, request: Request<CloseCycleRequest>) -> Answer<CloseCycleResponse> {
        cycles::close_cycle(self, request).await
    }

    async fn publish_results(
        &self,
        request: Request<PublishResultsRequest>,
    ) -> Answer<PublishResultsResponse> {
        cycles::publish_results(self, request).await
    }

    async fn revise_results(&self, request: Request<ReviseResultsRequest>) -> Answer<ReviseResultsResponse> {
        cycles::revise_results(self, request).await
    }

    async fn get_cycle(&self, request: Request<GetCycleRequest>) -> Answer<GetCycleResponse> {
        cycles::get_cycle(self, request).await
    }

    async fn list_cycles(&self, request: Request<ListCyclesRequest>) -> Answer<ListCyclesResponse> {
        cycles::list_cycles(self, request).await
    }

    async fn get_excellent_list(
        &self,
        request: Request<GetExcellentListRequest>,
    ) -> Answer<GetExcellentListResponse> {
        excellence::get_excellent_list(self, request).await
    }

    async fn record_mark(&self, request: Request<RecordMarkRequest>) -> Answer<RecordMarkResponse> {
        marks::record_mark(self, request).await
    }

    async fn revise_mark(&self, request: Request<ReviseMarkRequest>) -> Answer<ReviseMarkResponse> {
        marks::revise_mark(self, request).await
    }

    async fn list_marks(&self, request: Request<ListMarksRequest>) -> Answer<ListMarksResponse> {
        marks::list_marks(self, request).await
    }

    async fn set_indicator_target(
        &self,
        request: Request<SetIndicatorTargetRequest>,
    ) -> Answer<SetIndicatorTargetResponse> {
        indicators::set_target(self, request).await
    }

    async fn report_indicator(
        &self,
        request: Request<ReportIndicatorRequest>,
    ) -> Answer<ReportIndicatorResponse> {
        indicators::report(self, request).await
    }

    async fn list_indicator_figures(
        &self,
        request: Request<ListIndicatorFiguresRequest>,
    ) -> Answer<ListIndicatorFiguresResponse> {
        indicators::list_figures(self, request).await
    }

    async fn convene_panel(&self, request: Request<ConvenePanelRequest>) -> Answer<ConvenePanelResponse> {
        panels::convene_panel(self, request).await
    }

    async fn cast_ballot(&self, request: Request<CastBallotRequest>) -> Answer<CastBallotResponse> {
        panels::cast_ballot(self, request).await
    }

    async fn close_panel(&self, request: Request<ClosePanelRequest>) -> Answer<ClosePanelResponse> {
        panels::close_panel(self, request).await
    }

    async fn get_panel(&self, request: Request<GetPanelRequest>) -> Answer<GetPanelResponse> {
        panels::get_panel(self, request).await
    }

    async fn plan_survey(&self, request: Request<PlanSurveyRequest>) -> Answer<PlanSurveyResponse> {
        surveys::plan_survey(self, request).await
    }

    async fn issue_forms(&self, request: Request<IssueFormsRequest>) -> Answer<IssueFormsResponse> {
        surveys::issue_forms(self, request).await
    }

    async fn answer_forms(&self, request: Request<AnswerFormsRequest>) -> Answer<AnswerFormsResponse> {
        surveys::answer_forms(self, request).await
    }

    async fn close_survey(&self, request: Request<CloseSurveyRequest>) -> Answer<CloseSurveyResponse> {
        surveys::close_survey(self, request).await
    }

    async fn get_survey(&self, request: Request<GetSurveyRequest>) -> Answer<GetSurveyResponse> {
        surveys::get_survey(self, request).await
    }

    async fn record_entry(&self, request: Request<RecordEntryRequest>) -> Answer<RecordEntryResponse> {
        entries::record_entry(self, request).await
    }

    async fn reverse_entry(&self, request: Request<ReverseEntryRequest>) -> Answer<ReverseEntryResponse> {
        entries::reverse_entry(self, request).await
    }

    async fn contest_entry(&self, request: Request<ContestEntryRequest>) -> Answer<ContestEntryResponse> {
        contests::contest_entry(self, request).await
    }

    async fn decide_contest(&self, request: Request<DecideContestRequest>) -> Answer<DecideContestResponse> {
        contests::decide_contest(self, request).await
    }

    async fn list_entries(&self, request: Request<ListEntriesRequest>) -> Answer<ListEntriesResponse> {
        entries::list_entries(self, request).await
    }

    async fn announce_commitment(
        &self,
        request: Request<AnnounceCommitmentRequest>,
    ) -> Answer<AnnounceCommitmentResponse> {
        commitments::announce_commitment(self, request).await
    }

    async fn assign_commitment(
        &self,
        request: Request<AssignCommitmentRequest>,
    ) -> Answer<AssignCommitmentResponse> {
        commitments::assign_commitment(self, request).await
    }

    async fn report_delivery(
        &self,
        request: Request<ReportDeliveryRequest>,
    ) -> Answer<ReportDeliveryResponse> {
        commitments::report_delivery(self, request).await
    }

    async fn verify_delivery(
        &self,
        request: Request<VerifyDeliveryRequest>,
    ) -> Answer<VerifyDeliveryResponse> {
        commitments::verify_delivery(self, request).await
    }

    async fn refute_delivery(
        &self,
        request: Request<RefuteDeliveryRequest>,
    ) -> Answer<RefuteDeliveryResponse> {
        commitments::refute_delivery(self, request).await
    }

    async fn get_commitment(&self, request: Request<GetCommitmentRequest>) -> Answer<GetCommitmentResponse> {
        commitments::get_commitment(self, request).await
    }

    async fn list_commitments(
        &self,
        request: Request<ListCommitmentsRequest>,
    ) -> Answer<ListCommitmentsResponse> {
        commitments::list_commitments(self, request).await
    }
}

#[cfg(test)]
mod tests;
