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
    let model = service.reads.now();
    let found = model.officers.get(&name.key()).and_then(|loaded| resource::officer(loaded, &name));
    Ok(Response::new(GetOfficerResponse { officer: Some(found.ok_or_else(|| Failure::not_found(&name))?) }))
}

pub(super) async fn list_officers(
    service: &Service,
    request: Request<ListOfficersRequest>,
) -> Answer<ListOfficersResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let filter = Filter::parse(&asked, &jurisdiction)?;
    service.wait(&asked.consistency_token, patience).await?;
    let (model, replica) = (service.reads.now(), service.replica.now());
    let prefix = format!("{jurisdiction}/");
    let wanted =
        model.officers.with_prefix(&prefix).filter(|(_, loaded)| filter.lets(&loaded.state, &replica));
    let officers = wanted.filter_map(|(key, loaded)| {
        let officer = key[prefix.len()..].to_owned();
        let name = OfficerName { jurisdiction: jurisdiction.clone(), officer };
        Some((key.to_owned(), resource::officer(loaded, &name)?))
    });
    let (officers, next_page_token) = pages::page(officers, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListOfficersResponse { officers, next_page_token }))
}

/// Which officers are listed.
struct Filter {
    /// Resource name; empty: of any.
    unit: String,
    with_subtree: bool,
    /// Empty: any.
    speciality: String,
    /// As in `PostLevel`, which is ordered; 0: any.
    post_level_min: i32,
    include_left: bool,
}

impl Filter {
    fn parse(asked: &ListOfficersRequest, jurisdiction: &str) -> Result<Self, BadField> {
        let post_level_min = match asked.post_level_min {
            0 => 0,
            level => field::enumeration::<PostLevel>("post_level_min", level)?.into(),
        };
        Ok(Self {
            unit: if asked.unit.is_empty() {
                String::new()
            } else {
                unit("unit", &asked.unit, jurisdiction)?
            },
            with_subtree: asked.with_subtree,
            speciality: field::optional_text("speciality", &asked.speciality, SPECIALITY_LENGTH_MAX)?,
            post_level_min,
            include_left: asked.include_left,
        })
    }

    fn lets(&self, state: &officer::State, replica: &Replica) -> bool {
        let Some(posting) = state.posting() else { return false };
        let unit = posting.unit.as_str();
        let below = || self.with_subtree && replica.lineage(unit).any(|above| above == self.unit);
        (self.include_left || state.on_roster())
            && posting.post_level >= self.post_level_min
            && (self.unit.is_empty() || self.unit == unit || below())
            && (self.speciality.is_empty() || replica.has_speciality(unit, &self.speciality))
    }
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
    let day = field::date("effective_date", value)?;
    if day > field::day_of(caller.now) {
        return Err(BadField::new("effective_date", "must not be in the future"));
    }
    Ok(day.to_string())
}
