//! 600 complaints of every fate, and a clock that is computed anew: every yellow, red and escalation of the year,
//! exactly once, at its instant.

use std::collections::{BTreeMap, BTreeSet};

use contract::complaints::complaint_service_client::ComplaintServiceClient;
use contract::complaints::*;
use contract::field::{day_of, instant};
use contract::words::{PostLevel, RecordedEvent};
use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan as _, tz};
use prost::Message;

use super::Year;

/// Working days of a period of escalation, and with how many left a clock is yellow.
const PERIOD: usize = 5;
const YELLOW: usize = 3;

pub(crate) async fn six_hundred_complaints_end_in_every_way(year: &Year) {
    let complaints = listed(year).await;
    assert_eq!(complaints.len(), 600);
    let count = |which: &dyn Fn(&Complaint) -> bool| complaints.iter().filter(|it| which(it)).count();
    let open = |it: &Complaint| ![ComplaintStage::Closed, ComplaintStage::Rejected].contains(&it.stage());
    let outcomes = [ClosureOutcome::Rectified, ClosureOutcome::Unsubstantiated, ClosureOutcome::Withdrawn];
    for outcome in outcomes {
        assert!(count(&|it| it.outcome() == outcome) > 20, "{}", outcome.as_str_name());
    }
    let stages: BTreeSet<_> = complaints.iter().filter(|it| open(it)).map(Complaint::stage).collect();
    for stage in [
        ComplaintStage::Lodged,
        ComplaintStage::Accepted,
        ComplaintStage::Led,
        ComplaintStage::Assigned,
        ComplaintStage::Reported,
        ComplaintStage::Verified,
        ComplaintStage::Referred,
    ] {
        assert!(stages.contains(&stage), "{} at the end", stage.as_str_name());
    }
    assert_eq!(count(&open), 12, "a few are open");
    assert_eq!(count(&|it| it.stage() == ComplaintStage::Rejected), 30);
    assert_eq!(count(&|it| it.erased), 8);
    assert_eq!(count(&|it| it.harms_public), 6);
    assert_eq!(count(&|it| it.reopenings > 0), 12);
    assert_eq!(count(&|it| it.refutations > 0), 24);
    assert_eq!(count(&|it| it.extensions > 0), 20);
    assert!(count(&|it| it.anonymous) > 40);
    let channels: BTreeSet<_> = complaints.iter().map(|it| it.channel).collect();
    assert_eq!(channels.len(), 10);
    let kinds: BTreeSet<_> =
        year.server.log("complaints").await.into_iter().map(|it| last(&it).to_owned()).collect();
    for kind in [
        "ComplaintTransferred",
        "QuestionAnswered",
        "ComplaintReferred",
        "ComplaintWithdrawn",
        "ComplaintEscalated",
    ] {
        assert!(kinds.contains(kind), "{kind}");
    }
}

pub(crate) async fn every_yellow_red_and_escalation_came_exactly_once(year: &Year) {
    let log = year.server.log("complaints").await;
    let set = log.iter().rfind(|event| last(event) == "CalendarSet").unwrap();
    let days = Days::of(&CalendarSet::decode(set.payload.as_slice()).unwrap());
    let now =
        log.iter().map(|event| instant("recorded_at", event.recorded_at.unwrap()).unwrap()).max().unwrap();
    let mut streams: BTreeMap<&str, Vec<&RecordedEvent>> = BTreeMap::new();
    for event in log.iter().filter(|event| event.stream.starts_with("complaint-")) {
        streams.entry(&event.stream).or_default().push(event);
    }
    let mut all = Vec::new();
    for (stream, events) in streams {
        let (found, expected) = (found(&events), expected(&events, &days, now));
        assert_eq!(found, expected, "{stream}");
        all.extend(expected);
    }
    for (what, more_than) in
        [(What::Yellow, 500), (What::Red, 10), (What::Overdue, 20), (What::Escalated, 10)]
    {
        let count = all.iter().filter(|(_, raised)| *raised == what).count();
        assert!(count > more_than, "{what:?}: {count}");
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Yellow,
    Red,
    Overdue,
    Escalated,
}

/// What was raised of a complaint, and when, in that order.
type Raised = Vec<(Timestamp, What)>;

fn found(events: &[&RecordedEvent]) -> Raised {
    let what = |event: &RecordedEvent| match last(event) {
        "ComplaintAlerted" if decode::<ComplaintAlerted>(event).colour() == AlertColour::Yellow => {
            Some(What::Yellow)
        }
        "ComplaintAlerted" => Some(What::Red),
        "ComplaintOverdue" => Some(What::Overdue),
        "ComplaintEscalated" => Some(What::Escalated),
        _ => None,
    };
    let mut raised: Raised =
        events.iter().filter_map(|event| Some((occurred(event), what(event)?))).collect();
    raised.sort_unstable();
    raised
}

/// A clock as it ran: from, until, and when it was due meanwhile.
struct Run {
    spans: Vec<(Timestamp, Timestamp, Timestamp)>,
    deadline: bool,
}

/// What must have been raised of a complaint by `now`, from its other events alone.
fn expected(events: &[&RecordedEvent], days: &Days, now: Timestamp) -> Raised {
    let (mut raised, mut level) = (Raised::new(), PostLevel::Unspecified);
    let lodged = decode::<ComplaintLodged>(events[0]);
    let mut stage = Some((occurred(events[0]), time(lodged.stage_due_time), false));
    let mut earlier = vec![];
    // The case: open from lodging on, and again while it is reopened; each is raised once in all.
    let (case_due, mut case_since, mut case) =
        (time(lodged.case_due_time), Some(occurred(events[0])), vec![]);
    let mut finish = |stage: &mut Option<(Timestamp, Timestamp, bool)>, earlier: &mut Vec<_>, end, level| {
        let Some((since, due, deadline)) = stage.take() else { return };
        let mut spans = std::mem::take(earlier);
        spans.push((since, end, due));
        raised.extend(ran(&Run { spans, deadline }, level, days));
    };
    for event in &events[1..] {
        let at = occurred(event);
        let begins = match last(event) {
            "ComplaintAccepted" => Some((time(decode::<ComplaintAccepted>(event).stage_due_time), false)),
            "LeaderAppointed" => {
                let appointed = decode::<LeaderAppointed>(event);
                level = appointed.post_level();
                appointed.stage_due_time.map(|due| (time(Some(due)), false))
            }
            "ComplaintAssigned" if stage.is_some_and(|(_, _, deadline)| deadline) => None,
            "ComplaintAssigned" => Some((time(decode::<ComplaintAssigned>(event).deadline), true)),
            "RectificationRefuted" => Some((time(decode::<RectificationRefuted>(event).deadline), true)),
            "RectificationReported" => {
                Some((time(decode::<RectificationReported>(event).stage_due_time), false))
            }
            "RectificationVerified" => {
                Some((time(decode::<RectificationVerified>(event).stage_due_time), false))
            }
            "ComplaintReopened" => Some((time(decode::<ComplaintReopened>(event).stage_due_time), false)),
            _ => None,
        };
        match last(event) {
            "DeadlineExtended" => {
                let (since, due, _) = stage.as_mut().unwrap();
                earlier.push((*since, at, *due));
                *since = at;
                *due = time(decode::<DeadlineExtended>(event).deadline);
            }
            "ComplaintReferred" | "ComplaintWithdrawn" => finish(&mut stage, &mut earlier, at, level),
            "ComplaintRejected" | "ComplaintClosed" => {
                finish(&mut stage, &mut earlier, at, level);
                case.extend(case_since.take().map(|since| (since, at, case_due)));
            }
            "ComplaintReopened" => case_since = Some(at),
            _ => (),
        }
        if let Some((due, deadline)) = begins {
            finish(&mut stage, &mut earlier, at, level);
            stage = Some((at, due, deadline));
        }
    }
    finish(&mut stage, &mut earlier, now, level);
    case.extend(case_since.map(|since| (since, now, case_due)));
    raised.extend(ran(&Run { spans: case, deadline: false }, level, days));
    raised.sort_unstable();
    raised
}

/// What is raised while a clock runs.
fn ran(run: &Run, level: PostLevel, days: &Days) -> Raised {
    let first = |from: &dyn Fn(Timestamp) -> Timestamp| {
        let reached = run.spans.iter().map(|(since, end, due)| (from(*due).max(*since), *end));
        reached.filter(|(at, end)| at < end).map(|(at, _)| at).next()
    };
    let mut raised: Raised =
        first(&|due| days.yellow_from(due)).map(|at| (at, What::Yellow)).into_iter().collect();
    let Some(passed) = first(&|due| due) else { return raised };
    if !run.deadline {
        raised.push((passed, What::Red));
        return raised;
    }
    raised.push((passed, What::Overdue));
    let (_, end, due) = *run.spans.last().unwrap();
    let levels = usize::try_from(i32::from(PostLevel::BureauHead) - i32::from(level)).unwrap();
    let escalations = (1..=levels).map(|period| days.after(due, period * PERIOD));
    raised.extend(escalations.take_while(|at| *at < end).map(|at| (at, What::Escalated)));
    raised
}

/// Working days, counted one by one.
struct Days {
    holidays: BTreeSet<Date>,
    make_up_days: BTreeSet<Date>,
}

impl Days {
    fn of(calendar: &CalendarSet) -> Self {
        let dates = |dates: &[String]| dates.iter().map(|date| date.parse().unwrap()).collect();
        Self { holidays: dates(&calendar.holidays), make_up_days: dates(&calendar.make_up_days) }
    }

    fn works(&self, day: Date) -> bool {
        if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            self.make_up_days.contains(&day)
        } else {
            !self.holidays.contains(&day)
        }
    }

    /// The midnight at which a clock that is due at `due`, a midnight, turns yellow.
    fn yellow_from(&self, due: Timestamp) -> Timestamp {
        let last = day_of(due).yesterday().unwrap();
        let left = |today: Date| {
            today
                .series(1.day())
                .skip(1)
                .take_while(|day| *day <= last)
                .filter(|day| self.works(*day))
                .count()
        };
        let first = last.series(-1.day()).take_while(|today| left(*today) <= YELLOW).last().unwrap();
        midnight(first)
    }

    /// The midnight so many working days after `due`, a midnight.
    fn after(&self, due: Timestamp, count: usize) -> Timestamp {
        let last = day_of(due).series(1.day()).filter(|day| self.works(*day)).nth(count - 1).unwrap();
        midnight(last.tomorrow().unwrap())
    }
}

fn midnight(day: Date) -> Timestamp {
    tz::offset(8).to_timestamp(day.at(0, 0, 0, 0)).unwrap()
}

pub(super) fn occurred(event: &RecordedEvent) -> Timestamp {
    time(event.occurred_at)
}

fn time(time: Option<contract::Timestamp>) -> Timestamp {
    instant("time", time.unwrap()).unwrap()
}

pub(super) fn decode<M: Message + Default>(event: &RecordedEvent) -> M {
    M::decode(event.payload.as_slice()).unwrap()
}

pub(super) fn last(event: &RecordedEvent) -> &str {
    event.event_type.rsplit('.').next().unwrap()
}

async fn listed(year: &Year) -> Vec<Complaint> {
    let request = ListComplaintsRequest {
        parent: "jurisdictions/city".to_owned(),
        page_size: 1000,
        consistency_token: year.server.everything().await,
        ..Default::default()
    };
    let mut client = ComplaintServiceClient::new(year.server.channel());
    client.list_complaints(request).await.unwrap().into_inner().complaints
}
