//! Who complained: hidden from the unit, read on record, and gone for good once erased.

use super::*;

const WHO: &str = "Li Si";

pub(super) fn reveal(request_id: u128, name: &str) -> RevealComplainantRequest {
    RevealComplainantRequest {
        request_id: Uuid::from_u128(request_id).to_string(),
        name: name.to_owned(),
        purpose: "inquiry".to_owned(),
    }
}

/// How often a text stands in the files of a folder, whatever they are.
fn found(folder: &std::path::Path, secret: &str) -> usize {
    let files = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    let count = |bytes: Vec<u8>| bytes.windows(secret.len()).filter(|it| *it == secret.as_bytes()).count();
    files.map(count).sum()
}

#[tokio::test]
async fn the_unit_complained_of_does_not_see_who_complained_and_an_inspector_does_on_record() {
    let world = World::start().await;
    world.register_station().await;
    let enrolled = OfficerEnrolled {
        officer: officer("peer"),
        unit: unit("station"),
        post_level: PostLevel::Staff.into(),
        ..OfficerEnrolled::default()
    };
    record(&world.training, "officer-city/peer", enrolled).await;
    world.service.replica.catch_up(Duration::from_secs(5)).await.unwrap();
    let name = world.lodge(1).await.unwrap().complaint.unwrap().name;

    let refused = world.service.reveal_complainant(by(&officer("peer"), reveal(2, &name))).await.unwrap_err();
    assert_eq!(
        (refused.code(), &*rule(&refused)),
        (Code::PermissionDenied, "complaints.complainant_protected")
    );
    let unnamed = world.service.reveal_complainant(Request::new(reveal(3, &name))).await.unwrap_err();
    assert_eq!(rule(&unnamed), "complaints.reader_unnamed");
    for _ in 0..2 {
        let shown = world.service.reveal_complainant(by("inspector", reveal(4, &name))).await.unwrap();
        assert_eq!(shown.into_inner().complainant.unwrap().full_name, WHO);
    }
    let log = world.log().await;
    let trail: Vec<_> =
        log.iter().filter(|event| event.event_type.ends_with(".PersonalDataRevealed")).collect();
    let [read] = trail.as_slice() else { panic!("{trail:?}") };
    assert_eq!(read.actor, "inspector");
}

#[tokio::test]
async fn an_erased_complainant_is_nowhere_any_more_and_the_log_is_sound() {
    let world = World::start().await;
    world.register_station().await;
    let lodged = world.lodge(1).await.unwrap();
    let complaint = lodged.complaint.unwrap();
    let ask = AskQuestionRequest {
        request_id: Uuid::from_u128(2).to_string(),
        name: complaint.name.clone(),
        question_id: "q1".to_owned(),
        question: "Where was it, Li Si?".to_owned(),
        ..AskQuestionRequest::default()
    };
    world.service.ask_question(Request::new(ask)).await.unwrap();
    let answer = AnswerQuestionRequest {
        request_id: Uuid::from_u128(3).to_string(),
        receipt_code: lodged.receipt_code.clone(),
        question_id: "q1".to_owned(),
        answer: "At the counter, I am Li Si.".to_owned(),
        ..AnswerQuestionRequest::default()
    };
    let answered = world.service.answer_question(by(WHO, answer)).await.unwrap().into_inner();
    assert_eq!(answered.complaint.unwrap().questions[0].question, "Where was it, Li Si?");
    world.service.reveal_complainant(by("inspector", reveal(4, &complaint.name))).await.unwrap();
    let folder = world.folder.path();
    assert!(found(folder, WHO) > 0 && found(folder, WORDS) > 0, "the test would see them");

    let erase = EraseComplainantRequest {
        request_id: Uuid::from_u128(5).to_string(),
        name: complaint.name.clone(),
        reason: "asked for".to_owned(),
        ..EraseComplainantRequest::default()
    };
    let erased = world.service.erase_complainant(Request::new(erase.clone())).await.unwrap().into_inner();
    assert!(erased.complaint.unwrap().erased);
    assert_eq!((found(folder, WHO), found(folder, WORDS)), (0, 0));

    let shown = world.service.reveal_complainant(by("inspector", reveal(4, &complaint.name))).await.unwrap();
    assert_eq!(shown.into_inner().complainant, None);
    let follow = FollowComplaintRequest { receipt_code: lodged.receipt_code, ..Default::default() };
    let followed = world.service.follow_complaint(Request::new(follow)).await.unwrap().into_inner();
    assert_eq!(followed.complaint.unwrap().questions[0].question, "");
    world.service.erase_complainant(Request::new(erase)).await.unwrap();
    let verdict = eventstore::verify::verify(world.complaints.reader(), |_| {}).await.unwrap();
    assert!(matches!(verdict, eventstore::verify::Verdict::Sound { .. }), "{verdict:?}");
}
