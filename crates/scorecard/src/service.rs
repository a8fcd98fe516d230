//! The gRPC service: each query waits for what it must contain, reads, answers.

use std::sync::Arc;
use std::time::Duration;

use contract::name::{CycleName, ScorecardName};
use contract::scorecard::scorecard_service_server::ScorecardService;
use contract::scorecard::{
    ExplainScorecardRequest, ExplainScorecardResponse, GetFreshnessRequest, GetFreshnessResponse,
    GetScorecardRequest, GetScorecardResponse, ListScorecardsRequest, ListScorecardsResponse, Scorecard,
    SimulateScorecardRequest, SimulateScorecardResponse,
};
use contract::status::Failure;
use shell::caller::patience;
use shell::pages;
use tonic::{Request, Response, Status};

use crate::as_of::Cut;
use crate::history::Corrupt;
use crate::projection::{Current, Projection, away};
use crate::{explain, simulate};

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
        let wanted = |card: &Scorecard| {
            (request.group == 0 || card.group == request.group) && (card.excellent || !request.excellent_only)
        };
        let league = current.league.clone();
        let listed: Vec<_> = league.ordered().filter(|(_, card)| wanted(card)).collect();
        let total_size = u32::try_from(listed.len()).unwrap_or(u32::MAX);
        let placed = listed.into_iter().map(|(place, card)| (place.to_owned(), card));
        let (page, next_page_token) = pages::page(placed, request.page_size, &request.page_token)?;
        let scorecards = page.into_iter().map(|card| {
            let (_, unit) = card.unit.rsplit_once('/').unwrap_or_default();
            self.projection.finish(&current, unit, card.clone())
        });
        let scorecards = scorecards.collect();
        Ok(Response::new(ListScorecardsResponse { scorecards, next_page_token, total_size }))
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
        let past = current.past().await.map_err(|error| away(&error))?;
        let answered = explain::answered(past.events_of(current.cut()), &current.league, &name.unit);
        let answered = answered.map_err(|error| corrupt(error))?;
        let explained = explain::lines(&current.league, &name.unit, &answered);
        let (lines, total_points) = explained.ok_or_else(|| Failure::not_found(&name))?;
        Ok(Response::new(ExplainScorecardResponse { scorecard, lines, total_points }))
    }

    async fn simulate_scorecard(
        &self,
        request: Request<SimulateScorecardRequest>,
    ) -> Result<Response<SimulateScorecardResponse>, Status> {
        let patience = patience(&request);
        let request = request.into_inner();
        let name = ScorecardName::parse("name", &request.name)?;
        let basis = simulate::basis(request.basis)?;
        let current = self.cycle(&name.cycle(), None, &request.consistency_token, patience).await?;
        let actual = self.card(&current, &name)?;
        let scheme = self.projection.read(|folded| simulate::scheme(&folded.facts, &request))?;
        let (league, unit) = (current.league.clone(), name.unit.clone());
        let simulated = self.projection.aside(move || simulate::card(&league, &scheme, basis, &unit)).await?;
        let simulated = simulated.ok_or_else(|| Failure::not_found(&name))?;
        let simulated = self.projection.finish(&current, &name.unit, simulated);
        let difference = simulate::difference(&actual, &simulated);
        let (actual, simulated) = (Some(actual), Some(simulated));
        Ok(Response::new(SimulateScorecardResponse { actual, simulated, difference }))
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

fn corrupt(error: Corrupt) -> Failure {
    tracing::error!(%error, "a scorecard cannot be explained");
    Failure::Internal
}
