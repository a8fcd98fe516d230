//! What complainants say: lodging, answers, ratings, withdrawal; and that they are erased.
//!
//! Whoever has a receipt code got it when the complaint was lodged; the same request gives it again.

use contract::complaints::*;
use contract::field::to_wire;
use tonic::Status;

use super::super::super::JURISDICTION;
use super::super::steps::{Desk, at, id_of};
use super::deeds::{Done, HOUR};
use super::matter::Matter;

/// The question that an anonymous complainant is asked.
const QUESTION: &str = "when";

/// Comments from visits and survey forms come in rows, all others one by one.
pub(super) async fn lodge(mut desk: Desk, matter: Matter) -> Done {
    let comes_in_rows = [ComplaintChannel::Visit, ComplaintChannel::SurveyForm];
    if matter.complaint.complainant.is_none() || !comes_in_rows.contains(&matter.complaint.channel()) {
        return lodged(&mut desk, matter).await.map(drop);
    }
    let row = ComplaintRow { complaint_id: matter.id, complaint: Some(matter.complaint), occurred_at: None };
    let request = ImportComplaintsRequest {
        request_id: desk.request_id,
        parent: format!("jurisdictions/{JURISDICTION}"),
        complaints: vec![row],
        occurred_at: desk.occurred_at,
    };
    let answer = desk.services.complaints.import_complaints(request).await?.into_inner();
    taken(&answer.results)
}

/// The receipt code of a complaint that came in by itself.
async fn lodged(desk: &mut Desk, matter: Matter) -> Result<String, Status> {
    let request = LodgeComplaintRequest {
        request_id: id_of(&format!("complaint/{}/0", matter.id)),
        parent: format!("jurisdictions/{JURISDICTION}"),
        complaint_id: matter.id,
        complaint: Some(matter.complaint),
        occurred_at: Some(to_wire(at(matter.lodged_on, HOUR))),
    };
    Ok(desk.services.complaints.lodge_complaint(request).await?.into_inner().receipt_code)
}

fn taken(results: &[ImportResult]) -> Done {
    let refused = results.iter().find(|result| result.name.is_empty());
    refused.map_or(Ok(()), |refused| {
        Err(Status::failed_precondition(format!("{} {}", refused.rule, refused.message)))
    })
}

pub(super) async fn ask(mut desk: Desk, matter: Matter) -> Done {
    let request = AskQuestionRequest {
        request_id: desk.request_id,
        name: matter.name(),
        question_id: QUESTION.to_owned(),
        question: "On which day was it, and at what time? 具体时间".to_owned(),
        occurred_at: desk.occurred_at,
    };
    desk.services.complaints.ask_question(request).await.map(drop)
}

pub(super) async fn answer(mut desk: Desk, matter: Matter) -> Done {
    let receipt_code = lodged(&mut desk, matter).await?;
    let request = AnswerQuestionRequest {
        request_id: desk.request_id,
        receipt_code,
        question_id: QUESTION.to_owned(),
        answer: "On Tuesday, towards noon 周二中午".to_owned(),
        occurred_at: desk.occurred_at,
    };
    desk.services.complaints.answer_question(request).await.map(drop)
}

pub(super) async fn rate(mut desk: Desk, matter: Matter) -> Done {
    let satisfaction = matter.word.into();
    let receipt_code = lodged(&mut desk, matter).await?;
    let request = RateRectificationRequest {
        request_id: desk.request_id,
        receipt_code,
        rectified: true,
        satisfaction,
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.rate_rectification(request).await.map(drop)
}

pub(super) async fn import_rating(mut desk: Desk, matter: Matter) -> Done {
    let row = RatingRow {
        name: matter.name(),
        rectified: true,
        satisfaction: matter.word.into(),
        row_id: format!("rating-{}", matter.id),
        ..Default::default()
    };
    let request = ImportRatingsRequest {
        request_id: desk.request_id,
        parent: format!("jurisdictions/{JURISDICTION}"),
        ratings: vec![row],
        occurred_at: desk.occurred_at,
    };
    let answer = desk.services.complaints.import_ratings(request).await?.into_inner();
    taken(&answer.results)
}

pub(super) async fn withdraw(mut desk: Desk, matter: Matter) -> Done {
    let request = WithdrawComplaintRequest {
        request_id: desk.request_id,
        name: matter.name(),
        statement: "It has settled itself 不再追究".to_owned(),
        occurred_at: desk.occurred_at,
        ..Default::default()
    };
    desk.services.complaints.withdraw_complaint(request).await.map(drop)
}

pub(super) async fn erase(mut desk: Desk, matter: Matter) -> Done {
    let request = EraseComplainantRequest {
        request_id: desk.request_id,
        name: matter.name(),
        reason: "The complainant asks for it 本人申请".to_owned(),
        occurred_at: desk.occurred_at,
    };
    desk.services.complaints.erase_complainant(request).await.map(drop)
}
