//! The entries of one unit in one cycle: its daily assessment 日常考核, and its ledger components.
//!
//! - An entry has at most two decimals, is not zero, and at most 1,000 points either way.
//! - An id is given once. A fact of another service makes one entry, however often it is delivered.
//! - A reversed entry stays visible and does not stand.
//! - A unit appeals against a deduction; one appeal at a time, and not again on the same grounds. Somebody who
//!   neither recorded the entry nor appealed grants the appeal (the entry is reversed) or refuses it.
//! - While an appeal waits, nobody reverses the entry but who decides the appeal, or a fact that undoes its cause.
//! - Appeals and reversals are not bound to an open cycle: what they change of published results shows when
//!   those are revised.

use std::borrow::Cow;
use std::collections::BTreeMap;

use contract::evaluation::{EntryContested, EntryRecorded, EntryReversed, EntryUpheld};
use contract::status::{self, Kind};
use eventstore::Decider;
use rust_decimal::Decimal;

const POINTS_MAX: Decimal = Decimal::ONE_THOUSAND;

eventstore::events! {
    /// What can happen to the entries.
    pub enum Event { EntryRecorded, EntryReversed, EntryContested, EntryUpheld }
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
    /// The appeals against it, oldest first.
    pub contests: Vec<Contest>,
}

/// An appeal against a deduction.
#[derive(Debug, Clone)]
pub struct Contest {
    /// As it was lodged.
    pub contested: EntryContested,
    /// Why it was refused; none: it waits, or the entry was reversed.
    pub refused: Option<String>,
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
    /// Appeal against a deduction.
    Contest(EntryContested),
    /// Decide an appeal.
    DecideContest {
        /// What follows if it is granted, with the reason; also names the entry.
        reversed: EntryReversed,
        /// Whether it is granted.
        granted: bool,
        /// Who decides.
        actor: String,
    },
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
    /// It takes nothing away.
    #[error("the entry takes no points away")]
    NotADeduction,
    /// It does not stand.
    #[error("the entry was reversed")]
    EntryReversed,
    /// An appeal waits.
    #[error("an appeal against the entry waits to be decided")]
    ContestPending,
    /// The same was appealed before.
    #[error("an appeal on the same grounds was refused")]
    ContestRepeated,
    /// Nobody appealed.
    #[error("no appeal against the entry waits to be decided")]
    NotContested,
    /// Who recorded it or appealed would decide.
    #[error("whoever recorded the entry, or appealed, does not decide on the appeal")]
    JudgesOwnEntry,
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::EntryExists => "evaluation.entry_exists",
            Self::UnknownEntry => "evaluation.unknown_entry",
            Self::EntryZero => "evaluation.entry_zero",
            Self::EntryTooLarge => "evaluation.entry_too_large",
            Self::OutsidePeriod(..) => "evaluation.outside_period",
            Self::NotADeduction => "evaluation.not_a_deduction",
            Self::EntryReversed => "evaluation.entry_reversed",
            Self::ContestPending => "evaluation.contest_pending",
            Self::ContestRepeated => "evaluation.contest_repeated",
            Self::NotContested => "evaluation.not_contested",
            Self::JudgesOwnEntry => "evaluation.judges_own_entry",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::EntryExists => Kind::Exists,
            Self::UnknownEntry => Kind::NotFound,
            Self::JudgesOwnEntry => Kind::Denied,
            Self::EntryZero
            | Self::EntryTooLarge
            | Self::OutsidePeriod(..)
            | Self::NotADeduction
            | Self::EntryReversed
            | Self::ContestPending
            | Self::ContestRepeated
            | Self::NotContested => Kind::Rule,
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
            Command::Contest(contested) => state.contest(contested),
            Command::DecideContest { reversed, granted, actor } => {
                state.decide_contest(reversed, granted, &actor)
            }
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        match event {
            Event::EntryRecorded(recorded) => {
                let entry = Entry { recorded: recorded.clone(), reversed: None, contests: vec![] };
                state.entries.insert(recorded.entry_id.clone(), entry);
            }
            Event::EntryReversed(EntryReversed { entry_id, reason, .. }) => {
                if let Some(entry) = state.entries.get_mut(entry_id) {
                    entry.reversed = Some(reason.clone());
                }
            }
            Event::EntryContested(contested) => {
                if let Some(entry) = state.entries.get_mut(&contested.entry_id) {
                    entry.contests.push(Contest { contested: contested.clone(), refused: None });
                }
            }
            Event::EntryUpheld(EntryUpheld { entry_id, reason, .. }) => {
                let entry = state.entries.get_mut(entry_id);
                if let Some(contest) = entry.and_then(|entry| entry.contests.last_mut()) {
                    contest.refused = Some(reason.clone());
                }
            }
        }
        state
    }

    fn unit(_state: &State, event: &Event) -> String {
        let (Event::EntryRecorded(EntryRecorded { unit, .. })
        | Event::EntryReversed(EntryReversed { unit, .. })
        | Event::EntryContested(EntryContested { unit, .. })
        | Event::EntryUpheld(EntryUpheld { unit, .. })) = event;
        super::last_id(unit)
    }

    fn thing(event: &Event) -> Cow<'_, str> {
        let (Event::EntryRecorded(EntryRecorded { entry_id, .. })
        | Event::EntryReversed(EntryReversed { entry_id, .. })
        | Event::EntryContested(EntryContested { entry_id, .. })
        | Event::EntryUpheld(EntryUpheld { entry_id, .. })) = event;
        entry_id.into()
    }
}

impl Entry {
    /// The appeal that waits to be decided, if one does.
    pub fn pending_contest(&self) -> Option<&EntryContested> {
        let last = self.contests.last().filter(|last| self.reversed.is_none() && last.refused.is_none());
        last.map(|last| &last.contested)
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
            Some(entry) if reversed.cause_event_id.is_empty() && entry.pending_contest().is_some() => {
                Err(Rejection::ContestPending)
            }
            Some(Entry { reversed: None, .. }) => Ok(vec![reversed.into()]),
        }
    }

    fn contest(&self, contested: EntryContested) -> Result<Vec<Event>, Rejection> {
        let entry = self.entries.get(&contested.entry_id).ok_or(Rejection::UnknownEntry)?;
        if entry.pending_contest() == Some(&contested) {
            return Ok(vec![]);
        }
        if entry.reversed.is_some() {
            return Err(Rejection::EntryReversed);
        }
        if !entry.recorded.points.starts_with('-') {
            return Err(Rejection::NotADeduction);
        }
        if entry.pending_contest().is_some() {
            return Err(Rejection::ContestPending);
        }
        if entry.contests.iter().any(|before| before.contested.grounds == contested.grounds) {
            return Err(Rejection::ContestRepeated);
        }
        Ok(vec![contested.into()])
    }

    fn decide_contest(
        &self,
        reversed: EntryReversed,
        granted: bool,
        actor: &str,
    ) -> Result<Vec<Event>, Rejection> {
        let entry = self.entries.get(&reversed.entry_id).ok_or(Rejection::UnknownEntry)?;
        let Some(last) = entry.contests.last() else { return Err(Rejection::NotContested) };
        let decided = if granted { &entry.reversed } else { &last.refused };
        if decided.as_ref() == Some(&reversed.reason) {
            return Ok(vec![]);
        }
        let Some(pending) = entry.pending_contest() else { return Err(Rejection::NotContested) };
        if entry.recorded.recorded_by == actor || pending.contested_by == actor {
            return Err(Rejection::JudgesOwnEntry);
        }
        let EntryReversed { cycle, unit, entry_id, reason, .. } = reversed.clone();
        let upheld = EntryUpheld { cycle, unit, entry_id, reason };
        Ok(vec![if granted { reversed.into() } else { upheld.into() }])
    }
}

#[cfg(test)]
mod tests;
