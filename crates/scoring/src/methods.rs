//! Component methods (scoring.md §2): what a component yields for a unit before it is rounded, and where
//! the points went that it did not yield. One file per method, each with the same two functions.

use rust_decimal::Decimal;

use crate::exact::{Exact, exact, quotient, sum};
use crate::facts::{ComponentFacts, CycleFacts, UnitFacts};
use crate::losses::Cause;
use crate::scheme::{Component, Method};

mod assessor;
mod index;
mod indicator;
mod ledger;
pub(crate) mod panel;
pub(crate) mod survey;

/// Why a component has no points yet (scoring.md §2, and §6 for simulations).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Pending {
    /// Assessor: no mark is on record.
    #[error("no mark is on record")]
    NoMark,
    /// Panel: it is not convened or still open.
    #[error("the panel is not convened or still open")]
    PanelOpen,
    /// Panel: fewer ballots than the quorum.
    #[error("fewer ballots than the quorum")]
    BelowQuorum,
    /// Panel: no class has a mark left for the unit.
    #[error("no class has a mark left for the unit")]
    NoBallot,
    /// Survey: it is not planned or still open.
    #[error("the survey is not planned or still open")]
    SurveyOpen,
    /// Survey: no stratum has enough valid answers about the unit.
    #[error("no stratum has enough valid answers about the unit")]
    NoStratum,
    /// Indicator: one of them lacks its target or its actual.
    #[error("an indicator lacks its target or its actual")]
    NoActual,
    /// Index: nothing is due, or no ratio that counts has a denominator.
    #[error("nothing is due, or nothing that counts has a denominator")]
    IndexUndefined,
    /// Simulation: the old scheme has no component of that id.
    #[error("the old scheme has no such component")]
    NotInOldScheme,
    /// Simulation: the unit has no published points for the component.
    #[error("the unit has no points for the component")]
    NotPublished,
    /// Simulation: the old scheme's component is of another kind, so its facts are not on record.
    #[error("the old scheme has it by another kind of method")]
    OtherMethod,
    /// Simulation: its facts are not computed under other parameters.
    #[error("its facts are not computed under other parameters")]
    Withheld,
}

/// The points of a component for a unit, not yet rounded, or why there are none yet.
pub(crate) type Outcome = Result<Exact, Pending>;

/// Where points went, before they are shown as decimals.
pub(crate) type Lines = Vec<(Cause, Exact)>;

/// One component of one unit, with the facts to compute it from.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The component.
    pub(crate) component: &'a Component,
    /// The cycle, for its panels and surveys.
    pub(crate) cycle: &'a CycleFacts,
    /// The unit.
    pub(crate) unit: &'a UnitFacts,
}

impl<'a> Asked<'a> {
    fn facts(self) -> Option<&'a ComponentFacts> {
        self.unit.components.get(&self.component.component_id)
    }

    fn id(self) -> String {
        self.component.component_id.clone()
    }
}

/// The component's points for the unit, not yet rounded.
pub(crate) fn points(asked: Asked<'_>) -> Outcome {
    match &asked.component.method {
        Method::Assessor => assessor::points(asked),
        Method::Panel(method) => panel::points(method, asked),
        Method::Survey(method) => survey::points(method, asked),
        Method::Ledger(method) => Ok(ledger::points(method, asked)),
        Method::Indicator(indicators) => indicator::points(indicators, asked),
        Method::Index(method) => index::points(method, asked),
    }
}

/// Where `max_points − points` went, before rounding; nothing for a component that is pending.
pub(crate) fn lost(asked: Asked<'_>) -> Lines {
    match &asked.component.method {
        Method::Assessor => assessor::lost(asked),
        Method::Panel(method) => panel::lost(method, asked),
        Method::Survey(method) => survey::lost(method, asked),
        Method::Ledger(method) => ledger::lost(method, asked),
        Method::Indicator(indicators) => indicator::lost(indicators, asked),
        Method::Index(method) => index::lost(method, asked),
    }
}

/// One weighted part of a component: a stratum, an indicator, a ratio.
pub(crate) struct Part<'a> {
    /// The part's id in the scheme.
    pub(crate) id: &'a str,
    /// Positive.
    pub(crate) weight: Decimal,
    /// In `[0, 1]`.
    pub(crate) value: Exact,
}

/// `Σ weight·value / Σ weight`; none without a part.
pub(crate) fn mean(parts: &[Part<'_>]) -> Option<Exact> {
    let weighted = parts.iter().fold(Exact::zero(), |sum, part| sum + &part.value * exact(part.weight));
    quotient(&weighted, &weight_sum(parts))
}

/// `Σ weight` of the parts that count.
pub(crate) fn weight_sum(parts: &[Part<'_>]) -> Exact {
    sum(parts.iter().map(|part| part.weight))
}

/// Each part's `max · weight/Σweight · (1 − value)`.
fn lost_by_part(parts: &[Part<'_>], max: Decimal, cause: impl Fn(String) -> Cause) -> Lines {
    let Some(per_weight) = quotient(&exact(max), &weight_sum(parts)) else { return Lines::new() };
    let lost = |part: &Part<'_>| (Exact::one() - &part.value) * exact(part.weight) * &per_weight;
    parts.iter().map(|part| (cause(part.id.to_owned()), lost(part))).collect()
}

/// The whole of `max − points` in one line.
fn lost_whole(points: Outcome, max: Decimal, cause: Cause) -> Lines {
    points.map(|points| (cause, exact(max) - points)).into_iter().collect()
}
