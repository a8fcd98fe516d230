//! What looks steered in a survey. A flag proves nothing: it says where to look, and never changes a point.
//!
//! - **At the ceiling.** At least 30 valid answers of a stratum about a unit, and 95 in 100 of them at the
//!   highest value.
//! - **One pattern.** At least 30 forms of a stratum that mark 5 units or more, and more than half of them
//!   are filled in alike, unit by unit. (Forms about fewer units are alike too easily.)

use std::collections::BTreeMap;

use crate::methods::survey::Tally;
use crate::scheme::Survey;

/// Fewer answers, or forms, than this are not judged.
pub const JUDGED_MIN: u64 = 30;
/// Fewer units than this on a form make no pattern.
pub const PATTERN_UNITS_MIN: u64 = 5;
/// So many of a hundred answers at the highest value are too many.
const CEILING_PERCENT: u128 = 95;

/// Whether a stratum's answers about a unit (counted by level) are all but all at the highest value.
#[must_use]
pub fn at_ceiling(method: &Survey, answers: &BTreeMap<String, u64>) -> bool {
    let valid = Tally::of(method, answers).valid;
    let highest = method.levels.iter().filter_map(|level| level.value).max();
    let at_highest = method.levels.iter().filter(|level| level.value.is_some() && level.value == highest);
    let highest: u64 = at_highest.filter_map(|level| answers.get(&level.level_id)).sum();
    valid >= JUDGED_MIN && u128::from(highest) * 100 >= u128::from(valid) * CEILING_PERCENT
}

/// Whether too many of a stratum's `forms` that mark enough units are filled in alike.
#[must_use]
pub fn one_pattern(alike: u64, forms: u64) -> bool {
    forms >= JUDGED_MIN && u128::from(alike) * 2 > u128::from(forms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::Level;

    fn method() -> Survey {
        let level = |(level_id, value): (&str, Option<&str>)| Level {
            level_id: level_id.to_owned(),
            title: String::new(),
            value: value.map(|value| value.parse().expect("a decimal")),
        };
        let levels = [("good", Some("1")), ("fair", Some("0.6")), ("unknown", None)];
        Survey { levels: levels.map(level).into(), strata: Vec::new(), min_valid: 1 }
    }

    #[test]
    fn too_many_at_the_highest_value_are_flagged() {
        for (good, fair, unknown, flagged) in [
            (30, 0, 0, true),
            (29, 0, 100, false),
            (95, 5, 0, true),
            (94, 6, 0, false),
            (0, 30, 0, false),
            (0, 0, 0, false),
        ] {
            let counts = [("good", good), ("fair", fair), ("unknown", unknown)];
            let answers = counts.map(|(level, count)| (level.to_owned(), count)).into();
            assert_eq!(at_ceiling(&method(), &answers), flagged, "{answers:?}");
        }
    }

    #[test]
    fn more_than_half_alike_are_flagged() {
        for (alike, forms, flagged) in [(16, 30, true), (15, 30, false), (29, 29, false), (51, 100, true)] {
            assert_eq!(one_pattern(alike, forms), flagged, "{alike} of {forms}");
        }
    }
}
