//! Names as small numbers, and values by number: what keeps millions of officers in memory.

use std::hash::{BuildHasher as _, RandomState};

use hashbrown::HashTable;

/// The number of a name, from 0 in the order in which names come.
pub(super) type Id = u32;

/// Where the value of `id` lies.
pub(super) fn slot(id: Id) -> usize {
    usize::try_from(id).unwrap_or(usize::MAX)
}

/// The number of what lies in `slot`.
pub(super) fn id_of(slot: usize) -> Id {
    Id::try_from(slot).unwrap_or(Id::MAX)
}

/// Texts in one piece of memory, by number.
#[derive(Debug, Default)]
pub(super) struct Texts {
    bytes: String,
    ends: Vec<u32>,
}

impl Texts {
    pub(super) fn push(&mut self, text: &str) -> Id {
        self.bytes.push_str(text);
        self.ends.push(id_of(self.bytes.len()));
        id_of(self.ends.len() - 1)
    }

    pub(super) fn get(&self, id: Id) -> &str {
        &self.bytes[self.range(id)]
    }

    /// The same as bytes; cheaper, as nobody asks where characters begin.
    fn bytes_of(&self, id: Id) -> &[u8] {
        &self.bytes.as_bytes()[self.range(id)]
    }

    fn range(&self, id: Id) -> std::ops::Range<usize> {
        let start = id.checked_sub(1).map_or(0, |before| self.ends[slot(before)]);
        slot(start)..slot(self.ends[slot(id)])
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<u32>()
    }
}

/// Names, each once.
#[derive(Debug, Default)]
pub(super) struct Names {
    texts: Texts,
    table: HashTable<Id>,
    hasher: RandomState,
}

impl Names {
    /// The number of a name, which it gets if it has none.
    pub(super) fn intern(&mut self, name: &str) -> Id {
        if let Some(id) = self.find(name) {
            return id;
        }
        let id = self.texts.push(name);
        let (texts, hasher) = (&self.texts, &self.hasher);
        self.table.insert_unique(hasher.hash_one(name), id, |id| hasher.hash_one(texts.get(*id)));
        id
    }

    pub(super) fn find(&self, name: &str) -> Option<Id> {
        let same = |id: &Id| self.texts.bytes_of(*id) == name.as_bytes();
        self.table.find(self.hasher.hash_one(name), same).copied()
    }

    pub(super) fn name(&self, id: Id) -> &str {
        self.texts.get(id)
    }

    /// Whether a name comes after another.
    pub(super) fn is_after(&self, id: Id, other: &str) -> bool {
        self.texts.bytes_of(id) > other.as_bytes()
    }

    pub(super) fn ids(&self) -> std::ops::Range<Id> {
        0..id_of(self.texts.len())
    }

    pub(super) fn bytes(&self) -> usize {
        self.texts.bytes() + self.table.allocation_size()
    }
}

/// Values by number; what was never touched is as by default.
#[derive(Debug)]
pub(super) struct Table<T>(Vec<T>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Default> Table<T> {
    pub(super) fn get(&self, id: Id) -> Option<&T> {
        self.0.get(slot(id))
    }

    pub(super) fn edit(&mut self, id: Id) -> &mut T {
        let slot = slot(id);
        if self.0.len() <= slot {
            self.0.resize_with(slot + 1, T::default);
        }
        &mut self.0[slot]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Id, &T)> {
        (0..).zip(&self.0)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut()
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<T>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number() {
        let mut names = Names::default();
        let ids: Vec<_> = (0..1000).map(|number| names.intern(&format!("o{number}"))).collect();
        assert_eq!(ids, names.ids().collect::<Vec<_>>());
        for (id, number) in ids.iter().zip(0..) {
            let name = format!("o{number}");
            assert_eq!((names.intern(&name), names.find(&name), names.name(*id)), (*id, Some(*id), &*name));
        }
        assert_eq!(names.find("nobody"), None);
    }
}
