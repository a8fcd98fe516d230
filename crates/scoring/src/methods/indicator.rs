//! **indicator** (scoring.md §2): weighted ratios of actual and target.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::exact::{Exact, exact, quotient};
use crate::facts::{ComponentFacts, IndicatorFacts};
use crate::losses::Cause;
use crate::methods::{Asked, Lines, Outcome, Part, Pending, lost_by_part, mean};
use crate::scheme::{Direction, Indicator};

/// `max_points · Σ weight·ratio / Σ weight`; pending while an indicator lacks its target or actual.
pub(super) fn points(indicators: &[Indicator], asked: Asked<'_>) -> Outcome {
    let mean = mean(&recorded(indicators, asked)?).ok_or(Pending::NoActual)?;
    Ok(mean * exact(asked.component.max_points))
}

/// A line per indicator.
pub(super) fn lost(indicators: &[Indicator], asked: Asked<'_>) -> Lines {
    let Ok(parts) = recorded(indicators, asked) else { return Lines::new() };
    lost_by_part(&parts, asked.component.max_points, |indicator_id| Cause::Indicator {
        component_id: asked.id(),
        indicator_id,
    })
}

fn recorded<'a>(indicators: &'a [Indicator], asked: Asked<'_>) -> Result<Vec<Part<'a>>, Pending> {
    let Some(ComponentFacts::Actuals(facts)) = asked.facts() else { return Err(Pending::NoActual) };
    parts(indicators, facts).ok_or(Pending::NoActual)
}

/// Every indicator with its ratio; none while one of them lacks its target or actual.
fn parts<'a>(indicators: &'a [Indicator], facts: &BTreeMap<String, IndicatorFacts>) -> Option<Vec<Part<'a>>> {
    let part = |indicator: &'a Indicator| {
        let facts = facts.get(&indicator.indicator_id)?;
        let target = facts.target.filter(|target| !target.is_zero())?;
        let value = ratio(indicator.direction, target, facts.actual?);
        Some(Part { id: &indicator.indicator_id, weight: indicator.weight, value })
    };
    indicators.iter().map(part).collect()
}

/// How far the target was reached, in `[0, 1]`.
fn ratio(direction: Direction, target: Decimal, actual: Decimal) -> Exact {
    let ratio = match direction {
        Direction::HigherIsBetter => quotient(&exact(actual), &exact(target)),
        Direction::LowerIsBetter if actual <= target => Some(Exact::one()),
        Direction::LowerIsBetter => quotient(&exact(target), &exact(actual)),
    };
    // An actual of zero above a negative target has no ratio and earns nothing.
    ratio.unwrap_or_else(Exact::zero).clamp(Exact::zero(), Exact::one())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::whole;

    fn indicator(id: &str, direction: Direction) -> Indicator {
        Indicator { indicator_id: id.to_owned(), title: String::new(), weight: Decimal::ONE, direction }
    }

    #[test]
    fn a_ratio_never_leaves_its_range() {
        use Direction::{HigherIsBetter as Higher, LowerIsBetter as Lower};
        for (direction, target, actual, over, under) in [
            (Higher, 90, 60, 2, 3),
            (Higher, 90, 120, 1, 1),
            (Higher, 90, 0, 0, 1),
            (Higher, 90, -5, 0, 1),
            (Lower, 4, 3, 1, 1),
            (Lower, 4, 4, 1, 1),
            (Lower, 4, 6, 2, 3),
            (Lower, 4, -1, 1, 1),
            (Lower, -4, 0, 0, 1),
            (Lower, -4, 8, 0, 1),
            (Lower, -4, -2, 1, 1),
        ] {
            let expected = quotient(&whole(over), &whole(under));
            let found = Some(ratio(direction, Decimal::from(target), Decimal::from(actual)));
            assert_eq!(found, expected, "{direction:?}: {actual} of {target}");
        }
    }

    #[test]
    fn one_indicator_without_an_actual_leaves_all_pending() {
        let indicators =
            [indicator("cleared", Direction::HigherIsBetter), indicator("late", Direction::LowerIsBetter)];
        let known = |target, actual| IndicatorFacts { target, actual };
        let four = Some(Decimal::from(4));
        let mut facts = BTreeMap::from([
            ("cleared".to_owned(), known(four, four)),
            ("late".to_owned(), known(four, None)),
        ]);
        assert!(parts(&indicators, &facts).is_none(), "no actual");
        facts.insert("late".to_owned(), known(None, four));
        assert!(parts(&indicators, &facts).is_none(), "no target");
        facts.insert("late".to_owned(), known(Some(Decimal::ZERO), four));
        assert!(parts(&indicators, &facts).is_none(), "a target of zero");
        facts.insert("late".to_owned(), known(four, four));
        assert_eq!(parts(&indicators, &facts).map(|parts| parts.len()), Some(2));
        facts.remove("late");
        assert!(parts(&indicators, &facts).is_none(), "nothing on record");
    }
}
