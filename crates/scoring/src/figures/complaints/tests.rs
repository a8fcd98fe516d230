use contract::complaints::{
    ComplaintAssigned, ComplaintClosed, ComplaintLodged, ComplaintOverdue, ComplaintReopened,
    RectificationVerified,
};
use contract::evaluation::UnitMoved;
use contract::field::to_wire;
use jiff::SignedDuration;
use proptest::prelude::*;
use prost::Name;

use super::*;

const YEAR: Period = Period { start: Date::constant(2025, 1, 1), end: Date::constant(2025, 12, 31) };
const NAME: &str = "jurisdictions/city/complaints/c1";

fn at(text: &str) -> Timestamp {
    format!("{text}+08:00").parse().unwrap()
}

fn tell<M: prost::Message + Name>(fold: &mut Complaints, event: &M, at: Timestamp) {
    fold.apply(&M::full_name(), &event.encode_to_vec(), at).unwrap();
}

fn lodged(fold: &mut Complaints, unit: &str, lodge_time: &str) {
    let (complaint, unit, at) = (NAME.to_owned(), unit.to_owned(), at(lodge_time));
    let event = ComplaintLodged { complaint, unit, lodge_time: Some(to_wire(at)), ..Default::default() };
    tell(fold, &event, at);
}

fn assigned(fold: &mut Complaints, unit: &str, deadline: &str) {
    let (complaint, unit, deadline) = (NAME.to_owned(), unit.to_owned(), Some(to_wire(at(deadline))));
    let event = ComplaintAssigned { complaint, unit, deadline, ..Default::default() };
    tell(fold, &event, at("2025-03-01T00:00:00"));
}

fn closed(fold: &mut Complaints, outcome: ClosureOutcome, when: &str) {
    let (complaint, outcome) = (NAME.to_owned(), outcome.into());
    tell(fold, &ComplaintClosed { complaint, outcome, ..Default::default() }, at(when));
}

fn reopened(fold: &mut Complaints) {
    tell(
        fold,
        &ComplaintReopened { complaint: NAME.to_owned(), ..Default::default() },
        at("2025-05-01T00:00:00"),
    );
}

fn verified(fold: &mut Complaints, satisfaction: Satisfaction) {
    let (complaint, satisfaction) = (NAME.to_owned(), satisfaction.into());
    let event = RectificationVerified { complaint, satisfaction, ..Default::default() };
    tell(fold, &event, at("2025-03-20T00:00:00"));
}

fn of(fold: &Complaints, unit: &str, now: &str) -> Figures {
    fold.alone(unit, YEAR, at(now))
}

#[test]
fn a_complaint_is_due_once_its_deadline_passed_and_on_time_if_closed_by_then() {
    let mut fold = Complaints::default();
    lodged(&mut fold, "a", "2025-02-01T09:00:00");
    assigned(&mut fold, "a", "2025-04-01T00:00:00");
    closed(&mut fold, ClosureOutcome::Rectified, "2025-04-01T00:00:00");
    let before = of(&fold, "a", "2025-03-31T23:59:59");
    assert_eq!((before.due, before.on_time, before.closed, before.open), (0, 0, 1, 0));
    let after = of(&fold, "a", "2025-04-01T00:00:00");
    assert_eq!((after.lodged, after.due, after.on_time), (1, 1, 1));
}

#[test]
fn what_was_closed_late_or_withdrawn_is_due_but_not_on_time() {
    for (outcome, when) in [
        (ClosureOutcome::Rectified, "2025-04-01T00:00:01"),
        (ClosureOutcome::Withdrawn, "2025-03-15T00:00:00"),
    ] {
        let mut fold = Complaints::default();
        lodged(&mut fold, "a", "2025-02-01T09:00:00");
        assigned(&mut fold, "a", "2025-04-01T00:00:00");
        closed(&mut fold, outcome, when);
        let figures = of(&fold, "a", "2025-06-01T00:00:00");
        assert_eq!((figures.due, figures.on_time, figures.closed), (1, 0, 1));
    }
}

#[test]
fn what_was_never_assigned_is_open_and_never_due() {
    let mut fold = Complaints::default();
    lodged(&mut fold, "a", "2025-02-01T09:00:00");
    let figures = of(&fold, "a", "2026-01-01T00:00:00");
    assert_eq!((figures.lodged, figures.open, figures.due), (1, 1, 0));
}

#[test]
fn a_deadline_at_midnight_belongs_to_the_day_before() {
    let mut fold = Complaints::default();
    lodged(&mut fold, "a", "2025-12-01T09:00:00");
    assigned(&mut fold, "a", "2026-01-01T00:00:00");
    let next = Period { start: Date::constant(2026, 1, 1), end: Date::constant(2026, 12, 31) };
    let now = at("2026-02-01T00:00:00");
    assert_eq!((fold.alone("a", YEAR, now).due, fold.alone("a", next, now).due), (1, 0));
}

#[test]
fn a_reopened_complaint_is_on_time_no_more_until_it_is_closed_again() {
    let mut fold = Complaints::default();
    lodged(&mut fold, "a", "2025-02-01T09:00:00");
    assigned(&mut fold, "a", "2025-04-01T00:00:00");
    closed(&mut fold, ClosureOutcome::Rectified, "2025-03-20T00:00:00");
    reopened(&mut fold);
    let figures = of(&fold, "a", "2025-06-01T00:00:00");
    assert_eq!(
        (figures.due, figures.on_time, figures.closed, figures.reopened, figures.open),
        (1, 0, 1, 1, 1)
    );
    assigned(&mut fold, "a", "2025-07-01T00:00:00");
    closed(&mut fold, ClosureOutcome::Unsubstantiated, "2025-06-20T00:00:00");
    let figures = of(&fold, "a", "2025-08-01T00:00:00");
    assert_eq!((figures.due, figures.on_time, figures.closed, figures.reopened), (1, 1, 1, 1));
}

#[test]
fn the_last_word_counts_and_an_inspection_takes_none_back() {
    let mut fold = Complaints::default();
    lodged(&mut fold, "a", "2025-02-01T09:00:00");
    assigned(&mut fold, "a", "2025-04-01T00:00:00");
    verified(&mut fold, Satisfaction::Dissatisfied);
    verified(&mut fold, Satisfaction::BasicallySatisfied);
    verified(&mut fold, Satisfaction::Unspecified);
    let figures = of(&fold, "a", "2025-06-01T00:00:00");
    assert_eq!((figures.rated, figures.satisfaction_tenths), (1, 6));
    assert_eq!(figures.rectification().satisfaction_sum, Decimal::new(6, 1));
}

#[test]
fn a_complaint_counts_for_the_unit_that_it_was_last_given_to_and_those_above() {
    let mut fold = Complaints::default();
    let below = UnitMoved { unit: "b".to_owned(), parent: "a".to_owned() };
    tell(&mut fold, &below, Timestamp::UNIX_EPOCH);
    lodged(&mut fold, "a", "2025-02-01T09:00:00");
    assigned(&mut fold, "b", "2025-04-01T00:00:00");
    assert_eq!(
        (of(&fold, "a", "2025-06-01T00:00:00").due, of(&fold, "b", "2025-06-01T00:00:00").due),
        (0, 1)
    );
    assert_eq!(fold.with_subtree("a", YEAR, at("2025-06-01T00:00:00")).due, 1);
}

#[test]
fn a_raised_deadline_is_overdue_until_another_takes_its_place() {
    let mut fold = Complaints::default();
    lodged(&mut fold, "a", "2025-02-01T09:00:00");
    assigned(&mut fold, "a", "2025-04-01T00:00:00");
    let overdue = ComplaintOverdue { complaint: NAME.to_owned(), ..Default::default() };
    tell(&mut fold, &overdue, at("2025-04-01T00:00:00"));
    assigned(&mut fold, "a", "2025-04-01T00:00:00");
    assert_eq!(of(&fold, "a", "2025-06-01T00:00:00").overdue, 1);
    assigned(&mut fold, "a", "2025-07-01T00:00:00");
    assert_eq!(of(&fold, "a", "2025-06-01T00:00:00").overdue, 0);
}

#[test]
fn a_complaint_is_small() {
    assert!(size_of::<Complaint>() <= 56, "{} bytes", size_of::<Complaint>());
}

fn instants() -> impl Strategy<Value = Timestamp> {
    (0_i64..1000).prop_map(|hours| at("2024-12-20T00:00:00") + SignedDuration::from_hours(hours * 10))
}

fn happenings() -> impl Strategy<Value = What> {
    let satisfaction = prop::sample::select(vec![
        Satisfaction::Unspecified,
        Satisfaction::VerySatisfied,
        Satisfaction::Dissatisfied,
    ]);
    let outcome = prop::sample::select(vec![ClosureOutcome::Rectified, ClosureOutcome::Withdrawn]);
    prop_oneof![
        Just(What::Given),
        Just(What::Rejected),
        instants().prop_map(|deadline| What::Due { deadline }),
        Just(What::Overdue),
        satisfaction.clone().prop_map(|satisfaction| What::Rated { satisfaction }),
        (satisfaction, instants())
            .prop_map(|(satisfaction, deadline)| What::Refuted { satisfaction, deadline }),
        outcome.prop_map(|outcome| What::Closed { outcome }),
        Just(What::Reopened),
    ]
}

proptest! {
    /// Counts kept up with each change are those made of the complaints as they are in the end.
    #[test]
    fn kept_up_is_as_from_scratch(
        history in prop::collection::vec((0_u8..6, prop::option::of(0_u8..3), happenings(), instants()), 0..120),
        now in instants(),
    ) {
        let mut fold = Complaints::default();
        for (complaint, unit, what, at) in history {
            let unit = unit.map(|unit| unit.to_string());
            fold.change(Change { complaint: complaint.to_string(), unit, what }, at);
        }
        for unit in ["", "0", "1", "2"] {
            let mut counts = Counts::default();
            let mine = fold.known.values().filter(|(_, whose)| whose == unit);
            mine.for_each(|(complaint, _)| counts.add(complaint));
            prop_assert_eq!(&counts, &fold.counts.get(unit).cloned().unwrap_or_default());
            let naive: Vec<Complaint> =
                fold.known.values().filter(|(_, whose)| whose == unit).map(|(one, _)| *one).collect();
            prop_assert_eq!(fold.alone(unit, YEAR, now), by_the_page(&naive, now));
        }
    }
}

/// The figures of the year, read off scoring.md complaint by complaint.
fn by_the_page(complaints: &[Complaint], now: Timestamp) -> Figures {
    let mut figures = Figures::default();
    for complaint in complaints {
        let is_in = |day: Date| YEAR.start <= day && day <= YEAR.end;
        figures.lodged += u64::from(is_in(day_of(complaint.lodged_at())));
        figures.open += u64::from(complaint.is_open());
        figures.overdue += u64::from(complaint.is_open() && complaint.is_overdue());
        let Some(deadline) = complaint.deadline() else { continue };
        if !is_in(day_of(deadline - SignedDuration::from_nanos(1))) {
            continue;
        }
        let due = deadline <= now;
        let closed_by = complaint.closed.is_some_and(|(at, good)| good && at <= deadline.as_microsecond());
        figures.due += u64::from(due);
        figures.on_time += u64::from(due && closed_by && !complaint.is_open());
        figures.rated += u64::from(complaint.satisfaction_tenths.is_some());
        figures.satisfaction_tenths += u64::from(complaint.satisfaction_tenths.unwrap_or(0));
        figures.closed += u64::from(complaint.closed.is_some());
        figures.reopened += u64::from(complaint.reopened);
    }
    figures
}

#[test]
fn a_deadline_waits_for_a_report_until_one_comes_or_the_complaint_is_closed() {
    let mut found = Complaint::lodged(at("2025-03-01T00:00:00"));
    let deadline = at("2025-04-01T00:00:00");
    let refuted = What::Refuted { satisfaction: Satisfaction::Dissatisfied, deadline };
    let rectified = What::Closed { outcome: ClosureOutcome::Rectified };
    assert!(!found.awaits_report(), "it has no deadline");
    for (what, awaits) in [
        (What::Due { deadline }, true),
        (What::Overdue, true),
        (What::Reported, false),
        (refuted, true),
        (rectified, false),
        (What::Reopened, false),
        (What::Due { deadline }, true),
    ] {
        found.apply(what, at("2025-03-10T00:00:00"));
        assert_eq!(found.awaits_report(), awaits, "{what:?}");
    }
}
