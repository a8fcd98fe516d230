//! What the context keeps of others' facts: the unit register of evaluation, the calendars of complaints.

use std::collections::HashMap;

use contract::complaints::CalendarSet;
use contract::evaluation::{UnitMoved, UnitRegistered, UnitRetired};
use eventstore::{EventSet as _, RecordedEvent};
use scoring::WorkingDays;
use shell::Model;

eventstore::events! {
    /// The facts of others that matter here.
    pub enum Fact { UnitRegistered, UnitMoved, UnitRetired, CalendarSet }
}

/// The units, by resource name; the working days, by jurisdiction.
#[derive(Debug, Default)]
pub struct Replica {
    units: HashMap<String, Unit>,
    working_days: HashMap<String, WorkingDays>,
    /// Monday to Friday: where no calendar is set.
    weekdays: WorkingDays,
}

#[derive(Debug)]
struct Unit {
    /// Resource name of the unit above; empty: none.
    parent: String,
    speciality: String,
    retired: bool,
}

impl Model for Replica {
    fn apply(&mut self, _service: &'static str, event: &RecordedEvent) -> Result<(), String> {
        let fact = Fact::decode(&event.event_type, &event.payload).map_err(|error| error.to_string())?;
        if let Some(fact) = fact {
            self.fold(fact);
        }
        Ok(())
    }
}

impl Replica {
    fn fold(&mut self, fact: Fact) {
        match fact {
            Fact::UnitRegistered(UnitRegistered { unit, parent, speciality, .. }) => {
                self.units.insert(unit, Unit { parent, speciality, retired: false });
            }
            Fact::UnitMoved(UnitMoved { unit, parent }) => {
                if let Some(unit) = self.units.get_mut(&unit) {
                    unit.parent = parent;
                }
            }
            Fact::UnitRetired(UnitRetired { unit, .. }) => {
                if let Some(unit) = self.units.get_mut(&unit) {
                    unit.retired = true;
                }
            }
            Fact::CalendarSet(calendar) => {
                let jurisdiction = calendar.jurisdiction.rsplit('/').next().unwrap_or_default();
                self.working_days.insert(jurisdiction.to_owned(), WorkingDays::of(&calendar));
            }
        }
    }

    /// The working days of a jurisdiction, by its id.
    pub fn working_days(&self, jurisdiction: &str) -> &WorkingDays {
        self.working_days.get(jurisdiction).unwrap_or(&self.weekdays)
    }

    /// Whether a unit is in the register, and not retired.
    pub fn in_service(&self, unit: &str) -> bool {
        self.units.get(unit).is_some_and(|unit| !unit.retired)
    }

    /// A unit and all units above it, from the bottom up, if it is in service; none: it is not.
    pub fn lineage_in_service(&self, unit: &str) -> Vec<String> {
        if self.in_service(unit) { self.lineage(unit).map(str::to_owned).collect() } else { vec![] }
    }

    /// A unit and all units above it, from the bottom up; none: it is not in the register.
    pub fn lineage<'a>(&'a self, unit: &str) -> impl Iterator<Item = &'a str> {
        let known = |unit: &str| self.units.get_key_value(unit);
        let up = move |(_, unit): &(&'a String, &'a Unit)| known(&unit.parent);
        std::iter::successors(known(unit), up).map(|(name, _)| name.as_str())
    }

    /// The units in service directly below a unit, by name.
    pub fn directly_below(&self, unit: &str) -> Vec<String> {
        let below = self.units.iter().filter(|(_, below)| below.parent == unit && !below.retired);
        let mut below: Vec<_> = below.map(|(name, _)| name.clone()).collect();
        below.sort_unstable();
        below
    }

    /// Whether a unit's police speciality is this one.
    pub fn has_speciality(&self, unit: &str, speciality: &str) -> bool {
        self.units.get(unit).is_some_and(|unit| unit.speciality == speciality)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(unit: &str, parent: &str) -> Fact {
        UnitRegistered { unit: unit.to_owned(), parent: parent.to_owned(), ..UnitRegistered::default() }
            .into()
    }

    fn replica(facts: impl IntoIterator<Item = Fact>) -> Replica {
        let mut replica = Replica::default();
        facts.into_iter().for_each(|fact| replica.fold(fact));
        replica
    }

    #[test]
    fn a_unit_is_in_service_until_it_retires() {
        let retired = UnitRetired { unit: "team".to_owned(), reason: "merged".to_owned() };
        assert!(!replica([]).in_service("team"));
        assert!(replica([registered("team", "")]).in_service("team"));
        assert!(!replica([registered("team", ""), retired.into()]).in_service("team"));
    }

    #[test]
    fn a_unit_that_moves_stands_below_its_new_parent() {
        let moved = UnitMoved { unit: "team".to_owned(), parent: "bureau".to_owned() };
        let tree =
            [registered("bureau", ""), registered("division", "bureau"), registered("team", "division")];
        let before = replica(tree.clone());
        assert_eq!(before.lineage("team").collect::<Vec<_>>(), ["team", "division", "bureau"]);
        let after = replica(tree.into_iter().chain([moved.into()]));
        assert_eq!(after.lineage("team").collect::<Vec<_>>(), ["team", "bureau"]);
        assert_eq!(after.lineage("nowhere").count(), 0);
    }
}
