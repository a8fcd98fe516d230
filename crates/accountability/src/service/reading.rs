//! Cases as they are read: one, a list, departures from the scale, vetoes.

use std::collections::BTreeMap;

use super::*;

pub(super) async fn get_case(service: &Service, request: Request<GetCaseRequest>) -> Answer<GetCaseResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = CaseName::parse("name", &asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let case = shown(&service.reads.now(), &name, (service.clock)());
    Ok(Response::new(GetCaseResponse { case: Some(case.ok_or_else(|| Failure::not_found(&name))?) }))
}

pub(super) async fn list_cases(
    service: &Service,
    request: Request<ListCasesRequest>,
) -> Answer<ListCasesResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let filter = Filter::parse(asked.filter.unwrap_or_default(), &jurisdiction)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    service.replica.wait(&asked.consistency_token, patience).await?;
    let now = (service.clock)();
    let (model, replica) = (service.reads.now(), service.replica.now());
    let prefix = format!("{jurisdiction}/");
    let cases = model.cases.with_prefix(&prefix).filter_map(|(key, _)| {
        let name = CaseName { jurisdiction: jurisdiction.clone(), case: key[prefix.len()..].to_owned() };
        Some((key.to_owned(), shown(&model, &name, now)?))
    });
    let wanted = cases.filter(|(_, case)| filter.lets(case, &replica));
    let (cases, next_page_token) = pages::page(wanted, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListCasesResponse { cases, next_page_token }))
}

pub(super) async fn list_departures(
    service: &Service,
    request: Request<ListDeparturesRequest>,
) -> Answer<ListDeparturesResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let filter = Filter::parse(asked.filter.unwrap_or_default(), &jurisdiction)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    service.replica.wait(&asked.consistency_token, patience).await?;
    let now = (service.clock)();
    let (model, replica) = (service.reads.now(), service.replica.now());
    let known = of(&model.departures, &jurisdiction);
    let wanted = known.filter(|(_, departure)| filter.lets_case(&model, &replica, &departure.case, now));
    let (departures, next_page_token) = pages::page(wanted, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListDeparturesResponse { departures, next_page_token }))
}

pub(super) async fn list_vetoes(
    service: &Service,
    request: Request<ListVetoesRequest>,
) -> Answer<ListVetoesResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let unit = references::unit("unit", &asked.unit, &jurisdiction)?;
    let cycle = references::cycle("cycle", &asked.cycle, &jurisdiction)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    service.replica.wait(&asked.consistency_token, patience).await?;
    let (model, replica) = (service.reads.now(), service.replica.now());
    let below = |veto: &Veto| replica.lineage(&veto.unit).any(|above| above == unit);
    let wanted = of(&model.vetoes, &jurisdiction).filter(|(_, veto)| {
        (unit.is_empty() || veto.unit == unit || (asked.with_subtree && below(veto)))
            && (cycle.is_empty() || veto.cycle == cycle)
            && (asked.include_lifted || !veto.lifted)
    });
    let (vetoes, next_page_token) = pages::page(wanted, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListVetoesResponse { vetoes, next_page_token }))
}

/// Those of a jurisdiction, by key.
fn of<'a, T: Clone>(
    known: &'a BTreeMap<String, T>,
    jurisdiction: &str,
) -> impl Iterator<Item = (String, T)> + 'a {
    let prefix = format!("{jurisdiction}/");
    let range = known.range(prefix.clone()..);
    let own = range.take_while(move |(key, _)| key.starts_with(&prefix));
    own.map(|(key, value)| (key.clone(), value.clone()))
}

/// Which cases are listed.
struct Filter(CaseFilter);

impl Filter {
    fn parse(asked: CaseFilter, jurisdiction: &str) -> Result<Self, BadField> {
        references::unit("filter.unit", &asked.unit, jurisdiction)?;
        references::officer("filter.officer", &asked.officer, jurisdiction)?;
        references::officer("filter.investigator", &asked.investigator, jurisdiction)?;
        references::complaint("filter.complaint", &asked.complaint, jurisdiction)?;
        references::cycle("filter.cycle", &asked.cycle, jurisdiction)?;
        for stage in &asked.stages {
            field::enumeration::<CaseStage>("filter.stages", *stage)?;
        }
        for nature in &asked.natures {
            field::enumeration::<CaseNature>("filter.natures", *nature)?;
        }
        for origin in &asked.origins {
            field::enumeration::<Origin>("filter.origins", *origin)?;
        }
        Ok(Self(asked))
    }

    fn lets(&self, case: &Case, replica: &Replica) -> bool {
        let Self(filter) = self;
        let said = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        let listed = |wanted: &[i32], found| wanted.is_empty() || wanted.contains(&found);
        let counts_in = case.finding.as_ref().map_or("", |finding| &finding.cycle);
        let ended = matches!(case.stage(), CaseStage::Closed | CaseStage::Merged);
        let found = case.finding.as_ref();
        let mut units = found.into_iter().flat_map(|finding| &finding.units).chain(&case.units);
        let mut officers = found.into_iter().flat_map(|finding| &finding.officers).chain(&case.officers);
        self.lets_units(&mut units, replica)
            && (filter.officer.is_empty() || officers.any(|officer| *officer == filter.officer))
            && said(&filter.investigator, &case.investigator)
            && listed(&filter.stages, case.stage)
            && listed(&filter.natures, case.nature)
            && listed(&filter.origins, case.origin)
            && said(&filter.complaint, &case.complaint)
            && (said(&filter.cycle, &case.cycle) || said(&filter.cycle, counts_in))
            && !(filter.open_only && ended)
            && case.age_days >= filter.age_days_min
            && (filter.age_days_max == 0 || case.age_days <= filter.age_days_max)
            && (case.needs_review || !filter.needs_review_only)
            && (case.dispositions.iter().any(is_overdue) || !filter.overdue_only)
    }

    fn lets_case(&self, model: &ReadModel, replica: &Replica, name: &str, now: Timestamp) -> bool {
        let name = CaseName::parse("case", name).ok();
        name.and_then(|name| shown(model, &name, now)).is_some_and(|case| self.lets(&case, replica))
    }

    fn lets_units<'a>(&self, units: &mut impl Iterator<Item = &'a String>, replica: &Replica) -> bool {
        let Self(CaseFilter { unit: wanted, with_subtree, .. }) = self;
        let below = |unit: &String| replica.lineage(unit).any(|above| above == wanted);
        wanted.is_empty() || units.any(|unit| unit == wanted || (*with_subtree && below(unit)))
    }
}

/// A case with the event id of its finding.
fn shown(model: &ReadModel, name: &CaseName, now: Timestamp) -> Option<Case> {
    let key = name.key();
    let mut case = resource::case(model.cases.get(&key)?, name, now)?;
    if let (Some(finding), Some(event_id)) = (&mut case.finding, model.findings.get(&key)) {
        finding.event_id.clone_from(event_id);
    }
    Some(case)
}

fn is_overdue(disposition: &DispositionState) -> bool {
    disposition.overdue && disposition.execution_date.is_empty()
}
