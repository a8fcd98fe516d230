//! The entries of one unit in one cycle: its daily assessment 日常考核, and its ledger components.
//!
//! - An entry has at most two decimals, is not zero, and at most 1,000 points either way.
//! - An id is given once. A fact of another service makes one entry, however often it is delivered.
//! - A reversed entry stays visible and does not stand.

use std::borrow::Cow;
use std::collections::BTreeMap;

use contract::evaluation::{EntryRecorded, EntryReversed};
use contract::status::{self, Kind};
use eventstore::Decider;
use rust_decimal::Decimal;

const POINTS_MAX: Decimal = Decimal::ONE_THOUSAND;

eventstore::events! {
    /// What can happen to the entries.
    pub enum Event { EntryRecorded, EntryReversed }
}

/// The entries, by id.
#[derive(Debug, Clone, Default)]
pub struct State {
    entries: BTreeMap<String, Entry>,
}

/// An entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// As it was recorded.
    pub recorded: EntryRecorded,
    /// Why it no longer stands; none: it stands.
    pub reversed: Option<String>,
}

/// What can be asked.
#[derive(Debug, Clone)]
pub enum Command {
    /// Record an entry.
    Record {
        /// The entry.
        entry: EntryRecorded,
        /// Its points.
        points: Decimal,
        /// First and last day of the cycle's period.
        period: (String, String),
    },
    /// Make an entry stand no longer.
    Reverse(EntryReversed),
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The id is taken by an entry of other content.
    #[error("there is another entry of this name")]
    EntryExists,
    /// No such entry.
    #[error("there is no such entry")]
    UnknownEntry,
    /// An entry of no points.
    #[error("an entry of no points says nothing")]
    EntryZero,
    /// Too many points.
    #[error("an entry has at most {POINTS_MAX} points either way")]
    EntryTooLarge,
    /// The day is not in the period.
    #[error("the entry's day lies outside the cycle's period, {0} to {1}")]
    OutsidePeriod(String, String),
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::EntryExists => "evaluation.entry_exists",
            Self::UnknownEntry => "evaluation.unknown_entry",
            Self::EntryZero => "evaluation.entry_zero",
            Self::EntryTooLarge => "evaluation.entry_too_large",
            Self::OutsidePeriod(..) => "evaluation.outside_period",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::EntryExists => Kind::Exists,
            Self::UnknownEntry => Kind::NotFound,
            Self::EntryZero | Self::EntryTooLarge | Self::OutsidePeriod(..) => Kind::Rule,
        }
    }
}

/// The entries of a unit in a cycle.
#[derive(Debug)]
pub struct DailyAssessment;

impl Decider for DailyAssessment {
    const CATEGORY: &'static str = "daily_assessment";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Record { entry, points, period } => state.record(entry, points, period),
            Command::Reverse(reversed) => state.reverse(reversed),
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        match event {
            Event::EntryRecorded(recorded) => {
                let entry = Entry { recorded: recorded.clone(), reversed: None };
                state.entries.insert(recorded.entry_id.clone(), entry);
            }
            Event::EntryReversed(EntryReversed { entry_id, reason, .. }) => {
                if let Some(entry) = state.entries.get_mut(entry_id) {
                    entry.reversed = Some(reason.clone());
                }
            }
        }
        state
    }

    fn unit(_state: &State, event: &Event) -> String {
        let (Event::EntryRecorded(EntryRecorded { unit, .. })
        | Event::EntryReversed(EntryReversed { unit, .. })) = event;
        super::last_id(unit)
    }

    fn thing(event: &Event) -> Cow<'_, str> {
        let (Event::EntryRecorded(EntryRecorded { entry_id, .. })
        | Event::EntryReversed(EntryReversed { entry_id, .. })) = event;
        entry_id.into()
    }
}

impl State {
    /// An entry by its id.
    pub fn entry(&self, entry_id: &str) -> Option<&Entry> {
        self.entries.get(entry_id)
    }

    /// All entries, by id.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    fn record(
        &self,
        entry: EntryRecorded,
        points: Decimal,
        (start, end): (String, String),
    ) -> Result<Vec<Event>, Rejection> {
        if let Some(known) = self.entries.get(&entry.entry_id) {
            return if known.recorded == entry { Ok(vec![]) } else { Err(Rejection::EntryExists) };
        }
        if points.is_zero() {
            return Err(Rejection::EntryZero);
        }
        if points.abs() > POINTS_MAX {
            return Err(Rejection::EntryTooLarge);
        }
        // Days are written YYYY-MM-DD: their order is the order of their text.
        if entry.entry_date < start || entry.entry_date > end {
            return Err(Rejection::OutsidePeriod(start, end));
        }
        Ok(vec![entry.into()])
    }

    fn reverse(&self, reversed: EntryReversed) -> Result<Vec<Event>, Rejection> {
        match self.entries.get(&reversed.entry_id) {
            None => Err(Rejection::UnknownEntry),
            Some(Entry { reversed: Some(_), .. }) => Ok(vec![]),
            Some(Entry { reversed: None, .. }) => Ok(vec![reversed.into()]),
        }
    }
}

#[cfg(test)]
mod tests {
    use eventstore::testing::given;

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
            given::<DailyAssessment>([]).when(record(points, "2024-12-31")).then([entry(
                points,
                "2024-12-31",
            )
            .into()]);
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
        given::<DailyAssessment>([])
            .when(Command::Reverse(reversed()))
            .then_rejected(Rejection::UnknownEntry);
    }
}
