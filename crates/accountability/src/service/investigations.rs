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
    let command = case::Command::Recuse { reason, expected };
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
        content_sha256: content_hash(&asked.content_sha256)?,
    };
    let text = field::text("text", &asked.text, TEXT_LENGTH_MAX)?;
    let actor = &caller.actor;
    let prepare = |fresh| add(service, &name, (&added, actor), (&call, &text), fresh);
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
    let finding = finding(&asked, &name, &caller.actor)?;
    let facts = field::text("facts", &asked.facts, TEXT_LENGTH_MAX)?;
    let prepare = |fresh| find(service, &name, &finding, (&call, &facts), expected, fresh);
    let answer = |case: &_| MakeFindingResponse {
        case: resource::case(case, &name, caller.now),
        ..Default::default()
    };
    service.cases.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

/// What was found, but for its facts.
fn finding(asked: &MakeFindingRequest, name: &CaseName, actor: &str) -> Result<FindingMade, BadField> {
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
        scale_version: 0,
        made_by: actor.to_owned(),
    })
}

/// The SHA-256 of a document that lies elsewhere; empty: there is none.
fn content_hash(value: &[u8]) -> Result<Vec<u8>, BadField> {
    if value.is_empty() || value.len() == 32 {
        return Ok(value.to_vec());
    }
    Err(BadField::new("content_sha256", "must be 32 bytes, or empty"))
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
    let complaints = loaded.state.opened().map_or(&[][..], |opened| &opened.grounds.complaints);
    let candidate = service.replica.now().person(&assigned.investigator, complaints);
    let candidate = candidate.map(|person| person.ties);
    Ok((case::Command::Assign { assigned: assigned.clone(), candidate, expected }, vec![]))
}

async fn add(
    service: &Service,
    name: &CaseName,
    (added, actor): (&EvidenceAdded, &str),
    text: (&Call, &str),
    fresh: bool,
) -> Prepared<case::Case> {
    let actor = service.actor(actor, &name.jurisdiction).await?;
    let build = |text| {
        let added = EvidenceAdded { text: Some(text), ..added.clone() };
        case::Command::AddEvidence { added, actor }
    };
    service.entrust(name, text, |case| case.evidence(&added.evidence_id)?.text.clone(), build, fresh).await
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
    let scale = scales::stream_of(&name.jurisdiction);
    let in_force = service.scales.load(&scale, fresh).await?;
    let loaded = service.cases.load(&stream_of(name), fresh).await?;
    let investigator = loaded.state.opened().and_then(case::Opened::investigator).unwrap_or_default();
    let actor = service.actor(&finding.made_by, &name.jurisdiction).await?;
    let investigator_units = service.replica.now().units_of(investigator);
    let scale_version = in_force.stream_version;
    let build = |facts| {
        let finding = FindingMade { facts: Some(facts), scale_version, ..finding.clone() };
        case::Command::Find { finding, actor, investigator_units, missing, expected }
    };
    let facts_known = |case: &case::Opened| case.finding()?.facts.clone();
    let (command, _) = service.entrust(name, facts, facts_known, build, fresh).await?;
    Ok((command, vec![Guard { stream: scale, stream_version: scale_version }]))
}
