//! A year by a clock moved by hand: each yellow, each red and each escalation once, over holidays, make-up days
//! and restarts.

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};

use super::*;

/// Days off and days made up for, from September 2024 to August 2025.
const HOLIDAYS: [(&str, i64); 7] = [
    ("2024-09-15", 3),
    ("2024-10-01", 7),
    ("2025-01-01", 1),
    // Spring Festival.
    ("2025-01-28", 8),
    ("2025-04-04", 3),
    ("2025-05-01", 5),
    ("2025-05-31", 3),
];
const MADE_UP: [&str; 6] =
    ["2024-09-14", "2024-09-29", "2024-10-12", "2025-01-26", "2025-02-08", "2025-04-27"];

fn holidays() -> Vec<Date> {
    let days = |(first, days): (&str, i64)| first.parse::<Date>().unwrap().series(1.day()).take(count(days));
    HOLIDAYS.into_iter().flat_map(days).collect()
}

fn count(days: i64) -> usize {
    usize::try_from(days).unwrap()
}

impl World {
    async fn set_year(&self) {
        let calendar = SetCalendarRequest {
            request_id: Uuid::from_u128(90).to_string(),
            parent: "jurisdictions/city".to_owned(),
            holidays: holidays().iter().map(Date::to_string).collect(),
            make_up_days: MADE_UP.map(str::to_owned).to_vec(),
            ..SetCalendarRequest::default()
        };
        self.service.set_calendar(Request::new(calendar)).await.unwrap();
    }

    /// What time did, as day and words, in the order of the log.
    pub(super) async fn raised(&self) -> Vec<(String, String)> {
        let raised = self.facts().await.into_iter();
        raised.map(|(at, _, text)| (field::day_of(at).to_string(), text)).collect()
    }

    /// What time did: when, of which complaint, in words.
    async fn facts(&self) -> Vec<(Timestamp, String, String)> {
        let raised = self.log().await.into_iter().filter(|event| event.actor == "complaints-clocks");
        let told = raised.map(|event| {
            let text = crate::history::told(&event).unwrap().text;
            (event.occurred_at, event.stream.key().to_owned(), text)
        });
        told.collect()
    }
}

/// One complaint that nobody puts right once it is assigned, and one that nobody accepts.
async fn neglected() -> World {
    let world = World::start().await;
    world.set_year().await;
    world.assign().await;
    world.lodge(11).await.unwrap();
    world
}

/// Looks at every `hours`, for a year; after each `restart_after` looks the logs are closed and opened again.
async fn live(mut world: World, hours: i64, restart_after: usize) -> World {
    let start = world.now.load(Ordering::Relaxed);
    for (look, hour) in (0..=365 * 24).step_by(count(hours)).enumerate() {
        world.now.store(start + hour * 3600, Ordering::Relaxed);
        if look % restart_after == restart_after - 1 {
            world = world.restarted().await;
        }
        Clocks::new(world.service.clone()).tick(world.now()).await.unwrap();
    }
    world
}

/// Working days, counted one by one.
fn is_working_day(day: Date) -> bool {
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    MADE_UP.contains(&&*day.to_string()) || !weekend && !holidays().contains(&day)
}

/// The day with which a term ends that begins on `start`.
fn last_day(start: Date, working_days: usize) -> Date {
    let days = start.series(1.day()).skip(1).filter(|day| is_working_day(*day));
    days.take(working_days).last().unwrap()
}

fn midnight_after(day: Date) -> Timestamp {
    jiff::tz::offset(8).to_timestamp(day.tomorrow().unwrap().at(0, 0, 0, 0)).unwrap()
}

/// The midnight from which on three working days or fewer are left until `last` is over.
fn yellow(last: Date) -> Timestamp {
    let left = |day: Date| {
        day.series(1.day()).skip(1).take_while(|day| *day <= last).filter(|day| is_working_day(*day)).count()
    };
    let green = last.series(-1.day()).find(|day| left(*day) > 3).unwrap();
    midnight_after(green)
}

/// How a neglected complaint ends that came in at an instant: what time does to it.
fn expected(kind: usize, at: Timestamp) -> Vec<(Timestamp, String)> {
    let day = field::day_of(at);
    let case = last_day(day, 60);
    let mut facts = vec![
        (yellow(case), format!("the case turned yellow, due by {case}")),
        (midnight_after(case), format!("the case turned red, due by {case}")),
    ];
    let (stage, working_days) = [("lodged", 5), ("assigned", 15), ("reported", 10)][kind];
    let last = last_day(day, working_days);
    facts.push((yellow(last), format!("the stage {stage} turned yellow, due by {last}")));
    if stage != "assigned" {
        facts.push((midnight_after(last), format!("the stage {stage} turned red, due by {last}")));
        return facts;
    }
    facts.push((midnight_after(last), format!("the deadline {last} passed without a report")));
    let mut end = last;
    for (level, number) in ["division head", "deputy bureau head", "bureau head"].into_iter().zip(1..) {
        end = last_day(end, 5);
        facts.push((midnight_after(end), format!("escalated, {number}: now for {level}")));
    }
    facts
}

/// How many complaints come in over the year, one every 25 days: lodged and left, assigned and left, reported and
/// left.
const COMING: u128 = 12;

#[tokio::test]
async fn whatever_comes_in_over_a_year_turns_when_its_days_are_counted_and_once_over_many_restarts() {
    let mut world = World::start().await;
    world.set_year().await;
    world.register_station().await;
    let (start, mut came) = (world.now.load(Ordering::Relaxed), Vec::new());
    for look in 0..=365 * 24 / 36 {
        world.now.store(start + look * 36 * 3600, Ordering::Relaxed);
        if look % 3 == 2 {
            world = world.restarted().await;
        }
        let next = u128::try_from(came.len()).unwrap();
        if next < COMING && look * 36 >= i64::try_from(next).unwrap() * 25 * 24 {
            let (first, kind) = (1000 + 100 * next, came.len() % 3);
            let name = if kind == 0 {
                world.lodge(first).await.unwrap().complaint.unwrap().name
            } else {
                world.assign_by(first, None).await.name
            };
            if kind == 2 {
                let report = ReportRectificationRequest {
                    request_id: Uuid::from_u128(first + 50).to_string(),
                    name: name.clone(),
                    report: "Said sorry.".to_owned(),
                    ..ReportRectificationRequest::default()
                };
                world.service.report_rectification(Request::new(report)).await.unwrap();
            }
            let key = name.strip_prefix("jurisdictions/").unwrap().replace("/complaints/", "/");
            came.push((key, kind, world.now()));
        }
        Clocks::new(world.service.clone()).tick(world.now()).await.unwrap();
    }
    assert_eq!(came.len(), 12);
    let facts = came.iter().flat_map(|(key, kind, at)| {
        expected(*kind, *at).into_iter().map(|(at, text)| (at, key.clone(), text))
    });
    let mut wanted: Vec<_> = facts.filter(|(at, ..)| *at <= world.now()).collect();
    wanted.sort();
    // Spring Festival lies in several of these terms: to 4 February nobody works.
    assert!(wanted.len() > 50, "{}", wanted.len());
    let mut raised = world.facts().await;
    raised.sort();
    assert_eq!(raised, wanted);
}

#[tokio::test]
async fn every_yellow_red_and_escalation_of_a_year_is_raised_once_over_holidays_and_restarts() {
    let world = live(neglected().await, 36, 50).await;
    let raised = world.raised().await;
    let days_of = |text: &str| -> Vec<&str> {
        raised.iter().filter(|(_, told)| told.starts_with(text)).map(|(day, _)| &**day).collect()
    };
    // Fifteen working days after 2 September end with the 24th; the 14th is one of them, 15 to 17 are not.
    assert_eq!(days_of("the stage assigned turned yellow"), ["2024-09-19"]);
    assert_eq!(days_of("the deadline 2024-09-24 passed"), ["2024-09-25"]);
    // Five working days each: to 30 September with Sunday 29; to Saturday 12 October; to the 18th.
    assert_eq!(days_of("escalated, 1: now for division head"), ["2024-10-01"]);
    assert_eq!(days_of("escalated, 2: now for deputy bureau head"), ["2024-10-13"]);
    assert_eq!(days_of("escalated, 3: now for bureau head"), ["2024-10-19"]);
    assert_eq!(days_of("the stage lodged turned yellow"), ["2024-09-04"]);
    assert_eq!(days_of("the stage lodged turned red"), ["2024-09-10"]);
    assert_eq!((days_of("the case turned yellow").len(), days_of("the case turned red").len()), (2, 2));
    assert_eq!(raised.len(), 11, "{raised:?}");
}

#[tokio::test]
async fn a_year_that_is_looked_at_once_in_the_end_reads_as_one_that_was_looked_at_all_along() {
    let often = live(neglected().await, 30, 1000).await;
    let once = live(neglected().await, 365 * 24, 1000).await;
    let (mut often, mut once) = (often.raised().await, once.raised().await);
    often.sort();
    once.sort();
    assert_eq!(often, once);
}

#[tokio::test]
async fn another_calendar_moves_no_due_time_that_was_given() {
    let world = neglected().await;
    let key = world.log().await[1].stream.key().to_owned();
    let due = world.get(&format!("jurisdictions/{}", key.replace('/', "/complaints/"))).await;
    let calendar = SetCalendarRequest {
        request_id: Uuid::from_u128(91).to_string(),
        parent: "jurisdictions/city".to_owned(),
        ..SetCalendarRequest::default()
    };
    world.service.set_calendar(Request::new(calendar)).await.unwrap();
    let after = world.get(&due.name).await;
    let times = |it: &Complaint| (it.deadline, it.case_clock.as_ref().map(|clock| clock.due_time));
    assert!(due.deadline.is_some());
    assert_eq!(times(&after), times(&due));
}
