//! The gRPC service: each rpc parses its request, hands the command to its rules, and answers.
//!
//! No branch on state, no rule, no SQL here. A command that depends on the calendar, on units or on officers
//! looks at them in its `prepare`, and guards what it looked at of its own log.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use contract::complaints::complaint_service_server::ComplaintService;
use contract::complaints::*;
use contract::field::{self, BadField, to_wire};
use contract::name::{ComplaintName, JurisdictionName, OfficerName, UnitName};
use contract::status::Failure;
use contract::words::VaultText;
use eventstore::{Call, Clock, Decider, EventStore, Guard, Loaded, StreamId};
use jiff::Timestamp;
use parking_lot::Mutex;
use shell::caller::patience;
use shell::commands::{Failed, Prepared};
use shell::vault::Sealed;
use shell::{Caller, Commands, Reads, Vault, code, pages, receive};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::domain::{calendar, complaint, terms};
use crate::read_model::ReadModel;
use crate::replica::Replica;
use crate::resource::{self, View};

mod complainant;
mod figures;
mod findings;
mod handling;
mod imports;
mod intake;
mod known;
mod reading;
mod rectification;
#[cfg(test)]
mod tests;
mod working_days;

const REFERENCE_LENGTH_MAX: usize = 200;
const ORGAN_LENGTH_MAX: usize = 200;
const CATEGORY_LENGTH_MAX: usize = 63;
const REASON_LENGTH_MAX: usize = 2000;
const TEXT_LENGTH_MAX: usize = 20_000;
const COMPLAINED_OF_MAX: usize = 100;
/// 120 random bits.
const RECEIPT_CODE_LETTERS: usize = 24;
const CALENDAR_DATES_MAX: usize = 2000;
const QUESTION_LENGTH_MAX: usize = 2000;
/// How far ahead the due list looks, in working days.
const DUE_WITHIN_MAX: u32 = 250;
const ATTACHMENTS_MAX: usize = 20;
const MEDIA_TYPE_LENGTH_MAX: usize = 100;
const REVEALED_TEXTS_MAX: usize = 100;
/// How long a receipt code that is not known yet is waited for.
const RECEIPT_PATIENCE: Duration = Duration::from_secs(2);

type Answer<T> = Result<Response<T>, Status>;

/// Serves `ComplaintService`.
pub struct Service {
    clock: Clock,
    pub(crate) reads: Reads<ReadModel>,
    replica: Reads<Replica>,
    vault: Vault,
    store: EventStore,
    /// Vault keys that were erased since the start.
    erased: Mutex<HashSet<String>>,
    pub(crate) complaints: Commands<complaint::Complaint>,
    calendars: Commands<calendar::Calendar>,
    terms: Commands<terms::Terms>,
}

impl Service {
    pub(crate) fn new(
        store: EventStore,
        reads: Reads<ReadModel>,
        replica: Reads<Replica>,
        clock: Clock,
    ) -> Self {
        Self {
            clock,
            reads,
            replica,
            complaints: Commands::new(&store),
            calendars: Commands::new(&store),
            terms: Commands::new(&store),
            erased: Mutex::default(),
            vault: Vault::new(store.clone()),
            store,
        }
    }

    /// How a complaint is shown to `caller`.
    async fn view(&self, name: &ComplaintName, caller: &Caller) -> Result<View, Failure> {
        let calendar = self.calendar(&name.jurisdiction).await?;
        Ok(View { name: name.clone(), calendar, now: caller.now })
    }

    /// A jurisdiction's working days.
    async fn calendar(&self, jurisdiction: &str) -> Result<Arc<Loaded<calendar::Calendar>>, Failure> {
        let calendar = self.calendars.load(&stream::<calendar::Calendar>(jurisdiction), false).await;
        calendar.map_err(Failed::into_failure)
    }

    /// `command`, with `sealed` in the vault.
    async fn entrust(
        &self,
        call: &Call,
        name: &ComplaintName,
        command: complaint::Command,
        sealed: &[Sealed],
        fresh: bool,
    ) -> Result<complaint::Command, Failed> {
        let before = self.complaints.load(&stream_of(name), fresh).await?;
        self.vault.entrust::<complaint::Complaint>(call, &before.state, command, sealed).await
    }

    /// A text of a complaint, sealed; the same as `known` says, if it is that very text.
    async fn seal_as(
        &self,
        call: &Call,
        name: &ComplaintName,
        (part, text): (&str, &str),
        known: impl Fn(&complaint::Lodged) -> Option<VaultText>,
    ) -> Result<Sealed, Failure> {
        let loaded = self.complaints.load(&stream_of(name), false).await.map_err(Failed::into_failure)?;
        let known = loaded.state.lodged().and_then(known);
        self.vault.seal_text(call, part, text, known.as_ref()).await.map_err(Failed::into_failure)
    }

    /// A text of a complaint, sealed; the same as the last one, if it is that very text.
    async fn seal(
        &self,
        call: &Call,
        name: &ComplaintName,
        part: &str,
        text: &str,
    ) -> Result<Sealed, Failure> {
        let last = |complaint: &complaint::Lodged| Some(complaint.texts.last()?.reference.clone());
        self.seal_as(call, name, (part, text), last).await
    }

    /// As [`Self::seal`], of a text that may be empty.
    async fn seal_if_said(
        &self,
        call: &Call,
        name: &ComplaintName,
        part: &str,
        text: &str,
    ) -> Result<Vec<Sealed>, Failure> {
        if text.is_empty() { Ok(vec![]) } else { Ok(vec![self.seal(call, name, part, text).await?]) }
    }
}

/// A step that depends on nothing but its complaint, with what it says in the vault.
async fn step_with(
    service: &Service,
    call: &Call,
    name: &ComplaintName,
    (act, step): (&complaint::Act, &complaint::Step),
    sealed: &[Sealed],
    fresh: bool,
) -> Prepared<complaint::Complaint> {
    let command = complaint::Command::Handle(act.clone(), step.clone());
    Ok((service.entrust(call, name, command, sealed, fresh).await?, vec![]))
}

/// As [`step_with`], of a step that judges: who takes it is looked at, too.
async fn judge(
    service: &Service,
    call: &Call,
    name: &ComplaintName,
    (act, step): (&complaint::Act, &complaint::Step),
    sealed: &[Sealed],
    fresh: bool,
) -> Prepared<complaint::Complaint> {
    let act = service.judging(name, act, fresh).await?;
    step_with(service, call, name, (&act, step), sealed, fresh).await
}

/// Who takes a step on a complaint, and on which reading.
fn act(caller: &Caller, call: &Call, etag: &str) -> Result<complaint::Act, BadField> {
    let (by, at) = (caller.officer(&call.metadata.jurisdiction), call.metadata.occurred_at);
    Ok(complaint::Act { by, at, expected: field::etag(etag)?, own_unit: false })
}

pub(crate) fn stream<D: Decider>(key: impl AsRef<str>) -> StreamId {
    StreamId::new(D::CATEGORY, key.as_ref())
}

pub(crate) fn stream_of(name: &ComplaintName) -> StreamId {
    stream::<complaint::Complaint>(name.key())
}

/// Resource name of a unit of the complaint's jurisdiction; empty: none.
fn unit_of(field: &'static str, unit: &str, jurisdiction: &str) -> Result<String, BadField> {
    let Some(unit) = UnitName::parse_optional(field, unit)? else { return Ok(String::new()) };
    field::same_jurisdiction(field, &unit.jurisdiction, jurisdiction)?;
    Ok(unit.to_string())
}

/// Resource names of officers of the complaint's jurisdiction, each once.
fn officers_once(
    field: &'static str,
    officers: &[String],
    jurisdiction: &str,
) -> Result<Vec<String>, BadField> {
    let mut once = BTreeSet::new();
    for officer in officers {
        if !once.insert(officer_of(field, officer, jurisdiction)?) {
            return Err(BadField::new(field, "must name each officer once"));
        }
    }
    if once.len() > COMPLAINED_OF_MAX {
        return Err(BadField::new(field, format!("must be at most {COMPLAINED_OF_MAX}")));
    }
    Ok(officers.to_vec())
}

/// Files that lie elsewhere.
fn attachments(field: &'static str, given: &[Attachment]) -> Result<Vec<Attachment>, BadField> {
    if given.len() > ATTACHMENTS_MAX {
        return Err(BadField::new(field, format!("must be at most {ATTACHMENTS_MAX}")));
    }
    for attachment in given {
        field::text(field, &attachment.reference, REFERENCE_LENGTH_MAX)?;
        field::optional_text(field, &attachment.media_type, MEDIA_TYPE_LENGTH_MAX)?;
        if attachment.sha256.len() != 32 {
            return Err(BadField::new(field, "must each have a SHA-256 of 32 bytes"));
        }
    }
    Ok(given.to_vec())
}

/// Resource name of an officer of the complaint's jurisdiction.
fn officer_of(field: &'static str, officer: &str, jurisdiction: &str) -> Result<String, BadField> {
    let officer = OfficerName::parse(field, officer)?;
    field::same_jurisdiction(field, &officer.jurisdiction, jurisdiction)?;
    Ok(officer.to_string())
}

#[tonic::async_trait]
impl ComplaintService for Service {
    async fn lodge_complaint(
        &self,
        request: Request<LodgeComplaintRequest>,
    ) -> Answer<LodgeComplaintResponse> {
        intake::lodge_complaint(self, request).await
    }

    async fn accept_complaint(
        &self,
        request: Request<AcceptComplaintRequest>,
    ) -> Answer<AcceptComplaintResponse> {
        intake::accept_complaint(self, request).await
    }

    async fn reject_complaint(
        &self,
        request: Request<RejectComplaintRequest>,
    ) -> Answer<RejectComplaintResponse> {
        intake::reject_complaint(self, request).await
    }

    async fn refer_complaint(
        &self,
        request: Request<ReferComplaintRequest>,
    ) -> Answer<ReferComplaintResponse> {
        intake::refer_complaint(self, request).await
    }

    async fn transfer_complaint(
        &self,
        request: Request<TransferComplaintRequest>,
    ) -> Answer<TransferComplaintResponse> {
        intake::transfer_complaint(self, request).await
    }

    async fn appoint_leader(&self, request: Request<AppointLeaderRequest>) -> Answer<AppointLeaderResponse> {
        handling::appoint_leader(self, request).await
    }

    async fn appoint_supervisor(
        &self,
        request: Request<AppointSupervisorRequest>,
    ) -> Answer<AppointSupervisorResponse> {
        handling::appoint_supervisor(self, request).await
    }

    async fn assign_complaint(
        &self,
        request: Request<AssignComplaintRequest>,
    ) -> Answer<AssignComplaintResponse> {
        handling::assign_complaint(self, request).await
    }

    async fn extend_deadline(
        &self,
        request: Request<ExtendDeadlineRequest>,
    ) -> Answer<ExtendDeadlineResponse> {
        handling::extend_deadline(self, request).await
    }

    async fn report_rectification(
        &self,
        request: Request<ReportRectificationRequest>,
    ) -> Answer<ReportRectificationResponse> {
        rectification::report_rectification(self, request).await
    }

    async fn verify_rectification(
        &self,
        request: Request<VerifyRectificationRequest>,
    ) -> Answer<VerifyRectificationResponse> {
        rectification::verify_rectification(self, request).await
    }

    async fn refute_rectification(
        &self,
        request: Request<RefuteRectificationRequest>,
    ) -> Answer<RefuteRectificationResponse> {
        rectification::refute_rectification(self, request).await
    }

    async fn close_complaint(
        &self,
        request: Request<CloseComplaintRequest>,
    ) -> Answer<CloseComplaintResponse> {
        findings::close_complaint(self, request).await
    }

    async fn get_complaint(&self, request: Request<GetComplaintRequest>) -> Answer<GetComplaintResponse> {
        reading::get_complaint(self, request).await
    }

    async fn list_complaints(
        &self,
        request: Request<ListComplaintsRequest>,
    ) -> Answer<ListComplaintsResponse> {
        reading::list_complaints(self, request).await
    }

    async fn set_calendar(&self, request: Request<SetCalendarRequest>) -> Answer<SetCalendarResponse> {
        working_days::set_calendar(self, request).await
    }

    async fn get_calendar(&self, request: Request<GetCalendarRequest>) -> Answer<GetCalendarResponse> {
        working_days::get_calendar(self, request).await
    }

    async fn set_terms(&self, request: Request<SetTermsRequest>) -> Answer<SetTermsResponse> {
        working_days::set_terms(self, request).await
    }

    async fn get_terms(&self, request: Request<GetTermsRequest>) -> Answer<GetTermsResponse> {
        working_days::get_terms(self, request).await
    }

    async fn import_complaints(
        &self,
        request: Request<ImportComplaintsRequest>,
    ) -> Answer<ImportComplaintsResponse> {
        imports::import_complaints(self, request).await
    }

    async fn report_progress(
        &self,
        request: Request<ReportProgressRequest>,
    ) -> Answer<ReportProgressResponse> {
        handling::report_progress(self, request).await
    }

    async fn substantiate_complaint(
        &self,
        request: Request<SubstantiateComplaintRequest>,
    ) -> Answer<SubstantiateComplaintResponse> {
        findings::substantiate_complaint(self, request).await
    }

    async fn unsubstantiate_complaint(
        &self,
        request: Request<UnsubstantiateComplaintRequest>,
    ) -> Answer<UnsubstantiateComplaintResponse> {
        findings::unsubstantiate_complaint(self, request).await
    }

    async fn import_ratings(&self, request: Request<ImportRatingsRequest>) -> Answer<ImportRatingsResponse> {
        imports::import_ratings(self, request).await
    }

    async fn reopen_complaint(
        &self,
        request: Request<ReopenComplaintRequest>,
    ) -> Answer<ReopenComplaintResponse> {
        findings::reopen_complaint(self, request).await
    }

    async fn withdraw_complaint(
        &self,
        request: Request<WithdrawComplaintRequest>,
    ) -> Answer<WithdrawComplaintResponse> {
        findings::withdraw_complaint(self, request).await
    }

    async fn ask_question(&self, request: Request<AskQuestionRequest>) -> Answer<AskQuestionResponse> {
        complainant::ask_question(self, request).await
    }

    async fn answer_question(
        &self,
        request: Request<AnswerQuestionRequest>,
    ) -> Answer<AnswerQuestionResponse> {
        complainant::answer_question(self, request).await
    }

    async fn rate_rectification(
        &self,
        request: Request<RateRectificationRequest>,
    ) -> Answer<RateRectificationResponse> {
        complainant::rate_rectification(self, request).await
    }

    async fn follow_complaint(
        &self,
        request: Request<FollowComplaintRequest>,
    ) -> Answer<FollowComplaintResponse> {
        complainant::follow_complaint(self, request).await
    }

    async fn reveal_complainant(
        &self,
        request: Request<RevealComplainantRequest>,
    ) -> Answer<RevealComplainantResponse> {
        complainant::reveal_complainant(self, request).await
    }

    async fn reveal_texts(&self, request: Request<RevealTextsRequest>) -> Answer<RevealTextsResponse> {
        complainant::reveal_texts(self, request).await
    }

    async fn erase_complainant(
        &self,
        request: Request<EraseComplainantRequest>,
    ) -> Answer<EraseComplainantResponse> {
        complainant::erase_complainant(self, request).await
    }

    async fn list_due_complaints(
        &self,
        request: Request<ListDueComplaintsRequest>,
    ) -> Answer<ListDueComplaintsResponse> {
        reading::list_due_complaints(self, request).await
    }

    async fn get_complaint_ageing(
        &self,
        request: Request<GetComplaintAgeingRequest>,
    ) -> Answer<GetComplaintAgeingResponse> {
        figures::get_complaint_ageing(self, request).await
    }

    async fn list_repeats(&self, request: Request<ListRepeatsRequest>) -> Answer<ListRepeatsResponse> {
        reading::list_repeats(self, request).await
    }

    async fn list_complaint_history(
        &self,
        request: Request<ListComplaintHistoryRequest>,
    ) -> Answer<ListComplaintHistoryResponse> {
        reading::list_complaint_history(self, request).await
    }

    async fn get_complaint_figures(
        &self,
        request: Request<GetComplaintFiguresRequest>,
    ) -> Answer<GetComplaintFiguresResponse> {
        figures::get_complaint_figures(self, request).await
    }

    async fn list_complaint_figures(
        &self,
        request: Request<ListComplaintFiguresRequest>,
    ) -> Answer<ListComplaintFiguresResponse> {
        figures::list_complaint_figures(self, request).await
    }
}
