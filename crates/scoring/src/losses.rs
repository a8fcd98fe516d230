//! Where the points went (scoring.md §6): lines whose sum is exactly scheme maximum − final.
//!
//! Every line but the roundings is computed as a fraction. To be shown, a list is cut into decimals of at
//! most six places by its running total, so that nothing drifts: a line that ends within six places stays
//! as it is, another is within a millionth of its value, and the rounding of the final, last, makes the sum
//! exact.

use rust_decimal::Decimal;

use crate::appraisal::{Appraisal, Basis, ComponentScore, UnitScore};
use crate::exact::{Exact, exact, quotient, whole};
use crate::facts::{CycleFacts, UnitFacts};
use crate::finals::unrounded_final;
use crate::methods::{self, Asked, Lines};
use crate::round::{steps, tidy};
use crate::scheme::Scheme;

/// Where a unit's points went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Losses {
    /// Scheme maximum − final, the sum of the lines; none: the final is pending, and the lines are those
    /// that stand already.
    pub total: Option<Decimal>,
    /// The lines; gains are negative.
    pub lines: Vec<Loss>,
}

/// One line of the explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// What took the points, or gave them.
    pub cause: Cause,
    /// Points lost; negative: gained. At most six places, but for a rounding.
    pub points: Decimal,
}

/// What took points, or gave them, named by ids that lead to the events behind it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the fields are the ids that their names say")]
pub enum Cause {
    /// An assessor's mark.
    Mark { component_id: String },
    /// A panel's ballots, which are secret one by one.
    Panel { component_id: String },
    /// A stratum of a survey.
    Stratum { component_id: String, stratum_id: String },
    /// A ledger that starts below its maximum.
    LedgerStart { component_id: String },
    /// A standing entry of a ledger.
    LedgerEntry { component_id: String, entry_id: String },
    /// What a ledger's clip gave back (negative) or took.
    LedgerClip { component_id: String },
    /// An indicator.
    Indicator { component_id: String, indicator_id: String },
    /// A ratio of an index, by [`crate::scheme::Ratio::name`].
    Ratio { component_id: String, ratio: String },
    /// A component of a simulation, whose points were rescaled.
    Rescaled { component_id: String },
    /// The rounding of a component.
    ComponentRounding { component_id: String },
    /// A standing entry of the daily assessment.
    DailyEntry { source_id: String, entry_id: String },
    /// What a source's caps gave back (negative) or took.
    DailyClip { source_id: String },
    /// What the clip of own and daily to `[0, scheme maximum]` gave back (negative) or took.
    OwnClip,
    /// A child's share of the roll-up.
    Child { unit_id: String },
    /// What a veto's cap took.
    Veto,
    /// The rounding of the final.
    FinalRounding,
}

/// Explains a unit of an appraisal of this scheme and these facts; none: no such unit.
#[must_use]
pub fn losses(scheme: &Scheme, facts: &CycleFacts, appraisal: &Appraisal, unit_id: &str) -> Option<Losses> {
    let (unit, score) = (facts.units.get(unit_id)?, appraisal.units.get(unit_id)?);
    let max = scheme.max_points();
    let mut lines = Lines::new();
    for component in &score.components {
        lines.extend(of_component(scheme, facts, unit, component));
    }
    lines.extend(of_daily(unit, score));
    if let (Some(own), Some(own_with_daily)) = (score.own_points, score.own_with_daily) {
        lines.push((Cause::OwnClip, exact(own) + exact(score.daily_points) - exact(own_with_daily)));
    }
    if let Some(roll_up) = &score.roll_up {
        let own_share = Exact::one() - exact(roll_up.share);
        for (_, lost) in &mut lines {
            *lost = &*lost * &own_share;
        }
    }
    lines.extend(of_children(max, score));
    let total = score.final_points.map(|final_points| max - final_points);
    if let (Some(own), Some(uncapped), Some(final_points)) =
        (score.own_with_daily, score.uncapped_points, score.final_points)
    {
        lines.push((Cause::Veto, exact(uncapped) - exact(final_points)));
        let unrounded = unrounded_final(own, score.roll_up.as_ref());
        lines.push((Cause::FinalRounding, unrounded - exact(uncapped)));
    }
    Some(Losses { total, lines: shown(&lines, total) })
}

fn of_component(scheme: &Scheme, facts: &CycleFacts, unit: &UnitFacts, score: &ComponentScore) -> Lines {
    let (Ok(points), Some(unrounded)) = (score.points, &score.unrounded) else { return Lines::new() };
    let Some(component) = scheme.component(&score.component_id) else { return Lines::new() };
    let component_id = || component.component_id.clone();
    let mut lines = match score.basis {
        Basis::Facts => methods::lost(Asked { component, cycle: facts, unit }),
        Basis::Rescaled => {
            let cause = Cause::Rescaled { component_id: component_id() };
            vec![(cause, exact(component.max_points) - unrounded)]
        }
    };
    lines.push((Cause::ComponentRounding { component_id: component_id() }, unrounded - exact(points)));
    lines
}

fn of_daily(unit: &UnitFacts, score: &UnitScore) -> Lines {
    let mut lines = Lines::new();
    for source in &score.daily {
        let standing =
            unit.daily.iter().filter(|entry| entry.standing && entry.source_id == source.source_id);
        for entry in standing {
            let (source_id, entry_id) = (entry.source_id.clone(), entry.entry_id.clone());
            lines.push((Cause::DailyEntry { source_id, entry_id }, -exact(entry.points)));
        }
        let cause = Cause::DailyClip { source_id: source.source_id.clone() };
        lines.push((cause, exact(source.sum) - exact(source.clipped)));
    }
    lines
}

/// `r·(scheme maximum − final_child)/n` for each child.
fn of_children(max: Decimal, score: &UnitScore) -> Lines {
    let Some(roll_up) = &score.roll_up else { return Lines::new() };
    let count = whole(u64::try_from(roll_up.children.len()).unwrap_or(u64::MAX));
    let Some(share) = quotient(&exact(roll_up.share), &count) else { return Lines::new() };
    let line = |child: &crate::appraisal::ChildFinal| {
        let cause = Cause::Child { unit_id: child.unit_id.clone() };
        (cause, (exact(max) - exact(child.final_points)) * &share)
    };
    roll_up.children.iter().map(line).collect()
}

/// The lines as decimals; the last one, the rounding of the final, takes what makes the sum `total`.
fn shown(lines: &Lines, total: Option<Decimal>) -> Vec<Loss> {
    let mut points = steps(lines.iter().map(|(_, lost)| lost));
    if let (Some(total), Some((last, others))) = (total, points.split_last_mut()) {
        let others = others.iter().copied().fold(Decimal::ZERO, Decimal::saturating_add);
        *last = tidy(total.saturating_sub(others));
    }
    let lines = lines.iter().zip(points);
    let line = |((cause, _), points): (&(Cause, Exact), Decimal)| Loss { cause: cause.clone(), points };
    lines.map(line).filter(|line| !line.points.is_zero() || line.cause.stays_when_zero()).collect()
}

impl Cause {
    /// Roundings, clips, starts and vetoes are only told when they moved a point.
    fn stays_when_zero(&self) -> bool {
        match self {
            Self::LedgerStart { .. }
            | Self::LedgerClip { .. }
            | Self::ComponentRounding { .. }
            | Self::DailyClip { .. }
            | Self::OwnClip
            | Self::Veto
            | Self::FinalRounding => false,
            Self::Mark { .. }
            | Self::Panel { .. }
            | Self::Stratum { .. }
            | Self::LedgerEntry { .. }
            | Self::Indicator { .. }
            | Self::Ratio { .. }
            | Self::Rescaled { .. }
            | Self::DailyEntry { .. }
            | Self::Child { .. } => true,
        }
    }
}
