//! What this context keeps of others' facts: units of the register, officers of the roster.

use std::collections::{HashMap, HashSet};

use contract::evaluation::{UnitRegistered, UnitRetired};
use contract::training::{OfficerEnrolled, OfficerLeft, PostLevelChanged};
use contract::words::PostLevel;
use eventstore::{EventSet as _, RecordedEvent};
use shell::Model;

eventstore::events! {
    enum UnitFact { UnitRegistered, UnitRetired }
}

eventstore::events! {
    enum OfficerFact { OfficerEnrolled, PostLevelChanged, OfficerLeft }
}

/// Units and officers, by resource name.
#[derive(Default)]
pub struct Replica {
    units_in_service: HashSet<String>,
    officers: HashMap<String, Officer>,
}

/// An officer who is or was on the roster.
struct Officer {
    post_level: PostLevel,
    on_roster: bool,
}

impl Replica {
    /// Whether a unit is in the register and in service.
    pub fn in_service(&self, unit: &str) -> bool {
        self.units_in_service.contains(unit)
    }

    /// Whether an officer is or ever was on the roster.
    pub fn was_on_roster(&self, officer: &str) -> bool {
        self.officers.contains_key(officer)
    }

    /// Post level of an officer on the roster.
    pub fn post_level(&self, officer: &str) -> Option<PostLevel> {
        self.officers.get(officer).filter(|officer| officer.on_roster).map(|officer| officer.post_level)
    }

    fn apply_unit(&mut self, fact: UnitFact) {
        match fact {
            UnitFact::UnitRegistered(UnitRegistered { unit, .. }) => drop(self.units_in_service.insert(unit)),
            UnitFact::UnitRetired(UnitRetired { unit, .. }) => drop(self.units_in_service.remove(&unit)),
        }
    }

    fn apply_officer(&mut self, fact: OfficerFact) {
        match fact {
            OfficerFact::OfficerEnrolled(enrolled) => {
                let officer = Officer { post_level: enrolled.post_level(), on_roster: true };
                self.officers.insert(enrolled.officer, officer);
            }
            OfficerFact::PostLevelChanged(changed) => {
                if let Some(officer) = self.officers.get_mut(&changed.officer) {
                    officer.post_level = changed.post_level();
                }
            }
            OfficerFact::OfficerLeft(OfficerLeft { officer, .. }) => {
                if let Some(officer) = self.officers.get_mut(&officer) {
                    officer.on_roster = false;
                }
            }
        }
    }
}

impl Model for Replica {
    fn apply(&mut self, _service: &'static str, event: &RecordedEvent) -> Result<(), String> {
        let unreadable = |error: prost::DecodeError| error.to_string();
        if let Some(fact) = UnitFact::decode(&event.event_type, &event.payload).map_err(unreadable)? {
            self.apply_unit(fact);
        } else if let Some(fact) =
            OfficerFact::decode(&event.event_type, &event.payload).map_err(unreadable)?
        {
            self.apply_officer(fact);
        }
        // What else happened to units and officers is not kept.
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFICER: &str = "jurisdictions/city/officers/o1";
    const UNIT: &str = "jurisdictions/city/units/bureau";

    fn officers(facts: impl IntoIterator<Item = OfficerFact>) -> Replica {
        let mut replica = Replica::default();
        facts.into_iter().for_each(|fact| replica.apply_officer(fact));
        replica
    }

    fn enrolled() -> OfficerFact {
        let post_level = PostLevel::Staff.into();
        OfficerEnrolled { officer: OFFICER.to_owned(), post_level, ..OfficerEnrolled::default() }.into()
    }

    fn promoted() -> OfficerFact {
        let post_level = PostLevel::DivisionHead.into();
        PostLevelChanged { officer: OFFICER.to_owned(), post_level, ..PostLevelChanged::default() }.into()
    }

    fn left() -> OfficerFact {
        OfficerLeft { officer: OFFICER.to_owned(), ..OfficerLeft::default() }.into()
    }

    #[test]
    fn an_officer_has_the_last_post_level() {
        assert_eq!(officers([enrolled()]).post_level(OFFICER), Some(PostLevel::Staff));
        assert_eq!(officers([enrolled(), promoted()]).post_level(OFFICER), Some(PostLevel::DivisionHead));
    }

    #[test]
    fn who_left_is_remembered_but_not_on_the_roster() {
        let replica = officers([enrolled(), left()]);
        assert_eq!((replica.post_level(OFFICER), replica.was_on_roster(OFFICER)), (None, true));
        assert!(!Replica::default().was_on_roster(OFFICER));
        assert_eq!(officers([enrolled(), left(), enrolled()]).post_level(OFFICER), Some(PostLevel::Staff));
    }

    #[test]
    fn a_retired_unit_is_not_in_service() {
        let mut replica = Replica::default();
        replica.apply_unit(UnitRegistered { unit: UNIT.to_owned(), ..UnitRegistered::default() }.into());
        assert!(replica.in_service(UNIT));
        replica.apply_unit(UnitRetired { unit: UNIT.to_owned(), ..UnitRetired::default() }.into());
        assert!(!replica.in_service(UNIT));
    }
}
