//! Reading complaints.

use scoring::WorkingDays;

use super::*;

pub(super) async fn get_complaint(
    service: &Service,
    request: Request<GetComplaintRequest>,
) -> Answer<GetComplaintResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = ComplaintName::parse("name", &asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let now = (service.clock)();
    let model = service.reads.now();
    let working_days = working_days(&model, &name.jurisdiction);
    let found = model.complaints.get(&name.key());
    let found = found.and_then(|loaded| resource::complaint(loaded, &name, &working_days, now));
    Ok(Response::new(GetComplaintResponse {
        complaint: Some(found.ok_or_else(|| Failure::not_found(&name))?),
    }))
}

pub(super) async fn list_complaints(
    service: &Service,
    request: Request<ListComplaintsRequest>,
) -> Answer<ListComplaintsResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let filter = asked.filter.unwrap_or_default();
    check_supported(&filter)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let now = (service.clock)();
    let model = service.reads.now();
    let working_days = working_days(&model, &jurisdiction);
    let prefix = format!("{jurisdiction}/");
    let listed = model.complaints.with_prefix(&prefix).filter(|(_, loaded)| {
        loaded.state.lodged().is_some_and(|complaint| matches(&filter, complaint, &working_days, now))
    });
    let complaints = listed.filter_map(|(key, loaded)| {
        let complaint = key[prefix.len()..].to_owned();
        let name = ComplaintName { jurisdiction: jurisdiction.clone(), complaint };
        Some((key.to_owned(), resource::complaint(loaded, &name, &working_days, now)?))
    });
    let (complaints, next_page_token) = pages::page(complaints, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListComplaintsResponse { complaints, next_page_token }))
}

fn working_days(model: &ReadModel, jurisdiction: &str) -> WorkingDays {
    let calendar = model.calendars.get(jurisdiction);
    calendar.map(|loaded| loaded.state.working_days.clone()).unwrap_or_default()
}

/// Refuses a filter that is not built yet rather than answering more than was asked for.
fn check_supported(filter: &ComplaintFilter) -> Result<(), Status> {
    let unsupported = [
        ("with_subtree", filter.with_subtree),
        ("age_working_days_min", filter.age_working_days_min > 0),
        ("age_working_days_max", filter.age_working_days_max > 0),
        ("lodged_from_date", !filter.lodged_from_date.is_empty()),
        ("lodged_to_date", !filter.lodged_to_date.is_empty()),
    ];
    match unsupported.into_iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((name, _)) => {
            Err(Status::unimplemented(format!("filter.{name}: complaints cannot be listed by it yet")))
        }
    }
}

fn matches(
    filter: &ComplaintFilter,
    complaint: &complaint::Lodged,
    working_days: &WorkingDays,
    now: Timestamp,
) -> bool {
    let is = |wanted: &str, found: Option<&str>| wanted.is_empty() || found == Some(wanted);
    let among = |wanted: &[i32], found: i32| wanted.is_empty() || wanted.contains(&found);
    let (lodged, stage) = (&complaint.lodged, &complaint.stage);
    let officer = stage.assignment().and_then(|assignment| assignment.officer.as_deref());
    let colour = || stage.due().map_or(0, |due| working_days.colour(due, now).into());
    is(&filter.unit, Some(&complaint.unit))
        && is(&filter.officer, officer)
        && (filter.complained_of.is_empty() || lodged.complained_of.contains(&filter.complained_of))
        && is(&filter.leader, stage.leader())
        && is(&filter.supervisor, stage.supervisor())
        && is(&filter.category, Some(&lodged.category))
        && among(&filter.stages, stage.word().into())
        && among(&filter.channels, lodged.channel)
        && (filter.colours.is_empty() || among(&filter.colours, colour()))
        && (!filter.open_only || complaint.is_open())
}
