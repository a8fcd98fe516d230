//! An event as a message: CloudEvents 1.0 in binary mode, and back, without loss.
//!
//! | header | field |
//! |---|---|
//! | `ce-id`, `ce-type`, `ce-time` | event id, type, when it happened |
//! | `ce-source`, `ce-subject` | the service, `/mingjing/<service>`; the stream |
//! | `ce-dataschema`, `ce-datacontenttype`, `content-type` | the payload's message, protobuf |
//! | `ce-sequence` | position in the log, which is the message's sequence in the JetStream stream |
//! | `ce-partitionkey`, `ce-unit` | jurisdiction, by which a log is sharded; unit, absent where there is none |
//! | `ce-streamversion`, `ce-recordedtime`, `ce-chainhash` | as recorded |
//! | `ce-correlationid`, `ce-causationid`, `ce-actor` | as recorded; an actor is a reference |
//! | `ce-epoch` | the store epoch of the log that it was published from |
//! | `traceparent`, `tracestate` | W3C trace context, absent where there is none |
//!
//! Values are percent-encoded as CloudEvents asks. There is no personal data in any of them.

use std::fmt::Write as _;
use std::str::FromStr;

use async_nats::header::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use uuid::Uuid;

use crate::event::{RecordedEvent, StreamId};

macro_rules! headers {
    ($($name:ident = $value:literal;)+) => {$(
        static $name: HeaderName = HeaderName::from_static($value);
    )+};
}

headers! {
    ACTOR = "ce-actor";
    CAUSATION = "ce-causationid";
    CHAIN_HASH = "ce-chainhash";
    CONTENT_TYPE = "content-type";
    CORRELATION = "ce-correlationid";
    DATA_CONTENT_TYPE = "ce-datacontenttype";
    DATA_SCHEMA = "ce-dataschema";
    EPOCH = "ce-epoch";
    ID = "ce-id";
    PARTITION_KEY = "ce-partitionkey";
    RECORDED_TIME = "ce-recordedtime";
    SEQUENCE = "ce-sequence";
    SOURCE = "ce-source";
    SPEC_VERSION = "ce-specversion";
    STREAM_VERSION = "ce-streamversion";
    SUBJECT = "ce-subject";
    TIME = "ce-time";
    TRACE_PARENT = "traceparent";
    TRACE_STATE = "tracestate";
    TYPE = "ce-type";
    UNIT = "ce-unit";
}

const PROTOBUF: &str = "application/protobuf";
/// The token of a subject where there is nothing to name.
const NOTHING: &str = "_";

/// An event that came as a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The event, as it stands in the log.
    pub event: RecordedEvent,
    /// The store epoch of the log that it was published from.
    pub epoch: Uuid,
}

/// The subject that `event` of `service` is published on: `mj.<service>.<jurisdiction>.<unit>.<event type>`.
pub fn subject(service: &str, event: &RecordedEvent) -> String {
    let name = event.event_type.rsplit('.').next().unwrap_or_default();
    let (jurisdiction, unit) = (token(&event.jurisdiction), token(&event.unit));
    format!("mj.{service}.{jurisdiction}.{unit}.{}", snake_case(name))
}

/// All that is published of `event` beside its payload.
pub fn headers(service: &str, epoch: Uuid, event: &RecordedEvent) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(SPEC_VERSION.clone(), "1.0");
    headers.insert(ID.clone(), event.event_id.to_string());
    headers.insert(SOURCE.clone(), format!("/mingjing/{service}"));
    headers.insert(TYPE.clone(), event.event_type.as_str());
    headers.insert(TIME.clone(), event.occurred_at.to_string());
    headers.insert(SUBJECT.clone(), encoded(event.stream.as_str()));
    headers.insert(DATA_SCHEMA.clone(), format!("urn:protobuf:{}", event.event_type));
    headers.insert(DATA_CONTENT_TYPE.clone(), PROTOBUF);
    headers.insert(CONTENT_TYPE.clone(), PROTOBUF);
    headers.insert(SEQUENCE.clone(), event.position.to_string());
    headers.insert(PARTITION_KEY.clone(), encoded(&event.jurisdiction));
    headers.insert(STREAM_VERSION.clone(), event.stream_version.to_string());
    headers.insert(RECORDED_TIME.clone(), event.recorded_at.to_string());
    headers.insert(ACTOR.clone(), encoded(&event.actor));
    headers.insert(CORRELATION.clone(), event.correlation_id.to_string());
    headers.insert(CAUSATION.clone(), event.causation_id.to_string());
    headers.insert(CHAIN_HASH.clone(), hex(&event.chain_hash));
    headers.insert(EPOCH.clone(), epoch.to_string());
    if !event.unit.is_empty() {
        headers.insert(UNIT.clone(), encoded(&event.unit));
    }
    let (parent, state) = event.traceparent.split_once(' ').unwrap_or((&event.traceparent, ""));
    for (name, value) in [(&TRACE_PARENT, parent), (&TRACE_STATE, state)] {
        if !value.is_empty() {
            headers.insert(name.clone(), value.replace(['\r', '\n'], " "));
        }
    }
    headers
}

/// The event that a message is. The error says what is wrong with it.
pub fn read(headers: &HeaderMap, payload: &[u8]) -> Result<Received, String> {
    let parent = headers.get(TRACE_PARENT.clone()).map_or("", HeaderValue::as_str);
    let state = headers.get(TRACE_STATE.clone()).map_or("", HeaderValue::as_str);
    let event = RecordedEvent {
        position: parsed(headers, &SEQUENCE)?,
        stream: StreamId::from_log(text(headers, &SUBJECT)?),
        stream_version: parsed(headers, &STREAM_VERSION)?,
        event_id: parsed(headers, &ID)?,
        event_type: wanted(headers, &TYPE)?.to_owned(),
        occurred_at: parsed::<Timestamp>(headers, &TIME)?,
        recorded_at: parsed::<Timestamp>(headers, &RECORDED_TIME)?,
        actor: text(headers, &ACTOR)?,
        correlation_id: parsed(headers, &CORRELATION)?,
        causation_id: parsed(headers, &CAUSATION)?,
        jurisdiction: text(headers, &PARTITION_KEY)?,
        unit: if headers.get(UNIT.clone()).is_some() { text(headers, &UNIT)? } else { String::new() },
        traceparent: if state.is_empty() { parent.to_owned() } else { format!("{parent} {state}") },
        payload: payload.to_vec(),
        chain_hash: unhex(wanted(headers, &CHAIN_HASH)?).ok_or_else(|| bad(&CHAIN_HASH))?,
    };
    Ok(Received { event, epoch: parsed(headers, &EPOCH)? })
}

fn wanted<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, String> {
    headers.get(name.clone()).map(HeaderValue::as_str).ok_or_else(|| format!("there is no header `{name}`"))
}

fn parsed<T: FromStr>(headers: &HeaderMap, name: &HeaderName) -> Result<T, String> {
    wanted(headers, name)?.parse().map_err(|_| bad(name))
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Result<String, String> {
    decoded(wanted(headers, name)?).ok_or_else(|| bad(name))
}

fn bad(name: &HeaderName) -> String {
    format!("the header `{name}` cannot be read")
}

/// An id as a token of a subject; ids are valid tokens already, anything else is escaped.
fn token(id: &str) -> String {
    if id.is_empty() {
        return NOTHING.to_owned();
    }
    escaped(id, |byte| byte.is_ascii_graphic() && !b".*>%".contains(&byte))
}

/// A value as CloudEvents has it in headers.
fn encoded(value: &str) -> String {
    escaped(value, |byte| byte.is_ascii_graphic() && !b"\"%".contains(&byte))
}

fn escaped(value: &str, stays: impl Fn(u8) -> bool) -> String {
    if value.bytes().all(&stays) {
        return value.to_owned();
    }
    let mut text = String::with_capacity(3 * value.len());
    for byte in value.bytes() {
        if stays(byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn decoded(value: &str) -> Option<String> {
    if !value.contains('%') {
        return Some(value.to_owned());
    }
    let mut bytes = value.bytes();
    let mut text = Vec::with_capacity(value.len());
    while let Some(byte) = bytes.next() {
        text.push(if byte == b'%' { 16 * digit(bytes.next()?)? + digit(bytes.next()?)? } else { byte });
    }
    String::from_utf8(text).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn hex(hash: &[u8; 32]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let bytes = text.as_bytes().as_chunks::<2>();
    let hash = bytes.0.iter().map(|pair| Some(16 * digit(pair[0])? + digit(pair[1])?));
    let hash: Vec<u8> = hash.collect::<Option<_>>()?;
    if bytes.1.is_empty() { hash.try_into().ok() } else { None }
}

/// `MarkRecorded` as `mark_recorded`.
pub fn snake_case(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for (i, character) in name.char_indices() {
        if character.is_ascii_uppercase() && i > 0 {
            text.push('_');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree as _;

    use super::*;

    fn instant() -> impl Strategy<Value = Timestamp> {
        (-2_000_000_000_000_000_i64..4_000_000_000_000_000)
            .prop_map(|microsecond| Timestamp::from_microsecond(microsecond).unwrap())
    }

    fn event() -> impl Strategy<Value = RecordedEvent> {
        let numbers = (1_u64.., 1_u64.., any::<[u128; 3]>(), any::<[u8; 32]>());
        let trace = "(00-[0-9a-f]{32}-[0-9a-f]{16}-01( [a-z]{1,9}=[!-~]{1,20})?)?";
        let texts = ("\\PC{1,40}", "\\PC{0,40}", "[a-z-]{1,20}", "[a-z-]{0,20}", trace);
        let rest = (instant(), instant(), proptest::collection::vec(any::<u8>(), 0..99));
        (numbers, texts, rest).prop_map(|(numbers, texts, rest)| RecordedEvent {
            position: numbers.0,
            stream: StreamId::from_log(texts.0),
            stream_version: numbers.1,
            event_id: Uuid::from_u128(numbers.2[0]),
            event_type: "mingjing.evaluation.v1.MarkRecorded".to_owned(),
            occurred_at: rest.0,
            recorded_at: rest.1,
            actor: texts.1,
            correlation_id: Uuid::from_u128(numbers.2[1]),
            causation_id: Uuid::from_u128(numbers.2[2]),
            jurisdiction: texts.2,
            unit: texts.3,
            traceparent: texts.4,
            payload: rest.2,
            chain_hash: numbers.3,
        })
    }

    proptest! {
        #[test]
        fn an_event_is_read_back_from_its_message_as_it_is(event in event(), epoch in any::<u128>()) {
            let epoch = Uuid::from_u128(epoch);
            let headers = headers("evaluation", epoch, &event);
            for (name, values) in headers.iter() {
                let printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
                prop_assert!(values.iter().all(|value| value.as_str().bytes().all(printable)), "{name}");
            }
            let received = read(&headers, &event.payload).unwrap();
            prop_assert_eq!(received, Received { event, epoch });
        }

        #[test]
        fn any_ids_make_a_subject_of_five_tokens(jurisdiction in "\\PC{0,20}", unit in "\\PC{0,20}", event in event()) {
            let subject = subject("evaluation", &RecordedEvent { jurisdiction, unit, ..event });
            prop_assert_eq!(subject.split('.').count(), 5);
            prop_assert!(subject.split('.').all(|token| !token.is_empty()));
            prop_assert!(subject.bytes().all(|byte| byte.is_ascii_graphic() && !b"*>".contains(&byte)));
        }
    }

    #[test]
    fn a_subject_goes_from_wide_to_narrow() {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let event = event().new_tree(&mut runner).unwrap().current();
        let of = |unit: &str| {
            let (jurisdiction, unit) = ("dalian".to_owned(), unit.to_owned());
            subject("complaints", &RecordedEvent { jurisdiction, unit, ..event.clone() })
        };
        assert_eq!(of("traffic-police"), "mj.complaints.dalian.traffic-police.mark_recorded");
        assert_eq!(of(""), "mj.complaints.dalian._.mark_recorded");
    }

    #[test]
    fn a_message_that_lacks_something_says_what() {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let event = event().new_tree(&mut runner).unwrap().current();
        let whole = headers("evaluation", Uuid::nil(), &event);
        for name in [&SEQUENCE, &SUBJECT, &CHAIN_HASH, &EPOCH, &TIME] {
            let named = name.to_string();
            let without = whole.iter().filter(|(other, _)| other.to_string() != named);
            let without: HeaderMap =
                without.map(|(name, values)| (name.clone(), values[0].clone())).collect();
            let error = read(&without, &event.payload).unwrap_err();
            assert!(error.contains(&named), "{error}");
        }
    }
}
