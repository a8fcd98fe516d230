//! Facts of one kind: rows by key that know which of them changed since they were last taken to be written.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Rows of one kind. A key is ids joined by `/`, the jurisdiction's first.
#[derive(Debug)]
pub(crate) struct Rows<V> {
    rows: BTreeMap<String, Row<V>>,
    changed: Vec<String>,
}

#[derive(Debug)]
struct Row<V> {
    value: V,
    changed: bool,
}

/// A row as it is to be written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Change {
    /// What it is.
    pub(crate) kind: &'static str,
    /// Its key.
    pub(crate) key: String,
    /// JSON; none: it is no longer there.
    pub(crate) value: Option<String>,
}

impl<V> Default for Rows<V> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), changed: Vec::new() }
    }
}

impl<V> Rows<V> {
    /// The row of `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&V> {
        self.rows.get(key).map(|row| &row.value)
    }

    /// The row of `key`, to be changed.
    pub(crate) fn edit(&mut self, key: &str) -> Option<&mut V> {
        let row = self.rows.get_mut(key)?;
        if !row.changed {
            row.changed = true;
            self.changed.push(key.to_owned());
        }
        Some(&mut row.value)
    }

    /// The row of `key`, to change what is never written of it.
    pub(crate) fn touch(&mut self, key: &str) -> Option<&mut V> {
        self.rows.get_mut(key).map(|row| &mut row.value)
    }

    /// Puts a row in the place of the one of this key, if there is one.
    pub(crate) fn put(&mut self, key: String, value: V) {
        if let Some(known) = self.edit(&key) {
            *known = value;
            return;
        }
        self.changed.push(key.clone());
        self.rows.insert(key, Row { value, changed: true });
    }

    /// The row of `key`, to be changed; made if it is not there.
    pub(crate) fn edit_or_default(&mut self, key: &str) -> &mut V
    where
        V: Default,
    {
        let row = self.rows.entry(key.to_owned());
        let row = row.or_insert_with(|| Row { value: V::default(), changed: false });
        if !row.changed {
            row.changed = true;
            self.changed.push(key.to_owned());
        }
        &mut row.value
    }

    /// Takes a row out.
    pub(crate) fn remove(&mut self, key: &str) -> Option<V> {
        let row = self.rows.remove(key)?;
        self.changed.push(key.to_owned());
        Some(row.value)
    }

    /// Every row, by key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.rows.iter().map(|(key, row)| (key.as_str(), &row.value))
    }

    /// The rows whose key begins with `key` and a `/`, by what follows it.
    pub(crate) fn below<'a>(&'a self, key: &str) -> impl Iterator<Item = (&'a str, &'a V)> {
        let from = format!("{key}/");
        let length = from.len();
        let to = format!("{key}0"); // `0` comes after `/`, and nothing lies between.
        self.rows.range(from..to).map(move |(key, row)| (&key[length..], &row.value))
    }
}

impl<V> Rows<V> {
    /// Forgets which rows changed: another process writes them.
    pub(crate) fn forget_changes(&mut self) {
        for key in self.changed.drain(..) {
            if let Some(row) = self.rows.get_mut(&key) {
                row.changed = false;
            }
        }
    }
}

impl<V: Serialize + DeserializeOwned> Rows<V> {
    /// Takes the rows that changed since the last time, to be written as of `kind`.
    pub(crate) fn take_changes(
        &mut self,
        kind: &'static str,
        changes: &mut Vec<Change>,
    ) -> Result<(), serde_json::Error> {
        for key in self.changed.drain(..) {
            let row = self.rows.get_mut(&key);
            let value = row.map(|row| {
                row.changed = false;
                serde_json::to_string(&row.value)
            });
            changes.push(Change { kind, key, value: value.transpose()? });
        }
        Ok(())
    }

    /// Puts back a row as it was written.
    pub(crate) fn restore(&mut self, key: String, value: &str) -> Result<(), serde_json::Error> {
        let value = serde_json::from_str(value)?;
        self.rows.insert(key, Row { value, changed: false });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(rows: &mut Rows<u32>) -> Vec<(String, Option<String>)> {
        let mut changes = Vec::new();
        rows.take_changes("number", &mut changes).unwrap();
        changes.into_iter().map(|change| (change.key, change.value)).collect()
    }

    #[test]
    fn only_what_changed_is_written_and_only_once() {
        let mut rows = Rows::default();
        rows.put("city/a".to_owned(), 1);
        rows.put("city/b".to_owned(), 2);
        *rows.edit("city/a").unwrap() += 1;
        let written =
            [("city/a".to_owned(), Some("2".to_owned())), ("city/b".to_owned(), Some("2".to_owned()))];
        assert_eq!(changes(&mut rows), written);
        assert!(changes(&mut rows).is_empty());
        *rows.edit_or_default("city/b") += 1;
        assert_eq!(changes(&mut rows), [("city/b".to_owned(), Some("3".to_owned()))]);
        rows.remove("city/b");
        assert_eq!(changes(&mut rows), [("city/b".to_owned(), None)]);
    }

    #[test]
    fn what_is_below_a_key_is_not_what_begins_like_it() {
        let mut rows = Rows::default();
        for key in ["city/2024", "city/2024/a", "city/2024/b/c", "city/2024-2/a", "city/20245/a"] {
            rows.put(key.to_owned(), 0);
        }
        assert_eq!(rows.below("city/2024").map(|(rest, _)| rest).collect::<Vec<_>>(), ["a", "b/c"]);
    }
}
