//! What this context keeps of others' facts: units of the register, officers of the roster.

use std::collections::{BTreeSet, HashMap, HashSet};

use contract::evaluation::{UnitMoved, UnitRegistered, UnitRenamed, UnitRetired};
use contract::training::{OfficerEnrolled, OfficerLeft, OfficerTransferred, PostLevelChanged};
use contract::words::PostLevel;
use eventstore::{EventSet as _, RecordedEvent};
use shell::Model;

use crate::domain::complaint::LEADER_FROM;

eventstore::events! {
    #[expect(clippy::enum_variant_names, reason = "each is named after its message")]
    enum UnitFact { UnitRegistered, UnitRenamed, UnitMoved, UnitRetired }
}

eventstore::events! {
    enum OfficerFact { OfficerEnrolled, OfficerTransferred, PostLevelChanged, OfficerLeft }
}

/// Units and officers, by resource name.
#[derive(Default)]
pub struct Replica {
    units: HashMap<String, Unit>,
    below: HashMap<String, BTreeSet<String>>,
    officers: HashMap<String, Officer>,
    /// The units that officers were of before, by the officer.
    former: HashMap<String, Vec<String>>,
}

/// A unit of the register.
struct Unit {
    title: String,
    parent: String,
    in_service: bool,
}

/// An officer who is or was on the roster.
struct Officer {
    unit: String,
    post_level: PostLevel,
    on_roster: bool,
}

impl Replica {
    /// Whether a unit is in the register and in service.
    pub fn in_service(&self, unit: &str) -> bool {
        self.units.get(unit).is_some_and(|unit| unit.in_service)
    }

    /// Title of a unit; empty: it is not in the register.
    pub fn title(&self, unit: &str) -> String {
        self.units.get(unit).map(|unit| unit.title.clone()).unwrap_or_default()
    }

    /// A unit and all those below it.
    pub fn subtree<'a>(&'a self, unit: &'a str) -> Vec<&'a str> {
        let mut found = vec![unit];
        let mut next = 0;
        // No more units than there are: a loop ends there.
        while let Some(above) = found.get(next).filter(|_| next <= self.units.len()) {
            found.extend(self.below(above));
            next += 1;
        }
        found
    }

    /// The units directly below one.
    pub fn below(&self, unit: &str) -> impl Iterator<Item = &str> {
        self.below.get(unit).into_iter().flatten().map(String::as_str)
    }

    /// Whether an officer is of a unit, or of one below it.
    pub fn is_of(&self, officer: &str, unit: &str) -> bool {
        let Some(officer) = self.officers.get(officer) else { return false };
        let (mut at, mut seen) = (officer.unit.as_str(), HashSet::new());
        while at != unit {
            let above = self.units.get(at).map(|unit| unit.parent.as_str());
            match above.filter(|above| !above.is_empty() && seen.insert(*above)) {
                Some(above) => at = above,
                None => return false,
            }
        }
        true
    }

    /// The units that an officer is or ever was of.
    pub fn units_of(&self, officer: &str) -> impl Iterator<Item = &str> {
        let now = self.officers.get(officer).map(|officer| &officer.unit);
        let all = now.into_iter().chain(self.former.get(officer).into_iter().flatten());
        all.map(String::as_str).filter(|unit| !unit.is_empty())
    }

    /// The highest post of those `complained_of` who could lead, not said if none could; and whether one of
    /// these is of the unit of `officer` or of one above it. Of the topmost unit, below which all are, only that
    /// unit itself.
    pub fn conflict(&self, officer: &str, complained_of: &[String]) -> (PostLevel, bool) {
        let leaders = complained_of.iter().filter_map(|name| self.officers.get(name));
        let leaders: Vec<_> = leaders.filter(|leader| leader.post_level >= LEADER_FROM).collect();
        let highest = leaders.iter().map(|leader| leader.post_level).max();
        let own_unit = leaders.iter().filter(|leader| !leader.unit.is_empty()).any(|leader| {
            let topmost = self.units.get(&leader.unit).is_none_or(|unit| unit.parent.is_empty());
            if topmost {
                self.officers.get(officer).is_some_and(|own| own.unit == leader.unit)
            } else {
                self.is_of(officer, &leader.unit)
            }
        });
        (highest.unwrap_or_default(), own_unit)
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
            UnitFact::UnitRegistered(UnitRegistered { unit, title, parent, .. }) => {
                self.below.entry(parent.clone()).or_default().insert(unit.clone());
                self.units.insert(unit, Unit { title, parent, in_service: true });
            }
            UnitFact::UnitRenamed(UnitRenamed { unit, title }) => {
                if let Some(renamed) = self.units.get_mut(&unit) {
                    renamed.title = title;
                }
            }
            UnitFact::UnitMoved(UnitMoved { unit, parent }) => {
                if let Some(moved) = self.units.get_mut(&unit) {
                    self.below.entry(moved.parent.clone()).or_default().remove(&unit);
                    moved.parent.clone_from(&parent);
                    self.below.entry(parent).or_default().insert(unit);
                }
            }
            UnitFact::UnitRetired(UnitRetired { unit, .. }) => {
                if let Some(retired) = self.units.get_mut(&unit) {
                    retired.in_service = false;
                }
            }
        }
    }

    fn apply_officer(&mut self, fact: OfficerFact) {
        match fact {
            OfficerFact::OfficerEnrolled(enrolled) => {
                let (unit, post_level) = (enrolled.unit.clone(), enrolled.post_level());
                let officer = Officer { unit, post_level, on_roster: true };
                if let Some(before) = self.officers.insert(enrolled.officer.clone(), officer) {
                    self.former.entry(enrolled.officer).or_default().push(before.unit);
                }
            }
            OfficerFact::OfficerTransferred(OfficerTransferred { officer, unit, .. }) => {
                if let Some(transferred) = self.officers.get_mut(&officer) {
                    let before = std::mem::replace(&mut transferred.unit, unit);
                    self.former.entry(officer).or_default().push(before);
                }
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

    fn tree() -> Replica {
        let mut replica = officers([
            OfficerEnrolled {
                officer: "head".to_owned(),
                unit: "station".to_owned(),
                post_level: PostLevel::DivisionHead.into(),
                ..OfficerEnrolled::default()
            }
            .into(),
            OfficerEnrolled {
                officer: "clerk".to_owned(),
                unit: "window".to_owned(),
                post_level: PostLevel::Staff.into(),
                ..OfficerEnrolled::default()
            }
            .into(),
        ]);
        for (unit, parent) in [("bureau", ""), ("station", "bureau"), ("window", "bureau")] {
            let (unit, parent) = (unit.to_owned(), parent.to_owned());
            replica.apply_unit(UnitRegistered { unit, parent, ..UnitRegistered::default() }.into());
        }
        let (unit, parent) = ("window".to_owned(), "station".to_owned());
        replica.apply_unit(UnitMoved { unit, parent }.into());
        replica
    }

    #[test]
    fn an_officer_is_of_their_unit_and_of_all_above_it() {
        let tree = tree();
        assert!(["window", "station", "bureau"].into_iter().all(|unit| tree.is_of("clerk", unit)));
        assert!(!tree.is_of("head", "window") && !tree.is_of("nobody", "bureau"));
        assert_eq!(tree.subtree("bureau").len(), 3);
    }

    #[test]
    fn only_those_who_could_lead_stand_in_the_way() {
        let tree = tree();
        let complained_of = ["head".to_owned(), "clerk".to_owned()];
        assert_eq!(tree.conflict("clerk", &complained_of), (PostLevel::DivisionHead, true));
        assert_eq!(tree.conflict("head", &complained_of), (PostLevel::DivisionHead, true));
        // The clerk's window is below the head's station.
        assert_eq!(tree.conflict("clerk", &complained_of[1..]), (PostLevel::Unspecified, false));
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
