//! The complainant: questions and answers, the receipt code, who may read what was written, erasure.
//!
//! What a request is answered lies in the log's database as long as the log. So no stored answer holds what the
//! vault holds: that is read when the answer goes out.

use eventstore::RecordedEvent;

use super::known::REPLICA_PATIENCE;
use super::*;
use crate::history;

pub(super) async fn ask_question(
    service: &Service,
    request: Request<AskQuestionRequest>,
) -> Answer<AskQuestionResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let question_id = field::id("question_id", &asked.question_id)?;
    let text = field::text("question", &asked.question, QUESTION_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let act = act(&caller, &call, "")?;
    let asked_before =
        |complaint: &complaint::Lodged| Some(complaint.questions.get(&question_id)?.question.clone());
    let sealed = [service.seal_as(&call, &name, ("question", &text), asked_before).await?];
    let view = service.view(&name, &caller).await?;
    let step = complaint::Step::AskQuestion { question_id, question: sealed[0].reference.clone() };
    let prepare = |fresh| step_with(service, &call, &name, (&act, &step), &sealed, fresh);
    let answer =
        |complaint: &_| AskQuestionResponse { complaint: view.complaint(complaint), ..Default::default() };
    let stream = stream_of(&name);
    service.complaints.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

pub(super) async fn answer_question(
    service: &Service,
    request: Request<AnswerQuestionRequest>,
) -> Answer<AnswerQuestionResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let question_id = field::id("question_id", &asked.question_id)?;
    let text = field::text("answer", &asked.answer, TEXT_LENGTH_MAX)?;
    let name = service.by_receipt(&asked.receipt_code).await?;
    let call = as_complainant(&caller, &asked.request_id, &name, asked.occurred_at)?;
    let act = by_complainant(&call);
    let answered = |complaint: &complaint::Lodged| complaint.questions.get(&question_id)?.answer.clone();
    let sealed = [service.seal_as(&call, &name, ("answer", &text), answered).await?];
    let step = complaint::Step::AnswerQuestion { question_id, answer: sealed[0].reference.clone() };
    let prepare = |fresh| step_with(service, &call, &name, (&act, &step), &sealed, fresh);
    let mut answered = service
        .complaints
        .execute_guarded(&call, &stream_of(&name), prepare, |_| AnswerQuestionResponse::default())
        .await?;
    answered.get_mut().complaint = Some(service.followed(&name).await?);
    Ok(answered)
}

pub(super) async fn rate_rectification(
    service: &Service,
    request: Request<RateRectificationRequest>,
) -> Answer<RateRectificationResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let rating = Rating::parse(asked.rectified, asked.satisfaction, &asked.statement)?;
    let name = service.by_receipt(&asked.receipt_code).await?;
    let call = as_complainant(&caller, &asked.request_id, &name, asked.occurred_at)?;
    let act = by_complainant(&call);
    let sealed = service.seal_if_said(&call, &name, "statement", &rating.statement).await?;
    let prepare =
        |fresh| rate(service, &call, &name, (&act, &rating, RatingSource::ReceiptCode), &sealed, fresh);
    let mut answered = service
        .complaints
        .execute_guarded(&call, &stream_of(&name), prepare, |_| RateRectificationResponse::default())
        .await?;
    answered.get_mut().complaint = Some(service.followed(&name).await?);
    Ok(answered)
}

pub(super) async fn follow_complaint(
    service: &Service,
    request: Request<FollowComplaintRequest>,
) -> Answer<FollowComplaintResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    service.reads.wait(&asked.consistency_token, patience).await?;
    let name = service.by_receipt(&asked.receipt_code).await?;
    Ok(Response::new(FollowComplaintResponse { complaint: Some(service.followed(&name).await?) }))
}

pub(super) async fn reveal_complainant(
    service: &Service,
    request: Request<RevealComplainantRequest>,
) -> Answer<RevealComplainantResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let purpose = field::text("purpose", &asked.purpose, REASON_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, None)?;
    let prepare = |fresh| reveal(service, &name, &caller, (None, &purpose), fresh);
    let mut answered = service
        .complaints
        .execute_guarded(&call, &stream_of(&name), prepare, |_| RevealComplainantResponse::default())
        .await?;
    let loaded = service.complaints.load(&stream_of(&name), true).await.map_err(Failed::into_failure)?;
    let key = loaded.state.lodged().map(|complaint| complaint.lodged.complainant_key.clone());
    answered.get_mut().complainant = service.complainant(&key.unwrap_or_default()).await?;
    Ok(answered)
}

pub(super) async fn reveal_texts(
    service: &Service,
    request: Request<RevealTextsRequest>,
) -> Answer<RevealTextsResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let purpose = field::text("purpose", &asked.purpose, REASON_LENGTH_MAX)?;
    if !(1..=REVEALED_TEXTS_MAX).contains(&asked.vault_keys.len()) {
        return Err(BadField::new("vault_keys", format!("must be 1 to {REVEALED_TEXTS_MAX}")).into());
    }
    let call = caller.call(&asked.request_id, &name.jurisdiction, None)?;
    let keys = Some(asked.vault_keys);
    let prepare = |fresh| reveal(service, &name, &caller, (keys.as_deref(), &purpose), fresh);
    let mut answered = service
        .complaints
        .execute_guarded(&call, &stream_of(&name), prepare, |_| RevealTextsResponse::default())
        .await?;
    let loaded = service.complaints.load(&stream_of(&name), true).await.map_err(Failed::into_failure)?;
    for key in keys.iter().flatten() {
        let known = loaded
            .state
            .lodged()
            .and_then(|complaint| complaint.texts.iter().find(|text| text.reference.vault_key == *key));
        let Some(known) = known else { continue };
        let read = service.vault.read_text(&known.reference).await.map_err(Failed::into_failure)?;
        let (text, genuine) = read.unwrap_or_default();
        answered.get_mut().texts.push(RevealedText { vault_key: key.clone(), text, genuine });
    }
    Ok(answered)
}

pub(super) async fn erase_complainant(
    service: &Service,
    request: Request<EraseComplainantRequest>,
) -> Answer<EraseComplainantResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = ComplaintName::parse("name", &asked.name)?;
    let reason = field::text("reason", &asked.reason, REASON_LENGTH_MAX)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let view = service.view(&name, &caller).await?;
    let command = complaint::Command::Erase { reason };
    let answer = |complaint: &_| EraseComplainantResponse {
        complaint: view.complaint(complaint),
        ..Default::default()
    };
    let stream = stream_of(&name);
    let erased = service.complaints.execute(&call, &stream, command, |decided| answer(decided.after)).await?;
    // The log says so first: were it interrupted here, the timer would go on.
    let loaded = service.complaints.load(&stream, true).await.map_err(Failed::into_failure)?;
    if let Some(complaint) = loaded.state.lodged() {
        let texts = complaint.texts.iter().filter(|text| text.erased);
        let keys = texts.map(|text| text.reference.vault_key.clone());
        let who = Some(complaint.lodged.complainant_key.clone()).filter(|key| !key.is_empty());
        service.erase(&keys.chain(who).collect::<Vec<_>>()).await?;
    }
    Ok(erased)
}

/// A complainant's word.
pub(super) struct Rating {
    rectified: bool,
    satisfaction: Satisfaction,
    pub(super) statement: String,
}

impl Rating {
    pub(super) fn parse(rectified: bool, satisfaction: i32, statement: &str) -> Result<Self, BadField> {
        let statement = field::optional_text("statement", statement, TEXT_LENGTH_MAX)?;
        if rectified {
            let satisfaction = field::enumeration("satisfaction", satisfaction)?;
            if !statement.is_empty() {
                return Err(BadField::new("statement", "must be empty if it was put right"));
            }
            return Ok(Self { rectified, satisfaction, statement });
        }
        match Satisfaction::try_from(satisfaction) {
            Ok(Satisfaction::Unspecified | Satisfaction::Dissatisfied) => {
                Ok(Self { rectified, satisfaction: Satisfaction::Dissatisfied, statement })
            }
            _ => Err(BadField::new(
                "satisfaction",
                "must not be said, or dissatisfied, if it was not put right",
            )),
        }
    }
}

pub(super) async fn rate(
    service: &Service,
    call: &Call,
    name: &ComplaintName,
    (act, rating, source): (&complaint::Act, &Rating, RatingSource),
    sealed: &[Sealed],
    fresh: bool,
) -> Prepared<complaint::Complaint> {
    if rating.rectified {
        return rectification::verify(service, name, act, (rating.satisfaction, source), fresh).await;
    }
    let refuted = rectification::Refuted { source, deadline: None, sealed: sealed.to_vec() };
    rectification::refute(service, call, name, (act, &refuted), fresh).await
}

async fn reveal(
    service: &Service,
    name: &ComplaintName,
    caller: &Caller,
    (texts, purpose): (Option<&[String]>, &str),
    fresh: bool,
) -> Prepared<complaint::Complaint> {
    let complaint = service.complaints.load(&stream_of(name), fresh).await?;
    let named = caller.actor != shell::caller::UNNAMED;
    let by = if named { caller.officer(&name.jurisdiction) } else { String::new() };
    // Whoever is not known to be of the unit would be shown all.
    service.replica.catch_up(REPLICA_PATIENCE).await?;
    let of_unit = complaint.state.lodged().is_some_and(|complaint| {
        let replica = service.replica.now();
        let theirs = complaint.lodged.complained_of.iter().flat_map(|officer| replica.units_of(officer));
        complaint.units.iter().map(String::as_str).chain(theirs).any(|unit| replica.is_of(&by, unit))
    });
    let (texts, purpose) = (texts.map(<[String]>::to_vec), purpose.to_owned());
    Ok((complaint::Command::Reveal(complaint::Reading { by, of_unit, texts, purpose }), vec![]))
}

/// The frame of what the complainant does: nobody learns from it who that is.
fn as_complainant(
    caller: &Caller,
    request_id: &str,
    name: &ComplaintName,
    occurred_at: Option<contract::Timestamp>,
) -> Result<Call, BadField> {
    let mut caller = caller.clone();
    complaint::COMPLAINANT.clone_into(&mut caller.actor);
    caller.call(request_id, &name.jurisdiction, occurred_at)
}

fn by_complainant(call: &Call) -> complaint::Act {
    let (by, at) = (complaint::COMPLAINANT.to_owned(), call.metadata.occurred_at);
    complaint::Act { by, at, expected: None, own_unit: false }
}

impl Service {
    /// The complaint of a receipt code.
    async fn by_receipt(&self, receipt_code: &str) -> Result<ComplaintName, Status> {
        let hash = code::hash(receipt_code);
        if let Some(name) = self.find_receipt(&hash).await? {
            return Ok(name);
        }
        // It may have been lodged a moment ago.
        self.reads.catch_up(RECEIPT_PATIENCE).await?;
        let found = self.find_receipt(&hash).await?;
        found.ok_or_else(|| Failure::not_found("a complaint of this receipt code").into())
    }

    async fn find_receipt(&self, hash: &[u8; 32]) -> Result<Option<ComplaintName>, Failure> {
        let keys = self.reads.now().by_receipt(hash);
        for key in keys {
            let loaded = self.complaints.load(&stream::<complaint::Complaint>(&key), false).await;
            let loaded = loaded.map_err(Failed::into_failure)?;
            let complaint = loaded.state.lodged().filter(|complaint| complaint.lodged.receipt_hash == hash);
            if let Some(complaint) = complaint {
                return Ok(Some(ComplaintName::parse("name", &complaint.lodged.complaint)?));
            }
        }
        Ok(None)
    }

    /// A complaint as whoever holds the receipt code sees it.
    async fn followed(&self, name: &ComplaintName) -> Result<FollowedComplaint, Failure> {
        let stream = stream_of(name);
        let loaded = self.complaints.load(&stream, true).await.map_err(Failed::into_failure)?;
        let complaint = loaded.state.lodged().ok_or_else(|| Failure::not_found(name))?;
        let events = self.events_of(&stream).await?;
        let mut questions = Vec::new();
        for (question_id, question) in &complaint.questions {
            let read = self.vault.read_text(&question.question).await.map_err(Failed::into_failure)?;
            let (question_id, answered) = (question_id.clone(), question.answer.is_some());
            questions.push(Question { question_id, question: read.unwrap_or_default().0, answered });
        }
        let closed = complaint.stage == ComplaintStage::Closed;
        Ok(FollowedComplaint {
            stage: complaint.stage.into(),
            unit_title: self.replica.now().title(&complaint.unit),
            deadline: complaint.responsible.as_ref().map(|responsible| to_wire(responsible.deadline)),
            reason: resource::reason(complaint),
            outcome: if closed { complaint.outcome.into() } else { ClosureOutcome::Unspecified.into() },
            ratable: complaint.stage == ComplaintStage::Reported,
            steps: events.iter().filter_map(step).collect(),
            questions,
        })
    }

    pub(super) async fn events_of(&self, stream: &StreamId) -> Result<Vec<RecordedEvent>, Failure> {
        let events = self.store.reader().read_stream(stream).await;
        events.map_err(|error| shell::commands::store_failure(&error))
    }

    async fn complainant(&self, key: &str) -> Result<Option<Complainant>, Failure> {
        if key.is_empty() {
            return Ok(None);
        }
        self.vault.read_message(key).await.map_err(Failed::into_failure)
    }

    /// Those of `keys` that were not erased since the start.
    pub(crate) fn not_yet_erased<'a>(&self, keys: impl Iterator<Item = &'a String>) -> Vec<String> {
        let erased = self.erased.lock();
        keys.filter(|key| !erased.contains(*key)).cloned().collect()
    }

    /// Erases from the vault for good.
    pub(crate) async fn erase(&self, keys: &[String]) -> Result<(), Failure> {
        if !keys.is_empty() {
            self.vault.erase(keys).await.map_err(Failed::into_failure)?;
            self.erased.lock().extend(keys.iter().cloned());
        }
        Ok(())
    }
}

fn step(event: &RecordedEvent) -> Option<FollowedStep> {
    let text = history::for_complainant(event)?;
    Some(FollowedStep { occurred_at: Some(to_wire(event.occurred_at)), text })
}
