//! What `List…` and the figures read, and what the timer looks at: a row for each complaint, small enough for
//! millions, and what finds rows. One complaint whole is read from its own stream.

use std::collections::{BTreeSet, HashMap};

use eventstore::{Decider as _, EventSet as _, RecordedEvent};
use scoring::WorkingDays;
use shell::{Folded, Model};

use crate::domain::{calendar, complaint, terms};

mod city;
mod filter;
mod names;
mod row;

pub use city::{City, Group};
pub use filter::{Filter, Found};
pub use names::{Id, NOBODY, Names};
pub use row::Row;

/// Every complaint, and the working days.
#[derive(Default)]
pub struct ReadModel {
    cities: Vec<City>,
    by_jurisdiction: HashMap<String, usize>,
    /// The first bytes of the receipt code's hash, the city and the row.
    receipts: BTreeSet<(u64, usize, u32)>,
    /// By jurisdiction.
    pub calendars: Folded<calendar::Calendar>,
    /// By jurisdiction.
    pub terms: Folded<terms::Terms>,
}

impl ReadModel {
    /// The complaints of a jurisdiction, if it has any.
    pub fn city(&self, jurisdiction: &str) -> Option<&City> {
        self.by_jurisdiction.get(jurisdiction).and_then(|at| self.cities.get(*at))
    }

    /// All jurisdictions that have complaints.
    pub fn cities(&self) -> &[City] {
        &self.cities
    }

    /// Keys of the complaints that may have this receipt code.
    pub fn by_receipt(&self, hash: &[u8; 32]) -> Vec<String> {
        let short = short(hash);
        let range = self.receipts.range((short, 0, 0)..=(short, usize::MAX, u32::MAX));
        let key = |(_, city, row): &(u64, usize, u32)| {
            let city = self.cities.get(*city)?;
            Some(format!("{}/{}", city.jurisdiction, city.row(*row)?.id))
        };
        range.filter_map(key).collect()
    }

    fn apply_complaint(&mut self, event: &RecordedEvent) -> Result<(), String> {
        let unreadable = |error: prost::DecodeError| error.to_string();
        let decoded = complaint::Event::decode(&event.event_type, &event.payload).map_err(unreadable)?;
        let decoded =
            decoded.ok_or_else(|| format!("`{}` does not belong in `{}`", event.event_type, event.stream))?;
        let key = event.stream.key();
        let (jurisdiction, id) =
            key.split_once('/').ok_or_else(|| format!("stream `{}` is of no jurisdiction", event.stream))?;
        let at = self.city_of(jurisdiction);
        let city = &mut self.cities[at];
        let row = city.apply(id, event, &decoded)?;
        if let complaint::Event::ComplaintLodged(lodged) = &decoded {
            self.receipts.insert((short(&lodged.receipt_hash), at, row));
        }
        Ok(())
    }

    fn city_of(&mut self, jurisdiction: &str) -> usize {
        if let Some(at) = self.by_jurisdiction.get(jurisdiction) {
            return *at;
        }
        let calendar = self.calendars.get(jurisdiction);
        let working_days = calendar.map(|set| set.state.working_days.clone()).unwrap_or_default();
        self.cities.push(City::new(jurisdiction.to_owned(), working_days));
        let at = self.cities.len() - 1;
        self.by_jurisdiction.insert(jurisdiction.to_owned(), at);
        at
    }

    /// The working days of a jurisdiction.
    pub fn working_days(&self, jurisdiction: &str) -> WorkingDays {
        let calendar = self.calendars.get(jurisdiction);
        calendar.map(|loaded| loaded.state.working_days.clone()).unwrap_or_default()
    }
}

impl Model for ReadModel {
    fn apply(&mut self, _service: &'static str, event: &RecordedEvent) -> Result<(), String> {
        if event.stream.category() == complaint::Complaint::CATEGORY {
            return self.apply_complaint(event);
        }
        if self.calendars.apply(event)? {
            let jurisdiction = event.stream.key();
            let working_days = self.working_days(jurisdiction);
            if let Some(at) = self.by_jurisdiction.get(jurisdiction) {
                self.cities[*at].set_working_days(working_days);
            }
            return Ok(());
        }
        let folded = self.terms.apply(event)?;
        if folded { Ok(()) } else { Err(format!("stream `{}` is of no known kind", event.stream)) }
    }
}

fn short(hash: &[u8]) -> u64 {
    let mut first = [0; 8];
    first.iter_mut().zip(hash).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(first)
}
