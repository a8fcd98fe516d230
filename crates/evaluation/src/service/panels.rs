//! Panels: the roll, secret ballots, the close.

use scoring::scheme::Panel as PanelMethod;

use super::*;
use crate::domain::panel;

const ELECTORS_MAX: usize = 5000;
const BALLOT_MARKS_MAX: usize = 500;

pub(super) async fn convene_panel(
    service: &Service,
    request: Request<ConvenePanelRequest>,
) -> Answer<ConvenePanelResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let cycle = CycleName::parse("parent", &asked.parent)?;
    let component = field::id("component_id", &asked.component_id)?;
    let name = PanelName { jurisdiction: cycle.jurisdiction.clone(), cycle: cycle.cycle.clone(), component };
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let convened = PanelConvened {
        cycle: cycle.to_string(),
        component_id: name.component.clone(),
        rolls: rolls(&asked.rolls)?,
    };
    let prepare = |fresh| convene(service, &name, &convened, fresh);
    let answer = |panel: &_| ConvenePanelResponse {
        panel: resource::panel::panel(panel, &name),
        ..Default::default()
    };
    service.panels.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn cast_ballot(
    service: &Service,
    request: Request<CastBallotRequest>,
) -> Answer<CastBallotResponse> {
    let (caller, mut asked) = receive(request, &service.clock)?;
    let name = PanelName::parse("name", &asked.name)?;
    let elector = field::id("elector", &asked.elector)?;
    let marks = std::mem::take(&mut asked.marks);
    if marks.len() > BALLOT_MARKS_MAX {
        return Err(BadField::new("marks", format!("must be at most {BALLOT_MARKS_MAX}")).into());
    }
    // What is kept of the request must not tell one ballot from another.
    let call = caller.asking(&asked).call(&asked.request_id, &name.jurisdiction, None)?;
    let (marks, points) = parse(marks)?;
    let ballot = BallotCast {
        cycle: cycle_of(&name).to_string(),
        component_id: name.component.clone(),
        class_id: String::new(),
        marks,
    };
    let prepare = |fresh| cast(service, &name, &elector, &ballot, &points, fresh);
    let answer =
        |panel: &_| CastBallotResponse { panel: resource::panel::panel(panel, &name), ..Default::default() };
    let stream = stream_of(&name);
    let _turn = service.turns.wait(&stream).await;
    service.panels.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn close_panel(
    service: &Service,
    request: Request<ClosePanelRequest>,
) -> Answer<ClosePanelResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = PanelName::parse("name", &asked.name)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let closed = PanelClosed { cycle: cycle_of(&name).to_string(), component_id: name.component.clone() };
    let answer =
        |panel: &_| ClosePanelResponse { panel: resource::panel::panel(panel, &name), ..Default::default() };
    let stream = stream_of(&name);
    let _turn = service.turns.wait(&stream).await;
    let command = panel::Command::Close(closed);
    service.panels.execute(&call, &stream, command, |decided| answer(decided.after)).await
}

pub(super) async fn get_panel(
    service: &Service,
    request: Request<GetPanelRequest>,
) -> Answer<GetPanelResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = PanelName::parse("name", &asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let scheme = service.scheme_of(&cycle_of(&name)).await?;
    let model = service.reads.now();
    let mut shown = model
        .panels
        .get(&name.key())
        .and_then(|loaded| resource::panel::panel(loaded, &name))
        .ok_or_else(|| Failure::not_found(&name))?;
    if shown.closed
        && let Some(scheme) = scheme
        && let Some(facts) = results::facts_of(&model, &cycle_of(&name), &scheme)
    {
        resource::panel::add_results(&mut shown, &scheme, &facts, &name.component);
    }
    Ok(Response::new(GetPanelResponse { panel: Some(shown) }))
}

async fn convene(
    service: &Service,
    name: &PanelName,
    convened: &PanelConvened,
    fresh: bool,
) -> Prepared<panel::Panel> {
    let cycle = service.open_cycle(&cycle_of(name), fresh).await?;
    let classes = method(&cycle, name)?.classes.iter().map(|class| class.class_id.clone()).collect();
    Ok((panel::Command::Convene { convened: convened.clone(), classes }, vec![cycle.guard]))
}

async fn cast(
    service: &Service,
    name: &PanelName,
    elector: &str,
    ballot: &BallotCast,
    points: &[Decimal],
    fresh: bool,
) -> Prepared<panel::Panel> {
    let cycle = service.open_cycle(&cycle_of(name), fresh).await?;
    let max_points = cycle.component(&name.component, "panel")?.max_points;
    let units = Arc::new(cycle.opened()?.units.keys().cloned().collect());
    let command = panel::Command::Cast {
        elector: elector.to_owned(),
        ballot: ballot.clone(),
        points: points.to_vec(),
        allowed: panel::Allowed { units, max_points },
    };
    Ok((command, vec![cycle.guard]))
}

/// The panel's parameters.
fn method<'a>(cycle: &'a OpenCycle, name: &PanelName) -> Result<&'a PanelMethod, Failure> {
    match &cycle.component(&name.component, "panel")?.method {
        Method::Panel(method) => Ok(method),
        Method::Assessor
        | Method::Survey(_)
        | Method::Ledger(_)
        | Method::Indicator(_)
        | Method::Index(_) => Err(Failure::Internal),
    }
}

/// The rolls, each in the order of its electors' references.
fn rolls(asked: &[ElectorRoll]) -> Result<Vec<ElectorRoll>, BadField> {
    if asked.iter().map(|roll| roll.electors.len()).sum::<usize>() > ELECTORS_MAX {
        return Err(BadField::new("rolls", format!("must be at most {ELECTORS_MAX} electors")));
    }
    let roll = |(row, roll): (usize, &ElectorRoll)| {
        let electors = roll.electors.iter().map(|elector| field::id("electors", elector));
        let mut electors = electors.collect::<Result<Vec<_>, _>>().map_err(|bad| bad.in_row("rolls", row))?;
        electors.sort_unstable();
        let class_id = field::id("class_id", &roll.class_id).map_err(|bad| bad.in_row("rolls", row))?;
        Ok(ElectorRoll { class_id, electors })
    };
    asked.iter().enumerate().map(roll).collect()
}

/// A ballot's marks in the order of their units, each written in one way only: how a client writes must not
/// tell whose ballot it is.
fn parse(marks: Vec<BallotMark>) -> Result<(Vec<BallotMark>, Vec<Decimal>), BadField> {
    let mut parsed = Vec::with_capacity(marks.len());
    for (row, mark) in marks.into_iter().enumerate() {
        let points = field::decimal("points", &mark.points, POINTS_PLACES_MAX);
        let points = points.map_err(|bad| bad.in_row("marks", row))?.normalize();
        parsed.push((BallotMark { points: points.to_string(), ..mark }, points));
    }
    parsed.sort_by(|(one, _), (other, _)| one.unit.cmp(&other.unit));
    Ok(parsed.into_iter().unzip())
}

fn stream_of(name: &PanelName) -> StreamId {
    stream::<panel::Panel>(name.key())
}

fn cycle_of(name: &PanelName) -> CycleName {
    CycleName { jurisdiction: name.jurisdiction.clone(), cycle: name.cycle.clone() }
}
