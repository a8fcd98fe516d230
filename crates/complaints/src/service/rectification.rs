//! Rectification: reported, verified or refuted by the complainant's word.

use super::*;

pub(super) async fn report_rectification(
    service: &Service,
    request: Request<ReportRectificationRequest>,
) -> Answer<ReportRectificationResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let text = field::text("report", &asked.report, TEXT_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, &asked.etag)?;
    let attachments = attachments("attachments", &asked.attachments)?;
    let sealed = service.seal(&call, &name, "report", &text).await?;
    let view = service.view(&name, &caller).await?;
    let prepare = |fresh| report(service, &call, &name, (&act, &attachments), &sealed, fresh);
    let answer = |complaint: &_| ReportRectificationResponse {
        complaint: view.complaint(complaint),
        ..Default::default()
    };
    let stream = stream_of(&name);
    service.complaints.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn verify_rectification(
    service: &Service,
    request: Request<VerifyRectificationRequest>,
) -> Answer<VerifyRectificationResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let source = source(asked.source)?;
    let satisfaction = satisfaction(asked.satisfaction, source)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, &asked.etag)?;
    let view = service.view(&name, &caller).await?;
    let prepare = |fresh| verify(service, &name, &act, (satisfaction, source), fresh);
    let answer = |complaint: &_| VerifyRectificationResponse {
        complaint: view.complaint(complaint),
        ..Default::default()
    };
    let stream = stream_of(&name);
    service.complaints.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn refute_rectification(
    service: &Service,
    request: Request<RefuteRectificationRequest>,
) -> Answer<RefuteRectificationResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let source = source(asked.source)?;
    let deadline = asked.deadline.map(|deadline| field::instant("deadline", deadline)).transpose()?;
    let text = field::optional_text("statement", &asked.statement, TEXT_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, &asked.etag)?;
    let sealed = service.seal_if_said(&call, &name, "statement", &text).await?;
    let view = service.view(&name, &caller).await?;
    let refuted = Refuted { source, deadline, sealed };
    let prepare = |fresh| refute(service, &call, &name, (&act, &refuted), fresh);
    let answer = |complaint: &_| RefuteRectificationResponse {
        complaint: view.complaint(complaint),
        ..Default::default()
    };
    let stream = stream_of(&name);
    service.complaints.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

/// A refutation as it was asked for.
pub(super) struct Refuted {
    pub(super) source: RatingSource,
    pub(super) deadline: Option<Timestamp>,
    pub(super) sealed: Vec<Sealed>,
}

/// A source that someone other than the complainant records.
fn source(given: i32) -> Result<RatingSource, BadField> {
    let source = field::enumeration::<RatingSource>("source", given)?;
    if matches!(source, RatingSource::CallBack | RatingSource::Visit | RatingSource::Inspection) {
        return Ok(source);
    }
    Err(BadField::new("source", "must be a call-back, a visit or an inspection"))
}

/// The complainant's satisfaction: said, but not after an inspection.
fn satisfaction(given: i32, source: RatingSource) -> Result<Satisfaction, BadField> {
    if source != RatingSource::Inspection {
        return field::enumeration("satisfaction", given);
    }
    if given == 0 {
        return Ok(Satisfaction::Unspecified);
    }
    Err(BadField::new("satisfaction", "must not be said after an inspection: it is the complainant's alone"))
}

async fn report(
    service: &Service,
    call: &Call,
    name: &ComplaintName,
    (act, attachments): (&complaint::Act, &[Attachment]),
    sealed: &Sealed,
    fresh: bool,
) -> Prepared<complaint::Complaint> {
    let clocks = service.clocks(&name.jurisdiction, fresh).await?;
    let due = clocks.stage_due(ComplaintStage::Reported, act.at);
    let (report, attachments) = (sealed.reference.clone(), attachments.to_vec());
    let step = complaint::Step::Report { report, attachments, due };
    let command = complaint::Command::Handle(act.clone(), step);
    let command = service.entrust(call, name, command, std::slice::from_ref(sealed), fresh).await?;
    Ok((command, clocks.guards))
}

pub(super) async fn verify(
    service: &Service,
    name: &ComplaintName,
    act: &complaint::Act,
    (satisfaction, source): (Satisfaction, RatingSource),
    fresh: bool,
) -> Prepared<complaint::Complaint> {
    let clocks = service.clocks(&name.jurisdiction, fresh).await?;
    let due = clocks.stage_due(ComplaintStage::Verified, act.at);
    let step = complaint::Step::Verify { satisfaction, source, due };
    Ok((complaint::Command::Handle(service.judging(name, act, fresh).await?, step), clocks.guards))
}

pub(super) async fn refute(
    service: &Service,
    call: &Call,
    name: &ComplaintName,
    (act, refuted): (&complaint::Act, &Refuted),
    fresh: bool,
) -> Prepared<complaint::Complaint> {
    let clocks = service.clocks(&name.jurisdiction, fresh).await?;
    let inspected = refuted.source == RatingSource::Inspection;
    let refuting = complaint::Refuting {
        satisfaction: if inspected { Satisfaction::Unspecified } else { Satisfaction::Dissatisfied },
        source: refuted.source,
        statement: refuted.sealed.first().map(|sealed| sealed.reference.clone()),
        deadline: refuted.deadline,
        due: clocks.stage_due(ComplaintStage::Assigned, act.at),
    };
    let act = service.judging(name, act, fresh).await?;
    let command = complaint::Command::Handle(act, complaint::Step::Refute(refuting));
    let command = service.entrust(call, name, command, &refuted.sealed, fresh).await?;
    Ok((command, clocks.guards))
}
