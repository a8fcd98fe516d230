//! Campaigns, from launch to conclusion.

use super::*;

pub(super) async fn launch_campaign(
    service: &Service,
    request: Request<LaunchCampaignRequest>,
) -> Answer<LaunchCampaignResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let name = CampaignName { campaign: field::id("campaign_id", &asked.campaign_id)?, jurisdiction };
    let leaders = leading_group(&asked.leading_group, &name.jurisdiction)?;
    let launched = terms(&asked, &name, &leaders)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let prepare = |fresh| launch(service, &launched, &leaders, fresh);
    let answer = |campaign: &_| LaunchCampaignResponse {
        campaign: resource::campaign(campaign, &name),
        ..Default::default()
    };
    service
        .campaigns
        .execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after))
        .await
}

pub(super) async fn issue_acceptance_method(
    service: &Service,
    request: Request<IssueAcceptanceMethodRequest>,
) -> Answer<IssueAcceptanceMethodResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CampaignName::parse("name", &asked.name)?;
    let expected = field::etag(&asked.etag)?;
    let issued = AcceptanceMethodIssued {
        campaign: name.to_string(),
        method: field::text("method", &asked.method, TEXT_LENGTH_MAX)?,
        required_qualities: qualities(&asked.required_qualities)?,
    };
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let command = campaign::Command::IssueAcceptanceMethod { issued, expected };
    let answer = |campaign: &_| IssueAcceptanceMethodResponse {
        campaign: resource::campaign(campaign, &name),
        ..Default::default()
    };
    service.campaigns.execute(&call, &stream_of(&name), command, |decided| answer(decided.after)).await
}

pub(super) async fn conclude_campaign(
    service: &Service,
    request: Request<ConcludeCampaignRequest>,
) -> Answer<ConcludeCampaignResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CampaignName::parse("name", &asked.name)?;
    let expected = field::etag(&asked.etag)?;
    let conclusion = field::optional_text("conclusion", &asked.conclusion, TEXT_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let concluded = CampaignConcluded { campaign: name.to_string(), conclusion };
    let command = campaign::Command::Conclude { concluded, expected };
    let answer = |campaign: &_| ConcludeCampaignResponse {
        campaign: resource::campaign(campaign, &name),
        ..Default::default()
    };
    service.campaigns.execute(&call, &stream_of(&name), command, |decided| answer(decided.after)).await
}

pub(super) async fn get_campaign(
    service: &Service,
    request: Request<GetCampaignRequest>,
) -> Answer<GetCampaignResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = CampaignName::parse("name", &asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let model = service.reads.now();
    let found = model.campaigns.get(&name.key()).and_then(|loaded| resource::campaign(loaded, &name));
    let campaign = found.ok_or_else(|| Failure::not_found(&name))?;
    Ok(Response::new(GetCampaignResponse { campaign: Some(campaign) }))
}

pub(super) async fn list_campaigns(
    service: &Service,
    request: Request<ListCampaignsRequest>,
) -> Answer<ListCampaignsResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let model = service.reads.now();
    let prefix = format!("{jurisdiction}/");
    let campaigns = model.campaigns.with_prefix(&prefix).filter_map(|(key, loaded)| {
        let campaign = key[prefix.len()..].to_owned();
        let name = CampaignName { jurisdiction: jurisdiction.clone(), campaign };
        Some((key.to_owned(), resource::campaign(loaded, &name)?))
    });
    let (campaigns, next_page_token) = pages::page(campaigns, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListCampaignsResponse { campaigns, next_page_token }))
}

/// The stream that a campaign lies in.
pub(super) fn stream_of(name: &CampaignName) -> StreamId {
    stream::<campaign::Campaign>(name.key())
}

async fn launch(
    service: &Service,
    launched: &CampaignLaunched,
    leaders: &[OfficerName],
    fresh: bool,
) -> Prepared<campaign::Campaign> {
    let units = [&launched.unit, &launched.political_department, &launched.office];
    let not_in_service = service.not_in_service(&units).await?;
    let (mut off_roster, mut guards) = (vec![], vec![]);
    for leader in leaders {
        let stream = officers::stream_of(leader);
        let officer = service.officers.load(&stream, fresh).await?;
        if !officer.state.on_roster() {
            off_roster.push(leader.to_string());
        }
        guards.push(Guard { stream, stream_version: officer.stream_version });
    }
    let launched = launched.clone();
    Ok((campaign::Command::Launch { launched, not_in_service, off_roster }, guards))
}

/// What a campaign is launched with.
fn terms(
    asked: &LaunchCampaignRequest,
    name: &CampaignName,
    leaders: &[OfficerName],
) -> Result<CampaignLaunched, BadField> {
    let department = &asked.political_department;
    Ok(CampaignLaunched {
        campaign: name.to_string(),
        title: field::text("title", &asked.title, TITLE_LENGTH_MAX)?,
        outline: field::text("outline", &asked.outline, TEXT_LENGTH_MAX)?,
        unit: unit("unit", &asked.unit, &name.jurisdiction)?,
        political_department: unit("political_department", department, &name.jurisdiction)?,
        office: unit("office", &asked.office, &name.jurisdiction)?,
        leading_group: leaders.iter().map(OfficerName::to_string).collect(),
        start_date: field::date("start_date", &asked.start_date)?.to_string(),
        end_date: field::date("end_date", &asked.end_date)?.to_string(),
        rules: Some(rules(asked.rules.as_ref().ok_or_else(|| BadField::new("rules", "must be given"))?)?),
    })
}

fn rules(asked: &CampaignRules) -> Result<CampaignRules, BadField> {
    const INTERVAL: &str = "rules.session_interval_working_days";
    const HOURS: &str = "rules.centralised_hours_max";
    if !(1..=INTERVAL_WORKING_DAYS_MAX).contains(&asked.session_interval_working_days) {
        return Err(BadField::new(INTERVAL, format!("must lie between 1 and {INTERVAL_WORKING_DAYS_MAX}")));
    }
    let hours = field::decimal(HOURS, &asked.centralised_hours_max, HOURS_PLACES_MAX)?;
    if hours.is_sign_negative() {
        return Err(BadField::new(HOURS, "must not be negative"));
    }
    let leader_from = match asked.leader_from {
        0 => PostLevel::DeputyDivisionHead,
        level => field::enumeration("rules.leader_from", level)?,
    };
    Ok(CampaignRules {
        plan_due_date: field::date("rules.plan_due_date", &asked.plan_due_date)?.to_string(),
        cutoff_date: field::date("rules.cutoff_date", &asked.cutoff_date)?.to_string(),
        session_interval_working_days: asked.session_interval_working_days,
        centralised_hours_max: hours.to_string(),
        leader_from: leader_from.into(),
    })
}

fn leading_group(asked: &[String], jurisdiction: &str) -> Result<Vec<OfficerName>, BadField> {
    const FIELD: &str = "leading_group";
    if !(1..=LEADING_GROUP_MAX).contains(&asked.len()) {
        return Err(BadField::new(FIELD, format!("must be 1 to {LEADING_GROUP_MAX} officers")));
    }
    let mut leaders: Vec<OfficerName> = Vec::with_capacity(asked.len());
    for value in asked {
        let leader = OfficerName::parse(FIELD, value)?;
        field::same_jurisdiction(FIELD, &leader.jurisdiction, jurisdiction)?;
        if leaders.contains(&leader) {
            return Err(BadField::new(FIELD, "must name each officer once"));
        }
        leaders.push(leader);
    }
    Ok(leaders)
}

/// The qualities in their own order, so that the same ones asked for in another order are the same.
fn qualities(asked: &[i32]) -> Result<Vec<i32>, BadField> {
    const FIELD: &str = "required_qualities";
    let parse = |quality: &i32| field::enumeration::<Quality>(FIELD, *quality).map(i32::from);
    let mut qualities = asked.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    qualities.sort_unstable();
    qualities.dedup();
    if qualities.is_empty() || qualities.len() != asked.len() {
        return Err(BadField::new(FIELD, "must be 1 to 4, each once"));
    }
    Ok(qualities)
}
