//! Accountability cases: what each unit is held to, and the vetoes that stand.

use std::collections::{BTreeMap, BTreeSet};

use contract::accountability::disposition_decided::Subject as Decided;
use contract::accountability::disposition_executed::Subject as Executed;
use contract::accountability::*;
use contract::words::RecordedEvent;

use super::past::{decoded, kind};

#[derive(Default)]
pub(crate) struct Cases {
    cases: BTreeMap<String, Case>,
    /// Cycle, unit and case.
    pub(crate) vetoes: BTreeSet<(String, String, String)>,
}

#[derive(Default)]
pub(crate) struct Case {
    pub(crate) units: BTreeSet<String>,
    pub(crate) responsible: BTreeSet<String>,
    /// By unit: whether it was carried out.
    pub(crate) dispositions: BTreeMap<String, bool>,
    pub(crate) closed: bool,
}

impl Cases {
    /// All that go on or are closed; one that was merged is part of another.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Case> {
        self.cases.values()
    }

    fn change(&mut self, case: &str, change: impl FnOnce(&mut Case)) {
        self.cases.entry(case.to_owned()).and_modify(change);
    }

    pub(crate) fn take(&mut self, event: &RecordedEvent) {
        match kind(event) {
            "CaseOpened" => {
                let it: CaseOpened = decoded(event);
                let units = it.units.into_iter().collect();
                self.cases.insert(it.case, Case { units, ..Case::default() });
            }
            "CaseMerged" => {
                let it: CaseMerged = decoded(event);
                if self.cases.contains_key(&it.case) {
                    self.cases.remove(&it.merged_case);
                }
                self.change(&it.case, |case| case.units.extend(it.units));
            }
            "CaseClosed" => self.change(&decoded::<CaseClosed>(event).case, |case| case.closed = true),
            "FindingMade" => {
                let it: FindingMade = decoded(event);
                self.change(&it.case, |case| case.responsible = it.units.into_iter().collect());
            }
            "DispositionDecided" => {
                let it: DispositionDecided = decoded(event);
                let Some(Decided::Unit(unit)) = it.subject else { return };
                self.change(&it.case, |case| {
                    case.dispositions.insert(unit, false);
                });
            }
            "DispositionExecuted" => {
                let it: DispositionExecuted = decoded(event);
                let Some(Executed::Unit(unit)) = it.subject else { return };
                self.change(&it.case, |case| {
                    case.dispositions.insert(unit, true);
                });
            }
            "AppealDecided" => {
                let it: AppealDecided = decoded(event);
                let outcome = it.outcome();
                self.change(&it.case, |case| match outcome {
                    AppealOutcome::Unspecified | AppealOutcome::Dismissed => {}
                    AppealOutcome::Overturned => {
                        case.responsible.clear();
                        case.dispositions.clear();
                    }
                    // What stands in part is disposed of anew; a closed case is open again.
                    AppealOutcome::Varied => {
                        case.responsible.retain(|unit| !it.units_cleared.contains(unit));
                        case.dispositions.clear();
                        case.closed = false;
                    }
                });
            }
            "VetoRaised" => {
                let it: VetoRaised = decoded(event);
                self.vetoes.insert((it.cycle, it.unit, it.case));
            }
            "VetoLifted" => {
                let it: VetoLifted = decoded(event);
                self.vetoes.remove(&(it.cycle, it.unit, it.case));
            }
            _ => {}
        }
    }
}
