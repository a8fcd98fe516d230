//! **panel** (scoring.md §2, 票决制): a weighted mean of class means, each trimmed.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::exact::{Exact, exact, quotient, sum, whole};
use crate::facts::{ComponentFacts, PanelFacts};
use crate::losses::Cause;
use crate::methods::{Asked, Lines, Outcome, Pending, lost_whole};
use crate::scheme::Panel;

/// The weighted mean of the class means; pending while the panel is open, below its quorum or without a
/// mark for the unit.
pub(super) fn points(method: &Panel, asked: Asked<'_>) -> Outcome {
    let panel = asked.cycle.panels.get(&asked.component.component_id);
    let panel = panel.filter(|panel| panel.closed).ok_or(Pending::PanelOpen)?;
    if below_quorum(method, panel) {
        return Err(Pending::BelowQuorum);
    }
    let Some(ComponentFacts::Ballots(marks)) = asked.facts() else { return Err(Pending::NoBallot) };
    weighted_mean(method, marks, asked.component.max_points).ok_or(Pending::NoBallot)
}

/// A single line: the ballots are secret.
pub(super) fn lost(method: &Panel, asked: Asked<'_>) -> Lines {
    let cause = Cause::Panel { component_id: asked.id() };
    lost_whole(points(method, asked), asked.component.max_points, cause)
}

/// `Σ w_c·m_c / Σ w_c` over the classes with a mark left.
fn weighted_mean(method: &Panel, marks: &BTreeMap<String, Vec<Decimal>>, max: Decimal) -> Option<Exact> {
    let (mut weighted, mut weights) = (Exact::zero(), Exact::zero());
    for class in &method.classes {
        let Some(marks) = marks.get(&class.class_id) else { continue };
        let Some(mean) = class_mean(method, marks, max) else { continue };
        weighted += mean * exact(class.weight);
        weights += exact(class.weight);
    }
    quotient(&weighted, &weights)
}

/// `ballots cast / electors < quorum`, multiplied out.
fn below_quorum(method: &Panel, panel: &PanelFacts) -> bool {
    whole(panel.ballots_cast) < exact(method.quorum) * whole(panel.electors)
}

/// The mean of a class's marks that count; none if no mark does.
pub(crate) fn class_mean(method: &Panel, marks: &[Decimal], max: Decimal) -> Option<Exact> {
    let kept = kept(method, marks, max);
    let count = u64::try_from(kept.len()).unwrap_or(u64::MAX);
    quotient(&sum(kept), &whole(count))
}

/// The marks of a class that count: trimmed if there are enough of them.
pub(crate) fn kept(method: &Panel, marks: &[Decimal], max: Decimal) -> Vec<Decimal> {
    let within = |mark: &Decimal| (*mark).clamp(Decimal::ZERO, max);
    let mut kept: Vec<Decimal> = marks.iter().map(within).collect();
    let trim_from = usize::try_from(method.trim_from).unwrap_or(usize::MAX);
    if trim_from > 0 && kept.len() >= trim_from {
        let trim = usize::try_from(method.trim).unwrap_or(usize::MAX);
        kept.sort_unstable();
        kept.truncate(kept.len().saturating_sub(trim));
        kept.drain(..trim.min(kept.len()));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::ElectorClass;

    const MAX: Decimal = Decimal::ONE_HUNDRED;

    fn method(trim_from: u32, trim: u32, quorum: &str, weights: &[(&str, &str)]) -> Panel {
        let class = |&(id, weight): &(&str, &str)| ElectorClass {
            class_id: id.to_owned(),
            title: String::new(),
            weight: weight.parse().expect("a decimal"),
        };
        let quorum = quorum.parse().expect("a decimal");
        Panel { classes: weights.iter().map(class).collect(), trim_from, trim, quorum }
    }

    fn marks(classes: &[(&str, &[i64])]) -> BTreeMap<String, Vec<Decimal>> {
        let decimals = |marks: &[i64]| marks.iter().copied().map(Decimal::from).collect();
        classes.iter().map(|(id, marks)| ((*id).to_owned(), decimals(marks))).collect()
    }

    fn fraction(over: u64, under: u64) -> Option<Exact> {
        quotient(&whole(over), &whole(under))
    }

    #[test]
    fn class_means_are_weighted_by_class_and_not_by_heads() {
        let method = method(0, 0, "0", &[("mayor", "0.5"), ("members", "0.5")]);
        let marks = marks(&[("mayor", &[90]), ("members", &[70, 71, 71])]);
        // (90 + 212/3) / 2
        assert_eq!(weighted_mean(&method, &marks, MAX), fraction(482, 6));
    }

    #[test]
    fn classes_without_a_mark_left_do_not_weigh() {
        let method = method(2, 1, "0", &[("mayor", "3"), ("members", "1"), ("absent", "9")]);
        let marks = marks(&[("mayor", &[90, 80]), ("members", &[60, 70, 80]), ("stranger", &[1])]);
        assert_eq!(weighted_mean(&method, &marks, MAX), Some(whole(70)), "two less two leave none");
    }

    #[test]
    fn trimming_starts_at_its_number_of_marks() {
        for (trim_from, trim, given, mean) in [
            (0, 1, vec![10, 20, 90], fraction(120, 3)),
            (4, 1, vec![10, 20, 90], fraction(120, 3)),
            (3, 1, vec![90, 10, 20], fraction(20, 1)),
            (3, 0, vec![10, 20, 90], fraction(120, 3)),
            (3, 2, vec![10, 20, 90], None),
            (1, u32::MAX, vec![10, 20, 90], None),
            (5, 2, vec![50, 10, 20, 90, 50], fraction(50, 1)),
        ] {
            let method = method(trim_from, trim, "0", &[("all", "1")]);
            let marks = marks(&[("all", &given)]);
            assert_eq!(weighted_mean(&method, &marks, MAX), mean, "{trim} of {trim_from} in {given:?}");
        }
    }

    #[test]
    fn the_quorum_is_compared_exactly() {
        for (quorum, ballots_cast, electors, reached) in [
            ("0.5", 1, 2, true),
            ("0.5", 49, 99, false),
            ("0.333333333", 1, 3, true),
            ("0.333333334", 1, 3, false),
            ("0.666666667", 2, 3, false),
            ("1", u64::MAX - 1, u64::MAX, false),
            ("1", u64::MAX, u64::MAX, true),
            ("0", 0, 10, true),
            ("0.5", 0, 0, true),
        ] {
            let panel = PanelFacts { closed: true, ballots_cast, electors };
            let below = below_quorum(&method(0, 0, quorum, &[("all", "1")]), &panel);
            assert_eq!(below, !reached, "{ballots_cast} of {electors} against {quorum}");
        }
    }
}
