//! What a scheme must be, fault by fault.

use contract::words::{
    DailySource, IndexKind, IndexMethod, Indicator, IndicatorMethod, RatioWeight, SchemeRules, SurveyMethod,
    Tariff, TariffCause, component::Method,
};
use rust_decimal::Decimal;
use scoring::{Rule, Scheme};

use crate::wire::{assessor, component, ledger, panel, rules, source, survey};

/// A scheme with every method, without a fault.
fn sound() -> SchemeRules {
    let indicator = Indicator {
        indicator_id: "cleared".to_owned(),
        weight: "1".to_owned(),
        direction: 1,
        ..Indicator::default()
    };
    let index = IndexMethod { kind: IndexKind::Training.into(), weights: vec![] };
    let tariff = Tariff { cause: TariffCause::ComplaintOverdue.into(), points: "-0.50".to_owned() };
    SchemeRules {
        daily_sources: vec![DailySource { tariffs: vec![tariff], ..source("complaint", "5", "0") }],
        rollup_share: "0.1".to_owned(),
        veto_cap: Some("60".to_owned()),
        excellent_quota: 25,
        accountability_threshold: Some("5".to_owned()),
        ..rules([
            component("business", "30", assessor()),
            component("government", "20", panel(&[("mayor", "0.5"), ("members", "0.5")])),
            component("open", "20", survey(30, &[("recipients", "0.6"), ("residents", "0.4")])),
            component("conduct", "10", ledger("10")),
            component("duties", "10", Method::Indicator(IndicatorMethod { indicators: vec![indicator] })),
            component("training", "10", Method::Index(index)),
        ])
    }
}

fn faults(change: impl FnOnce(&mut SchemeRules)) -> Vec<(String, Rule)> {
    let mut rules = sound();
    change(&mut rules);
    let faults = Scheme::parse_for_publication(&rules).err().unwrap_or_default();
    faults.into_iter().map(|fault| (fault.path, fault.rule)).collect()
}

fn survey_of(rules: &mut SchemeRules) -> &mut SurveyMethod {
    match &mut rules.components[2].method {
        Some(Method::Survey(survey)) => survey,
        other => unreachable!("{other:?}"),
    }
}

fn index_of(rules: &mut SchemeRules) -> &mut IndexMethod {
    match &mut rules.components[5].method {
        Some(Method::Index(index)) => index,
        other => unreachable!("{other:?}"),
    }
}

fn indicators_of(rules: &mut SchemeRules) -> &mut Vec<Indicator> {
    match &mut rules.components[4].method {
        Some(Method::Indicator(method)) => &mut method.indicators,
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn a_sound_scheme_has_no_fault() {
    let scheme = Scheme::parse_for_publication(&sound()).expect("sound");
    assert_eq!(scheme.components().len(), 6);
    assert_eq!(scheme.max_points(), Decimal::ONE_HUNDRED);
    assert_eq!(scheme.rollup_share(), Decimal::new(1, 1));
    assert_eq!(scheme.source("complaint").map(|source| source.tariffs[0].points), Some(Decimal::new(-5, 1)));
}

#[test]
fn what_may_be_empty_is_none() {
    let scheme = Scheme::parse(&rules([component("work", "7", assessor())])).expect("sound");
    assert_eq!(scheme.rollup_share(), Decimal::ZERO);
    assert_eq!((scheme.veto_cap(), scheme.accountability_threshold()), (None, None));
    assert!(scheme.sources().is_empty());
}

#[test]
fn every_fault_of_the_scheme_itself_is_found() {
    type Change = fn(&mut SchemeRules);
    let table: [(Change, &str, Rule); 15] = [
        (|r| r.title = " ".to_owned(), "title", Rule::Required),
        (|r| r.title = "长".repeat(201), "title", Rule::Title),
        (|r| r.rollup_share = "1".to_owned(), "rollup_share", Rule::Range),
        (|r| r.rollup_share = "-0.1".to_owned(), "rollup_share", Rule::Range),
        (|r| r.rollup_share = "ten".to_owned(), "rollup_share", Rule::Decimal),
        (|r| r.veto_cap = Some("-1".to_owned()), "veto_cap", Rule::Range),
        (|r| r.accountability_threshold = Some(String::new()), "accountability_threshold", Rule::Decimal),
        (
            |r| r.components[1].component_id = "business".to_owned(),
            "components[1].component_id",
            Rule::Unique,
        ),
        (|r| r.components[1].component_id = "业务".to_owned(), "components[1].component_id", Rule::Id),
        (|r| r.components[0].title.clear(), "components[0].title", Rule::Required),
        (|r| r.components[0].method = None, "components[0].method", Rule::Required),
        (|r| r.daily_sources[0].cap = "-1".to_owned(), "daily_sources[0].cap", Rule::Range),
        (|r| r.daily_sources[0].bonus_cap.clear(), "daily_sources[0].bonus_cap", Rule::Decimal),
        (|r| r.components[0].max_points = "30.01".to_owned(), "components", Rule::MaximaSum),
        (|r| r.components[0].max_points = "0".to_owned(), "components[0].max_points", Rule::Range),
    ];
    for (change, path, rule) in table {
        assert_eq!(faults(change), [(path.to_owned(), rule)]);
    }
    let empty = Scheme::parse(&SchemeRules { components: vec![], ..sound() }).expect_err("no component");
    assert_eq!((empty[0].path.as_str(), empty[0].rule), ("components", Rule::Count));
    let many = (0..51).map(|at| component(&format!("c{at}"), "1", assessor())).collect::<Vec<_>>();
    let many = Scheme::parse(&rules(many)).expect_err("too many");
    assert_eq!((many[0].path.as_str(), many[0].rule), ("components", Rule::Count));
}

#[test]
fn a_fault_hides_no_other() {
    let both = faults(|r| {
        r.components[0].max_points = "much".to_owned();
        r.components[1].max_points = "50".to_owned();
    });
    let maximum = ("components[0].max_points".to_owned(), Rule::Decimal);
    assert_eq!(both, [maximum, ("components".to_owned(), Rule::MaximaSum)]);
    let of_index = faults(|r| {
        let weight =
            |ratio: &str, weight: &str| RatioWeight { ratio: ratio.to_owned(), weight: weight.to_owned() };
        *index_of(r) = IndexMethod { kind: 0, weights: vec![weight("on_time", "0"), weight("luck", "1")] };
    });
    let index = "components[5].method.index";
    let wanted = [
        (format!("{index}.kind"), Rule::Required),
        (format!("{index}.weights[0].weight"), Rule::Range),
        (format!("{index}.weights[1].ratio"), Rule::Ratio),
    ];
    assert_eq!(of_index, wanted);
}

#[test]
fn every_fault_of_a_method_is_found() {
    type Change = fn(&mut SchemeRules);
    let survey = "components[2].method.survey";
    let index = "components[5].method.index";
    let table: [(Change, String, Rule); 14] = [
        (|r| survey_of(r).min_valid = 0, format!("{survey}.min_valid"), Rule::Range),
        (|r| survey_of(r).strata.clear(), format!("{survey}.strata"), Rule::Count),
        (|r| survey_of(r).levels.drain(..3).for_each(drop), format!("{survey}.levels"), Rule::Count),
        (
            |r| survey_of(r).levels[1].value = Some("1.1".to_owned()),
            format!("{survey}.levels[1].value"),
            Rule::Range,
        ),
        (
            |r| survey_of(r).strata[1].weight = "0".to_owned(),
            format!("{survey}.strata[1].weight"),
            Rule::Range,
        ),
        (
            |r| survey_of(r).strata[1].stratum_id = "recipients".to_owned(),
            format!("{survey}.strata[1].stratum_id"),
            Rule::Unique,
        ),
        (|r| indicators_of(r).clear(), "components[4].method.indicator.indicators".to_owned(), Rule::Count),
        (
            |r| indicators_of(r)[0].direction = 0,
            "components[4].method.indicator.indicators[0].direction".to_owned(),
            Rule::Required,
        ),
        (|r| index_of(r).kind = 0, format!("{index}.kind"), Rule::Required),
        (
            |r| index_of(r).weights = vec![weight("on_time", "1")],
            format!("{index}.weights[0].ratio"),
            Rule::Ratio,
        ),
        (
            |r| index_of(r).weights = vec![weight("pass_rate", "0")],
            format!("{index}.weights[0].weight"),
            Rule::Range,
        ),
        (
            |r| index_of(r).weights = vec![weight("pass_rate", "1"), weight("pass_rate", "1")],
            format!("{index}.weights[1].ratio"),
            Rule::Unique,
        ),
        (
            |r| r.components[3].method = Some(ledger("10.5")),
            "components[3].method.ledger.start_points".to_owned(),
            Rule::Range,
        ),
        (
            |r| r.components[1].method = Some(panel(&[])),
            "components[1].method.panel.classes".to_owned(),
            Rule::Count,
        ),
    ];
    for (change, path, rule) in table {
        assert_eq!(faults(change), [(path, rule)]);
    }
}

fn weight(ratio: &str, weight: &str) -> RatioWeight {
    RatioWeight { ratio: ratio.to_owned(), weight: weight.to_owned() }
}

#[test]
fn every_fault_of_a_tariff_is_found() {
    let at = "daily_sources[0].tariffs[0]";
    let change = |cause: i32, points: &str| {
        faults(|rules| rules.daily_sources[0].tariffs[0] = Tariff { cause, points: points.to_owned() })
    };
    assert_eq!(change(0, "-1"), [(format!("{at}.cause"), Rule::Required)]);
    assert_eq!(change(99, "-1"), [(format!("{at}.cause"), Rule::Required)]);
    assert_eq!(change(1, "0"), [(format!("{at}.points"), Rule::Range)]);
    assert_eq!(change(1, "-0.001"), [(format!("{at}.points"), Rule::Decimal)]);
    let twice = faults(|rules| {
        let tariffs = &mut rules.daily_sources[0].tariffs;
        tariffs.push(tariffs[0].clone());
    });
    assert_eq!(twice, [("daily_sources[0].tariffs[1].cause".to_owned(), Rule::Unique)]);
}

#[test]
fn all_faults_are_told_at_once() {
    let found = faults(|rules| {
        rules.title.clear();
        rules.components[0].max_points = "1e2".to_owned();
        rules.components[1].method = Some(panel(&[("mayor", "-1"), ("mayor", "1")]));
        rules.rollup_share = "2".to_owned();
    });
    let class = "components[1].method.panel.classes";
    assert_eq!(
        found,
        [
            ("title".to_owned(), Rule::Required),
            ("components[0].max_points".to_owned(), Rule::Decimal),
            (format!("{class}[0].weight"), Rule::Range),
            (format!("{class}[1].class_id"), Rule::Unique),
            ("rollup_share".to_owned(), Rule::Range),
        ],
        "and no word about the sum of maxima that do not parse"
    );
}

#[test]
fn a_draft_may_sum_to_anything() {
    let mut rules = sound();
    rules.components[0].max_points = "33.333333333".to_owned();
    assert!(Scheme::parse(&rules).is_ok());
    let faults = Scheme::parse_for_publication(&rules).expect_err("not 100");
    assert_eq!(faults[0].to_string(), "components: the maxima must sum to exactly 100, not 103.333333333");
}
