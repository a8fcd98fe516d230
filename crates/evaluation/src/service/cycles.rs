//! Cycles, from opening to publication.

use jiff::Timestamp;
use jiff::civil::Date;

use super::*;

pub(super) async fn open_cycle(
    service: &Service,
    request: Request<OpenCycleRequest>,
) -> Answer<OpenCycleResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let name = CycleName { cycle: field::id("cycle_id", &asked.cycle_id)?, jurisdiction };
    let terms = terms(&asked, &name)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let prepare = |fresh| open(service, &terms, fresh);
    let answer = |cycle: &_| OpenCycleResponse { cycle: resource::cycle(cycle, &name), ..Default::default() };
    let stream = stream::<cycle::Cycle>(name.key());
    service.cycles.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn enter_unit(
    service: &Service,
    request: Request<EnterUnitRequest>,
) -> Answer<EnterUnitResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CycleName::parse("name", &asked.name)?;
    let unit = UnitName::parse("unit", &asked.unit)?;
    if !(1..=GROUP_MAX).contains(&asked.group) {
        return Err(BadField::new("group", format!("must lie between 1 and {GROUP_MAX}")).into());
    }
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let prepare = |fresh| enter(service, &asked, &unit, fresh);
    let answer = |cycle: &_| EnterUnitResponse {
        cycle_unit: resource::cycle_unit(cycle, &asked.unit),
        ..Default::default()
    };
    let stream = stream::<cycle::Cycle>(name.key());
    service.cycles.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn remove_unit(
    service: &Service,
    request: Request<RemoveUnitRequest>,
) -> Answer<RemoveUnitResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CycleName::parse("name", &asked.name)?;
    let unit = UnitName::parse("unit", &asked.unit)?.to_string();
    let reason = field::text("reason", &asked.reason, REASON_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let command = cycle::Command::Remove(UnitRemoved { cycle: name.to_string(), unit: unit.clone(), reason });
    let answer = |before: &_| {
        let removed = resource::cycle_unit(before, &unit).map(|unit| CycleUnit { removed: true, ..unit });
        RemoveUnitResponse { cycle_unit: removed, ..Default::default() }
    };
    let stream = stream::<cycle::Cycle>(name.key());
    service.cycles.execute(&call, &stream, command, |decided| answer(decided.before)).await
}

pub(super) async fn close_cycle(
    service: &Service,
    request: Request<CloseCycleRequest>,
) -> Answer<CloseCycleResponse> {
    let patience = patience(&request);
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CycleName::parse("name", &asked.name)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let stream = stream::<cycle::Cycle>(name.key());
    let today = field::day_of(caller.now);
    let prepare = |fresh| close(service, &name, today, patience, fresh);
    let answer =
        |cycle: &_| CloseCycleResponse { cycle: resource::cycle(cycle, &name), ..Default::default() };
    service.cycles.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn publish_results(
    service: &Service,
    request: Request<PublishResultsRequest>,
) -> Answer<PublishResultsResponse> {
    let patience = patience(&request);
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CycleName::parse("name", &asked.name)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let now = call.metadata.occurred_at;
    let prepare = |_| publish(service, &name, now, patience);
    let answer =
        |cycle: &_| PublishResultsResponse { cycle: resource::cycle(cycle, &name), ..Default::default() };
    let stream = stream::<cycle::Cycle>(name.key());
    service.cycles.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn revise_results(
    service: &Service,
    request: Request<ReviseResultsRequest>,
) -> Answer<ReviseResultsResponse> {
    let patience = patience(&request);
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CycleName::parse("name", &asked.name)?;
    let reason = field::text("reason", &asked.reason, REASON_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let now = call.metadata.occurred_at;
    let prepare = |_| revise(service, &name, &reason, now, patience);
    let answer =
        |cycle: &_| ReviseResultsResponse { cycle: resource::cycle(cycle, &name), ..Default::default() };
    let stream = stream::<cycle::Cycle>(name.key());
    service.cycles.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn get_cycle(
    service: &Service,
    request: Request<GetCycleRequest>,
) -> Answer<GetCycleResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = CycleName::parse("name", &asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    service.replica.wait(&asked.consistency_token, patience).await?;
    let found = {
        let model = service.reads.now();
        model.cycles.get(&name.key()).and_then(|loaded| resource::cycle(loaded, &name))
    };
    let mut cycle = found.ok_or_else(|| Failure::not_found(&name))?;
    cycle.revision_due = revision_due(service, &name, &cycle, (service.clock)()).await?;
    Ok(Response::new(GetCycleResponse { cycle: Some(cycle) }))
}

pub(super) async fn list_cycles(
    service: &Service,
    request: Request<ListCyclesRequest>,
) -> Answer<ListCyclesResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let model = service.reads.now();
    let prefix = format!("{jurisdiction}/");
    let cycles = model.cycles.with_prefix(&prefix).filter_map(|(key, loaded)| {
        let name = CycleName { jurisdiction: jurisdiction.clone(), cycle: key[prefix.len()..].to_owned() };
        Some((key.to_owned(), resource::cycle(loaded, &name)?))
    });
    let (cycles, next_page_token) = pages::page(cycles, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListCyclesResponse { cycles, next_page_token }))
}

/// What a cycle is opened with; its scheme version is settled when it is decided.
fn terms(asked: &OpenCycleRequest, name: &CycleName) -> Result<CycleOpened, BadField> {
    let scheme = SchemeName::parse("scheme", &asked.scheme)?;
    let parent_cycle = CycleName::parse_optional("parent_cycle", &asked.parent_cycle)?;
    field::same_jurisdiction("scheme", &scheme.jurisdiction, &name.jurisdiction)?;
    if let Some(parent) = &parent_cycle {
        field::same_jurisdiction("parent_cycle", &parent.jurisdiction, &name.jurisdiction)?;
    }
    let mut ranked_groups = asked.ranked_groups.clone();
    ranked_groups.sort_unstable();
    ranked_groups.dedup();
    if ranked_groups.len() > RANKED_GROUPS_MAX
        || ranked_groups.iter().any(|group| !(1..=GROUP_MAX).contains(group))
    {
        let message = format!("must be at most {RANKED_GROUPS_MAX} groups between 1 and {GROUP_MAX}");
        return Err(BadField::new("ranked_groups", message));
    }
    Ok(CycleOpened {
        cycle: name.to_string(),
        title: field::text("title", &asked.title, TITLE_LENGTH_MAX)?,
        scheme: asked.scheme.clone(),
        scheme_version: asked.scheme_version,
        start_date: field::date("start_date", &asked.start_date)?.to_string(),
        end_date: field::date("end_date", &asked.end_date)?.to_string(),
        level: field::enumeration::<CycleLevel>("level", asked.level)?.into(),
        parent_cycle: asked.parent_cycle.clone(),
        ranked_groups,
    })
}

async fn open(service: &Service, terms: &CycleOpened, fresh: bool) -> Prepared<cycle::Cycle> {
    let scheme = SchemeName::parse("scheme", &terms.scheme)?;
    let scheme = service.schemes.load(&stream::<scheme::Scheme>(scheme.key()), fresh).await?;
    let published = scheme.state.version(terms.scheme_version).filter(|(_, version)| version.published);
    let (mut parent, mut guards) = (None, vec![]);
    if let Some(name) = CycleName::parse_optional("parent_cycle", &terms.parent_cycle)? {
        let stream = stream::<cycle::Cycle>(name.key());
        let loaded = service.cycles.load(&stream, fresh).await?;
        parent = loaded.state.opened().map(|opened| cycle::Parent {
            level: opened.terms.level(),
            period: (opened.terms.start_date.clone(), opened.terms.end_date.clone()),
            open: opened.phase == cycle::Phase::Open,
        });
        guards.push(Guard { stream, stream_version: loaded.stream_version });
    }
    let mut terms = terms.clone();
    terms.scheme_version = published.map_or(terms.scheme_version, |(number, _)| number);
    Ok((cycle::Command::Open { terms, scheme_published: published.is_some(), parent }, guards))
}

async fn enter(
    service: &Service,
    asked: &EnterUnitRequest,
    unit: &UnitName,
    fresh: bool,
) -> Prepared<cycle::Cycle> {
    let register = service.registers.load(&units::register(unit), fresh).await?;
    let known = register.state.unit(&asked.unit);
    let entered = UnitEntered {
        cycle: asked.name.clone(),
        unit: asked.unit.clone(),
        group: asked.group,
        appraisal_target: asked.appraisal_target,
        parent: known.map(|unit| unit.registered.parent.clone()).unwrap_or_default(),
    };
    Ok((cycle::Command::Enter { entered, in_service: known.is_some_and(|unit| !unit.retired) }, vec![]))
}

async fn close(
    service: &Service,
    name: &CycleName,
    today: Date,
    patience: Duration,
    fresh: bool,
) -> Prepared<cycle::Cycle> {
    // What others recorded before counts, and what follows from it.
    let behind = service.behind(patience).await?;
    let (still_open, guards) = still_open(service, name, fresh).await?;
    let mut missing: Vec<_> = still_open.into_iter().map(|id| format!("{id}: still open")).collect();
    missing.extend(behind);
    service.reads.catch_up(patience).await?;
    let cycle = service.cycles.load(&stream::<cycle::Cycle>(name.key()), fresh).await?;
    if let Some(opened) = cycle.state.opened() {
        let scheme = service.scheme(&opened.terms.scheme, opened.terms.scheme_version).await?;
        missing.extend(readiness::missing(&service.reads.now(), name, opened, &scheme, today));
    }
    Ok((cycle::Command::Close { cycle: name.to_string(), missing }, guards))
}

async fn publish(
    service: &Service,
    name: &CycleName,
    now: Timestamp,
    patience: Duration,
) -> Prepared<cycle::Cycle> {
    let Computed { results, guards, accountability_threshold } =
        computed(service, name, now, patience).await?;
    let undecided = readiness::undecided_for_results(&service.reads.now(), name);
    let published = ResultsPublished { cycle: name.to_string(), results, accountability_threshold };
    Ok((cycle::Command::Publish { published, undecided }, guards))
}

async fn revise(
    service: &Service,
    name: &CycleName,
    reason: &str,
    now: Timestamp,
    patience: Duration,
) -> Prepared<cycle::Cycle> {
    let Computed { results, guards, accountability_threshold } =
        computed(service, name, now, patience).await?;
    let revised = ResultsRevised {
        cycle: name.to_string(),
        results,
        reason: reason.to_owned(),
        // Numbered by the rules.
        revision: 0,
        accountability_threshold,
    };
    Ok((cycle::Command::Revise(revised), guards))
}

/// The surveys and panels of the cycle that still take answers or ballots, with guards on all of them.
async fn still_open(
    service: &Service,
    name: &CycleName,
    fresh: bool,
) -> Result<(Vec<String>, Vec<Guard>), Failed> {
    let cycle = service.cycles.load(&stream::<cycle::Cycle>(name.key()), fresh).await?;
    let Some(opened) = cycle.state.opened() else { return Ok((vec![], vec![])) };
    let scheme = service.scheme(&opened.terms.scheme, opened.terms.scheme_version).await?;
    let (mut still_open, mut guards) = (vec![], vec![]);
    for component in scheme.components() {
        if matches!(component.method, Method::Panel(_)) {
            let stream = stream::<panel::Panel>(format!("{}/{}", name.key(), component.component_id));
            let panel = service.panels.load(&stream, fresh).await?;
            if panel.state.convened().is_some_and(|convened| !convened.closed) {
                still_open.push(component.component_id.clone());
            }
            guards.push(Guard { stream, stream_version: panel.stream_version });
        }
        if matches!(component.method, Method::Survey(_)) {
            let stream = stream::<survey::Survey>(format!("{}/{}", name.key(), component.component_id));
            let survey = service.surveys.load(&stream, fresh).await?;
            if survey.state.planned().is_some_and(|planned| !planned.closed) {
                still_open.push(component.component_id.clone());
            }
            guards.push(Guard { stream, stream_version: survey.stream_version });
        }
    }
    Ok((still_open, guards))
}

/// Results, with guards on the streams that they came from.
#[derive(Default)]
struct Computed {
    results: Vec<UnitResult>,
    guards: Vec<Guard>,
    accountability_threshold: Option<String>,
}

/// The results as all recorded facts stand.
async fn computed(
    service: &Service,
    name: &CycleName,
    now: Timestamp,
    patience: Duration,
) -> Result<Computed, Failed> {
    service.reads.catch_up(patience).await?;
    service.replica.catch_up(patience).await?;
    Ok(as_known(service, name, now).await?)
}

/// The results as the read model has the facts.
async fn as_known(service: &Service, name: &CycleName, now: Timestamp) -> Result<Computed, Failure> {
    let terms = {
        let model = service.reads.now();
        let opened = model.cycles.get(&name.key()).and_then(|loaded| loaded.state.opened());
        opened.map(|opened| opened.terms.clone())
    };
    // The rules refuse what is asked of a cycle that is not there.
    let Some(terms) = terms else { return Ok(Computed::default()) };
    let scheme = service.scheme(&terms.scheme, terms.scheme_version).await?;
    let model = service.reads.now();
    let opened = model.cycles.get(&name.key()).and_then(|loaded| loaded.state.opened());
    let replica = service.replica.now();
    let computed = |opened| results::results((&model, &replica), &name.key(), opened, &scheme, now);
    let (results, guards) = opened.map(computed).unwrap_or_default();
    let accountability_threshold = scheme.accountability_threshold().map(|points| points.to_string());
    Ok(Computed { results, guards, accountability_threshold })
}

/// The units whose published result would be another one if it were revised now.
async fn revision_due(
    service: &Service,
    name: &CycleName,
    published: &Cycle,
    now: Timestamp,
) -> Result<Vec<String>, Failure> {
    if published.state() != CycleState::Published {
        return Ok(vec![]);
    }
    let computed = as_known(service, name, now).await?.results;
    let changed = computed.into_iter().filter(|result| !published.results.contains(result));
    Ok(changed.map(|result| result.unit).collect())
}
