//! The roster of one jurisdiction as of any day: who belonged to which unit at which level.

use jiff::civil::Date;

use super::names::{Id, Names, Table, id_of, slot};

/// Where an officer on the roster belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) unit: Id,
    /// As in `PostLevel`.
    pub(super) level: u8,
}

/// From a day on an officer is in a place, or on the roster no more.
#[derive(Debug, Clone, Copy)]
struct Posting {
    first_day: Date,
    unit: Id,
    /// As in `PostLevel`; 0: off the roster.
    level: u8,
    /// One more than the slot of the officer's posting before; 0: none.
    before: u32,
}

/// All officers that ever were on it.
#[derive(Debug, Default)]
pub(super) struct Roster {
    pub(super) names: Names,
    postings: Vec<Posting>,
    /// One more than the slot of the officer's last posting; 0: none.
    last: Table<u32>,
}

impl Roster {
    pub(super) fn enrol(&mut self, officer: Id, first_day: Date, place: Place) {
        self.post(officer, first_day, place.unit, place.level);
    }

    pub(super) fn transfer(&mut self, officer: Id, first_day: Date, unit: Id) {
        let last = self.history(officer).next().copied();
        if let Some(last) = last {
            self.post(officer, first_day, unit, last.level);
        }
    }

    pub(super) fn change_level(&mut self, officer: Id, first_day: Date, level: u8) {
        let last = self.history(officer).next().copied();
        if let Some(last) = last {
            self.post(officer, first_day, last.unit, level);
        }
    }

    pub(super) fn leave(&mut self, officer: Id, first_day: Date) {
        self.change_level(officer, first_day, 0);
    }

    /// Where an officer belonged at the end of a day; none: not on the roster.
    pub(super) fn at(&self, officer: Id, day: Date) -> Option<Place> {
        let posting = self.history(officer).find(|posting| posting.first_day <= day)?;
        (posting.level > 0).then_some(Place { unit: posting.unit, level: posting.level })
    }

    /// Where an officer belonged last, on the roster or not any more.
    pub(super) fn last(&self, officer: Id) -> Option<Place> {
        let posting = self.history(officer).find(|posting| posting.level > 0)?;
        Some(Place { unit: posting.unit, level: posting.level })
    }

    /// Every time at a place, oldest first: first day, first day no more (none: it lasts), place.
    pub(super) fn times(&self, officer: Id) -> Vec<(Date, Option<Date>, Place)> {
        let (mut times, mut end) = (vec![], None);
        for posting in self.history(officer) {
            if posting.level > 0 {
                times.push((posting.first_day, end, Place { unit: posting.unit, level: posting.level }));
            }
            end = Some(posting.first_day);
        }
        times.reverse();
        times
    }

    pub(super) fn bytes(&self) -> usize {
        self.names.bytes() + self.postings.capacity() * size_of::<Posting>() + self.last.bytes()
    }

    /// The latest first.
    fn history(&self, officer: Id) -> impl Iterator<Item = &Posting> {
        let posting = |link: u32| link.checked_sub(1).map(|link| &self.postings[slot(link)]);
        let last = self.last.get(officer).and_then(|last| posting(*last));
        std::iter::successors(last, move |last| posting(last.before))
    }

    fn post(&mut self, officer: Id, first_day: Date, unit: Id, level: u8) {
        let last = self.last.edit(officer);
        self.postings.push(Posting { first_day, unit, level, before: *last });
        *last = id_of(self.postings.len());
    }
}
