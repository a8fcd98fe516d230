//! Dispositions: decided by the scale of the finding, carried out.

use super::*;
use crate::domain::case::{Deciding, Subject};
use jiff::civil::Date;

/// How long a disposition may take to carry out where nobody says.
const EXECUTION_DAYS: i32 = 30;

pub(super) async fn decide_disposition(
    service: &Service,
    request: Request<DecideDispositionRequest>,
) -> Answer<DecideDispositionResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CaseName::parse("name", &asked.name)?;
    let subject = references::subject(&asked.unit, &asked.officer, &name.jurisdiction)?;
    let disposition = match &subject {
        Subject::Unit(_) => scales::unit_disposition("disposition", asked.disposition)?,
        Subject::Officer(_) => scales::officer_disposition("disposition", asked.disposition)?,
    };
    let expected = field::etag(&asked.etag)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let day = field::day_of(call.metadata.occurred_at);
    let decided = DispositionDecided {
        case: name.to_string(),
        subject: Some(subject.clone().into()),
        disposition: disposition.into(),
        departure_reason: field::optional_text(
            "departure_reason",
            &asked.departure_reason,
            REASON_LENGTH_MAX,
        )?,
        approver: references::officer("approver", &asked.approver, &name.jurisdiction)?,
        due_date: due(&asked.due_date, day)?.to_string(),
        decided_by: caller.actor.clone(),
        ..DispositionDecided::default()
    };
    let deciding = Deciding { subject, decided, minimum: None, day, level: 0, approver: None, expected };
    let prepare = |fresh| decide(service, &name, &deciding, fresh);
    let answer = |case: &_| DecideDispositionResponse {
        case: resource::case(case, &name, caller.now),
        ..Default::default()
    };
    service.cases.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn execute_disposition(
    service: &Service,
    request: Request<ExecuteDispositionRequest>,
) -> Answer<ExecuteDispositionResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CaseName::parse("name", &asked.name)?;
    let subject = references::subject(&asked.unit, &asked.officer, &name.jurisdiction)?;
    let expected = field::etag(&asked.etag)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let day = match asked.execution_date.as_str() {
        "" => field::day_of(call.metadata.occurred_at),
        said => field::date("execution_date", said)?,
    };
    if day > field::day_of(caller.now) {
        return Err(BadField::new("execution_date", "must not be in the future").into());
    }
    let command = case::Command::Execute { subject, execution_date: day.to_string(), expected };
    let answer = |case: &_| ExecuteDispositionResponse {
        case: resource::case(case, &name, caller.now),
        ..Default::default()
    };
    service.cases.execute(&call, &stream_of(&name), command, |decided| answer(decided.after)).await
}

fn due(asked: &str, day: Date) -> Result<Date, BadField> {
    if !asked.is_empty() {
        return field::date("due_date", asked);
    }
    let due = day.checked_add(jiff::Span::new().days(EXECUTION_DAYS));
    due.map_err(|_| BadField::new("due_date", "must be said"))
}

/// Post levels are those of now: an approver must be higher today.
async fn decide(
    service: &Service,
    name: &CaseName,
    deciding: &Deciding,
    fresh: bool,
) -> Prepared<case::Case> {
    service.replica.catch_up(REPLICA_WAIT_MAX).await?;
    let loaded = service.cases.load(&stream_of(name), fresh).await?;
    let scale = service.scales.load(&scales::stream_of(&name.jurisdiction), fresh).await?;
    let mut deciding = deciding.clone();
    let replica = service.replica.now();
    if let Some(opened) = loaded.state.opened()
        && let Some(finding) = opened.finding()
    {
        let (version, subject) = (finding.scale_version, &deciding.subject);
        deciding.minimum = scale.state.minimum(version, finding.nature(), finding.gravity(), subject);
        let below =
            [deciding.decided.decided_by.as_str(), opened.investigator().unwrap_or_default(), subject.name()];
        let level = |officer: &str| replica.officer(officer).map_or(0, |officer| officer.post_level);
        deciding.level = below.into_iter().map(level).max().unwrap_or(0);
        deciding.approver = replica.person(&deciding.decided.approver, &opened.grounds.complaints);
    }
    Ok((case::Command::DecideDisposition(deciding), vec![]))
}
