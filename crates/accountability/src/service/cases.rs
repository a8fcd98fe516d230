//! Cases: opened by hand, shown, listed.

use super::*;

const CAUSES_MAX: usize = 1000;

pub(super) async fn open_case(
    service: &Service,
    request: Request<OpenCaseRequest>,
) -> Answer<OpenCaseResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let call = caller.call(&asked.request_id, &jurisdiction, asked.occurred_at)?;
    let case = match asked.case_id.as_str() {
        "" => call.request_id.simple().to_string(),
        case_id => field::id("case_id", case_id)?,
    };
    let name = CaseName { jurisdiction, case };
    let grounds = field::text("grounds", &asked.grounds, TEXT_LENGTH_MAX)?;
    let opened = opened(&asked, &name, &caller.actor)?;
    let prepare = |fresh| open(service, &name, &opened, (&call, &grounds), fresh);
    let answer =
        |case: &_| OpenCaseResponse { case: resource::case(case, &name, caller.now), ..Default::default() };
    service.cases.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

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
        self.lets_units(&case.units, replica)
            && (filter.officer.is_empty() || case.officers.contains(&filter.officer))
            && said(&filter.investigator, &case.investigator)
            && listed(&filter.stages, case.stage)
            && listed(&filter.natures, case.nature)
            && listed(&filter.origins, case.origin)
            && said(&filter.complaint, &case.complaint)
            && (said(&filter.cycle, &case.cycle) || said(&filter.cycle, counts_in))
            && !(filter.open_only && ended)
            && case.age_days >= filter.age_days_min
            && (filter.age_days_max == 0 || case.age_days <= filter.age_days_max)
    }

    fn lets_units(&self, units: &[String], replica: &Replica) -> bool {
        let Self(CaseFilter { unit: wanted, with_subtree, .. }) = self;
        let below = |unit: &String| replica.lineage(unit).any(|above| above == wanted);
        wanted.is_empty() || units.contains(wanted) || (*with_subtree && units.iter().any(below))
    }
}

/// What a case is opened with by hand, but for its grounds.
fn opened(asked: &OpenCaseRequest, name: &CaseName, actor: &str) -> Result<CaseOpened, BadField> {
    let units = references::units("units", &asked.units, &name.jurisdiction)?;
    if units.is_empty() {
        return Err(BadField::new("units", "must be at least one"));
    }
    Ok(CaseOpened {
        case: name.to_string(),
        origin: Origin::ByHand.into(),
        nature: field::enumeration::<CaseNature>("nature", asked.nature)?.into(),
        units,
        officers: references::officers("officers", &asked.officers, &name.jurisdiction)?,
        grounds: None,
        complaint: references::complaint("complaint", &asked.complaint, &name.jurisdiction)?,
        cycle: references::cycle("cycle", &asked.cycle, &name.jurisdiction)?,
        points_lost: String::new(),
        threshold: String::new(),
        causes: references::causes("causes", &asked.causes, CAUSES_MAX)?,
        opened_by: actor.to_owned(),
    })
}

async fn open(
    service: &Service,
    name: &CaseName,
    opened: &CaseOpened,
    grounds: (&Call, &str),
    fresh: bool,
) -> Prepared<case::Case> {
    let CaseOpened { units, officers, complaint, cycle, .. } = opened;
    let missing = service.missing(units, officers, complaint, cycle).await?;
    let build = |grounds| {
        let opened = CaseOpened { grounds: Some(grounds), ..opened.clone() };
        case::Command::Open { opened, missing }
    };
    service.entrust(name, grounds, |case| case.terms.grounds.as_ref(), build, fresh).await
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
