//! What is counted per unit from facts of several units: kept up with every change, so that a scorecard
//! reads it without looking through them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use scoring::figures::complaints::Counts;

use super::names;
use super::rows::Rows;

/// A fact that counts for a unit.
pub(crate) trait Counted {
    /// Counts it, or takes it out of the count. `key` is its own.
    fn count(&self, key: &str, tallies: &mut Tallies, step: Step);
}

/// Which way a count goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The fact counts.
    Up,
    /// It counts no longer.
    Down,
}

impl Step {
    /// Moves a count if `counts`.
    pub(crate) fn count_if(self, counts: bool, count: &mut u32) {
        if counts {
            *count = match self {
                Self::Up => count.saturating_add(1),
                Self::Down => count.saturating_sub(1),
            };
        }
    }
}

/// What is counted for one unit, without those below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UnitTally {
    /// Its complaints, by deadline.
    pub(crate) complaints: Counts,
    /// All of them, whenever lodged.
    pub(crate) complaints_all: u32,
    pub(crate) complaints_closed: u32,
    /// Overdue at some time.
    pub(crate) complaints_overdue: u32,
    pub(crate) cases: u32,
    pub(crate) cases_closed: u32,
    pub(crate) findings: u32,
    pub(crate) dispositions: u32,
    pub(crate) dispositions_executed: u32,
}

/// The tallies of all units, which unit is below which, and which results differ.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tallies {
    units: HashMap<String, UnitTally>,
    below: HashMap<String, BTreeSet<String>>,
    differences: BTreeMap<String, String>,
}

impl Tallies {
    /// Says how the results of a cycle differ from what is computed here, or that they do no longer; empty: not at all.
    pub(crate) fn set_difference(&mut self, cycle: &str, difference: &str, step: Step) {
        match step {
            _ if difference.is_empty() => {}
            Step::Up => drop(self.differences.insert(cycle.to_owned(), difference.to_owned())),
            Step::Down => drop(self.differences.remove(cycle)),
        }
    }

    /// How results differ, by cycle, of those that do.
    pub(crate) fn differences(&self) -> impl Iterator<Item = &str> {
        self.differences.values().map(String::as_str)
    }

    /// A unit's tally, by the unit's key.
    pub(crate) fn unit(&self, key: &str) -> Option<&UnitTally> {
        self.units.get(key)
    }

    /// The tally of a unit, to be changed.
    pub(crate) fn edit(&mut self, jurisdiction: &str, unit: &str) -> &mut UnitTally {
        self.units.entry(names::key(&[jurisdiction, unit])).or_default()
    }

    /// Says that the unit of one key is below that of another, or no longer.
    pub(crate) fn set_below(&mut self, above: String, unit: &str, step: Step) {
        let below = self.below.entry(above).or_default();
        match step {
            Step::Up => drop(below.insert(unit.to_owned())),
            Step::Down => drop(below.remove(unit)),
        }
    }

    /// What is counted, without the units of which nothing is.
    #[cfg(test)]
    pub(crate) fn counted(&self) -> BTreeMap<&str, &UnitTally> {
        let counted = self.units.iter().filter(|(_, tally)| **tally != UnitTally::default());
        counted.map(|(key, tally)| (key.as_str(), tally)).collect()
    }

    /// The keys of a unit and of all those below it, each once.
    pub(crate) fn subtree<'a>(&'a self, key: &'a str) -> Vec<&'a str> {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        let mut waiting = vec![key];
        while let Some(key) = waiting.pop() {
            if !seen.insert(key) {
                continue;
            }
            found.push(key);
            waiting.extend(self.below.get(key).into_iter().flatten().map(String::as_str));
        }
        found
    }
}

/// Puts a row that counts in the place of the one of its key.
pub(crate) fn put<V: Counted>(rows: &mut Rows<V>, tallies: &mut Tallies, key: String, value: V) {
    if let Some(before) = rows.get(&key) {
        before.count(&key, tallies, Step::Down);
    }
    value.count(&key, tallies, Step::Up);
    rows.put(key, value);
}

/// Changes a row that counts; whether there is one.
pub(crate) fn change<V: Counted>(
    rows: &mut Rows<V>,
    tallies: &mut Tallies,
    key: &str,
    change: impl FnOnce(&mut V),
) -> bool {
    let Some(row) = rows.edit(key) else { return false };
    row.count(key, tallies, Step::Down);
    change(row);
    row.count(key, tallies, Step::Up);
    true
}

/// Takes out a row that counts; whether there was one.
pub(crate) fn remove<V: Counted>(rows: &mut Rows<V>, tallies: &mut Tallies, key: &str) -> bool {
    let removed = rows.remove(key);
    if let Some(row) = &removed {
        row.count(key, tallies, Step::Down);
    }
    removed.is_some()
}
