//! Component methods (§2) and the lines that explain them (§6).

use contract::scorecard::{LossKind, RatioScore};
use contract::words::component::Method;
use contract::words::{
    Component, IndexKind, IndexMethod, IndicatorDirection, IndicatorMethod, PanelMethod, SurveyMethod,
};
use num_traits::{One as _, Zero as _};

use super::exact::{Q, clip, count, n, q, round, text, weighted};
use super::past::{Facts, Stratum, Survey};

/// A unit in a cycle, and the figures behind its indices: name, count, of how many.
pub(crate) struct Asked<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) unit: &'a str,
    pub(crate) indices: &'a Indices,
}

/// The ratios of each index; none: undefined.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Indices {
    pub(crate) training: Vec<(&'static str, Option<Q>)>,
    pub(crate) rectification: Vec<(&'static str, Option<Q>)>,
    pub(crate) commitments: Vec<(&'static str, Option<Q>)>,
}

/// What a component comes to; none: pending.
pub(crate) struct Outcome {
    pub(crate) unrounded: Option<Q>,
    pub(crate) points: Option<Q>,
    pub(crate) lines: Vec<Line>,
}

/// A line of the explanation.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) component_id: String,
    pub(crate) source_id: String,
    pub(crate) kind: LossKind,
    pub(crate) item: String,
    pub(crate) points: Q,
}

impl Line {
    pub(crate) fn of(component_id: &str, kind: LossKind, item: &str, points: Q) -> Self {
        let (component_id, item) = (component_id.to_owned(), item.to_owned());
        Self { component_id, source_id: String::new(), kind, item, points }
    }
}

/// Computes a component of a unit.
pub(crate) fn outcome(component: &Component, asked: &Asked<'_>) -> Outcome {
    let (id, max) = (component.component_id.as_str(), q(&component.max_points));
    let key = (asked.unit.to_owned(), id.to_owned());
    let found = match component.method.as_ref().unwrap() {
        Method::Assessor(_) => asked
            .facts
            .marks
            .get(&key)
            .map(|mark| (mark.clone(), vec![Line::of(id, LossKind::Mark, "", &max - mark)])),
        Method::Panel(method) => panel(method, id, asked).map(|points| {
            let line = Line::of(id, LossKind::Panel, "", &max - &points);
            (points, vec![line])
        }),
        Method::Survey(method) => {
            let survey = asked.facts.surveys.get(id).filter(|survey| survey.closed);
            survey.and_then(|survey| {
                let strata = |stratum: &str| survey.strata.get(stratum).cloned().unwrap_or_default();
                by_part(id, &max, LossKind::Stratum, valid(method, &strata, asked.unit))
            })
        }
        Method::Ledger(method) => Some(ledger(id, &max, &q(&method.start_points), asked)),
        Method::Indicator(method) => {
            indicators(method, id, asked).and_then(|parts| by_part(id, &max, LossKind::Indicator, parts))
        }
        Method::Index(method) => by_part(id, &max, LossKind::Ratio, ratios(method, asked.indices)),
    };
    let Some((unrounded, mut lines)) = found else {
        return Outcome { unrounded: None, points: None, lines: vec![] };
    };
    let points = round(&unrounded, 2);
    lines.push(Line::of(id, LossKind::Rounding, "", &unrounded - &points));
    Outcome { unrounded: Some(unrounded), points: Some(points), lines }
}

/// A weighted part of a component: item, weight, value in `[0, 1]`.
type Part = (String, Q, Q);

/// `max · Σ weight·value / Σ weight`, and what each part lost of it.
fn by_part(id: &str, max: &Q, kind: LossKind, parts: Vec<Part>) -> Option<(Q, Vec<Line>)> {
    let weighed: Vec<_> = parts.iter().map(|(_, weight, value)| (weight.clone(), value.clone())).collect();
    let weights: Q = weighed.iter().map(|(weight, _)| weight.clone()).sum();
    let points = max * weighted(&weighed)?;
    let lost =
        |(item, weight, value): Part| Line::of(id, kind, &item, max * weight / &weights * (Q::one() - value));
    Some((points, parts.into_iter().map(lost).collect()))
}

fn panel(method: &PanelMethod, id: &str, asked: &Asked<'_>) -> Option<Q> {
    let panel = asked.facts.panels.get(id).filter(|panel| panel.closed)?;
    if panel.electors > 0 && count(&panel.ballots) / n(panel.electors) < q(&method.quorum) {
        return None;
    }
    let mut means = Vec::new();
    for class in &method.classes {
        let ballots = panel.ballots.iter().filter(|ballot| ballot.class_id == class.class_id);
        let marks = ballots.flat_map(|ballot| &ballot.marks).filter(|mark| mark.unit == asked.unit);
        let mut marks: Vec<Q> = marks.map(|mark| q(&mark.points)).collect();
        marks.sort();
        if method.trim_from > 0 && count(&marks) >= n(method.trim_from) {
            for _ in 0..method.trim {
                marks.pop();
                if !marks.is_empty() {
                    marks.remove(0);
                }
            }
        }
        if !marks.is_empty() {
            means.push((q(&class.weight), marks.iter().sum::<Q>() / count(&marks)));
        }
    }
    weighted(&means)
}

/// How many answers of a stratum chose each value.
pub(crate) fn values(method: &SurveyMethod, stratum: &Stratum, unit: &str) -> Vec<(Q, u64)> {
    let scored = |level: &contract::words::SurveyLevel| {
        let answers = stratum.answers.get(&(unit.to_owned(), level.level_id.clone()));
        Some((q(level.value.as_ref()?), answers.copied().unwrap_or_default()))
    };
    method.levels.iter().filter_map(scored).collect()
}

/// Valid answers, and their sum.
pub(crate) fn sum(values: &[(Q, u64)]) -> (u64, Q) {
    (values.iter().map(|(_, times)| times).sum(), values.iter().map(|(value, times)| value * n(*times)).sum())
}

/// The strata that remain, with their mean values.
pub(crate) fn valid(method: &SurveyMethod, strata: &dyn Fn(&str) -> Stratum, unit: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for stratum in &method.strata {
        let (answers, total) = sum(&values(method, &strata(&stratum.stratum_id), unit));
        if answers >= u64::from(method.min_valid).max(1) {
            parts.push((stratum.stratum_id.clone(), q(&stratum.weight), total / n(answers)));
        }
    }
    parts
}

/// The points of a survey as a share of its maximum, whatever its forms are.
pub(crate) fn survey_share(method: &SurveyMethod, survey: &Survey, unit: &str) -> Option<Q> {
    let strata = |stratum: &str| survey.strata.get(stratum).cloned().unwrap_or_default();
    let parts = valid(method, &strata, unit);
    let parts: Vec<_> = parts.into_iter().map(|(_, weight, value)| (weight, value)).collect();
    weighted(&parts)
}

fn ledger(id: &str, max: &Q, start: &Q, asked: &Asked<'_>) -> (Q, Vec<Line>) {
    use contract::evaluation::entry_recorded::Target;
    let mut total = start.clone();
    let mut lines = vec![Line::of(id, LossKind::Start, "", max - start)];
    for entry in asked.facts.entries.iter().filter(|entry| entry.unit == asked.unit) {
        if entry.target == Some(Target::ComponentId(id.to_owned())) {
            total += q(&entry.points);
            lines.push(Line::of(id, LossKind::Entry, &entry.entry_id, -q(&entry.points)));
        }
    }
    let points = clip(total.clone(), &Q::zero(), max);
    lines.push(Line::of(id, LossKind::Clip, "", total - &points));
    (points, lines)
}

fn indicators(method: &IndicatorMethod, id: &str, asked: &Asked<'_>) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for indicator in &method.indicators {
        let key = (asked.unit.to_owned(), id.to_owned(), indicator.indicator_id.clone());
        let (target, actual) = (asked.facts.targets.get(&key)?, asked.facts.actuals.get(&key)?);
        let ratio = if indicator.direction() == IndicatorDirection::HigherIsBetter {
            clip(actual / target, &Q::zero(), &Q::one())
        } else if actual <= target {
            Q::one()
        } else {
            target / actual
        };
        parts.push((indicator.indicator_id.clone(), q(&indicator.weight), ratio));
    }
    Some(parts)
}

/// The weights of an index: the scheme's, or those of §5.
fn weights(method: &IndexMethod) -> Vec<(String, Q)> {
    if !method.weights.is_empty() {
        return method.weights.iter().map(|weight| (weight.ratio.clone(), q(&weight.weight))).collect();
    }
    let default: &[(&str, &str)] = match method.kind() {
        IndexKind::Unspecified => &[],
        IndexKind::Training => &[
            ("participation", "0.4"),
            ("leader_participation", "0.2"),
            ("pass_rate", "0.3"),
            ("grassroots_coverage", "0.1"),
        ],
        IndexKind::Rectification => &[("on_time", "0.5"), ("satisfaction", "0.3"), ("not_reopened", "0.2")],
        IndexKind::Commitments => &[("delivered", "1")],
    };
    default.iter().map(|(ratio, weight)| ((*ratio).to_owned(), q(weight))).collect()
}

fn value(method: &IndexMethod, indices: &Indices, ratio: &str) -> Option<Q> {
    let ratios = match method.kind() {
        IndexKind::Unspecified => return None,
        IndexKind::Training => &indices.training,
        IndexKind::Rectification => &indices.rectification,
        IndexKind::Commitments => &indices.commitments,
    };
    ratios.iter().find(|(name, _)| *name == ratio)?.1.clone()
}

fn ratios(method: &IndexMethod, indices: &Indices) -> Vec<Part> {
    let part = |(ratio, weight): (String, Q)| {
        let value = value(method, indices, &ratio)?;
        Some((ratio, weight, value))
    };
    weights(method).into_iter().filter_map(part).collect()
}

/// The ratios behind an index, as a card shows them.
pub(crate) fn shown_ratios(method: &IndexMethod, indices: &Indices) -> Vec<RatioScore> {
    let row = |(ratio, weight): (String, Q)| RatioScore {
        value: value(method, indices, &ratio).map(|value| text(&value, 6)),
        weight: text(&weight, 9),
        ratio,
    };
    weights(method).into_iter().map(row).collect()
}
