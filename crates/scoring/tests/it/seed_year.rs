//! The year that the project comes from (scoring.md §8).

use contract::words::SchemeRules;
use rust_decimal::Decimal;
use scoring::facts::{ComponentFacts, CycleFacts, Forms, SurveyFacts, UnitFacts};
use scoring::{Appraisal, Cause, Scheme, appraise, losses, rank_intervals, simulate};

use crate::wire::{assessor, component, decimal, panel, rules, source, survey};

const BUREAU: &str = "public-security";
const GROUP_SIZES: [(u32, u32); 5] = [(1, 24), (2, 24), (3, 29), (4, 12), (5, 12)];

fn first_year() -> SchemeRules {
    let open = survey(1, &[("public", "1")]);
    let components = [
        component("business", "30", assessor()),
        component("building", "30", assessor()),
        component("open", "40", open),
    ];
    SchemeRules { excellent_quota: 25, ..rules(components) }
}

fn second_year() -> SchemeRules {
    let open = survey(30, &[("recipients", "0.6"), ("residents", "0.4")]);
    let government = panel(&[("mayor", "0.5"), ("members", "0.5")]);
    SchemeRules {
        daily_sources: vec![source("inspection", "3", "0"), source("complaint", "5", "0")],
        rollup_share: "0.1".to_owned(),
        excellent_quota: 25,
        ..rules([
            component("business", "30", government),
            component("building", "20", assessor()),
            component("open", "50", open),
        ])
    }
}

/// A unit with two marks, and so many of 10,000 answers that are good, the rest bad.
fn unit(group: u32, business: &str, building: &str, good: u64) -> UnitFacts {
    let counts = [("good".to_owned(), good), ("bad".to_owned(), 10_000 - good)];
    let answers = [("public".to_owned(), counts.into())];
    let components = [
        ("business".to_owned(), ComponentFacts::Mark(decimal(business))),
        ("building".to_owned(), ComponentFacts::Mark(decimal(building))),
        ("open".to_owned(), ComponentFacts::Answers(answers.into())),
    ];
    UnitFacts { group, components: components.into(), ..UnitFacts::default() }
}

/// 101 units in 5 groups, of which 3 are ranked. In group 3 eight units are above the bureau.
fn city() -> CycleFacts {
    let forms = [("public".to_owned(), Forms { issued: 10_000, returned: 10_000 })];
    let surveys = [("open".to_owned(), SurveyFacts { closed: true, forms: forms.into() })];
    let mut facts =
        CycleFacts { ranked_groups: [1, 2, 3].into(), surveys: surveys.into(), ..CycleFacts::default() };
    for (group, size) in GROUP_SIZES {
        for at in 0..size {
            let good = 7_970 - 50 * u64::from(at);
            facts.units.insert(format!("organ-{group}-{at:02}"), unit(group, "27", "27", good));
        }
    }
    facts.units.remove("organ-3-08");
    facts.units.insert(BUREAU.to_owned(), unit(3, "26.40", "26.94", 7_715));
    facts
}

fn scheme(rules: &SchemeRules) -> Scheme {
    Scheme::parse_for_publication(rules).expect("a sound scheme")
}

fn final_points(appraisal: &Appraisal) -> Option<Decimal> {
    appraisal.units[BUREAU].final_points
}

#[test]
fn the_bureau_gets_84_20_and_is_ninth_and_excellent() {
    let facts = city();
    let appraisal = appraise(&scheme(&first_year()), &facts);
    let bureau = &appraisal.units[BUREAU];
    let points: Vec<_> = bureau.components.iter().map(|component| component.points).collect();
    assert_eq!(points, ["26.40", "26.94", "30.86"].map(|points| Ok(decimal(points))));
    assert_eq!(final_points(&appraisal), Some(decimal("84.20")));
    assert_eq!((bureau.rank, bureau.group_size, bureau.excellent_places), (Some(9), 29, 9));
    assert!(bureau.excellent, "though among the last of its group");
    assert_eq!(facts.units.len(), 101);
    assert_eq!(appraisal.units.values().filter(|unit| unit.ranked).count(), 77);
    assert_eq!(appraisal.units.values().filter(|unit| unit.excellent).count(), 25);
    assert!(
        appraisal
            .units
            .values()
            .filter(|unit| !unit.ranked)
            .all(|unit| unit.rank.is_none() && !unit.excellent)
    );
}

#[test]
fn the_second_scheme_alone_costs_the_bureau_1_26() {
    let (old, new, facts) = (scheme(&first_year()), scheme(&second_year()), city());
    let published = appraise(&old, &facts);
    let simulated =
        simulate::rescaled(&old, &new, &facts, |unit, component| published.points(unit, component));
    let points: Vec<_> =
        simulated.units[BUREAU].components.iter().map(|component| component.points).collect();
    assert_eq!(points, ["26.40", "17.96", "38.58"].map(|points| Ok(decimal(points))));
    assert_eq!(final_points(&simulated), Some(decimal("82.94")));
    let cost = final_points(&published).zip(final_points(&simulated)).map(|(before, after)| before - after);
    assert_eq!(cost, Some(decimal("1.26")));
    let lost = losses(&new, &facts, &simulated, BUREAU).expect("a unit");
    assert_eq!(lost.total, Some(decimal("17.06")));
    let open = lost.lines.iter().filter(|line| line.points.scale() > 2).map(|line| line.points);
    assert_eq!(open.collect::<Vec<_>>(), [decimal("11.425"), decimal("-0.005")], "38.575 away from zero");
}

#[test]
fn the_bureaus_losses_are_three_lines() {
    let (scheme, facts) = (scheme(&first_year()), city());
    let losses = losses(&scheme, &facts, &appraise(&scheme, &facts), BUREAU).expect("a unit");
    let lines: Vec<_> =
        losses.lines.iter().map(|line| (line.cause.clone(), line.points.to_string())).collect();
    let mark = |id: &str| Cause::Mark { component_id: id.to_owned() };
    let stratum = Cause::Stratum { component_id: "open".to_owned(), stratum_id: "public".to_owned() };
    let expected = [(mark("business"), "3.60"), (mark("building"), "3.06"), (stratum, "9.14")];
    assert_eq!(lines, expected.map(|(cause, points)| (cause, points.to_owned())));
    assert_eq!(losses.total, Some(decimal("15.80")));
}

#[test]
fn the_bureaus_rank_is_not_quite_sure() {
    let (scheme, facts) = (scheme(&first_year()), city());
    let intervals = rank_intervals(&scheme, &facts, "city-2009");
    assert_eq!(intervals.len(), 77, "whoever has a rank");
    let bureau = intervals[BUREAU];
    assert!(bureau.low < 9 && bureau.high > 9 && bureau.high < 29, "{bureau:?}");
    assert_eq!(intervals, rank_intervals(&scheme, &facts, "city-2009"), "the same each time");
    assert_eq!(intervals["organ-1-00"].low, 1);
}
