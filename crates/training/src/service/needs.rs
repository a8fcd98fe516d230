//! Operational needs.

use super::*;

pub(super) async fn identify_need(
    service: &Service,
    request: Request<IdentifyNeedRequest>,
) -> Answer<IdentifyNeedResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let name = NeedName { need: field::id("need_id", &asked.need_id)?, jurisdiction };
    let assessment = assessment_of(&asked.assessment, &name.jurisdiction)?;
    let identified = NeedIdentified {
        need: name.to_string(),
        unit: unit("unit", &asked.unit, &name.jurisdiction)?,
        quality: field::enumeration::<Quality>("quality", asked.quality)?.into(),
        speciality: field::optional_text("speciality", &asked.speciality, SPECIALITY_LENGTH_MAX)?,
        statement: field::text("statement", &asked.statement, REASON_LENGTH_MAX)?,
        assessment: asked.assessment,
    };
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let prepare = |fresh| identify(service, &identified, assessment.as_ref(), fresh);
    let answer = |need: &_| IdentifyNeedResponse {
        need: resource::need(need, &name, &service.reads.now().items),
        ..Default::default()
    };
    service.needs.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn meet_need(
    service: &Service,
    request: Request<MeetNeedRequest>,
) -> Answer<MeetNeedResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = NeedName::parse("name", &asked.name)?;
    let expected = field::etag(&asked.etag)?;
    let assessment = assessment_of(&asked.assessment, &name.jurisdiction)?;
    let item = ItemName::parse_optional("item", &asked.item)?;
    if let Some(item) = &item {
        field::same_jurisdiction("item", &item.jurisdiction, &name.jurisdiction)?;
    }
    let met = NeedMet {
        need: name.to_string(),
        item: asked.item,
        assessment: asked.assessment,
        statement: field::text("statement", &asked.statement, REASON_LENGTH_MAX)?,
    };
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let prepare = |fresh| meet(service, (&name, &met), item.as_ref(), assessment.as_ref(), expected, fresh);
    let answer = |need: &_| MeetNeedResponse {
        need: resource::need(need, &name, &service.reads.now().items),
        ..Default::default()
    };
    service.needs.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn get_need(service: &Service, request: Request<GetNeedRequest>) -> Answer<GetNeedResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = NeedName::parse("name", &asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let model = service.reads.now();
    let found = model.needs.get(&name.key()).and_then(|loaded| resource::need(loaded, &name, &model.items));
    Ok(Response::new(GetNeedResponse { need: Some(found.ok_or_else(|| Failure::not_found(&name))?) }))
}

pub(super) async fn list_needs(
    service: &Service,
    request: Request<ListNeedsRequest>,
) -> Answer<ListNeedsResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let only = Only::parse("unit", &asked.unit, asked.with_subtree, &jurisdiction)?;
    let state = optional_enumeration("state", asked.state, NeedState::Unspecified)?;
    service.wait(&asked.consistency_token, patience).await?;
    let (model, replica) = (service.reads.now(), service.replica.now());
    let wanted = |need: &Need| {
        (state == NeedState::Unspecified || state == need.state())
            && (asked.speciality.is_empty() || asked.speciality == need.speciality)
            && only.lets(&need.unit, &replica)
    };
    let prefix = format!("{jurisdiction}/");
    let needs = model.needs.with_prefix(&prefix).filter_map(|(key, loaded)| {
        let need = key[prefix.len()..].to_owned();
        let name = NeedName { jurisdiction: jurisdiction.clone(), need };
        Some((key.to_owned(), resource::need(loaded, &name, &model.items)?))
    });
    let needs = needs.filter(|(_, need)| wanted(need));
    let (needs, next_page_token) = pages::page(needs, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListNeedsResponse { needs, next_page_token }))
}

/// The stream that a need lies in.
pub(super) fn stream_of(name: &NeedName) -> StreamId {
    stream::<need::Need>(name.key())
}

async fn identify(
    service: &Service,
    identified: &NeedIdentified,
    assessment: Option<&AssessmentName>,
    fresh: bool,
) -> Prepared<need::Need> {
    let mut guards = vec![];
    let mut admitted = if service.in_service(&identified.unit).await? {
        Ok(())
    } else {
        Err(NotAdmitted::UnitNotInService(identified.unit.clone()))
    };
    if let Some(name) = assessment {
        let (known, guard) = service.knows_assessment(name, fresh).await?;
        admitted = admitted.and(known);
        guards.push(guard);
    }
    Ok((need::Command::Identify { identified: identified.clone(), admitted }, guards))
}

async fn meet(
    service: &Service,
    (name, met): (&NeedName, &NeedMet),
    item: Option<&ItemName>,
    assessment: Option<&AssessmentName>,
    expected: Option<u64>,
    fresh: bool,
) -> Prepared<need::Need> {
    let (mut admitted, mut guards, stream) = (Ok(()), vec![], stream_of(name));
    if let Some(name) = item {
        let (item, guard) = service.item_of(name, fresh).await?;
        let need = service.needs.load(&stream, fresh).await?;
        if let Some(need) = need.state.identified() {
            admitted = admission::answers(&item.state, &name.to_string(), &need.need);
        }
        guards.push(guard);
    }
    if let Some(name) = assessment {
        let (known, guard) = service.knows_assessment(name, fresh).await?;
        admitted = admitted.and(known);
        guards.push(guard);
    }
    Ok((need::Command::Meet { met: met.clone(), admitted, expected }, guards))
}

fn assessment_of(value: &str, jurisdiction: &str) -> Result<Option<AssessmentName>, BadField> {
    let name = AssessmentName::parse_optional("assessment", value)?;
    if let Some(name) = &name {
        field::same_jurisdiction("assessment", &name.jurisdiction, jurisdiction)?;
    }
    Ok(name)
}
