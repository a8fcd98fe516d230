//! Who stands still is found as time passes: over a whole year, day by day, with restarts between.

use jiff::ToSpan as _;
use shell::timer::Timer as _;

use super::*;
use crate::timers::Stalls;

const CAMPAIGN: &str = "jurisdictions/city/campaigns/2024";
const ITEM: &str = "jurisdictions/city/campaigns/2024/items/run";
/// Trains all year but for July.
const PAUSING: &str = "jurisdictions/city/units/pausing";
/// Trains all year, and files its plan late.
const LATE: &str = "jurisdictions/city/units/late";
/// Stands still until October.
const LAZY: &str = "jurisdictions/city/units/lazy";

eventstore::events! {
    enum Moving { UnitStalled, UnitResumed }
}

/// Holidays and make-up days of 2024, as far as they matter here.
async fn set_calendar(world: &World, more: &[&str]) {
    let days = |days: &[&str]| days.iter().map(|day| (*day).to_owned()).collect();
    let holidays = ["05-01", "05-02", "05-03", "10-01", "10-02", "10-03", "10-04", "10-07"];
    let holidays: Vec<_> = holidays.iter().chain(more).map(|day| format!("2024-{day}")).collect();
    let calendar = CalendarSet {
        jurisdiction: "jurisdictions/city".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        holidays,
        make_up_days: days(&["2024-04-28", "2024-05-11", "2024-09-29", "2024-10-12"]),
    };
    let what = format!("calendar {more:?}");
    record(&world.complaints, StreamId::new("calendar", "city"), calendar.into(), &what).await;
}

/// A bureau of three teams in a campaign from March to November, a session every ten working days.
async fn launched(world: &World) {
    world.move_to(Date::constant(2024, 3, 1));
    set_calendar(world, &[]).await;
    world.register(BUREAU, "").await;
    let teams = [PAUSING, LATE, LAZY];
    for (number, team) in (1..).zip(teams) {
        world.register(team, BUREAU).await;
        world.service().enrol_officer(enrol(number, &format!("o{number}"), team)).await.unwrap();
    }
    let mut campaign = launch().into_inner();
    campaign.start_date = "2024-03-01".to_owned();
    if let Some(rules) = &mut campaign.rules {
        rules.plan_due_date = "2024-03-31".to_owned();
    }
    world.service().launch_campaign(Request::new(campaign)).await.unwrap();
    let design = DesignItemRequest {
        request_id: request_id(110),
        parent: CAMPAIGN.to_owned(),
        item_id: "run".to_owned(),
        title: "Run".to_owned(),
        guiding_department: BUREAU.to_owned(),
        design_unit: BUREAU.to_owned(),
        basic: Basic::Skills.into(),
        quality: Quality::Physical.into(),
        operational_need: "suspects get away".to_owned(),
        ..DesignItemRequest::default()
    };
    world.service().design_item(Request::new(design)).await.unwrap();
    let approve =
        ApproveItemRequest { request_id: request_id(111), name: ITEM.to_owned(), ..Default::default() };
    world.service().approve_item(Request::new(approve)).await.unwrap();
}

async fn hold(world: &World, unit: &str, officer: &str, day: Date) -> Session {
    let session_id = format!("{}-{day}", unit.rsplit('/').next().unwrap());
    let held = HoldSessionRequest {
        request_id: Uuid::new_v5(&Uuid::NAMESPACE_OID, session_id.as_bytes()).to_string(),
        parent: CAMPAIGN.to_owned(),
        session_id,
        item: ITEM.to_owned(),
        unit: unit.to_owned(),
        mode: TrainingMode::OnTheJob.into(),
        session_date: day.to_string(),
        hours: "2".to_owned(),
        participants: vec![format!("jurisdictions/city/officers/{officer}")],
        occurred_at: None,
    };
    world.service().hold_session(Request::new(held)).await.unwrap().into_inner().session.unwrap()
}

async fn file(world: &World, unit: &str) {
    let filed = FilePlanRequest {
        request_id: Uuid::new_v5(&Uuid::NAMESPACE_URL, unit.as_bytes()).to_string(),
        parent: CAMPAIGN.to_owned(),
        unit: unit.to_owned(),
        plan: "Every week".to_owned(),
        with_subtree: false,
        occurred_at: None,
    };
    world.service().file_plan(Request::new(filed)).await.unwrap();
}

/// What the timer raised and lifted, in order: day of recording, unit, cause and due day (of a stall).
async fn moves(world: &World) -> Vec<(String, String, Option<(StallCause, String)>)> {
    let campaign = StreamId::new("campaign", "city/2024");
    let events = world.store.reader().read_stream(&campaign).await.unwrap();
    let moving = events.into_iter().filter_map(|event| {
        let day = field::day_of(event.recorded_at).to_string();
        match Moving::decode(&event.event_type, &event.payload).unwrap()? {
            Moving::UnitStalled(stalled) => {
                let cause = stalled.cause();
                Some((day, stalled.unit, Some((cause, stalled.due_date))))
            }
            Moving::UnitResumed(resumed) => Some((day, resumed.unit, None)),
        }
    });
    moving.collect()
}

async fn tick(world: &World) {
    let now = (world.service().clock)();
    Stalls::new(world.training.service.clone()).tick(now).await.unwrap();
}

#[tokio::test]
async fn over_a_year_each_stall_is_raised_once_and_lifted_once() {
    let mut world = World::new().await;
    launched(&world).await;
    for unit in [BUREAU, PAUSING, LAZY] {
        file(&world, unit).await;
    }
    let day = |month, day| Date::constant(2024, month, day);
    let pause = [day(6, 29)..day(7, 30), day(9, 21)..day(10, 10)];
    for (number, today) in day(3, 1).series(1.day()).take_while(|today| *today <= day(12, 31)).enumerate() {
        world.move_to(today);
        let trains = today <= day(11, 30) && number % 7 == 0;
        // Fridays, and the first days after its pauses.
        let back = pause.iter().any(|pause| pause.end == today);
        if back || trains && !pause.iter().any(|pause| pause.contains(&today)) {
            hold(&world, PAUSING, "o1", today).await;
        }
        if trains {
            hold(&world, LATE, "o2", today).await;
        }
        if trains && today > day(10, 1) {
            hold(&world, LAZY, "o3", today).await;
        }
        if today == day(4, 10) {
            file(&world, LATE).await;
        }
        tick(&world).await;
        tick(&world).await;
        if number % 23 == 0 {
            world = world.restarted().await;
            tick(&world).await;
        }
    }
    let stalled = |on: &str, unit: &str, cause, due: &str| {
        (on.to_owned(), unit.to_owned(), Some((cause, due.to_owned())))
    };
    let resumed = |on: &str, unit: &str| (on.to_owned(), unit.to_owned(), None);
    // Over National Day nobody stands still: from 20 September to 10 October there are ten working days, one of
    // them a Sunday that made up for a holiday.
    let expected = [
        stalled("2024-03-16", LAZY, StallCause::NoSession, "2024-03-15"),
        stalled("2024-04-01", LATE, StallCause::PlanNotFiled, "2024-03-31"),
        resumed("2024-04-10", LATE),
        stalled("2024-07-13", PAUSING, StallCause::NoSession, "2024-07-12"),
        resumed("2024-07-30", PAUSING),
        resumed("2024-10-04", LAZY),
    ];
    assert_eq!(moves(&world).await, expected);
    let asked = ListStalledUnitsRequest {
        parent: CAMPAIGN.to_owned(),
        include_resumed: true,
        consistency_token: world.everything().await,
        ..Default::default()
    };
    let listed = world.service().list_stalled_units(Request::new(asked)).await.unwrap().into_inner();
    let units: Vec<_> = listed.stalled_units.iter().map(|stall| stall.unit.as_str()).collect();
    assert_eq!(units, [LAZY, LATE, PAUSING]);
    assert!(listed.stalled_units.iter().all(|stall| stall.resume_time.is_some()));
}

#[tokio::test]
async fn a_voided_session_takes_its_movement_back() {
    let world = World::new().await;
    launched(&world).await;
    for unit in [BUREAU, PAUSING, LATE, LAZY] {
        file(&world, unit).await;
    }
    let (stall, due) = (Date::constant(2024, 3, 16), "2024-03-15".to_owned());
    world.move_to(stall);
    for (unit, officer) in [(PAUSING, "o1"), (LATE, "o2")] {
        hold(&world, unit, officer, Date::constant(2024, 3, 15)).await;
    }
    tick(&world).await;
    let session = hold(&world, LAZY, "o3", stall).await;
    tick(&world).await;
    let void = VoidSessionRequest {
        request_id: request_id(120),
        name: session.name,
        reason: "not held".to_owned(),
        ..Default::default()
    };
    world.service().void_session(Request::new(void)).await.unwrap();
    tick(&world).await;
    tick(&world).await;
    let day = stall.to_string();
    let raised = (day.clone(), LAZY.to_owned(), Some((StallCause::NoSession, due)));
    assert_eq!(moves(&world).await, [raised.clone(), (day, LAZY.to_owned(), None), raised]);
}

#[tokio::test]
async fn another_calendar_lifts_no_stall_and_raises_it_no_second_time() {
    let world = World::new().await;
    launched(&world).await;
    for unit in [BUREAU, PAUSING, LATE, LAZY] {
        file(&world, unit).await;
    }
    let day = |month, day| Date::constant(2024, month, day);
    world.move_to(day(3, 16));
    for (unit, officer) in [(PAUSING, "o1"), (LATE, "o2")] {
        hold(&world, unit, officer, day(3, 15)).await;
    }
    tick(&world).await;
    // Had it been so before, the unit would have had until the 20th.
    set_calendar(&world, &["03-11", "03-12", "03-13"]).await;
    for today in 16..=21 {
        world.move_to(day(3, today));
        tick(&world).await;
    }
    let raised = ("2024-03-16".to_owned(), LAZY.to_owned());
    let raised = (raised.0, raised.1, Some((StallCause::NoSession, "2024-03-15".to_owned())));
    assert_eq!(moves(&world).await, std::slice::from_ref(&raised));
    hold(&world, LAZY, "o3", day(3, 21)).await;
    tick(&world).await;
    assert_eq!(moves(&world).await, [raised, ("2024-03-21".to_owned(), LAZY.to_owned(), None)]);
}
