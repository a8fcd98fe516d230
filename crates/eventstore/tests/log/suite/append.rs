//! Appending: one order, no gaps, each append checked on its own.

use eventstore::store::{EVENT_BYTES_MAX, StreamWrite};
use eventstore::{Append, AppendError, ExpectedVersion, Metadata, NewEvent, RecordedEvent, StreamId};
use jiff::Timestamp;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    Home, append, appended, assert_ordered, at, conflict, events, guard, metadata, payloads, say, start,
    stream, whole, write,
};

const ANY: ExpectedVersion = ExpectedVersion::Any;
const NEW: ExpectedVersion = ExpectedVersion::Exactly(0);

pub(crate) async fn positions_have_no_gap_however_many_append_at_once<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let mut appenders = JoinSet::new();
    for appender in 0..64 {
        let store = store.clone();
        appenders.spawn(async move {
            for number in appender * 10 + 1..=appender * 10 + 10 {
                let said = number.to_string();
                let append = say(number, &format!("s{}", number % 7), &said);
                let position = appended(&store.append(append).await);
                let found = store.reader().read_all(position, 1).await.unwrap();
                assert_eq!(payloads(&found), [said]);
            }
        });
    }
    appenders.join_all().await;
    let log = whole(&store).await;
    assert_eq!(log.len(), 640);
    assert_ordered(&log);
    let head = store.reader().head().await.unwrap();
    assert_eq!((head.position, head.chain_hash), (640, log[639].chain_hash));
    assert_eq!(store.reader().head_known(), 640);
}

pub(crate) async fn two_processes_append_to_one_log<H: Home>() {
    let home = H::new().await;
    let mut processes = JoinSet::new();
    for process in 0..2 {
        let store = start(&home).await.store;
        processes.spawn(async move {
            for number in (1..=100).map(|i| process * 100 + i) {
                appended(&store.append(say(number, "shared", &number.to_string())).await);
            }
        });
    }
    processes.join_all().await;
    let log = whole(&start(&home).await.store).await;
    assert_eq!(log.len(), 200);
    assert_ordered(&log);
}

pub(crate) async fn a_stream_is_written_at_the_version_that_is_expected<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let to = |number, expected| append(number, vec![write("a", expected, events(["x", "y"]))]);
    assert_eq!(conflict(&store.append(to(1, ExpectedVersion::Exactly(1))).await), (1, 0));
    assert_eq!(appended(&store.append(to(2, NEW)).await), 2);
    assert_eq!(conflict(&store.append(to(3, NEW)).await), (0, 2));
    assert_eq!(conflict(&store.append(to(4, ExpectedVersion::Exactly(1))).await), (1, 2));
    assert_eq!(conflict(&store.append(to(5, ExpectedVersion::Exactly(3))).await), (3, 2));
    assert_eq!(appended(&store.append(to(6, ExpectedVersion::Exactly(2))).await), 4);
    assert_eq!(appended(&store.append(to(7, ANY)).await), 6);
    assert_eq!(whole(&store).await.len(), 6);
}

pub(crate) async fn what_was_looked_at_must_not_have_changed<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let guarded =
        |number, key, version| Append { guards: vec![guard(key, version)], ..say(number, "a", "x") };
    appended(&store.append(say(1, "b", "x")).await);
    appended(&store.append(guarded(2, "b", 1)).await);
    appended(&store.append(guarded(3, "nowhere", 0)).await);
    appended(&store.append(say(4, "b", "changed")).await);
    assert_eq!(conflict(&store.append(guarded(5, "b", 1)).await), (1, 2));
    assert_eq!(conflict(&store.append(guarded(6, "nowhere", 1)).await), (1, 0));
    assert_eq!(whole(&store).await.len(), 4);
}

pub(crate) async fn one_conflict_leaves_its_neighbours_alone<H: Home>() {
    let log = H::new().await;
    let log = log.open().await;
    let batch = vec![
        say(1, "a", "1"),
        append(2, vec![write("a", NEW, events(["2"]))]),
        say(3, "b", "3"),
        Append { guards: vec![guard("b", 0)], ..say(4, "c", "4") },
        append(5, vec![write("c", NEW, events(["5"]))]),
    ];
    let outcomes = log.write(&batch, at(0)).await.unwrap().outcomes;
    let positions = [0, 2, 4].map(|i| appended(&outcomes[i]));
    assert_eq!(positions, [1, 2, 3]);
    assert_eq!([1, 3].map(|i| conflict(&outcomes[i])), [(0, 1), (0, 1)]);
    assert_eq!(payloads(&log.read_all(1, 9).await.unwrap()), ["1", "3", "5"]);
}

pub(crate) async fn appends_of_one_batch_follow_one_another_on_a_stream<H: Home>() {
    let home = H::new().await;
    let log = home.open().await;
    let to = |number, expected| append(number, vec![write("a", expected, events(["x", "y"]))]);
    let batch =
        vec![to(1, NEW), to(2, ExpectedVersion::Exactly(2)), to(3, ExpectedVersion::Exactly(2)), to(4, ANY)];
    let outcomes = log.write(&batch, at(0)).await.unwrap().outcomes;
    assert_eq!([0, 1, 3].map(|i| appended(&outcomes[i])), [2, 4, 6]);
    assert_eq!(conflict(&outcomes[2]), (2, 4));
    assert_ordered(&log.read_all(1, 9).await.unwrap());
}

pub(crate) async fn an_append_to_several_streams_is_all_or_nothing<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let both = |number| {
        let writes = vec![write("a", ANY, events(["x"])), write("b", NEW, events(["y", "z"]))];
        append(number, writes)
    };
    assert_eq!(appended(&store.append(both(1)).await), 3);
    assert_eq!(conflict(&store.append(both(2)).await), (0, 2));
    let log = whole(&store).await;
    assert_eq!(payloads(&log), ["x", "y", "z"]);
    assert_eq!(log[2].stream, stream("b"));
    assert_ordered(&log);
}

pub(crate) async fn an_append_of_nothing_leaves_the_log_as_it_is<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    appended(&store.append(say(1, "a", "x")).await);
    let before = store.reader().head().await.unwrap();
    assert_eq!(appended(&store.append(append(2, vec![])).await), 1);
    assert_eq!(store.reader().head().await.unwrap(), before);
    assert!(store.answered(Uuid::from_u128(2)).await.unwrap().is_some());
}

pub(crate) async fn an_event_is_read_back_as_it_was_written<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let odd = "a \"b\" \\ {c} 'd' \n\t 区 🚓";
    let payloads = [vec![], (0..=255).collect(), vec![0; 300_000]];
    for (payload, number) in payloads.into_iter().zip(1..) {
        let event = NewEvent { event_type: odd.to_owned(), unit: odd.to_owned(), payload: payload.clone() };
        let written = StreamWrite { stream: StreamId::new(odd, odd), expected: ANY, events: vec![event] };
        let metadata = Metadata {
            actor: odd.to_owned(),
            jurisdiction: odd.to_owned(),
            occurred_at: at(-1),
            correlation_id: Uuid::max(),
            causation_id: Uuid::nil(),
            traceparent: odd.to_owned(),
        };
        let append = Append { metadata, ..append(number, vec![written.clone()]) };
        let position = appended(&store.append(append).await);
        let found = store.reader().read_stream(&written.stream).await.unwrap();
        let RecordedEvent { event_id, recorded_at, chain_hash, .. } = found.last().unwrap().clone();
        assert_eq!(event_id.get_version_num(), 7);
        let wanted = RecordedEvent {
            position,
            stream: written.stream,
            stream_version: position,
            event_id,
            event_type: odd.to_owned(),
            occurred_at: at(-1),
            recorded_at,
            actor: odd.to_owned(),
            correlation_id: Uuid::max(),
            causation_id: Uuid::nil(),
            jurisdiction: odd.to_owned(),
            unit: odd.to_owned(),
            traceparent: odd.to_owned(),
            payload,
            chain_hash,
        };
        assert_eq!(found.last(), Some(&wanted));
    }
}

pub(crate) async fn an_event_was_recorded_no_earlier_than_the_one_before<H: Home>() {
    let home = H::new().await;
    let started = start(&home).await;
    let elsewhere = start(&home).await;
    for (second, number) in [100, 90, 100, 50, 110].into_iter().zip(1..) {
        let process = if number == 4 { &elsewhere } else { &started };
        *process.now.lock() = at(second);
        appended(&process.store.append(say(number, "a", "x")).await);
    }
    let reopened = start(&home).await;
    *reopened.now.lock() = at(1);
    appended(&reopened.store.append(say(6, "a", "x")).await);
    let log = whole(&started.store).await;
    let recorded: Vec<_> = log.iter().map(|event| event.recorded_at.as_second()).collect();
    assert_eq!(recorded, [100, 100, 100, 100, 110, 110]);
}

pub(crate) async fn times_are_whole_microseconds<H: Home>() {
    let home = H::new().await;
    let started = start(&home).await;
    for (nanosecond, number) in [1_700_000_000_123_456_789, -1_500_000_999].into_iter().zip(1..) {
        let precise = Timestamp::from_nanosecond(nanosecond).unwrap();
        *started.now.lock() = precise;
        let metadata = Metadata { occurred_at: precise, ..metadata(number) };
        appended(&started.store.append(Append { metadata, ..say(number, "a", "x") }).await);
    }
    for event in whole(&started.store).await {
        for instant in [event.occurred_at, event.recorded_at] {
            assert_eq!(instant.as_nanosecond() % 1000, 0, "{instant}");
        }
    }
}

pub(crate) async fn an_event_that_is_too_large_to_be_published_is_not_recorded<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let of_size = |number, bytes| say(number, "a", &"x".repeat(bytes));
    let refused = store.append(of_size(1, EVENT_BYTES_MAX + 1)).await.unwrap_err();
    assert!(
        matches!(refused, AppendError::TooLarge { size, .. } if size == EVENT_BYTES_MAX + 1),
        "{refused}"
    );
    assert_eq!(appended(&store.append(of_size(1, EVENT_BYTES_MAX)).await), 1);
}
