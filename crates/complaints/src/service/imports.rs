//! Many at once: complaints, and complainants' words taken elsewhere. Each row is a request of its own under an
//! id that comes from the row's, so that an import that is repeated ends the same.

use futures::future;
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::complainant::{Rating, rate};
use super::*;

const IMPORTED_ROWS_MAX: usize = 1000;

pub(super) async fn import_complaints(
    service: &Service,
    request: Request<ImportComplaintsRequest>,
) -> Answer<ImportComplaintsResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    check_rows("complaints", asked.complaints.len())?;
    let frame = caller.call(&asked.request_id, &jurisdiction, asked.occurred_at)?;
    let (mut results, mut position) = (Vec::new(), 0);
    let mut waiting: Rows = (0..).zip(asked.complaints).collect();
    while !waiting.is_empty() {
        let (now, later) = wave(waiting, &jurisdiction);
        let lodged = now
            .into_iter()
            .map(async |(row, complaint)| (row, lodge_row(service, &caller, &frame, complaint).await));
        for (row, outcome) in future::join_all(lodged).await {
            results.push(result(row, outcome, |lodged| {
                position = position.max(lodged.position);
                (lodged.complaint.unwrap_or_default().name, lodged.receipt_code)
            })?);
        }
        waiting = later;
    }
    results.sort_by_key(|result| result.row);
    let consistency_token = contract::token::write("complaints", position);
    Ok(Response::new(ImportComplaintsResponse { results, position, consistency_token }))
}

pub(super) async fn import_ratings(
    service: &Service,
    request: Request<ImportRatingsRequest>,
) -> Answer<ImportRatingsResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    check_rows("ratings", asked.ratings.len())?;
    let frame = caller.call(&asked.request_id, &jurisdiction, asked.occurred_at)?;
    let rated = asked.ratings.into_iter().map(|row| rate_row(service, &caller, &frame, row));
    let (mut results, mut position) = (Vec::new(), 0);
    for (row, outcome) in (0..).zip(future::join_all(rated).await) {
        results.push(result(row, outcome, |verified| {
            position = position.max(verified.position);
            (verified.complaint.unwrap_or_default().name, String::new())
        })?);
    }
    let consistency_token = contract::token::write("complaints", position);
    Ok(Response::new(ImportRatingsResponse { results, position, consistency_token }))
}

/// Rows with their numbers.
type Rows = Vec<(u32, ComplaintRow)>;

/// The rows that can be lodged now, and those that repeat one of `waiting` and come after it. Those that only
/// repeat each other are refused, whenever they come.
fn wave(waiting: Rows, jurisdiction: &str) -> (Rows, Rows) {
    let name = |row: &ComplaintRow| {
        let (jurisdiction, complaint) = (jurisdiction.to_owned(), row.complaint_id.clone());
        ComplaintName { jurisdiction, complaint }.to_string()
    };
    let names: HashSet<String> = waiting.iter().map(|(_, row)| name(row)).collect();
    let repeats = |row: &ComplaintRow| row.complaint.as_ref().is_some_and(|new| names.contains(&new.repeats));
    let (later, now): (Rows, Rows) = waiting.into_iter().partition(|(_, row)| repeats(row));
    if now.is_empty() { (later, now) } else { (now, later) }
}

async fn lodge_row(
    service: &Service,
    caller: &Caller,
    frame: &Call,
    row: ComplaintRow,
) -> Answer<LodgeComplaintResponse> {
    let complaint = field::id("complaint_id", &row.complaint_id)?;
    let call = of_row(frame, caller, "complaints", &complaint, row.occurred_at, &row.encode_to_vec())?;
    let name = ComplaintName { jurisdiction: frame.metadata.jurisdiction.clone(), complaint };
    let new = row.complaint.ok_or_else(|| BadField::new("complaint", "must be given"))?;
    intake::lodge_one(service, caller, &call, &name, new).await
}

async fn rate_row(
    service: &Service,
    caller: &Caller,
    frame: &Call,
    row: RatingRow,
) -> Answer<VerifyRectificationResponse> {
    let row_id = field::id("row_id", &row.row_id)?;
    let name = ComplaintName::parse("name", &row.name)?;
    field::same_jurisdiction("name", &name.jurisdiction, &frame.metadata.jurisdiction)?;
    let rating = Rating::parse(row.rectified, row.satisfaction, &row.statement)?;
    let call = of_row(frame, caller, "ratings", &row_id, row.occurred_at, &row.encode_to_vec())?;
    let act = act(caller, &call, "")?;
    let sealed = service.seal_if_said(&call, &name, "statement", &rating.statement).await?;
    let view = service.view(&name, caller).await?;
    let prepare =
        |fresh| rate(service, &call, &name, (&act, &rating, RatingSource::Imported), &sealed, fresh);
    let answer = |complaint: &_| VerifyRectificationResponse {
        complaint: view.complaint(complaint),
        ..Default::default()
    };
    let stream = stream_of(&name);
    service.complaints.execute_guarded(&call, &stream, prepare, |decided| answer(decided.after)).await
}

fn check_rows(field: &'static str, rows: usize) -> Result<(), BadField> {
    if (1..=IMPORTED_ROWS_MAX).contains(&rows) {
        return Ok(());
    }
    Err(BadField::new(field, format!("must be 1 to {IMPORTED_ROWS_MAX}")))
}

/// The frame of one row: the same whichever import brings it.
fn of_row(
    frame: &Call,
    caller: &Caller,
    kind: &str,
    row_id: &str,
    occurred_at: Option<contract::Timestamp>,
    content: &[u8],
) -> Result<Call, BadField> {
    let id = format!("import/{kind}/{}/{row_id}", frame.metadata.jurisdiction);
    let mut call = frame.clone();
    call.request_id = Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes());
    call.fingerprint = Sha256::digest(content).into();
    call.metadata.causation_id = call.request_id;
    if occurred_at.is_some() {
        call.metadata.occurred_at = field::occurred_at(occurred_at, caller.now)?;
    }
    Ok(call)
}

/// What became of a row. What may pass is no result: the whole request is tried again.
fn result<T>(
    row: u32,
    outcome: Answer<T>,
    recorded: impl FnOnce(T) -> (String, String),
) -> Result<ImportResult, Status> {
    let status = match outcome {
        Ok(answer) => {
            let (name, receipt_code) = recorded(answer.into_inner());
            return Ok(ImportResult { row, name, receipt_code, ..ImportResult::default() });
        }
        Err(status) => status,
    };
    if matches!(
        status.code(),
        Code::Unavailable | Code::ResourceExhausted | Code::Internal | Code::Aborted | Code::DeadlineExceeded
    ) {
        return Err(status);
    }
    let details = status.get_error_details();
    let rule = details.error_info().and_then(|info| info.metadata.get("rule").cloned());
    let violation = details.bad_request().and_then(|bad| bad.field_violations.first());
    let (field, message) = match violation {
        Some(violation) => (violation.field.clone(), violation.description.clone()),
        None => (String::new(), status.message().to_owned()),
    };
    Ok(ImportResult { row, rule: rule.unwrap_or_default(), message, field, ..ImportResult::default() })
}
