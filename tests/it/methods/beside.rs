//! What other contexts say of a year's units: the drive, complaints, vetoes; and the counts that it comes to.

use std::collections::BTreeSet;

use contract::words::IndexKind;
use rust_decimal::Decimal;
use scoring::indices::{RectificationFigures, TrainingFigures};

use super::year::Year;
use crate::arbitrary::pick;
use crate::chance::Chance;

/// A level of satisfaction, with its value in tenths; the last one says nothing.
const WORDS: [(&str, i64); 4] = [
    ("SATISFACTION_VERY_SATISFIED", 10),
    ("SATISFACTION_SATISFIED", 8),
    ("SATISFACTION_BASICALLY_SATISFIED", 6),
    ("SATISFACTION_UNSPECIFIED", 0),
];

/// What is recorded beside a cycle.
#[derive(Default)]
pub(crate) struct Beside {
    /// Whether there is a drive.
    pub(crate) drive: bool,
    /// Whether the acceptance method is issued.
    pub(crate) accepted: bool,
    pub(crate) officers: Vec<Officer>,
    pub(crate) complaints: Vec<Complaint>,
    pub(crate) vetoed: Vec<String>,
}

/// An officer on the roster.
pub(crate) struct Officer {
    pub(crate) unit: String,
    pub(crate) leads: bool,
    /// The unit whose session the officer attended.
    pub(crate) attended: Option<String>,
    pub(crate) passed: Option<bool>,
}

/// A complaint that is due in the year.
pub(crate) struct Complaint {
    pub(crate) unit: String,
    /// What the complainant said when it was put right; none: it was not.
    pub(crate) word: Option<&'static str>,
    pub(crate) reopened: bool,
}

impl Year {
    /// Makes what an index counts, once.
    pub(super) fn add_beside(&mut self, kind: IndexKind, chance: &mut Chance) {
        match kind {
            IndexKind::Training if !self.beside.drive => self.add_drive(chance),
            IndexKind::Rectification if self.beside.complaints.is_empty() => self.add_complaints(chance),
            IndexKind::Training
            | IndexKind::Rectification
            | IndexKind::Commitments
            | IndexKind::Unspecified => {}
        }
    }

    pub(super) fn add_vetoes(&mut self, chance: &mut Chance) {
        for (name, unit) in &mut self.facts.units {
            unit.vetoed = chance.below(6) == 0;
            if unit.vetoed {
                self.beside.vetoed.push(name.clone());
            }
        }
    }

    /// The drive is that of the first unit with all below it.
    fn add_drive(&mut self, chance: &mut Chance) {
        let whole: Vec<String> = self.subtree(&self.first()).into_iter().collect();
        (self.beside.drive, self.beside.accepted) = (true, chance.below(4) > 0);
        for unit in &whole {
            for _ in 0..chance.below(4) {
                self.beside.officers.push(Officer {
                    unit: unit.clone(),
                    leads: chance.below(3) == 0,
                    attended: (chance.below(3) > 0).then(|| pick(&whole, chance).clone()),
                    passed: (chance.below(4) > 0).then(|| chance.below(3) > 0),
                });
            }
        }
        for unit in &whole {
            let figures = self.training(&self.subtree(unit));
            self.facts.units.get_mut(unit).unwrap().figures.training = Some(figures);
        }
    }

    fn training(&self, tree: &BTreeSet<String>) -> TrainingFigures {
        let officers = || self.beside.officers.iter().filter(|officer| tree.contains(&officer.unit));
        let count = |counts: &dyn Fn(&Officer) -> bool| {
            u64::try_from(officers().filter(|officer| counts(officer)).count()).unwrap()
        };
        let grassroots: Vec<_> = tree.iter().filter(|unit| is_grassroots(unit)).collect();
        let held = |unit: &str| {
            let mut attended = self.beside.officers.iter().filter_map(|officer| officer.attended.as_deref());
            attended.any(|held| held == unit)
        };
        TrainingFigures {
            officers: count(&|_| true),
            officers_attended: count(&|officer| officer.attended.is_some()),
            officers_to_pass: if self.beside.accepted { count(&|_| true) } else { 0 },
            officers_passed: count(&|officer| self.beside.accepted && officer.passed == Some(true)),
            leaders: count(&|officer| officer.leads),
            leaders_attended: count(&|officer| officer.leads && officer.attended.is_some()),
            grassroots_units: u64::try_from(grassroots.len()).unwrap(),
            grassroots_units_covered: u64::try_from(grassroots.iter().filter(|unit| held(unit)).count())
                .unwrap(),
        }
    }

    fn add_complaints(&mut self, chance: &mut Chance) {
        for unit in self.names() {
            for _ in 0..chance.below(3) {
                let word = (chance.below(3) > 0).then(|| pick(&WORDS, chance).0);
                let reopened = word.is_some() && chance.below(4) == 0;
                self.beside.complaints.push(Complaint { unit: unit.clone(), word, reopened });
            }
        }
        for unit in self.names() {
            let figures = self.rectification(&self.subtree(&unit));
            self.facts.units.get_mut(&unit).unwrap().figures.rectification = Some(figures);
        }
    }

    fn rectification(&self, tree: &BTreeSet<String>) -> RectificationFigures {
        let mut figures = RectificationFigures::default();
        for complaint in self.beside.complaints.iter().filter(|complaint| tree.contains(&complaint.unit)) {
            figures.due += 1;
            let Some(word) = complaint.word else { continue };
            figures.closed += 1;
            figures.on_time += u64::from(!complaint.reopened);
            figures.reopened += u64::from(complaint.reopened);
            let (_, tenths) = WORDS.iter().find(|(level, _)| *level == word).unwrap();
            if word != WORDS[3].0 {
                figures.satisfaction_count += 1;
                figures.satisfaction_sum += Decimal::new(*tenths, 1);
            }
        }
        figures
    }

    /// The unit that all the drive is of.
    pub(crate) fn first(&self) -> String {
        format!("{}/units/unit-0", self.parent())
    }

    fn subtree(&self, unit: &str) -> BTreeSet<String> {
        let parent = |at: &String| self.facts.units[at].parent.clone();
        let is_below = |name: &String| std::iter::successors(Some(name.clone()), parent).any(|at| at == unit);
        self.names().into_iter().filter(|name| is_below(name)).collect()
    }
}

/// Every other unit is a grassroots unit.
pub(crate) fn is_grassroots(unit: &str) -> bool {
    ["1", "3", "5"].iter().any(|number| unit.ends_with(number))
}
