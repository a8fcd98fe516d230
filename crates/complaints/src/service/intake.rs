//! Intake: lodging, and what becomes of what was lodged.

use super::*;

pub(super) async fn lodge_complaint(
    service: &Service,
    request: Request<LodgeComplaintRequest>,
) -> Answer<LodgeComplaintResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let call = caller.call(&asked.request_id, &jurisdiction, asked.occurred_at)?;
    let complaint = match asked.complaint_id.as_str() {
        // Made of the request, so that its repetition finds the complaint.
        "" => Uuid::new_v5(&call.request_id, b"complaint").simple().to_string(),
        given => field::id("complaint_id", given)?,
    };
    let name = ComplaintName { jurisdiction, complaint };
    let new = asked.complaint.ok_or_else(|| BadField::new("complaint", "must be given"))?;
    lodge_one(service, &caller, &call, &name, new).await
}

/// Lodges a complaint, whether it comes alone or as one of many.
pub(super) async fn lodge_one(
    service: &Service,
    caller: &Caller,
    call: &Call,
    name: &ComplaintName,
    new: NewComplaint,
) -> Answer<LodgeComplaintResponse> {
    let receipt_code = code::issue(RECEIPT_CODE_LETTERS);
    let intake = intake(service, call, name, new, &receipt_code).await?;
    let view = service.view(name, caller).await?;
    let prepare = |fresh| lodge(service, call, name, &intake, fresh);
    let answer = |complaint: &_| LodgeComplaintResponse {
        complaint: view.complaint(complaint),
        receipt_code: receipt_code.clone(),
        ..Default::default()
    };
    let stream = stream_of(name);
    service.complaints.execute_guarded(call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn accept_complaint(
    service: &Service,
    request: Request<AcceptComplaintRequest>,
) -> Answer<AcceptComplaintResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let unit = unit_of("unit", &asked.unit, &name.jurisdiction)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, &asked.etag)?;
    let view = service.view(&name, &caller).await?;
    let prepare = |fresh| accept(service, &name, &act, &unit, fresh);
    let answer = |complaint: &_| AcceptComplaintResponse {
        complaint: view.complaint(complaint),
        ..Default::default()
    };
    let stream = stream_of(&name);
    service.complaints.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn reject_complaint(
    service: &Service,
    request: Request<RejectComplaintRequest>,
) -> Answer<RejectComplaintResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let reason = field::text("reason", &asked.reason, REASON_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, &asked.etag)?;
    let view = service.view(&name, &caller).await?;
    let step = complaint::Step::Reject { reason };
    let prepare = |fresh| judge(service, &call, &name, (&act, &step), &[], fresh);
    let answer = |complaint: &_| RejectComplaintResponse {
        complaint: view.complaint(complaint),
        ..Default::default()
    };
    let stream = stream_of(&name);
    service.complaints.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn refer_complaint(
    service: &Service,
    request: Request<ReferComplaintRequest>,
) -> Answer<ReferComplaintResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let organ = field::text("organ", &asked.organ, ORGAN_LENGTH_MAX)?;
    let reason = field::text("reason", &asked.reason, REASON_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, &asked.etag)?;
    let view = service.view(&name, &caller).await?;
    let command = complaint::Command::Handle(act, complaint::Step::Refer { organ, reason });
    let answer =
        |complaint: &_| ReferComplaintResponse { complaint: view.complaint(complaint), ..Default::default() };
    service.complaints.execute(&call, &stream_of(&name), command, |decided| answer(decided.after)).await
}

pub(super) async fn transfer_complaint(
    service: &Service,
    request: Request<TransferComplaintRequest>,
) -> Answer<TransferComplaintResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let unit = UnitName::parse("unit", &asked.unit)?;
    field::same_jurisdiction("unit", &unit.jurisdiction, &name.jurisdiction)?;
    let reason = field::text("reason", &asked.reason, REASON_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, &asked.etag)?;
    let view = service.view(&name, &caller).await?;
    let prepare = |_| transfer(service, &act, &unit, &reason);
    let answer = |complaint: &_| TransferComplaintResponse {
        complaint: view.complaint(complaint),
        ..Default::default()
    };
    let stream = stream_of(&name);
    service.complaints.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

/// A complaint as it comes in: what the log will have of it, without due times, and what the vault will.
struct Intake {
    lodged: ComplaintLodged,
    sealed: Vec<Sealed>,
}

async fn intake(
    service: &Service,
    call: &Call,
    name: &ComplaintName,
    new: NewComplaint,
    receipt_code: &str,
) -> Result<Intake, Status> {
    let text = field::text("complaint.text", &new.text, TEXT_LENGTH_MAX)?;
    let channel = field::enumeration::<ComplaintChannel>("complaint.channel", new.channel)?;
    let mut lodged = ComplaintLodged {
        complaint: name.to_string(),
        channel: channel.into(),
        source_reference: source_reference(channel, &new.source_reference)?,
        identity_disclosed: new.identity_disclosed,
        receipt_hash: code::hash(receipt_code).to_vec(),
        unit: unit_of("complaint.unit", &new.unit, &name.jurisdiction)?,
        complained_of: officers_once("complaint.complained_of", &new.complained_of, &name.jurisdiction)?,
        category: field::optional_text("complaint.category", &new.category, CATEGORY_LENGTH_MAX)?,
        repeats: earlier(&new.repeats, &name.jurisdiction)?,
        attachments: attachments("complaint.attachments", &new.attachments)?,
        lodge_time: Some(to_wire(call.metadata.occurred_at)),
        ..ComplaintLodged::default()
    };
    let mut sealed = Vec::new();
    if let Some(complainant) = complainant(new.complainant)? {
        sealed.push(Vault::seal_message(call, "complainant", &complainant));
    }
    lodged.complainant_key =
        sealed.first().map(|sealed| sealed.reference.vault_key.clone()).unwrap_or_default();
    let text = service.vault.seal_text(call, "text", &text, None).await.map_err(Failed::into_failure)?;
    lodged.text = Some(text.reference.clone());
    sealed.push(text);
    Ok(Intake { lodged, sealed })
}

/// Who complains; `None`: anonymous.
fn complainant(given: Option<Complainant>) -> Result<Option<Complainant>, BadField> {
    let Some(given) = given.filter(|given| *given != Complainant::default()) else { return Ok(None) };
    field::optional_text("complaint.complainant.full_name", &given.full_name, 200)?;
    field::optional_text("complaint.complainant.telephone", &given.telephone, 63)?;
    field::optional_text("complaint.complainant.address", &given.address, 500)?;
    Ok(Some(given))
}

/// Where a complaint is found in its source: what comes from a visit, a form or an inspection says which.
fn source_reference(channel: ComplaintChannel, given: &str) -> Result<String, BadField> {
    const FIELD: &str = "complaint.source_reference";
    match channel {
        ComplaintChannel::Visit | ComplaintChannel::SurveyForm | ComplaintChannel::Inspection => {
            field::text(FIELD, given, REFERENCE_LENGTH_MAX)
        }
        ComplaintChannel::Unspecified
        | ComplaintChannel::Hotline
        | ComplaintChannel::Letter
        | ComplaintChannel::Counter
        | ComplaintChannel::Online
        | ComplaintChannel::LeaderMailbox
        | ComplaintChannel::Superior
        | ComplaintChannel::Media => field::optional_text(FIELD, given, REFERENCE_LENGTH_MAX),
    }
}

fn earlier(repeats: &str, jurisdiction: &str) -> Result<String, BadField> {
    const FIELD: &str = "complaint.repeats";
    let Some(earlier) = ComplaintName::parse_optional(FIELD, repeats)? else { return Ok(String::new()) };
    field::same_jurisdiction(FIELD, &earlier.jurisdiction, jurisdiction)?;
    Ok(earlier.to_string())
}

async fn lodge(
    service: &Service,
    call: &Call,
    name: &ComplaintName,
    Intake { lodged, sealed }: &Intake,
    fresh: bool,
) -> Prepared<complaint::Complaint> {
    let clocks = service.clocks(&name.jurisdiction, fresh).await?;
    let start = call.metadata.occurred_at;
    let mut lodged = lodged.clone();
    lodged.stage_due_time = Some(to_wire(clocks.stage_due(ComplaintStage::Lodged, start)));
    lodged.case_due_time = Some(to_wire(clocks.case_due(start)));
    let earlier_known = match ComplaintName::parse_optional("complaint.repeats", &lodged.repeats)? {
        None => false,
        Some(earlier) => service.complaints.load(&stream_of(&earlier), fresh).await?.stream_version > 0,
    };
    let unit_in_service = !lodged.unit.is_empty() && service.unit_in_service(&lodged.unit).await?;
    let unknown_officers = service.unknown_officers(&lodged.complained_of).await?;
    let lodging = complaint::Lodging { lodged, unit_in_service, unknown_officers, earlier_known };
    let command = complaint::Command::Lodge(Box::new(lodging));
    Ok((service.entrust(call, name, command, sealed, fresh).await?, clocks.guards))
}

async fn accept(
    service: &Service,
    name: &ComplaintName,
    act: &complaint::Act,
    unit: &str,
    fresh: bool,
) -> Prepared<complaint::Complaint> {
    let clocks = service.clocks(&name.jurisdiction, fresh).await?;
    let unit = service.or_its_own(name, unit, fresh).await?;
    let in_service = !unit.is_empty() && service.unit_in_service(&unit).await?;
    let due = clocks.stage_due(ComplaintStage::Accepted, act.at);
    let step = complaint::Step::Accept { unit, in_service, due };
    Ok((complaint::Command::Handle(act.clone(), step), clocks.guards))
}

async fn transfer(
    service: &Service,
    act: &complaint::Act,
    unit: &UnitName,
    reason: &str,
) -> Prepared<complaint::Complaint> {
    let (unit, reason) = (unit.to_string(), reason.to_owned());
    let in_service = service.unit_in_service(&unit).await?;
    let step = complaint::Step::Transfer { unit, in_service, reason };
    Ok((complaint::Command::Handle(act.clone(), step), vec![]))
}

impl Service {
    /// The unit given, or else the one that has the complaint; empty: none.
    pub(super) async fn or_its_own(
        &self,
        name: &ComplaintName,
        unit: &str,
        fresh: bool,
    ) -> Result<String, Failed> {
        if !unit.is_empty() {
            return Ok(unit.to_owned());
        }
        let complaint = self.complaints.load(&stream_of(name), fresh).await?;
        Ok(complaint.state.lodged().map(|complaint| complaint.unit.clone()).unwrap_or_default())
    }
}
