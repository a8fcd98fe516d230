//! Generated years, with all that goes wrong in one: corrections, reversals, contests, appeals upheld, varied and
//! overturned, revised marks, published revisions, vetoes, late recordings. At any instant, by what had happened
//! and by what was recorded, the scorecards are what the events up to then say.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tempfile::tempdir;
use tokio::task::JoinSet;

use crate::chance::Chance;
use crate::harness::Server;
use crate::recomputed::{Asked, Checked, City, Cut, cities};
use crate::years::walk::Walk;

mod evaluation;
mod harm;
mod training;
mod walk;

/// As many as `TEST_YEARS` said when the test was built, or else these.
const YEARS: u64 = 100;
/// At nine in the morning, China's time: the year is opened; people act; it is closed; and what follows.
const DAYS: [&str; 8] = [
    "2024-01-10T01:00:00Z",
    "2024-03-05T01:00:00Z",
    "2024-05-20T01:00:00Z",
    "2024-07-15T01:00:00Z",
    "2024-09-30T01:00:00Z",
    "2024-12-20T01:00:00Z",
    "2025-01-10T01:00:00Z",
    "2025-03-03T01:00:00Z",
];
const CLOSED: usize = 6;
const ACTS: u64 = 12;
const AT_ONCE: usize = 16;
/// So many instants of each year are looked at.
const INSTANTS: u64 = 2;
/// So many differences are told.
const SHOWN_MAX: usize = 40;
/// Timers look more often.
const QUIET: Duration = Duration::from_secs(3);

/// What has to happen in some of the years.
const MUST_HAPPEN: [&str; 40] = [
    "MarkRevised",
    "EntryReversed",
    "EntryContested",
    "EntryUpheld",
    "IndicatorReported",
    "UnitMoved",
    "UnitRemoved",
    "CommitmentLapsed",
    "DeliveryVerified",
    "DeliveryRefuted",
    "ResultsRevised",
    "BallotCast",
    "FormAnswered",
    "SessionCorrected",
    "SessionVoided",
    "AssessmentCorrected",
    "NeedMet",
    "UnitStalled",
    "UnitResumed",
    "PlanApproved",
    "OfficerLeft",
    "OfficerTransferred",
    "PostLevelChanged",
    "CampaignConcluded",
    "ComplaintOverdue",
    "ComplaintClosed",
    "ComplaintReopened",
    "ComplaintTransferred",
    "ComplaintRejected",
    "ComplaintSubstantiated",
    "ComplaintUnsubstantiated",
    "RectificationRefuted",
    "DeadlineExtended",
    "CaseMerged",
    "CaseClosed",
    "DispositionExecuted",
    "AppealDecided",
    "VetoRaised",
    "VetoLifted",
    "FindingMade",
];

#[tokio::test(flavor = "multi_thread")]
async fn at_any_instant_the_scorecards_of_a_year_are_what_its_events_up_to_then_say() {
    let asked: Option<u64> = option_env!("TEST_YEARS").map(|years| years.parse().unwrap());
    let data = tempdir().unwrap();
    // Every look at the clock is a microsecond later than the last one.
    let micros = Arc::new(AtomicI64::new(instant(DAYS[0]).as_microsecond()));
    let hand = micros.clone();
    let clock = Arc::new(move || Timestamp::from_microsecond(hand.fetch_add(1, Ordering::Relaxed)).unwrap());
    let server = Server::start_with(data.path(), clock).await;
    let mut walks = Vec::new();
    for (phase, day) in DAYS.into_iter().enumerate() {
        micros.store(instant(day).as_microsecond(), Ordering::Relaxed);
        let years: Vec<_> = if phase == 0 {
            (0..asked.unwrap_or(YEARS)).map(Err).collect()
        } else {
            walks.drain(..).map(Ok).collect()
        };
        walks = live(&server, phase, years).await;
    }
    quiet(&server).await;
    let cities = cities(&server).await;
    let now = Timestamp::from_microsecond(micros.load(Ordering::Relaxed)).unwrap();
    let (mut happened, mut cards, mut wrong) = (BTreeSet::new(), 0, Vec::new());
    for walk in &walks {
        let city = &cities[walk.city.trim_start_matches("jurisdictions/")];
        happened.extend(
            city.events().iter().map(|event| event.event_type.rsplit('.').next().unwrap().to_owned()),
        );
        let checked = check(&server, walk, city, now).await;
        cards += checked.scorecards;
        wrong.extend(checked.differences);
    }
    let shown = wrong.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} differences:\n{shown}", wrong.len());
    let missing: Vec<_> = MUST_HAPPEN.into_iter().filter(|event| !happened.contains(*event)).collect();
    assert_eq!(missing, [""; 0], "never happened");
    let answers = walks.iter().fold((0, 0), |sum, walk| (sum.0 + walk.answers.0, sum.1 + walk.answers.1));
    assert!(answers.0 > 0 && cards > walks.len(), "{answers:?} done and refused, {cards} scorecards");
    server.stop().await;
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// All years go on, side by side.
async fn live(server: &Server, phase: usize, years: Vec<Result<Walk, u64>>) -> Vec<Walk> {
    let (mut running, mut lived) = (JoinSet::new(), Vec::new());
    for year in years {
        if running.len() == AT_ONCE {
            lived.push(running.join_next().await.unwrap().unwrap());
        }
        let channel = server.channel();
        running.spawn(async move {
            match year {
                Err(seed) => Walk::open(channel, seed, instant(DAYS[0])).await,
                Ok(mut walk) => {
                    walk.now = instant(DAYS[phase]);
                    go_on(&mut walk, phase).await;
                    walk
                }
            }
        });
    }
    while let Some(walk) = running.join_next().await {
        lived.push(walk.unwrap());
    }
    lived
}

async fn go_on(walk: &mut Walk, phase: usize) {
    for _ in 0..ACTS {
        walk.act().await;
    }
    if phase == CLOSED {
        walk.close().await;
        walk.publish().await;
    }
    if phase > CLOSED {
        walk.revise().await;
    }
}

/// Waits until the logs do not grow any more.
async fn quiet(server: &Server) {
    loop {
        let heads = server.heads().await;
        tokio::time::sleep(QUIET).await;
        if server.heads().await == heads {
            return;
        }
    }
}

/// The scorecards now and at some instants, by both times; and what was published.
async fn check(server: &Server, walk: &Walk, city: &City, now: Timestamp) -> Checked {
    let mut chance = Chance::seeded(u64::try_from(city.events().len()).unwrap());
    let events = city.events();
    let mut cuts = vec![Cut::default()];
    for _ in 0..INSTANTS {
        let mut some = |of: fn(&contract::words::RecordedEvent) -> Option<contract::Timestamp>| {
            let event = &events[usize::try_from(chance.below(u64::try_from(events.len()).unwrap())).unwrap()];
            let at = of(event).unwrap();
            Some(Timestamp::new(at.seconds, at.nanos).unwrap())
        };
        let (occurred, recorded) = (some(|event| event.occurred_at), some(|event| event.recorded_at));
        cuts.extend([
            Cut { occurred, recorded: None },
            Cut { occurred: None, recorded },
            Cut { occurred, recorded },
        ]);
    }
    let cycle = walk.cycle();
    let mut all = Checked { scorecards: 0, differences: city.misprints() };
    for cut in cuts {
        let asked = Asked { cycle: &cycle, cut, now, explained: 1 };
        let checked = city.check(server, &asked).await;
        all.scorecards += checked.scorecards;
        let told = checked.differences.iter().map(|what| format!("{cycle} {cut:?}: {what}"));
        all.differences.extend(told);
    }
    all
}

impl Walk {
    /// Something happens.
    async fn act(&mut self) {
        match self.chance.below(10) {
            0..=3 => self.score().await,
            4 | 5 => self.train().await,
            6 => self.promise().await,
            7 | 8 => self.complain().await,
            _ => self.hold_to_account().await,
        }
    }
}
