//! Items, sessions, assessments and needs through the service, and the figures that come of them.

use super::*;

const CAMPAIGN: &str = "jurisdictions/city/campaigns/2024";
const ITEM: &str = "jurisdictions/city/campaigns/2024/items/run";

/// A bureau with a team of two, a campaign, and an approved item.
async fn trained() -> World {
    let world = World::new().await;
    world.register(BUREAU, "").await;
    world.register(TEAM, BUREAU).await;
    for (number, officer) in (1..).zip(["o1", "o2"]) {
        world.service().enrol_officer(enrol(number, officer, TEAM)).await.unwrap();
    }
    world.service().launch_campaign(launch()).await.unwrap();
    let design = DesignItemRequest {
        request_id: request_id(10),
        parent: CAMPAIGN.to_owned(),
        item_id: "run".to_owned(),
        title: "Run".to_owned(),
        guiding_department: BUREAU.to_owned(),
        design_unit: TEAM.to_owned(),
        basic: Basic::Skills.into(),
        quality: Quality::Physical.into(),
        operational_need: "suspects get away".to_owned(),
        ..DesignItemRequest::default()
    };
    world.service().design_item(Request::new(design)).await.unwrap();
    let approve =
        ApproveItemRequest { request_id: request_id(11), name: ITEM.to_owned(), ..Default::default() };
    world.service().approve_item(Request::new(approve)).await.unwrap();
    world
}

fn officer(id: &str) -> String {
    format!("jurisdictions/city/officers/{id}")
}

fn hold(number: u128, session_id: &str, hours: &str, officers: &[&str]) -> HoldSessionRequest {
    HoldSessionRequest {
        request_id: request_id(number),
        parent: CAMPAIGN.to_owned(),
        session_id: session_id.to_owned(),
        item: ITEM.to_owned(),
        unit: TEAM.to_owned(),
        mode: TrainingMode::Centralised.into(),
        session_date: "2024-05-20".to_owned(),
        hours: hours.to_owned(),
        participants: officers.iter().map(|id| officer(id)).collect(),
        occurred_at: None,
    }
}

async fn figures(world: &World) -> TrainingFigures {
    let asked = GetTrainingFiguresRequest {
        name: CAMPAIGN.to_owned(),
        with_subtree: true,
        consistency_token: world.everything().await,
        ..Default::default()
    };
    let answer = world.service().get_training_figures(Request::new(asked)).await.unwrap();
    answer.into_inner().figures.unwrap()
}

fn out_of(count: u32, of: u32) -> Count {
    Count { count, of }
}

#[tokio::test]
async fn corrections_and_voids_move_the_figures_both_ways() {
    let world = trained().await;
    let held = world.service().hold_session(Request::new(hold(20, "s1", "24", &["o1", "o2"]))).await.unwrap();
    let held = held.into_inner();
    let again =
        world.service().hold_session(Request::new(hold(20, "s1", "24", &["o1", "o2"]))).await.unwrap();
    assert_eq!(again.into_inner(), held);
    let session = held.session.unwrap();
    assert_eq!((session.participants.len(), session.over_cap.len()), (2, 0));
    let after = figures(&world).await;
    assert_eq!((after.participation, after.grassroots_coverage), (Some(out_of(2, 2)), Some(out_of(1, 2))));
    assert_eq!(after.hours.unwrap().total_hours, "48");
    let HoldSessionRequest { item, unit, mode, session_date, .. } = hold(0, "", "", &[]);
    let correct = CorrectSessionRequest {
        request_id: request_id(21),
        name: session.name.clone(),
        item,
        unit,
        mode,
        session_date,
        hours: "2.5".to_owned(),
        participants: vec![officer("o1")],
        reason: "o2 was ill".to_owned(),
        etag: session.etag.clone(),
        occurred_at: None,
    };
    world.service().correct_session(Request::new(correct)).await.unwrap();
    let after = figures(&world).await;
    assert_eq!((after.participation, after.hours.unwrap().total_hours.as_str()), (Some(out_of(1, 2)), "2.5"));
    let missing = ListMissingOfficersRequest {
        parent: CAMPAIGN.to_owned(),
        with_subtree: true,
        consistency_token: world.everything().await,
        ..Default::default()
    };
    let missing = world.service().list_missing_officers(Request::new(missing)).await.unwrap().into_inner();
    assert_eq!(missing.officers.iter().map(|one| one.name.clone()).collect::<Vec<_>>(), [officer("o2")]);
    let void = VoidSessionRequest {
        request_id: request_id(22),
        name: session.name.clone(),
        reason: "not held".to_owned(),
        ..Default::default()
    };
    world.service().void_session(Request::new(void)).await.unwrap();
    let after = figures(&world).await;
    assert_eq!((after.participation, after.grassroots_coverage), (Some(out_of(0, 2)), Some(out_of(0, 2))));
    let read = GetSessionRequest { name: session.name, ..Default::default() };
    let read = world.service().get_session(Request::new(read)).await.unwrap().into_inner().session.unwrap();
    assert_eq!((read.corrections, read.voided, read.void_reason.as_str()), (1, true, "not held"));
    let history = world.store.reader().read_stream(&StreamId::new("session", "city/2024/s1")).await.unwrap();
    assert_eq!(history.len(), 3, "what stood before stays in the log");
}

#[tokio::test]
async fn centralised_hours_over_the_cap_are_accepted_and_flagged() {
    let world = trained().await;
    world.service().hold_session(Request::new(hold(20, "s1", "24", &["o1", "o2"]))).await.unwrap();
    let over = world.service().hold_session(Request::new(hold(21, "s2", "20", &["o1"]))).await.unwrap();
    assert_eq!(over.into_inner().session.unwrap().over_cap, [officer("o1")]);
    let after = figures(&world).await;
    assert_eq!((after.officers_over_cap, after.centralised_hours_over_cap.as_str()), (1, "4"));
    let list = ListSessionsRequest {
        parent: CAMPAIGN.to_owned(),
        over_cap_only: true,
        consistency_token: world.everything().await,
        ..Default::default()
    };
    let listed = world.service().list_sessions(Request::new(list)).await.unwrap().into_inner().sessions;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].name, format!("{CAMPAIGN}/sessions/s2"));
}

#[tokio::test]
async fn a_session_is_of_an_approved_item_with_officers_on_the_roster_that_day() {
    let world = trained().await;
    let refused = async |change: fn(&mut HoldSessionRequest)| {
        let mut request = hold(20, "s1", "2", &["o1"]);
        change(&mut request);
        world.service().hold_session(Request::new(request)).await.unwrap_err()
    };
    let stranger = refused(|request| request.participants = vec![officer("nobody")]).await;
    assert!(stranger.message().starts_with("training.officer_not_on_roster: "), "{}", stranger.message());
    let unknown = refused(|request| request.item = format!("{CAMPAIGN}/items/swim")).await;
    assert_eq!(unknown.code(), Code::NotFound);
    let outside = refused(|request| request.session_date = "2024-04-30".to_owned()).await;
    assert!(outside.message().starts_with("training.outside_campaign: "), "{}", outside.message());
    let future = refused(|request| request.session_date = "2024-06-02".to_owned()).await;
    assert_eq!(future.code(), Code::InvalidArgument);
    let twice = refused(|request| request.participants = vec![officer("o1"), officer("o1")]).await;
    assert!(twice.message().starts_with("participants: "), "{}", twice.message());
    for hours in ["0", "24.5", "1.234"] {
        let mut request = hold(20, "s1", hours, &["o1"]);
        request.hours = hours.to_owned();
        let bad = world.service().hold_session(Request::new(request)).await.unwrap_err();
        assert!(bad.message().starts_with("hours: "), "{}", bad.message());
    }
}

#[tokio::test]
async fn an_import_answers_each_row_and_ends_the_same_when_it_is_repeated() {
    let world = trained().await;
    let row = |officer_id: &str, unit: &str| NewOfficer {
        officer_id: officer_id.to_owned(),
        unit: unit.to_owned(),
        post_level: PostLevel::Staff.into(),
        effective_date: "2024-03-01".to_owned(),
    };
    let nowhere = "jurisdictions/city/units/nowhere";
    let import = |officers| ImportOfficersRequest {
        request_id: request_id(30),
        parent: "jurisdictions/city".to_owned(),
        officers,
        occurred_at: None,
    };
    let rows = vec![row("o3", TEAM), row("o4", nowhere), row("O 5", TEAM), row("o6", TEAM)];
    let first =
        world.service().import_officers(Request::new(import(rows.clone()))).await.unwrap().into_inner();
    let outcome = |result: &ImportResult| (result.name.clone(), result.rule.clone(), result.field.clone());
    let outcomes: Vec<_> = first.results.iter().map(outcome).collect();
    let text = str::to_owned;
    assert_eq!(outcomes[0], (officer("o3"), text(""), text("")));
    assert_eq!(outcomes[1], (text(""), text("training.unit_not_in_service"), text("")));
    assert_eq!(outcomes[2], (text(""), text(""), text("officer_id")));
    assert_eq!(outcomes[3], (officer("o6"), text(""), text("")));
    let head = world.store.reader().head().await.unwrap().position;
    let again =
        world.service().import_officers(Request::new(import(rows.clone()))).await.unwrap().into_inner();
    assert_eq!(again, first);
    assert_eq!(world.store.reader().head().await.unwrap().position, head, "nothing is written twice");
    let other = import(rows[..1].to_vec());
    let reused = world.service().import_officers(Request::new(other)).await.unwrap_err();
    assert_eq!(reused.code(), Code::AlreadyExists);
}

#[tokio::test]
async fn an_officer_has_a_record_of_what_was_trained_assessed_and_lacking() {
    let world = trained().await;
    world.service().hold_session(Request::new(hold(20, "s1", "2", &["o1"]))).await.unwrap();
    let new = |assessment_id: &str, passed, day: &str| NewAssessment {
        officer: officer("o1"),
        assessment_id: assessment_id.to_owned(),
        campaign: CAMPAIGN.to_owned(),
        quality: Quality::Physical.into(),
        assessment_date: day.to_owned(),
        passed,
        score: None,
    };
    let import = ImportAssessmentsRequest {
        request_id: request_id(40),
        parent: "jurisdictions/city".to_owned(),
        assessments: vec![new("a1", true, "2024-05-20"), new("a2", false, "2024-05-21")],
        occurred_at: None,
    };
    let imported = world.service().import_assessments(Request::new(import)).await.unwrap().into_inner();
    assert!(imported.results.iter().all(|result| !result.name.is_empty()), "{:?}", imported.results);
    let need = IdentifyNeedRequest {
        request_id: request_id(41),
        parent: "jurisdictions/city".to_owned(),
        need_id: "n1".to_owned(),
        unit: TEAM.to_owned(),
        quality: Quality::Physical.into(),
        statement: "slow".to_owned(),
        assessment: format!("{}/assessments/a2", officer("o1")),
        ..Default::default()
    };
    world.service().identify_need(Request::new(need)).await.unwrap();
    let own = CorrectAssessmentRequest {
        request_id: request_id(42),
        name: format!("{}/assessments/a2", officer("o1")),
        assessment_date: "2024-05-21".to_owned(),
        passed: true,
        reason: "I ran well".to_owned(),
        ..Default::default()
    };
    let refused = world.service().correct_assessment(by("o1", own)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let asked = GetOfficerRecordRequest {
        name: officer("o1"),
        consistency_token: world.everything().await,
        ..Default::default()
    };
    let record = world.service().get_officer_record(Request::new(asked)).await.unwrap().into_inner();
    let record = record.record.unwrap();
    assert_eq!((record.sessions, record.hours.as_str()), (1, "2"));
    assert_eq!(record.qualities[2].passed, Some(out_of(0, 1)));
    assert_eq!(record.latest_assessments.len(), 1);
    assert_eq!(record.latest_assessments[0].assessment_date, "2024-05-21");
    assert_eq!(record.needs, ["jurisdictions/city/needs/n1"]);
    assert_eq!(record.postings[0].start_date, "2024-03-01");
    let listed = ListAssessmentsRequest {
        parent: "jurisdictions/city".to_owned(),
        page_size: 1,
        consistency_token: world.everything().await,
        ..Default::default()
    };
    let first = world.service().list_assessments(Request::new(listed.clone())).await.unwrap().into_inner();
    let rest = ListAssessmentsRequest { page_token: first.next_page_token.clone(), ..listed };
    let second = world.service().list_assessments(Request::new(rest)).await.unwrap().into_inner();
    let dates = [&first, &second].map(|page| page.assessments[0].assessment_date.clone());
    assert_eq!(dates, ["2024-05-20", "2024-05-21"]);
    assert_eq!(second.next_page_token, "");
}

#[tokio::test]
async fn the_roster_is_known_as_of_any_day() {
    let world = trained().await;
    let transfer = TransferOfficerRequest {
        request_id: request_id(50),
        name: officer("o1"),
        unit: BUREAU.to_owned(),
        effective_date: "2024-05-01".to_owned(),
        ..Default::default()
    };
    world.service().transfer_officer(Request::new(transfer)).await.unwrap();
    let leave = RemoveOfficerRequest {
        request_id: request_id(51),
        name: officer("o2"),
        effective_date: "2024-05-10".to_owned(),
        ..Default::default()
    };
    world.service().remove_officer(Request::new(leave)).await.unwrap();
    let token = world.everything().await;
    let roster = async |day: &str| {
        let asked = ListOfficersRequest {
            parent: "jurisdictions/city".to_owned(),
            roster_date: day.to_owned(),
            consistency_token: token.clone(),
            ..Default::default()
        };
        let listed = world.service().list_officers(Request::new(asked)).await.unwrap().into_inner();
        listed.officers.into_iter().map(|one| (one.name, one.unit)).collect::<Vec<_>>()
    };
    let (o1, o2) = (officer("o1"), officer("o2"));
    let (team, bureau) = (TEAM.to_owned(), BUREAU.to_owned());
    assert_eq!(roster("2024-02-29").await, []);
    assert_eq!(roster("2024-04-30").await, [(o1.clone(), team.clone()), (o2.clone(), team.clone())]);
    assert_eq!(roster("2024-05-09").await, [(o1.clone(), bureau.clone()), (o2, team)]);
    assert_eq!(roster("").await, [(o1, bureau)]);
}

#[tokio::test]
async fn thousands_take_part_in_one_session() {
    const OFFICERS: usize = 2000;
    let world = trained().await;
    // The longest ids.
    let ids: Vec<_> = (0..OFFICERS).map(|number| format!("o{number:062}")).collect();
    for (batch, ids) in (300..).zip(ids.chunks(1000)) {
        let row = |id: &String| NewOfficer {
            officer_id: id.clone(),
            unit: TEAM.to_owned(),
            post_level: PostLevel::Staff.into(),
            effective_date: "2024-03-01".to_owned(),
        };
        let import = ImportOfficersRequest {
            request_id: request_id(batch),
            parent: "jurisdictions/city".to_owned(),
            officers: ids.iter().map(row).collect(),
            occurred_at: None,
        };
        world.service().import_officers(Request::new(import)).await.unwrap();
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let held =
        world.service().hold_session(Request::new(hold(20, "s1", "2", &ids))).await.unwrap().into_inner();
    assert_eq!(held.session.unwrap().participants.len(), OFFICERS);
    let after = figures(&world).await;
    assert_eq!(after.participation, Some(out_of(2000, 2002)));
    assert_eq!(after.hours.unwrap().total_hours, "4000");
    let stream = StreamId::new("session", "city/2024/s1");
    let recorded = world.store.reader().read_stream(&stream).await.unwrap();
    // A jurisdiction's id may have 63 letters, too.
    let longest = recorded[0].payload.len() + OFFICERS * (63 - "city".len());
    assert!(longest < 512 << 10, "{longest}");
    let more: Vec<_> = ids.iter().copied().chain(["o1"]).collect();
    let refused = world.service().hold_session(Request::new(hold(21, "s2", "2", &more))).await.unwrap_err();
    assert!(refused.message().starts_with("participants: "), "{}", refused.message());
}
