//! Parts of what there was are gone.

use async_nats::jetstream::Context;
use async_nats::jetstream::stream::{Config, Stream};
use eventstore::Source as _;
use eventstore::nats::jetstream::name;

use crate::audit::audit;
use crate::home::{Home, SERVICE, open};
use crate::relay::administer;
use crate::server::{Server, copy, wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_lost_its_tail_gets_it_again() {
    let (mut server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    let relay = home.relay(&nats);
    relay.published(home.say(1500).await).await;
    server.kill().await;
    let older = tempfile::tempdir().unwrap();
    copy(&server.store(), older.path());
    server.run().await;
    let last = home.say(1500).await;
    relay.published(last).await;
    server.kill().await;
    std::fs::remove_dir_all(server.store()).unwrap();
    copy(older.path(), &server.store());
    server.run().await;
    wait_until(async || {
        let stream = administer(&server).await.get_stream(name(SERVICE)).await;
        stream.is_ok_and(|stream| stream.cached_info().state.last_sequence == last)
    })
    .await;
    audit(&home, &nats).await;
    assert_eq!(relay.now().created, 1, "what was left of it is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_deleted_is_published_again_while_its_consumers_keep_their_place() {
    let (server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    let relay = home.relay(&nats);
    home.say(1200).await;
    let mut feeds =
        ["evaluation-from-self", "model"].map(|consumer| home.source(&nats).subscribe(consumer, 1));
    for feed in &mut feeds {
        crate::audit::read(&mut **feed, 1200).await;
    }
    administer(&server).await.delete_stream(name(SERVICE)).await.unwrap();
    let last = home.say(300).await;
    for feed in &mut feeds {
        let events = crate::audit::read(&mut **feed, 300).await;
        assert_eq!(events, home.whole().await[1200..]);
    }
    relay.published(last).await;
    assert_eq!(relay.now().created, 2);
    audit(&home, &nats).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_with_holes_is_published_again() {
    let (server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    let last = home.say(1200).await;
    home.relay(&nats).published(last).await;
    let administrator = administer(&server).await;
    damage(&administrator, async |stream| assert!(stream.delete_message(700).await.unwrap())).await;
    let relay = home.relay(&nats);
    wait_until(async || relay.now().created == 1).await;
    relay.published(last).await;
    audit(&home, &nats).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_without_its_last_message_is_published_again() {
    let (server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    let last = home.say(30).await;
    home.relay(&nats).published(last).await;
    let administrator = administer(&server).await;
    damage(&administrator, async |stream| assert!(stream.delete_message(last).await.unwrap())).await;
    let relay = home.relay(&nats);
    wait_until(async || relay.now().created == 1).await;
    relay.published(home.say(7).await).await;
    audit(&home, &nats).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purged_stream_is_published_again() {
    let (server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    let last = home.say(300).await;
    home.relay(&nats).published(last).await;
    damage(&administer(&server).await, async |stream| assert!(stream.purge().await.unwrap().success)).await;
    let relay = home.relay(&nats);
    wait_until(async || relay.now().created == 1).await;
    relay.published(home.say(7).await).await;
    audit(&home, &nats).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_restored_from_an_older_copy_raises_an_alarm_and_nothing_is_published() {
    let (server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    home.say(500).await;
    let older = tempfile::tempdir().unwrap();
    copy(home.folder.path(), older.path());
    let last = home.say(500).await;
    home.relay(&nats).published(last).await;

    let store = open(&older.path().join("log.db")).await;
    let restored = Home { folder: older, store };
    let relay = restored.relay(&nats);
    relay.alarm("ahead of the log").await;
    // It writes on, past where the stream is: another history.
    restored.say(900).await;
    relay.alarm("is not the log's").await;
    audit(&home, &nats).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_log_is_not_published_to_the_stream_of_the_first() {
    let (server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    let last = home.say(5).await;
    home.relay(&nats).published(last).await;
    let other = Home::new().await;
    other.say(9).await;
    other.relay(&nats).alarm("store epoch").await;
    audit(&home, &nats).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_replaced_under_a_running_relay_is_noticed() {
    let (server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    let relay = home.relay(&nats);
    relay.published(home.say(5).await).await;
    let path = home.folder.path().join("log.db");
    let other = sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    sqlx::query("UPDATE head SET chain_hash = zeroblob(32)").execute(&other).await.unwrap();
    home.say(1).await;
    relay.alarm("does not fit").await;
}

/// Does to the stream what its settings forbid: the same messages are published to one that allows it, which is
/// damaged, and then forbids it, too.
pub(crate) async fn damage(administrator: &Context, damage: impl AsyncFnOnce(Stream)) {
    let stream = administrator.get_stream(name(SERVICE)).await.unwrap();
    let config = stream.cached_info().config.clone();
    let mut messages = Vec::new();
    for sequence in 1..=stream.cached_info().state.last_sequence {
        messages.push(stream.get_raw_message(sequence).await.unwrap());
    }
    administrator.delete_stream(name(SERVICE)).await.unwrap();
    let open = Config { deny_delete: false, deny_purge: false, ..config.clone() };
    let stream = administrator.create_stream(open).await.unwrap();
    for message in messages {
        let headers = message.headers.iter().filter(|(name, _)| !name.to_string().starts_with("Nats-"));
        let headers = headers.map(|(name, values)| (name.clone(), values[0].clone())).collect();
        let sent = administrator.publish_with_headers(message.subject, headers, message.payload);
        sent.await.unwrap().await.unwrap();
    }
    damage(stream).await;
    administrator.update_stream(config).await.unwrap();
}
