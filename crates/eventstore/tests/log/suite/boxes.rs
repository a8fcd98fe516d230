//! What waits in a box outside the log, and how it is recorded.

use std::collections::BTreeSet;

use eventstore::boxes::BOX_ACTOR;
use eventstore::{Append, BoxWrite, BoxedEvent, EventStore, RecordedEvent};

use super::{
    Home, append, appended, assert_ordered, at, conflict, event, guard, metadata, payloads, say, start,
    stream, whole,
};

/// Puts each of `payloads` in the part, beside an event in the log that says that somebody did.
fn put(number: u128, part: &str, contents: &[&str], keep: usize) -> Append {
    let boxed = |payload: &&str| BoxedEvent { part: part.to_owned(), event: event(payload) };
    let events = contents.iter().map(boxed).collect();
    Append { boxes: vec![BoxWrite { stream: stream("box"), events, keep }], ..say(number, "roll", "came") }
}

fn opened(number: u128) -> Append {
    put(number, "", &[], 0)
}

async fn in_the_box(store: &EventStore) -> Vec<RecordedEvent> {
    store.reader().read_stream(&stream("box")).await.unwrap()
}

pub(crate) async fn what_waits_in_a_box_is_not_in_the_log<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    for number in 1..=3 {
        appended(&store.append(put(number, "p", &["secret"], usize::MAX)).await);
    }
    assert_eq!(payloads(&whole(&store).await), ["came"; 3]);
}

pub(crate) async fn all_that_waits_is_recorded_when_the_box_is_opened<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    appended(&store.append(put(1, "p", &["a", "b"], usize::MAX)).await);
    appended(&store.append(put(2, "q", &["c"], usize::MAX)).await);
    appended(&store.append(opened(3)).await);
    let recorded = whole(&store).await;
    assert_ordered(&recorded);
    let boxed: BTreeSet<_> = payloads(&recorded[2..5]).into_iter().collect();
    assert_eq!(boxed, BTreeSet::from(["a", "b", "c"]));
    // It was open before what opened it is read.
    assert_eq!(payloads(&recorded[5..]), ["came"]);
    appended(&store.append(opened(4)).await);
    assert_eq!(in_the_box(&store).await.len(), 3);
}

pub(crate) async fn what_waits_is_there_after_a_restart<H: Home>() {
    let home = H::new().await;
    appended(&start(&home).await.store.append(put(1, "p", &["a", "b"], usize::MAX)).await);
    let store = start(&home).await.store;
    appended(&store.append(opened(2)).await);
    assert_eq!(in_the_box(&store).await.len(), 2);
}

pub(crate) async fn once_twice_as_many_wait_all_but_so_many_are_recorded<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let names: Vec<_> = (0..30).map(|number| format!("ballot {number}")).collect();
    let mut recorded = Vec::new();
    for (number, name) in (1..).zip(&names) {
        appended(&store.append(put(number, "p", &[name], 3)).await);
        recorded.push(in_the_box(&store).await.len());
    }
    // The 7th leaves 3, and so does each 4th after it.
    assert_eq!(recorded[..15], [0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12]);
    let all: Vec<_> = names.iter().map(String::as_str).collect();
    appended(&store.append(put(100, "p", &all, 3)).await);
    assert_eq!(in_the_box(&store).await.len(), 57);
    appended(&store.append(opened(101)).await);
    let boxed = in_the_box(&store).await;
    let mut boxed = payloads(&boxed);
    boxed.sort_unstable();
    let mut twice = [all.clone(), all].concat();
    twice.sort_unstable();
    assert_eq!(boxed, twice);
}

pub(crate) async fn each_part_is_mixed_by_itself<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    appended(&store.append(put(1, "p", &["p"; 6], 3)).await);
    appended(&store.append(put(2, "q", &["q"; 6], 3)).await);
    assert_eq!(in_the_box(&store).await.len(), 0);
    appended(&store.append(put(3, "q", &["q"], 3)).await);
    assert_eq!(payloads(&in_the_box(&store).await), ["q"; 4]);
}

pub(crate) async fn what_is_recorded_says_nothing_of_who_put_it_in<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    for number in 1..=3 {
        let mut voter = metadata(number);
        voter.actor = format!("elector {number}");
        voter.occurred_at = at(1_600_000_000 + i64::try_from(number).unwrap());
        voter.traceparent = format!("00-{number:032x}-{number:016x}-01");
        appended(&store.append(Append { metadata: voter, ..put(number, "p", &["x"], usize::MAX) }).await);
    }
    appended(&store.append(opened(4)).await);
    for boxed in in_the_box(&store).await {
        assert_eq!((&*boxed.actor, &*boxed.traceparent), (BOX_ACTOR, ""));
        assert_eq!(boxed.occurred_at, metadata(4).occurred_at);
        assert!(boxed.correlation_id.as_u128() > 4 && boxed.causation_id.as_u128() > 4);
    }
}

pub(crate) async fn they_are_recorded_in_no_order<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    for number in 1..=40 {
        appended(&store.append(put(number, "p", &[&*format!("{number:02}")], usize::MAX)).await);
    }
    appended(&store.append(opened(41)).await);
    let boxed = in_the_box(&store).await;
    // One in 40! that this fails by chance.
    assert!(!payloads(&boxed).is_sorted());
    assert!(boxed.windows(2).all(|pair| pair[0].recorded_at == pair[1].recorded_at));
}

pub(crate) async fn an_append_that_is_refused_or_repeated_puts_nothing_in<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    appended(&store.append(put(1, "p", &["a"], usize::MAX)).await);
    store.append(put(1, "p", &["a"], usize::MAX)).await.unwrap();
    let refused = Append { guards: vec![guard("roll", 0)], ..put(2, "p", &["b"], usize::MAX) };
    conflict(&store.append(refused).await);
    appended(&store.append(append(3, vec![])).await);
    appended(&store.append(opened(4)).await);
    assert_eq!(payloads(&in_the_box(&store).await), ["a"]);
}
