//! Cycles through the service: what keeps one from closing, what is published, and what revises it.

use contract::accountability::{VetoLifted, VetoRaised};

use super::*;

const CASE: &str = "jurisdictions/city/cases/k1";

impl World {
    async fn record(&self, entry_id: &str, source_id: &str, points: &str) -> String {
        let component_id = if source_id.is_empty() { "duties".to_owned() } else { String::new() };
        let request = RecordEntryRequest {
            request_id: self.request_id(),
            parent: CYCLE.to_owned(),
            unit: TRAFFIC.to_owned(),
            entry_id: entry_id.to_owned(),
            component_id,
            source_id: source_id.to_owned(),
            points: points.to_owned(),
            reason: "Seen on the spot".to_owned(),
            ..Default::default()
        };
        let answer = self.service.record_entry(by("inspector", request)).await.unwrap();
        answer.into_inner().entry.unwrap().name
    }

    async fn contest(&self, name: &str) {
        let request = ContestEntryRequest {
            request_id: self.request_id(),
            name: name.to_owned(),
            grounds: "It was another unit".to_owned(),
            ..Default::default()
        };
        let answer = self.service.contest_entry(by("traffic", request)).await.unwrap();
        assert_eq!(answer.into_inner().entry.unwrap().contest(), ContestState::Pending);
    }

    async fn decide(&self, name: &str, granted: bool) -> Result<Entry, Status> {
        let request = DecideContestRequest {
            request_id: self.request_id(),
            name: name.to_owned(),
            granted,
            reason: "Looked into".to_owned(),
            ..Default::default()
        };
        let answer = self.service.decide_contest(by("office", request)).await?;
        Ok(answer.into_inner().entry.unwrap())
    }

    async fn publish(&self) -> Result<Cycle, Status> {
        let (request_id, name) = (self.request_id(), CYCLE.to_owned());
        let request = PublishResultsRequest { request_id, name, ..Default::default() };
        Ok(self.service.publish_results(Request::new(request)).await?.into_inner().cycle.unwrap())
    }

    async fn revise(&self, reason: &str) -> Cycle {
        let (request_id, name, reason) = (self.request_id(), CYCLE.to_owned(), reason.to_owned());
        let request = ReviseResultsRequest { request_id, name, reason, ..Default::default() };
        self.service.revise_results(Request::new(request)).await.unwrap().into_inner().cycle.unwrap()
    }

    async fn cycle(&self) -> Cycle {
        self.service.reads.catch_up(PATIENCE).await.unwrap();
        self.service.replica.catch_up(PATIENCE).await.unwrap();
        let request = GetCycleRequest { name: CYCLE.to_owned(), ..Default::default() };
        self.service.get_cycle(Request::new(request)).await.unwrap().into_inner().cycle.unwrap()
    }

    async fn excellent(&self) -> GetExcellentListResponse {
        let request = GetExcellentListRequest { name: CYCLE.to_owned(), ..Default::default() };
        self.service.get_excellent_list(Request::new(request)).await.unwrap().into_inner()
    }

    async fn last<M: prost::Message + prost::Name + Default>(&self) -> M {
        let event = self.last_own().await;
        assert_eq!(event.event_type, M::full_name());
        M::decode(event.payload.as_slice()).unwrap()
    }
}

#[tokio::test]
async fn a_cycle_says_all_that_keeps_it_from_closing() {
    let world = World::start().await;
    world.open_cycle("county", "2025-01-01", "2025-12-31", CycleLevel::County, CYCLE).await.unwrap();
    let entry = world.record("e1", "daily", "-1").await;
    world.contest(&entry).await;
    let refused = world.close(CYCLE).await;
    let message = refused.as_ref().unwrap_err().message().to_owned();
    for missing in ["cycles/county is still open", "appeal of traffic against entry e1 is not decided"] {
        assert!(message.contains(missing), "{message}");
    }
    assert_eq!(rule(refused), "evaluation.not_ready");
    world.decide(&entry, false).await.unwrap();
    world.close(&format!("{CITY}/cycles/county")).await.unwrap();
    world.close(CYCLE).await.unwrap();
}

#[tokio::test]
async fn a_county_cycle_has_the_period_of_the_open_municipal_one() {
    let world = World::start().await;
    let other = world.open_cycle("half", "2025-01-01", "2025-06-30", CycleLevel::County, CYCLE).await;
    assert_eq!(rule(other), "evaluation.parent_cycle");
    world.close(CYCLE).await.unwrap();
    let late = world.open_cycle("late", "2025-01-01", "2025-12-31", CycleLevel::County, CYCLE).await;
    assert_eq!(rule(late), "evaluation.parent_cycle");
}

#[tokio::test]
async fn results_wait_for_a_county_cycle_that_was_opened_while_the_municipal_one_was_closed() {
    let world = World::start().await;
    world.close(CYCLE).await.unwrap();
    // It was decided before that and recorded after it.
    let late = format!("{CITY}/cycles/late");
    let opened = CycleOpened {
        cycle: late.clone(),
        title: "late".to_owned(),
        scheme: format!("{CITY}/schemes/s"),
        scheme_version: 1,
        start_date: "2025-01-01".to_owned(),
        end_date: "2025-12-31".to_owned(),
        level: CycleLevel::County.into(),
        parent_cycle: CYCLE.to_owned(),
        ranked_groups: vec![1],
    };
    let (stream, request_id) = (StreamId::new("cycle", "city/late"), Uuid::from_u128(77));
    append(&world.own, stream, request_id, &opened, (world.service.clock)()).await;
    let refused = world.publish().await;
    let message = refused.as_ref().unwrap_err().message().to_owned();
    assert!(message.contains("cycles/late is still open"), "{message}");
    assert_eq!(rule(refused), "evaluation.not_ready");
    world.close(&late).await.unwrap();
    world.publish().await.unwrap();
}

#[tokio::test]
async fn a_publication_says_what_was_lost_through_fault_and_by_which_entries() {
    let world = World::start().await;
    world.record("bonus", "daily", "1").await;
    world.record("first", "daily", "-1.5").await;
    world.record("second", "daily", "-1.25").await;
    world.record("duty", "", "-3").await;
    world.close(CYCLE).await.unwrap();
    world.publish().await.unwrap();
    let published: ResultsPublished = world.last().await;
    assert_eq!(published.accountability_threshold.as_deref(), Some("1"));
    let [result] = published.results.as_slice() else { panic!("{published:?}") };
    // The daily source takes at most 2.
    assert_eq!(result.points_lost, "5");
    let deductions: Vec<_> =
        result.deductions.iter().map(|entry| (entry.entry_id.as_str(), entry.points.as_str())).collect();
    assert_eq!(deductions, [("duty", "3"), ("first", "1.5"), ("second", "1.25")]);
    for deduction in &result.deductions {
        let event = world.own.reader().read_all(deduction.position, 1).await.unwrap().remove(0);
        assert_eq!(event.event_id.to_string(), deduction.event_id);
        let recorded = <EntryRecorded as prost::Message>::decode(event.payload.as_slice()).unwrap();
        assert_eq!(recorded.entry_id, deduction.entry_id);
    }
}

#[tokio::test]
async fn a_cap_of_more_than_two_places_is_published_rounded() {
    let world = World::start().await;
    let mut rules = rules();
    rules.daily_sources[0].cap = "2.005".to_owned();
    world.scheme("fine", rules).await;
    world.close(CYCLE).await.unwrap();
    let request = OpenCycleRequest {
        request_id: world.request_id(),
        parent: CITY.to_owned(),
        cycle_id: "fine".to_owned(),
        title: "A fine cap".to_owned(),
        scheme: format!("{CITY}/schemes/fine"),
        start_date: "2025-01-01".to_owned(),
        end_date: "2025-12-31".to_owned(),
        level: CycleLevel::Municipal.into(),
        ranked_groups: vec![1],
        ..Default::default()
    };
    EvaluationService::open_cycle(&*world.service, Request::new(request)).await.unwrap();
    let cycle = format!("{CITY}/cycles/fine");
    world.enter(&cycle, TRAFFIC).await.unwrap();
    let request = RecordEntryRequest {
        request_id: world.request_id(),
        parent: cycle.clone(),
        unit: TRAFFIC.to_owned(),
        entry_id: "e1".to_owned(),
        source_id: "daily".to_owned(),
        points: "-3".to_owned(),
        reason: "Seen on the spot".to_owned(),
        ..Default::default()
    };
    world.service.record_entry(by("inspector", request)).await.unwrap();
    world.close(&cycle).await.unwrap();
    let request = PublishResultsRequest { request_id: world.request_id(), name: cycle, ..Default::default() };
    let published = world.service.publish_results(Request::new(request)).await.unwrap().into_inner();
    let result = &published.cycle.unwrap().results[0];
    assert_eq!((result.daily.as_str(), result.final_points.as_deref()), ("-2.01", Some("98.00")));
}

#[tokio::test]
async fn who_recorded_an_entry_or_appealed_does_not_reverse_it_while_the_appeal_waits() {
    let world = World::start().await;
    let entry = world.record("e1", "daily", "-1").await;
    world.contest(&entry).await;
    let request = ReverseEntryRequest {
        request_id: world.request_id(),
        name: entry.clone(),
        reason: "So be it".to_owned(),
        ..Default::default()
    };
    let refused = world.service.reverse_entry(by("inspector", request)).await;
    assert_eq!(rule(refused), "evaluation.contest_pending");
    assert_eq!(world.decide(&entry, true).await.unwrap().contest(), ContestState::Granted);
}

#[tokio::test]
async fn an_entry_has_a_place_in_the_scheme() {
    let world = World::start().await;
    for (component_id, source_id, refused) in
        [("votes", "", "evaluation.unknown_component"), ("", "nightly", "evaluation.unknown_source")]
    {
        let request = RecordEntryRequest {
            request_id: world.request_id(),
            parent: CYCLE.to_owned(),
            unit: TRAFFIC.to_owned(),
            entry_id: "e1".to_owned(),
            component_id: component_id.to_owned(),
            source_id: source_id.to_owned(),
            points: "-1".to_owned(),
            reason: "Seen on the spot".to_owned(),
            ..Default::default()
        };
        assert_eq!(rule(world.service.record_entry(by("inspector", request)).await), refused);
    }
}

#[tokio::test]
async fn a_cycle_is_not_closed_before_reactions_have_dealt_with_what_others_recorded() {
    let world = World::start().await;
    let fact = world.fact(contract::training::UnitResumed::default()).await;
    let (reads, replica) = (world.service.reads.clone(), world.service.replica.clone());
    let service = Service::new(&world.own, reads, replica, world.service.clock.clone());
    let service = service.reacting(vec![("evaluation-from-others", world.others.source())]);
    let close = async || {
        let request_id = world.request_id();
        let request = CloseCycleRequest { request_id, name: CYCLE.to_owned(), ..Default::default() };
        service.close_cycle(Request::new(request)).await
    };
    let refused = close().await.unwrap_err();
    assert!(refused.message().contains("evaluation-from-others has not dealt with"), "{}", refused.message());
    let epoch = world.others.reader().head().await.unwrap().epoch;
    let reached = eventstore::Checkpoint { position: fact.position, epoch };
    world.own.set_checkpoint("evaluation-from-others", reached).await.unwrap();
    close().await.unwrap();
}

#[tokio::test]
async fn an_appeal_after_publication_makes_a_revision_due_and_changes_nothing_by_itself() {
    let world = World::start().await;
    let entry = world.record("e1", "daily", "-1").await;
    world.close(CYCLE).await.unwrap();
    world.contest(&entry).await;
    assert_eq!(rule(world.publish().await), "evaluation.not_ready");
    world.decide(&entry, false).await.unwrap();
    let published = world.publish().await.unwrap();
    assert_eq!(published.results[0].final_points.as_deref(), Some("99.00"));
    assert_eq!(world.cycle().await.revision_due, Vec::<String>::new());

    let request = ReverseEntryRequest {
        request_id: world.request_id(),
        name: entry,
        reason: "It was another unit".to_owned(),
        ..Default::default()
    };
    world.service.reverse_entry(Request::new(request)).await.unwrap();
    let due = world.cycle().await;
    assert_eq!(due.revision_due, [TRAFFIC]);
    assert_eq!(due.results[0].final_points.as_deref(), Some("99.00"));

    let revised = world.revise("An appeal was granted").await;
    assert_eq!(revised.results[0].final_points.as_deref(), Some("100.00"));
    assert_eq!((revised.revisions, revised.revision_reasons.len()), (1, 1));
    let event: ResultsRevised = world.last().await;
    assert_eq!((event.revision, event.reason.as_str()), (1, "An appeal was granted"));
    assert_eq!(world.cycle().await.revision_due, Vec::<String>::new());
}

#[tokio::test]
async fn a_veto_caps_and_bars_at_the_publication_and_falls_at_the_revision() {
    let world = World::start().await;
    let (case, unit, cycle) = (CASE.to_owned(), TRAFFIC.to_owned(), CYCLE.to_owned());
    world.fact(VetoRaised { case: case.clone(), unit: unit.clone(), cycle: cycle.clone() }).await;
    world.close(CYCLE).await.unwrap();
    let published = world.publish().await.unwrap();
    let result = &published.results[0];
    assert_eq!(
        (result.final_points.as_deref(), result.vetoed, result.excellent),
        (Some("60.00"), true, false)
    );
    world.service.reads.catch_up(PATIENCE).await.unwrap();
    let listed = world.excellent().await;
    assert_eq!((listed.groups[0].excellent.len(), listed.groups[0].barred.len()), (0, 1));

    world.fact(VetoLifted { case, unit, cycle, ..VetoLifted::default() }).await;
    assert_eq!(world.cycle().await.revision_due, [TRAFFIC]);
    let revised = world.revise("The finding was overturned").await;
    let result = &revised.results[0];
    assert_eq!(
        (result.final_points.as_deref(), result.vetoed, result.excellent),
        (Some("100.00"), false, true)
    );
    world.service.reads.catch_up(PATIENCE).await.unwrap();
    let listed = world.excellent().await;
    assert_eq!((listed.groups[0].excellent.len(), listed.revisions), (1, 1));
}

#[tokio::test]
async fn there_is_no_excellent_list_before_the_publication() {
    let world = World::start().await;
    world.service.reads.catch_up(PATIENCE).await.unwrap();
    let request = GetExcellentListRequest { name: CYCLE.to_owned(), ..Default::default() };
    let refused = world.service.get_excellent_list(Request::new(request)).await;
    assert_eq!(rule(refused), "evaluation.not_published");
}
