//! Working days: the calendar and the terms of a jurisdiction.

use super::*;
use crate::domain::calendar::TIME_ZONE;

pub(super) async fn set_calendar(
    service: &Service,
    request: Request<SetCalendarRequest>,
) -> Answer<SetCalendarResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let parent = JurisdictionName::parse("parent", &asked.parent)?;
    if !matches!(asked.time_zone.as_str(), "" | TIME_ZONE) {
        return Err(BadField::new("time_zone", format!("must be \"{TIME_ZONE}\", China's one time")).into());
    }
    let holidays = dates("holidays", &asked.holidays)?;
    let make_up_days = dates("make_up_days", &asked.make_up_days)?;
    if let Some(both) = make_up_days.iter().find(|day| holidays.contains(day)) {
        return Err(BadField::new("make_up_days", format!("{both} is a holiday too")).into());
    }
    let calendar = CalendarSet {
        jurisdiction: parent.to_string(),
        time_zone: TIME_ZONE.to_owned(),
        holidays,
        make_up_days,
    };
    let call = caller.call(&asked.request_id, &parent.jurisdiction, asked.occurred_at)?;
    let command = calendar::Command::Set { calendar, expected: field::etag(&asked.etag)? };
    let answer = |calendar: &_| SetCalendarResponse {
        calendar: Some(resource::calendar(calendar, &parent)),
        ..Default::default()
    };
    let stream = stream::<calendar::Calendar>(&parent.jurisdiction);
    service.calendars.execute(&call, &stream, command, |decided| answer(decided.after)).await
}

pub(super) async fn get_calendar(
    service: &Service,
    request: Request<GetCalendarRequest>,
) -> Answer<GetCalendarResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let parent = parent_of(&asked.name, "calendar")?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let (model, unset) = (service.reads.now(), Loaded::default());
    let calendar = model.calendars.get(&parent.jurisdiction).unwrap_or(&unset);
    Ok(Response::new(GetCalendarResponse { calendar: Some(resource::calendar(calendar, &parent)) }))
}

pub(super) async fn set_terms(
    service: &Service,
    request: Request<SetTermsRequest>,
) -> Answer<SetTermsResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let parent = JurisdictionName::parse("parent", &asked.parent)?;
    check_stages(&asked.stages)?;
    let terms = TermsSet {
        jurisdiction: parent.to_string(),
        stages: terms::whole(&asked.stages),
        case_working_days: term("case_working_days", asked.case_working_days, terms::CASE_WORKING_DAYS)?,
        escalation_working_days: term(
            "escalation_working_days",
            asked.escalation_working_days,
            terms::ESCALATION_WORKING_DAYS,
        )?,
    };
    let call = caller.call(&asked.request_id, &parent.jurisdiction, asked.occurred_at)?;
    let command = terms::Command::Set { terms, expected: field::etag(&asked.etag)? };
    let answer =
        |terms: &_| SetTermsResponse { terms: Some(resource::terms(terms, &parent)), ..Default::default() };
    let stream = stream::<terms::Terms>(&parent.jurisdiction);
    service.terms.execute(&call, &stream, command, |decided| answer(decided.after)).await
}

pub(super) async fn get_terms(
    service: &Service,
    request: Request<GetTermsRequest>,
) -> Answer<GetTermsResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let parent = parent_of(&asked.name, "terms")?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let (model, unset) = (service.reads.now(), Loaded::default());
    let terms = model.terms.get(&parent.jurisdiction).unwrap_or(&unset);
    Ok(Response::new(GetTermsResponse { terms: Some(resource::terms(terms, &parent)) }))
}

/// The jurisdiction of which `name` is the one `thing`.
fn parent_of(name: &str, thing: &str) -> Result<JurisdictionName, BadField> {
    let parent = name.strip_suffix(thing).and_then(|parent| parent.strip_suffix('/'));
    let parsed = parent.and_then(|parent| JurisdictionName::parse("name", parent).ok());
    parsed.ok_or_else(|| {
        BadField::new("name", format!("must be a name like `jurisdictions/{{jurisdiction}}/{thing}`"))
    })
}

/// Dates, ascending.
fn dates(field: &'static str, given: &[String]) -> Result<Vec<String>, BadField> {
    if given.len() > CALENDAR_DATES_MAX {
        return Err(BadField::new(field, format!("must be at most {CALENDAR_DATES_MAX}")));
    }
    let mut dates = BTreeSet::new();
    for date in given {
        if !dates.insert(field::date(field, date)?) {
            return Err(BadField::new(field, format!("must name each date once, not {date} twice")));
        }
    }
    Ok(dates.into_iter().map(|date| date.to_string()).collect())
}

fn check_stages(stages: &[StageTerm]) -> Result<(), BadField> {
    let clocked = |stage| terms::STAGES.into_iter().any(|(clocked, _)| clocked == stage);
    let mut once = BTreeSet::new();
    for StageTerm { stage, working_days } in stages {
        if !clocked(field::enumeration("stages.stage", *stage)?) {
            return Err(BadField::new("stages.stage", "must be a stage that has a clock"));
        }
        if !once.insert(stage) {
            return Err(BadField::new("stages.stage", "must name each stage once"));
        }
        if !(1..=terms::WORKING_DAYS_MAX).contains(working_days) {
            let message = format!("must lie between 1 and {}", terms::WORKING_DAYS_MAX);
            return Err(BadField::new("stages.working_days", message));
        }
    }
    Ok(())
}

/// A term in working days; 0: `default`.
fn term(field: &'static str, working_days: u32, default: u32) -> Result<u32, BadField> {
    match working_days {
        0 => Ok(default),
        1..=terms::WORKING_DAYS_MAX => Ok(working_days),
        _ => Err(BadField::new(field, format!("must lie between 1 and {}", terms::WORKING_DAYS_MAX))),
    }
}
