//! The facts of one cycle, as far as the arithmetic needs them: plain values that the caller has folded.
//!
//! Units, components, classes, strata, levels, indicators, sources and entries are keyed by the caller's
//! ids; what a scheme does not name is not looked at. A decimal may be any decimal, but figures come out
//! exact only while they fit a decimal: see the bounds in [`crate::scheme`].

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::indices::IndexFigures;

/// Everything that one cycle's appraisal is computed from, beside its scheme.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CycleFacts {
    /// The units entered in the cycle, by id.
    pub units: BTreeMap<String, UnitFacts>,
    /// The numbers of the groups that are ranked; a unit of any other group has no rank.
    pub ranked_groups: BTreeSet<u32>,
    /// The panels by component id; a component without one is pending.
    pub panels: BTreeMap<String, PanelFacts>,
    /// The surveys by component id; a component without one is pending.
    pub surveys: BTreeMap<String, SurveyFacts>,
}

/// What is on record about one unit in the cycle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitFacts {
    /// The unit directly above it, entered or not.
    pub parent: Option<String>,
    /// The number of its group.
    pub group: u32,
    /// Whether its final rolls up into its parent's (scoring.md §3).
    pub appraisal_target: bool,
    /// Whether a veto stands against it (scoring.md §3).
    pub vetoed: bool,
    /// What is on record for its components, by component id.
    pub components: BTreeMap<String, ComponentFacts>,
    /// The entries of its daily assessment.
    pub daily: Vec<DailyEntry>,
    /// The figures behind its indices (scoring.md §5).
    pub figures: IndexFigures,
}

/// What is on record for one unit and component, by kind of method (scoring.md §2).
///
/// An index has no facts here: they are the unit's [`UnitFacts::figures`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComponentFacts {
    /// Assessor: the last recorded mark.
    Mark(Decimal),
    /// Panel: the unit's marks, by class id.
    Ballots(BTreeMap<String, Vec<Decimal>>),
    /// Survey: how many answers about the unit chose each level, by stratum id and level id.
    Answers(BTreeMap<String, BTreeMap<String, u64>>),
    /// Ledger: the entries.
    Entries(Vec<LedgerEntry>),
    /// Indicator: target and actual by indicator id.
    Actuals(BTreeMap<String, IndicatorFacts>),
}

/// One entry of a ledger component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The caller's id, given back with the loss line.
    pub entry_id: String,
    /// Signed; negative takes points away.
    pub points: Decimal,
    /// Whether it stands; a reversed entry does not.
    pub standing: bool,
}

/// One entry of the daily assessment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyEntry {
    /// The caller's id, given back with the loss line.
    pub entry_id: String,
    /// The source that it counts under; one that the scheme does not name does not count.
    pub source_id: String,
    /// Signed; negative takes points away.
    pub points: Decimal,
    /// Whether it stands; a reversed entry does not.
    pub standing: bool,
}

/// Target and actual of one indicator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndicatorFacts {
    /// What the unit has to reach, not zero; none, or zero: pending.
    pub target: Option<Decimal>,
    /// What it reached; none: pending.
    pub actual: Option<Decimal>,
}

/// A panel as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PanelFacts {
    /// While open, its component is pending.
    pub closed: bool,
    /// Ballots cast.
    pub ballots_cast: u64,
    /// Electors on the roll.
    pub electors: u64,
}

/// A survey as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SurveyFacts {
    /// While open, its component is pending.
    pub closed: bool,
    /// The forms by stratum id.
    pub forms: BTreeMap<String, Forms>,
}

/// The forms of one stratum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forms {
    /// Forms issued.
    pub issued: u64,
    /// Forms answered.
    pub returned: u64,
}
