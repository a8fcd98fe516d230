//! What is found, and how it ends: verdict, closing, reopening, withdrawal.

use super::*;

pub(super) async fn substantiate_complaint(
    service: &Service,
    request: Request<SubstantiateComplaintRequest>,
) -> Answer<SubstantiateComplaintResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let unit = unit_of("unit", &asked.unit, &name.jurisdiction)?;
    let officers = officers_once("officers", &asked.officers, &name.jurisdiction)?;
    let text = field::text("finding", &asked.finding, TEXT_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, &asked.etag)?;
    let sealed = [service.seal_as(&call, &name, ("finding", &text), standing_finding).await?];
    let finding = sealed[0].reference.clone();
    let view = service.view(&name, &caller).await?;
    let step = complaint::Step::Substantiate { unit, officers, harms_public: asked.harms_public, finding };
    let prepare = |fresh| judge(service, &call, &name, (&act, &step), &sealed, fresh);
    let answer = |complaint: &_| SubstantiateComplaintResponse {
        complaint: view.complaint(complaint),
        ..Default::default()
    };
    let stream = stream_of(&name);
    service.complaints.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn unsubstantiate_complaint(
    service: &Service,
    request: Request<UnsubstantiateComplaintRequest>,
) -> Answer<UnsubstantiateComplaintResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let text = field::text("finding", &asked.finding, TEXT_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, &asked.etag)?;
    let sealed = [service.seal_as(&call, &name, ("finding", &text), standing_finding).await?];
    let view = service.view(&name, &caller).await?;
    let step = complaint::Step::Unsubstantiate { finding: sealed[0].reference.clone() };
    let prepare = |fresh| judge(service, &call, &name, (&act, &step), &sealed, fresh);
    let answer = |complaint: &_| UnsubstantiateComplaintResponse {
        complaint: view.complaint(complaint),
        ..Default::default()
    };
    let stream = stream_of(&name);
    service.complaints.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn close_complaint(
    service: &Service,
    request: Request<CloseComplaintRequest>,
) -> Answer<CloseComplaintResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let outcome = field::enumeration::<ClosureOutcome>("outcome", asked.outcome)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, &asked.etag)?;
    let view = service.view(&name, &caller).await?;
    let step = complaint::Step::Close { outcome };
    let prepare = |fresh| judge(service, &call, &name, (&act, &step), &[], fresh);
    let answer =
        |complaint: &_| CloseComplaintResponse { complaint: view.complaint(complaint), ..Default::default() };
    let stream = stream_of(&name);
    service.complaints.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn reopen_complaint(
    service: &Service,
    request: Request<ReopenComplaintRequest>,
) -> Answer<ReopenComplaintResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let text = field::text("grounds", &asked.grounds, TEXT_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, &asked.etag)?;
    let sealed = service.seal(&call, &name, "grounds", &text).await?;
    let view = service.view(&name, &caller).await?;
    let prepare = |fresh| reopen(service, &call, &name, &act, &sealed, fresh);
    let answer = |complaint: &_| ReopenComplaintResponse {
        complaint: view.complaint(complaint),
        ..Default::default()
    };
    let stream = stream_of(&name);
    service.complaints.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn withdraw_complaint(
    service: &Service,
    request: Request<WithdrawComplaintRequest>,
) -> Answer<WithdrawComplaintResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let text = field::optional_text("statement", &asked.statement, TEXT_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, &asked.etag)?;
    let sealed = service.seal_if_said(&call, &name, "statement", &text).await?;
    let view = service.view(&name, &caller).await?;
    let statement = sealed.first().map(|sealed| sealed.reference.clone());
    let step = complaint::Step::Withdraw { statement };
    let prepare = |fresh| step_with(service, &call, &name, (&act, &step), &sealed, fresh);
    let answer = |complaint: &_| WithdrawComplaintResponse {
        complaint: view.complaint(complaint),
        ..Default::default()
    };
    let stream = stream_of(&name);
    service.complaints.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

fn standing_finding(complaint: &complaint::Lodged) -> Option<VaultText> {
    complaint.verdict.as_ref().map(|verdict| verdict.finding.clone())
}

async fn reopen(
    service: &Service,
    call: &Call,
    name: &ComplaintName,
    act: &complaint::Act,
    sealed: &Sealed,
    fresh: bool,
) -> Prepared<complaint::Complaint> {
    let clocks = service.clocks(&name.jurisdiction, fresh).await?;
    let step = complaint::Step::Reopen {
        grounds: sealed.reference.clone(),
        led_due: clocks.stage_due(ComplaintStage::Led, act.at),
        accepted_due: clocks.stage_due(ComplaintStage::Accepted, act.at),
    };
    let command = complaint::Command::Handle(service.judging(name, act, fresh).await?, step);
    let command = service.entrust(call, name, command, std::slice::from_ref(sealed), fresh).await?;
    Ok((command, clocks.guards))
}
