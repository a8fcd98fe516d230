//! The tree of units of one jurisdiction.

use super::names::{Id, Names, Table};

/// A unit, as far as figures need it.
#[derive(Debug, Default)]
pub(super) struct Unit {
    above: Option<Id>,
    below: Vec<Id>,
    /// Of [`Units::specialities`]; none: not registered.
    speciality: Option<Id>,
    pub(super) grassroots: bool,
    pub(super) in_service: bool,
    pub(super) needs_open: u32,
    pub(super) needs_met: u32,
}

/// A unit of a subtree, and the place in it of the unit above.
#[derive(Debug, Clone, Copy)]
pub(super) struct Branch {
    pub(super) unit: Id,
    pub(super) above: usize,
}

/// The units; one that others name is there before it is registered.
#[derive(Debug, Default)]
pub(super) struct Units {
    pub(super) names: Names,
    pub(super) specialities: Names,
    known: Table<Unit>,
}

impl Units {
    pub(super) fn register(&mut self, unit: Id, speciality: &str, grassroots: bool) {
        let speciality = self.specialities.intern(speciality);
        let unit = self.known.edit(unit);
        (unit.speciality, unit.grassroots, unit.in_service) = (Some(speciality), grassroots, true);
    }

    /// Puts a unit below another; none: it becomes a root.
    pub(super) fn place(&mut self, unit: Id, above: Option<Id>) {
        let before = std::mem::replace(&mut self.known.edit(unit).above, above);
        if let Some(before) = before {
            self.known.edit(before).below.retain(|below| *below != unit);
        }
        if let Some(above) = above {
            self.known.edit(above).below.push(unit);
        }
    }

    pub(super) fn edit(&mut self, unit: Id) -> &mut Unit {
        self.known.edit(unit)
    }

    pub(super) fn get(&self, unit: Id) -> Option<&Unit> {
        self.known.get(unit)
    }

    /// A unit and all units above it, from the bottom up.
    pub(super) fn lineage(&self, unit: Id) -> impl Iterator<Item = Id> {
        std::iter::successors(Some(unit), |unit| self.known.get(*unit)?.above)
    }

    pub(super) fn is_within(&self, unit: Id, above: Id) -> bool {
        self.lineage(unit).any(|unit| unit == above)
    }

    /// A unit and all units below it, each after the unit above it.
    pub(super) fn subtree(&self, unit: Id) -> Vec<Branch> {
        let mut found = vec![Branch { unit, above: 0 }];
        let mut next = 0;
        while let Some(branch) = found.get(next) {
            let below = self.known.get(branch.unit).map_or(&[][..], |unit| &unit.below);
            found.extend(below.iter().map(|unit| Branch { unit: *unit, above: next }));
            next += 1;
        }
        found
    }

    /// Whether a unit has a police speciality; empty: any.
    pub(super) fn has_speciality(&self, unit: Id, speciality: &str) -> bool {
        if speciality.is_empty() {
            return true;
        }
        let wanted = self.specialities.find(speciality);
        wanted.is_some() && self.known.get(unit).is_some_and(|unit| unit.speciality == wanted)
    }

    /// The police speciality of a unit; empty: none.
    pub(super) fn speciality(&self, unit: Id) -> &str {
        let speciality = self.known.get(unit).and_then(|unit| unit.speciality);
        speciality.map_or("", |speciality| self.specialities.name(speciality))
    }
}
