//! Investigations: investigator, evidence, finding.

use super::*;

const FACTS_MAX: usize = 100;

pub(super) async fn assign_investigator(
    service: &Service,
    request: Request<AssignInvestigatorRequest>,
) -> Answer<AssignInvestigatorResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CaseName::parse("name", &asked.name)?;
    let investigator = OfficerName::parse("investigator", &asked.investigator)?;
    field::same_jurisdiction("investigator", &investigator.jurisdiction, &name.jurisdiction)?;
    let expected = field::etag(&asked.etag)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let assigned = InvestigatorAssigned { case: name.to_string(), investigator: investigator.to_string() };
    let prepare = |fresh| assign(service, &name, &assigned, expected, fresh);
    let answer = |case: &_| AssignInvestigatorResponse {
        case: resource::case(case, &name, caller.now),
        ..Default::default()
    };
    service.cases.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn recuse_investigator(
    service: &Service,
    request: Request<RecuseInvestigatorRequest>,
) -> Answer<RecuseInvestigatorResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CaseName::parse("name", &asked.name)?;
    let reason = field::text("reason", &asked.reason, REASON_LENGTH_MAX)?;
    let expected = field::etag(&asked.etag)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let command = case::Command::Recuse { case: name.to_string(), reason, expected };
    let answer = |case: &_| RecuseInvestigatorResponse {
        case: resource::case(case, &name, caller.now),
        ..Default::default()
    };
    service.cases.execute(&call, &stream_of(&name), command, |decided| answer(decided.after)).await
}

pub(super) async fn add_evidence(
    service: &Service,
    request: Request<AddEvidenceRequest>,
) -> Answer<AddEvidenceResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CaseName::parse("name", &asked.name)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let added = EvidenceAdded {
        case: name.to_string(),
        evidence_id: field::id("evidence_id", &asked.evidence_id)?,
        kind: field::enumeration::<EvidenceKind>("kind", asked.kind)?.into(),
        text: None,
        facts: references::causes("facts", &asked.facts, FACTS_MAX)?,
    };
    let text = field::text("text", &asked.text, TEXT_LENGTH_MAX)?;
    let prepare = |fresh| add(service, &name, &added, (&call, &text), fresh);
    let answer = |case: &_| AddEvidenceResponse {
        case: resource::case(case, &name, caller.now),
        ..Default::default()
    };
    service.cases.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn make_finding(
    service: &Service,
    request: Request<MakeFindingRequest>,
) -> Answer<MakeFindingResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CaseName::parse("name", &asked.name)?;
    let expected = field::etag(&asked.etag)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let finding = finding(&asked, &name)?;
    let facts = field::text("facts", &asked.facts, TEXT_LENGTH_MAX)?;
    let prepare = |fresh| find(service, &name, &finding, (&call, &facts), expected, fresh);
    let answer = |case: &_| MakeFindingResponse {
        case: resource::case(case, &name, caller.now),
        ..Default::default()
    };
    service.cases.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

/// What was found, but for its facts.
fn finding(asked: &MakeFindingRequest, name: &CaseName) -> Result<FindingMade, BadField> {
    let units = references::units("units", &asked.units, &name.jurisdiction)?;
    let officers = references::officers("officers", &asked.officers, &name.jurisdiction)?;
    let (nature, gravity) = if asked.exonerated {
        check_nobody_blamed(asked)?;
        (CaseNature::Unspecified, Gravity::Unspecified)
    } else {
        if units.is_empty() && officers.is_empty() {
            return Err(BadField::new("units", "either a unit or an officer must be responsible"));
        }
        (field::enumeration("nature", asked.nature)?, field::enumeration("gravity", asked.gravity)?)
    };
    Ok(FindingMade {
        case: name.to_string(),
        exonerated: asked.exonerated,
        nature: nature.into(),
        gravity: gravity.into(),
        units,
        officers,
        facts: None,
        cycle: references::cycle("cycle", &asked.cycle, &name.jurisdiction)?,
    })
}

fn check_nobody_blamed(asked: &MakeFindingRequest) -> Result<(), BadField> {
    let said = [
        ("nature", asked.nature != 0),
        ("gravity", asked.gravity != 0),
        ("units", !asked.units.is_empty()),
        ("officers", !asked.officers.is_empty()),
    ];
    match said.into_iter().find(|(_, said)| *said) {
        Some((field, _)) => Err(BadField::new(field, "must be empty where nobody is responsible")),
        None => Ok(()),
    }
}

/// Recusal is checked on all that is recorded now: where the officer serves, who has the complaint.
async fn assign(
    service: &Service,
    name: &CaseName,
    assigned: &InvestigatorAssigned,
    expected: Option<u64>,
    fresh: bool,
) -> Prepared<case::Case> {
    service.replica.catch_up(REPLICA_WAIT_MAX).await?;
    let loaded = service.cases.load(&stream_of(name), fresh).await?;
    let complaint = loaded.state.opened().map_or("", |opened| &opened.terms.complaint);
    let replica = service.replica.now();
    let officer = replica.officer(&assigned.investigator).filter(|officer| officer.on_roster);
    let candidate = officer.map(|officer| case::Candidate {
        unit: officer.unit.clone(),
        in_complaint: replica.in_complaint(&assigned.investigator, complaint),
    });
    Ok((case::Command::Assign { assigned: assigned.clone(), candidate, expected }, vec![]))
}

async fn add(
    service: &Service,
    name: &CaseName,
    added: &EvidenceAdded,
    text: (&Call, &str),
    fresh: bool,
) -> Prepared<case::Case> {
    let build = |text| case::Command::AddEvidence(EvidenceAdded { text: Some(text), ..added.clone() });
    service.entrust(name, text, |case| case.evidence(&added.evidence_id)?.text.as_ref(), build, fresh).await
}

async fn find(
    service: &Service,
    name: &CaseName,
    finding: &FindingMade,
    facts: (&Call, &str),
    expected: Option<u64>,
    fresh: bool,
) -> Prepared<case::Case> {
    let FindingMade { units, officers, cycle, .. } = finding;
    let missing = service.missing(units, officers, "", cycle).await?;
    let build = |facts| {
        let finding = FindingMade { facts: Some(facts), ..finding.clone() };
        case::Command::Find { finding, missing, expected }
    };
    service.entrust(name, facts, |case| case.finding()?.facts.as_ref(), build, fresh).await
}
