//! Many complaints in one call.

use super::*;

fn row(id: &str, repeats: &str) -> ComplaintRow {
    let repeats =
        if repeats.is_empty() { String::new() } else { format!("jurisdictions/city/complaints/{repeats}") };
    let complaint = NewComplaint {
        channel: ComplaintChannel::Hotline.into(),
        text: WORDS.to_owned(),
        repeats,
        ..NewComplaint::default()
    };
    ComplaintRow { complaint_id: id.to_owned(), complaint: Some(complaint), ..ComplaintRow::default() }
}

#[tokio::test]
async fn a_row_that_repeats_another_row_of_the_call_is_lodged_after_it_and_the_second_run_ends_the_same() {
    let world = World::start().await;
    let complaints =
        [("c3", "c2"), ("c2", "c1"), ("c1", ""), ("lost", "nowhere"), ("one", "other"), ("other", "one")]
            .map(|(id, repeats)| row(id, repeats));
    let asked = |request_id| ImportComplaintsRequest {
        request_id: Uuid::from_u128(request_id).to_string(),
        parent: "jurisdictions/city".to_owned(),
        complaints: complaints.to_vec(),
        ..ImportComplaintsRequest::default()
    };
    let first = world.service.import_complaints(Request::new(asked(1))).await.unwrap().into_inner();
    let told: Vec<_> = first.results.iter().map(|result| (result.row, result.rule.as_str())).collect();
    let unknown = "complaints.unknown_earlier_complaint";
    assert_eq!(told, [(0, ""), (1, ""), (2, ""), (3, unknown), (4, unknown), (5, unknown)]);
    let second = world.service.import_complaints(Request::new(asked(2))).await.unwrap().into_inner();
    assert_eq!(second.results, first.results);
}
