//! What may be shown of a panel's ballots beside the points: class means, as far as they give nobody away.

use rust_decimal::Decimal;

use crate::facts::{ComponentFacts, CycleFacts};
use crate::methods::panel::{class_mean, kept};
use crate::methods::{self, Asked};
use crate::round::round2_exact;
use crate::scheme::{Method, Scheme};

/// The mean of fewer marks than this is never shown: that of a single one would be the mark.
pub const SHOWN_MARKS_MIN: usize = 5;

/// What a class of electors made of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassMean {
    /// The scheme's class.
    pub class_id: String,
    /// The mean of its marks after the trim, rounded to 2; none: withheld, or it has no mark.
    pub mean: Option<Decimal>,
}

/// The class means behind a unit's points in a panel; none: another method, or pending.
///
/// Only marks that the trim left count: a class that keeps few is withheld however many voted in it, and one that
/// keeps none takes no part. Where a single class would be withheld, the next smallest is withheld with it: from the
/// points and all other means its mean could be computed. Where a single class has marks that count, the points
/// are its mean, however few they are: whoever gives a small class the only say shows what it says.
#[must_use]
pub fn class_means(
    scheme: &Scheme,
    facts: &CycleFacts,
    unit_id: &str,
    component_id: &str,
) -> Option<Vec<ClassMean>> {
    let component = scheme.component(component_id)?;
    let Method::Panel(method) = &component.method else { return None };
    let asked = Asked { component, cycle: facts, unit: facts.units.get(unit_id)? };
    methods::points(asked).ok()?;
    let Some(ComponentFacts::Ballots(marks)) = asked.unit.components.get(component_id) else { return None };
    let kept = |marks: &Vec<Decimal>| kept(method, marks, component.max_points).len();
    let count = |class_id: &str| marks.get(class_id).map_or(0, kept);
    let mut sizes: Vec<_> = method.classes.iter().map(|class| count(&class.class_id)).collect();
    sizes.retain(|size| *size > 0);
    sizes.sort_unstable();
    let small = sizes.iter().filter(|size| **size < SHOWN_MARKS_MIN).count();
    let shown_min = match (small, sizes.get(1)) {
        // Whoever is as small as the next smallest is withheld, too.
        (1, Some(next)) => next + 1,
        _ => SHOWN_MARKS_MIN,
    };
    let shown = |class_id: &str| {
        let marks = marks.get(class_id).filter(|marks| kept(marks) >= shown_min)?;
        Some(round2_exact(&class_mean(method, marks, component.max_points)?))
    };
    let mean = |class: &crate::scheme::ElectorClass| ClassMean {
        class_id: class.class_id.clone(),
        mean: shown(&class.class_id),
    };
    Some(method.classes.iter().map(mean).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use contract::words;

    use super::*;
    use crate::facts::{PanelFacts, UnitFacts};

    /// Which classes' means are shown of a panel whose classes cast these marks.
    fn shown(trim: (u32, u32), classes: &[(&str, &[i64])]) -> Vec<String> {
        let means = means(trim, classes);
        let shown = means.into_iter().filter(|class| class.mean.is_some());
        shown.map(|class| class.class_id).collect()
    }

    fn means((trim_from, trim): (u32, u32), classes: &[(&str, &[i64])]) -> Vec<ClassMean> {
        let class = |(class_id, _): &(&str, &[i64])| words::ElectorClass {
            class_id: (*class_id).to_owned(),
            title: String::new(),
            weight: "1".to_owned(),
        };
        let panel = words::PanelMethod {
            classes: classes.iter().map(class).collect(),
            trim_from,
            trim,
            quorum: "0".to_owned(),
        };
        let rules = words::SchemeRules {
            title: "Rules".to_owned(),
            components: vec![words::Component {
                component_id: "votes".to_owned(),
                title: "Votes".to_owned(),
                max_points: "100".to_owned(),
                method: Some(words::component::Method::Panel(panel)),
            }],
            ..words::SchemeRules::default()
        };
        let marks = |marks: &[i64]| marks.iter().copied().map(Decimal::from).collect();
        let cast: BTreeMap<String, Vec<Decimal>> =
            classes.iter().map(|(class_id, cast)| ((*class_id).to_owned(), marks(cast))).collect();
        let unit = UnitFacts {
            components: [("votes".to_owned(), ComponentFacts::Ballots(cast))].into(),
            ..UnitFacts::default()
        };
        let panel = PanelFacts { closed: true, ballots_cast: 1, electors: 1 };
        let facts = CycleFacts {
            units: [("u".to_owned(), unit)].into(),
            panels: [("votes".to_owned(), panel)].into(),
            ..CycleFacts::default()
        };
        class_means(&Scheme::parse(&rules).expect("sound"), &facts, "u", "votes").expect("a panel")
    }

    const ONE: &[i64] = &[90];
    const TWO: &[i64] = &[70, 80];
    const FOUR: &[i64] = &[60, 70, 80, 90];
    const FIVE: &[i64] = &[60, 70, 80, 90, 100];
    const EIGHT: &[i64] = &[60, 60, 70, 70, 80, 80, 90, 90];
    const NEVER: (u32, u32) = (0, 0);

    #[test]
    fn the_mean_of_five_marks_is_shown_and_of_four_is_not() {
        assert_eq!(means(NEVER, &[("a", FIVE)])[0].mean, Some(Decimal::from(80)));
        assert_eq!(shown(NEVER, &[("a", FIVE), ("b", EIGHT)]), ["a", "b"]);
        assert_eq!(shown(NEVER, &[("a", FOUR)]), [""; 0]);
    }

    #[test]
    fn a_class_withheld_alone_takes_the_next_smallest_with_it_and_all_that_are_as_small() {
        assert_eq!(shown(NEVER, &[("a", ONE), ("b", FIVE), ("c", EIGHT)]), ["c"]);
        assert_eq!(shown(NEVER, &[("a", ONE), ("b", FIVE), ("c", FIVE), ("d", EIGHT)]), ["d"]);
        assert_eq!(shown(NEVER, &[("a", ONE), ("b", EIGHT)]), [""; 0]);
    }

    #[test]
    fn two_small_classes_hide_each_other() {
        assert_eq!(shown(NEVER, &[("a", ONE), ("b", TWO), ("c", FIVE)]), ["c"]);
        assert_eq!(shown(NEVER, &[("a", &[]), ("b", TWO), ("c", FIVE), ("d", EIGHT)]), ["d"]);
    }

    #[test]
    fn only_marks_that_the_trim_left_count() {
        // Five less two at either end is one elector's own mark.
        assert_eq!(shown((5, 2), &[("a", FIVE)]), [""; 0]);
        assert_eq!(shown((5, 1), &[("a", EIGHT)]), ["a"]);
        assert_eq!(shown((5, 2), &[("a", EIGHT)]), [""; 0]);
    }

    #[test]
    fn a_class_that_the_trim_empties_hides_nobody() {
        // Were the deputies counted, the mayor's mark could be computed from the points and the members' mean.
        let members: Vec<i64> = (50..90).collect();
        assert_eq!(shown((2, 1), &[("mayor", ONE), ("deputies", TWO), ("members", &members)]), [""; 0]);
    }
}
