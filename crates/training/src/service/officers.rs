//! The roster.

use super::*;

pub(super) async fn enrol_officer(
    service: &Service,
    request: Request<EnrolOfficerRequest>,
) -> Answer<EnrolOfficerResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let name = OfficerName { officer: field::id("officer_id", &asked.officer_id)?, jurisdiction };
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let enrolled = OfficerEnrolled {
        officer: name.to_string(),
        unit: unit("unit", &asked.unit, &name.jurisdiction)?,
        post_level: field::enumeration::<PostLevel>("post_level", asked.post_level)?.into(),
        effective_date: effective_date(&asked.effective_date, &caller, &call)?,
    };
    let prepare = |_| enrol(service, &enrolled);
    let answer = |officer: &_| EnrolOfficerResponse {
        officer: resource::officer(officer, &name),
        ..Default::default()
    };
    service.officers.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn transfer_officer(
    service: &Service,
    request: Request<TransferOfficerRequest>,
) -> Answer<TransferOfficerResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = OfficerName::parse("name", &asked.name)?;
    let expected = field::etag(&asked.etag)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let transferred = OfficerTransferred {
        officer: name.to_string(),
        unit: unit("unit", &asked.unit, &name.jurisdiction)?,
        effective_date: effective_date(&asked.effective_date, &caller, &call)?,
    };
    let prepare = |_| transfer(service, &transferred, expected);
    let answer = |officer: &_| TransferOfficerResponse {
        officer: resource::officer(officer, &name),
        ..Default::default()
    };
    service.officers.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn change_post_level(
    service: &Service,
    request: Request<ChangePostLevelRequest>,
) -> Answer<ChangePostLevelResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = OfficerName::parse("name", &asked.name)?;
    let expected = field::etag(&asked.etag)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let changed = PostLevelChanged {
        officer: name.to_string(),
        post_level: field::enumeration::<PostLevel>("post_level", asked.post_level)?.into(),
        effective_date: effective_date(&asked.effective_date, &caller, &call)?,
    };
    let command = officer::Command::ChangePostLevel { changed, expected };
    let answer = |officer: &_| ChangePostLevelResponse {
        officer: resource::officer(officer, &name),
        ..Default::default()
    };
    service.officers.execute(&call, &stream_of(&name), command, |decided| answer(decided.after)).await
}

pub(super) async fn remove_officer(
    service: &Service,
    request: Request<RemoveOfficerRequest>,
) -> Answer<RemoveOfficerResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = OfficerName::parse("name", &asked.name)?;
    let expected = field::etag(&asked.etag)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let effective_date = effective_date(&asked.effective_date, &caller, &call)?;
    let left = OfficerLeft { officer: name.to_string(), effective_date };
    let command = officer::Command::Remove { left, expected };
    let answer = |officer: &_| RemoveOfficerResponse {
        officer: resource::officer(officer, &name),
        ..Default::default()
    };
    service.officers.execute(&call, &stream_of(&name), command, |decided| answer(decided.after)).await
}

pub(super) async fn get_officer(
    service: &Service,
    request: Request<GetOfficerRequest>,
) -> Answer<GetOfficerResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = OfficerName::parse("name", &asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let found = service.officer(&name).await?;
    Ok(Response::new(GetOfficerResponse { officer: Some(found.ok_or_else(|| Failure::not_found(&name))?) }))
}

pub(super) async fn list_officers(
    service: &Service,
    request: Request<ListOfficersRequest>,
) -> Answer<ListOfficersResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    Only::parse("unit", &asked.unit, asked.with_subtree, &jurisdiction)?;
    let speciality = field::optional_text("speciality", &asked.speciality, SPECIALITY_LENGTH_MAX)?;
    let post_level_min =
        optional_enumeration("post_level_min", asked.post_level_min, PostLevel::Unspecified)?;
    let today = field::day_of((service.clock)());
    let day = match asked.roster_date.as_str() {
        "" => today,
        value => field::date("roster_date", value)?,
    };
    if day > today {
        return Err(BadField::new("roster_date", "must not be in the future").into());
    }
    let (mut page, after) = Page::start(asked.page_size, &asked.page_token)?;
    service.wait(&asked.consistency_token, patience).await?;
    let filter = OfficerFilter {
        unit: &asked.unit,
        with_subtree: asked.with_subtree,
        speciality: &speciality,
        post_level_min,
        include_left: asked.include_left,
    };
    let ids = service.officers_of(&jurisdiction, day, &filter, &after, page.size() + 1);
    for (id, officer) in service.officers_at(&jurisdiction, ids, (day < today).then_some(day)).await? {
        if page.is_full_with(id, officer) {
            break;
        }
    }
    let (officers, next_page_token) = page.end();
    Ok(Response::new(ListOfficersResponse { officers, next_page_token }))
}

pub(super) async fn import_officers(
    service: &Service,
    request: Request<ImportOfficersRequest>,
) -> Answer<ImportOfficersResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let call = caller.call(&asked.request_id, &jurisdiction, asked.occurred_at)?;
    imports::check_rows("officers", asked.officers.len())?;
    let import = |row: usize, call: Call| {
        let (new, caller, jurisdiction) = (&asked.officers[row], &caller, &jurisdiction);
        async move { import_row(service, new, caller, jurisdiction, &call).await }
    };
    let imported = imports::import(&call, asked.officers.len(), import).await?;
    Ok(Response::new(ImportOfficersResponse {
        results: imported.results,
        position: imported.position,
        consistency_token: imported.consistency_token,
    }))
}

pub(super) async fn get_officer_record(
    service: &Service,
    request: Request<GetOfficerRecordRequest>,
) -> Answer<GetOfficerRecordResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = OfficerName::parse("name", &asked.name)?;
    let campaign = CampaignName::parse_optional("campaign", &asked.campaign)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let officer = service.officer(&name).await?.ok_or_else(|| Failure::not_found(&name))?;
    let mut record = {
        let model = service.reads.now();
        let mut attended = model.training.record(&officer.name);
        attended.retain(|name, _| campaign.as_ref().is_none_or(|campaign| campaign.to_string() == *name));
        let latest = attended.values().flat_map(|attended| &attended.assessments);
        let latest: Vec<_> = latest.map(|(_, assessment, _)| assessment.clone()).collect();
        let needs = needs_shown_by(&name, &model);
        (resource::record(&attended, &model.training.places(&officer.name)), latest, needs)
    };
    let latest = record.1.iter().map(|assessment| AssessmentName::parse("assessment", assessment));
    let latest = service.assessments(&latest.collect::<Result<Vec<_>, _>>()?).await?;
    record.0.latest_assessments = latest.into_iter().flatten().collect();
    let record = OfficerRecord { officer: Some(officer), needs: record.2, ..record.0 };
    Ok(Response::new(GetOfficerRecordResponse { record: Some(record) }))
}

impl Service {
    /// An officer as on record now.
    pub(super) async fn officer(&self, name: &OfficerName) -> Result<Option<Officer>, Failure> {
        let loaded = self.officers.load(&stream_of(name), true).await.map_err(Failed::into_failure)?;
        Ok(resource::officer(&loaded, name))
    }

    /// Officers by their ids, each with the unit and level of a day; none: now.
    pub(super) async fn officers_at(
        &self,
        jurisdiction: &str,
        ids: Vec<String>,
        day: Option<Date>,
    ) -> Result<Vec<(String, Officer)>, Failure> {
        let name = |id: String| OfficerName { jurisdiction: jurisdiction.to_owned(), officer: id };
        let names: Vec<_> = ids.into_iter().map(name).collect();
        let streams: Vec<_> = names.iter().map(stream_of).collect();
        let loaded = self.officers.load_all(&streams).await.map_err(Failed::into_failure)?;
        let model = self.reads.now();
        let shown = names.into_iter().zip(loaded).filter_map(|(name, loaded)| {
            let mut officer = resource::officer(&loaded, &name)?;
            if let Some(day) = day {
                let places = model.training.places(&officer.name);
                if let Some(place) = places.into_iter().rev().find(|place| place.start_date <= day) {
                    officer.unit = place.unit;
                    officer.post_level = place.post_level.into();
                }
            }
            Some((name.officer, officer))
        });
        Ok(shown.collect())
    }

    fn officers_of(
        &self,
        jurisdiction: &str,
        day: Date,
        filter: &OfficerFilter<'_>,
        after: &str,
        limit: usize,
    ) -> Vec<String> {
        let model = self.reads.now();
        let officers = model.training.officers(jurisdiction, day, filter, after, limit);
        officers.into_iter().map(str::to_owned).collect()
    }
}

/// Resource names of the needs that an officer's assessments showed.
fn needs_shown_by(name: &OfficerName, model: &ReadModel) -> Vec<String> {
    let (prefix, of) = (format!("{}/", name.jurisdiction), format!("{name}/assessments/"));
    let needs = model.needs.with_prefix(&prefix).filter_map(|(_, loaded)| loaded.state.identified());
    let shown = needs.filter(|need| need.need.assessment.starts_with(&of));
    shown.map(|need| need.need.need.clone()).collect()
}

async fn import_row(
    service: &Service,
    new: &NewOfficer,
    caller: &Caller,
    jurisdiction: &str,
    call: &Call,
) -> Result<(String, u64), Failure> {
    let officer = field::id("officer_id", &new.officer_id)?;
    let name = OfficerName { jurisdiction: jurisdiction.to_owned(), officer };
    let enrolled = OfficerEnrolled {
        officer: name.to_string(),
        unit: unit("unit", &new.unit, jurisdiction)?,
        post_level: field::enumeration::<PostLevel>("post_level", new.post_level)?.into(),
        effective_date: effective_date(&new.effective_date, caller, call)?,
    };
    let prepare = |_| enrol(service, &enrolled);
    let handled = service.officers.send(call, &stream_of(&name), prepare).await?;
    Ok((name.to_string(), handled.position))
}

async fn enrol(service: &Service, enrolled: &OfficerEnrolled) -> Prepared<officer::Officer> {
    let in_service = service.in_service(&enrolled.unit).await?;
    Ok((officer::Command::Enrol { enrolled: enrolled.clone(), in_service }, vec![]))
}

async fn transfer(
    service: &Service,
    transferred: &OfficerTransferred,
    expected: Option<u64>,
) -> Prepared<officer::Officer> {
    let in_service = service.in_service(&transferred.unit).await?;
    Ok((officer::Command::Transfer { transferred: transferred.clone(), in_service, expected }, vec![]))
}

/// The stream that an officer's place lies in.
pub(super) fn stream_of(name: &OfficerName) -> StreamId {
    stream::<officer::Officer>(name.key())
}

/// The first day of a change: the one given, not in the future, or that on which it happened.
fn effective_date(value: &str, caller: &Caller, call: &Call) -> Result<String, BadField> {
    if value.is_empty() {
        return Ok(field::day_of(call.metadata.occurred_at).to_string());
    }
    past_date("effective_date", value, caller)
}
