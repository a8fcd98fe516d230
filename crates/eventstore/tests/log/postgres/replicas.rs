//! Several processes on one log: one order, nothing skipped, each decides on what the others wrote.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eventstore::{HandleError, Handler};
use tokio::task::JoinSet;

use super::Database;
use crate::suite::handler::handle;
use crate::suite::tally::{Command, SUM_MAX, Tally, tally};
use crate::suite::{Home as _, appended, assert_ordered, audit, say, start, whole};

const WRITERS: u32 = 12;
const CALLERS_PER_WRITER: u32 = 4;
const WRITING: Duration = Duration::from_secs(8);

/// Numbers, beginning anywhere, that no other beginning at another number meets.
fn numbers(of: u32) -> impl Iterator<Item = u128> {
    u128::from(of) * 1_000_000 + 1..
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fast_reader_skips_nothing_that_twelve_write_at_once() {
    let home = Database::new().await;
    let reading = home.open().await;
    let mut subscription = start(&home).await.store.reader().subscribe(1);
    let until = Instant::now() + WRITING;
    let mut callers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = start(&home).await.store;
        for caller in 0..CALLERS_PER_WRITER {
            let store = store.clone();
            callers.spawn(async move {
                let mut last = 0;
                for number in numbers(writer * CALLERS_PER_WRITER + caller) {
                    let position =
                        appended(&store.append(say(number, &format!("s{}", number % 7), "x")).await);
                    assert!(position > last, "{position} after {last}");
                    last = position;
                    if Instant::now() > until {
                        break;
                    }
                }
                last
            });
        }
    }
    let mut read = Vec::new();
    let (mut pages, mut written) = (0, 0);
    let mut lasts = Vec::new();
    while written == 0 || read.len() < written {
        let next = u64::try_from(read.len()).unwrap() + 1;
        let page = reading.read_all(next, 1000).await.unwrap();
        for (event, position) in page.iter().zip(next..) {
            assert_eq!(event.position, position);
        }
        pages += u32::from(!page.is_empty());
        read.extend(page);
        while let Some(last) = callers.try_join_next() {
            lasts.push(usize::try_from(last.unwrap()).unwrap());
        }
        if callers.is_empty() {
            written = lasts.iter().copied().max().unwrap();
        }
    }
    assert_ordered(&read);
    assert!(pages > 100, "the reader was no faster than the writers: {pages} pages, {written} events");
    let mut live = Vec::new();
    while live.len() < written {
        live.extend(subscription.next().await.unwrap());
    }
    assert!(live == read);
    audit(&start(&home).await.store).await;
}

/// Adds 1 until the sum is full; how often that went, and the highest position.
async fn add(handler: Arc<Handler<Tally>>, of: u32) -> (i32, u64) {
    let (mut added, mut reached) = (0, 0);
    for number in numbers(of) {
        loop {
            match handle(&handler, number, Command::Add("x", 1)).await {
                Ok(done) => {
                    (added, reached) = (added + 1, reached.max(done.position));
                    break;
                }
                // Always overtaken: again, under the same id.
                Err(HandleError::Conflict { .. }) => (),
                Err(HandleError::Rejected(_)) => return (added, reached),
                Err(error) => panic!("{error}"),
            }
        }
    }
    unreachable!("the numbers do not end")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_decide_on_each_others_events_and_each_reads_both() {
    let home = Database::new().await;
    let replicas = [start(&home).await.store, start(&home).await.store];
    let mut callers = JoinSet::new();
    for (replica, store) in (0..).zip(&replicas) {
        let handler = Arc::new(Handler::<Tally>::new(store.clone()));
        for caller in 0..4 {
            callers.spawn(add(handler.clone(), replica * 4 + caller));
        }
    }
    let outcomes = callers.join_all().await;
    assert_eq!(outcomes.iter().map(|(added, _)| added).sum::<i32>(), SUM_MAX);
    let last = outcomes.iter().map(|(_, reached)| *reached).max().unwrap();
    let mut logs = Vec::new();
    for store in &replicas {
        let mut subscription = store.reader().subscribe(1);
        let mut read = Vec::new();
        while subscription.next_position() <= last {
            read.extend(subscription.next().await.unwrap());
        }
        let seen = Handler::<Tally>::new(store.clone()).load(&tally(), false).await.unwrap();
        assert_eq!(seen.state.sum, SUM_MAX);
        audit(store).await;
        logs.push(read);
    }
    assert_ordered(&logs[0]);
    assert!(logs[0] == logs[1] && logs[0] == whole(&replicas[0]).await);
}
