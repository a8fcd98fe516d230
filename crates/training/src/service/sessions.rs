//! Sessions, with thousands of participants.

use super::*;

pub(super) async fn hold_session(
    service: &Service,
    request: Request<HoldSessionRequest>,
) -> Answer<HoldSessionResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let CampaignName { jurisdiction, campaign } = CampaignName::parse("parent", &asked.parent)?;
    let name = SessionName { jurisdiction, campaign, session: field::id("session_id", &asked.session_id)? };
    let held = SessionHeld {
        session: name.to_string(),
        item: item_of(&asked.item, &name)?.to_string(),
        unit: unit("unit", &asked.unit, &name.jurisdiction)?,
        mode: field::enumeration::<TrainingMode>("mode", asked.mode)?.into(),
        session_date: past_date("session_date", &asked.session_date, &caller)?,
        hours: hours(&asked.hours)?,
        participants: participants(&asked.participants, &name.jurisdiction)?,
    };
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let prepare = |fresh| hold(service, &name, &held, fresh);
    let answer = |session: &_| HoldSessionResponse {
        session: resource::session(session, &name, &service.reads.now().training),
        ..Default::default()
    };
    service.sessions.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn correct_session(
    service: &Service,
    request: Request<CorrectSessionRequest>,
) -> Answer<CorrectSessionResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = SessionName::parse("name", &asked.name)?;
    let expected = field::etag(&asked.etag)?;
    let corrected = SessionCorrected {
        session: name.to_string(),
        item: item_of(&asked.item, &name)?.to_string(),
        unit: unit("unit", &asked.unit, &name.jurisdiction)?,
        mode: field::enumeration::<TrainingMode>("mode", asked.mode)?.into(),
        session_date: past_date("session_date", &asked.session_date, &caller)?,
        hours: hours(&asked.hours)?,
        participants: participants(&asked.participants, &name.jurisdiction)?,
        reason: field::text("reason", &asked.reason, REASON_LENGTH_MAX)?,
    };
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let prepare = |fresh| correct(service, &name, &corrected, expected, fresh);
    let answer = |session: &_| CorrectSessionResponse {
        session: resource::session(session, &name, &service.reads.now().training),
        ..Default::default()
    };
    service.sessions.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn void_session(
    service: &Service,
    request: Request<VoidSessionRequest>,
) -> Answer<VoidSessionResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = SessionName::parse("name", &asked.name)?;
    let expected = field::etag(&asked.etag)?;
    let reason = field::text("reason", &asked.reason, REASON_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let voided = SessionVoided { session: name.to_string(), reason };
    let prepare = |fresh| void(service, &name, &voided, expected, fresh);
    let answer = |session: &_| VoidSessionResponse {
        session: resource::session(session, &name, &service.reads.now().training),
        ..Default::default()
    };
    service.sessions.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn get_session(
    service: &Service,
    request: Request<GetSessionRequest>,
) -> Answer<GetSessionResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = SessionName::parse("name", &asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let found = service.session(&name).await?;
    Ok(Response::new(GetSessionResponse { session: Some(found.ok_or_else(|| Failure::not_found(&name))?) }))
}

pub(super) async fn list_sessions(
    service: &Service,
    request: Request<ListSessionsRequest>,
) -> Answer<ListSessionsResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let campaign = CampaignName::parse("parent", &asked.parent)?;
    let only = Only::parse("unit", &asked.unit, asked.with_subtree, &campaign.jurisdiction)?;
    let officer = OfficerName::parse_optional("officer", &asked.officer)?;
    let item = ItemName::parse_optional("item", &asked.item)?;
    let mode = optional_enumeration("mode", asked.mode, TrainingMode::Unspecified)?;
    service.wait(&asked.consistency_token, patience).await?;
    let officer = officer.map(|officer| officer.to_string()).unwrap_or_default();
    let wanted: Vec<_> = {
        let (model, replica) = (service.reads.now(), service.replica.now());
        let sessions = model.training.sessions(&campaign.to_string(), &officer);
        let wanted = sessions.into_iter().filter(|session| {
            (asked.include_voided || !session.voided)
                && (mode == TrainingMode::Unspecified || mode == session.mode)
                && item.as_ref().is_none_or(|item| item.item == session.item)
                && only.lets(
                    &format!("jurisdictions/{}/units/{}", campaign.jurisdiction, session.unit),
                    &replica,
                )
        });
        wanted
            .map(|session| (format!("{}/{}", session.day, session.session), session.session.to_owned()))
            .collect()
    };
    let (mut page, after) = Page::start(asked.page_size, &asked.page_token)?;
    let mut wanted = wanted.into_iter().filter(|(key, _)| *key > after).peekable();
    'read: while wanted.peek().is_some() {
        let (keys, ids): (Vec<_>, Vec<_>) = wanted.by_ref().take(page.size() + 1).unzip();
        for (key, found) in keys.into_iter().zip(service.sessions_of(&campaign, ids).await?) {
            let found = found.filter(|session| !asked.over_cap_only || !session.over_cap.is_empty());
            if found.is_some_and(|session| page.is_full_with(key, session)) {
                break 'read;
            }
        }
    }
    let (sessions, next_page_token) = page.end();
    Ok(Response::new(ListSessionsResponse { sessions, next_page_token }))
}

/// The stream that a session lies in.
pub(super) fn stream_of(name: &SessionName) -> StreamId {
    stream::<session::Session>(name.key())
}

async fn hold(
    service: &Service,
    name: &SessionName,
    held: &SessionHeld,
    fresh: bool,
) -> Prepared<session::Session> {
    let (campaign, mut guards) = service.campaign_of(name.campaign(), fresh).await?;
    let (item, guard) = service.item_of(&item_of(&held.item, name)?, fresh).await?;
    guards.push(guard);
    let facts = service.session_facts(&held.unit, &held.session_date, &held.participants).await?;
    let admitted = admission::admit(&campaign.state, &facts)
        .and_then(|()| admission::takes_sessions(&item.state, &held.item));
    Ok((session::Command::Hold { held: held.clone(), admitted }, guards))
}

async fn correct(
    service: &Service,
    name: &SessionName,
    corrected: &SessionCorrected,
    expected: Option<u64>,
    fresh: bool,
) -> Prepared<session::Session> {
    let (campaign, mut guards) = service.campaign_of(name.campaign(), fresh).await?;
    let (item, guard) = service.item_of(&item_of(&corrected.item, name)?, fresh).await?;
    guards.push(guard);
    let SessionCorrected { unit, session_date, participants, .. } = corrected;
    let facts = service.session_facts(unit, session_date, participants).await?;
    let admitted = admission::admit(&campaign.state, &facts)
        .and_then(|()| admission::was_approved(&item.state, &corrected.item));
    Ok((session::Command::Correct { corrected: corrected.clone(), admitted, expected }, guards))
}

async fn void(
    service: &Service,
    name: &SessionName,
    voided: &SessionVoided,
    expected: Option<u64>,
    fresh: bool,
) -> Prepared<session::Session> {
    let (campaign, guards) = service.campaign_of(name.campaign(), fresh).await?;
    let admitted = admission::running(&campaign.state).map(drop);
    Ok((session::Command::Void { voided: voided.clone(), admitted, expected }, guards))
}

impl Service {
    async fn session(&self, name: &SessionName) -> Result<Option<Session>, Failure> {
        let loaded = self.sessions.load(&stream_of(name), true).await.map_err(Failed::into_failure)?;
        Ok(resource::session(&loaded, name, &self.reads.now().training))
    }

    /// Sessions of a campaign by their ids.
    async fn sessions_of(
        &self,
        campaign: &CampaignName,
        ids: Vec<String>,
    ) -> Result<Vec<Option<Session>>, Failure> {
        let name = |session| {
            let CampaignName { jurisdiction, campaign } = campaign.clone();
            SessionName { jurisdiction, campaign, session }
        };
        let names: Vec<_> = ids.into_iter().map(name).collect();
        let streams: Vec<_> = names.iter().map(stream_of).collect();
        let loaded = self.sessions.load_all(&streams).await.map_err(Failed::into_failure)?;
        let model = self.reads.now();
        let shown = names.iter().zip(&loaded);
        Ok(shown.map(|(name, loaded)| resource::session(loaded, name, &model.training)).collect())
    }

    /// The roster is looked at as the log has it now: whoever leaves later with effect before that day is not
    /// taken out of what was held.
    async fn session_facts(
        &self,
        unit: &str,
        day: &str,
        participants: &[String],
    ) -> Result<admission::Facts, Failure> {
        Ok(admission::Facts {
            unit: Some((unit.to_owned(), self.lineage(unit).await?)),
            day: Some(day.to_owned()),
            off_roster: self.off_roster(participants, day).await?,
            ..admission::Facts::default()
        })
    }
}

/// An item of the session's campaign.
fn item_of(value: &str, session: &SessionName) -> Result<ItemName, BadField> {
    let item = ItemName::parse("item", value)?;
    if (&item.jurisdiction, &item.campaign) == (&session.jurisdiction, &session.campaign) {
        return Ok(item);
    }
    Err(BadField::new("item", "must be an item of the same campaign"))
}

fn hours(value: &str) -> Result<String, BadField> {
    let hours = field::decimal("hours", value, HOURS_PLACES_MAX)?;
    if hours <= Decimal::ZERO || hours > HOURS_MAX {
        return Err(BadField::new("hours", "must be more than 0 and at most 24"));
    }
    Ok(hours.normalize().to_string())
}

/// In order, so that the same ones in another order are the same.
fn participants(asked: &[String], jurisdiction: &str) -> Result<Vec<String>, BadField> {
    const FIELD: &str = "participants";
    if !(1..=PARTICIPANTS_MAX).contains(&asked.len()) {
        return Err(BadField::new(FIELD, format!("must be 1 to {PARTICIPANTS_MAX} officers")));
    }
    let mut participants = Vec::with_capacity(asked.len());
    for value in asked {
        let officer = OfficerName::parse(FIELD, value)?;
        field::same_jurisdiction(FIELD, &officer.jurisdiction, jurisdiction)?;
        participants.push(officer.to_string());
    }
    participants.sort_unstable();
    participants.dedup();
    if participants.len() != asked.len() {
        return Err(BadField::new(FIELD, "must name each officer once"));
    }
    Ok(participants)
}
