//! Who is appraised in the second year, and how well each does.

use super::super::super::generate;
use super::super::super::random::Random;
use super::super::super::{BUREAU, SECOND_VETOED};
use super::super::city::City;

/// The group of the sub-units; it is not ranked.
const SUB_UNITS_GROUP: u32 = 6;
/// The bureau's group.
const BUREAU_GROUP: u32 = 3;
/// So many organs of its group do better than the bureau.
const BETTER: u32 = 7;

/// A unit that is appraised.
#[derive(Debug, Clone)]
pub(super) struct Appraised {
    pub(super) id: String,
    /// Its resource name.
    pub(super) name: String,
    pub(super) group: u32,
    /// Whether its final counts in that of the unit above it.
    pub(super) is_target: bool,
    /// How well it does, 0 to 100: marks, deductions and answers follow it, each with some chance.
    pub(super) quality: u32,
}

/// The organs of the first year, group by group, and the sub-units.
pub(super) fn appraised(city: &City) -> Vec<Appraised> {
    let mut random = Random::new(20_250_101);
    let organs = generate::units().into_iter().map(|unit| {
        let chance = random.below(36);
        let place = unit.unit_id.rsplit('-').next().and_then(|place| place.parse::<u32>().ok());
        let quality = match (&*unit.unit_id, unit.group) {
            (BUREAU, _) => 72,
            (SECOND_VETOED, _) => 84,
            (_, BUREAU_GROUP) if place.is_some_and(|place| place <= BETTER) => 74 + chance / 2,
            (_, BUREAU_GROUP) => 10 + chance,
            _ => 20 + chance * 2,
        };
        let (id, name) = (unit.unit_id.clone(), unit.name());
        Appraised { id, name, group: unit.group, is_target: false, quality }
    });
    let mut appraised: Vec<_> = organs.collect();
    appraised.extend(city.sub_units().map(|unit| Appraised {
        id: unit.id.clone(),
        name: unit.name(),
        group: SUB_UNITS_GROUP,
        is_target: true,
        quality: 40 + random.below(45),
    }));
    appraised
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_city_has_101_organs_in_5_groups_and_the_bureau_16_targets_below_it() {
        let appraised = appraised(&City::new());
        let organs = appraised.iter().filter(|unit| !unit.is_target);
        let ranked = organs.clone().filter(|unit| generate::RANKED_GROUPS.contains(&unit.group));
        assert_eq!((organs.count(), ranked.count(), appraised.len()), (101, 77, 117));
        assert!(appraised.iter().all(|unit| unit.quality <= 100));
    }
}
