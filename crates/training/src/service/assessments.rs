//! Officers' assessments.

use super::*;

pub(super) async fn record_assessment(
    service: &Service,
    request: Request<RecordAssessmentRequest>,
) -> Answer<RecordAssessmentResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let RecordAssessmentRequest {
        parent,
        assessment_id,
        campaign,
        quality,
        assessment_date,
        passed,
        score,
        ..
    } = asked;
    let new =
        NewAssessment { officer: parent, assessment_id, campaign, quality, assessment_date, passed, score };
    let row = Row::parse(&new, "parent", &caller)?;
    let call = caller.call(&asked.request_id, &row.name.jurisdiction, asked.occurred_at)?;
    let by = caller.officer(&row.name.jurisdiction);
    let prepare = |fresh| record(service, &row, &by, fresh);
    let answer = |assessment: &_| RecordAssessmentResponse {
        assessment: resource::assessment(assessment, &row.name),
        ..Default::default()
    };
    let stream = stream_of(&row.name);
    service.assessments.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn import_assessments(
    service: &Service,
    request: Request<ImportAssessmentsRequest>,
) -> Answer<ImportAssessmentsResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let call = caller.call(&asked.request_id, &jurisdiction, asked.occurred_at)?;
    imports::check_rows("assessments", asked.assessments.len())?;
    let import = |row: usize, call: Call| {
        let (new, caller, jurisdiction) = (&asked.assessments[row], &caller, &jurisdiction);
        async move { import_row(service, new, caller, jurisdiction, &call).await }
    };
    let imported = imports::import(&call, asked.assessments.len(), import).await?;
    Ok(Response::new(ImportAssessmentsResponse {
        results: imported.results,
        position: imported.position,
        consistency_token: imported.consistency_token,
    }))
}

pub(super) async fn correct_assessment(
    service: &Service,
    request: Request<CorrectAssessmentRequest>,
) -> Answer<CorrectAssessmentResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = AssessmentName::parse("name", &asked.name)?;
    let expected = field::etag(&asked.etag)?;
    let corrected = AssessmentCorrected {
        assessment: name.to_string(),
        assessment_date: past_date("assessment_date", &asked.assessment_date, &caller)?,
        passed: asked.passed,
        score: score(asked.score.as_deref())?,
        reason: field::text("reason", &asked.reason, REASON_LENGTH_MAX)?,
    };
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let by = caller.officer(&name.jurisdiction);
    let prepare = |fresh| correct(service, &name, &corrected, expected, &by, fresh);
    let answer = |assessment: &_| CorrectAssessmentResponse {
        assessment: resource::assessment(assessment, &name),
        ..Default::default()
    };
    let stream = stream_of(&name);
    service.assessments.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn get_assessment(
    service: &Service,
    request: Request<GetAssessmentRequest>,
) -> Answer<GetAssessmentResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = AssessmentName::parse("name", &asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let found = service.assessment(&name).await?.ok_or_else(|| Failure::not_found(&name))?;
    Ok(Response::new(GetAssessmentResponse { assessment: Some(found) }))
}

pub(super) async fn list_assessments(
    service: &Service,
    request: Request<ListAssessmentsRequest>,
) -> Answer<ListAssessmentsResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    Only::parse("unit", &asked.unit, asked.with_subtree, &jurisdiction)?;
    let campaign = CampaignName::parse_optional("campaign", &asked.campaign)?;
    let officer = OfficerName::parse_optional("officer", &asked.officer)?;
    let quality = optional_enumeration("quality", asked.quality, Quality::Unspecified)?;
    let (mut page, after) = Page::start(asked.page_size, &asked.page_token)?;
    service.wait(&asked.consistency_token, patience).await?;
    let wanted = |found: &AssessmentSummary<'_>| {
        (quality == Quality::Unspecified || quality == found.quality)
            && campaign.as_ref().is_none_or(|campaign| campaign.campaign == found.campaign)
    };
    // The officer with whom the page before ended may have more.
    let first = after.split('/').next().unwrap_or_default().to_owned();
    let mut officers = vec![first.clone()];
    while let Some(last) = officers.last().cloned() {
        let mut found = Vec::new();
        for id in officers.iter().filter(|id| officer.as_ref().is_none_or(|only| only.officer == **id)) {
            let of_officer = service.assessments_of(&jurisdiction, id, asked.latest_only, &wanted);
            found.extend(of_officer.into_iter().filter(|(key, _)| *id != first || *key > after));
        }
        let mut found = found.into_iter().peekable();
        while found.peek().is_some() {
            let (keys, names): (Vec<_>, Vec<_>) = found.by_ref().take(page.size() + 1).unzip();
            for (key, read) in keys.into_iter().zip(service.assessments(&names).await?) {
                if read.is_some_and(|assessment| page.is_full_with(key, assessment)) {
                    let (assessments, next_page_token) = page.end();
                    return Ok(Response::new(ListAssessmentsResponse { assessments, next_page_token }));
                }
            }
        }
        officers = service.officers_after(&jurisdiction, &asked, &last);
    }
    let (assessments, next_page_token) = page.end();
    Ok(Response::new(ListAssessmentsResponse { assessments, next_page_token }))
}

/// The stream that an assessment lies in.
pub(super) fn stream_of(name: &AssessmentName) -> StreamId {
    stream::<assessment::Assessment>(name.key())
}

/// An assessment that is to be recorded.
struct Row {
    name: AssessmentName,
    campaign: CampaignName,
    recorded: AssessmentRecorded,
}

impl Row {
    /// `officer_field`: what the field is called that names the officer.
    fn parse(new: &NewAssessment, officer_field: &'static str, caller: &Caller) -> Result<Self, BadField> {
        let OfficerName { jurisdiction, officer } = OfficerName::parse(officer_field, &new.officer)?;
        let campaign = CampaignName::parse("campaign", &new.campaign)?;
        field::same_jurisdiction("campaign", &campaign.jurisdiction, &jurisdiction)?;
        let assessment = field::id("assessment_id", &new.assessment_id)?;
        let name = AssessmentName { jurisdiction, officer, assessment };
        let recorded = AssessmentRecorded {
            assessment: name.to_string(),
            campaign: campaign.to_string(),
            quality: field::enumeration::<Quality>("quality", new.quality)?.into(),
            assessment_date: past_date("assessment_date", &new.assessment_date, caller)?,
            passed: new.passed,
            score: score(new.score.as_deref())?,
        };
        Ok(Self { name, campaign, recorded })
    }
}

async fn import_row(
    service: &Service,
    new: &NewAssessment,
    caller: &Caller,
    jurisdiction: &str,
    call: &Call,
) -> Result<(String, u64), Failure> {
    let row = Row::parse(new, "officer", caller)?;
    field::same_jurisdiction("officer", &row.name.jurisdiction, jurisdiction)?;
    let by = caller.officer(&row.name.jurisdiction);
    let prepare = |fresh| record(service, &row, &by, fresh);
    let handled = service.assessments.send(call, &stream_of(&row.name), prepare).await?;
    Ok((row.name.to_string(), handled.position))
}

async fn record(service: &Service, row: &Row, actor: &str, fresh: bool) -> Prepared<assessment::Assessment> {
    let (campaign, guards) = service.campaign_of(row.campaign.clone(), fresh).await?;
    let day = &row.recorded.assessment_date;
    let admitted = service.admits_assessment(&campaign.state, &row.name, day).await?;
    let own = is_own(&row.name, actor);
    Ok((assessment::Command::Record { recorded: row.recorded.clone(), own, admitted }, guards))
}

async fn correct(
    service: &Service,
    name: &AssessmentName,
    corrected: &AssessmentCorrected,
    expected: Option<u64>,
    actor: &str,
    fresh: bool,
) -> Prepared<assessment::Assessment> {
    let before = service.assessments.load(&stream_of(name), fresh).await?;
    let (mut admitted, mut guards) = (Ok(()), vec![]);
    if let Some(recorded) = before.state.recorded() {
        let campaign = CampaignName::parse("campaign", &recorded.standing.campaign)?;
        let found = service.campaign_of(campaign, fresh).await?;
        admitted = service.admits_assessment(&found.0.state, name, &corrected.assessment_date).await?;
        guards = found.1;
    }
    let (corrected, own) = (corrected.clone(), is_own(name, actor));
    Ok((assessment::Command::Correct { corrected, own, admitted, expected }, guards))
}

impl Service {
    async fn admits_assessment(
        &self,
        campaign: &campaign::State,
        name: &AssessmentName,
        day: &str,
    ) -> Result<Result<(), NotAdmitted>, Failure> {
        let facts = admission::Facts {
            day: Some(day.to_owned()),
            off_roster: self.off_roster(&[name.officer().to_string()], day).await?,
            ..admission::Facts::default()
        };
        Ok(admission::admit(campaign, &facts))
    }

    /// The next officers of those whose assessments are asked for.
    fn officers_after(&self, jurisdiction: &str, asked: &ListAssessmentsRequest, last: &str) -> Vec<String> {
        let ListAssessmentsRequest { unit, with_subtree, .. } = asked;
        let filter = OfficerFilter {
            unit,
            with_subtree: *with_subtree,
            include_left: true,
            ..OfficerFilter::default()
        };
        let today = field::day_of((self.clock)());
        let model = self.reads.now();
        let next = model.training.officers(jurisdiction, today, &filter, last, OFFICERS_AT_ONCE);
        next.into_iter().map(str::to_owned).collect()
    }

    async fn assessment(&self, name: &AssessmentName) -> Result<Option<Assessment>, Failure> {
        let loaded = self.assessments.load(&stream_of(name), true).await.map_err(Failed::into_failure)?;
        Ok(resource::assessment(&loaded, name))
    }

    pub(super) async fn assessments(
        &self,
        names: &[AssessmentName],
    ) -> Result<Vec<Option<Assessment>>, Failure> {
        let streams: Vec<_> = names.iter().map(stream_of).collect();
        let loaded = self.assessments.load_all(&streams).await.map_err(Failed::into_failure)?;
        Ok(names.iter().zip(&loaded).map(|(name, loaded)| resource::assessment(loaded, name)).collect())
    }

    /// The wanted assessments of an officer, each under its key in a list.
    fn assessments_of(
        &self,
        jurisdiction: &str,
        officer: &str,
        latest_only: bool,
        wanted: &(dyn Fn(&AssessmentSummary<'_>) -> bool + Sync),
    ) -> Vec<(String, AssessmentName)> {
        let model = self.reads.now();
        let name = OfficerName { jurisdiction: jurisdiction.to_owned(), officer: officer.to_owned() };
        let all = model.training.assessments(&name.to_string(), latest_only);
        let wanted = all.into_iter().filter(|found| wanted(found));
        wanted
            .map(|AssessmentSummary { day, assessment, .. }| {
                let OfficerName { jurisdiction, officer } = name.clone();
                let key = format!("{officer}/{day}/{assessment}");
                (key, AssessmentName { jurisdiction, officer, assessment: assessment.to_owned() })
            })
            .collect()
    }
}

/// Whether who acts is the officer assessed.
fn is_own(name: &AssessmentName, actor: &str) -> bool {
    actor == name.officer().to_string()
}

fn score(value: Option<&str>) -> Result<Option<String>, BadField> {
    let Some(value) = value else { return Ok(None) };
    let score = field::decimal("score", value, SCORE_PLACES_MAX)?;
    if !(Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&score) {
        return Err(BadField::new("score", "must lie between 0 and 100"));
    }
    Ok(Some(score.normalize().to_string()))
}
