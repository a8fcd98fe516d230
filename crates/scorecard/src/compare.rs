//! Two explanations side by side: the lines that differ, down to their events.

use std::collections::BTreeMap;

use contract::scorecard::{Difference, LossLine};
use rust_decimal::Decimal;

use crate::card::text;
use crate::explain::about;

/// The lines that differ, the greatest difference first: points that `other` lost more.
pub(crate) fn differences(lines: &[LossLine], other: &[LossLine]) -> Vec<Difference> {
    let mut pairs: BTreeMap<_, (Option<&LossLine>, Option<&LossLine>)> = BTreeMap::new();
    for line in lines {
        pairs.entry(about(line)).or_default().0 = Some(line);
    }
    for line in other {
        pairs.entry(about(line)).or_default().1 = Some(line);
    }
    let difference = |(line, other): (Option<&LossLine>, Option<&LossLine>)| {
        let points = lost(other) - lost(line);
        let differs = !points.is_zero() || line.is_some() != other.is_some();
        let shown = Difference { line: line.cloned(), other: other.cloned(), points: text(points) };
        differs.then_some((points.abs(), shown))
    };
    let mut differences: Vec<_> = pairs.into_values().filter_map(difference).collect();
    differences.sort_by_key(|(points, _)| std::cmp::Reverse(*points));
    differences.into_iter().map(|(_, difference)| difference).collect()
}

/// The lines of `other` with the points that it lost more than `lines`, those alone that differ.
pub(crate) fn moved(lines: &[LossLine], other: &[LossLine]) -> Vec<LossLine> {
    let moved = |difference: Difference| {
        let line = difference.other.or(difference.line)?;
        Some(LossLine { points: difference.points, ..line })
    };
    differences(lines, other).into_iter().filter_map(moved).collect()
}

/// What the other one lost more, all together; none: a final is pending.
pub(crate) fn total(total: Option<&str>, other: Option<&str>) -> Option<String> {
    let points = |total: Option<&str>| total?.parse::<Decimal>().ok();
    Some(text(points(other)? - points(total)?))
}

/// What a line took; none: nothing.
pub(crate) fn lost(line: Option<&LossLine>) -> Decimal {
    line.and_then(|line| line.points.parse().ok()).unwrap_or_default()
}
