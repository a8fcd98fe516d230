//! Appeals against deductions.

use super::*;

pub(super) async fn contest_entry(
    service: &Service,
    request: Request<ContestEntryRequest>,
) -> Answer<ContestEntryResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = EntryName::parse("name", &asked.name)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let (cycle, unit) = entries::owners(&name);
    let command = daily_assessment::Command::Contest(EntryContested {
        cycle: cycle.to_string(),
        unit: unit.to_string(),
        entry_id: name.entry.clone(),
        grounds: field::text("grounds", &asked.grounds, REASON_LENGTH_MAX)?,
        contested_by: caller.actor.clone(),
    });
    let answer =
        |entries: &_| ContestEntryResponse { entry: resource::entry(entries, &name), ..Default::default() };
    let stream = entries::stream_of(&name);
    service.daily_assessments.execute(&call, &stream, command, |decided| answer(decided.after)).await
}

pub(super) async fn decide_contest(
    service: &Service,
    request: Request<DecideContestRequest>,
) -> Answer<DecideContestResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = EntryName::parse("name", &asked.name)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let (cycle, unit) = entries::owners(&name);
    let reversed = EntryReversed {
        cycle: cycle.to_string(),
        unit: unit.to_string(),
        entry_id: name.entry.clone(),
        reason: field::text("reason", &asked.reason, REASON_LENGTH_MAX)?,
        cause_event_id: String::new(),
    };
    let (granted, actor) = (asked.granted, caller.actor.clone());
    let command = daily_assessment::Command::DecideContest { reversed, granted, actor };
    let answer =
        |entries: &_| DecideContestResponse { entry: resource::entry(entries, &name), ..Default::default() };
    let stream = entries::stream_of(&name);
    service.daily_assessments.execute(&call, &stream, command, |decided| answer(decided.after)).await
}
