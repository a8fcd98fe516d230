//! Ranks within groups and excellent units (scoring.md §4).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::appraisal::UnitScore;

/// Splits `quota` over groups of these sizes by largest remainder; the shares sum to `quota`, unless no
/// group has a unit. Ties go to the larger group, then to the lower group number (scoring.md §4).
#[must_use]
pub fn split_quota(quota: u32, sizes: &BTreeMap<u32, u32>) -> BTreeMap<u32, u32> {
    let quota = u64::from(quota);
    let total: u64 = sizes.values().copied().map(u64::from).sum();
    if total == 0 {
        return sizes.keys().map(|group| (*group, 0)).collect();
    }
    let product = |size: u32| u128::from(quota) * u128::from(size);
    let narrow = |number: u128| u32::try_from(number).unwrap_or(u32::MAX);
    let mut places: BTreeMap<u32, u32> =
        sizes.iter().map(|(group, size)| (*group, narrow(product(*size) / u128::from(total)))).collect();
    let given: u64 = places.values().copied().map(u64::from).sum();
    let mut by_remainder: Vec<_> = sizes.iter().collect();
    by_remainder
        .sort_by_key(|(group, size)| (Reverse((product(**size) % u128::from(total), **size)), **group));
    let left = usize::try_from(quota - given).unwrap_or(usize::MAX);
    for (group, _) in by_remainder.into_iter().take(left) {
        *places.entry(*group).or_default() += 1;
    }
    places
}

/// Ranks the units within each ranked group and says who is excellent; gives each group's places.
pub(crate) fn rank(
    units: &mut BTreeMap<String, UnitScore>,
    ranked_groups: &BTreeSet<u32>,
    quota: u32,
) -> BTreeMap<u32, u32> {
    let mut groups: BTreeMap<u32, Vec<&mut UnitScore>> = BTreeMap::new();
    for unit in units.values_mut() {
        groups.entry(unit.group).or_default().push(unit);
    }
    let size = |units: &[_]| u32::try_from(units.len()).unwrap_or(u32::MAX);
    let sizes = groups.iter().map(|(group, units)| (*group, size(units)));
    let mut sizes: BTreeMap<u32, u32> = sizes.collect();
    for (group, units) in &mut groups {
        for unit in units {
            unit.group_size = sizes.get(group).copied().unwrap_or_default();
        }
    }
    sizes.retain(|group, _| ranked_groups.contains(group));
    let places = split_quota(quota, &sizes);
    for (group, places) in &places {
        rank_group(groups.remove(group).unwrap_or_default(), *places);
    }
    places
}

fn rank_group(units: Vec<&mut UnitScore>, places: u32) {
    let mut finals: Vec<Decimal> = units.iter().filter_map(|unit| unit.final_points).collect();
    finals.sort_unstable_by_key(|points| Reverse(*points));
    for unit in units {
        let above = |points: Decimal| finals.partition_point(|other| *other > points);
        let rank = unit.final_points.map(|points| u32::try_from(above(points) + 1).unwrap_or(u32::MAX));
        unit.ranked = true;
        unit.rank = rank;
        unit.excellent_places = places;
        unit.excellent = !unit.vetoed && rank.is_some_and(|rank| rank <= places);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(quota: u32, sizes: &[u32]) -> Vec<u32> {
        split_quota(quota, &(1_u32..).zip(sizes.iter().copied()).collect()).into_values().collect()
    }

    #[test]
    fn the_first_years_places_are_split_by_largest_remainder() {
        // 25·24/77 = 7.79, 25·24/77 = 7.79, 25·29/77 = 9.42
        assert_eq!(split(25, &[24, 24, 29]), [8, 8, 9]);
    }

    #[test]
    fn equal_remainders_go_to_the_larger_group_then_to_the_lower_number() {
        // 5·(1, 3)/4: remainders 1/4 and 3/4.
        assert_eq!(split(5, &[1, 3]), [1, 4]);
        // 2·(1, 3)/4: remainders 2/4 and 2/4.
        assert_eq!(split(2, &[1, 3]), [0, 2]);
        assert_eq!(split(1, &[2, 2, 2]), [1, 0, 0]);
        assert_eq!(split(2, &[2, 2, 2]), [1, 1, 0]);
    }

    #[test]
    fn a_quota_beyond_all_units_is_split_all_the_same() {
        assert_eq!(split(10, &[1, 3]), [2, 8], "remainders 2/4 each: the larger group");
        assert_eq!(
            split(u32::MAX, &[u32::MAX, u32::MAX]).into_iter().map(u64::from).sum::<u64>(),
            4_294_967_295
        );
    }

    #[test]
    fn nothing_is_split_where_there_is_nobody() {
        assert_eq!(split(3, &[]), [0_u32; 0]);
        assert_eq!(split(3, &[0, 0]), [0, 0]);
        assert_eq!(split(0, &[2, 2]), [0, 0]);
    }
}
