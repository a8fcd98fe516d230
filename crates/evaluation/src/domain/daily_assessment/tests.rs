use eventstore::testing::{Given, given};

use super::*;

fn entry(points: &str, day: &str) -> EntryRecorded {
    EntryRecorded {
        entry_id: "e1".to_owned(),
        points: points.to_owned(),
        entry_date: day.to_owned(),
        ..EntryRecorded::default()
    }
}

fn record(points: &str, day: &str) -> Command {
    let period = ("2024-01-01".to_owned(), "2024-12-31".to_owned());
    Command::Record { entry: entry(points, day), points: points.parse().unwrap(), period }
}

fn reversed() -> EntryReversed {
    EntryReversed { entry_id: "e1".to_owned(), reason: "appeal".to_owned(), ..EntryReversed::default() }
}

#[test]
fn an_entry_adds_or_takes_away() {
    for points in ["-0.5", "2", "-1000"] {
        given::<DailyAssessment>([])
            .when(record(points, "2024-12-31"))
            .then([entry(points, "2024-12-31").into()]);
    }
}

#[test]
fn an_entry_of_nothing_or_of_too_much_is_refused() {
    given::<DailyAssessment>([]).when(record("0", "2024-05-01")).then_rejected(Rejection::EntryZero);
    given::<DailyAssessment>([])
        .when(record("-1000.01", "2024-05-01"))
        .then_rejected(Rejection::EntryTooLarge);
}

#[test]
fn an_entry_counts_for_a_day_of_the_period() {
    for day in ["2023-12-31", "2025-01-01"] {
        let outside = Rejection::OutsidePeriod("2024-01-01".to_owned(), "2024-12-31".to_owned());
        given::<DailyAssessment>([]).when(record("-1", day)).then_rejected(outside);
    }
}

#[test]
fn an_entry_is_recorded_once() {
    let history = || given::<DailyAssessment>([entry("-1", "2024-05-01").into()]);
    history().when(record("-1", "2024-05-01")).then_nothing();
    history().when(record("-2", "2024-05-01")).then_rejected(Rejection::EntryExists);
}

#[test]
fn an_entry_is_reversed_once_and_only_if_it_is_there() {
    let recorded = || Event::from(entry("-1", "2024-05-01"));
    given::<DailyAssessment>([recorded()]).when(Command::Reverse(reversed())).then([reversed().into()]);
    let history = [recorded(), reversed().into()];
    given::<DailyAssessment>(history).when(Command::Reverse(reversed())).then_nothing();
    given::<DailyAssessment>([]).when(Command::Reverse(reversed())).then_rejected(Rejection::UnknownEntry);
}

fn contested(grounds: &str) -> EntryContested {
    EntryContested {
        entry_id: "e1".to_owned(),
        grounds: grounds.to_owned(),
        contested_by: "unit".to_owned(),
        ..EntryContested::default()
    }
}

fn upheld(reason: &str) -> EntryUpheld {
    EntryUpheld { entry_id: "e1".to_owned(), reason: reason.to_owned(), ..EntryUpheld::default() }
}

fn decide(granted: bool, actor: &str) -> Command {
    Command::DecideContest { reversed: reversed(), granted, actor: actor.to_owned() }
}

/// A deduction that an inspector recorded, then `more`.
fn deducted(more: impl IntoIterator<Item = Event>) -> Given<DailyAssessment> {
    let recorded = EntryRecorded { recorded_by: "inspector".to_owned(), ..entry("-1", "2024-05-01") };
    given([recorded.into()].into_iter().chain(more))
}

#[test]
fn a_unit_appeals_against_a_deduction_that_stands() {
    deducted([]).when(Command::Contest(contested("not us"))).then([contested("not us").into()]);
    let bonus = given::<DailyAssessment>([entry("1", "2024-05-01").into()]);
    bonus.when(Command::Contest(contested("more"))).then_rejected(Rejection::NotADeduction);
    let fallen = deducted([reversed().into()]);
    fallen.when(Command::Contest(contested("not us"))).then_rejected(Rejection::EntryReversed);
    given::<DailyAssessment>([])
        .when(Command::Contest(contested("not us")))
        .then_rejected(Rejection::UnknownEntry);
}

#[test]
fn one_appeal_at_a_time_and_not_again_on_the_same_grounds() {
    let pending = deducted([contested("not us").into()]);
    pending.when(Command::Contest(contested("not us"))).then_nothing();
    pending.when(Command::Contest(contested("nor then"))).then_rejected(Rejection::ContestPending);
    let refused = deducted([contested("not us").into(), upheld("it was").into()]);
    refused.when(Command::Contest(contested("not us"))).then_rejected(Rejection::ContestRepeated);
    refused.when(Command::Contest(contested("nor then"))).then([contested("nor then").into()]);
}

#[test]
fn a_granted_appeal_reverses_the_entry_and_a_refused_one_leaves_it() {
    let pending = deducted([contested("not us").into()]);
    pending.when(decide(true, "third")).then([reversed().into()]);
    pending.when(decide(false, "third")).then([upheld("appeal").into()]);
    let granted = deducted([contested("not us").into(), reversed().into()]);
    granted.when(decide(true, "third")).then_nothing();
    granted.when(decide(false, "third")).then_rejected(Rejection::NotContested);
    let refused = deducted([contested("not us").into(), upheld("appeal").into()]);
    refused.when(decide(false, "third")).then_nothing();
    refused.when(decide(true, "third")).then_rejected(Rejection::NotContested);
}

#[test]
fn nobody_decides_on_an_entry_that_they_recorded_or_appealed_against() {
    let pending = deducted([contested("not us").into()]);
    for actor in ["inspector", "unit"] {
        for granted in [true, false] {
            pending.when(decide(granted, actor)).then_rejected(Rejection::JudgesOwnEntry);
        }
    }
}

#[test]
fn only_an_appeal_that_waits_is_decided() {
    deducted([]).when(decide(true, "third")).then_rejected(Rejection::NotContested);
    given::<DailyAssessment>([]).when(decide(true, "third")).then_rejected(Rejection::UnknownEntry);
}

#[test]
fn while_an_appeal_waits_only_a_fact_reverses_the_entry() {
    let pending = deducted([contested("not us").into()]);
    pending.when(Command::Reverse(reversed())).then_rejected(Rejection::ContestPending);
    let undone = || EntryReversed { cause_event_id: "fact".to_owned(), ..reversed() };
    pending.when(Command::Reverse(undone())).then([undone().into()]);
    let refused = deducted([contested("not us").into(), upheld("it was").into()]);
    refused.when(Command::Reverse(reversed())).then([reversed().into()]);
}
