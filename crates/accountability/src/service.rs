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
use eventstore::{Call, Clock, Decider, EventStore, Guard, StreamId};
use jiff::Timestamp;
use shell::caller::patience;
use shell::commands::{Failed, Prepared};
use shell::{Commands, Reads, Vault, pages, receive};
use tonic::{Request, Response, Status};

use crate::domain::{case, scale};
use crate::read_model::ReadModel;
use crate::replica::Replica;
use crate::resource;

mod appeals;
mod cases;
mod chains;
mod investigations;
mod reading;
mod references;
mod sanctions;
mod scales;

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
    scales: Commands<scale::Scale>,
}

impl Service {
    pub(crate) fn new(
        store: EventStore,
        reads: Reads<ReadModel>,
        replica: Reads<Replica>,
        clock: Clock,
    ) -> Self {
        let (cases, scales) = (Commands::new(&store), Commands::new(&store));
        Self { clock, reads, replica, vault: Vault::new(store), cases, scales }
    }

    /// What it reads its own facts from.
    pub(crate) fn reads(&self) -> &Reads<ReadModel> {
        &self.reads
    }

    /// What it reads others' facts from.
    pub(crate) fn replica(&self) -> &Reads<Replica> {
        &self.replica
    }

    /// A text of the vault, and whether it is the one that the log refers to; none: it was erased.
    async fn reveal(&self, reference: Option<&VaultText>) -> Result<Option<(String, bool)>, Failure> {
        let Some(reference) = reference else { return Ok(None) };
        self.vault.read_text(reference).await.map_err(Failed::into_failure)
    }

    /// Who acts, as others know them now.
    async fn actor(&self, name: &str, jurisdiction: &str) -> Result<case::Actor, Failure> {
        self.replica.catch_up(REPLICA_WAIT_MAX).await?;
        Ok(self.replica.now().actor(name, jurisdiction))
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
        known: impl Fn(&case::Opened) -> Option<VaultText>,
        build: impl FnOnce(VaultText) -> case::Command,
        fresh: bool,
    ) -> Prepared<case::Case> {
        let loaded = self.cases.load(&stream_of(name), fresh).await?;
        let known = loaded.state.opened().and_then(known);
        let sealed = self.vault.seal_text(call, TEXT, text, known.as_ref()).await?;
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

    async fn merge_case(&self, request: Request<MergeCaseRequest>) -> Answer<MergeCaseResponse> {
        cases::merge_case(self, request).await
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

    async fn decide_disposition(
        &self,
        request: Request<DecideDispositionRequest>,
    ) -> Answer<DecideDispositionResponse> {
        sanctions::decide_disposition(self, request).await
    }

    async fn execute_disposition(
        &self,
        request: Request<ExecuteDispositionRequest>,
    ) -> Answer<ExecuteDispositionResponse> {
        sanctions::execute_disposition(self, request).await
    }

    async fn lodge_appeal(&self, request: Request<LodgeAppealRequest>) -> Answer<LodgeAppealResponse> {
        appeals::lodge_appeal(self, request).await
    }

    async fn decide_appeal(&self, request: Request<DecideAppealRequest>) -> Answer<DecideAppealResponse> {
        appeals::decide_appeal(self, request).await
    }

    async fn close_case(&self, request: Request<CloseCaseRequest>) -> Answer<CloseCaseResponse> {
        cases::close_case(self, request).await
    }

    async fn reveal_case_texts(
        &self,
        request: Request<RevealCaseTextsRequest>,
    ) -> Answer<RevealCaseTextsResponse> {
        cases::reveal_case_texts(self, request).await
    }

    async fn get_case(&self, request: Request<GetCaseRequest>) -> Answer<GetCaseResponse> {
        reading::get_case(self, request).await
    }

    async fn list_cases(&self, request: Request<ListCasesRequest>) -> Answer<ListCasesResponse> {
        reading::list_cases(self, request).await
    }

    async fn list_departures(
        &self,
        request: Request<ListDeparturesRequest>,
    ) -> Answer<ListDeparturesResponse> {
        reading::list_departures(self, request).await
    }

    async fn list_vetoes(&self, request: Request<ListVetoesRequest>) -> Answer<ListVetoesResponse> {
        reading::list_vetoes(self, request).await
    }

    async fn get_case_chain(&self, request: Request<GetCaseChainRequest>) -> Answer<GetCaseChainResponse> {
        chains::get_case_chain(self, request).await
    }

    async fn list_case_chains(
        &self,
        request: Request<ListCaseChainsRequest>,
    ) -> Answer<ListCaseChainsResponse> {
        chains::list_case_chains(self, request).await
    }

    async fn set_disposition_scale(
        &self,
        request: Request<SetDispositionScaleRequest>,
    ) -> Answer<SetDispositionScaleResponse> {
        scales::set_disposition_scale(self, request).await
    }

    async fn get_disposition_scale(
        &self,
        request: Request<GetDispositionScaleRequest>,
    ) -> Answer<GetDispositionScaleResponse> {
        scales::get_disposition_scale(self, request).await
    }
}

#[cfg(test)]
mod tests;
