//! Every event that counts, packed: what «as of» is folded from. A run of events is one blob; in it a word
//! (event type, jurisdiction, actor) is written out once and named by its number from then on.

mod tail;

use std::collections::{BTreeMap, HashMap};

use contract::evaluation::FormsIssued;
use contract::token::SERVICES;
use eventstore::RecordedEvent;
use jiff::Timestamp;
use prost::Message as _;
use prost::encoding::{decode_varint, encode_varint};
use uuid::Uuid;

pub(crate) use self::tail::Tail;
use crate::as_of::Cut;

/// Kept in no history: they change nothing that a scorecard shows.
const LEFT_OUT: [&str; 4] = ["ElectorVoted", "FormsReturned", "PersonalDataRevealed", "CaseTextsRevealed"];

/// One event as the fold reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Occurrence<'a> {
    /// The log that it stands in.
    pub(crate) service: &'static str,
    pub(crate) position: u64,
    pub(crate) event_id: Uuid,
    /// Full name of the payload's message.
    pub(crate) event_type: &'a str,
    pub(crate) occurred_at: Timestamp,
    pub(crate) recorded_at: Timestamp,
    pub(crate) jurisdiction: &'a str,
    pub(crate) actor: &'a str,
    pub(crate) payload: &'a [u8],
}

impl<'a> Occurrence<'a> {
    /// The event itself.
    pub(crate) fn of(service: &'static str, event: &'a RecordedEvent) -> Self {
        Self {
            service,
            position: event.position,
            event_id: event.event_id,
            event_type: &event.event_type,
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            jurisdiction: &event.jurisdiction,
            actor: &event.actor,
            payload: &event.payload,
        }
    }

    /// The event type's last name.
    pub(crate) fn kind(&self) -> &'a str {
        self.event_type.rsplit_once('.').map_or(self.event_type, |(_, kind)| kind)
    }
}

/// A packed run that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the history cannot be read")]
pub struct Corrupt;

/// Packs events, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Packed {
    bytes: Vec<u8>,
    words: HashMap<String, u64>,
}

impl Packed {
    /// Packs these.
    #[cfg(test)]
    pub(crate) fn of<'a>(events: impl IntoIterator<Item = Occurrence<'a>>) -> Self {
        let mut packed = Self::default();
        for event in events {
            packed.push(&event);
        }
        packed
    }

    /// Packs the next one, unless it changes nothing that a scorecard shows.
    pub(crate) fn push(&mut self, event: &Occurrence<'_>) {
        if LEFT_OUT.contains(&event.kind()) {
            return;
        }
        let service = SERVICES.iter().position(|service| *service == event.service);
        let Some(service) = service.and_then(|place| u8::try_from(place).ok()) else { return };
        self.bytes.push(service);
        encode_varint(event.position, &mut self.bytes);
        self.bytes.extend_from_slice(event.event_id.as_bytes());
        self.bytes.extend_from_slice(&event.occurred_at.as_microsecond().to_le_bytes());
        self.bytes.extend_from_slice(&event.recorded_at.as_microsecond().to_le_bytes());
        self.word(event.event_type);
        self.word(event.jurisdiction);
        self.word(event.actor);
        match without_codes(event) {
            Some(payload) => self.blob(&payload),
            None => self.blob(event.payload),
        }
    }

    /// The packed run.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The packed run, taken.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// 0 and the word itself, or its number.
    fn word(&mut self, word: &str) {
        if let Some(number) = self.words.get(word) {
            encode_varint(*number, &mut self.bytes);
            return;
        }
        let number = u64::try_from(self.words.len()).unwrap_or(u64::MAX).saturating_add(1);
        self.words.insert(word.to_owned(), number);
        encode_varint(0, &mut self.bytes);
        self.blob(word.as_bytes());
    }

    fn blob(&mut self, bytes: &[u8]) {
        encode_varint(u64::try_from(bytes.len()).unwrap_or(u64::MAX), &mut self.bytes);
        self.bytes.extend_from_slice(bytes);
    }
}

/// Only how many form codes were issued counts: their hashes are the bulk of a survey's events.
fn without_codes(event: &Occurrence<'_>) -> Option<Vec<u8>> {
    if event.kind() != "FormsIssued" {
        return None;
    }
    let mut issued = FormsIssued::decode(event.payload).ok()?;
    issued.code_hashes.iter_mut().for_each(Vec::clear);
    Some(issued.encode_to_vec())
}

/// The events of a packed run, in order.
#[derive(Debug, Clone)]
pub(crate) struct Unpacked<'a> {
    rest: &'a [u8],
    words: Vec<&'a str>,
}

/// Unpacks a run.
pub(crate) fn unpack(bytes: &[u8]) -> Unpacked<'_> {
    Unpacked { rest: bytes, words: Vec::new() }
}

impl<'a> Iterator for Unpacked<'a> {
    type Item = Result<Occurrence<'a>, Corrupt>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let event = self.event();
        if event.is_none() {
            self.rest = &[];
        }
        Some(event.ok_or(Corrupt))
    }
}

impl<'a> Unpacked<'a> {
    fn event(&mut self) -> Option<Occurrence<'a>> {
        let [service] = *self.take(1)? else { return None };
        Some(Occurrence {
            service: SERVICES.get(usize::from(service))?,
            position: decode_varint(&mut self.rest).ok()?,
            event_id: Uuid::from_slice(self.take(16)?).ok()?,
            occurred_at: self.instant()?,
            recorded_at: self.instant()?,
            event_type: self.word()?,
            jurisdiction: self.word()?,
            actor: self.word()?,
            payload: self.blob()?,
        })
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn instant(&mut self) -> Option<Timestamp> {
        let bytes = self.take(8)?.try_into().ok()?;
        Timestamp::from_microsecond(i64::from_le_bytes(bytes)).ok()
    }

    fn blob(&mut self) -> Option<&'a [u8]> {
        let length = decode_varint(&mut self.rest).ok()?;
        self.take(usize::try_from(length).ok()?)
    }

    fn word(&mut self) -> Option<&'a str> {
        let number = usize::try_from(decode_varint(&mut self.rest).ok()?).ok()?;
        if number > 0 {
            return self.words.get(number - 1).copied();
        }
        let word = str::from_utf8(self.blob()?).ok()?;
        self.words.push(word);
        Some(word)
    }
}

/// The whole history of a jurisdiction.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past {
    /// Packed runs, the oldest first; the last may repeat what another one has.
    pub(crate) runs: Vec<Vec<u8>>,
    /// Moves with every event.
    pub(crate) version: u64,
}

impl Past {
    /// Its events, each log in its order, each once.
    pub(crate) fn events(&self) -> impl Iterator<Item = Result<Occurrence<'_>, Corrupt>> {
        let mut last: BTreeMap<&'static str, u64> = BTreeMap::new();
        let events = self.runs.iter().flat_map(|run| unpack(run));
        events.filter(move |event| {
            let Ok(event) = event else { return true };
            let last = last.entry(event.service).or_default();
            let fresh = event.position > *last;
            *last = event.position.max(*last);
            fresh
        })
    }

    /// Those of them that a cut leaves; none: all.
    pub(crate) fn events_of<'a>(
        &'a self,
        cut: Option<&'a Cut>,
    ) -> impl Iterator<Item = Result<Occurrence<'a>, Corrupt>> {
        let counts = move |event: &Result<Occurrence<'a>, Corrupt>| match (event, cut) {
            (Ok(event), Some(cut)) => cut.counts(event),
            (Ok(_), None) | (Err(_), _) => true,
        };
        self.events().filter(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn event(position: u64, event_type: &'static str) -> Occurrence<'static> {
        Occurrence {
            service: "evaluation",
            position,
            event_id: Uuid::from_u128(position.into()),
            event_type,
            occurred_at: Timestamp::from_second(-5).unwrap(),
            recorded_at: Timestamp::from_second(1_700_000_000).unwrap(),
            jurisdiction: "city",
            actor: "clerk",
            payload: b"payload",
        }
    }

    #[test]
    fn what_is_packed_is_unpacked_and_a_word_is_written_once() {
        let events =
            [event(1, "a.b.MarkRecorded"), event(2, "a.b.EntryRecorded"), event(3, "a.b.MarkRecorded")];
        let mut packed = Packed::of(events);
        assert_eq!(unpack(packed.bytes()).collect::<Result<Vec<_>, _>>().unwrap(), events);
        let before = packed.bytes().len();
        packed.push(&event(4, "a.b.MarkRecorded"));
        assert_eq!(packed.bytes().len() - before, 1 + 1 + 16 + 8 + 8 + 3 + 1 + 7);
    }

    #[test]
    fn what_was_cut_short_is_told_once() {
        let mut packed = Packed::default();
        packed.push(&event(1, "a.b.MarkRecorded"));
        let bytes = packed.bytes();
        for length in 1..bytes.len() {
            assert_eq!(unpack(&bytes[..length]).collect::<Vec<_>>(), [Err(Corrupt)], "{length}");
        }
    }

    #[test]
    fn a_run_that_repeats_another_changes_nothing() {
        let packed = |positions: &[u64]| {
            let events = positions.iter().map(|position| event(*position, "a.b.MarkRecorded"));
            Packed::of(events).bytes().to_vec()
        };
        let past = Past { runs: vec![packed(&[1, 2, 5]), packed(&[2, 5, 6])], version: 0 };
        let positions: Vec<_> = past.events().map(|event| event.unwrap().position).collect();
        assert_eq!(positions, [1, 2, 5, 6]);
    }
}
