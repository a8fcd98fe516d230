//! From a lost point to the case and back.

use super::*;
use crate::read_model::Consequence;
use crate::replica::Known;

const ACCOUNTABILITY: &str = "accountability";

pub(super) async fn get_case_chain(
    service: &Service,
    request: Request<GetCaseChainRequest>,
) -> Answer<GetCaseChainResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = CaseName::parse("name", &asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    service.replica.wait(&asked.consistency_token, patience).await?;
    let chain = chain(&service.reads.now(), &service.replica.now(), &name.key());
    Ok(Response::new(GetCaseChainResponse { chain: Some(chain.ok_or_else(|| Failure::not_found(&name))?) }))
}

pub(super) async fn list_case_chains(
    service: &Service,
    request: Request<ListCaseChainsRequest>,
) -> Answer<ListCaseChainsResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let source = references::service("service", &asked.service)?;
    let event_id = references::event_id("event_id", &asked.event_id)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    service.replica.wait(&asked.consistency_token, patience).await?;
    let (model, replica) = (service.reads.now(), service.replica.now());
    let mut keys: Vec<_> = around(&model, &replica, source, &event_id)
        .filter(|key| key.split_once('/').is_some_and(|(of, _)| of == jurisdiction))
        .filter_map(|key| Some((model.cases.get(key)?.stamp("").created_at, key.to_owned())))
        .collect();
    keys.sort();
    keys.dedup();
    let sorted = keys.into_iter().map(|(created, key)| {
        let opened = created.map(|created| created.to_string()).unwrap_or_default();
        (format!("{opened} {key}"), key)
    });
    let (keys, next_page_token) = pages::page(sorted, asked.page_size, &asked.page_token)?;
    let chains = keys.iter().filter_map(|key| chain(&model, &replica, key)).collect();
    Ok(Response::new(ListCaseChainsResponse { chains, next_page_token }))
}

/// Keys of the cases that a fact led to, or that it followed from.
fn around<'a>(
    model: &'a ReadModel,
    replica: &'a Replica,
    source: &'a str,
    event_id: &'a str,
) -> impl Iterator<Item = &'a str> {
    let entry = replica.facts.get(event_id).filter(|known| known.service == source);
    let cause = entry.map(|known| known.cause_event_id.as_str()).filter(|cause| !cause.is_empty());
    let own = (source == ACCOUNTABILITY).then_some(event_id).or(cause);
    let followed = model.consequences.iter().filter(move |(_, consequences)| {
        own.is_some_and(|own| consequences.iter().any(|consequence| consequence.event_id == own))
    });
    let cause = cause.and_then(|cause| replica.facts.get(cause));
    let caused = cause.into_iter().flat_map(|cause| model.caused_by(cause.service, &cause.event_id));
    model.caused_by(source, event_id).chain(caused).chain(followed.map(|(key, _)| key.as_str()))
}

fn chain(model: &ReadModel, replica: &Replica, key: &str) -> Option<CaseChain> {
    let opened = model.cases.get(key)?.state.opened()?;
    let mut causes: Vec<_> =
        opened.grounds.causes.iter().map(|cause| caused(replica, opened, cause)).collect();
    causes.sort_by_key(place_in_time);
    let own = model.consequences.get(key).into_iter().flatten();
    let mut consequences: Vec<_> =
        own.clone().map(|consequence| followed(consequence, &opened.terms.case)).collect();
    let entries = own.flat_map(|consequence| replica.facts.entries_of(&consequence.event_id));
    consequences.extend(entries.map(known_link));
    consequences.sort_by_key(place_in_time);
    Some(CaseChain { case: opened.terms.case.clone(), causes, consequences })
}

/// Oldest first; what is known by its place alone comes before what is known by its time.
fn place_in_time(link: &ChainLink) -> (i64, i32, String, u64) {
    let at = link.occurred_at.unwrap_or_default();
    (at.seconds, at.nanos, link.service.clone(), link.position)
}

fn caused(replica: &Replica, opened: &case::Opened, cause: &Cause) -> ChainLink {
    let fallen = opened.is_gone(cause);
    match replica.facts.get(&cause.event_id) {
        Some(known) => {
            let link = known_link(known);
            let standing = link.standing && !fallen;
            let points = if link.points.is_empty() { lost(cause) } else { link.points.clone() };
            ChainLink { standing, points, ..link }
        }
        None => ChainLink {
            service: cause.service.clone(),
            position: cause.position,
            event_id: cause.event_id.clone(),
            points: lost(cause),
            standing: !fallen,
            ..ChainLink::default()
        },
    }
}

fn lost(cause: &Cause) -> String {
    if cause.points.is_empty() { String::new() } else { format!("-{}", cause.points) }
}

fn known_link(known: &Known) -> ChainLink {
    ChainLink {
        service: known.service.to_owned(),
        position: known.position,
        event_id: known.event_id.clone(),
        event_type: known.event_type.to_owned(),
        resource: known.resource.clone(),
        unit: known.unit.clone(),
        points: known.points.clone(),
        standing: known.standing,
        occurred_at: Some(field::to_wire(known.occurred_at)),
    }
}

fn followed(consequence: &Consequence, case: &str) -> ChainLink {
    ChainLink {
        service: ACCOUNTABILITY.to_owned(),
        position: consequence.position,
        event_id: consequence.event_id.clone(),
        event_type: consequence.event_type.to_owned(),
        resource: case.to_owned(),
        unit: consequence.unit.clone(),
        points: String::new(),
        standing: consequence.standing,
        occurred_at: Some(field::to_wire(consequence.occurred_at)),
    }
}
