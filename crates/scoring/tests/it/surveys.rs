//! What is reported beside a survey's points and a rank (scoring.md §2 and §7).

use std::collections::BTreeMap;

use scoring::facts::{ComponentFacts, CycleFacts, Forms, SurveyFacts, UnitFacts};
use scoring::{Scheme, SurveyCertainty, appraise, rank_intervals, survey_certainty};

use crate::wire::{assessor, component, decimal, rules, survey};

type Counts<'a> = &'a [(&'a str, &'a [(&'a str, u64)])];

fn scheme(min_valid: u32) -> Scheme {
    let open = survey(min_valid, &[("recipients", "0.6"), ("residents", "0.4")]);
    Scheme::parse(&rules([component("open", "40", open), component("business", "60", assessor())]))
        .expect("sound")
}

fn unit(counts: Counts<'_>) -> UnitFacts {
    let levels = |levels: &[(&str, u64)]| levels.iter().map(|(id, n)| ((*id).to_owned(), *n)).collect();
    let answers = counts.iter().map(|(id, counts)| ((*id).to_owned(), levels(counts))).collect();
    let components = BTreeMap::from([
        ("open".to_owned(), ComponentFacts::Answers(answers)),
        ("business".to_owned(), ComponentFacts::Mark(decimal("50"))),
    ]);
    UnitFacts { group: 1, components, ..UnitFacts::default() }
}

fn facts(forms: [(u64, u64); 2], units: &[(&str, Counts<'_>)]) -> CycleFacts {
    let forms = ["recipients", "residents"].into_iter().zip(forms);
    let forms = forms.map(|(id, (issued, returned))| (id.to_owned(), Forms { issued, returned })).collect();
    CycleFacts {
        units: units.iter().map(|(id, counts)| ((*id).to_owned(), unit(counts))).collect(),
        ranked_groups: [1].into(),
        surveys: [("open".to_owned(), SurveyFacts { closed: true, forms })].into(),
        ..CycleFacts::default()
    }
}

fn certainty(min_valid: u32, forms: [(u64, u64); 2], counts: Counts<'_>) -> Option<SurveyCertainty> {
    survey_certainty(&scheme(min_valid), &facts(forms, &[("unit", counts)]), "unit", "open")
}

const TWO_STRATA: Counts<'_> =
    &[("recipients", &[("good", 80), ("bad", 20)]), ("residents", &[("good", 50), ("bad", 50)])];

#[test]
fn the_interval_is_the_stratified_normal_approximation() {
    // 27.20 ± 1.96·40·sqrt(0.36·(16/99)/100 + 0.16·(25/99)/100) = 27.20 ± 2.4616…
    let found = certainty(1, [(150, 100), (100, 100)], TWO_STRATA).expect("points");
    assert_eq!((found.interval.low, found.interval.high), (decimal("24.74"), decimal("29.66")));
}

#[test]
fn the_bounds_let_every_unanswered_form_answer_lowest_or_highest() {
    // 40·(0.6·80/150 + 0.4·0.5) and 40·(0.6·130/150 + 0.4·0.5)
    let found = certainty(1, [(150, 100), (100, 100)], TWO_STRATA).expect("points");
    assert_eq!((found.bounds.low, found.bounds.high), (decimal("20.80"), decimal("28.80")));
}

#[test]
fn the_return_rate_is_told_and_never_a_score() {
    let found = certainty(1, [(200, 100), (103, 103)], TWO_STRATA).expect("points");
    assert_eq!((found.issued, found.returned, found.return_rate), (303, 203, Some(decimal("0.6700"))));
    let unknown = certainty(1, [(0, 0), (0, 0)], TWO_STRATA).expect("points");
    assert_eq!(unknown.return_rate, None);
}

#[test]
fn each_stratum_says_its_own_and_the_one_left_out_says_nothing() {
    let counts: Counts<'_> =
        &[("recipients", &[("good", 2), ("fair", 1), ("unknown", 4)]), ("residents", &[("bad", 1)])];
    let found = certainty(2, [(9, 9), (9, 9)], counts).expect("points");
    let values: Vec<_> = found.strata.iter().map(|stratum| (stratum.valid, stratum.value)).collect();
    assert_eq!(values, [(3, Some(decimal("0.8667"))), (1, None)]);
}

#[test]
fn a_single_answer_has_no_variance_and_the_interval_stays_within_the_maximum() {
    let one = certainty(1, [(1, 1), (0, 0)], &[("recipients", &[("fair", 1)])]).expect("points");
    assert_eq!((one.interval.low, one.interval.high), (decimal("24"), decimal("24")));
    let two = certainty(1, [(2, 2), (0, 0)], &[("recipients", &[("good", 1), ("bad", 1)])]).expect("points");
    assert_eq!((two.interval.low, two.interval.high), (decimal("0"), decimal("40")));
}

#[test]
fn a_pending_survey_has_no_certainty() {
    assert_eq!(certainty(9, [(9, 9), (9, 9)], &[("recipients", &[("good", 8)])]), None);
    let scheme = scheme(1);
    let mut open = facts([(9, 9), (9, 9)], &[("unit", TWO_STRATA)]);
    assert_eq!(survey_certainty(&scheme, &open, "unit", "business"), None, "not a survey");
    assert_eq!(survey_certainty(&scheme, &open, "nobody", "open"), None);
    open.surveys.values_mut().for_each(|survey| survey.closed = false);
    assert_eq!(survey_certainty(&scheme, &open, "unit", "open"), None);
}

#[test]
fn ranks_that_nothing_can_change_are_certain() {
    let sure = |level| [("recipients", vec![(level, 9)])];
    let [good, bad] = [sure("good"), sure("bad")];
    let borrowed = |counts: &[(&'static str, Vec<(&'static str, u64)>)]| {
        unit(&counts.iter().map(|(id, levels)| (*id, levels.as_slice())).collect::<Vec<_>>())
    };
    let mut facts = facts([(9, 9), (0, 0)], &[]);
    facts.units = [("a", borrowed(&good)), ("b", borrowed(&good)), ("c", borrowed(&bad))]
        .map(|(id, unit)| (id.to_owned(), unit))
        .into();
    let scheme = scheme(1);
    let appraisal = appraise(&scheme, &facts);
    let intervals = rank_intervals(&scheme, &facts, "city-2009");
    for (unit_id, unit) in &appraisal.units {
        let interval = intervals[unit_id];
        assert_eq!((Some(interval.low), Some(interval.high)), (unit.rank, unit.rank), "{unit_id}");
    }
    assert_eq!(
        appraisal.units.values().map(|unit| unit.rank).collect::<Vec<_>>(),
        [Some(1), Some(1), Some(3)]
    );
}

#[test]
fn a_clear_lead_is_certain_and_a_narrow_one_is_not() {
    let counts = |good: u64| -> Vec<(&'static str, u64)> { vec![("good", good), ("bad", 1_000 - good)] };
    let lists = [
        ("far-above", counts(990)),
        ("just-above", counts(701)),
        ("just-below", counts(700)),
        ("pending", vec![]),
    ];
    let mut facts = facts([(1_000, 1_000), (0, 0)], &[]);
    for (id, levels) in &lists {
        facts.units.insert((*id).to_owned(), unit(&[("recipients", levels.as_slice())]));
    }
    let intervals = rank_intervals(&scheme(1), &facts, "city-2009");
    let found: Vec<_> =
        intervals.iter().map(|(id, interval)| (id.as_str(), interval.low, interval.high)).collect();
    assert_eq!(found, [("far-above", 1, 1), ("just-above", 2, 3), ("just-below", 2, 3)]);
    assert_eq!(intervals["far-above"].draws_elsewhere, 0);
    // A tenth of a point apart, with a standard error of six tenths each: hardly better than by lot.
    let elsewhere = intervals["just-above"].draws_elsewhere;
    assert!((4_000..5_000).contains(&elsewhere), "{elsewhere}");
}

#[test]
fn without_a_survey_there_is_no_rank_interval() {
    let scheme = Scheme::parse(&rules([component("business", "60", assessor())])).expect("sound");
    assert!(
        rank_intervals(&scheme, &facts([(9, 9), (9, 9)], &[("unit", TWO_STRATA)]), "city-2009").is_empty()
    );
}

#[test]
fn a_childs_uncertainty_moves_its_parent() {
    let rules = contract::words::SchemeRules {
        rollup_share: "0.5".to_owned(),
        ..rules([
            component("open", "40", survey(1, &[("recipients", "1")])),
            component("business", "60", assessor()),
        ])
    };
    let scheme = Scheme::parse(&rules).expect("sound");
    let sure: Counts<'_> = &[("recipients", &[("fair", 100)])];
    let mut facts = facts(
        [(100, 100), (0, 0)],
        &[("parent", sure), ("rival", sure), ("child", &[("recipients", &[("good", 60), ("bad", 40)])])],
    );
    for (unit_id, unit) in &mut facts.units {
        unit.group = if unit_id == "child" { 9 } else { 1 };
        unit.parent = (unit_id == "child").then(|| "parent".to_owned());
        unit.appraisal_target = unit_id == "child";
    }
    let intervals = rank_intervals(&scheme, &facts, "city-2009");
    assert_eq!((intervals["parent"].low, intervals["parent"].high), (1, 2));
    assert_eq!((intervals["rival"].low, intervals["rival"].high), (1, 2));
    assert!(!intervals.contains_key("child"), "its group is not ranked");
}
