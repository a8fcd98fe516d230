//! All streams of one kind, folded by their own rules: what `Get…` and `List…` read.

use std::collections::BTreeMap;

use eventstore::{Decider, EventSet as _, Loaded, RecordedEvent};

/// Every stream of one kind, by key.
pub struct Folded<D: Decider> {
    streams: BTreeMap<String, Loaded<D>>,
}

impl<D: Decider> Default for Folded<D> {
    fn default() -> Self {
        Self { streams: BTreeMap::new() }
    }
}

impl<D: Decider> Folded<D> {
    /// Folds `event` if it belongs to a stream of this kind; whether it does. The error says why it cannot be
    /// folded.
    pub fn apply(&mut self, event: &RecordedEvent) -> Result<bool, String> {
        if event.stream.category() != D::CATEGORY {
            return Ok(false);
        }
        let decoded =
            D::Event::decode(&event.event_type, &event.payload).map_err(|error| error.to_string())?;
        let decoded =
            decoded.ok_or_else(|| format!("`{}` does not belong in `{}`", event.event_type, event.stream))?;
        let key = event.stream.key();
        if !self.streams.contains_key(key) {
            self.streams.insert(key.to_owned(), Loaded::default());
        }
        if let Some(loaded) = self.streams.get_mut(key) {
            *loaded = std::mem::take(loaded).fold(&decoded, Some(event.recorded_at));
        }
        Ok(true)
    }

    /// The stream of `key`, if it has events.
    pub fn get(&self, key: &str) -> Option<&Loaded<D>> {
        self.streams.get(key)
    }

    /// The streams whose key begins with `prefix`, by key.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a Loaded<D>)> {
        self.streams
            .range(prefix.to_owned()..)
            .take_while(move |(key, _)| key.starts_with(prefix))
            .map(|(key, loaded)| (key.as_str(), loaded))
    }
}
