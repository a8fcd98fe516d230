//! Arithmetic over working days 工作日: Monday to Friday, but for holidays, and make-up days 调休 at weekends.
//!
//! - The day on which a term begins does not count; the term ends with its last working day, at midnight.
//! - A clock is yellow with three working days or fewer left, red once it is due.
//!
//! The calendar is complaints' fact; whoever runs a clock follows it by [`WorkingDays::of`].

use std::collections::BTreeSet;
use std::ops::Bound;

use contract::complaints::{AlertColour, CalendarSet};
use contract::field::day_of;
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan as _, tz};

/// A clock with so many working days left, or fewer, is yellow.
const YELLOW_WORKING_DAYS_MAX: i64 = 3;
/// A Monday to count weeks from.
const MONDAY: Date = Date::constant(1970, 1, 5);

/// Which days are working days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkingDays {
    /// From Monday to Friday.
    holidays: BTreeSet<Date>,
    /// Saturdays and Sundays.
    make_up_days: BTreeSet<Date>,
}

impl WorkingDays {
    /// Monday to Friday without `holidays`, and `make_up_days`. A holiday at a weekend changes nothing, nor
    /// does a make-up day from Monday to Friday.
    pub fn new(
        holidays: impl IntoIterator<Item = Date>,
        make_up_days: impl IntoIterator<Item = Date>,
    ) -> Self {
        Self {
            holidays: holidays.into_iter().filter(|day| !is_weekend(*day)).collect(),
            make_up_days: make_up_days.into_iter().filter(|day| is_weekend(*day)).collect(),
        }
    }

    /// Those of a calendar as it was set. Its dates were parsed before it was recorded.
    pub fn of(calendar: &CalendarSet) -> Self {
        let days =
            |dates: &[String]| -> Vec<Date> { dates.iter().filter_map(|date| date.parse().ok()).collect() };
        Self::new(days(&calendar.holidays), days(&calendar.make_up_days))
    }

    /// Whether people work on `day`.
    pub fn contains(&self, day: Date) -> bool {
        if is_weekend(day) { self.make_up_days.contains(&day) } else { !self.holidays.contains(&day) }
    }

    /// When a term of `working_days`, at least 1, that begins at `start` is due.
    pub fn due(&self, start: Timestamp, working_days: u32) -> Timestamp {
        let before_last = usize::try_from(working_days.saturating_sub(1)).unwrap_or(usize::MAX);
        let days = day_of(start).series(1.day()).skip(1);
        let last = days.filter(|day| self.contains(*day)).nth(before_last);
        end_of(last.unwrap_or(Date::MAX))
    }

    /// Working days after that of `now` until what is due at `due`; negative: it is overdue by so many.
    pub fn left(&self, due: Timestamp, now: Timestamp) -> i64 {
        // What is due at midnight is due with the day before.
        let last = day_of(due.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(due));
        self.between(day_of(now), last)
    }

    /// Working days after that of `since` until today.
    pub fn age(&self, since: Timestamp, now: Timestamp) -> i64 {
        self.between(day_of(since), day_of(now)).max(0)
    }

    /// How a clock stands that is due at `due`.
    pub fn colour(&self, due: Timestamp, now: Timestamp) -> AlertColour {
        if due <= now {
            return AlertColour::Red;
        }
        if self.left(due, now) <= YELLOW_WORKING_DAYS_MAX { AlertColour::Yellow } else { AlertColour::Green }
    }

    /// From when on a clock that is due at `due` is yellow: midnight before the first day with so few left.
    pub fn yellow_from(&self, due: Timestamp) -> Timestamp {
        let mut first = day_of(due.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(due));
        let mut left = 0;
        while let Ok(before) = first.yesterday() {
            left += i64::from(self.contains(first));
            if left > YELLOW_WORKING_DAYS_MAX {
                break;
            }
            first = before;
        }
        first.yesterday().map_or(due, end_of)
    }

    /// Working days after `from` up to and including `until`; negative if `until` comes first.
    pub fn between(&self, from: Date, until: Date) -> i64 {
        if until < from {
            return -self.between(until, from);
        }
        let range = (Bound::Excluded(from), Bound::Included(until));
        let count = |days: &BTreeSet<Date>| i64::try_from(days.range(range).count()).unwrap_or(i64::MAX);
        weekdays_until(until) - weekdays_until(from) - count(&self.holidays) + count(&self.make_up_days)
    }
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Days from Monday to Friday since [`MONDAY`], up to and including `day`.
fn weekdays_until(day: Date) -> i64 {
    let days = day.duration_since(MONDAY).as_hours() / 24;
    days.div_euclid(7) * 5 + (days.rem_euclid(7) + 1).min(5)
}

/// Midnight at the end of `day`, in China's one time.
fn end_of(day: Date) -> Timestamp {
    let midnight = day.tomorrow().unwrap_or(Date::MAX).at(0, 0, 0, 0);
    tz::offset(8).to_timestamp(midnight).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        format!("{text}+08:00").parse().unwrap()
    }

    /// The National Day holiday of 2024: 1 to 7 October, made up for on two weekend days.
    fn october() -> WorkingDays {
        let holidays = (1..=7).map(|number| Date::constant(2024, 10, number));
        WorkingDays::new(holidays, [day("2024-09-29"), day("2024-10-12")])
    }

    #[test]
    fn a_term_ends_at_midnight_after_its_last_working_day() {
        let days = WorkingDays::default();
        // A Monday.
        assert_eq!(days.due(at("2024-09-02T09:00:00"), 1), at("2024-09-04T00:00:00"));
        assert_eq!(days.due(at("2024-09-02T00:00:00"), 5), at("2024-09-10T00:00:00"));
        // Just before midnight in China is still the day before midnight in China.
        assert_eq!(days.due(at("2024-09-02T23:59:59"), 1), at("2024-09-04T00:00:00"));
    }

    #[test]
    fn a_term_that_begins_at_a_weekend_counts_from_monday() {
        let days = WorkingDays::default();
        assert_eq!(days.due(at("2024-09-07T10:00:00"), 1), at("2024-09-10T00:00:00"));
    }

    #[test]
    fn holidays_do_not_count_and_make_up_days_do() {
        // Friday 27 September: Sunday 29 (make-up), Monday 30, then 8, 9, 10, 11 and Saturday 12 October.
        let start = at("2024-09-27T15:00:00");
        let due = [29, 30].map(|number| Date::constant(2024, 9, number));
        let due = due.into_iter().chain((8..=12).map(|number| Date::constant(2024, 10, number)));
        for (working_days, last) in (1..).zip(due) {
            assert_eq!(october().due(start, working_days), end_of(last), "{working_days}");
        }
    }

    #[test]
    fn as_many_days_are_left_of_a_term_as_it_has_when_it_begins() {
        let days = october();
        for hours in (0..24 * 60).step_by(7) {
            let start = at("2024-09-01T00:00:00") + SignedDuration::from_hours(hours);
            for working_days in [1, 3, 15, 60, 1000] {
                let due = days.due(start, working_days);
                assert_eq!(days.left(due, start), i64::from(working_days), "{start} {working_days}");
            }
        }
    }

    #[test]
    fn days_are_counted_one_by_one_as_by_the_week() {
        let days = october();
        let (from, until) = (day("2024-09-15"), day("2024-10-20"));
        for day in from.series(1.day()).take_while(|day| *day <= until) {
            let one_by_one = day.series(1.day()).skip(1).take_while(|day| *day <= until);
            let counted = one_by_one.filter(|day| days.contains(*day)).count();
            assert_eq!(days.between(day, until), i64::try_from(counted).unwrap(), "{day}");
            assert_eq!(days.between(until, day), -i64::try_from(counted).unwrap(), "{day}");
        }
    }

    #[test]
    fn a_clock_is_yellow_with_three_working_days_left_and_red_when_it_is_due() {
        let days = WorkingDays::default();
        // Due with Friday 6 September.
        let due = at("2024-09-07T00:00:00");
        assert_eq!(days.colour(due, at("2024-09-02T23:59:59")), AlertColour::Green);
        assert_eq!(days.colour(due, at("2024-09-03T00:00:00")), AlertColour::Yellow);
        assert_eq!(days.colour(due, at("2024-09-06T23:59:59")), AlertColour::Yellow);
        assert_eq!(days.left(due, at("2024-09-06T12:00:00")), 0);
        assert_eq!(days.colour(due, due), AlertColour::Red);
        assert_eq!(days.left(due, at("2024-09-09T09:00:00")), -1);
    }

    #[test]
    fn a_clock_is_yellow_from_the_first_instant_of_its_colour() {
        let days = october();
        for hours in 0..24 * 40 {
            let due = at("2024-09-20T00:00:00") + SignedDuration::from_hours(hours);
            let from = days.yellow_from(due);
            assert_eq!(days.colour(due, from), AlertColour::Yellow, "{due}");
            assert_eq!(days.colour(due, from - SignedDuration::from_nanos(1)), AlertColour::Green, "{due}");
        }
    }

    #[test]
    fn a_make_up_day_from_monday_to_friday_and_a_holiday_at_a_weekend_change_nothing() {
        let odd = WorkingDays::new([day("2024-09-07")], [day("2024-09-06")]);
        assert_eq!(odd, WorkingDays::default());
    }
}
