//! No standing still 按兵不动: who has to move next, and by when.
//!
//! - A unit that takes part is one in service, of the campaign's subtree, with an officer on the roster in it or
//!   below it.
//! - It owes a plan by the campaign's day: its own, or one of a unit above that is for the units below, too.
//! - It owes a session, held by it or by a unit below it, within so many working days of the last one, or of the
//!   campaign's first day; none beyond the campaign's last day.

use std::collections::{BTreeMap, BTreeSet};

use contract::training::StallCause;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::units::Branch;
use super::{Found, Training};
use crate::working_days::WorkingDays;

/// What a unit has to do, and by when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// Resource name of the unit.
    pub unit: String,
    /// Why it stands still once the day is over.
    pub cause: StallCause,
    /// The last day on which it can move in time.
    pub due_date: Date,
}

impl Training {
    /// What the units of a campaign have to do before `before`, by unit: a unit that has something to do before
    /// today stands still. A campaign that is concluded asks for nothing.
    pub fn duties(&self, campaign: &str, calendar: &WorkingDays, before: Date) -> Vec<Duty> {
        self.find(campaign).map(|found| found.duties(calendar, before)).unwrap_or_default()
    }
}

impl Training {
    /// Resource names of the units of a campaign that take part.
    pub fn taking_part(&self, campaign: &str) -> BTreeSet<String> {
        let Some(found) = self.find(campaign) else { return BTreeSet::new() };
        let tree = found.city.units.subtree(found.terms.unit);
        let taking_part = tree.iter().zip(found.taking_part(&tree)).filter(|(_, takes_part)| *takes_part);
        taking_part.map(|(branch, _)| found.unit_name(branch.unit)).collect()
    }
}

impl Found<'_> {
    fn duties(&self, calendar: &WorkingDays, before: Date) -> Vec<Duty> {
        if self.campaign.concluded {
            return vec![];
        }
        let tree = self.city.units.subtree(self.terms.unit);
        let takes_part = self.taking_part(&tree);
        let last_sessions = self.last_sessions(&tree);
        // Few days are the last of many units.
        let mut due_dates = BTreeMap::new();
        let mut duties = vec![];
        for ((branch, takes_part), last) in tree.iter().zip(takes_part).zip(last_sessions) {
            if !takes_part {
                continue;
            }
            let mut owe = |cause, due_date| {
                if due_date < before {
                    duties.push(Duty { unit: self.unit_name(branch.unit), cause, due_date });
                }
            };
            if self.terms.plan_due < before && !self.is_planned(branch.unit, |_| true) {
                owe(StallCause::PlanNotFiled, self.terms.plan_due);
            }
            let since = last.map_or(self.terms.start, |last| last.max(self.terms.start));
            let due_date = *due_dates.entry(since).or_insert_with(|| self.session_due(calendar, since));
            if due_date <= self.terms.end {
                owe(StallCause::NoSession, due_date);
            }
        }
        duties.sort_unstable_by(|one, other| one.unit.cmp(&other.unit));
        duties
    }

    /// The last day of a term that begins on `since`, on which a session must be held.
    fn session_due(&self, calendar: &WorkingDays, since: Date) -> Date {
        let count = usize::try_from(self.terms.interval_working_days.saturating_sub(1)).unwrap_or_default();
        let days = since.series(1.day()).skip(1).filter(|day| calendar.contains(*day));
        days.take_while(|day| *day <= self.terms.end).nth(count).unwrap_or(Date::MAX)
    }

    /// Which units of a subtree take part.
    pub(super) fn taking_part(&self, tree: &[Branch]) -> Vec<bool> {
        let officers = |unit| self.campaign.units.get(unit).map_or(0, |tally| tally.roster.officers);
        let mut officers: Vec<_> = tree.iter().map(|branch| officers(branch.unit)).collect();
        for at in (1..tree.len()).rev() {
            officers[tree[at].above] += officers[at];
        }
        let in_service = |unit| self.city.units.get(unit).is_some_and(|unit| unit.in_service);
        tree.iter().zip(officers).map(|(branch, officers)| officers > 0 && in_service(branch.unit)).collect()
    }

    /// The day of the last session that each unit of a subtree held, or a unit below it.
    fn last_sessions(&self, tree: &[Branch]) -> Vec<Option<Date>> {
        let last = |unit| Some(*self.campaign.units.get(unit)?.days.last_key_value()?.0);
        let mut days: Vec<_> = tree.iter().map(|branch| last(branch.unit)).collect();
        for at in (1..tree.len()).rev() {
            let above = tree[at].above;
            days[above] = days[above].max(days[at]);
        }
        days
    }
}
