//! What consumers are given.

use std::sync::Arc;

use async_trait::async_trait;
use eventstore::nats::jetstream::name;
use eventstore::nats::source::{Filler, NatsSource, Page};
use eventstore::{LogReader, Source as _, StoreError};
use parking_lot::Mutex;

use crate::audit::read;
use crate::home::{Home, SERVICE, Unfilled, open, say};
use crate::relay::administer;
use crate::server::{Server, copy, wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_s_place_is_seen_on_the_server_once_it_is_done_and_a_model_s_is_its_own() {
    let (server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    let relay = home.relay(&nats);
    relay.published(home.say(50).await).await;
    let source = home.source(&nats);
    let mut feeds = ["evaluation-from-self", "evaluation"].map(|consumer| source.subscribe(consumer, 1));
    for feed in &mut feeds {
        let mut seen = 0;
        while seen < 50 {
            seen = feed.next().await.unwrap().last().unwrap().position;
        }
    }
    let stream = administer(&server).await.get_stream(name(SERVICE)).await.unwrap();
    let floor =
        async |consumer: &str| stream.consumer_info(consumer).await.unwrap().ack_floor.stream_sequence;
    assert_eq!(floor("evaluation-from-self").await, 0, "nothing is acknowledged before it is done");
    feeds[0].done(50).await.unwrap();
    wait_until(async || floor("evaluation-from-self").await == 50).await;
    let model = stream.consumer_info("evaluation-one").await.unwrap().config;
    assert!(!model.inactive_threshold.is_zero() && model.memory_storage, "it is forgotten with its process");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_begins_where_it_is_told_also_before_what_it_once_acknowledged() {
    let (server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    let last = home.say(30).await;
    home.relay(&nats).published(last).await;
    let source = home.source(&nats);
    for from in [1_u64, 21, 11, 30] {
        let count = usize::try_from(31 - from).unwrap();
        let events = read(&mut *source.subscribe("evaluation-from-self", from), count).await;
        assert_eq!(events[0].position, from);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_waits_for_a_stream_that_is_not_there_yet() {
    let (server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    let source = home.source(&nats);
    assert!(matches!(source.published().await, Err(StoreError::Database(_))));
    let mut feed = source.subscribe("model", 1);
    assert!(matches!(feed.next().await, Err(StoreError::Database(_))));
    home.say(3).await;
    let _relay = home.relay(&nats);
    assert_eq!(read(&mut *feed, 3).await, home.whole().await);
}

/// Counts what it is asked for.
struct Counted(LogReader, Mutex<Vec<u64>>);

#[async_trait]
impl Filler for Counted {
    async fn read(&self, from_position: u64, limit: usize) -> Result<Page, StoreError> {
        self.1.lock().push(from_position);
        self.0.read(from_position, limit.min(100)).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_stream_lacks_is_read_from_the_owner() {
    let (server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    home.say(400).await;
    let relay = home.relay(&nats);
    relay.published(400).await;
    // Messages 1 to 250 are gone, and nobody publishes them again.
    drop(relay);
    crate::amputation::damage(&administer(&server).await, async |stream| {
        assert!(stream.purge().sequence(251).await.unwrap().success);
    })
    .await;
    let counted = Arc::new(Counted(home.store.reader().clone(), Mutex::default()));
    let source = NatsSource::new(SERVICE, nats.clone(), counted.clone(), "one");
    let events = read(&mut *source.subscribe("model", 1), 400).await;
    assert_eq!(events, home.whole().await);
    assert_eq!(*counted.1.lock(), [1, 101, 201]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nats_is_away_everything_is_read_from_the_owner() {
    let (mut server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    let relay = home.relay(&nats);
    relay.published(home.say(5).await).await;
    let source = home.source(&nats);
    let mut feed = source.subscribe("model", 1);
    let mut events = read(&mut *feed, 5).await;
    server.kill().await;
    home.say(1500).await;
    events.extend(read(&mut *feed, 1500).await);
    assert_eq!(source.published().await.unwrap(), home.store.reader().head().await.unwrap());
    // Who begins meanwhile gets it, too.
    assert_eq!(read(&mut *source.subscribe("evaluation-from-self", 1), 1505).await, events);

    server.run().await;
    relay.published(home.say(3).await).await;
    events.extend(read(&mut *feed, 3).await);
    assert_eq!(events, home.whole().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_restored_while_nats_is_away_is_not_followed() {
    let (mut server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    home.say(5).await;
    let older = tempfile::tempdir().unwrap();
    copy(home.folder.path(), older.path());
    home.relay(&nats).published(home.say(5).await).await;
    let restored = open(&older.path().join("log.db")).await;
    let source = NatsSource::new(SERVICE, nats, Arc::new(restored.reader().clone()), "one");
    let mut feed = source.subscribe("model", 1);
    assert_eq!(read(&mut *feed, 10).await, home.whole().await);
    server.kill().await;
    // Another history, past where the feed is.
    say(&restored, 7).await;
    let error = loop {
        match feed.next().await {
            Ok(page) => panic!("{page:?}"),
            Err(StoreError::Database(_)) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Corrupt { position: 11, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_no_event_stops_its_consumer() {
    let (server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    let last = home.say(5).await;
    home.relay(&nats).published(last).await;
    administer(&server)
        .await
        .publish("mj.evaluation.city._.made_up", "?".into())
        .await
        .unwrap()
        .await
        .unwrap();
    let source = NatsSource::new(SERVICE, nats.clone(), Arc::new(Unfilled), "one");
    let mut feed = source.subscribe("model", 1);
    let mut seen = 0;
    let error = loop {
        match feed.next().await {
            Ok(page) => seen += page.len(),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Corrupt { position: 6, .. }), "{error}");
    assert_eq!(seen, 5, "what came before it is handed out");
    assert!(matches!(source.published().await, Err(StoreError::Corrupt { .. })));
    // The relay says so, too, and publishes nothing over it.
    home.relay(&nats).alarm("no header `ce-sequence`").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_log_ends_is_asked_of_its_owner_not_of_the_stream() {
    let (server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    home.relay(&nats).published(home.say(5).await).await;
    // The relay is held back.
    home.say(3).await;
    let head = home.store.reader().head().await.unwrap();
    let source = home.source(&nats);
    assert_eq!(source.head().await.unwrap(), head);
    assert_eq!(source.published().await.unwrap().position, 5);
    let orphaned = NatsSource::new(SERVICE, nats, Arc::new(Unfilled), "one");
    assert!(matches!(orphaned.head().await, Err(StoreError::Database(_))));
    assert_eq!(orphaned.published().await.unwrap().position, 5);
}
