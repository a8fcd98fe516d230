//! How sure a survey's points and a rank are (scoring.md §2 and §7). Reported beside, never part of them.

use num_traits::ToPrimitive as _;
use rust_decimal::Decimal;

use crate::exact::{Exact, exact, power_of_ten, quotient, whole};
use crate::facts::{CycleFacts, Forms, SurveyFacts};
use crate::methods::survey::{Answers, Tally, closed_answers, points_of, remaining};
use crate::methods::{Asked, weight_sum};
use crate::round::{round_rate, round2_exact};
use crate::scheme::{Component, Level, Method, Scheme, Survey};

mod draws;
mod ranks;

pub use ranks::{RankInterval, rank_intervals};

/// What is reported beside a survey's points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyCertainty {
    /// Forms issued, all strata of the scheme together.
    pub issued: u64,
    /// Forms returned.
    pub returned: u64,
    /// returned ÷ issued, four places; none: no form was issued.
    pub return_rate: Option<Decimal>,
    /// The 95 % confidence interval, two places (scoring.md §2).
    pub interval: Bracket,
    /// The points if every unanswered form had answered at the lowest, or at the highest, value
    /// (scoring.md §7).
    pub bounds: Bracket,
    /// Every stratum of the scheme, those left out too.
    pub strata: Vec<StratumValue>,
}

/// A low and a high figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bracket {
    /// The low end.
    pub low: Decimal,
    /// The high end.
    pub high: Decimal,
}

/// What one stratum says of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StratumValue {
    /// The scheme's stratum.
    pub stratum_id: String,
    /// Its forms.
    pub forms: Forms,
    /// Valid answers about the unit.
    pub valid: u64,
    /// Their mean value `v_s`, four places; none: the stratum is left out.
    pub value: Option<Decimal>,
}

impl Forms {
    /// returned ÷ issued, four places; none: no form was issued.
    #[must_use]
    pub fn return_rate(&self) -> Option<Decimal> {
        quotient(&whole(self.returned), &whole(self.issued)).as_ref().map(round_rate)
    }
}

impl SurveyCertainty {
    /// How far the strata's values lie apart, in `[0, 1]`; none: fewer than two count.
    #[must_use]
    pub fn strata_difference(&self) -> Option<Decimal> {
        let values = || self.strata.iter().filter_map(|stratum| stratum.value);
        (values().count() > 1).then(|| Some(values().max()? - values().min()?))?
    }
}

/// How sure a unit's points in a survey are; none: another method, or pending.
#[must_use]
pub fn survey_certainty(
    scheme: &Scheme,
    facts: &CycleFacts,
    unit_id: &str,
    component_id: &str,
) -> Option<SurveyCertainty> {
    let component = scheme.component(component_id)?;
    let Method::Survey(method) = &component.method else { return None };
    let answers = closed_answers(Asked { component, cycle: facts, unit: facts.units.get(unit_id)? }).ok()?;
    let points = points_of(method, answers, component.max_points)?;
    let survey = facts.surveys.get(component_id)?;
    let strata = strata(method, survey, answers);
    let issued = strata.iter().fold(0_u64, |sum, stratum| sum.saturating_add(stratum.forms.issued));
    let returned = strata.iter().fold(0_u64, |sum, stratum| sum.saturating_add(stratum.forms.returned));
    Some(SurveyCertainty {
        issued,
        returned,
        return_rate: Forms { issued, returned }.return_rate(),
        interval: interval(&points, standard_error(method, answers, component.max_points), component),
        bounds: bounds(method, survey, answers, component)?,
        strata,
    })
}

fn strata(method: &Survey, survey: &SurveyFacts, answers: &Answers) -> Vec<StratumValue> {
    let value = |stratum: &crate::scheme::Stratum| {
        let tally = answers.get(&stratum.stratum_id).map(|answers| Tally::of(method, answers));
        let counted = tally.as_ref().filter(|tally| tally.counts(method));
        StratumValue {
            stratum_id: stratum.stratum_id.clone(),
            forms: survey.forms.get(&stratum.stratum_id).copied().unwrap_or_default(),
            valid: tally.as_ref().map_or(0, |tally| tally.valid),
            value: counted.and_then(Tally::mean).as_ref().map(round_rate),
        }
    };
    method.strata.iter().map(value).collect()
}

/// `max_points · sqrt(Σ (w_s/Σw)²·σ²_s/n_s)` over the strata that remain: exact up to the square root.
fn standard_error(method: &Survey, answers: &Answers, max: Decimal) -> f64 {
    let parts = remaining(method, answers);
    let weight_sum = weight_sum(&parts);
    let variance_of_mean = |part: &crate::methods::Part<'_>| {
        let tally = Tally::of(method, answers.get(part.id)?);
        let share = quotient(&(exact(part.weight) * exact(max)), &weight_sum)?;
        Some(&share * &share * quotient(&tally.variance(), &whole(tally.valid))?)
    };
    let variance: Exact = parts.iter().filter_map(variance_of_mean).sum();
    approximate(&variance).sqrt()
}

/// Close to it: exact to some thirty places.
#[expect(clippy::float_arithmetic, reason = "scoring.md §2 and §7 allow it for the intervals")]
fn approximate(exact: &Exact) -> f64 {
    let scaled = exact.over() * power_of_ten(30) / exact.under();
    scaled.to_f64().unwrap_or_default() / 1e30
}

/// `points ± 1.96·se`, clipped to `[0, max_points]`, rounded to 2.
fn interval(points: &Exact, standard_error: f64, component: &Component) -> Bracket {
    let se = Decimal::from_f64_retain(standard_error).unwrap_or_default();
    let margin = exact(Decimal::new(196, 2)) * exact(se);
    let clip = |value: Exact| round2_exact(&value.clamp(Exact::zero(), exact(component.max_points)));
    Bracket { low: clip(points - &margin), high: clip(points + &margin) }
}

/// The method again, with every unanswered form answered at the lowest, or at the highest, value.
fn bounds(
    method: &Survey,
    survey: &SurveyFacts,
    answers: &Answers,
    component: &Component,
) -> Option<Bracket> {
    let points = |level: &Level| {
        let mut answers = answers.clone();
        for stratum in &method.strata {
            let Some(forms) = survey.forms.get(&stratum.stratum_id) else { continue };
            let unanswered = forms.issued.saturating_sub(forms.returned);
            let levels = answers.entry(stratum.stratum_id.clone()).or_default();
            let count = levels.entry(level.level_id.clone()).or_default();
            *count = count.saturating_add(unanswered);
        }
        points_of(method, &answers, component.max_points).as_ref().map(round2_exact)
    };
    let scored = || method.levels.iter().filter(|level| level.value.is_some());
    let lowest = scored().min_by_key(|level| level.value)?;
    let highest = scored().max_by_key(|level| level.value)?;
    Some(Bracket { low: points(lowest)?, high: points(highest)? })
}
