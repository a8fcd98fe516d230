//! What holds in any year.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rust_decimal::Decimal;
use scoring::facts::{ComponentFacts, CycleFacts, DailyEntry, LedgerEntry};
use scoring::ranking::split_quota;
use scoring::{Cause, Loss, Scheme, appraise, losses, round2, survey_certainty};

use crate::years::{Year, years};

fn scheme(year: &Year) -> Scheme {
    Scheme::parse(&year.rules).expect("a sound scheme")
}

/// The same facts, every list in the other order.
fn reversed(facts: &CycleFacts) -> CycleFacts {
    let mut facts = facts.clone();
    for unit in facts.units.values_mut() {
        unit.daily.reverse();
        for component in unit.components.values_mut() {
            match component {
                ComponentFacts::Entries(entries) => entries.reverse(),
                ComponentFacts::Ballots(ballots) => ballots.values_mut().for_each(|marks| marks.reverse()),
                ComponentFacts::Mark(_) | ComponentFacts::Answers(_) | ComponentFacts::Actuals(_) => {}
            }
        }
    }
    facts
}

fn component_of(loss: &Loss) -> Option<&str> {
    match &loss.cause {
        Cause::Mark { component_id }
        | Cause::Panel { component_id }
        | Cause::Stratum { component_id, .. }
        | Cause::LedgerStart { component_id }
        | Cause::LedgerEntry { component_id, .. }
        | Cause::LedgerClip { component_id }
        | Cause::Indicator { component_id, .. }
        | Cause::Ratio { component_id, .. }
        | Cause::Rescaled { component_id }
        | Cause::ComponentRounding { component_id } => Some(component_id),
        Cause::DailyEntry { .. }
        | Cause::DailyClip { .. }
        | Cause::OwnClip
        | Cause::Child { .. }
        | Cause::Veto
        | Cause::FinalRounding => None,
    }
}

proptest! {
    #[test]
    fn the_order_of_entries_and_ballots_does_not_matter(year in years()) {
        let scheme = scheme(&year);
        prop_assert_eq!(appraise(&scheme, &year.facts), appraise(&scheme, &reversed(&year.facts)));
    }

    #[test]
    fn points_stay_within_their_bounds(year in years()) {
        let scheme = scheme(&year);
        for unit in appraise(&scheme, &year.facts).units.values() {
            for component in &unit.components {
                let within = |points| (Decimal::ZERO..=round2(component.max_points)).contains(&points);
                prop_assert!(component.points.is_err() || component.points.is_ok_and(within));
            }
            for (source, score) in scheme.sources().iter().zip(&unit.daily) {
                prop_assert!((-source.cap..=source.bonus_cap).contains(&score.clipped));
            }
            let within = |points| (Decimal::ZERO..=scheme.max_points()).contains(&points);
            prop_assert!(unit.own_with_daily.is_none_or(within));
            prop_assert_eq!(unit.own_points.is_none(), unit.components.iter().any(|c| c.points.is_err()));
            let cap = scheme.veto_cap().filter(|_| unit.vetoed);
            prop_assert!(cap.is_none_or(|cap| unit.final_points.is_none_or(|points| points <= cap)));
        }
    }

    #[test]
    fn losses_sum_exactly_to_what_is_missing_from_the_maximum(year in years()) {
        let scheme = scheme(&year);
        let appraisal = appraise(&scheme, &year.facts);
        for (unit_id, unit) in &appraisal.units {
            let losses = losses(&scheme, &year.facts, &appraisal, unit_id).expect("a unit");
            let sum: Decimal = losses.lines.iter().map(|line| line.points).sum();
            let missing = unit.final_points.map(|points| scheme.max_points() - points);
            prop_assert_eq!(losses.total, missing);
            prop_assert!(missing.is_none_or(|missing| missing == sum), "{} of {:?}", sum, losses);
            for line in losses.lines.iter().filter(|line| line.cause != Cause::FinalRounding) {
                prop_assert!(line.points.scale() <= 6, "{:?}", line);
            }
            for line in losses.lines.iter().filter(|line| line.cause == Cause::FinalRounding) {
                prop_assert!(line.points.abs() <= Decimal::new(5_001, 6), "only a rounding: {:?}", line);
            }
        }
    }

    #[test]
    fn the_lines_of_a_component_sum_to_what_it_lost(mut year in years()) {
        year.rules.rollup_share = String::new();
        let scheme = scheme(&year);
        let appraisal = appraise(&scheme, &year.facts);
        for (unit_id, unit) in &appraisal.units {
            let losses = losses(&scheme, &year.facts, &appraisal, unit_id).expect("a unit");
            for component in &unit.components {
                let lines = losses.lines.iter().filter(|line| {
                    component_of(line) == Some(component.component_id.as_str())
                });
                let sum: Decimal = lines.map(|line| line.points).sum();
                let lost = component.points.map_or(Decimal::ZERO, |points| component.max_points - points);
                prop_assert!((sum - lost).abs() <= Decimal::new(1, 6), "{} of {:?}", sum, component);
            }
            for entry in year.facts.units[unit_id].daily.iter().filter(|entry| entry.standing) {
                let DailyEntry { entry_id, source_id, points, .. } = entry.clone();
                let cause = Cause::DailyEntry { source_id, entry_id };
                let line = losses.lines.iter().find(|line| line.cause == cause).map(|line| line.points);
                prop_assert_eq!(line, scheme.source(&entry.source_id).map(|_| -points));
            }
        }
    }

    #[test]
    fn quotas_sum_to_the_places_there_are(
        quota in 0_u32..200,
        sizes in proptest::collection::vec(0_u32..60, 1..8),
    ) {
        let sizes: BTreeMap<u32, u32> = (1..).zip(sizes).collect();
        let all: u32 = sizes.values().sum();
        let places = split_quota(quota, &sizes);
        prop_assert_eq!(places.values().sum::<u32>(), if all == 0 { 0 } else { quota });
        for (group, size) in &sizes {
            // Within one place of quota·size/all.
            let apart = i64::from(places[group]) * i64::from(all) - i64::from(quota) * i64::from(*size);
            prop_assert!(apart.abs() < i64::from(all.max(1)), "{} of {}", places[group], size);
        }
    }

    #[test]
    fn equal_finals_share_a_rank_and_the_next_one_skips(year in years()) {
        let appraisal = appraise(&scheme(&year), &year.facts);
        for unit in appraisal.units.values() {
            let rivals = || appraisal.units.values().filter(|other| other.group == unit.group);
            let better = rivals().filter(|other| other.final_points > unit.final_points).count();
            let Some(rank) = unit.rank else { continue };
            prop_assert_eq!(usize::try_from(rank), Ok(better + 1));
            for other in rivals() {
                prop_assert_eq!(other.final_points == unit.final_points, other.rank == Some(rank));
            }
        }
    }

    #[test]
    fn absurd_facts_are_survived(year in years(), extreme in 0_usize..4, loops in any::<bool>()) {
        let scheme = scheme(&year);
        let extreme = [Decimal::MAX, Decimal::MIN, Decimal::new(1, 28), Decimal::new(-1, 28)][extreme];
        let mut facts = year.facts;
        let first = facts.units.keys().next().cloned();
        for unit in facts.units.values_mut() {
            if loops {
                unit.parent.clone_from(&first);
            }
            let sources = scheme.sources().iter().cycle().take(9);
            unit.daily.extend(sources.map(|source| DailyEntry {
                entry_id: "extreme".to_owned(),
                source_id: source.source_id.clone(),
                points: extreme,
                standing: true,
            }));
            for component in unit.components.values_mut() {
                match component {
                    ComponentFacts::Mark(mark) => *mark = extreme,
                    ComponentFacts::Ballots(ballots) => {
                        ballots.values_mut().flatten().for_each(|mark| *mark = extreme);
                    }
                    ComponentFacts::Answers(answers) => {
                        answers.values_mut().flat_map(BTreeMap::values_mut).for_each(|count| *count = u64::MAX);
                    }
                    ComponentFacts::Entries(entries) => {
                        let entry_id = "extreme".to_owned();
                        let entry = LedgerEntry { entry_id, points: extreme, standing: true };
                        entries.extend([entry.clone(), entry]);
                    }
                    ComponentFacts::Actuals(actuals) => {
                        for facts in actuals.values_mut() {
 facts.actual = Some(extreme);
 }
                    }
                }
            }
        }
        let appraisal = appraise(&scheme, &facts);
        for unit_id in facts.units.keys() {
            prop_assert!(losses(&scheme, &facts, &appraisal, unit_id).is_some());
            for component in scheme.components() {
                let _ = survey_certainty(&scheme, &facts, unit_id, &component.component_id);
            }
        }
    }
}
