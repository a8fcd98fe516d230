//! `verify` names the first event that is not what was written.

use eventstore::verify::{Verdict, verify};
use eventstore::{Append, EventStore, ExpectedVersion, Metadata, RecordedEvent, chain};
use uuid::Uuid;

use super::{
    Home, Value, append, appended, assert_ordered, event, metadata, payloads, say, start, whole, write,
};

/// A log of four events, each column of each filled.
async fn four(home: &impl Home) -> EventStore {
    let store = start(home).await.store;
    for (payload, number) in ["one", "two", "three", "four"].into_iter().zip(1..) {
        let metadata = Metadata {
            traceparent: "00-trace".to_owned(),
            correlation_id: Uuid::from_u128(0xfeed),
            ..metadata(number)
        };
        appended(&store.append(Append { metadata, ..say(number, "a", payload) }).await);
    }
    store
}

async fn verdict(store: &EventStore) -> Verdict {
    verify(store.reader(), |_| {}).await.unwrap()
}

/// The position that the verdict names.
async fn named(store: &EventStore) -> u64 {
    match verdict(store).await {
        Verdict::Broken { position, .. } => position,
        Verdict::Sound { .. } => 0,
    }
}

pub(crate) async fn an_untouched_log_is_sound<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    assert_eq!(verdict(&store).await, Verdict::Sound { events: 0, chain_hash: chain::GENESIS });
    let many = vec![write("a", ExpectedVersion::Any, vec![event("x"); 1500])];
    appended(&store.append(append(1, many)).await);
    let mut reached = Vec::new();
    let verdict = verify(store.reader(), |position| reached.push(position)).await.unwrap();
    let head = store.reader().head().await.unwrap();
    assert_eq!(verdict, Verdict::Sound { events: 1500, chain_hash: head.chain_hash });
    assert_eq!(reached, [1000, 1500]);
}

pub(crate) async fn a_log_is_verified_while_it_is_written<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let writer = {
        let store = start(&home).await.store;
        async move {
            for number in 1..=100 {
                appended(&store.append(say(number, "a", "x")).await);
            }
        }
    };
    let verifier = async {
        while store.reader().head().await.unwrap().position < 100 {
            assert_eq!(named(&store).await, 0);
        }
    };
    tokio::join!(writer, verifier);
    assert_eq!(named(&store).await, 0);
}

pub(crate) async fn each_event_carries_the_hash_of_the_one_before<H: Home>() {
    let home = H::new().await;
    let log = whole(&four(&home).await).await;
    let mut previous = chain::GENESIS;
    for event in &log {
        assert_eq!(event.chain_hash, chain::hash(&previous, event));
        previous = event.chain_hash;
    }
    assert_ordered(&log);
}

pub(crate) async fn an_event_is_named_after_any_change_of_any_column<H: Home>() {
    let home = H::new().await;
    let store = four(&home).await;
    for event in whole(&store).await {
        let columns = columns(&event);
        assert_eq!(columns.len(), 15);
        for (column, value) in columns {
            for changed in changes(&value) {
                let moved = match (column, &changed) {
                    ("position", Value::Integer(position)) => *position,
                    _ => i64::try_from(event.position).unwrap(),
                };
                let set = format!("UPDATE event SET {column} = $1 WHERE position = $2");
                let here = Value::Integer(i64::try_from(event.position).unwrap());
                if !home.tamper(&set, vec![changed.clone(), here]).await {
                    continue; // Two events of one position or stream version: the database sees to that.
                }
                let named = named(&store).await;
                // An event that was put before the first one shows at once.
                let wanted = if moved < 1 && column == "position" {
                    1..=event.position
                } else {
                    event.position..=event.position
                };
                assert!(
                    wanted.contains(&named),
                    "{column} = {changed:?} names {named}, not {}",
                    event.position
                );
                assert!(home.tamper(&set, vec![value.clone(), Value::Integer(moved)]).await);
            }
        }
    }
    assert_eq!(named(&store).await, 0);
}

fn columns(event: &RecordedEvent) -> Vec<(&'static str, Value)> {
    let number = |number: u64| Value::Integer(i64::try_from(number).unwrap());
    let text = |text: &str| Value::Text(text.to_owned());
    let id = |id: Uuid| Value::Bytes(id.as_bytes().to_vec());
    vec![
        ("position", number(event.position)),
        ("stream", text(event.stream.as_str())),
        ("stream_version", number(event.stream_version)),
        ("event_id", id(event.event_id)),
        ("event_type", text(&event.event_type)),
        ("occurred_at", Value::Integer(event.occurred_at.as_microsecond())),
        ("recorded_at", Value::Integer(event.recorded_at.as_microsecond())),
        ("actor", text(&event.actor)),
        ("correlation_id", id(event.correlation_id)),
        ("causation_id", id(event.causation_id)),
        ("jurisdiction", text(&event.jurisdiction)),
        ("unit", text(&event.unit)),
        ("traceparent", text(&event.traceparent)),
        ("payload", Value::Bytes(event.payload.clone())),
        ("chain_hash", Value::Bytes(event.chain_hash.to_vec())),
    ]
}

/// The value with each byte changed, one at a time; a byte shorter, a byte longer, and empty.
fn changes(value: &Value) -> Vec<Value> {
    match value {
        Value::Integer(number) => {
            (0..64).step_by(4).map(|bit| Value::Integer(number ^ (1_i64 << bit))).collect()
        }
        Value::Text(text) => changes_of_bytes(text.as_bytes())
            .map(|bytes| Value::Text(String::from_utf8(bytes).unwrap()))
            .collect(),
        Value::Bytes(bytes) => changes_of_bytes(bytes).map(Value::Bytes).collect(),
    }
}

fn changes_of_bytes(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let flipped = (0..bytes.len()).map(|i| {
        let mut changed = bytes.to_vec();
        changed[i] ^= 1;
        changed
    });
    let shorter = bytes[..bytes.len() - 1].to_vec();
    flipped.chain([shorter, [bytes, b"x"].concat(), vec![]])
}

pub(crate) async fn a_missing_event_is_named<H: Home>() {
    for position in 1..=4 {
        let home = H::new().await;
        let store = four(&home).await;
        assert!(home.tamper("DELETE FROM event WHERE position = $1", vec![Value::Integer(position)]).await);
        assert_eq!(i64::try_from(named(&store).await).unwrap(), position);
    }
}

pub(crate) async fn events_that_changed_places_are_named<H: Home>() {
    let home = H::new().await;
    let store = four(&home).await;
    for (from, to) in [(2, 99), (3, 2), (99, 3)] {
        let values = vec![Value::Integer(to), Value::Integer(from)];
        assert!(home.tamper("UPDATE event SET position = $1 WHERE position = $2", values).await);
    }
    assert_eq!(payloads(&whole(&store).await), ["one", "three", "two", "four"]);
    assert_eq!(named(&store).await, 2);
}

pub(crate) async fn a_head_that_does_not_fit_is_told<H: Home>() {
    let home = H::new().await;
    let store = four(&home).await;
    let hash = whole(&store).await[3].chain_hash.to_vec();
    let mut another = hash.clone();
    another[31] ^= 0x80;
    for (column, right, wrong) in [
        ("position", Value::Integer(4), Value::Integer(5)),
        ("position", Value::Integer(4), Value::Integer(3)),
        ("position", Value::Integer(4), Value::Integer(0)),
        ("position", Value::Integer(4), Value::Integer(-1)),
        ("chain_hash", Value::Bytes(hash.clone()), Value::Bytes(another)),
        ("chain_hash", Value::Bytes(hash.clone()), Value::Bytes(vec![])),
    ] {
        let set = format!("UPDATE head SET {column} = $1");
        assert!(home.tamper(&set, vec![wrong.clone()]).await);
        assert_eq!(named(&store).await, 5, "{column} = {wrong:?}");
        assert!(home.tamper(&set, vec![right]).await);
        assert_eq!(named(&store).await, 0);
    }
}
