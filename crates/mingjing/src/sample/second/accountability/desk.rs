//! What is done in a case, and by whom.

use contract::accountability::{
    AddEvidenceRequest, AppealOutcome, AssignInvestigatorRequest, CaseNature, CloseCaseRequest,
    DecideAppealRequest, DecideDispositionRequest, Disposition, EvidenceKind, ExecuteDispositionRequest,
    Gravity, LodgeAppealRequest, MakeFindingRequest, OpenCaseRequest,
};
use jiff::civil::Date;
use tonic::{Code, Status};

use super::super::super::JURISDICTION;
use super::super::super::services::by;
use super::super::appraisal::cycle;
use super::super::steps::Desk;

/// Opens cases, investigates, finds.
const INVESTIGATES: &str = "discipline-office";
/// Decides what is done to those responsible, and sees it carried out.
const DISPOSES: &str = "party-committee";
/// Decides appeals.
const REVIEWS: &str = "review-board";

/// Who is responsible, and of what; nobody: exonerated.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    pub(super) nature: CaseNature,
    pub(super) gravity: Gravity,
    pub(super) units: Vec<String>,
    pub(super) officers: Vec<String>,
}

/// What is done to a unit or an officer.
#[derive(Debug, Clone)]
pub(super) struct Measure {
    /// Resource name of either.
    pub(super) subject: String,
    pub(super) disposition: Disposition,
    /// Why it is below the scale's minimum, and who of higher level approved it.
    pub(super) departure: Option<(&'static str, String)>,
}

impl Measure {
    pub(super) fn by_the_scale(subject: &str, disposition: Disposition) -> Self {
        Self { subject: subject.to_owned(), disposition, departure: None }
    }
}

/// A case on the desk.
pub(super) struct Case<'a> {
    pub(super) desk: &'a mut Desk,
    /// Its resource name.
    pub(super) name: String,
}

impl<'a> Case<'a> {
    pub(super) fn of(desk: &'a mut Desk, case_id: &str) -> Self {
        Self { desk, name: format!("jurisdictions/{JURISDICTION}/cases/{case_id}") }
    }

    fn request_id(&self, act: &str) -> String {
        self.desk.another(&format!("{}/{act}", self.name))
    }

    pub(super) async fn open(&mut self, against: &Found, grounds: &str) -> Result<(), Status> {
        let request = OpenCaseRequest {
            request_id: self.request_id("open"),
            parent: format!("jurisdictions/{JURISDICTION}"),
            case_id: self.name.rsplit('/').next().unwrap_or_default().to_owned(),
            nature: against.nature.into(),
            units: against.units.clone(),
            officers: against.officers.clone(),
            grounds: grounds.to_owned(),
            cycle: cycle(),
            occurred_at: self.desk.occurred_at,
            ..Default::default()
        };
        self.desk.services.accountability.open_case(by(INVESTIGATES, request)).await.map(drop)
    }

    /// Gives the case to the first of `candidates` who is not involved.
    pub(super) async fn assign(&mut self, candidates: &[String]) -> Result<(), Status> {
        for (number, investigator) in candidates.iter().enumerate() {
            let request = AssignInvestigatorRequest {
                request_id: self.request_id(&format!("assign/{number}")),
                name: self.name.clone(),
                investigator: investigator.clone(),
                occurred_at: self.desk.occurred_at,
                ..Default::default()
            };
            let accountability = &mut self.desk.services.accountability;
            match accountability.assign_investigator(by(INVESTIGATES, request)).await {
                Err(status) if status.code() == Code::FailedPrecondition => {}
                assigned => return assigned.map(drop),
            }
        }
        Err(Status::failed_precondition(format!("nobody may investigate {}", self.name)))
    }

    pub(super) async fn add_evidence(&mut self, text: &str) -> Result<(), Status> {
        let request = AddEvidenceRequest {
            request_id: self.request_id("evidence"),
            name: self.name.clone(),
            evidence_id: "statement".to_owned(),
            kind: EvidenceKind::Statement.into(),
            text: text.to_owned(),
            occurred_at: self.desk.occurred_at,
            ..Default::default()
        };
        self.desk.services.accountability.add_evidence(by(INVESTIGATES, request)).await.map(drop)
    }

    pub(super) async fn find(&mut self, found: &Found, facts: &str) -> Result<(), Status> {
        let request = MakeFindingRequest {
            request_id: self.request_id("find"),
            name: self.name.clone(),
            exonerated: found.units.is_empty() && found.officers.is_empty(),
            nature: found.nature.into(),
            gravity: found.gravity.into(),
            units: found.units.clone(),
            officers: found.officers.clone(),
            facts: facts.to_owned(),
            cycle: cycle(),
            occurred_at: self.desk.occurred_at,
            ..Default::default()
        };
        self.desk.services.accountability.make_finding(by(INVESTIGATES, request)).await.map(drop)
    }

    pub(super) async fn decide(&mut self, measure: &Measure, due: Option<Date>) -> Result<(), Status> {
        let (unit, officer) = subject(&measure.subject);
        let (reason, approver) = measure.departure.clone().unwrap_or_default();
        let request = DecideDispositionRequest {
            request_id: self.request_id(&format!("decide/{}", measure.subject)),
            name: self.name.clone(),
            unit,
            officer,
            disposition: measure.disposition.into(),
            departure_reason: reason.to_owned(),
            approver,
            due_date: due.as_ref().map(Date::to_string).unwrap_or_default(),
            occurred_at: self.desk.occurred_at,
            ..Default::default()
        };
        self.desk.services.accountability.decide_disposition(by(DISPOSES, request)).await.map(drop)
    }

    pub(super) async fn execute(&mut self, of: &str, on: Date) -> Result<(), Status> {
        let (unit, officer) = subject(of);
        let request = ExecuteDispositionRequest {
            request_id: self.request_id(&format!("execute/{of}")),
            name: self.name.clone(),
            unit,
            officer,
            execution_date: on.to_string(),
            occurred_at: self.desk.occurred_at,
            ..Default::default()
        };
        self.desk.services.accountability.execute_disposition(by(DISPOSES, request)).await.map(drop)
    }

    pub(super) async fn close(&mut self) -> Result<(), Status> {
        let request = CloseCaseRequest {
            request_id: self.request_id("close"),
            name: self.name.clone(),
            occurred_at: self.desk.occurred_at,
            ..Default::default()
        };
        self.desk.services.accountability.close_case(by(DISPOSES, request)).await.map(drop)
    }

    pub(super) async fn appeal(&mut self, unit: &str, grounds: &str) -> Result<(), Status> {
        let request = LodgeAppealRequest {
            request_id: self.request_id("appeal"),
            name: self.name.clone(),
            appeal_id: "first".to_owned(),
            unit: unit.to_owned(),
            grounds: grounds.to_owned(),
            occurred_at: self.desk.occurred_at,
            ..Default::default()
        };
        let clerk = format!("clerk-of-{}", unit.rsplit('/').next().unwrap_or_default());
        self.desk.services.accountability.lodge_appeal(by(&clerk, request)).await.map(drop)
    }

    /// Overturned, or varied for the units that are cleared.
    pub(super) async fn decide_appeal(&mut self, cleared: &[String], reason: &str) -> Result<(), Status> {
        let outcome = if cleared.is_empty() { AppealOutcome::Overturned } else { AppealOutcome::Varied };
        let request = DecideAppealRequest {
            request_id: self.request_id("decide-appeal"),
            name: self.name.clone(),
            appeal_id: "first".to_owned(),
            outcome: outcome.into(),
            reason: reason.to_owned(),
            units_cleared: cleared.to_vec(),
            occurred_at: self.desk.occurred_at,
            ..Default::default()
        };
        self.desk.services.accountability.decide_appeal(by(REVIEWS, request)).await.map(drop)
    }
}

/// A resource name as that of a unit, or of an officer.
fn subject(name: &str) -> (String, String) {
    let is_unit = name.contains("/units/");
    if is_unit { (name.to_owned(), String::new()) } else { (String::new(), name.to_owned()) }
}
