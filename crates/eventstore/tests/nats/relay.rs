//! The relay, while nothing is broken.

use std::time::{Duration, Instant};

use async_nats::jetstream::stream::Config;
use eventstore::nats::jetstream::{name, settings};
use eventstore::relay::{self, State};
use eventstore::store::EVENT_BYTES_MAX;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audit::audit;
use crate::home::{Home, SERVICE, open, record};
use crate::server::{Server, wait_until};

/// The administrator's own connection.
pub(crate) async fn administer(server: &Server) -> async_nats::jetstream::Context {
    let client = async_nats::connect(format!("nats://127.0.0.1:{}", server.port)).await.unwrap();
    async_nats::jetstream::new(client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sequence_of_a_message_is_the_position_of_the_event() {
    let (server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    home.say(2500).await;
    let relay = home.relay(&nats);
    relay.published(2500).await;
    for count in [1, 2, 999, 1000, 1001] {
        relay.published(home.say(count).await).await;
    }
    audit(&home, &nats).await;
    let status = relay.now();
    assert_eq!((status.position, status.oldest_unpublished, status.created), (5503, None, 1));
    assert_eq!(status.asked, 0, "each batch is taken after the one before");
    let stream = administer(&server).await.get_stream(name(SERVICE)).await.unwrap();
    let config = &stream.cached_info().config;
    assert!(config.deny_delete && config.deny_purge && config.allow_atomic_publish);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_relay_that_wakes_up_by_mistake_is_refused_and_does_no_harm() {
    let (server, home) = (Server::start().await, Home::new().await);
    let relays = [home.relay(&server.connect().await), home.relay(&server.connect().await)];
    let mut last = 0;
    for count in (1..=40).map(|i| i * 13 % 90 + 1) {
        last = home.say(count).await;
    }
    for relay in &relays {
        relay.published(last).await;
    }
    assert!(relays.iter().map(|relay| relay.now().created).sum::<u64>() >= 1);
    audit(&home, &server.connect().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_relay_is_active_and_another_takes_over_when_it_stops() {
    let (server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    let other = open(&home.folder.path().join("log.db")).await;
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let first = relay::start(home.store.clone(), nats.clone(), &tasks, stop.clone());
    let last = home.say(10).await;
    wait_until(async || first.borrow().position == last).await;
    let second = relay::start(other, nats.clone(), &tasks, CancellationToken::new());
    let last = home.say(10).await;
    wait_until(async || first.borrow().position == last).await;
    assert_eq!(*second.borrow(), relay::Status::default(), "it stands by");
    stop.cancel();
    let last = home.say(10).await;
    wait_until(async || second.borrow().position == last && second.borrow().state == State::Active).await;
    assert_eq!(first.borrow().state, State::Standby);
    audit(&home, &nats).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_with_another_setting_is_left_alone_and_the_setting_is_named() {
    let (server, home) = (Server::start().await, Home::new().await);
    home.say(3).await;
    let epoch = home.store.reader().head().await.unwrap().epoch;
    let administrator = administer(&server).await;
    let aged = Config { max_age: Duration::from_hours(1), ..settings(SERVICE, epoch, 1) };
    administrator.create_stream(aged).await.unwrap();
    let relay = home.relay(&server.connect().await);
    relay.alarm("setting `max_age`").await;
    // Put right, it goes on by itself.
    administrator.update_stream(settings(SERVICE, epoch, 1)).await.unwrap();
    relay.published(3).await;
    audit(&home, &server.connect().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_told_with_its_age_while_nats_is_away() {
    let (mut server, home) = (Server::start().await, Home::new().await);
    let relay = home.relay(&server.connect().await);
    relay.published(home.say(5).await).await;
    server.kill().await;
    let last = home.say(5).await;
    let recorded_at = home.whole().await[5].recorded_at;
    wait_until(async || {
        let status = relay.now();
        matches!(status.state, State::Away(_)) && status.oldest_unpublished == Some(recorded_at)
    })
    .await;
    server.run().await;
    relay.published(last).await;
    assert_eq!(relay.now().oldest_unpublished, None);
    audit(&home, &server.connect().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_stands_by_tells_of_nothing_that_waits() {
    let (mut server, home) = (Server::start().await, Home::new().await);
    let relay = home.relay(&server.connect().await);
    relay.published(home.say(5).await).await;
    server.kill().await;
    home.say(5).await;
    wait_until(async || relay.now().oldest_unpublished.is_some()).await;
    let status = relay.status.clone();
    drop(relay);
    wait_until(async || status.borrow().state == State::Standby).await;
    assert_eq!(status.borrow().oldest_unpublished, None);
}

#[test]
fn a_relay_that_is_killed_is_succeeded_within_six_seconds() {
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // What runs here is gone at once, and frees nothing.
    let (here, dying) = (runtime(), runtime());
    let (server, home) = here.block_on(async { (Server::start().await, Home::new().await) });
    let (tasks, log) = (TaskTracker::new(), home.folder.path().join("log.db"));
    let first = dying.block_on(async {
        relay::start(open(&log).await, server.connect().await, &tasks, CancellationToken::new())
    });
    here.block_on(async {
        let nats = server.connect().await;
        let last = home.say(10).await;
        wait_until(async || first.borrow().position == last).await;
        let second = relay::start(home.store.clone(), nats.clone(), &tasks, CancellationToken::new());
        let last = home.say(10).await;
        wait_until(async || first.borrow().position == last).await;
        assert_eq!(second.borrow().state, State::Standby);
        dying.shutdown_background();
        let killed = Instant::now();
        let last = home.say(10).await;
        wait_until(async || second.borrow().position == last).await;
        assert!(killed.elapsed() < Duration::from_secs(6), "{:?}", killed.elapsed());
        audit(&home, &nats).await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_events_that_are_recorded_are_published_by_a_server_as_it_comes() {
    let (server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    let last = record(&home.store, vec![vec![7; EVENT_BYTES_MAX]; 40], &"x".repeat(250)).await;
    let relay = home.relay(&nats);
    relay.published(last).await;
    assert_eq!(relay.now().asked, 0, "each batch is answered in time");
    audit(&home, &nats).await;
}
