//! Appeals: lodged, decided.

use super::*;
use crate::domain::case::Subject;

pub(super) async fn lodge_appeal(
    service: &Service,
    request: Request<LodgeAppealRequest>,
) -> Answer<LodgeAppealResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CaseName::parse("name", &asked.name)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let of_own_motion = asked.unit.is_empty() && asked.officer.is_empty();
    let subject = (!of_own_motion)
        .then(|| references::subject(&asked.unit, &asked.officer, &name.jurisdiction))
        .transpose()?;
    let lodged = AppealLodged {
        case: name.to_string(),
        appeal_id: field::id("appeal_id", &asked.appeal_id)?,
        appellant: subject.map(Subject::into),
        grounds: None,
        lodged_date: field::day_of(call.metadata.occurred_at).to_string(),
    };
    let grounds = field::text("grounds", &asked.grounds, TEXT_LENGTH_MAX)?;
    let prepare = |fresh| lodge(service, &name, &lodged, (&call, &grounds), fresh);
    let answer = |case: &_| LodgeAppealResponse {
        case: resource::case(case, &name, caller.now),
        ..Default::default()
    };
    service.cases.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn decide_appeal(
    service: &Service,
    request: Request<DecideAppealRequest>,
) -> Answer<DecideAppealResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CaseName::parse("name", &asked.name)?;
    let expected = field::etag(&asked.etag)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let outcome: AppealOutcome = field::enumeration("outcome", asked.outcome)?;
    check_only_varied(outcome, &asked)?;
    let gravity = match asked.gravity {
        0 => Gravity::Unspecified,
        said => field::enumeration("gravity", said)?,
    };
    let decided = AppealDecided {
        case: name.to_string(),
        appeal_id: field::id("appeal_id", &asked.appeal_id)?,
        outcome: outcome.into(),
        reason: field::text("reason", &asked.reason, REASON_LENGTH_MAX)?,
        decided_by: caller.actor.clone(),
        units_cleared: references::units("units_cleared", &asked.units_cleared, &name.jurisdiction)?,
        officers_cleared: references::officers(
            "officers_cleared",
            &asked.officers_cleared,
            &name.jurisdiction,
        )?,
        gravity: gravity.into(),
        ..AppealDecided::default()
    };
    let day = field::day_of(call.metadata.occurred_at);
    let prepare = |_| decide(service, &name, (&decided, day), expected);
    let answer = |case: &_| DecideAppealResponse {
        case: resource::case(case, &name, caller.now),
        ..Default::default()
    };
    service.cases.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

/// What only a varied finding can be said of.
fn check_only_varied(outcome: AppealOutcome, asked: &DecideAppealRequest) -> Result<(), BadField> {
    let said = [
        ("gravity", asked.gravity != 0),
        ("units_cleared", !asked.units_cleared.is_empty()),
        ("officers_cleared", !asked.officers_cleared.is_empty()),
    ];
    match said.into_iter().find(|(_, said)| *said && outcome != AppealOutcome::Varied) {
        Some((field, _)) => Err(BadField::new(field, "must be empty unless the finding is varied")),
        None => Ok(()),
    }
}

async fn lodge(
    service: &Service,
    name: &CaseName,
    lodged: &AppealLodged,
    grounds: (&Call, &str),
    fresh: bool,
) -> Prepared<case::Case> {
    let build =
        |grounds| case::Command::LodgeAppeal(AppealLodged { grounds: Some(grounds), ..lodged.clone() });
    let known = |case: &case::Opened| case.appeal(&lodged.appeal_id)?.lodged.grounds.clone();
    service.entrust(name, grounds, known, build, fresh).await
}

/// The finding that falls is named by its event id: what followed from it elsewhere is found by that.
async fn decide(
    service: &Service,
    name: &CaseName,
    (decided, day): (&AppealDecided, jiff::civil::Date),
    expected: Option<u64>,
) -> Prepared<case::Case> {
    service.reads.catch_up(REPLICA_WAIT_MAX).await?;
    let finding_event_id = service.reads.now().findings.get(&name.key()).cloned().unwrap_or_default();
    let actor = service.actor(&decided.decided_by, &name.jurisdiction).await?;
    let decided = AppealDecided { finding_event_id, ..decided.clone() };
    Ok((case::Command::DecideAppeal { decided, actor, day, expected }, vec![]))
}
