//! The gRPC service: each rpc parses its request, hands the command to its rules, and answers.
//!
//! No branch on state, no rule, no SQL here. A command that refers to others' things looks for them in its
//! `prepare`; one with a text puts it in the vault there.

use std::time::Duration;

use contract::accountability::accountability_service_server::AccountabilityService;
use contract::accountability::*;
use contract::field::{self, BadField};
use contract::name::{CaseName, ComplaintName, CycleName, JurisdictionName, OfficerName, UnitName};
use contract::status::Failure;
use contract::words::VaultText;
use eventstore::{Call, Clock, Decider, EventStore, StreamId};
use jiff::Timestamp;
use shell::caller::patience;
use shell::commands::Prepared;
use shell::{Commands, Reads, Vault, pages, receive};
use tonic::{Request, Response, Status};

use crate::domain::case;
use crate::read_model::ReadModel;
use crate::replica::Replica;
use crate::resource;

mod cases;
mod investigations;
mod references;

const REASON_LENGTH_MAX: usize = 2000;
/// A request has one text.
const TEXT: &str = "text";
const TEXT_LENGTH_MAX: usize = 20_000;
/// What was recorded elsewhere a moment ago is here within this, or the call is to be tried again.
const REPLICA_WAIT_MAX: Duration = Duration::from_secs(2);

type Answer<T> = Result<Response<T>, Status>;

/// Serves `AccountabilityService`.
pub struct Service {
    clock: Clock,
    reads: Reads<ReadModel>,
    replica: Reads<Replica>,
    vault: Vault,
    pub(crate) cases: Commands<case::Case>,
}

impl Service {
    pub(crate) fn new(
        store: EventStore,
        reads: Reads<ReadModel>,
        replica: Reads<Replica>,
        clock: Clock,
    ) -> Self {
        let cases = Commands::new(&store);
        Self { clock, reads, replica, vault: Vault::new(store), cases }
    }

    /// The first of these that no owner knows. What is not known here may have been recorded a moment ago.
    async fn missing(
        &self,
        units: &[String],
        officers: &[String],
        complaint: &str,
        cycle: &str,
    ) -> Result<Option<case::Missing>, Failure> {
        if self.replica.now().missing(units, officers, complaint, cycle).is_none() {
            return Ok(None);
        }
        self.replica.catch_up(REPLICA_WAIT_MAX).await?;
        Ok(self.replica.now().missing(units, officers, complaint, cycle))
    }

    /// The command that `build` makes of the reference of the request's text, with the text in the vault.
    async fn entrust(
        &self,
        name: &CaseName,
        (call, text): (&Call, &str),
        known: impl Fn(&case::Opened) -> Option<&VaultText>,
        build: impl FnOnce(VaultText) -> case::Command,
        fresh: bool,
    ) -> Prepared<case::Case> {
        let loaded = self.cases.load(&stream_of(name), fresh).await?;
        let known = loaded.state.opened().and_then(known);
        let sealed = self.vault.seal_text(call, TEXT, text, known).await?;
        let command = build(sealed.reference.clone());
        let command = self.vault.entrust::<case::Case>(call, &loaded.state, command, &[sealed]).await?;
        Ok((command, vec![]))
    }
}

/// The stream that a case lies in.
pub(crate) fn stream_of(name: &CaseName) -> StreamId {
    StreamId::new(case::Case::CATEGORY, &name.key())
}

#[tonic::async_trait]
impl AccountabilityService for Service {
    async fn open_case(&self, request: Request<OpenCaseRequest>) -> Answer<OpenCaseResponse> {
        cases::open_case(self, request).await
    }

    async fn assign_investigator(
        &self,
        request: Request<AssignInvestigatorRequest>,
    ) -> Answer<AssignInvestigatorResponse> {
        investigations::assign_investigator(self, request).await
    }

    async fn recuse_investigator(
        &self,
        request: Request<RecuseInvestigatorRequest>,
    ) -> Answer<RecuseInvestigatorResponse> {
        investigations::recuse_investigator(self, request).await
    }

    async fn add_evidence(&self, request: Request<AddEvidenceRequest>) -> Answer<AddEvidenceResponse> {
        investigations::add_evidence(self, request).await
    }

    async fn make_finding(&self, request: Request<MakeFindingRequest>) -> Answer<MakeFindingResponse> {
        investigations::make_finding(self, request).await
    }

    async fn get_case(&self, request: Request<GetCaseRequest>) -> Answer<GetCaseResponse> {
        cases::get_case(self, request).await
    }

    async fn list_cases(&self, request: Request<ListCasesRequest>) -> Answer<ListCasesResponse> {
        cases::list_cases(self, request).await
    }
}

#[cfg(test)]
mod tests;
