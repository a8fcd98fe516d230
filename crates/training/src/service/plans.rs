//! The units' plans in a campaign.

use super::*;

pub(super) async fn file_plan(
    service: &Service,
    request: Request<FilePlanRequest>,
) -> Answer<FilePlanResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let campaign = CampaignName::parse("parent", &asked.parent)?;
    let unit = unit("unit", &asked.unit, &campaign.jurisdiction)?;
    let call = caller.call(&asked.request_id, &campaign.jurisdiction, asked.occurred_at)?;
    let filed = PlanFiled {
        campaign: campaign.to_string(),
        unit: unit.clone(),
        plan: field::text("plan", &asked.plan, TEXT_LENGTH_MAX)?,
        with_subtree: asked.with_subtree,
        filing_date: field::day_of(call.metadata.occurred_at).to_string(),
        filed_by: caller.actor.clone(),
    };
    let prepare = |_| file(service, &filed);
    let answer = |loaded: &_| FilePlanResponse {
        plan: resource::plan(loaded, &campaign, &unit),
        ..Default::default()
    };
    let stream = campaigns::stream_of(&campaign);
    service.campaigns.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn return_plan(
    service: &Service,
    request: Request<ReturnPlanRequest>,
) -> Answer<ReturnPlanResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let (campaign, unit) = parse_name(&asked.name)?;
    let expected = field::etag(&asked.etag)?;
    let reason = field::text("reason", &asked.reason, REASON_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &campaign.jurisdiction, asked.occurred_at)?;
    let returned = PlanReturned { campaign: campaign.to_string(), unit: unit.clone(), reason };
    let command = campaign::Command::ReturnPlan { returned, expected };
    let answer = |loaded: &_| ReturnPlanResponse {
        plan: resource::plan(loaded, &campaign, &unit),
        ..Default::default()
    };
    let stream = campaigns::stream_of(&campaign);
    service.campaigns.execute(&call, &stream, command, |decided| answer(decided.after)).await
}

pub(super) async fn approve_plan(
    service: &Service,
    request: Request<ApprovePlanRequest>,
) -> Answer<ApprovePlanResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let (campaign, unit) = parse_name(&asked.name)?;
    let expected = field::etag(&asked.etag)?;
    let call = caller.call(&asked.request_id, &campaign.jurisdiction, asked.occurred_at)?;
    let approved = PlanApproved { campaign: campaign.to_string(), unit: unit.clone() };
    // Two who give no name are not known to be one.
    let by = caller.names(&campaign.jurisdiction);
    let command = campaign::Command::ApprovePlan { approved, by, expected };
    let answer = |loaded: &_| ApprovePlanResponse {
        plan: resource::plan(loaded, &campaign, &unit),
        ..Default::default()
    };
    let stream = campaigns::stream_of(&campaign);
    service.campaigns.execute(&call, &stream, command, |decided| answer(decided.after)).await
}

pub(super) async fn get_plan(service: &Service, request: Request<GetPlanRequest>) -> Answer<GetPlanResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let (campaign, unit) = parse_name(&asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let model = service.reads.now();
    let found =
        model.campaigns.get(&campaign.key()).and_then(|loaded| resource::plan(loaded, &campaign, &unit));
    let plan = found.ok_or_else(|| Failure::not_found(&asked.name))?;
    Ok(Response::new(GetPlanResponse { plan: Some(plan) }))
}

pub(super) async fn list_plans(
    service: &Service,
    request: Request<ListPlansRequest>,
) -> Answer<ListPlansResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let campaign = CampaignName::parse("parent", &asked.parent)?;
    let only = Only::parse("unit", &asked.unit, asked.with_subtree, &campaign.jurisdiction)?;
    let state = optional_enumeration("state", asked.state, PlanState::Unspecified)?;
    service.wait(&asked.consistency_token, patience).await?;
    let (model, replica) = (service.reads.now(), service.replica.now());
    let Some(loaded) = model.campaigns.get(&campaign.key()) else {
        return Ok(Response::new(ListPlansResponse::default()));
    };
    let wanted = |plan: &Plan| {
        (state == PlanState::Unspecified || state == plan.state()) && only.lets(&plan.unit, &replica)
    };
    let units = loaded.state.launched().into_iter().flat_map(|launched| launched.plans.keys());
    let plans = units.filter_map(|unit| Some((unit.clone(), resource::plan(loaded, &campaign, unit)?)));
    let plans = plans.filter(|(_, plan)| wanted(plan));
    let (plans, next_page_token) = pages::page(plans, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListPlansResponse { plans, next_page_token }))
}

/// The campaign and the unit of `jurisdictions/{j}/campaigns/{c}/plans/{u}`.
fn parse_name(value: &str) -> Result<(CampaignName, String), BadField> {
    const WANTED: &str =
        "must be a name like `jurisdictions/{jurisdiction}/campaigns/{campaign}/plans/{unit}`";
    let (campaign, unit) = value.split_once("/plans/").ok_or_else(|| BadField::new("name", WANTED))?;
    let campaign = CampaignName::parse("name", campaign)?;
    let unit = UnitName { jurisdiction: campaign.jurisdiction.clone(), unit: field::id("name", unit)? };
    Ok((campaign, unit.to_string()))
}

/// The register is looked at as it is now: a unit that moves takes part in other campaigns.
async fn file(service: &Service, filed: &PlanFiled) -> Prepared<campaign::Campaign> {
    service.replica.catch_up(REPLICA_WAIT_MAX).await?;
    let lineage = service.replica.now().lineage_in_service(&filed.unit);
    Ok((campaign::Command::FilePlan { filed: filed.clone(), lineage }, vec![]))
}
