//! Another scheme on the same facts (scoring.md §6).

use std::mem::discriminant;

use contract::words::{Component, SchemeRules};
use proptest::prelude::*;
use rust_decimal::Decimal;
use scoring::facts::{ComponentFacts, CycleFacts, DailyEntry, PanelFacts, UnitFacts};
use scoring::{Pending, Scheme, appraise, losses, simulate};

use crate::naive;
use crate::wire::{assessor, component, decimal, ledger, panel, rules, source};
use crate::years::{Year, changes, years};

proptest! {
    #[test]
    fn the_same_scheme_changes_nothing(Year { rules, facts } in years()) {
        let scheme = Scheme::parse(&rules).expect("a sound scheme");
        let actual = appraise(&scheme, &facts);
        prop_assert_eq!(&simulate::recomputed(&scheme, &scheme, &facts, |_, _| false), &actual);
        let rescaled = simulate::rescaled(&scheme, &scheme, &facts, |unit, part| actual.points(unit, part));
        for (unit_id, unit) in &actual.units {
            prop_assert_eq!(rescaled.units[unit_id].final_points, unit.final_points);
            prop_assert_eq!(rescaled.units[unit_id].rank, unit.rank);
        }
    }

    #[test]
    fn either_basis_matches_a_second_reading((Year { rules, facts }, new_rules) in changes()) {
        let old = Scheme::parse(&rules).expect("a sound scheme");
        let new = Scheme::parse(&new_rules).expect("a sound scheme");
        let actual = appraise(&old, &facts);
        let rescaled = simulate::rescaled(&old, &new, &facts, |unit, part| actual.points(unit, part));
        let recomputed = simulate::recomputed(&old, &new, &facts, |_, _| false);
        for unit_id in facts.units.keys() {
            for part in &new_rules.components {
                let id = &part.component_id;
                let before = rules.components.iter().find(|before| &before.component_id == id);
                let factor = before.map(|before| naive::q(&part.max_points) / naive::q(&before.max_points));
                let points = actual.points(unit_id, id).map(naive::d).zip(factor);
                let expected = points.map(|(points, factor)| naive::round2(&(points * factor)));
                prop_assert_eq!(rescaled.points(unit_id, id).map(naive::d), expected);
                let kind = |part: &Component| part.method.as_ref().map(discriminant);
                let same_kind = before.is_some_and(|before| kind(before) == kind(part));
                prop_assert!(same_kind || recomputed.points(unit_id, id).is_none());
            }
            for simulated in [&rescaled, &recomputed] {
                let losses = losses(&new, &facts, simulated, unit_id).expect("a unit");
                let sum: Decimal = losses.lines.iter().map(|line| line.points).sum();
                prop_assert!(losses.total.is_none_or(|total| total == sum));
            }
        }
    }
}

fn scheme(rules: &SchemeRules) -> Scheme {
    Scheme::parse(rules).expect("a sound scheme")
}

fn one_unit(components: impl IntoIterator<Item = (&'static str, ComponentFacts)>) -> CycleFacts {
    let components = components.into_iter().map(|(id, facts)| (id.to_owned(), facts)).collect();
    let unit = UnitFacts { group: 1, components, ..UnitFacts::default() };
    CycleFacts {
        units: [("unit".to_owned(), unit)].into(),
        ranked_groups: [1].into(),
        ..CycleFacts::default()
    }
}

#[test]
fn recomputing_runs_the_methods_again_under_the_new_parameters() {
    let old = scheme(&rules([
        component("panel", "40", panel(&[("mayor", "1"), ("members", "1")])),
        component("conduct", "10", ledger("10")),
    ]));
    let new = scheme(&rules([
        component("panel", "40", panel(&[("mayor", "3"), ("members", "1")])),
        component("conduct", "5", ledger("4")),
    ]));
    let marks = [
        ("mayor".to_owned(), vec![decimal("20")]),
        ("members".to_owned(), vec![decimal("30"), decimal("40")]),
    ];
    let mut facts = one_unit([("panel", ComponentFacts::Ballots(marks.into()))]);
    facts.panels.insert("panel".to_owned(), PanelFacts { closed: true, ballots_cast: 3, electors: 3 });
    let recomputed = simulate::recomputed(&old, &new, &facts, |_, _| false);
    assert_eq!(appraise(&old, &facts).points("unit", "panel"), Some(decimal("27.50")));
    assert_eq!(recomputed.points("unit", "panel"), Some(decimal("23.75")));
    assert_eq!(recomputed.points("unit", "conduct"), Some(decimal("4")));
}

#[test]
fn what_has_no_counterpart_is_pending() {
    let old =
        scheme(&rules([component("business", "30", assessor()), component("building", "30", assessor())]));
    let new = scheme(&rules([
        component("business", "30", ledger("30")),
        component("building", "40", assessor()),
        component("conduct", "10", ledger("10")),
    ]));
    let facts = one_unit([("business", ComponentFacts::Mark(decimal("24")))]);
    let reasons = |appraisal: &scoring::Appraisal| {
        let components = &appraisal.units["unit"].components;
        components.iter().map(|component| component.points.err()).collect::<Vec<_>>()
    };
    let recomputed = simulate::recomputed(&old, &new, &facts, |_, _| false);
    assert_eq!(
        reasons(&recomputed),
        [Some(Pending::OtherMethod), Some(Pending::NoMark), Some(Pending::NotInOldScheme)]
    );
    let published = appraise(&old, &facts);
    let rescaled = simulate::rescaled(&old, &new, &facts, |unit, part| published.points(unit, part));
    assert_eq!(reasons(&rescaled), [None, Some(Pending::NotPublished), Some(Pending::NotInOldScheme)]);
    assert_eq!(rescaled.units["unit"].final_points, None);
}

#[test]
fn the_daily_assessment_counts_under_the_new_schemes_sources() {
    let part = || component("business", "100", assessor());
    let old = scheme(&rules([part()]));
    let new = SchemeRules { daily_sources: vec![source("inspection", "3", "0")], ..rules([part()]) };
    let mut facts = one_unit([("business", ComponentFacts::Mark(decimal("90")))]);
    let entry = DailyEntry {
        entry_id: "e".to_owned(),
        source_id: "inspection".to_owned(),
        points: decimal("-5"),
        standing: true,
    };
    facts.units.get_mut("unit").expect("entered").daily.push(entry);
    let published = appraise(&old, &facts);
    assert_eq!(published.units["unit"].final_points, Some(decimal("90")));
    let simulated =
        simulate::rescaled(&old, &scheme(&new), &facts, |unit, part| published.points(unit, part));
    assert_eq!(simulated.units["unit"].final_points, Some(decimal("87")));
}
