//! How sure a survey's points and a rank are (§2, §7). Floating point is allowed here.

#![expect(clippy::float_arithmetic, reason = "scoring.md §2 and §7 allow it for the intervals")]

use std::collections::BTreeMap;

use contract::scorecard::{RankInterval, StratumScore, SurveyDoubt};
use contract::words::SurveyMethod;
use contract::words::component::Method;
use num_traits::{ToPrimitive as _, Zero as _};

use super::exact::{Q, clip, n, q, text};
use super::finals::{Score, Year, maximum};
use super::methods::{sum, survey_share, valid, values};
use super::past::Survey;
use crate::chance::Chance;

const DRAWS: u32 = 4_000;
/// What a percentile of so many draws may be off by: more than four standard errors.
const TOLERANCE: f64 = 0.012;

/// What stands beside a survey's points; none: pending.
pub(crate) fn doubt(
    max: &str,
    method: &SurveyMethod,
    survey: Option<&Survey>,
    unit: &str,
) -> Option<SurveyDoubt> {
    let (max, survey) = (q(max), survey.filter(|survey| survey.closed)?);
    let points = &max * survey_share(method, survey, unit)?;
    let margin = Q::from_float(1.96 * standard_error(&max, method, survey, unit)).unwrap();
    let strata = || method.strata.iter().map(|stratum| survey.strata.get(&stratum.stratum_id));
    let issued: u64 = strata().flatten().map(|stratum| stratum.issued).sum();
    let returned: u64 = strata().flatten().map(|stratum| stratum.returned).sum();
    let scored: Vec<Q> = method.levels.iter().filter_map(|level| Some(q(level.value.as_ref()?))).collect();
    let bound = |value: &Q| {
        let share = survey_share(method, &filled(method, survey, unit, value), unit).unwrap();
        text(&(&max * share), 2)
    };
    let end = |points: Q| text(&clip(points, &Q::zero(), &max), 2);
    Some(SurveyDoubt {
        issued: u32::try_from(issued).unwrap(),
        returned: u32::try_from(returned).unwrap(),
        return_rate: if issued == 0 { "0".to_owned() } else { text(&(n(returned) / n(issued)), 4) },
        interval_low: end(&points - &margin),
        interval_high: end(points + &margin),
        bound_low: bound(scored.iter().min().unwrap()),
        bound_high: bound(scored.iter().max().unwrap()),
        strata: shown(method, survey, unit),
    })
}

fn shown(method: &SurveyMethod, survey: &Survey, unit: &str) -> Vec<StratumScore> {
    let row = |stratum: &contract::words::Stratum| {
        let forms = survey.strata.get(&stratum.stratum_id).cloned().unwrap_or_default();
        let (answers, total) = sum(&values(method, &forms, unit));
        let counts = answers >= u64::from(method.min_valid).max(1);
        StratumScore {
            stratum_id: stratum.stratum_id.clone(),
            valid: u32::try_from(answers).unwrap(),
            mean: counts.then(|| text(&(total / n(answers)), 4)),
        }
    };
    method.strata.iter().map(row).collect()
}

/// The survey, had every form that did not come back given the unit this value.
fn filled(method: &SurveyMethod, survey: &Survey, unit: &str, value: &Q) -> Survey {
    let level = method.levels.iter().find(|level| level.value.as_deref().map(q).as_ref() == Some(value));
    let mut filled = survey.clone();
    for stratum in filled.strata.values_mut() {
        let answers = stratum.answers.entry((unit.to_owned(), level.unwrap().level_id.clone()));
        *answers.or_default() += stratum.issued - stratum.returned;
    }
    filled
}

fn standard_error(max: &Q, method: &SurveyMethod, survey: &Survey, unit: &str) -> f64 {
    let strata = |stratum: &str| survey.strata.get(stratum).cloned().unwrap_or_default();
    let parts = valid(method, &strata, unit);
    let weights: Q = parts.iter().map(|(_, weight, _)| weight.clone()).sum();
    let mut variance = Q::zero();
    for (stratum, weight, mean) in &parts {
        let values = values(method, &strata(stratum), unit);
        let (answers, _) = sum(&values);
        if answers > 1 {
            let squares = values.iter().map(|(value, times)| (value - mean) * (value - mean) * n(*times));
            let of_stratum = squares.sum::<Q>() / n(answers - 1);
            let share = weight / &weights;
            variance += &share * &share * of_stratum / n(answers);
        }
    }
    max.to_f64().unwrap() * variance.to_f64().unwrap().sqrt()
}

/// A unit as a draw needs it, in points.
struct Drawn {
    pending: bool,
    group: u32,
    ranked: bool,
    fixed: f64,
    /// Points, standard error and maximum.
    surveys: Vec<(f64, f64, f64)>,
    daily: f64,
    children: Vec<usize>,
    cap: f64,
}

/// How the rank intervals that are shown do not fit the ranks of draws of our own.
pub(crate) fn implausible(
    year: &Year<'_>,
    scores: &BTreeMap<String, Score>,
    shown: &BTreeMap<String, RankInterval>,
) -> Vec<String> {
    let is_survey =
        |component: &contract::words::Component| matches!(component.method, Some(Method::Survey(_)));
    let has_survey = year.rules.components.iter().any(is_survey);
    let mut found = Vec::new();
    for (unit, score) in scores {
        let expected = has_survey && score.rank > 0;
        if expected != shown.contains_key(unit) {
            found.push(format!("{unit}: rank interval there: {}, expected: {expected}", !expected));
        }
    }
    if !has_survey || !found.is_empty() {
        return found;
    }
    let times = draw(year, scores);
    for (unit, interval) in shown {
        let share = |rank: u32| {
            let times = times[unit].iter().filter(|(other, _)| **other <= rank).map(|(_, times)| times);
            f64::from(times.sum::<u32>()) / f64::from(DRAWS)
        };
        let fits = |rank: u32, percentile: f64| {
            share(rank) >= percentile - TOLERANCE && share(rank - 1) <= percentile + TOLERANCE
        };
        if interval.low < 1 || !fits(interval.low, 0.025) || !fits(interval.high, 0.975) {
            found.push(format!("{unit}: rank interval {interval:?} does not fit {:?}", times[unit]));
        }
    }
    found
}

/// How often each unit had which rank.
fn draw(year: &Year<'_>, scores: &BTreeMap<String, Score>) -> BTreeMap<String, BTreeMap<u32, u32>> {
    let units: Vec<_> = scores.iter().map(|(unit, score)| drawn(year, scores, unit, score)).collect();
    let (max, share) =
        (maximum(year.rules), Some(&year.rules.rollup_share).filter(|share| !share.is_empty()));
    let terms = (max.to_f64().unwrap(), share.map_or(0.0, |share| q(share).to_f64().unwrap()));
    let mut times: Vec<BTreeMap<u32, u32>> = vec![BTreeMap::new(); units.len()];
    let mut chance = Chance::seeded(7);
    for _ in 0..DRAWS {
        let own = units.iter().map(|unit| {
            let survey = |(points, error, max): &(f64, f64, f64)| {
                (points + error * normal(&mut chance)).clamp(0.0, *max)
            };
            unit.fixed + unit.surveys.iter().map(survey).sum::<f64>()
        });
        let own: Vec<f64> = own.collect();
        let finals: Vec<_> = (0..units.len()).map(|unit| final_points(&units, terms, &own, unit)).collect();
        for (unit, drawn) in units.iter().enumerate().filter(|(_, drawn)| drawn.ranked) {
            let others = units.iter().zip(&finals).filter(|(other, _)| other.group == drawn.group);
            let better = others.filter(|(_, points)| **points > finals[unit]).count();
            *times[unit].entry(1 + u32::try_from(better).unwrap()).or_default() += 1;
        }
    }
    scores.keys().cloned().zip(times).collect()
}

fn drawn(year: &Year<'_>, scores: &BTreeMap<String, Score>, unit: &String, score: &Score) -> Drawn {
    let (mut fixed, mut surveys) = (0.0, Vec::new());
    for (component, outcome) in year.rules.components.iter().zip(&score.components) {
        let (Some(unrounded), Some(points)) = (&outcome.unrounded, &outcome.points) else { continue };
        match (component.method.as_ref().unwrap(), year.facts.surveys.get(&component.component_id)) {
            (Method::Survey(method), Some(survey)) => {
                let max = q(&component.max_points);
                let error = standard_error(&max, method, survey, unit);
                if error > 0.0 {
                    surveys.push((unrounded.to_f64().unwrap(), error, max.to_f64().unwrap()));
                } else {
                    fixed += points.to_f64().unwrap();
                }
            }
            _ => fixed += points.to_f64().unwrap(),
        }
    }
    let places: Vec<&String> = scores.keys().collect();
    let place = |unit: &String| places.iter().position(|other| *other == unit).unwrap();
    let cap = year.rules.veto_cap.as_deref().filter(|_| year.vetoed.contains(unit)).map(q);
    Drawn {
        pending: score.final_points.is_none(),
        group: score.group,
        ranked: score.rank > 0,
        fixed,
        surveys,
        daily: score.daily_points.to_f64().unwrap(),
        children: score.children.iter().map(|(child, _)| place(child)).collect(),
        cap: cap.map_or(f64::MAX, |cap| cap.to_f64().unwrap()),
    }
}

/// §3 on drawn points; none: pending.
fn final_points(units: &[Drawn], (max, share): (f64, f64), own: &[f64], unit: usize) -> Option<f64> {
    let drawn = &units[unit];
    if drawn.pending {
        return None;
    }
    let mut points = (own[unit] + drawn.daily).clamp(0.0, max);
    let below = drawn.children.iter().filter_map(|child| final_points(units, (max, share), own, *child));
    let below: Vec<f64> = below.collect();
    if !below.is_empty() {
        let mean = below.iter().sum::<f64>() / below.len().to_f64().unwrap();
        points = (1.0 - share) * points + share * mean;
    }
    // Floating point may be a little below the half cent that the exact points have.
    let cents = ((points * 1e9).round() / 1e7).round();
    Some((cents / 100.0).min(drawn.cap))
}

/// Box and Muller's.
fn normal(chance: &mut Chance) -> f64 {
    let mut share = || (chance.any() >> 11).to_f64().unwrap() / 9_007_199_254_740_992.0;
    let (one, other) = (1.0 - share(), share());
    (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * other).cos()
}
