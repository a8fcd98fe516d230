//! What the context keeps of others' facts: units and cycles of evaluation, officers of training, who has to do
//! with a complaint, and what cases come from and lead to.

use std::collections::{HashMap, HashSet};

use contract::complaints::{ComplaintAssigned, ComplaintLodged, LeaderAppointed, SupervisorAppointed};
use contract::evaluation::{CycleOpened, UnitMoved, UnitRegistered};
use contract::training::{OfficerEnrolled, OfficerLeft, OfficerTransferred, PostLevelChanged};
use eventstore::{EventSet as _, RecordedEvent};
use shell::Model;

use crate::domain::case::{Actor, Candidate, Missing, Person};

mod facts;

pub use facts::{Facts, Known};

eventstore::events! {
    /// The facts of the other contexts that matter here.
    pub enum Fact {
        UnitRegistered, UnitMoved, CycleOpened,
        OfficerEnrolled, OfficerTransferred, PostLevelChanged, OfficerLeft,
        ComplaintLodged, LeaderAppointed, SupervisorAppointed, ComplaintAssigned,
    }
}

/// Others' facts, by resource name.
#[derive(Debug, Default)]
pub struct Replica {
    /// What cases come from and lead to.
    pub facts: Facts,
    /// The unit above each unit; empty: none.
    parents: HashMap<String, String>,
    cycles: HashSet<String>,
    officers: HashMap<String, Officer>,
    /// The officers complained of in each complaint, and those who ever had it in hand.
    complaints: HashMap<String, HashSet<String>>,
}

/// An officer, on the roster or not any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Officer {
    /// Resource name of the unit, or of the last one.
    pub unit: String,
    /// Level of the post, as in `PostLevel`.
    pub post_level: i32,
    /// Whether the officer is on the roster.
    pub on_roster: bool,
}

impl Model for Replica {
    fn apply(&mut self, service: &'static str, event: &RecordedEvent) -> Result<(), String> {
        self.facts.apply(service, event)?;
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
            Fact::UnitRegistered(UnitRegistered { unit, parent, .. })
            | Fact::UnitMoved(UnitMoved { unit, parent }) => drop(self.parents.insert(unit, parent)),
            Fact::CycleOpened(CycleOpened { cycle, .. }) => drop(self.cycles.insert(cycle)),
            Fact::OfficerEnrolled(OfficerEnrolled { officer, unit, post_level, .. }) => {
                self.officers.insert(officer, Officer { unit, post_level, on_roster: true });
            }
            Fact::OfficerTransferred(OfficerTransferred { officer, unit, .. }) => {
                self.change(&officer, |officer| officer.unit = unit);
            }
            Fact::PostLevelChanged(PostLevelChanged { officer, post_level, .. }) => {
                self.change(&officer, |officer| officer.post_level = post_level);
            }
            Fact::OfficerLeft(OfficerLeft { officer, .. }) => {
                self.change(&officer, |officer| officer.on_roster = false);
            }
            Fact::ComplaintLodged(ComplaintLodged { complaint, complained_of, .. }) => {
                self.complaints.entry(complaint).or_default().extend(complained_of);
            }
            Fact::LeaderAppointed(LeaderAppointed { complaint, leader: officer, .. })
            | Fact::SupervisorAppointed(SupervisorAppointed { complaint, supervisor: officer })
            | Fact::ComplaintAssigned(ComplaintAssigned { complaint, officer, .. }) => {
                self.complaints.entry(complaint).or_default().insert(officer);
            }
        }
    }

    /// An officer who is or was on the roster.
    pub fn officer(&self, officer: &str) -> Option<&Officer> {
        self.officers.get(officer)
    }

    /// Whether an officer is complained of in one of these complaints, or ever had it in hand.
    pub fn in_complaints(&self, officer: &str, complaints: &[String]) -> bool {
        let mut known = complaints.iter().filter_map(|complaint| self.complaints.get(complaint));
        known.any(|involved| involved.contains(officer))
    }

    /// An officer on the roster, with what ties them to these complaints.
    pub fn person(&self, officer: &str, complaints: &[String]) -> Option<Person> {
        let known = self.officer(officer).filter(|known| known.on_roster)?;
        let (units, in_complaint) = (self.units_of(officer), self.in_complaints(officer, complaints));
        let ties = Candidate { units, in_complaint };
        Some(Person { post_level: known.post_level, ties })
    }

    /// The unit that an officer serves in, or did last, and those above it, short of the top one: everyone is of
    /// that. Empty: no officer is known of that name.
    pub fn units_of(&self, officer: &str) -> Vec<String> {
        let Some(Officer { unit, .. }) = self.officer(officer) else { return vec![] };
        let is_below = |unit: &&str| self.parents.get(*unit).is_some_and(|parent| !parent.is_empty());
        let above = self.lineage(unit).skip(1).filter(is_below).map(str::to_owned);
        std::iter::once(unit.clone()).chain(above).collect()
    }

    /// Someone who acts, called by the resource name of an officer of the jurisdiction or by its id.
    pub fn actor(&self, name: &str, jurisdiction: &str) -> Actor {
        let officer = format!("jurisdictions/{jurisdiction}/officers/{name}");
        let units = self.units_of(if name.contains('/') { name } else { &officer });
        Actor { name: name.to_owned(), units }
    }

    /// A unit and all units above it, from the bottom up; none: it is not in the register.
    pub fn lineage<'a>(&'a self, unit: &str) -> impl Iterator<Item = &'a str> {
        let known = |unit: &str| self.parents.get_key_value(unit);
        let up = move |(_, parent): &(&'a String, &'a String)| known(parent);
        std::iter::successors(known(unit), up).map(|(name, _)| name.as_str())
    }

    /// The first of these that no owner knows; empty names are of nothing.
    pub fn missing(
        &self,
        units: &[String],
        officers: &[String],
        complaint: &str,
        cycle: &str,
    ) -> Option<Missing> {
        let unit = units.iter().find(|unit| !self.parents.contains_key(*unit));
        let officer = officers.iter().find(|officer| !self.officers.contains_key(*officer));
        let complaint =
            Some(complaint).filter(|name| !name.is_empty() && !self.complaints.contains_key(*name));
        let cycle = Some(cycle).filter(|name| !name.is_empty() && !self.cycles.contains(*name));
        unit.map(|unit| Missing::Unit(unit.clone()))
            .or_else(|| officer.map(|officer| Missing::Officer(officer.clone())))
            .or_else(|| complaint.map(|complaint| Missing::Complaint(complaint.to_owned())))
            .or_else(|| cycle.map(|cycle| Missing::Cycle(cycle.to_owned())))
    }

    fn change(&mut self, officer: &str, change: impl FnOnce(&mut Officer)) {
        if let Some(officer) = self.officers.get_mut(officer) {
            change(officer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replica(facts: impl IntoIterator<Item = Fact>) -> Replica {
        let mut replica = Replica::default();
        facts.into_iter().for_each(|fact| replica.fold(fact));
        replica
    }

    fn enrolled(unit: &str) -> Fact {
        let (officer, unit) = ("o1".to_owned(), unit.to_owned());
        OfficerEnrolled { officer, unit, post_level: 1, ..OfficerEnrolled::default() }.into()
    }

    #[test]
    fn an_officer_is_where_training_says() {
        let transferred = OfficerTransferred {
            officer: "o1".to_owned(),
            unit: "patrol".to_owned(),
            ..OfficerTransferred::default()
        };
        let promoted =
            PostLevelChanged { officer: "o1".to_owned(), post_level: 4, ..PostLevelChanged::default() };
        let left = OfficerLeft { officer: "o1".to_owned(), ..OfficerLeft::default() };
        let known = replica([enrolled("traffic"), transferred.into(), promoted.into()]);
        let patrol = |on_roster| Officer { unit: "patrol".to_owned(), post_level: 4, on_roster };
        assert_eq!(known.officer("o1"), Some(&patrol(true)));
        assert_eq!(known.officer("o2"), None);
        let mut gone = known;
        gone.fold(left.into());
        assert_eq!(gone.officer("o1"), Some(&patrol(false)));
    }

    #[test]
    fn an_officer_is_of_the_units_above_their_own_but_the_top_one() {
        let registered = |unit: &str, parent: &str| {
            let (unit, parent) = (unit.to_owned(), parent.to_owned());
            UnitRegistered { unit, parent, ..UnitRegistered::default() }.into()
        };
        let tree = [
            registered("bureau", ""),
            registered("sub-bureau", "bureau"),
            registered("station", "sub-bureau"),
        ];
        let known = replica(tree.clone().into_iter().chain([enrolled("station")]));
        assert_eq!(known.units_of("o1"), ["station", "sub-bureau"]);
        assert_eq!(replica(tree.into_iter().chain([enrolled("bureau")])).units_of("o1"), ["bureau"]);
        assert_eq!(known.units_of("o2"), Vec::<String>::new());
    }

    #[test]
    fn whoever_had_a_complaint_in_hand_stays_involved_in_it() {
        let lodged = ComplaintLodged {
            complaint: "c1".to_owned(),
            complained_of: vec!["o1".to_owned()],
            ..ComplaintLodged::default()
        };
        let led = |leader: &str| LeaderAppointed {
            complaint: "c1".to_owned(),
            leader: leader.to_owned(),
            ..LeaderAppointed::default()
        };
        let known = replica([lodged.into(), led("o2").into(), led("o3").into()]);
        for officer in ["o1", "o2", "o3"] {
            assert!(known.in_complaints(officer, &["c1".to_owned()]), "{officer}");
        }
        assert!(!known.in_complaints("o4", &["c1".to_owned()]) && !known.in_complaints("o1", &[]));
    }

    #[test]
    fn what_no_owner_knows_is_missing() {
        let registered = UnitRegistered { unit: "traffic".to_owned(), ..UnitRegistered::default() };
        let known = replica([registered.into(), enrolled("traffic")]);
        let (traffic, o1) = (["traffic".to_owned()], ["o1".to_owned()]);
        assert_eq!(known.missing(&traffic, &o1, "", ""), None);
        assert_eq!(known.missing(&o1, &[], "", ""), Some(Missing::Unit("o1".to_owned())));
        assert_eq!(known.missing(&[], &traffic, "", ""), Some(Missing::Officer("traffic".to_owned())));
        assert_eq!(known.missing(&[], &[], "c1", ""), Some(Missing::Complaint("c1".to_owned())));
        assert_eq!(known.missing(&[], &[], "", "2024"), Some(Missing::Cycle("2024".to_owned())));
    }
}
