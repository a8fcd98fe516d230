//! Others' facts open cases, undo their causes, and change nothing when they come again.

use shell::reaction::Reaction;

use super::*;
use crate::reactions::{FromComplaints, FromEvaluation};

const PATROL: &str = "jurisdictions/city/units/patrol";

fn substantiated() -> ComplaintSubstantiated {
    ComplaintSubstantiated {
        complaint: COMPLAINT.to_owned(),
        unit: TRAFFIC.to_owned(),
        harms_public: true,
        ..ComplaintSubstantiated::default()
    }
}

fn unsubstantiated() -> ComplaintUnsubstantiated {
    let complaint = COMPLAINT.to_owned();
    ComplaintUnsubstantiated { complaint, ..ComplaintUnsubstantiated::default() }
}

fn result(unit: &str, points_lost: &str) -> UnitResult {
    let deduction = Deduction {
        entry_id: "e1".to_owned(),
        points: points_lost.to_owned(),
        position: 2,
        event_id: Uuid::from_u128(2).to_string(),
        cause_event_id: String::new(),
    };
    UnitResult {
        unit: unit.to_owned(),
        points_lost: points_lost.to_owned(),
        deductions: vec![deduction],
        ..UnitResult::default()
    }
}

fn published(traffic: &str, patrol: &str) -> ResultsPublished {
    ResultsPublished {
        cycle: CYCLE.to_owned(),
        results: vec![result(TRAFFIC, traffic), result(PATROL, patrol)],
        accountability_threshold: Some("2".to_owned()),
    }
}

fn revised(revision: u32, traffic: &str, patrol: &str) -> ResultsRevised {
    let ResultsPublished { cycle, results, accountability_threshold } = published(traffic, patrol);
    ResultsRevised { cycle, results, reason: "appeal".to_owned(), revision, accountability_threshold }
}

/// Everything is delivered again, from the beginning; nothing is recorded by it.
async fn nothing_comes_of_a_second_delivery(world: &World) {
    let before = world.events().await;
    let service = world.accountability.service.clone();
    let (complaints, evaluation) = (FromComplaints::new(service.clone()), FromEvaluation::new(service));
    for event in world.complaints.reader().read_all(1, 100).await.unwrap() {
        let _ = complaints.act(&event).await;
    }
    for event in world.evaluation.reader().read_all(1, 100).await.unwrap() {
        let _ = evaluation.act(&event).await;
    }
    assert_eq!(world.events().await, before);
}

#[tokio::test]
async fn a_result_beyond_the_threshold_opens_a_case_for_its_unit() {
    let world = World::new().await;
    record(&world.evaluation, published("2.5", "2")).await;
    world.until("CaseOpened", 1).await;
    let cases = world.list(CaseFilter::default()).await;
    let [case] = cases.as_slice() else { panic!("{cases:?}") };
    assert_eq!((case.origin(), case.nature()), (Origin::PointsLost, CaseNature::PointsLost));
    assert_eq!((case.points_lost.as_str(), case.threshold.as_str()), ("2.5", "2"));
    assert_eq!((&case.units[0], case.causes.len(), case.cycle.as_str()), (&TRAFFIC.to_owned(), 2, CYCLE));
    nothing_comes_of_a_second_delivery(&world).await;
}

#[tokio::test]
async fn a_result_revised_to_within_the_threshold_withdraws_its_case_and_beyond_it_opens_one() {
    let world = World::new().await;
    record(&world.evaluation, published("2.5", "2")).await;
    world.until("CaseOpened", 1).await;
    record(&world.evaluation, revised(1, "2", "3")).await;
    world.until("CaseClosed", 1).await;
    world.until("CaseOpened", 2).await;
    let of_unit =
        async |unit: &str| world.list(CaseFilter { unit: unit.to_owned(), ..CaseFilter::default() }).await;
    let withdrawn = of_unit(TRAFFIC).await;
    assert_eq!(withdrawn[0].outcome(), CaseOutcome::Withdrawn);
    assert_eq!(withdrawn[0].fallen_causes, withdrawn[0].causes);
    assert_eq!(of_unit(PATROL).await[0].stage(), CaseStage::Opened);
    nothing_comes_of_a_second_delivery(&world).await;
    // Beyond it again: another case, as the first one is over; the one of the other unit stands.
    record(&world.evaluation, revised(2, "2.5", "3.5")).await;
    world.until("CaseOpened", 3).await;
    assert_eq!((of_unit(TRAFFIC).await.len(), of_unit(PATROL).await.len()), (2, 1));
    // Within it once more: all of it again changes nothing.
    record(&world.evaluation, revised(3, "0", "3")).await;
    world.until("CaseClosed", 2).await;
    nothing_comes_of_a_second_delivery(&world).await;
}

#[tokio::test]
async fn a_complaint_found_untrue_before_a_finding_withdraws_its_case() {
    let world = World::new().await;
    record(&world.complaints, substantiated()).await;
    world.until("CaseOpened", 1).await;
    record(&world.complaints, unsubstantiated()).await;
    world.until("CaseClosed", 1).await;
    let cases = world.list(CaseFilter::default()).await;
    assert_eq!((cases[0].stage(), cases[0].outcome()), (CaseStage::Closed, CaseOutcome::Withdrawn));
    nothing_comes_of_a_second_delivery(&world).await;
}

#[tokio::test]
async fn a_corrected_finding_withdraws_the_case_of_the_one_before_and_opens_its_own_where_it_harms() {
    let world = World::new().await;
    record(&world.complaints, substantiated()).await;
    world.until("CaseOpened", 1).await;
    // Of another unit.
    let of_patrol =
        |harms_public| ComplaintSubstantiated { unit: PATROL.to_owned(), harms_public, ..substantiated() };
    record(&world.complaints, of_patrol(true)).await;
    world.until("CaseOpened", 2).await;
    assert_eq!(standing(&world).await, [PATROL]);
    nothing_comes_of_a_second_delivery(&world).await;
    // In other words: the case goes on.
    let reworded = ComplaintSubstantiated { finding: Some(VaultText::default()), ..of_patrol(true) };
    record(&world.complaints, reworded).await;
    record(&world.complaints, of_patrol(false)).await;
    world.until("CaseClosed", 2).await;
    assert_eq!(standing(&world).await, Vec::<String>::new());
    assert_eq!(world.list(CaseFilter::default()).await.len(), 2);
    nothing_comes_of_a_second_delivery(&world).await;
}

/// The first units of the cases that are not over.
async fn standing(world: &World) -> Vec<String> {
    let cases = world.list(CaseFilter { open_only: true, ..CaseFilter::default() }).await;
    cases.into_iter().map(|mut case| case.units.remove(0)).collect()
}

#[tokio::test]
async fn a_complaint_found_untrue_after_a_finding_has_it_reviewed() {
    let world = World::new().await;
    record(&world.complaints, substantiated()).await;
    world.until("CaseOpened", 1).await;
    let name = world.list(CaseFilter::default()).await[0].name.clone();
    world.service().assign_investigator(assign(1, &name, ANNA)).await.unwrap();
    world.service().add_evidence(Request::new(evidence(2, &name))).await.unwrap();
    let found = MakeFindingRequest {
        request_id: request_id(3),
        name: name.clone(),
        nature: CaseNature::HarmToPublic.into(),
        gravity: Gravity::Minor.into(),
        units: vec![TRAFFIC.to_owned()],
        facts: "He was sent away".to_owned(),
        ..MakeFindingRequest::default()
    };
    world.service().make_finding(Request::new(found)).await.unwrap();
    record(&world.complaints, unsubstantiated()).await;
    world.until("CauseFallen", 1).await;
    let filter = CaseFilter { needs_review_only: true, ..CaseFilter::default() };
    assert_eq!(world.list(filter.clone()).await.len(), 1);
    nothing_comes_of_a_second_delivery(&world).await;
    let review = LodgeAppealRequest {
        request_id: request_id(4),
        name: name.clone(),
        appeal_id: "review".to_owned(),
        grounds: "The complaint was found not to be true".to_owned(),
        ..LodgeAppealRequest::default()
    };
    world.service().lodge_appeal(Request::new(review)).await.unwrap();
    let decided = DecideAppealRequest {
        request_id: request_id(5),
        name: name.clone(),
        appeal_id: "review".to_owned(),
        outcome: AppealOutcome::Overturned.into(),
        reason: "nothing is left of it".to_owned(),
        ..DecideAppealRequest::default()
    };
    world.service().decide_appeal(by("judge", decided)).await.unwrap();
    assert_eq!(world.list(filter).await.len(), 0);
    assert_eq!(world.get(&name).await.stage(), CaseStage::Exonerated);
}

#[tokio::test]
async fn a_cause_falls_in_the_case_that_its_own_went_into() {
    let world = World::new().await;
    record(&world.complaints, substantiated()).await;
    world.until("CaseOpened", 1).await;
    let opened = world.list(CaseFilter::default()).await[0].name.clone();
    world.service().open_case(Request::new(open(1, "c1"))).await.unwrap();
    let name = "jurisdictions/city/cases/c1".to_owned();
    let merge = MergeCaseRequest {
        request_id: request_id(2),
        name: name.clone(),
        merged_case: opened,
        reason: "the same matter".to_owned(),
        ..MergeCaseRequest::default()
    };
    world.service().merge_case(Request::new(merge)).await.unwrap();
    record(&world.complaints, unsubstantiated()).await;
    world.until("CauseFallen", 1).await;
    // Opened by hand, it goes on without that cause.
    let case = world.get(&name).await;
    assert_eq!((case.stage(), case.fallen_causes.len()), (CaseStage::Opened, 1));
    nothing_comes_of_a_second_delivery(&world).await;
}
