//! What a finding leads to: who is responsible, what is done to each, what was appealed.

use contract::accountability::*;
use jiff::civil::Date;

use super::Grounds;

/// A unit or an officer, by resource name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "named as what they are")]
pub enum Subject {
    Unit(String),
    Officer(String),
}

/// The one `oneof` of the contract for each message that names a unit or an officer.
macro_rules! subjects {
    ($($module:ident :: $oneof:ident)+) => {$(
        impl From<Subject> for $module::$oneof {
            fn from(subject: Subject) -> Self {
                match subject {
                    Subject::Unit(unit) => Self::Unit(unit),
                    Subject::Officer(officer) => Self::Officer(officer),
                }
            }
        }

        impl From<$module::$oneof> for Subject {
            fn from(subject: $module::$oneof) -> Self {
                match subject {
                    $module::$oneof::Unit(unit) => Self::Unit(unit),
                    $module::$oneof::Officer(officer) => Self::Officer(officer),
                }
            }
        }
    )+};
}

subjects! {
    disposition_decided::Subject disposition_executed::Subject execution_overdue::Subject
    disposition_state::Subject appeal_lodged::Appellant appeal::Appellant
}

impl Subject {
    /// The resource name.
    pub fn name(&self) -> &str {
        match self {
            Self::Unit(name) | Self::Officer(name) => name,
        }
    }
}

/// A finding and what followed from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Who investigated.
    pub investigator: String,
    /// The finding, as it stands after appeals.
    pub finding: FindingMade,
    /// Whether an appeal overturned it.
    pub overturned: bool,
    /// One for each of those responsible, units first.
    pub measures: Vec<Measure>,
    /// Oldest first.
    pub appeals: Vec<Appealed>,
    /// Who ever decided a disposition, or approved one.
    pub(super) deciders: Vec<String>,
    /// How often an appeal varied the finding.
    pub(super) variations: u32,
}

/// What is done to one of those responsible.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// Who.
    pub subject: Subject,
    /// What is done; none: it is not decided yet.
    pub decided: Option<DispositionDecided>,
    /// The last day to carry it out.
    pub due: Option<Date>,
    /// Whether that was raised as passed.
    pub overdue: bool,
    /// The day it took effect; empty: not carried out yet.
    pub execution_date: String,
}

/// An appeal, or a review.
#[derive(Debug, Clone, PartialEq)]
pub struct Appealed {
    /// As it was lodged.
    pub lodged: AppealLodged,
    /// What it came to; none: it waits.
    pub decided: Option<AppealDecided>,
    /// How often the finding had been varied before.
    pub(super) variation: u32,
}

impl Verdict {
    pub(super) fn of(investigator: String, finding: FindingMade) -> Self {
        let mut verdict = Self {
            investigator,
            finding,
            overturned: false,
            measures: vec![],
            appeals: vec![],
            deciders: vec![],
            variations: 0,
        };
        verdict.measures = verdict.unmeasured();
        verdict
    }

    /// Whether somebody is responsible.
    pub fn stands(&self) -> bool {
        !self.finding.exonerated && !self.overturned
    }

    /// Whether an appeal waits to be decided.
    pub fn is_suspended(&self) -> bool {
        self.stands() && self.appeals.iter().any(|appeal| appeal.decided.is_none())
    }

    /// What is done to `subject`, if it is responsible.
    pub fn measure(&self, subject: &Subject) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.subject == *subject)
    }

    /// Units under a veto.
    pub fn vetoed(&self) -> &[String] {
        let grave = self.stands() && self.finding.gravity() == Gravity::Grave;
        if grave { &self.finding.units } else { &[] }
    }

    /// The first day of the suspension.
    pub(super) fn suspended_since(&self) -> Option<Date> {
        let waiting = self.appeals.iter().filter(|appeal| appeal.decided.is_none());
        waiting.filter_map(|appeal| appeal.lodged.lodged_date.parse().ok()).min()
    }

    /// Everyone who is responsible, with nothing decided.
    fn unmeasured(&self) -> Vec<Measure> {
        let units = self.finding.units.iter().cloned().map(Subject::Unit);
        let officers = self.finding.officers.iter().cloned().map(Subject::Officer);
        units.chain(officers).map(Measure::of).collect()
    }

    pub(super) fn decided(&mut self, decided: &DispositionDecided) {
        let approver = Some(decided.approver.clone()).filter(|approver| !approver.is_empty());
        let deciders: Vec<_> = std::iter::once(decided.decided_by.clone()).chain(approver).collect();
        absorb(&mut self.deciders, &deciders);
        let due = decided.due_date.parse().ok();
        self.change(decided.subject.clone(), |measure| {
            measure.decided = Some(decided.clone());
            (measure.due, measure.overdue) = (due, false);
        });
    }

    pub(super) fn executed(&mut self, executed: &DispositionExecuted) {
        self.change(executed.subject.clone(), |measure| {
            measure.execution_date.clone_from(&executed.execution_date);
        });
    }

    pub(super) fn overdue(&mut self, overdue: &ExecutionOverdue) {
        self.change(overdue.subject.clone(), |measure| measure.overdue = true);
    }

    pub(super) fn appealed(&mut self, lodged: &AppealLodged) {
        let variation = self.variations;
        self.appeals.push(Appealed { lodged: lodged.clone(), decided: None, variation });
    }

    /// Who appealed beside the one whose appeal overturned the finding has what they asked for, too.
    pub(super) fn settle(&mut self, decided: &AppealDecided) {
        let overturned = decided.outcome() == AppealOutcome::Overturned;
        for appeal in &mut self.appeals {
            let is_it = appeal.lodged.appeal_id == decided.appeal_id;
            if is_it || (overturned && appeal.decided.is_none()) {
                let appeal_id = appeal.lodged.appeal_id.clone();
                appeal.decided = Some(AppealDecided { appeal_id, ..decided.clone() });
            }
        }
        match decided.outcome() {
            AppealOutcome::Unspecified => {}
            AppealOutcome::Dismissed => self.postpone(decided.suspended_days),
            AppealOutcome::Overturned => {
                self.overturned = true;
                self.measures.clear();
            }
            AppealOutcome::Varied => {
                self.variations += 1;
                self.finding.gravity = decided.gravity;
                self.finding.units.retain(|unit| !decided.units_cleared.contains(unit));
                self.finding.officers.retain(|officer| !decided.officers_cleared.contains(officer));
                self.measures = self.unmeasured();
            }
        }
    }

    fn postpone(&mut self, days: u32) {
        for measure in &mut self.measures {
            measure.due = measure.due.and_then(|due| due.checked_add(jiff::Span::new().days(days)).ok());
        }
    }

    fn change<S: Into<Subject>>(&mut self, subject: Option<S>, change: impl FnOnce(&mut Measure)) {
        let Some(subject) = subject.map(Into::into) else { return };
        if let Some(measure) = self.measures.iter_mut().find(|measure| measure.subject == subject) {
            change(measure);
        }
    }
}

impl Measure {
    fn of(subject: Subject) -> Self {
        Self { subject, decided: None, due: None, overdue: false, execution_date: String::new() }
    }

    /// Whether it was carried out.
    pub fn is_executed(&self) -> bool {
        !self.execution_date.is_empty()
    }
}

impl Grounds {
    /// What a case was opened with.
    pub(super) fn of(terms: &CaseOpened) -> Self {
        Self {
            units: terms.units.clone(),
            officers: terms.officers.clone(),
            causes: terms.causes.clone(),
            complaints: Some(terms.complaint.clone()).filter(|name| !name.is_empty()).into_iter().collect(),
            opened_by: vec![terms.opened_by.clone()],
            by_hand: terms.origin() == Origin::ByHand,
        }
    }

    /// With those of a case that went into this one.
    pub(super) fn absorb(&mut self, merged: &CaseMerged) {
        absorb(&mut self.units, &merged.units);
        absorb(&mut self.officers, &merged.officers);
        absorb(&mut self.causes, &merged.causes);
        absorb(&mut self.complaints, &merged.complaints);
        absorb(&mut self.opened_by, &merged.opened_by);
        self.by_hand |= merged.by_hand;
    }
}

fn absorb<T: Clone + PartialEq>(known: &mut Vec<T>, more: &[T]) {
    for one in more {
        if !known.contains(one) {
            known.push(one.clone());
        }
    }
}
