//! A lease: one at a time, and somebody else soon after.

use std::time::Duration;

use eventstore::lease::while_held;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Home, start};

const LONG: Duration = Duration::from_secs(30);
const NAME: &str = "relay";

pub(crate) async fn one_at_a_time_holds_a_lease<H: Home>() {
    let home = H::new().await;
    let (here, elsewhere) = (start(&home).await.store, start(&home).await.store);
    assert!(here.try_lease(NAME, LONG).await.unwrap());
    assert!(here.clone().try_lease(NAME, LONG).await.unwrap());
    assert!(!elsewhere.try_lease(NAME, LONG).await.unwrap());
    assert!(elsewhere.try_lease("another", LONG).await.unwrap());
    elsewhere.release_lease(NAME).await.unwrap();
    assert!(!elsewhere.try_lease(NAME, LONG).await.unwrap());
    here.release_lease(NAME).await.unwrap();
    assert!(elsewhere.try_lease(NAME, LONG).await.unwrap());
    assert!(!here.try_lease(NAME, LONG).await.unwrap());
}

pub(crate) async fn a_lease_that_is_not_renewed_is_free_after_its_time<H: Home>() {
    let home = H::new().await;
    let (here, elsewhere) = (start(&home).await.store, start(&home).await.store);
    let ttl = Duration::from_millis(300);
    let asked = std::time::Instant::now();
    assert!(here.try_lease(NAME, ttl).await.unwrap());
    while !elsewhere.try_lease(NAME, LONG).await.unwrap() {
        assert!(asked.elapsed() < LONG);
    }
    assert!(asked.elapsed() >= ttl);
    assert!(!here.try_lease(NAME, ttl).await.unwrap());
}

pub(crate) async fn work_goes_on_elsewhere_when_it_stops_here<H: Home>() {
    let home = H::new().await;
    let (working, mut worked) = mpsc::unbounded_channel();
    let mut running = Vec::new();
    for worker in 0..2 {
        let (store, working, stop) = (start(&home).await.store, working.clone(), CancellationToken::new());
        let stopped = stop.clone();
        let work = async move {
            let work = || async {
                let _ = working.send(worker);
                std::future::pending::<()>().await;
            };
            while_held(&store, NAME, &stopped, work).await
        };
        running.push((stop, tokio_util::task::TaskTracker::new().spawn(work)));
    }
    let mut next = async || tokio::time::timeout(LONG, worked.recv()).await.unwrap().unwrap();
    let first = next().await;
    running[first].0.cancel();
    let second = next().await;
    assert_eq!(first + second, 1);
    running[second].0.cancel();
    for (_, ended) in running {
        assert_eq!(ended.await.unwrap(), None);
    }
}

pub(crate) async fn work_that_has_ended_frees_its_lease<H: Home>() {
    let home = H::new().await;
    let (here, elsewhere) = (start(&home).await.store, start(&home).await.store);
    let done = while_held(&here, NAME, &CancellationToken::new(), || async { 7 }).await;
    assert_eq!(done, Some(7));
    assert!(elsewhere.try_lease(NAME, LONG).await.unwrap());
}

pub(crate) async fn whoever_stops_while_it_asks_frees_its_lease<H: Home>() {
    let home = H::new().await;
    let (here, elsewhere) = (start(&home).await.store, start(&home).await.store);
    for round in 0..100 {
        let stop = CancellationToken::new();
        let stopping = async {
            tokio::time::sleep(Duration::from_micros(20 * round)).await;
            stop.cancel();
        };
        let holding = while_held(&here, NAME, &stop, std::future::pending::<()>);
        assert_eq!(tokio::join!(holding, stopping).0, None);
        // An answer that was still on its way would be here by then.
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(elsewhere.try_lease(NAME, LONG).await.unwrap(), "round {round}");
        elsewhere.release_lease(NAME).await.unwrap();
    }
}

pub(crate) async fn work_is_dropped_when_its_lease_is_lost<H: Home>() {
    let home = H::new().await;
    let (here, elsewhere) = (start(&home).await.store, start(&home).await.store);
    let (stop, (working, mut worked)) = (CancellationToken::new(), mpsc::unbounded_channel::<()>());
    let work = || {
        let working = working.clone();
        async move {
            let _ = working.send(());
            // Dropped together with the work.
            working.closed().await;
        }
    };
    let rob = async {
        worked.recv().await.unwrap();
        assert!(home.tamper("DELETE FROM lease", vec![]).await);
        assert!(elsewhere.try_lease(NAME, Duration::from_secs(2)).await.unwrap());
        // It begins again once it has the lease again, which is after it let go of the work.
        worked.recv().await.unwrap();
        assert!(!elsewhere.try_lease(NAME, LONG).await.unwrap());
        stop.cancel();
    };
    let (outcome, ()) =
        tokio::time::timeout(LONG, async { tokio::join!(while_held(&here, NAME, &stop, work), rob) })
            .await
            .unwrap();
    assert_eq!(outcome, None);
}
