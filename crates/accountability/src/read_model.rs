//! What `Get…` and `List…` read: every stream of the context, folded by its own rules; what followed from each
//! case; and what the timer looks at.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use contract::accountability::{Cause, Departure, Veto};
use contract::name::CaseName;
use eventstore::{Decider as _, RecordedEvent};
use jiff::civil::Date;
use shell::{Folded, Model};

use crate::domain::case::{self, Phase, Subject};
use crate::domain::scale;
use crate::timers::Executions;

mod record;

pub use record::Consequence;

/// Every stream of the context. Keys are ids joined by `/`, the jurisdiction first.
#[derive(Default)]
pub struct ReadModel {
    /// By jurisdiction and case.
    pub cases: Folded<case::Case>,
    /// By jurisdiction.
    pub scales: Folded<scale::Scale>,
    /// Event ids of the findings, by jurisdiction and case.
    pub findings: HashMap<String, String>,
    /// Dispositions below the minimum, by jurisdiction and `latest_first` key.
    pub departures: BTreeMap<String, Departure>,
    /// Vetoes, likewise.
    pub vetoes: BTreeMap<String, Veto>,
    /// What followed from each case, by jurisdiction and case, oldest first.
    pub consequences: HashMap<String, Vec<Consequence>>,
    /// Dispositions that wait to be carried out.
    pub executions: Executions,
    /// The cases that a fact led to, merged ones too, by its service and event id.
    causes: HashMap<(String, String), BTreeSet<String>>,
}

impl ReadModel {
    /// Keys of the cases that a fact led to, merged ones too.
    pub fn caused_by(&self, service: &str, event_id: &str) -> impl Iterator<Item = &str> {
        let cases = self.causes.get(&(service.to_owned(), event_id.to_owned()));
        cases.into_iter().flatten().map(String::as_str)
    }

    /// The case that a case went into in the end; itself, if it was not merged.
    pub fn root<'a>(&'a self, key: &'a str) -> Option<(String, &'a case::Opened)> {
        let mut key = key.to_owned();
        loop {
            let opened = self.cases.get(&key)?.state.opened()?;
            let Phase::Merged { into } = &opened.phase else { return Some((key, opened)) };
            key = CaseName::parse("merged_into", into).ok()?.key();
        }
    }

    fn pending(&self, key: &str) -> Vec<(Date, Subject)> {
        let opened = self.cases.get(key).and_then(|loaded| loaded.state.opened());
        let pending = opened.into_iter().flat_map(case::Opened::pending);
        pending.map(|(due, subject)| (due, subject.clone())).collect()
    }

    fn index(&mut self, key: &str) {
        let Some(opened) = self.cases.get(key).and_then(|loaded| loaded.state.opened()) else { return };
        for Cause { service, event_id, .. } in &opened.grounds.causes {
            let cases = self.causes.entry((service.clone(), event_id.clone())).or_default();
            cases.insert(key.to_owned());
        }
    }
}

impl Model for ReadModel {
    fn apply(&mut self, _service: &'static str, event: &RecordedEvent) -> Result<(), String> {
        if event.stream.category() == case::Case::CATEGORY {
            let key = event.stream.key();
            let before = self.pending(key);
            self.cases.apply(event)?;
            self.executions.change(key, before, self.pending(key));
            self.index(key);
            return self.record(event);
        }
        let folded = self.scales.apply(event)?;
        if folded { Ok(()) } else { Err(format!("stream `{}` is of no known kind", event.stream)) }
    }
}

/// A key that lists what was recorded last first.
fn latest_first(event: &RecordedEvent) -> String {
    format!("{}/{:020}", event.jurisdiction, u64::MAX - event.position)
}
