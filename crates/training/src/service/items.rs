//! Items of a campaign.

use super::*;

pub(super) async fn design_item(
    service: &Service,
    request: Request<DesignItemRequest>,
) -> Answer<DesignItemResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let CampaignName { jurisdiction, campaign } = CampaignName::parse("parent", &asked.parent)?;
    let name = ItemName { jurisdiction, campaign, item: field::id("item_id", &asked.item_id)? };
    let expected = field::etag(&asked.etag)?;
    let needs = needs(&asked.needs, &name.jurisdiction)?;
    let guiding = unit("guiding_department", &asked.guiding_department, &name.jurisdiction)?;
    let designed = ItemDesigned {
        item: name.to_string(),
        title: field::text("title", &asked.title, TITLE_LENGTH_MAX)?,
        description: field::optional_text("description", &asked.description, TEXT_LENGTH_MAX)?,
        guiding_department: guiding,
        design_unit: unit("design_unit", &asked.design_unit, &name.jurisdiction)?,
        speciality: field::optional_text("speciality", &asked.speciality, SPECIALITY_LENGTH_MAX)?,
        basic: field::enumeration::<Basic>("basic", asked.basic)?.into(),
        quality: field::enumeration::<Quality>("quality", asked.quality)?.into(),
        operational_need: field::optional_text(
            "operational_need",
            &asked.operational_need,
            REASON_LENGTH_MAX,
        )?,
        needs: needs.iter().map(NeedName::to_string).collect(),
    };
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let prepare = |fresh| design(service, &name, &designed, &needs, expected, fresh);
    let answer = |item: &_| DesignItemResponse { item: resource::item(item, &name), ..Default::default() };
    service.items.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn approve_item(
    service: &Service,
    request: Request<ApproveItemRequest>,
) -> Answer<ApproveItemResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ItemName::parse("name", &asked.name)?;
    let expected = field::etag(&asked.etag)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let approved = ItemApproved { item: name.to_string() };
    let prepare = |fresh| approve(service, &name, &approved, expected, fresh);
    let answer = |item: &_| ApproveItemResponse { item: resource::item(item, &name), ..Default::default() };
    service.items.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn retire_item(
    service: &Service,
    request: Request<RetireItemRequest>,
) -> Answer<RetireItemResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ItemName::parse("name", &asked.name)?;
    let expected = field::etag(&asked.etag)?;
    let reason = field::text("reason", &asked.reason, REASON_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let retired = ItemRetired { item: name.to_string(), reason };
    let prepare = |fresh| retire(service, &name, &retired, expected, fresh);
    let answer = |item: &_| RetireItemResponse { item: resource::item(item, &name), ..Default::default() };
    service.items.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn get_item(service: &Service, request: Request<GetItemRequest>) -> Answer<GetItemResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = ItemName::parse("name", &asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let model = service.reads.now();
    let found = model.items.get(&name.key()).and_then(|loaded| resource::item(loaded, &name));
    Ok(Response::new(GetItemResponse { item: Some(found.ok_or_else(|| Failure::not_found(&name))?) }))
}

pub(super) async fn list_items(
    service: &Service,
    request: Request<ListItemsRequest>,
) -> Answer<ListItemsResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let campaign = CampaignName::parse("parent", &asked.parent)?;
    let only = Only::parse("design_unit", &asked.design_unit, asked.with_subtree, &campaign.jurisdiction)?;
    let state = optional_enumeration("state", asked.state, ItemState::Unspecified)?;
    let basic = optional_enumeration("basic", asked.basic, Basic::Unspecified)?;
    let need = NeedName::parse_optional("need", &asked.need)?.map(|need| need.to_string());
    service.wait(&asked.consistency_token, patience).await?;
    let (model, replica) = (service.reads.now(), service.replica.now());
    let wanted = |item: &Item| {
        (state == ItemState::Unspecified || state == item.state())
            && (basic == Basic::Unspecified || basic == item.basic())
            && (asked.speciality.is_empty() || asked.speciality == item.speciality)
            && need.as_ref().is_none_or(|need| item.needs.contains(need))
            && only.lets(&item.design_unit, &replica)
    };
    let prefix = format!("{}/", campaign.key());
    let items = model.items.with_prefix(&prefix).filter_map(|(key, loaded)| {
        let CampaignName { jurisdiction, campaign } = campaign.clone();
        let name = ItemName { jurisdiction, campaign, item: key[prefix.len()..].to_owned() };
        Some((key.to_owned(), resource::item(loaded, &name)?))
    });
    let items = items.filter(|(_, item)| wanted(item));
    let (items, next_page_token) = pages::page(items, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListItemsResponse { items, next_page_token }))
}

/// The stream that an item lies in.
pub(super) fn stream_of(name: &ItemName) -> StreamId {
    stream::<item::Item>(name.key())
}

async fn design(
    service: &Service,
    name: &ItemName,
    designed: &ItemDesigned,
    needs: &[NeedName],
    expected: Option<u64>,
    fresh: bool,
) -> Prepared<item::Item> {
    let (campaign, mut guards) = service.campaign_of(name.campaign(), fresh).await?;
    let facts = admission::Facts {
        unit: Some((designed.design_unit.clone(), service.lineage(&designed.design_unit).await?)),
        not_in_service: service.not_in_service(&[&designed.guiding_department]).await?,
        ..admission::Facts::default()
    };
    let mut admitted = admission::admit(&campaign.state, &facts);
    for need in needs {
        let (found, guard) = service.need_of(need, fresh).await?;
        if found.state.identified().is_none() && admitted.is_ok() {
            admitted = Err(NotAdmitted::UnknownNeed(need.to_string()));
        }
        guards.push(guard);
    }
    Ok((item::Command::Design { designed: designed.clone(), admitted, expected }, guards))
}

async fn approve(
    service: &Service,
    name: &ItemName,
    approved: &ItemApproved,
    expected: Option<u64>,
    fresh: bool,
) -> Prepared<item::Item> {
    let (campaign, guards) = service.campaign_of(name.campaign(), fresh).await?;
    let admitted = admission::running(&campaign.state).map(drop);
    Ok((item::Command::Approve { approved: approved.clone(), admitted, expected }, guards))
}

async fn retire(
    service: &Service,
    name: &ItemName,
    retired: &ItemRetired,
    expected: Option<u64>,
    fresh: bool,
) -> Prepared<item::Item> {
    let (campaign, guards) = service.campaign_of(name.campaign(), fresh).await?;
    let admitted = admission::running(&campaign.state).map(drop);
    Ok((item::Command::Retire { retired: retired.clone(), admitted, expected }, guards))
}

fn needs(asked: &[String], jurisdiction: &str) -> Result<Vec<NeedName>, BadField> {
    const FIELD: &str = "needs";
    if asked.len() > NEEDS_MAX {
        return Err(BadField::new(FIELD, format!("must be at most {NEEDS_MAX}")));
    }
    let mut needs: Vec<NeedName> = Vec::with_capacity(asked.len());
    for value in asked {
        let need = NeedName::parse(FIELD, value)?;
        field::same_jurisdiction(FIELD, &need.jurisdiction, jurisdiction)?;
        if needs.contains(&need) {
            return Err(BadField::new(FIELD, "must name each need once"));
        }
        needs.push(need);
    }
    Ok(needs)
}
