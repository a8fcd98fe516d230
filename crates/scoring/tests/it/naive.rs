//! A second reading of scoring.md, as plain as it can be, held against the crate on random years.

use std::collections::BTreeMap;

use contract::words::{
    Component, IndexKind, IndexMethod, IndicatorDirection, IndicatorMethod, PanelMethod, SchemeRules,
    SurveyMethod, component::Method,
};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};
use proptest::prelude::*;
use rust_decimal::Decimal;
use scoring::facts::{ComponentFacts, CycleFacts, UnitFacts};
use scoring::{Scheme, appraise};

use crate::years::{Year, years};

pub(crate) type Q = BigRational;

pub(crate) fn q(text: &str) -> Q {
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let digits: BigInt = format!("{whole}{places}").parse().expect("digits");
    Q::new(digits, BigInt::from(10).pow(u32::try_from(places.len()).expect("short")))
}

pub(crate) fn d(decimal: Decimal) -> Q {
    q(&decimal.to_string())
}

fn n(number: u64) -> Q {
    Q::from_integer(number.into())
}

fn count<T>(of: &[T]) -> Q {
    n(u64::try_from(of.len()).expect("few"))
}

/// Half away from zero: add half a cent, drop what is below a cent.
pub(crate) fn round2(value: &Q) -> Q {
    let half = Q::new(1.into(), 200.into());
    let away = if value.is_negative() { value - half } else { value + half };
    (away * n(100)).trunc() / n(100)
}

fn clip(value: Q, low: Q, high: Q) -> Q {
    if value < low {
        low
    } else if value > high {
        high
    } else {
        value
    }
}

/// §2, unrounded.
fn component(component: &Component, cycle: &CycleFacts, unit: &UnitFacts) -> Option<Q> {
    let max = q(&component.max_points);
    let facts = unit.components.get(&component.component_id);
    match (component.method.as_ref().expect("a method"), facts) {
        (Method::Assessor(_), Some(ComponentFacts::Mark(mark))) => Some(d(*mark)),
        (Method::Panel(method), Some(ComponentFacts::Ballots(ballots))) => {
            let panel = cycle.panels.get(&component.component_id)?;
            let turnout = n(panel.ballots_cast) / n(panel.electors);
            if !panel.closed || turnout < q(&method.quorum) { None } else { panel_mean(method, ballots) }
        }
        (Method::Survey(method), Some(ComponentFacts::Answers(answers))) => {
            let survey = cycle.surveys.get(&component.component_id)?;
            if survey.closed { Some(max * survey_mean(method, answers)?) } else { None }
        }
        (Method::Ledger(method), facts) => {
            let mut total = q(&method.start_points);
            if let Some(ComponentFacts::Entries(entries)) = facts {
                for entry in entries {
                    if entry.standing {
                        total += d(entry.points);
                    }
                }
            }
            Some(clip(total, Q::zero(), max))
        }
        (Method::Indicator(method), Some(facts)) => Some(max * indicators(method, facts)?),
        (Method::Index(method), _) => Some(max * index(method, unit)?),
        _ => None,
    }
}

fn panel_mean(method: &PanelMethod, ballots: &BTreeMap<String, Vec<Decimal>>) -> Option<Q> {
    let (mut over, mut under) = (Q::zero(), Q::zero());
    for class in &method.classes {
        let mut marks: Vec<Q> = ballots.get(&class.class_id)?.iter().copied().map(d).collect();
        if method.trim_from > 0 && count(&marks) >= n(u64::from(method.trim_from)) {
            marks.sort();
            for _ in 0..method.trim {
                marks.pop();
                if !marks.is_empty() {
                    marks.remove(0);
                }
            }
        }
        if !marks.is_empty() {
            let mean = marks.iter().sum::<Q>() / count(&marks);
            over += q(&class.weight) * mean;
            under += q(&class.weight);
        }
    }
    if under.is_zero() { None } else { Some(over / under) }
}

fn survey_mean(method: &SurveyMethod, answers: &BTreeMap<String, BTreeMap<String, u64>>) -> Option<Q> {
    let (mut over, mut under) = (Q::zero(), Q::zero());
    for stratum in &method.strata {
        let mut values = Vec::new();
        for level in &method.levels {
            for _ in 0..answers[&stratum.stratum_id][&level.level_id] {
                values.extend(level.value.as_deref().map(q));
            }
        }
        if count(&values) >= n(u64::from(method.min_valid)) {
            let mean = values.iter().sum::<Q>() / count(&values);
            over += q(&stratum.weight) * mean;
            under += q(&stratum.weight);
        }
    }
    if under.is_zero() { None } else { Some(over / under) }
}

fn indicators(method: &IndicatorMethod, facts: &ComponentFacts) -> Option<Q> {
    let ComponentFacts::Actuals(facts) = facts else { return None };
    let (mut over, mut under) = (Q::zero(), Q::zero());
    for indicator in &method.indicators {
        let facts = &facts[&indicator.indicator_id];
        let (target, actual) = (d(facts.target?), d(facts.actual?));
        let ratio = if indicator.direction() == IndicatorDirection::HigherIsBetter {
            clip(actual / target, Q::zero(), Q::one())
        } else if actual <= target {
            Q::one()
        } else {
            target / actual
        };
        over += q(&indicator.weight) * ratio;
        under += q(&indicator.weight);
    }
    Some(over / under)
}

/// §5.
fn index(method: &IndexMethod, unit: &UnitFacts) -> Option<Q> {
    let mut ratios = Vec::new();
    match method.kind() {
        IndexKind::Training => {
            let t = unit.figures.training?;
            ratios.push(("participation", "0.4", t.officers_attended, t.officers));
            ratios.push(("leader_participation", "0.2", t.leaders_attended, t.leaders));
            ratios.push(("pass_rate", "0.3", t.officers_passed, t.officers));
            ratios.push(("grassroots_coverage", "0.1", t.grassroots_units_covered, t.grassroots_units));
        }
        IndexKind::Rectification => {
            let r = unit.figures.rectification?;
            if r.due == 0 {
                return None;
            }
            ratios.push(("on_time", "0.5", r.on_time, r.due));
            ratios.push(("not_reopened", "0.2", r.closed - r.reopened, r.closed));
        }
        IndexKind::Commitments => {
            let c = unit.figures.commitments?;
            ratios.push(("delivered", "1", c.delivered, c.due));
        }
        IndexKind::Unspecified => unreachable!("not generated"),
    }
    let weight = |name: &str, default: &str| {
        let named = method.weights.iter().find(|weight| weight.ratio == name);
        if method.weights.is_empty() { q(default) } else { named.map_or(Q::zero(), |named| q(&named.weight)) }
    };
    let (mut over, mut under) = (Q::zero(), Q::zero());
    for (name, default, part, of) in ratios {
        if of > 0 {
            over += weight(name, default) * n(part) / n(of);
            under += weight(name, default);
        }
    }
    if let (IndexKind::Rectification, Some(r)) = (method.kind(), unit.figures.rectification)
        && r.satisfaction_count > 0
    {
        over += weight("satisfaction", "0.3") * d(r.satisfaction_sum) / n(r.satisfaction_count);
        under += weight("satisfaction", "0.3");
    }
    if under.is_zero() { None } else { Some(over / under) }
}

/// §3, by plain recursion; the random years have no circular tree.
fn final_points(rules: &SchemeRules, facts: &CycleFacts, unit_id: &str) -> Option<Q> {
    let unit = &facts.units[unit_id];
    let (mut own, mut scheme_max) = (Q::zero(), Q::zero());
    for part in &rules.components {
        own += round2(&component(part, facts, unit)?);
        scheme_max += q(&part.max_points);
    }
    let own = clip(own + daily(rules, unit), Q::zero(), scheme_max);
    let mut below = Vec::new();
    for (child_id, child) in &facts.units {
        if child.parent.as_deref() == Some(unit_id) && child.appraisal_target {
            below.extend(final_points(rules, facts, child_id));
        }
    }
    let share = if rules.rollup_share.is_empty() { Q::zero() } else { q(&rules.rollup_share) };
    let mut points = own.clone();
    if !below.is_empty() {
        points = (Q::one() - &share) * own + share * below.iter().sum::<Q>() / count(&below);
    }
    points = round2(&points);
    match &rules.veto_cap {
        Some(cap) if unit.vetoed && q(cap) < points => Some(q(cap)),
        _ => Some(points),
    }
}

fn daily(rules: &SchemeRules, unit: &UnitFacts) -> Q {
    let mut daily = Q::zero();
    for source in &rules.daily_sources {
        let mut sum = Q::zero();
        for entry in &unit.daily {
            if entry.source_id == source.source_id && entry.standing {
                sum += d(entry.points);
            }
        }
        daily += clip(sum, -q(&source.cap), q(&source.bonus_cap));
    }
    daily
}

/// §4: the excellent places of each ranked group.
fn places(rules: &SchemeRules, facts: &CycleFacts) -> BTreeMap<u32, u64> {
    let mut sizes: BTreeMap<u32, u64> = BTreeMap::new();
    for unit in facts.units.values() {
        if facts.ranked_groups.contains(&unit.group) {
            *sizes.entry(unit.group).or_default() += 1;
        }
    }
    let (quota, all) = (u64::from(rules.excellent_quota), sizes.values().sum::<u64>());
    let mut places = BTreeMap::new();
    for (group, size) in &sizes {
        places.insert(*group, quota * size / all);
    }
    let mut open: Vec<_> = sizes.iter().collect();
    open.sort_by_key(|(group, size)| (u64::MAX - quota * **size % all, u64::MAX - **size, **group));
    let given: u64 = places.values().sum();
    for (group, _) in
        open.iter().take(usize::try_from(quota).expect("few") - usize::try_from(given).expect("few"))
    {
        if all > 0 {
            *places.get_mut(group).expect("known") += 1;
        }
    }
    places
}

proptest! {
    #[test]
    fn a_second_reading_of_the_page_gives_the_same_year(Year { rules, facts } in years()) {
        let scheme = Scheme::parse(&rules).expect("a sound scheme");
        let appraisal = appraise(&scheme, &facts);
        let places = places(&rules, &facts);
        let finals: BTreeMap<&String, Option<Q>> =
            facts.units.keys().map(|id| (id, final_points(&rules, &facts, id))).collect();
        for (unit_id, unit) in &facts.units {
            let found = &appraisal.units[unit_id];
            for (part, found) in rules.components.iter().zip(&found.components) {
                let expected = component(part, &facts, unit).map(|points| round2(&points));
                prop_assert_eq!(found.points.ok().map(d), expected, "{} of {}", &part.component_id, unit_id);
            }
            prop_assert_eq!(d(found.daily_points), daily(&rules, unit));
            prop_assert_eq!(&found.final_points.map(d), &finals[unit_id], "final of {}", unit_id);
            let better = |own: &Q| {
                let rivals = facts.units.iter().filter(|(_, other)| other.group == unit.group);
                rivals.filter(|(id, _)| finals[id].as_ref().is_some_and(|other| other > own)).count()
            };
            let ranked = finals[unit_id].as_ref().filter(|_| facts.ranked_groups.contains(&unit.group));
            let rank = ranked.map(|own| u64::try_from(better(own)).expect("few") + 1);
            prop_assert_eq!(found.rank.map(u64::from), rank, "rank of {}", unit_id);
            let group_places = places.get(&unit.group).copied().unwrap_or_default();
            prop_assert_eq!(u64::from(found.excellent_places), group_places, "places of {}", unit_id);
            let excellent = !unit.vetoed && rank.is_some_and(|rank| rank <= group_places);
            prop_assert_eq!(found.excellent, excellent, "excellence of {}", unit_id);
        }
    }
}
