//! A whole case, from a lost point to its close and beyond.

use super::*;

const JUDGE: &str = "jurisdictions/city/officers/judge";
const CLERK: &str = "clerk";

fn name() -> String {
    "jurisdictions/city/cases/c1".to_owned()
}

fn found(number: u128, gravity: Gravity) -> MakeFindingRequest {
    MakeFindingRequest {
        request_id: request_id(number),
        name: name(),
        nature: CaseNature::Delay.into(),
        gravity: gravity.into(),
        units: vec![TRAFFIC.to_owned()],
        facts: "Nobody looked at it".to_owned(),
        cycle: CYCLE.to_owned(),
        ..MakeFindingRequest::default()
    }
}

fn dispose(number: u128, disposition: Disposition) -> DecideDispositionRequest {
    DecideDispositionRequest {
        request_id: request_id(number),
        name: name(),
        unit: TRAFFIC.to_owned(),
        disposition: disposition.into(),
        ..DecideDispositionRequest::default()
    }
}

fn appeal(number: u128) -> LodgeAppealRequest {
    LodgeAppealRequest {
        request_id: request_id(number),
        name: name(),
        appeal_id: "a1".to_owned(),
        unit: TRAFFIC.to_owned(),
        grounds: "Zhao Liu was ill".to_owned(),
        ..LodgeAppealRequest::default()
    }
}

fn decide(number: u128, outcome: AppealOutcome) -> DecideAppealRequest {
    DecideAppealRequest {
        request_id: request_id(number),
        name: name(),
        appeal_id: "a1".to_owned(),
        outcome: outcome.into(),
        reason: "the evidence does not bear it".to_owned(),
        ..DecideAppealRequest::default()
    }
}

fn execute(number: u128) -> ExecuteDispositionRequest {
    let (request_id, name, unit) = (request_id(number), name(), TRAFFIC.to_owned());
    ExecuteDispositionRequest { request_id, name, unit, ..ExecuteDispositionRequest::default() }
}

fn close(number: u128) -> Request<CloseCaseRequest> {
    let (request_id, name) = (request_id(number), name());
    Request::new(CloseCaseRequest { request_id, name, ..CloseCaseRequest::default() })
}

/// A case with a finding, investigated by Anna.
async fn found_world(gravity: Gravity) -> World {
    let world = World::new().await;
    world.service().open_case(Request::new(open(1, "c1"))).await.unwrap();
    world.service().assign_investigator(assign(2, &name(), ANNA)).await.unwrap();
    world.service().add_evidence(Request::new(evidence(3, &name()))).await.unwrap();
    world.service().make_finding(by(ANNA, found(4, gravity))).await.unwrap();
    world
}

async fn vetoes(world: &World, include_lifted: bool) -> Vec<Veto> {
    world.accountability.reads().catch_up(REPLICA_WAIT_MAX).await.unwrap();
    let parent = "jurisdictions/city".to_owned();
    let asked = ListVetoesRequest { parent, include_lifted, ..ListVetoesRequest::default() };
    world.service().list_vetoes(Request::new(asked)).await.unwrap().into_inner().vetoes
}

#[tokio::test]
async fn a_case_goes_from_finding_to_disposition_to_execution_to_close() {
    let world = found_world(Gravity::Minor).await;
    let open = world.service().close_case(close(10)).await.unwrap_err();
    refused_by(&open, "accountability.not_disposed");
    let decided = dispose(11, Disposition::UnitRectification);
    let decided = world.service().decide_disposition(by(CLERK, decided)).await.unwrap().into_inner();
    let state = &decided.case.as_ref().unwrap().dispositions[0];
    assert_eq!(state.minimum(), Disposition::UnitRectification);
    assert_eq!(state.due_date, "2024-07-01");
    let open = world.service().close_case(close(12)).await.unwrap_err();
    refused_by(&open, "accountability.not_executed");
    world.service().execute_disposition(Request::new(execute(13))).await.unwrap();
    let closed = world.service().close_case(close(14)).await.unwrap().into_inner();
    let again = world.service().close_case(close(14)).await.unwrap().into_inner();
    assert_eq!(again, closed);
    let case = world.get(&name()).await;
    assert_eq!((case.stage(), case.outcome()), (CaseStage::Closed, CaseOutcome::Disposed));
    assert_eq!(case.dispositions[0].execution_date, "2024-06-01");
}

#[tokio::test]
async fn a_departure_from_the_scale_is_on_record_with_reason_and_an_approver_of_higher_level() {
    let world = found_world(Gravity::Serious).await;
    let below = || dispose(10, Disposition::UnitRectification);
    let refused = world.service().decide_disposition(by(CLERK, below())).await.unwrap_err();
    refused_by(&refused, "accountability.below_minimum");
    let approved = |number, approver: &str| DecideDispositionRequest {
        departure_reason: "put right within the day".to_owned(),
        approver: approver.to_owned(),
        ..dispose(number, Disposition::UnitRectification)
    };
    // A section head is no higher than Anna, who investigated; the leader had the complaint in hand.
    let cases = [
        (SECTION_HEAD, "accountability.approver_not_higher"),
        (LEADER, "accountability.approver_involved"),
        (ANNA, "accountability.approver_involved"),
        ("jurisdictions/city/officers/nobody", "accountability.officer_not_on_roster"),
    ];
    for (i, (approver, rule)) in cases.into_iter().enumerate() {
        let number = 20 + u128::try_from(i).unwrap();
        let asked = by(CLERK, approved(number, approver));
        refused_by(&world.service().decide_disposition(asked).await.unwrap_err(), rule);
    }
    world.service().decide_disposition(by(CLERK, approved(30, DIRECTOR))).await.unwrap();
    world.accountability.reads().catch_up(REPLICA_WAIT_MAX).await.unwrap();
    let parent = "jurisdictions/city".to_owned();
    let asked = ListDeparturesRequest { parent, ..ListDeparturesRequest::default() };
    let listed = world.service().list_departures(Request::new(asked)).await.unwrap().into_inner();
    let [departure] = listed.departures.as_slice() else { panic!("{listed:?}") };
    assert_eq!((departure.nature(), departure.gravity()), (CaseNature::Delay, Gravity::Serious));
    let state = departure.disposition.clone().unwrap();
    assert_eq!(state.minimum(), Disposition::UnitCriticism);
    assert_eq!(state.departure_reason, "put right within the day");
    assert_eq!((state.approver.as_str(), state.approver_post_level), (DIRECTOR, 4));
}

#[tokio::test]
async fn a_disposition_is_held_against_the_scale_in_force_at_the_finding() {
    let world = World::new().await;
    let set = |number, minimum: Disposition| {
        let step = ScaleStep {
            nature: CaseNature::Delay.into(),
            gravity: Gravity::Minor.into(),
            unit_minimum: minimum.into(),
            officer_minimum: 0,
        };
        let (request_id, parent) = (request_id(number), "jurisdictions/city".to_owned());
        Request::new(SetDispositionScaleRequest {
            request_id,
            parent,
            steps: vec![step],
            ..SetDispositionScaleRequest::default()
        })
    };
    world.service().set_disposition_scale(set(50, Disposition::UnitCriticism)).await.unwrap();
    world.service().open_case(Request::new(open(1, "c1"))).await.unwrap();
    world.service().assign_investigator(assign(2, &name(), ANNA)).await.unwrap();
    world.service().add_evidence(Request::new(evidence(3, &name()))).await.unwrap();
    world.service().make_finding(by(ANNA, found(4, Gravity::Minor))).await.unwrap();
    world.service().set_disposition_scale(set(51, Disposition::UnitRectification)).await.unwrap();
    let mild = dispose(10, Disposition::UnitRectification);
    let refused = world.service().decide_disposition(by(CLERK, mild)).await.unwrap_err();
    refused_by(&refused, "accountability.below_minimum");
    assert_eq!(world.get(&name()).await.finding.unwrap().scale_version, 1);
    let shown = async |scale_version| {
        let name = "jurisdictions/city/dispositionScale".to_owned();
        let asked = GetDispositionScaleRequest { name, scale_version, ..Default::default() };
        world.service().get_disposition_scale(Request::new(asked)).await
    };
    let now = shown(None).await.unwrap().into_inner().scale.unwrap();
    assert_eq!((now.scale_version, now.steps.len(), now.etag.as_str()), (2, 1, "\"2\""));
    assert_eq!(shown(Some(0)).await.unwrap().into_inner().scale.unwrap().steps.len(), 24);
    assert_eq!(shown(Some(3)).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn overturning_a_grave_finding_lifts_its_veto_and_names_what_followed_from_it() {
    let world = found_world(Gravity::Grave).await;
    assert_eq!(vetoes(&world, false).await.len(), 1);
    let finding = world.get(&name()).await.finding.unwrap();
    world.service().lodge_appeal(Request::new(appeal(10))).await.unwrap();
    assert_eq!(world.get(&name()).await.stage(), CaseStage::Appealed);
    let own = decide(11, AppealOutcome::Overturned);
    let refused = world.service().decide_appeal(by(ANNA, own)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let asked = by(JUDGE, decide(12, AppealOutcome::Overturned));
    world.service().decide_appeal(asked).await.unwrap();
    assert_eq!(vetoes(&world, false).await, []);
    assert_eq!(vetoes(&world, true).await[0].lift_reason, "the evidence does not bear it");
    let case = world.get(&name()).await;
    assert_eq!((case.stage(), case.finding, case.dispositions.len()), (CaseStage::Exonerated, None, 0));
    let events = world.own.reader().read_all(1, 100).await.unwrap();
    let decided = events.iter().find(|event| event.event_type.ends_with("AppealDecided")).unwrap();
    let decided = <AppealDecided as prost::Message>::decode(decided.payload.as_slice()).unwrap();
    assert_eq!(decided.finding_event_id, finding.event_id);
    assert_eq!((decided.units_cleared, decided.cycle.as_str()), (vec![TRAFFIC.to_owned()], CYCLE));
    world.service().close_case(close(13)).await.unwrap();
    assert_eq!(world.get(&name()).await.outcome(), CaseOutcome::Exonerated);
}

#[tokio::test]
async fn a_lost_point_is_followed_to_the_case_and_back() {
    let world = World::new().await;
    let entry = |entry_id: &str, cause_event_id: &str| EntryRecorded {
        cycle: CYCLE.to_owned(),
        unit: TRAFFIC.to_owned(),
        entry_id: entry_id.to_owned(),
        points: "-0.5".to_owned(),
        cause_event_id: cause_event_id.to_owned(),
        ..EntryRecorded::default()
    };
    record(&world.evaluation, entry("e1", "")).await;
    let recorded = world.evaluation.reader().read_all(1, 100).await.unwrap().pop().unwrap();
    let cause = Cause {
        service: "evaluation".to_owned(),
        position: recorded.position,
        event_id: recorded.event_id.to_string(),
        points: "0.5".to_owned(),
    };
    let asked = OpenCaseRequest { causes: vec![cause], ..open(1, "c1") };
    world.service().open_case(Request::new(asked)).await.unwrap();
    world.service().assign_investigator(assign(2, &name(), ANNA)).await.unwrap();
    world.service().add_evidence(Request::new(evidence(3, &name()))).await.unwrap();
    world.service().make_finding(by(ANNA, found(4, Gravity::Grave))).await.unwrap();
    let finding = world.get(&name()).await.finding.unwrap().event_id;
    record(&world.evaluation, entry("e2", &finding)).await;
    let priced = world.evaluation.reader().read_all(1, 100).await.unwrap().pop().unwrap();
    let chains = async |service: &str, event_id: String| {
        world.accountability.reads().catch_up(REPLICA_WAIT_MAX).await.unwrap();
        world.accountability.replica().catch_up(REPLICA_WAIT_MAX).await.unwrap();
        let (parent, service) = ("jurisdictions/city".to_owned(), service.to_owned());
        let asked = ListCaseChainsRequest { parent, service, event_id, ..ListCaseChainsRequest::default() };
        world.service().list_case_chains(Request::new(asked)).await.unwrap().into_inner().chains
    };
    // From the point that led to it, from the finding, and from the point that followed from it.
    let from_cause = chains("evaluation", recorded.event_id.to_string()).await;
    assert_eq!(chains("accountability", finding).await, from_cause);
    assert_eq!(chains("evaluation", priced.event_id.to_string()).await, from_cause);
    let [chain] = from_cause.as_slice() else { panic!("{from_cause:?}") };
    let types =
        |links: &[ChainLink]| -> Vec<String> { links.iter().map(|link| link.event_type.clone()).collect() };
    assert_eq!(types(&chain.causes), ["EntryRecorded"]);
    assert_eq!((chain.causes[0].points.as_str(), chain.causes[0].standing), ("-0.5", true));
    let entry_name = format!("{CYCLE}/units/traffic/entries/e1");
    assert_eq!(chain.causes[0].resource, entry_name);
    let mut followed = types(&chain.consequences);
    followed.sort();
    assert_eq!(followed, ["EntryRecorded", "FindingMade", "VetoRaised"]);
    // Reversed, overturned: what stood stands no longer.
    let reversed = EntryReversed {
        cycle: CYCLE.to_owned(),
        unit: TRAFFIC.to_owned(),
        entry_id: "e1".to_owned(),
        ..EntryReversed::default()
    };
    record(&world.evaluation, reversed).await;
    world.service().lodge_appeal(Request::new(appeal(10))).await.unwrap();
    world.service().decide_appeal(by(JUDGE, decide(11, AppealOutcome::Overturned))).await.unwrap();
    let after = chains("evaluation", recorded.event_id.to_string()).await;
    assert!(!after[0].causes[0].standing);
    let own = after[0].consequences.iter().filter(|link| link.service == "accountability");
    assert!(own.clone().all(|link| !link.standing) && own.count() == 2);
}

#[tokio::test]
async fn a_case_that_goes_into_another_one_ends_in_the_same_instant() {
    let world = World::new().await;
    world.service().open_case(Request::new(open(1, "c1"))).await.unwrap();
    let other = OpenCaseRequest { units: vec![INSPECTION.to_owned()], ..open(2, "c2") };
    world.service().open_case(Request::new(other)).await.unwrap();
    let merge = |number, merged: &str| {
        Request::new(MergeCaseRequest {
            request_id: request_id(number),
            name: name(),
            merged_case: format!("jurisdictions/city/cases/{merged}"),
            reason: "the same matter".to_owned(),
            ..MergeCaseRequest::default()
        })
    };
    let itself = world.service().merge_case(merge(3, "c1")).await.unwrap_err();
    assert_eq!(itself.code(), Code::InvalidArgument);
    refused_by(&world.service().merge_case(merge(4, "c3")).await.unwrap_err(), "accountability.unknown_case");
    let merged = world.service().merge_case(merge(5, "c2")).await.unwrap().into_inner().case.unwrap();
    assert_eq!(merged.units, [TRAFFIC, INSPECTION]);
    assert_eq!(world.events().await, ["CaseOpened", "CaseOpened", "CaseMerged", "CaseMerged"]);
    let ended = world.get("jurisdictions/city/cases/c2").await;
    assert_eq!((ended.stage(), ended.merged_into), (CaseStage::Merged, name()));
    // Anna serves in a unit that the case is against now.
    let refused = world.service().assign_investigator(assign(6, &name(), ANNA)).await.unwrap_err();
    refused_by(&refused, "accountability.investigator_involved");
    let elsewhere = world.service().assign_investigator(assign(7, &ended.name, ANNA)).await.unwrap_err();
    refused_by(&elsewhere, "accountability.case_merged");
}

#[tokio::test]
async fn whoever_reads_texts_is_on_record_and_the_kept_answer_holds_none() {
    let world = World::new().await;
    let opened = world.service().open_case(Request::new(open(1, "c1"))).await.unwrap().into_inner();
    let key = opened.case.unwrap().grounds_key;
    let reveal = |number, key: &str| RevealCaseTextsRequest {
        request_id: request_id(number),
        name: name(),
        vault_keys: vec![key.to_owned()],
        purpose: "yearly audit".to_owned(),
    };
    let read = world.service().reveal_case_texts(by("auditor", reveal(2, &key))).await.unwrap().into_inner();
    assert_eq!((read.texts[0].text.as_str(), read.texts[0].genuine), (GROUNDS, true));
    let recorded = world.own.reader().read_all(1, 100).await.unwrap().pop().unwrap();
    assert!(recorded.event_type.ends_with("CaseTextsRevealed"));
    assert_eq!(recorded.actor, "auditor");
    let kept = world.own.answered(Uuid::from_u128(2)).await.unwrap().unwrap();
    assert!(!contains(&kept.answer, GROUNDS));
    let refused = world.service().reveal_case_texts(Request::new(reveal(3, "other"))).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    world.own.vault_erase(std::slice::from_ref(&key)).await.unwrap();
    let erased = world.service().reveal_case_texts(Request::new(reveal(4, &key))).await.unwrap().into_inner();
    assert_eq!((erased.texts[0].text.as_str(), erased.texts[0].genuine), ("", false));
}

#[tokio::test]
async fn a_disposition_not_carried_out_by_its_last_day_is_raised_once_and_not_while_suspended() {
    let world = found_world(Gravity::Minor).await;
    let decided = DecideDispositionRequest {
        due_date: "2024-06-10".to_owned(),
        ..dispose(10, Disposition::UnitRectification)
    };
    world.service().decide_disposition(by(CLERK, decided)).await.unwrap();
    let overdue = crate::timers::Overdue::new(world.accountability.service.clone());
    let tick = async |now: &str| {
        shell::timer::Timer::tick(&overdue, now.parse().unwrap()).await.unwrap();
        world.events().await.iter().filter(|event| *event == "ExecutionOverdue").count()
    };
    assert_eq!(tick("2024-06-10T15:59:59Z").await, 0);
    world.set_clock("2024-06-05T08:00:00Z");
    world.service().lodge_appeal(Request::new(appeal(11))).await.unwrap();
    assert_eq!(tick("2024-06-11T08:00:00Z").await, 0);
    world.set_clock("2024-06-12T08:00:00Z");
    world.service().decide_appeal(by(JUDGE, decide(12, AppealOutcome::Dismissed))).await.unwrap();
    assert_eq!(world.get(&name()).await.dispositions[0].due_date, "2024-06-17");
    assert_eq!(tick("2024-06-17T15:59:59Z").await, 0);
    assert_eq!(tick("2024-06-17T16:00:00Z").await, 1);
    assert_eq!(tick("2024-06-20T16:00:00Z").await, 1);
    let filter = CaseFilter { overdue_only: true, ..CaseFilter::default() };
    assert_eq!(world.list(filter.clone()).await.len(), 1);
    world.service().execute_disposition(Request::new(execute(13))).await.unwrap();
    assert_eq!(world.list(filter).await.len(), 0);
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_by_its_field() {
    let world = found_world(Gravity::Minor).await;
    let refused = async |asked: DecideDispositionRequest| {
        world.service().decide_disposition(Request::new(asked)).await.unwrap_err().message().to_owned()
    };
    let both =
        DecideDispositionRequest { officer: ANNA.to_owned(), ..dispose(10, Disposition::UnitRectification) };
    assert!(refused(both).await.starts_with("unit: "));
    assert!(refused(dispose(11, Disposition::Warning)).await.starts_with("disposition: "));
    let never = DecideDispositionRequest {
        due_date: "soon".to_owned(),
        ..dispose(12, Disposition::UnitRectification)
    };
    assert!(refused(never).await.starts_with("due_date: "));
    let future = ExecuteDispositionRequest { execution_date: "2024-06-02".to_owned(), ..execute(13) };
    let future = world.service().execute_disposition(Request::new(future)).await.unwrap_err();
    assert!(future.message().starts_with("execution_date: "));
    let graver =
        DecideAppealRequest { gravity: Gravity::Minor.into(), ..decide(14, AppealOutcome::Dismissed) };
    let graver = world.service().decide_appeal(Request::new(graver)).await.unwrap_err();
    assert!(graver.message().starts_with("gravity: "));
    let short = AddEvidenceRequest { content_sha256: vec![1], ..evidence(15, &name()) };
    let short = world.service().add_evidence(Request::new(short)).await.unwrap_err();
    assert!(short.message().starts_with("content_sha256: "));
}
