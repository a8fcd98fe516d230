//! What the service's longer queries answer.

use contract::name::ScorecardName;
use contract::scorecard::simulate_scorecard_request::Rules;
use contract::scorecard::simulate_table_request::Rules as TableRules;
use contract::scorecard::{
    ListScorecardsRequest, ListScorecardsResponse, LossLine, Scorecard, SimulateScorecardRequest,
    SimulateScorecardResponse, SimulateTableRequest, SimulateTableResponse, SimulatedRow,
};
use contract::status::Failure;
use shell::pages;

use crate::current::Current;
use crate::explain;
use crate::history::Corrupt;
use crate::league::place;
use crate::origins;
use crate::projection::{Projection, away};
use crate::simulate::{self, Table};

/// A page of a league table.
pub(crate) fn list(
    projection: &Projection,
    current: &Current,
    request: &ListScorecardsRequest,
) -> Result<ListScorecardsResponse, Failure> {
    let wanted = |card: &Scorecard| {
        (request.group == 0 || card.group == request.group) && (!request.excellent_only || card.excellent)
    };
    let listed: Vec<_> = current.league.ordered().filter(|(_, card)| wanted(card)).collect();
    let total_size = u32::try_from(listed.len()).unwrap_or(u32::MAX);
    let placed = listed.into_iter().map(|(place, card)| (place.to_owned(), card));
    let (page, next_page_token) = pages::page(placed, request.page_size, &request.page_token)?;
    let scorecards =
        page.into_iter().map(|card| projection.finish(current, unit_of(card), card.clone())).collect();
    Ok(ListScorecardsResponse { scorecards, next_page_token, total_size })
}

/// The lines of a unit with their events, and their sum.
pub(crate) async fn explain(
    current: &Current,
    name: &ScorecardName,
) -> Result<(Vec<LossLine>, Option<String>), Failure> {
    let past = current.past().await.map_err(|error| away(&error))?;
    let events = || past.events_of(current.cut());
    let mut behind = explain::answered(events(), &current.league, &name.unit).map_err(unreadable)?;
    let counted = explain::counted(events, &current.league, &name.unit, current.instant());
    behind.extend(counted.map_err(unreadable)?);
    let explained = explain::lines(&current.league, &name.unit, &behind);
    let (mut lines, total) = explained.ok_or_else(|| Failure::not_found(name))?;
    origins::tell(lines.iter_mut(), &current.league.scheme, &past).map_err(unreadable)?;
    Ok((lines, total))
}

/// What another scheme would give a unit.
pub(crate) async fn simulate(
    projection: &Projection,
    current: &Current,
    name: &ScorecardName,
    request: SimulateScorecardRequest,
) -> Result<SimulateScorecardResponse, Failure> {
    let basis = simulate::basis(request.basis)?;
    let actual = projection.card(current, &name.unit).ok_or_else(|| Failure::not_found(name))?;
    let scheme = projection
        .read(|folded| simulate::scheme(&folded.facts, request.rules.as_ref(), request.scheme_version))?;
    let (league, unit) = (current.league.clone(), name.unit.clone());
    let past = current.past().await.map_err(|error| away(&error))?;
    let simulated = projection.aside(move || {
        let table = Table::of(&league, &scheme, basis);
        let mut moved = table.moved(&unit);
        let told = origins::tell(moved.iter_mut(), table.scheme(), &past).map_err(unreadable);
        Some(told.and(Ok((table.card(&unit)?, moved))))
    });
    let (simulated, differences) = simulated.await?.ok_or_else(|| Failure::not_found(name))??;
    let simulated = projection.finish(current, &name.unit, simulated);
    let difference = simulate::difference(&actual, &simulated);
    let (actual, simulated) = (Some(actual), Some(simulated));
    Ok(SimulateScorecardResponse { actual, simulated, difference, differences })
}

/// What another scheme would make of a table.
pub(crate) async fn simulate_table(
    projection: &Projection,
    current: &Current,
    request: SimulateTableRequest,
) -> Result<SimulateTableResponse, Failure> {
    let basis = simulate::basis(request.basis)?;
    let rules = request.rules.map(|rules| match rules {
        TableRules::Scheme(name) => Rules::Scheme(name),
        TableRules::Inline(rules) => Rules::Inline(rules),
    });
    let scheme =
        projection.read(|folded| simulate::scheme(&folded.facts, rules.as_ref(), request.scheme_version))?;
    let league = current.league.clone();
    let SimulateTableRequest { group, page_size, page_token, .. } = request;
    let rows = projection.aside(move || {
        let table = Table::of(&league, &scheme, basis);
        let row = |(_, actual): (&str, &Scorecard)| {
            let unit = unit_of(actual);
            let simulated = table.card(unit)?;
            Some((place(&simulated, unit), (actual.clone(), simulated)))
        };
        let mut rows: Vec<_> = league.ordered().filter_map(row).collect();
        rows.retain(|(_, (actual, _))| group == 0 || actual.group == group);
        rows.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let total_size = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let (page, next_page_token) = pages::page(rows.into_iter(), page_size, &page_token)?;
        let moved = |(actual, simulated)| {
            let moved = table.moved(unit_of(&actual));
            (actual, simulated, moved)
        };
        Ok::<_, Failure>((page.into_iter().map(moved).collect::<Vec<_>>(), next_page_token, total_size))
    });
    let (page, next_page_token, total_size) = rows.await??;
    let finished = |(actual, simulated, differences): (Scorecard, Scorecard, Vec<LossLine>)| {
        let unit = unit_of(&actual).to_owned();
        let actual = projection.finish(current, &unit, actual);
        let simulated = projection.finish(current, &unit, simulated);
        let difference = simulate::difference(&actual, &simulated);
        SimulatedRow { actual: Some(actual), simulated: Some(simulated), difference, differences }
    };
    Ok(SimulateTableResponse { rows: page.into_iter().map(finished).collect(), next_page_token, total_size })
}

/// Id of a card's unit.
pub(crate) fn unit_of(card: &Scorecard) -> &str {
    card.unit.rsplit_once('/').map_or("", |(_, unit)| unit)
}

fn unreadable(error: Corrupt) -> Failure {
    tracing::error!(%error, "a scorecard cannot be explained");
    Failure::Internal
}
