//! The gRPC service: each rpc parses its request, hands the command to its rules, and answers.
//!
//! No branch on state, no rule, no SQL here. A command that depends on the calendar, on units or on officers
//! looks at them in its `prepare`, and guards what it looked at of its own log.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use contract::complaints::complaint_service_server::ComplaintService;
use contract::complaints::*;
use contract::field::{self, BadField, to_wire};
use contract::name::{ComplaintName, JurisdictionName, OfficerName, UnitName};
use contract::status::Failure;
use eventstore::{Call, Clock, Decider, EventStore, Guard, Loaded, StreamId};
use jiff::Timestamp;
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

mod handling;
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

type Answer<T> = Result<Response<T>, Status>;

/// Serves `ComplaintService`.
pub struct Service {
    clock: Clock,
    pub(crate) reads: Reads<ReadModel>,
    replica: Reads<Replica>,
    vault: Vault,
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
            vault: Vault::new(store),
        }
    }

    /// How a complaint is shown to `caller`.
    async fn view(&self, name: &ComplaintName, caller: &Caller) -> Result<View, Failure> {
        let calendar = self.calendars.load(&stream::<calendar::Calendar>(&name.jurisdiction), false).await;
        let calendar = calendar.map_err(Failed::into_failure)?;
        Ok(View { name: name.clone(), calendar, now: caller.now })
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
}

/// Who takes a step on a complaint, and on which reading.
fn act(caller: &Caller, call: &Call, etag: &str) -> Result<complaint::Act, BadField> {
    let (by, at) = (caller.actor.clone(), call.metadata.occurred_at);
    Ok(complaint::Act { by, at, expected: field::etag(etag)? })
}

pub(crate) fn stream<D: Decider>(key: impl AsRef<str>) -> StreamId {
    StreamId::new(D::CATEGORY, key.as_ref())
}

fn stream_of(name: &ComplaintName) -> StreamId {
    stream::<complaint::Complaint>(name.key())
}

/// Resource name of a unit of the complaint's jurisdiction; empty: none.
fn unit_of(field: &'static str, unit: &str, jurisdiction: &str) -> Result<String, BadField> {
    let Some(unit) = UnitName::parse_optional(field, unit)? else { return Ok(String::new()) };
    field::same_jurisdiction(field, &unit.jurisdiction, jurisdiction)?;
    Ok(unit.to_string())
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
        rectification::close_complaint(self, request).await
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
}
