//! What is done about a complaint by those who handle it.

use contract::complaints::*;
use contract::field::to_wire;
use jiff::civil::Date;
use tonic::Status;

use super::super::super::services::by;
use super::super::city::City;
use super::super::steps::{Desk, Step, at};
use super::matter::Matter;
use super::voices;

/// Everything about complaints happens at this hour; of one complaint no two things on a day.
pub(super) const HOUR: i8 = 14;

/// Something that is done about a complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Lodge,
    Accept,
    Reject,
    Refer,
    Transfer,
    /// A leader takes it over, a supervisor is named.
    Lead,
    Assign,
    /// Until the end of the working day so many after lodging.
    Extend(u32),
    Progress,
    Ask,
    Answer,
    Substantiate,
    Unsubstantiate,
    Report,
    /// The complainant's word, on the telephone.
    Verify,
    /// An inspector's word.
    Inspect,
    /// The complainant's own, with the receipt code.
    Rate,
    ImportRating,
    Refute,
    Close(ClosureOutcome),
    Reopen,
    Withdraw,
    Erase,
}

impl Deed {
    /// The deed as a step of the year; `turn` tells the deeds of a complaint apart.
    pub(super) fn step(self, matter: Matter, city: &City, day: Date, turn: u32) -> Step {
        let last =
            if let Self::Extend(after) = self { city.working_day(matter.lodged_on, after) } else { day };
        let extended = at(last.tomorrow().unwrap_or(last), 0);
        let what = format!("complaint/{}/{turn}", matter.id);
        Step::new(at(day, HOUR), what, move |desk| async move {
            match self {
                Self::Lodge => voices::lodge(desk, matter).await,
                Self::Accept => accept(desk, matter).await,
                Self::Reject => reject(desk, matter).await,
                Self::Refer => refer(desk, matter).await,
                Self::Transfer => transfer(desk, matter).await,
                Self::Lead => lead(desk, matter).await,
                Self::Assign => assign(desk, matter).await,
                Self::Extend(_) => extend(desk, matter, to_wire(extended)).await,
                Self::Progress => progress(desk, matter).await,
                Self::Ask => voices::ask(desk, matter).await,
                Self::Answer => voices::answer(desk, matter).await,
                Self::Substantiate => substantiate(desk, matter).await,
                Self::Unsubstantiate => unsubstantiate(desk, matter).await,
                Self::Report => report(desk, matter).await,
                Self::Verify => verify(desk, matter).await,
                Self::Inspect => inspect(desk, matter).await,
                Self::Rate => voices::rate(desk, matter).await,
                Self::ImportRating => voices::import_rating(desk, matter).await,
                Self::Refute => refute(desk, matter).await,
                Self::Close(outcome) => close(desk, matter, outcome).await,
                Self::Reopen => reopen(desk, matter).await,
                Self::Withdraw => voices::withdraw(desk, matter).await,
                Self::Erase => voices::erase(desk, matter).await,
            }
        })
    }
}

/// What became of a deed.
pub(super) type Done = Result<(), Status>;

async fn accept(mut desk: Desk, matter: Matter) -> Done {
    let request = AcceptComplaintRequest {
        request_id: desk.request_id,
        name: matter.name(),
        unit: matter.unit_name,
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.accept_complaint(request).await.map(drop)
}

async fn reject(mut desk: Desk, matter: Matter) -> Done {
    let request = RejectComplaintRequest {
        request_id: desk.request_id,
        name: matter.name(),
        reason: "It is before a court 已进入诉讼程序".to_owned(),
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.reject_complaint(request).await.map(drop)
}

async fn refer(mut desk: Desk, matter: Matter) -> Done {
    let request = ReferComplaintRequest {
        request_id: desk.request_id,
        name: matter.name(),
        organ: "Urban management of the district 城管".to_owned(),
        reason: "Not of the police 不属公安职责".to_owned(),
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.refer_complaint(request).await.map(drop)
}

async fn transfer(mut desk: Desk, matter: Matter) -> Done {
    let request = TransferComplaintRequest {
        request_id: desk.request_id,
        name: matter.name(),
        unit: matter.other_name,
        reason: "It happened in their district 属地管辖".to_owned(),
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.transfer_complaint(request).await.map(drop)
}

async fn lead(mut desk: Desk, matter: Matter) -> Done {
    let second = desk.another("supervisor");
    let request = AppointLeaderRequest {
        request_id: desk.request_id,
        name: matter.name(),
        leader: matter.leader.clone(),
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.appoint_leader(request).await?;
    let request = AppointSupervisorRequest {
        request_id: second,
        name: matter.name(),
        supervisor: matter.supervisor,
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.appoint_supervisor(request).await.map(drop)
}

async fn assign(mut desk: Desk, matter: Matter) -> Done {
    let request = AssignComplaintRequest {
        request_id: desk.request_id,
        name: matter.name(),
        unit: matter.responsible_unit,
        officer: matter.responsible,
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.assign_complaint(request).await.map(drop)
}

async fn extend(mut desk: Desk, matter: Matter, deadline: contract::Timestamp) -> Done {
    let request = ExtendDeadlineRequest {
        request_id: desk.request_id,
        name: matter.name(),
        deadline: Some(deadline),
        reason: "The builder comes next week 等待施工".to_owned(),
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.extend_deadline(request).await.map(drop)
}

async fn progress(mut desk: Desk, matter: Matter) -> Done {
    let request = ReportProgressRequest {
        request_id: desk.request_id,
        name: matter.name(),
        progress: "Talked to everyone concerned 已约谈".to_owned(),
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.report_progress(by(&matter.responsible, request)).await.map(drop)
}

async fn report(mut desk: Desk, matter: Matter) -> Done {
    let request = ReportRectificationRequest {
        request_id: desk.request_id,
        name: matter.name(),
        report: "Put right, and apologised 已整改并道歉".to_owned(),
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.report_rectification(by(&matter.responsible, request)).await.map(drop)
}

async fn substantiate(mut desk: Desk, matter: Matter) -> Done {
    let request = SubstantiateComplaintRequest {
        request_id: desk.request_id,
        name: matter.name(),
        officers: matter.at_fault.into_iter().collect(),
        harms_public: matter.harms_public,
        finding: "It is as the complainant says 情况属实".to_owned(),
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.substantiate_complaint(by(&matter.supervisor, request)).await.map(drop)
}

async fn unsubstantiate(mut desk: Desk, matter: Matter) -> Done {
    let request = UnsubstantiateComplaintRequest {
        request_id: desk.request_id,
        name: matter.name(),
        finding: "The record shows otherwise 经查不属实".to_owned(),
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.unsubstantiate_complaint(by(&matter.supervisor, request)).await.map(drop)
}

async fn verify(mut desk: Desk, matter: Matter) -> Done {
    let request = VerifyRectificationRequest {
        request_id: desk.request_id,
        name: matter.name(),
        satisfaction: matter.word.into(),
        source: RatingSource::CallBack.into(),
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.verify_rectification(request).await.map(drop)
}

async fn inspect(mut desk: Desk, matter: Matter) -> Done {
    let request = VerifyRectificationRequest {
        request_id: desk.request_id,
        name: matter.name(),
        source: RatingSource::Inspection.into(),
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.verify_rectification(by(&matter.supervisor, request)).await.map(drop)
}

async fn refute(mut desk: Desk, matter: Matter) -> Done {
    let request = RefuteRectificationRequest {
        request_id: desk.request_id,
        name: matter.name(),
        source: RatingSource::CallBack.into(),
        statement: "Nothing has changed 没有变化".to_owned(),
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.refute_rectification(request).await.map(drop)
}

async fn close(mut desk: Desk, matter: Matter, outcome: ClosureOutcome) -> Done {
    let request = CloseComplaintRequest {
        request_id: desk.request_id,
        name: matter.name(),
        outcome: outcome.into(),
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.close_complaint(request).await.map(drop)
}

async fn reopen(mut desk: Desk, matter: Matter) -> Done {
    let request = ReopenComplaintRequest {
        request_id: desk.request_id,
        name: matter.name(),
        grounds: "It began again 问题反弹".to_owned(),
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.reopen_complaint(request).await.map(drop)
}
