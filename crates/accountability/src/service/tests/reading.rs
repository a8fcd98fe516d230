//! Which cases are listed, and the way from a lost point to a case.

use super::*;

const OFFICE: &str = "jurisdictions/city/units/office";
const STATION: &str = "jurisdictions/city/units/station";
const BERT: &str = "jurisdictions/city/officers/bert";

/// A case against the traffic police, in which Bert and his station, below another office, are found at fault.
async fn found_elsewhere() -> World {
    let world = World::new().await;
    for (unit, parent) in [(OFFICE, ""), (STATION, OFFICE)] {
        let (unit, parent) = (unit.to_owned(), parent.to_owned());
        record(&world.evaluation, UnitRegistered { unit, parent, ..UnitRegistered::default() }).await;
    }
    let (officer, unit) = (BERT.to_owned(), STATION.to_owned());
    record(&world.training, OfficerEnrolled { officer, unit, post_level: 1, ..OfficerEnrolled::default() })
        .await;
    let opened = OpenCaseRequest { officers: vec![SECTION_HEAD.to_owned()], ..open(1, "c1") };
    let name = world.service().open_case(Request::new(opened)).await.unwrap().into_inner().case.unwrap().name;
    world.service().assign_investigator(assign(2, &name, ANNA)).await.unwrap();
    world.service().add_evidence(Request::new(evidence(3, &name))).await.unwrap();
    let found = MakeFindingRequest {
        request_id: request_id(4),
        name,
        nature: CaseNature::Inaction.into(),
        gravity: Gravity::Minor.into(),
        units: vec![STATION.to_owned()],
        officers: vec![BERT.to_owned()],
        facts: "It lay at the station".to_owned(),
        ..MakeFindingRequest::default()
    };
    world.service().make_finding(by(ANNA, found)).await.unwrap();
    world
}

#[tokio::test]
async fn cases_are_listed_by_whom_they_are_against_and_whom_the_finding_names() {
    let world = found_elsewhere().await;
    world.set_clock("2024-06-11T08:00:00Z");
    let of = |unit: &str, with_subtree| CaseFilter {
        unit: unit.to_owned(),
        with_subtree,
        ..CaseFilter::default()
    };
    let officer = |officer: &str| CaseFilter { officer: officer.to_owned(), ..CaseFilter::default() };
    let nature = |nature: CaseNature| CaseFilter { natures: vec![nature.into()], ..CaseFilter::default() };
    let age = |age_days_min, age_days_max| CaseFilter { age_days_min, age_days_max, ..CaseFilter::default() };
    let filters = [
        (of(TRAFFIC, false), 1),
        (of(STATION, false), 1),
        (of(OFFICE, false), 0),
        (of(OFFICE, true), 1),
        (of(INSPECTION, true), 0),
        (officer(SECTION_HEAD), 1),
        (officer(BERT), 1),
        (officer(DIRECTOR), 0),
        (nature(CaseNature::Inaction), 1),
        (nature(CaseNature::Delay), 0),
        (age(10, 0), 1),
        (age(11, 0), 0),
        (age(0, 10), 1),
        (age(0, 9), 0),
    ];
    for (filter, listed) in filters {
        assert_eq!(world.list(filter.clone()).await.len(), listed, "{filter:?}");
    }
}

#[tokio::test]
async fn whoever_is_at_fault_by_the_finding_does_not_close_the_case() {
    let world = found_elsewhere().await;
    let close = |number| CloseCaseRequest {
        request_id: request_id(number),
        name: "jurisdictions/city/cases/c1".to_owned(),
        ..CloseCaseRequest::default()
    };
    for (number, actor) in [(10, BERT), (11, "bert"), (12, SECTION_HEAD)] {
        let refused = world.service().close_case(by(actor, close(number))).await.unwrap_err();
        refused_by(&refused, "accountability.own_case");
    }
    let early = world.service().close_case(by(DIRECTOR, close(13))).await.unwrap_err();
    refused_by(&early, "accountability.not_disposed");
}

#[tokio::test]
async fn an_entry_that_came_of_a_complaint_leads_to_the_case_that_the_complaint_opened() {
    let world = World::new().await;
    let substantiated = ComplaintSubstantiated {
        complaint: COMPLAINT.to_owned(),
        unit: TRAFFIC.to_owned(),
        harms_public: true,
        ..ComplaintSubstantiated::default()
    };
    record(&world.complaints, substantiated).await;
    world.until("CaseOpened", 1).await;
    let cause = world.complaints.reader().read_all(1, 100).await.unwrap().pop().unwrap();
    let entry = EntryRecorded {
        cycle: CYCLE.to_owned(),
        unit: TRAFFIC.to_owned(),
        entry_id: "e1".to_owned(),
        points: "-0.4".to_owned(),
        cause_event_id: cause.event_id.to_string(),
        ..EntryRecorded::default()
    };
    record(&world.evaluation, entry).await;
    let entry = world.evaluation.reader().read_all(1, 100).await.unwrap().pop().unwrap();
    world.accountability.reads().catch_up(REPLICA_WAIT_MAX).await.unwrap();
    world.accountability.replica().catch_up(REPLICA_WAIT_MAX).await.unwrap();
    let asked = ListCaseChainsRequest {
        parent: "jurisdictions/city".to_owned(),
        service: "evaluation".to_owned(),
        event_id: entry.event_id.to_string(),
        ..ListCaseChainsRequest::default()
    };
    let chains = world.service().list_case_chains(Request::new(asked)).await.unwrap().into_inner().chains;
    let [chain] = chains.as_slice() else { panic!("{chains:?}") };
    assert_eq!(chain.causes[0].event_id, cause.event_id.to_string());
}
