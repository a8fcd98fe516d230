//! Cases: opened by hand, merged, closed; their texts.

use super::*;

const CAUSES_MAX: usize = 1000;
const KEYS_MAX: usize = 100;

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

pub(super) async fn merge_case(
    service: &Service,
    request: Request<MergeCaseRequest>,
) -> Answer<MergeCaseResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CaseName::parse("name", &asked.name)?;
    let merged = CaseName::parse("merged_case", &asked.merged_case)?;
    field::same_jurisdiction("merged_case", &merged.jurisdiction, &name.jurisdiction)?;
    if merged == name {
        return Err(BadField::new("merged_case", "must be another case").into());
    }
    let reason = field::text("reason", &asked.reason, REASON_LENGTH_MAX)?;
    let expected = field::etag(&asked.etag)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let prepare = |fresh| merge(service, &name, &merged, &reason, expected, fresh);
    let answer =
        |case: &_| MergeCaseResponse { case: resource::case(case, &name, caller.now), ..Default::default() };
    service.cases.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn close_case(
    service: &Service,
    request: Request<CloseCaseRequest>,
) -> Answer<CloseCaseResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CaseName::parse("name", &asked.name)?;
    let expected = field::etag(&asked.etag)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let prepare = async |_| {
        let actor = service.actor(&caller.actor, &name.jurisdiction).await?;
        Ok((case::Command::Close { actor, expected }, vec![]))
    };
    let answer =
        |case: &_| CloseCaseResponse { case: resource::case(case, &name, caller.now), ..Default::default() };
    service.cases.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

/// The reading is on record before anything is read; the answer that is kept holds no text.
pub(super) async fn reveal_case_texts(
    service: &Service,
    request: Request<RevealCaseTextsRequest>,
) -> Answer<RevealCaseTextsResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CaseName::parse("name", &asked.name)?;
    let vault_keys = asked.vault_keys;
    if vault_keys.is_empty() || vault_keys.len() > KEYS_MAX {
        return Err(BadField::new("vault_keys", format!("must be 1 to {KEYS_MAX}")).into());
    }
    let purpose = field::text("purpose", &asked.purpose, REASON_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, None)?;
    let command = case::Command::RevealTexts { vault_keys: vault_keys.clone(), purpose };
    let stream = stream_of(&name);
    let mut answered =
        service.cases.execute(&call, &stream, command, |_| RevealCaseTextsResponse::default()).await?;
    let loaded = service.cases.load(&stream, true).await.map_err(Failed::into_failure)?;
    for vault_key in vault_keys {
        let text = loaded.state.opened().and_then(|opened| opened.text(&vault_key));
        let text = service.reveal(text).await?;
        let (text, genuine) = text.unwrap_or_default();
        answered.get_mut().texts.push(RevealedText { vault_key, text, genuine });
    }
    Ok(answered)
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
    service.entrust(name, grounds, |case| case.terms.grounds.clone(), build, fresh).await
}

/// The other case is looked at, and guarded: it must not come to a finding meanwhile.
async fn merge(
    service: &Service,
    name: &CaseName,
    merged: &CaseName,
    reason: &str,
    expected: Option<u64>,
    fresh: bool,
) -> Prepared<case::Case> {
    service.replica.catch_up(REPLICA_WAIT_MAX).await?;
    let loaded = service.cases.load(&stream_of(name), fresh).await?;
    let other = service.cases.load(&stream_of(merged), fresh).await?;
    let investigator = loaded.state.opened().and_then(case::Opened::investigator).unwrap_or_default();
    let complaints = other.state.opened().map_or(&[][..], |other| &other.grounds.complaints);
    let person = service.replica.now().person(investigator, complaints);
    let command = case::Command::Merge {
        merged: merged.to_string(),
        reason: reason.to_owned(),
        other: other.state.clone(),
        investigator: person.unwrap_or_default().ties,
        expected,
    };
    let guard = Guard { stream: stream_of(merged), stream_version: other.stream_version };
    Ok((command, vec![guard]))
}
