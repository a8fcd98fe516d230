//! The assessments of one jurisdiction's officers: which one counts.

use jiff::civil::Date;

use super::names::{Id, Table, Texts, slot};

/// What was found of an officer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finding {
    pub(super) campaign: Id,
    /// From 0, in the order of `Quality`.
    pub(super) quality: u8,
    pub(super) day: Date,
    pub(super) passed: bool,
}

#[derive(Debug, Clone, Copy)]
struct Assessment {
    finding: Finding,
    /// One more than the slot of the officer's assessment before; 0: none.
    before: u32,
}

/// All of them, in the order of their recording.
#[derive(Debug, Default)]
pub(super) struct Assessments {
    ids: Texts,
    recorded: Vec<Assessment>,
    /// One more than the slot of the officer's last one; 0: none.
    last: Table<u32>,
}

impl Assessments {
    pub(super) fn record(&mut self, officer: Id, id: &str, finding: Finding) {
        let last = self.last.edit(officer);
        let slot = self.ids.push(id);
        self.recorded.push(Assessment { finding, before: *last });
        *last = slot + 1;
    }

    /// Replaces day and outcome; the finding as it is now.
    pub(super) fn correct(&mut self, officer: Id, id: &str, day: Date, passed: bool) -> Option<Finding> {
        let found = self.of(officer).find(|(slot, _)| self.ids.get(*slot) == id)?.0;
        let finding = &mut self.recorded[slot(found)].finding;
        (finding.day, finding.passed) = (day, passed);
        Some(*finding)
    }

    /// The one that counts: that of the latest day; of several of that day, that recorded last.
    pub(super) fn latest(&self, officer: Id, campaign: Id, quality: u8) -> Option<(&str, Finding)> {
        let mut latest: Option<(Id, Finding)> = None;
        for (slot, Assessment { finding, .. }) in self.of(officer) {
            let same = finding.campaign == campaign && finding.quality == quality;
            if same && latest.is_none_or(|(_, latest)| finding.day > latest.day) {
                latest = Some((slot, *finding));
            }
        }
        latest.map(|(slot, finding)| (self.ids.get(slot), finding))
    }

    /// Ids and findings of an officer, in the order of their recording.
    pub(super) fn all(&self, officer: Id) -> Vec<(&str, Finding)> {
        let mut all: Vec<_> =
            self.of(officer).map(|(slot, assessment)| (self.ids.get(slot), assessment.finding)).collect();
        all.reverse();
        all
    }

    pub(super) fn bytes(&self) -> usize {
        self.ids.bytes() + self.recorded.capacity() * size_of::<Assessment>() + self.last.bytes()
    }

    /// The one recorded last comes first.
    fn of(&self, officer: Id) -> impl Iterator<Item = (Id, &Assessment)> {
        let assessment = |link: u32| link.checked_sub(1).map(|at| (at, &self.recorded[slot(at)]));
        let last = self.last.get(officer).and_then(|last| assessment(*last));
        std::iter::successors(last, move |(_, last)| assessment(last.before))
    }
}
