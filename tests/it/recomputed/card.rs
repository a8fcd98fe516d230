//! A unit's standing as its scorecard shows it: every field, but how fresh it is.

use std::collections::BTreeMap;

use contract::scorecard::*;
use contract::words::component::Method;
use contract::words::{Component, IndicatorDirection, IndicatorMethod, SchemeRules};
use jiff::Timestamp;

use super::complaints::Counts;
use super::doubt::doubt;
use super::drive::Seen;
use super::exact::{count, n, text};
use super::finals::{Score, Year, maximum};
use super::indices::{Days, due};
use super::methods::{Outcome, shown_ratios};
use super::past::{Cycle, Delivery, Past};

/// Places within which everything that ends is exact.
const EXACT: u32 = 9;

/// The card of a unit of a cycle, at `now`.
pub(crate) fn card(
    (past, cycle, year): (&Past, &Cycle, &Year<'_>),
    unit: &str,
    score: &Score,
    now: Timestamp,
) -> Scorecard {
    let days = (cycle.opened.start_date.as_str(), cycle.opened.end_date.as_str());
    let id = unit.rsplit('/').next().unwrap();
    let seen = Seen::by(past, unit, days);
    let publication = match (&cycle.published, cycle.closed) {
        (Some(published), _) if published.revised => Publication::Revised,
        (Some(_), _) => Publication::Published,
        (None, true) => Publication::Closed,
        (None, false) => Publication::Open,
    };
    Scorecard {
        name: format!("{}/scorecards/{id}", cycle.opened.cycle),
        unit: unit.to_owned(),
        unit_title: past.units.get(unit).map_or_else(|| id.to_owned(), |unit| unit.title.clone()),
        scheme: cycle.opened.scheme.clone(),
        scheme_version: cycle.opened.scheme_version,
        max_points: text(&maximum(year.rules), EXACT),
        components: components(year, unit, score),
        own_points: score.own.as_ref().map(|points| text(points, EXACT)),
        daily: daily(year.rules, score),
        daily_points: text(&score.daily_points, EXACT),
        roll_up: roll_up(year.rules, score),
        uncapped_points: score.uncapped.as_ref().map(|points| text(points, EXACT)),
        final_points: score.final_points.as_ref().map(|points| text(points, EXACT)),
        group: score.group,
        group_size: score.group_size,
        ranked: score.ranked,
        rank: score.rank,
        excellent_places: score.excellent_places,
        excellent: score.excellent,
        vetoed: year.vetoed.contains(unit),
        publication: publication.into(),
        four_in_place: Some(four_in_place(past, (year, unit), days, now)),
        stalled: seen.as_ref().is_some_and(|seen| seen.is_stalled(unit)),
        training: seen.map(|seen| seen.figures(unit)),
        freshness: vec![],
        rank_interval: None,
    }
}

fn components(year: &Year<'_>, unit: &str, score: &Score) -> Vec<ComponentScore> {
    let component = |(component, outcome): (&Component, &Outcome)| {
        let method = component.method.as_ref().unwrap();
        let mut survey = None;
        if let Method::Survey(method) = method {
            let forms = year.facts.surveys.get(&component.component_id);
            survey = doubt(&component.max_points, method, forms, unit);
        }
        let mut ratios = vec![];
        if let Method::Index(method) = method {
            ratios = shown_ratios(method, &year.indices[unit]);
        }
        ComponentScore {
            component_id: component.component_id.clone(),
            title: component.title.clone(),
            method: name(method).to_owned(),
            max_points: component.max_points.clone(),
            points: outcome.points.as_ref().map(|points| text(points, EXACT)),
            pending_reason: if outcome.points.is_some() { String::new() } else { "pending".to_owned() },
            survey,
            ratios,
        }
    };
    year.rules.components.iter().zip(&score.components).map(component).collect()
}

fn name(method: &Method) -> &'static str {
    match method {
        Method::Assessor(_) => "assessor",
        Method::Panel(_) => "panel",
        Method::Survey(_) => "survey",
        Method::Ledger(_) => "ledger",
        Method::Indicator(_) => "indicator",
        Method::Index(_) => "index",
    }
}

fn daily(rules: &SchemeRules, score: &Score) -> Vec<DailyScore> {
    let sources = rules.daily_sources.iter().zip(&score.daily);
    let row = |(source, score): (&contract::words::DailySource, &super::finals::Source)| DailyScore {
        source_id: source.source_id.clone(),
        title: source.title.clone(),
        sum: text(&score.sum, EXACT),
        clipped: text(&score.clipped, EXACT),
        entries: score.entries,
    };
    sources.map(row).collect()
}

fn roll_up(rules: &SchemeRules, score: &Score) -> Option<RollUp> {
    let finals = score.children.iter().map(|(_, points)| points.clone());
    (!score.children.is_empty()).then(|| RollUp {
        share: rules.rollup_share.clone(),
        children: u32::try_from(score.children.len()).unwrap(),
        mean: text(&(finals.sum::<super::exact::Q>() / count(&score.children)), 6),
    })
}

fn four_in_place(
    past: &Past,
    (year, unit): (&Year<'_>, &str),
    days: Days<'_>,
    now: Timestamp,
) -> FourInPlace {
    let mut it = FourInPlace::default();
    for component in &year.rules.components {
        if let Some(Method::Indicator(method)) = &component.method {
            duties(year, (unit, &component.component_id), method, &mut it);
        }
    }
    for commitment in past.commitments.values().filter(|commitment| commitment.unit == unit) {
        let delivered = commitment.state == Delivery::Verified;
        it.commitments += 1;
        it.commitments_delivered += u32::from(delivered);
        it.commitments_refuted += u32::from(commitment.state == Delivery::Refuted);
        it.commitments_lapsed += u32::from(commitment.lapsed && !delivered);
    }
    for commitment in due(past, unit, days, now) {
        it.commitments_due += 1;
        it.commitments_due_delivered += u32::from(commitment.state == Delivery::Verified);
    }
    complaints(past, unit, days, now, &mut it);
    for case in past.cases.all() {
        if case.units.contains(unit) {
            it.cases += 1;
            it.cases_closed += u32::from(case.closed);
        }
        it.findings += u32::from(case.responsible.contains(unit));
        it.dispositions += u32::from(case.dispositions.contains_key(unit));
        it.dispositions_executed += u32::from(case.dispositions.get(unit) == Some(&true));
    }
    it
}

fn duties(year: &Year<'_>, (unit, component): (&str, &str), method: &IndicatorMethod, it: &mut FourInPlace) {
    for indicator in &method.indicators {
        let key = (unit.to_owned(), component.to_owned(), indicator.indicator_id.clone());
        let (target, actual) = (year.facts.targets.get(&key), year.facts.actuals.get(&key));
        it.indicators += 1;
        it.indicators_reported += u32::from(actual.is_some());
        let (Some(target), Some(actual)) = (target, actual) else { continue };
        let higher = indicator.direction() == IndicatorDirection::HigherIsBetter;
        it.indicators_reached += u32::from(if higher { actual >= target } else { actual <= target });
    }
}

fn complaints(past: &Past, unit: &str, days: Days<'_>, now: Timestamp, it: &mut FourInPlace) {
    let mut counts = Counts::default();
    for complaint in past.complaints.of(unit) {
        counts.add(complaint, days, now);
        it.complaints += 1;
        it.complaints_closed += u32::from(!complaint.is_open());
        it.complaints_overdue += u32::from(complaint.ever_overdue);
        it.complaints_open += u32::from(complaint.is_open());
        it.complaints_open_overdue += u32::from(complaint.is_open() && complaint.overdue);
    }
    it.complaints_due = u32::try_from(counts.due).unwrap();
    it.complaints_on_time = u32::try_from(counts.on_time).unwrap();
    it.complaints_reopened = u32::try_from(counts.reopened).unwrap();
    it.satisfaction = (counts.rated > 0).then(|| text(&(&counts.satisfaction / n(counts.rated)), 6));
}

/// Rank intervals of cards, by unit.
pub(crate) fn intervals(cards: &BTreeMap<String, Scorecard>) -> BTreeMap<String, RankInterval> {
    let shown = cards.iter().filter_map(|(unit, card)| Some((unit.clone(), card.rank_interval?)));
    shown.collect()
}
