//! **survey** (scoring.md §2, 评议表): a weighted mean of the strata's mean answers.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::exact::{Exact, counted_sum, exact, quotient, whole};
use crate::facts::ComponentFacts;
use crate::losses::Cause;
use crate::methods::{Asked, Lines, Outcome, Part, Pending, lost_by_part, mean};
use crate::scheme::{Level, Stratum, Survey};

/// Answers about one unit, by stratum id and level id.
pub(crate) type Answers = BTreeMap<String, BTreeMap<String, u64>>;

/// `max_points · Σ w_s·v_s / Σ w_s`; pending while the survey is open or no stratum remains.
pub(super) fn points(method: &Survey, asked: Asked<'_>) -> Outcome {
    let answers = closed_answers(asked)?;
    points_of(method, answers, asked.component.max_points).ok_or(Pending::NoStratum)
}

/// A line per stratum that remains.
pub(super) fn lost(method: &Survey, asked: Asked<'_>) -> Lines {
    let Ok(answers) = closed_answers(asked) else { return Lines::new() };
    lost_by_part(&remaining(method, answers), asked.component.max_points, |stratum_id| Cause::Stratum {
        component_id: asked.id(),
        stratum_id,
    })
}

/// The answers about the unit, once the survey is closed.
pub(crate) fn closed_answers(asked: Asked<'_>) -> Result<&Answers, Pending> {
    let survey = asked.cycle.surveys.get(&asked.component.component_id);
    survey.filter(|survey| survey.closed).ok_or(Pending::SurveyOpen)?;
    let Some(ComponentFacts::Answers(answers)) = asked.facts() else { return Err(Pending::NoStratum) };
    Ok(answers)
}

/// The points that these answers give.
pub(crate) fn points_of(method: &Survey, answers: &Answers, max: Decimal) -> Option<Exact> {
    Some(mean(&remaining(method, answers))? * exact(max))
}

/// The strata with at least `min_valid` valid answers, each with their mean value.
pub(crate) fn remaining<'a>(method: &'a Survey, answers: &Answers) -> Vec<Part<'a>> {
    let part = |stratum: &'a Stratum| {
        let tally = Tally::of(method, answers.get(&stratum.stratum_id)?);
        let value = tally.mean().filter(|_| tally.counts(method))?;
        Some(Part { id: &stratum.stratum_id, weight: stratum.weight, value })
    };
    method.strata.iter().filter_map(part).collect()
}

/// The valid answers of one stratum about one unit.
pub(crate) struct Tally {
    /// How many there are.
    pub(crate) valid: u64,
    /// How many there are of each value.
    scored: Vec<(u64, Decimal)>,
}

impl Tally {
    /// Counts the answers whose level has a value.
    pub(crate) fn of(method: &Survey, answers: &BTreeMap<String, u64>) -> Self {
        let scored = |level: &Level| Some((*answers.get(&level.level_id)?, level.value?));
        let scored: Vec<_> = method.levels.iter().filter_map(scored).collect();
        let valid = scored.iter().fold(0_u64, |sum, (count, _)| sum.saturating_add(*count));
        Self { valid, scored }
    }

    /// Whether they are enough for the stratum to count.
    pub(crate) fn counts(&self, method: &Survey) -> bool {
        self.valid >= u64::from(method.min_valid)
    }

    /// Their mean value; none without one.
    pub(crate) fn mean(&self) -> Option<Exact> {
        quotient(&counted_sum(self.scored.iter().copied()), &whole(self.valid))
    }

    /// Their sample variance, denominator n − 1; 0 for a single one.
    pub(crate) fn variance(&self) -> Exact {
        let Some(mean) = self.mean() else { return Exact::zero() };
        let squares = self.scored.iter().map(|&(count, value)| {
            let apart = exact(value) - &mean;
            &apart * &apart * whole(count)
        });
        quotient(&squares.sum::<Exact>(), &whole(self.valid.saturating_sub(1))).unwrap_or_else(Exact::zero)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(min_valid: u32) -> Survey {
        let level = |(id, value): (&str, Option<&str>)| Level {
            level_id: id.to_owned(),
            title: String::new(),
            value: value.map(|value| value.parse().expect("a decimal")),
        };
        let stratum = |(id, weight): (&str, &str)| Stratum {
            stratum_id: id.to_owned(),
            title: String::new(),
            weight: weight.parse().expect("a decimal"),
        };
        let levels = [("good", Some("1")), ("fair", Some("0.6")), ("bad", Some("0")), ("unknown", None)];
        Survey {
            levels: levels.map(level).into(),
            strata: [("recipients", "0.6"), ("residents", "0.4")].map(stratum).into(),
            min_valid,
        }
    }

    fn answers(strata: &[(&str, &[(&str, u64)])]) -> Answers {
        let counts = |levels: &[(&str, u64)]| levels.iter().map(|(id, n)| ((*id).to_owned(), *n)).collect();
        strata.iter().map(|(id, levels)| ((*id).to_owned(), counts(levels))).collect()
    }

    fn fraction(over: u64, under: u64) -> Option<Exact> {
        quotient(&whole(over), &whole(under))
    }

    #[test]
    fn strata_weigh_by_weight_and_not_by_answers() {
        let answers = answers(&[("recipients", &[("good", 1)]), ("residents", &[("fair", 2), ("bad", 1)])]);
        // 0.6·1 + 0.4·(1.2/3)
        assert_eq!(mean(&remaining(&survey(1), &answers)), fraction(76, 100));
    }

    #[test]
    fn not_applicable_is_never_scored() {
        let answers = answers(&[("recipients", &[("good", 1), ("unknown", 9), ("undeclared", 9)])]);
        assert_eq!(mean(&remaining(&survey(1), &answers)), fraction(1, 1));
        assert_eq!(mean(&remaining(&survey(2), &answers)), None);
    }

    #[test]
    fn a_stratum_with_too_few_valid_answers_is_left_out() {
        let answers = answers(&[("recipients", &[("bad", 9)]), ("residents", &[("fair", 10)])]);
        assert_eq!(mean(&remaining(&survey(10), &answers)), fraction(6, 10));
        assert_eq!(mean(&remaining(&survey(9), &answers)), fraction(24, 100));
        assert_eq!(mean(&remaining(&survey(11), &answers)), None);
    }

    #[test]
    fn the_sample_variance_divides_by_one_less() {
        let answers = answers(&[("recipients", &[("good", 1), ("bad", 1)]), ("residents", &[("fair", 1)])]);
        assert_eq!(Some(Tally::of(&survey(1), &answers["recipients"]).variance()), fraction(1, 2));
        assert_eq!(Tally::of(&survey(1), &answers["residents"]).variance(), Exact::zero());
        assert_eq!(Tally::of(&survey(1), &BTreeMap::new()).variance(), Exact::zero());
    }
}
