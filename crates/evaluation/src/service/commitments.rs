//! Measures promised to the public.

use super::*;

pub(super) async fn announce_commitment(
    service: &Service,
    request: Request<AnnounceCommitmentRequest>,
) -> Answer<AnnounceCommitmentResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let commitment = field::id("commitment_id", &asked.commitment_id)?;
    let name = CommitmentName { jurisdiction, commitment };
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let announced = CommitmentAnnounced {
        commitment: name.to_string(),
        title: field::text("title", &asked.title, TITLE_LENGTH_MAX)?,
        level: field::enumeration::<CommitmentLevel>("level", asked.level)?.into(),
        announce_date: field::day_of(call.metadata.occurred_at).to_string(),
    };
    let command = commitment::Command::Announce(announced);
    let answer = |commitment: &_| AnnounceCommitmentResponse {
        commitment: resource::commitment::commitment(commitment, &name),
        ..Default::default()
    };
    service.commitments.execute(&call, &stream_of(&name), command, |decided| answer(decided.after)).await
}

pub(super) async fn assign_commitment(
    service: &Service,
    request: Request<AssignCommitmentRequest>,
) -> Answer<AssignCommitmentResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CommitmentName::parse("name", &asked.name)?;
    let unit = UnitName::parse("unit", &asked.unit)?;
    field::same_jurisdiction("unit", &unit.jurisdiction, &name.jurisdiction)?;
    let assigned = CommitmentAssigned {
        commitment: name.to_string(),
        unit: unit.to_string(),
        due_date: field::date("due_date", &asked.due_date)?.to_string(),
    };
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let day = field::day_of(call.metadata.occurred_at).to_string();
    let prepare = |fresh| assign(service, &unit, &assigned, &day, fresh);
    let answer = |commitment: &_| AssignCommitmentResponse {
        commitment: resource::commitment::commitment(commitment, &name),
        ..Default::default()
    };
    let stream = stream_of(&name);
    service.commitments.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn report_delivery(
    service: &Service,
    request: Request<ReportDeliveryRequest>,
) -> Answer<ReportDeliveryResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CommitmentName::parse("name", &asked.name)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let reported = DeliveryReported {
        commitment: name.to_string(),
        unit: String::new(),
        statement: field::text("statement", &asked.statement, REASON_LENGTH_MAX)?,
        reported_by: caller.actor.clone(),
    };
    let day = field::day_of(call.metadata.occurred_at).to_string();
    let command = commitment::Command::Report { reported, day };
    let answer = |commitment: &_| ReportDeliveryResponse {
        commitment: resource::commitment::commitment(commitment, &name),
        ..Default::default()
    };
    service.commitments.execute(&call, &stream_of(&name), command, |decided| answer(decided.after)).await
}

pub(super) async fn verify_delivery(
    service: &Service,
    request: Request<VerifyDeliveryRequest>,
) -> Answer<VerifyDeliveryResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CommitmentName::parse("name", &asked.name)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let command = commitment::Command::Verify { commitment: name.to_string(), actor: caller.actor.clone() };
    let answer = |commitment: &_| VerifyDeliveryResponse {
        commitment: resource::commitment::commitment(commitment, &name),
        ..Default::default()
    };
    service.commitments.execute(&call, &stream_of(&name), command, |decided| answer(decided.after)).await
}

pub(super) async fn refute_delivery(
    service: &Service,
    request: Request<RefuteDeliveryRequest>,
) -> Answer<RefuteDeliveryResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = CommitmentName::parse("name", &asked.name)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let command = commitment::Command::Refute(DeliveryRefuted {
        commitment: name.to_string(),
        unit: String::new(),
        reason: field::text("reason", &asked.reason, REASON_LENGTH_MAX)?,
        refuted_by: caller.actor.clone(),
    });
    let answer = |commitment: &_| RefuteDeliveryResponse {
        commitment: resource::commitment::commitment(commitment, &name),
        ..Default::default()
    };
    service.commitments.execute(&call, &stream_of(&name), command, |decided| answer(decided.after)).await
}

pub(super) async fn get_commitment(
    service: &Service,
    request: Request<GetCommitmentRequest>,
) -> Answer<GetCommitmentResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = CommitmentName::parse("name", &asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let model = service.reads.now();
    let found =
        model.commitments.get(&name.key()).and_then(|loaded| resource::commitment::commitment(loaded, &name));
    let commitment = Some(found.ok_or_else(|| Failure::not_found(&name))?);
    Ok(Response::new(GetCommitmentResponse { commitment }))
}

pub(super) async fn list_commitments(
    service: &Service,
    request: Request<ListCommitmentsRequest>,
) -> Answer<ListCommitmentsResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let wanted = Wanted::parse(&asked)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let model = service.reads.now();
    let prefix = format!("{jurisdiction}/");
    let commitments = model.commitments.with_prefix(&prefix).filter_map(|(key, loaded)| {
        let commitment = key[prefix.len()..].to_owned();
        let name = CommitmentName { jurisdiction: jurisdiction.clone(), commitment };
        let commitment = resource::commitment::commitment(loaded, &name)?;
        wanted.is(&commitment).then(|| (key.to_owned(), commitment))
    });
    let (commitments, next_page_token) = pages::page(commitments, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListCommitmentsResponse { commitments, next_page_token }))
}

/// Which commitments are listed.
struct Wanted<'a> {
    unit: &'a str,
    level: i32,
    state: i32,
    due: Days<'a>,
    announced: Days<'a>,
}

impl<'a> Wanted<'a> {
    fn parse(asked: &'a ListCommitmentsRequest) -> Result<Self, BadField> {
        UnitName::parse_optional("unit", &asked.unit)?;
        known::<CommitmentLevel>("level", asked.level)?;
        known::<CommitmentState>("state", asked.state)?;
        Ok(Self {
            unit: &asked.unit,
            level: asked.level,
            state: asked.state,
            due: Days::parse("due_from", &asked.due_from, "due_until", &asked.due_until)?,
            announced: Days::parse(
                "announced_from",
                &asked.announced_from,
                "announced_until",
                &asked.announced_until,
            )?,
        })
    }

    fn is(&self, commitment: &Commitment) -> bool {
        (self.unit.is_empty() || self.unit == commitment.unit)
            && (self.level == 0 || self.level == commitment.level)
            && (self.state == 0 || self.state == commitment.state)
            && self.due.contain(&commitment.due_date)
            && self.announced.contain(&commitment.announce_date)
    }
}

async fn assign(
    service: &Service,
    unit: &UnitName,
    assigned: &CommitmentAssigned,
    day: &str,
    fresh: bool,
) -> Prepared<commitment::Commitment> {
    let register = service.registers.load(&units::register(unit), fresh).await?;
    let in_service = register.state.unit(&assigned.unit).is_some_and(|unit| !unit.retired);
    let (assigned, day) = (assigned.clone(), day.to_owned());
    Ok((commitment::Command::Assign { assigned, in_service, day }, vec![]))
}

pub(crate) fn stream_of(name: &CommitmentName) -> StreamId {
    stream::<commitment::Commitment>(name.key())
}
