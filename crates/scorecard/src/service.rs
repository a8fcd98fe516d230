//! The gRPC service: each query waits for what it must contain, reads, answers.

use std::sync::Arc;
use std::time::Duration;

use contract::name::{CycleName, ScorecardName};
use contract::scorecard::scorecard_service_server::ScorecardService;
use contract::scorecard::{
    CompareScorecardsRequest, CompareScorecardsResponse, ExplainScorecardRequest, ExplainScorecardResponse,
    GetFreshnessRequest, GetFreshnessResponse, GetScorecardRequest, GetScorecardResponse, ListRisksRequest,
    ListRisksResponse, ListScorecardsRequest, ListScorecardsResponse, RebuildScorecardsRequest,
    RebuildScorecardsResponse, Scorecard, SimulateScorecardRequest, SimulateScorecardResponse,
    SimulateTableRequest, SimulateTableResponse, WatchScorecardsRequest, WatchScorecardsResponse,
};
use contract::status::Failure;
use futures::stream;
use shell::caller::patience;
use shell::pages;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

use crate::as_of::Cut;
use crate::current::Current;
use crate::projection::Projection;
use crate::watch::Watcher;
use crate::{compare, queries, risks};

/// The service.
pub struct Service {
    projection: Arc<Projection>,
}

impl Service {
    pub(crate) fn new(projection: Arc<Projection>) -> Self {
        Self { projection }
    }

    /// A cycle once it contains what the token stands for: as it is, or as it was.
    async fn cycle(
        &self,
        name: &CycleName,
        cut: Option<Cut>,
        token: &str,
        patience: Duration,
    ) -> Result<Current, Failure> {
        self.projection.wait(token, patience).await?;
        match cut {
            None => self.projection.cycle(name).await,
            Some(cut) => self.projection.cycle_as_of(name, cut).await,
        }
    }

    fn card(&self, current: &Current, name: &ScorecardName) -> Result<Scorecard, Failure> {
        self.projection.card(current, &name.unit).ok_or_else(|| Failure::not_found(name))
    }
}

#[tonic::async_trait]
impl ScorecardService for Service {
    async fn get_scorecard(
        &self,
        request: Request<GetScorecardRequest>,
    ) -> Result<Response<GetScorecardResponse>, Status> {
        let patience = patience(&request);
        let request = request.into_inner();
        let cut = Cut::parse(request.as_of_occurred, request.as_of_recorded)?;
        let name = ScorecardName::parse("name", &request.name)?;
        let current = self.cycle(&name.cycle(), cut, &request.consistency_token, patience).await?;
        let scorecard = Some(self.card(&current, &name)?);
        Ok(Response::new(GetScorecardResponse { scorecard }))
    }

    async fn list_scorecards(
        &self,
        request: Request<ListScorecardsRequest>,
    ) -> Result<Response<ListScorecardsResponse>, Status> {
        let patience = patience(&request);
        let request = request.into_inner();
        let cut = Cut::parse(request.as_of_occurred, request.as_of_recorded)?;
        let parent = CycleName::parse("parent", &request.parent)?;
        let current = self.cycle(&parent, cut, &request.consistency_token, patience).await?;
        Ok(Response::new(queries::list(&self.projection, &current, &request)?))
    }

    async fn explain_scorecard(
        &self,
        request: Request<ExplainScorecardRequest>,
    ) -> Result<Response<ExplainScorecardResponse>, Status> {
        let patience = patience(&request);
        let request = request.into_inner();
        let cut = Cut::parse(request.as_of_occurred, request.as_of_recorded)?;
        let name = ScorecardName::parse("name", &request.name)?;
        let current = self.cycle(&name.cycle(), cut, &request.consistency_token, patience).await?;
        let scorecard = Some(self.card(&current, &name)?);
        let (lines, total_points) = queries::explain(&current, &name).await?;
        Ok(Response::new(ExplainScorecardResponse { scorecard, lines, total_points }))
    }

    async fn simulate_scorecard(
        &self,
        request: Request<SimulateScorecardRequest>,
    ) -> Result<Response<SimulateScorecardResponse>, Status> {
        let patience = patience(&request);
        let request = request.into_inner();
        let name = ScorecardName::parse("name", &request.name)?;
        let current = self.cycle(&name.cycle(), None, &request.consistency_token, patience).await?;
        self.card(&current, &name)?;
        Ok(Response::new(queries::simulate(&self.projection, &current, &name, request).await?))
    }

    async fn simulate_table(
        &self,
        request: Request<SimulateTableRequest>,
    ) -> Result<Response<SimulateTableResponse>, Status> {
        let patience = patience(&request);
        let request = request.into_inner();
        let parent = CycleName::parse("parent", &request.parent)?;
        let current = self.cycle(&parent, None, &request.consistency_token, patience).await?;
        Ok(Response::new(queries::simulate_table(&self.projection, &current, request).await?))
    }

    async fn compare_scorecards(
        &self,
        request: Request<CompareScorecardsRequest>,
    ) -> Result<Response<CompareScorecardsResponse>, Status> {
        let patience = patience(&request);
        let request = request.into_inner();
        let name = ScorecardName::parse("name", &request.name)?;
        let other = if request.other_name.is_empty() { &request.name } else { &request.other_name };
        let other = ScorecardName::parse("other_name", other)?;
        let cut = Cut::parse(request.as_of_occurred, request.as_of_recorded)?;
        let other_cut = Cut::parse(request.other_as_of_occurred, request.other_as_of_recorded)?;
        let token = &request.consistency_token;
        let one = self.cycle(&name.cycle(), cut, token, patience).await?;
        let another = self.cycle(&other.cycle(), other_cut, token, patience).await?;
        let cards = (self.card(&one, &name)?, self.card(&another, &other)?);
        let (lines, total) = queries::explain(&one, &name).await?;
        let (other_lines, other_total) = queries::explain(&another, &other).await?;
        Ok(Response::new(CompareScorecardsResponse {
            scorecard: Some(cards.0),
            other: Some(cards.1),
            differences: compare::differences(&lines, &other_lines),
            total_points: compare::total(total.as_deref(), other_total.as_deref()),
        }))
    }

    async fn list_risks(
        &self,
        request: Request<ListRisksRequest>,
    ) -> Result<Response<ListRisksResponse>, Status> {
        let patience = patience(&request);
        let request = request.into_inner();
        let name = ScorecardName::parse("parent", &request.parent)?;
        let current = self.cycle(&name.cycle(), None, &request.consistency_token, patience).await?;
        self.card(&current, &name)?;
        let risks = risks::risks(&current, &name.unit, risks::days(request.days)?);
        let (risks, next_page_token) =
            pages::page(risks.into_iter(), request.page_size, &request.page_token)?;
        Ok(Response::new(ListRisksResponse { risks, next_page_token }))
    }

    async fn watch_scorecards(
        &self,
        request: Request<WatchScorecardsRequest>,
    ) -> Result<Response<BoxStream<WatchScorecardsResponse>>, Status> {
        let asked = request.into_inner();
        let cycle = CycleName::parse("parent", &asked.parent)?;
        let (projection, place) = (self.projection.clone(), self.projection.place()?);
        let watcher = Watcher::begin(projection, cycle, asked.unit, &asked.resume_token, place).await?;
        let answers = stream::unfold(Some(watcher), async |watcher| {
            let mut watcher = watcher?;
            match watcher.next().await? {
                Ok(answer) => Some((Ok(answer), Some(watcher))),
                Err(failure) => Some((Err(failure.into()), None)),
            }
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn rebuild_scorecards(
        &self,
        _request: Request<RebuildScorecardsRequest>,
    ) -> Result<Response<BoxStream<RebuildScorecardsResponse>>, Status> {
        let progress = self.projection.rebuilds().progress();
        let number = self.projection.rebuilds().ask();
        let stop = self.projection.stop().clone();
        let answers = stream::unfold(Some((progress, stop)), move |state| async move {
            let (mut progress, stop) = state?;
            stop.run_until_cancelled(progress.changed()).await?.ok()?;
            let found = progress.borrow_and_update().clone();
            let ended = found.ended >= number;
            let (events, events_total, failure) = (found.events, found.events_total, found.failure);
            let answer = RebuildScorecardsResponse { events, events_total, ended, failure };
            Some((Ok(answer), (!ended).then_some((progress, stop))))
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn get_freshness(
        &self,
        request: Request<GetFreshnessRequest>,
    ) -> Result<Response<GetFreshnessResponse>, Status> {
        let patience = patience(&request);
        self.projection.wait(&request.get_ref().consistency_token, patience).await?;
        Ok(Response::new(GetFreshnessResponse { freshness: self.projection.freshness().await }))
    }
}
