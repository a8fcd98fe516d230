//! Handling: who leads, who supervises, who is responsible, by when.

use contract::words::PostLevel;

use super::*;

pub(super) async fn appoint_leader(
    service: &Service,
    request: Request<AppointLeaderRequest>,
) -> Answer<AppointLeaderResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let leader = officer_of("leader", &asked.leader, &name.jurisdiction)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, &asked.etag)?;
    let view = service.view(&name, &caller).await?;
    let prepare = |fresh| lead(service, &name, &act, &leader, fresh);
    let answer =
        |complaint: &_| AppointLeaderResponse { complaint: view.complaint(complaint), ..Default::default() };
    let stream = stream_of(&name);
    service.complaints.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn appoint_supervisor(
    service: &Service,
    request: Request<AppointSupervisorRequest>,
) -> Answer<AppointSupervisorResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let supervisor = officer_of("supervisor", &asked.supervisor, &name.jurisdiction)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, &asked.etag)?;
    let view = service.view(&name, &caller).await?;
    let prepare = |fresh| supervise(service, &name, &act, &supervisor, fresh);
    let answer = |complaint: &_| AppointSupervisorResponse {
        complaint: view.complaint(complaint),
        ..Default::default()
    };
    let stream = stream_of(&name);
    service.complaints.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn assign_complaint(
    service: &Service,
    request: Request<AssignComplaintRequest>,
) -> Answer<AssignComplaintResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let unit = unit_of("unit", &asked.unit, &name.jurisdiction)?;
    let officer = officer_of("officer", &asked.officer, &name.jurisdiction)?;
    let deadline = asked.deadline.map(|deadline| field::instant("deadline", deadline)).transpose()?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, &asked.etag)?;
    let view = service.view(&name, &caller).await?;
    let wanted = Wanted { unit, officer, deadline };
    let prepare = |fresh| assign(service, &name, &act, &wanted, fresh);
    let answer = |complaint: &_| AssignComplaintResponse {
        complaint: view.complaint(complaint),
        ..Default::default()
    };
    let stream = stream_of(&name);
    service.complaints.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn extend_deadline(
    service: &Service,
    request: Request<ExtendDeadlineRequest>,
) -> Answer<ExtendDeadlineResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let deadline = asked.deadline.ok_or_else(|| BadField::new("deadline", "must be given"))?;
    let deadline = field::instant("deadline", deadline)?;
    let reason = field::text("reason", &asked.reason, REASON_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, &asked.etag)?;
    let view = service.view(&name, &caller).await?;
    let command = complaint::Command::Handle(act, complaint::Step::ExtendDeadline { deadline, reason });
    let answer =
        |complaint: &_| ExtendDeadlineResponse { complaint: view.complaint(complaint), ..Default::default() };
    service.complaints.execute(&call, &stream_of(&name), command, |decided| answer(decided.after)).await
}

pub(super) async fn report_progress(
    service: &Service,
    request: Request<ReportProgressRequest>,
) -> Answer<ReportProgressResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let text = field::text("progress", &asked.progress, TEXT_LENGTH_MAX)?;
    let attachments = attachments("attachments", &asked.attachments)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, "")?;
    let sealed = service.seal(&call, &name, "progress", &text).await?;
    let view = service.view(&name, &caller).await?;
    let prepare = |fresh| progress(service, &call, &name, (&act, &attachments), &sealed, fresh);
    let answer =
        |complaint: &_| ReportProgressResponse { complaint: view.complaint(complaint), ..Default::default() };
    let stream = stream_of(&name);
    service.complaints.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

/// Who is to be responsible; without a unit, the one that has the complaint.
struct Wanted {
    unit: String,
    officer: String,
    deadline: Option<Timestamp>,
}

async fn lead(
    service: &Service,
    name: &ComplaintName,
    act: &complaint::Act,
    leader: &str,
    fresh: bool,
) -> Prepared<complaint::Complaint> {
    let clocks = service.clocks(&name.jurisdiction, fresh).await?;
    let leader = service.candidate(name, leader, complaint::LEADER_FROM, fresh).await?;
    let due = clocks.stage_due(ComplaintStage::Led, act.at);
    let step = complaint::Step::AppointLeader { leader, due };
    Ok((complaint::Command::Handle(act.clone(), step), clocks.guards))
}

async fn supervise(
    service: &Service,
    name: &ComplaintName,
    act: &complaint::Act,
    supervisor: &str,
    fresh: bool,
) -> Prepared<complaint::Complaint> {
    let supervisor = service.candidate(name, supervisor, PostLevel::Unspecified, fresh).await?;
    let step = complaint::Step::AppointSupervisor { supervisor };
    Ok((complaint::Command::Handle(act.clone(), step), vec![]))
}

async fn assign(
    service: &Service,
    name: &ComplaintName,
    act: &complaint::Act,
    Wanted { unit, officer, deadline }: &Wanted,
    fresh: bool,
) -> Prepared<complaint::Complaint> {
    let clocks = service.clocks(&name.jurisdiction, fresh).await?;
    let unit = service.or_its_own(name, unit, fresh).await?;
    let assigning = complaint::Assigning {
        in_service: !unit.is_empty() && service.unit_in_service(&unit).await?,
        unit,
        officer: service.candidate(name, officer, PostLevel::Unspecified, fresh).await?,
        deadline: *deadline,
        due: clocks.stage_due(ComplaintStage::Assigned, act.at),
    };
    let step = complaint::Step::Assign(assigning);
    Ok((complaint::Command::Handle(act.clone(), step), clocks.guards))
}

async fn progress(
    service: &Service,
    call: &Call,
    name: &ComplaintName,
    (act, attachments): (&complaint::Act, &[Attachment]),
    sealed: &Sealed,
    fresh: bool,
) -> Prepared<complaint::Complaint> {
    let (progress, attachments) = (sealed.reference.clone(), attachments.to_vec());
    let step = complaint::Step::ReportProgress { progress, attachments };
    let command = complaint::Command::Handle(act.clone(), step);
    Ok((service.entrust(call, name, command, std::slice::from_ref(sealed), fresh).await?, vec![]))
}
