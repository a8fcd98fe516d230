//! Subscribing: catch up, then live, without a gap between.

use std::time::Duration;

use eventstore::{EventStore, ExpectedVersion, RecordedEvent, StoreError, Subscription};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{Home, append, appended, assert_ordered, event, events, payloads, say, start, whole, write};

/// Longer than any wait of a test that is going to succeed.
const LONG: Duration = Duration::from_secs(30);

async fn next(subscription: &mut Subscription) -> Vec<RecordedEvent> {
    tokio::time::timeout(LONG, subscription.next()).await.unwrap().unwrap()
}

async fn read_to(subscription: &mut Subscription, position: u64) -> Vec<RecordedEvent> {
    let mut read = Vec::new();
    while subscription.next_position() <= position {
        read.extend(next(subscription).await);
    }
    read
}

fn write_200_in_the_background(store: &EventStore) -> JoinSet<()> {
    let mut writers = JoinSet::new();
    for writer in 0..4 {
        let store = store.clone();
        writers.spawn(async move {
            for number in (1..=50).map(|i| 1000 + writer * 50 + i) {
                appended(&store.append(say(number, "a", "x")).await);
            }
        });
    }
    writers
}

pub(crate) async fn a_subscriber_catches_up_and_goes_on_without_a_gap<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let before = vec![write("a", ExpectedVersion::Any, vec![event("x"); 1500])];
    appended(&store.append(append(1, before)).await);
    let writers = write_200_in_the_background(&store);
    let read = read_to(&mut store.reader().subscribe(1), 1700).await;
    assert_eq!(read.len(), 1700);
    assert_ordered(&read);
    writers.join_all().await;
}

pub(crate) async fn what_is_followed_live_is_what_the_log_has<H: Home>() {
    let home = H::new().await;
    let (here, elsewhere) = (start(&home).await.store, start(&home).await.store);
    let mut subscription = here.reader().subscribe(1);
    let mut followed = Vec::new();
    for number in 1..=40 {
        // By turns of seven: what is written elsewhere comes between.
        let store = if number / 7 % 2 == 0 { &here } else { &elsewhere };
        let last = appended(&store.append(say(number, "a", &number.to_string())).await);
        followed.extend(read_to(&mut subscription, last).await);
    }
    assert_eq!(followed, whole(&here).await);
}

pub(crate) async fn a_subscriber_begins_where_it_is_told<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let three = vec![write("a", ExpectedVersion::Any, events(["1", "2", "3"]))];
    appended(&store.append(append(1, three)).await);
    for (from, wanted) in [(0, vec!["1", "2", "3"]), (1, vec!["1", "2", "3"]), (3, vec!["3"])] {
        assert_eq!(payloads(&next(&mut store.reader().subscribe(from)).await), wanted, "from {from}");
    }
    let mut ahead = store.reader().subscribe(5);
    appended(&store.append(say(2, "a", "4")).await);
    appended(&store.append(say(3, "a", "5")).await);
    assert_eq!(payloads(&next(&mut ahead).await), ["5"]);
}

pub(crate) async fn a_subscriber_sees_what_another_process_writes<H: Home>() {
    let home = H::new().await;
    let here = start(&home).await.store;
    let elsewhere = start(&home).await.store;
    let mut subscription = here.reader().subscribe(1);
    for (payload, number) in ["1", "2"].into_iter().zip(1..) {
        let (_, page) = tokio::join!(elsewhere.append(say(number, "a", payload)), next(&mut subscription));
        assert_eq!(payloads(&page), [payload]);
    }
    while here.reader().head_known() < 2 {
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn a_subscriber_that_is_interrupted_misses_nothing<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let writers = write_200_in_the_background(&store);
    let mut subscription = store.reader().subscribe(1);
    let mut read = Vec::new();
    for patience_ms in (0..4).cycle() {
        if subscription.next_position() > 200 {
            break;
        }
        let patience = Duration::from_millis(patience_ms);
        if let Ok(page) = tokio::time::timeout(patience, subscription.next()).await {
            read.extend(page.unwrap());
        }
    }
    assert_eq!(read.len(), 200);
    assert_ordered(&read);
    writers.join_all().await;
}

/// A log of 2 kB an event: more than waits on the way from a database.
async fn write_a_long_log(store: &EventStore, thousands: u128) {
    for number in 1..=thousands {
        let write = write("a", ExpectedVersion::Any, vec![event(&"x".repeat(2000)); 1000]);
        appended(&store.append(append(number, vec![write])).await);
    }
}

pub(crate) async fn a_long_log_is_read_on_by_many_and_whoever_stalls_holds_nothing_up<H: Home>() {
    let home = H::new().await;
    write_a_long_log(&start(&home).await.store, 12).await;
    // It has not written them itself.
    let store = start(&home).await.store;
    let mut stalled: Vec<_> = [1, 2, 3, 4, 5, 6].map(|from| store.reader().subscribe(from)).into();
    for subscription in &mut stalled {
        read_to(subscription, 2000).await;
    }
    store.vault_put("secret", b"of somebody", Uuid::nil()).await.unwrap();
    assert_eq!(store.vault_erase(&["secret".to_owned()]).await.unwrap(), 1);
    appended(&store.append(say(99, "a", "the last")).await);
    for mut subscription in stalled {
        let next_position = subscription.next_position();
        let read = read_to(&mut subscription, 12_001).await;
        let positions = read.iter().map(|event| event.position);
        assert!(positions.eq(next_position..=12_001), "from {next_position}");
        assert_eq!(payloads(&read).last(), Some(&"the last"));
    }
}

pub(crate) async fn a_gap_far_behind_stops_a_subscriber_each_time_it_asks<H: Home>() {
    let home = H::new().await;
    write_a_long_log(&start(&home).await.store, 6).await;
    assert!(home.tamper("DELETE FROM event WHERE position = 4500", vec![]).await);
    let store = start(&home).await.store;
    let mut subscription = store.reader().subscribe(1);
    assert_eq!(read_to(&mut subscription, 4000).await.len(), 4000);
    for _ in 0..3 {
        let outcome = tokio::time::timeout(LONG, subscription.next()).await.unwrap();
        assert!(matches!(outcome, Err(StoreError::Gap { after: 4499, found: 4501 })), "{outcome:?}");
    }
    assert_eq!(subscription.next_position(), 4001);
}

pub(crate) async fn a_gap_stops_a_subscriber<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let three = vec![write("a", ExpectedVersion::Any, events(["1", "2", "3"]))];
    appended(&store.append(append(1, three)).await);
    assert!(home.tamper("DELETE FROM event WHERE position = 2", vec![]).await);
    // Who wrote them has them still.
    let store = start(&home).await.store;
    let mut subscription = store.reader().subscribe(1);
    let outcome = tokio::time::timeout(LONG, subscription.next()).await.unwrap();
    assert!(matches!(outcome, Err(StoreError::Gap { after: 1, found: 3 })), "{outcome:?}");
}
