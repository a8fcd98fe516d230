//! From points to finals, ranks and losses, by table (scoring.md §3, §4 and §6).

use contract::words::SchemeRules;
use rust_decimal::Decimal;
use scoring::facts::{ComponentFacts, CycleFacts, DailyEntry, LedgerEntry, UnitFacts};
use scoring::{Appraisal, Cause, Losses, Pending, Scheme, appraise, losses};

use crate::wire::{assessor, component, decimal, ledger, rules, source};

/// One mark out of 100; two sources; a tenth from the children; vetoed units get no more than 60.
fn scheme() -> Scheme {
    let rules = SchemeRules {
        daily_sources: vec![source("inspection", "3", "1"), source("complaint", "5", "0")],
        rollup_share: "0.1".to_owned(),
        veto_cap: Some("60".to_owned()),
        excellent_quota: 2,
        ..rules([component("work", "100", assessor())])
    };
    Scheme::parse_for_publication(&rules).expect("a sound scheme")
}

fn unit(mark: &str, entries: &[(&str, &str)]) -> UnitFacts {
    let entry = |(at, (source_id, points)): (usize, &(&str, &str))| DailyEntry {
        entry_id: format!("entry-{at}"),
        source_id: (*source_id).to_owned(),
        points: decimal(points),
        standing: true,
    };
    UnitFacts {
        group: 1,
        components: [("work".to_owned(), ComponentFacts::Mark(decimal(mark)))].into(),
        daily: entries.iter().enumerate().map(entry).collect(),
        ..UnitFacts::default()
    }
}

fn below(parent: &str, unit: UnitFacts) -> UnitFacts {
    UnitFacts { parent: Some(parent.to_owned()), appraisal_target: true, ..unit }
}

fn pending() -> UnitFacts {
    UnitFacts { group: 1, ..UnitFacts::default() }
}

fn facts(units: impl IntoIterator<Item = (&'static str, UnitFacts)>) -> CycleFacts {
    let units = units.into_iter().map(|(id, unit)| (id.to_owned(), unit)).collect();
    CycleFacts { units, ranked_groups: [1].into(), ..CycleFacts::default() }
}

fn final_points(appraisal: &Appraisal, unit_id: &str) -> Option<Decimal> {
    appraisal.units[unit_id].final_points
}

fn lines(losses: &Losses) -> Vec<(Cause, String)> {
    losses.lines.iter().map(|line| (line.cause.clone(), line.points.to_string())).collect()
}

#[test]
fn each_source_is_clipped_on_its_own_and_strangers_do_not_count() {
    for (mark, entries, daily, final_score) in [
        ("90", &[][..], "0", "90"),
        ("90", &[("inspection", "-2"), ("inspection", "-2")], "-3", "87"),
        ("90", &[("inspection", "-4"), ("inspection", "2")], "-2", "88"),
        ("90", &[("inspection", "9"), ("complaint", "9")], "1", "91"),
        ("90", &[("inspection", "9"), ("complaint", "-9")], "-4", "86"),
        ("90", &[("supervision", "-9")], "0", "90"),
        ("99.5", &[("inspection", "1")], "1", "100"),
        ("2", &[("complaint", "-5")], "-5", "0"),
    ] {
        let appraisal = appraise(&scheme(), &facts([("unit", unit(mark, entries))]));
        assert_eq!(appraisal.units["unit"].daily_points, decimal(daily), "{entries:?}");
        assert_eq!(final_points(&appraisal, "unit"), Some(decimal(final_score)), "{entries:?}");
    }
}

#[test]
fn a_parents_final_takes_a_tenth_from_its_appraised_children() {
    let mut only_entered = below("bureau", unit("0", &[]));
    only_entered.appraisal_target = false;
    let facts = facts([
        ("bureau", unit("84", &[])),
        ("branch-a", below("bureau", unit("70", &[]))),
        ("branch-b", below("bureau", unit("80", &[]))),
        ("branch-c", below("bureau", unit("81", &[]))),
        ("unmarked", below("bureau", pending())),
        ("not-a-target", only_entered),
        ("grandchild", below("branch-a", unit("40", &[]))),
    ]);
    let appraisal = appraise(&scheme(), &facts);
    assert_eq!(final_points(&appraisal, "branch-a"), Some(decimal("67")), "0.9·70 + 0.1·40");
    // 0.9·84 + 0.1·(67 + 80 + 81)/3
    assert_eq!(final_points(&appraisal, "bureau"), Some(decimal("83.20")));
    let roll_up = appraisal.units["bureau"].roll_up.as_ref().expect("a roll-up");
    let children: Vec<_> = roll_up.children.iter().map(|child| child.unit_id.as_str()).collect();
    assert_eq!((children, roll_up.mean), (vec!["branch-a", "branch-b", "branch-c"], decimal("76")));
    assert_eq!(appraisal.units["branch-b"].roll_up, None);
}

#[test]
fn a_child_whose_parent_is_not_entered_rolls_up_to_nobody() {
    let facts = facts([("child", below("ministry", unit("70", &[])))]);
    assert_eq!(final_points(&appraise(&scheme(), &facts), "child"), Some(decimal("70")));
}

#[test]
fn units_above_each_other_do_not_roll_up_and_do_not_hang() {
    let facts = facts([
        ("one", below("two", unit("70", &[]))),
        ("two", below("one", unit("80", &[]))),
        ("own", below("own", unit("90", &[]))),
        ("leaf", below("one", unit("60", &[]))),
    ]);
    let appraisal = appraise(&scheme(), &facts);
    assert_eq!(final_points(&appraisal, "one"), Some(decimal("69")), "the leaf still counts");
    assert_eq!(final_points(&appraisal, "two"), Some(decimal("80")));
    assert_eq!(final_points(&appraisal, "own"), Some(decimal("90")));
}

#[test]
fn a_veto_caps_the_final_and_what_rolls_up_but_keeps_its_place() {
    let vetoed = UnitFacts { vetoed: true, ..unit("95", &[]) };
    let facts = facts([
        ("a", vetoed.clone()),
        ("b", unit("59", &[])),
        ("c", unit("50", &[])),
        ("d", unit("40", &[])),
        ("parent", unit("0", &[])),
        ("child", below("parent", vetoed)),
    ]);
    let appraisal = appraise(&scheme(), &facts);
    assert_eq!(appraisal.units["a"].uncapped_points, Some(decimal("95")));
    assert_eq!(final_points(&appraisal, "a"), Some(decimal("60")));
    assert_eq!(final_points(&appraisal, "parent"), Some(decimal("6")));
    let standing = |id: &str| (appraisal.units[id].rank, appraisal.units[id].excellent);
    assert_eq!(["a", "child", "b"].map(standing), [(Some(1), false), (Some(1), false), (Some(3), false)]);
    assert_eq!(appraisal.excellent_places, [(1, 2)].into());
}

#[test]
fn a_veto_without_a_cap_only_costs_the_excellence() {
    let scheme =
        Scheme::parse(&SchemeRules { excellent_quota: 1, ..rules([component("work", "100", assessor())]) });
    let facts = facts([("a", UnitFacts { vetoed: true, ..unit("95", &[]) }), ("b", unit("80", &[]))]);
    let appraisal = appraise(&scheme.expect("sound"), &facts);
    assert_eq!(final_points(&appraisal, "a"), Some(decimal("95")));
    assert!(!appraisal.units["a"].excellent && !appraisal.units["b"].excellent);
}

#[test]
fn ties_at_the_border_are_all_excellent_and_the_pending_have_no_rank() {
    let facts = facts([
        ("a", unit("90", &[])),
        ("b", unit("80", &[])),
        ("c", unit("80", &[])),
        ("d", unit("70", &[])),
        ("e", pending()),
        ("f", UnitFacts { group: 2, ..unit("99", &[]) }),
    ]);
    let appraisal = appraise(&scheme(), &facts);
    let standings: Vec<_> = appraisal.units.values().map(|unit| (unit.rank, unit.excellent)).collect();
    let expected =
        [(Some(1), true), (Some(2), true), (Some(2), true), (Some(4), false), (None, false), (None, false)];
    assert_eq!(standings, expected);
    assert_eq!(appraisal.units["e"].group_size, 5);
}

#[test]
fn a_pending_component_leaves_the_final_pending_and_the_rest_standing() {
    let rules = rules([component("work", "60", assessor()), component("building", "40", assessor())]);
    let scheme = Scheme::parse_for_publication(&rules).expect("sound");
    let facts = facts([("unit", unit("50", &[]))]);
    let appraisal = appraise(&scheme, &facts);
    let unit = &appraisal.units["unit"];
    assert_eq!(unit.components[0].points, Ok(decimal("50")));
    assert_eq!(unit.components[1].points, Err(Pending::NoMark));
    assert_eq!((unit.own_points, unit.own_with_daily, unit.final_points), (None, None, None));
    let losses = losses(&scheme, &facts, &appraisal, "unit").expect("a unit");
    assert_eq!(losses.total, None);
    assert_eq!(lines(&losses), [(Cause::Mark { component_id: "work".to_owned() }, "10.00".to_owned())]);
}

#[test]
fn losses_tell_entries_caps_children_and_roundings() {
    let facts = facts([
        ("bureau", unit("84.005", &[("inspection", "-2"), ("inspection", "-2.50"), ("supervision", "-9")])),
        ("branch-a", below("bureau", unit("70", &[]))),
        ("branch-b", below("bureau", unit("80.33", &[]))),
    ]);
    let scheme = scheme();
    let appraisal = appraise(&scheme, &facts);
    // 0.9·(84.01 − 3) + 0.1·(70 + 80.33)/2 = 72.909 + 7.5165 = 80.4255
    assert_eq!(final_points(&appraisal, "bureau"), Some(decimal("80.43")));
    let losses = losses(&scheme, &facts, &appraisal, "bureau").expect("a unit");
    let work = || "work".to_owned();
    let entry =
        |at| Cause::DailyEntry { source_id: "inspection".to_owned(), entry_id: format!("entry-{at}") };
    let child = |id: &str| Cause::Child { unit_id: id.to_owned() };
    let expected = [
        (Cause::Mark { component_id: work() }, "14.3955"),
        (Cause::ComponentRounding { component_id: work() }, "-0.0045"),
        (entry(0), "1.80"),
        (entry(1), "2.25"),
        (Cause::DailyClip { source_id: "inspection".to_owned() }, "-1.35"),
        (child("branch-a"), "1.50"),
        (child("branch-b"), "0.9835"),
        (Cause::FinalRounding, "-0.0045"),
    ];
    assert_eq!(lines(&losses), expected.map(|(cause, points)| (cause, points.to_owned())));
    assert_eq!(losses.total, Some(decimal("19.57")));
}

#[test]
fn losses_tell_what_a_clip_gave_back_and_a_veto_took() {
    let conduct = component("conduct", "100", ledger("90"));
    let rules = SchemeRules {
        daily_sources: vec![source("inspection", "5", "5")],
        veto_cap: Some("60".to_owned()),
        ..rules([conduct])
    };
    let scheme = Scheme::parse_for_publication(&rules).expect("sound");
    let entry = |id: &str, points: &str, standing| LedgerEntry {
        entry_id: id.to_owned(),
        points: decimal(points),
        standing,
    };
    let entries =
        vec![entry("praise", "30", true), entry("blame", "-15", true), entry("reversed", "-9", false)];
    let daily = unit("0", &[("inspection", "4")]).daily;
    let components = [("conduct".to_owned(), ComponentFacts::Entries(entries))].into();
    let facts =
        facts([("unit", UnitFacts { group: 1, vetoed: true, components, daily, ..UnitFacts::default() })]);
    let losses = losses(&scheme, &facts, &appraise(&scheme, &facts), "unit").expect("a unit");
    let component_id = || "conduct".to_owned();
    let entry = |id: &str| Cause::LedgerEntry { component_id: component_id(), entry_id: id.to_owned() };
    let inspection = Cause::DailyEntry { source_id: "inspection".to_owned(), entry_id: "entry-0".to_owned() };
    let expected = [
        (Cause::LedgerStart { component_id: component_id() }, "10.00"),
        (entry("praise"), "-30.00"),
        (entry("blame"), "15.00"),
        (Cause::LedgerClip { component_id: component_id() }, "5.00"),
        (inspection, "-4.00"),
        (Cause::OwnClip, "4.00"),
        (Cause::Veto, "40.00"),
    ];
    assert_eq!(lines(&losses), expected.map(|(cause, points)| (cause, points.to_owned())));
    assert_eq!(losses.total, Some(decimal("40")));
}

#[test]
fn nobody_else_is_explained() {
    let facts = facts([("unit", unit("50", &[]))]);
    assert_eq!(losses(&scheme(), &facts, &appraise(&scheme(), &facts), "stranger"), None);
}
