//! The server is killed again and again while events are recorded, published and consumed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use eventstore::Source as _;
use tokio::time::sleep;

use crate::audit::{audit, read};
use crate::home::{Home, running};
use crate::server::{Server, wait_until};

const KILLS: u32 = 40;
const UNPUBLISHED_MAX: u64 = 20_000;

/// How much longer than usual the loops run.
pub(crate) fn soak() -> u32 {
    let asked = option_env!("TEST_SOAK"); // Cargo builds the test again when it changes.
    asked.and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// Numbers that look random, the same each time.
pub(crate) fn chance(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_however_often_the_server_is_killed() {
    let (mut server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    let relays = [home.relay(&nats), home.relay(&server.connect().await)];
    let statuses = relays.each_ref().map(|relay| relay.status.clone());
    let position = move || statuses.iter().map(|status| status.borrow().position).max().unwrap();
    let enough = Arc::new(AtomicBool::new(false));
    let writing = running({
        let (store, enough, position) = (home.store.clone(), enough.clone(), position.clone());
        async move {
            let mut seed = 7;
            while !enough.load(Ordering::Relaxed) {
                // Recording is faster than publishing: what is to be published by the end would take for ever.
                if store.reader().head_known() > position() + UNPUBLISHED_MAX {
                    sleep(Duration::from_millis(1)).await;
                    continue;
                }
                crate::home::say(&store, 1 + chance(&mut seed, 60)).await;
                sleep(Duration::from_millis(chance(&mut seed, 4))).await;
            }
        }
    });
    let mut reading = home.source(&nats).subscribe("evaluation-from-self", 1);
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let mut consuming = running(async move {
        let mut read = Vec::new();
        loop {
            tokio::select! {
                page = reading.next() => match page {
                    Ok(page) => {
                        read.extend(page);
                        let _ = reading.done(read.last().map_or(0, |event| event.position)).await;
                    }
                    Err(error) => assert!(matches!(error, eventstore::StoreError::Database(_)), "{error}"),
                },
                _ = &mut stopped => return (reading, read),
            }
        }
    });
    let (mut seed, mut longest) = (1, Duration::ZERO);
    for _ in 0..KILLS * soak() {
        let before = position();
        wait_until(async || position() > before).await;
        sleep(Duration::from_millis(chance(&mut seed, 150))).await;
        server.kill().await;
        let (killed, before) = (Instant::now(), position());
        server.run().await;
        wait_until(async || position() > before).await;
        longest = longest.max(killed.elapsed());
    }
    enough.store(true, Ordering::Relaxed);
    writing.join_all().await;
    let head = home.store.reader().head().await.unwrap().position;
    wait_until(async || position() >= head).await;
    audit(&home, &nats).await;
    stop.send(()).unwrap();
    let (mut reading, mut events) = consuming.join_next().await.unwrap().unwrap();
    let missing = usize::try_from(head).unwrap() - events.len();
    events.extend(read(&mut *reading, missing).await);
    assert!(events == home.whole().await, "the consumer saw each event once, in order");
    tell(&format!("{} kills, {head} events; the longest gap in publishing {longest:?}", KILLS * soak()));
}

#[expect(clippy::print_stdout, reason = "the figure is for people to read")]
fn tell(line: &str) {
    println!("{line}");
}
