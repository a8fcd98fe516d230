//! **assessor** (scoring.md §2): the last recorded mark stands.

use rust_decimal::Decimal;

use crate::exact::{Exact, exact};
use crate::facts::ComponentFacts;
use crate::losses::Cause;
use crate::methods::{Asked, Lines, Outcome, Pending, lost_whole};

/// The mark; none on record: pending.
pub(super) fn points(asked: Asked<'_>) -> Outcome {
    let Some(ComponentFacts::Mark(mark)) = asked.facts() else { return Err(Pending::NoMark) };
    Ok(within(*mark, asked.component.max_points))
}

/// The mark's line.
pub(super) fn lost(asked: Asked<'_>) -> Lines {
    lost_whole(points(asked), asked.component.max_points, Cause::Mark { component_id: asked.id() })
}

/// The mark within `[0, max_points]`: only under another scheme's maximum can a recorded mark be outside.
fn within(mark: Decimal, max: Decimal) -> Exact {
    exact(mark.clamp(Decimal::ZERO, max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_as_it_is() {
        let mark = Decimal::new(26405, 3);
        assert_eq!(within(mark, Decimal::from(30)), exact(mark));
    }

    #[test]
    fn a_mark_above_a_new_maximum_counts_as_that_maximum() {
        assert_eq!(within(Decimal::from(26), Decimal::from(20)), exact(Decimal::from(20)));
        assert_eq!(within(Decimal::from(-1), Decimal::from(20)), exact(Decimal::ZERO));
    }
}
