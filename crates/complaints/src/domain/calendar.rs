//! The calendar of a jurisdiction: which days are working days.
//!
//! - Until it is set, Monday to Friday.
//! - It is set whole; the last one stands. Due times given before do not move.

use contract::complaints::CalendarSet;
use contract::status::{self, Kind};
use eventstore::Decider;
use scoring::WorkingDays;

/// China's one time.
pub const TIME_ZONE: &str = "Asia/Shanghai";

eventstore::events! {
    /// What can happen to a calendar.
    pub enum Event { CalendarSet }
}

/// The calendar that stands.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Its working days.
    pub working_days: WorkingDays,
    set: Option<CalendarSet>,
    events: u64,
}

/// What can be asked. `expected` is the stream version of the last event, if the caller edits what it read.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "see above")]
pub enum Command {
    Set { calendar: CalendarSet, expected: Option<u64> },
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It was set since it was read.
    #[error("the calendar was set since it was read: it is at \"{0}\"")]
    CalendarChanged(u64),
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::CalendarChanged(_) => "complaints.calendar_changed",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::CalendarChanged(_) => Kind::Changed,
        }
    }
}

/// A calendar.
#[derive(Debug)]
pub struct Calendar;

impl Decider for Calendar {
    const CATEGORY: &'static str = "calendar";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        let Command::Set { calendar, expected } = command;
        state.set(calendar, expected)
    }

    fn evolve(state: State, event: &Event) -> State {
        let Event::CalendarSet(calendar) = event;
        State {
            working_days: WorkingDays::of(calendar),
            set: Some(calendar.clone()),
            events: state.events + 1,
        }
    }
}

impl State {
    /// The dates that are no working days though from Monday to Friday.
    pub fn holidays(&self) -> &[String] {
        self.set.as_ref().map_or(&[], |set| &set.holidays)
    }

    /// The dates that are working days though Saturday or Sunday.
    pub fn make_up_days(&self) -> &[String] {
        self.set.as_ref().map_or(&[], |set| &set.make_up_days)
    }

    fn set(&self, calendar: CalendarSet, expected: Option<u64>) -> Result<Vec<Event>, Rejection> {
        if self.set.as_ref() == Some(&calendar) {
            return Ok(vec![]);
        }
        if expected.is_some_and(|expected| expected != self.events) {
            return Err(Rejection::CalendarChanged(self.events));
        }
        Ok(vec![calendar.into()])
    }
}

#[cfg(test)]
mod tests {
    use eventstore::testing::given;
    use jiff::civil::Date;

    use super::*;

    fn calendar(holiday: &str) -> CalendarSet {
        CalendarSet { holidays: vec![holiday.to_owned()], ..CalendarSet::default() }
    }

    fn set(holiday: &str, expected: Option<u64>) -> Command {
        Command::Set { calendar: calendar(holiday), expected }
    }

    #[test]
    fn a_calendar_is_set_and_the_last_one_stands() {
        given::<Calendar>([]).when(set("2024-10-01", Some(0))).then([calendar("2024-10-01").into()]);
        let history = [calendar("2024-10-01").into(), calendar("2024-10-02").into()];
        let state = history.iter().fold(State::default(), Calendar::evolve);
        assert!(state.working_days.contains(Date::constant(2024, 10, 1)));
        assert!(!state.working_days.contains(Date::constant(2024, 10, 2)));
    }

    #[test]
    fn setting_the_same_calendar_again_changes_nothing() {
        given::<Calendar>([calendar("2024-10-01").into()]).when(set("2024-10-01", Some(0))).then_nothing();
    }

    #[test]
    fn who_edits_an_old_calendar_is_told() {
        given::<Calendar>([calendar("2024-10-01").into()])
            .when(set("2024-10-02", Some(0)))
            .then_rejected(Rejection::CalendarChanged(1));
    }
}
