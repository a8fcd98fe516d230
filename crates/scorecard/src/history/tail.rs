//! The newest events, in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Corrupt, LEFT_OUT, Occurrence, Packed, unpack};

/// The newest events of every jurisdiction, until they are sorted into the database.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    by_jurisdiction: BTreeMap<String, Packed>,
    /// Those before, on their way into the database.
    sealed: Arc<BTreeMap<String, Vec<u8>>>,
    events: usize,
    versions: HashMap<String, u64>,
    floor: BTreeMap<&'static str, u64>,
}

impl Tail {
    /// Takes events from after these positions.
    pub(crate) fn after(floor: BTreeMap<&'static str, u64>) -> Self {
        Self { floor, ..Self::default() }
    }

    /// It has every event of a log after this position; of a log that is not named, every event.
    pub(crate) fn floor(&self) -> &BTreeMap<&'static str, u64> {
        &self.floor
    }

    /// Takes one more.
    pub(crate) fn push(&mut self, event: &Occurrence<'_>) {
        if LEFT_OUT.contains(&event.kind()) {
            return;
        }
        self.events += 1;
        if let Some(version) = self.versions.get_mut(event.jurisdiction) {
            *version += 1;
        } else {
            self.versions.insert(event.jurisdiction.to_owned(), 1);
        }
        if let Some(packed) = self.by_jurisdiction.get_mut(event.jurisdiction) {
            packed.push(event);
        } else {
            self.by_jurisdiction.entry(event.jurisdiction.to_owned()).or_default().push(event);
        }
    }

    /// How many it has that are not sealed.
    pub(crate) fn events(&self) -> usize {
        self.events
    }

    /// Moves with every event of a jurisdiction.
    pub(crate) fn version(&self, jurisdiction: &str) -> u64 {
        self.versions.get(jurisdiction).copied().unwrap_or_default()
    }

    /// What it has of a jurisdiction, the older run first.
    pub(crate) fn of(&self, jurisdiction: &str) -> Vec<Vec<u8>> {
        let newest = self.by_jurisdiction.get(jurisdiction).map(Packed::bytes);
        let runs = self.sealed.get(jurisdiction).map(Vec::as_slice).into_iter().chain(newest);
        runs.map(<[u8]>::to_vec).collect()
    }

    /// All of it by jurisdiction, to be sorted into the database; what comes from now on is apart.
    pub(crate) fn seal(&mut self) -> Arc<BTreeMap<String, Vec<u8>>> {
        debug_assert!(self.sealed.is_empty(), "one part at a time is on its way");
        let newest = std::mem::take(&mut self.by_jurisdiction).into_iter();
        self.sealed = Arc::new(newest.map(|(key, packed)| (key, packed.into_bytes())).collect());
        self.events = 0;
        self.sealed.clone()
    }

    /// Forgets what was sealed: it is in the database now, up to these positions.
    pub(crate) fn sorted(&mut self, floor: BTreeMap<&'static str, u64>) {
        self.sealed = Arc::default();
        self.floor = floor;
    }

    /// Forgets what is in the database now, up to these positions.
    pub(crate) fn forget(&mut self, sorted: &BTreeMap<&'static str, u64>) -> Result<(), Corrupt> {
        let newest = std::mem::take(&mut self.by_jurisdiction);
        let sealed = std::mem::take(&mut self.sealed);
        self.events = 0;
        let newest = newest.iter().map(|(jurisdiction, packed)| (jurisdiction, packed.bytes()));
        for (jurisdiction, run) in sealed.iter().map(|(key, run)| (key, run.as_slice())).chain(newest) {
            for event in unpack(run) {
                let event = event?;
                if sorted.get(event.service).is_none_or(|sorted| event.position > *sorted) {
                    self.by_jurisdiction.entry(jurisdiction.clone()).or_default().push(&event);
                    self.events += 1;
                }
            }
        }
        for (service, sorted) in sorted {
            let floor = self.floor.entry(service).or_default();
            *floor = (*floor).max(*sorted);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::event;
    use super::*;

    #[test]
    fn what_is_in_the_database_is_forgotten_and_what_came_later_is_kept() {
        let mut tail = Tail::default();
        for position in 1..=5 {
            if position == 3 {
                tail.seal();
            }
            tail.push(&event(position, "a.b.MarkRecorded"));
        }
        tail.forget(&BTreeMap::from([("evaluation", 3), ("training", 9)])).unwrap();
        let kept: Vec<_> =
            tail.of("city").iter().flat_map(|run| unpack(run)).map(|event| event.unwrap().position).collect();
        assert_eq!((kept, tail.events(), tail.version("city")), (vec![4, 5], 2, 5));
        assert_eq!(tail.floor().get("evaluation"), Some(&3));
    }

    #[test]
    fn what_is_sealed_is_there_until_it_is_in_the_database() {
        let mut tail = Tail::default();
        let positions = |tail: &Tail| -> Vec<_> {
            tail.of("city").iter().flat_map(|run| unpack(run)).map(|event| event.unwrap().position).collect()
        };
        tail.push(&event(1, "a.b.MarkRecorded"));
        let sealed = tail.seal();
        tail.push(&event(2, "a.b.MarkRecorded"));
        assert_eq!((positions(&tail), tail.events()), (vec![1, 2], 1));
        assert_eq!(unpack(&sealed["city"]).count(), 1);
        tail.sorted(BTreeMap::from([("evaluation", 1)]));
        assert_eq!((positions(&tail), tail.events(), tail.version("city")), (vec![2], 1, 2));
    }
}
