//! Slow and cut connections.

use std::time::Duration;

use eventstore::Source as _;
use tokio::time::sleep;

use crate::audit::{audit, read};
use crate::home::Home;
use crate::kill::{chance, soak};
use crate::proxy::Proxy;
use crate::server::{Server, connect, wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_connections_are_cut() {
    let (server, home) = (Server::start().await, Home::new().await);
    let proxies = [Proxy::before(server.port).await, Proxy::before(server.port).await];
    let relay = home.relay(&connect(proxies[0].port, 1).await);
    let reader = connect(proxies[1].port, 1).await;
    let (mut feed, mut model) = (
        home.source(&reader).subscribe("evaluation-from-self", 1),
        home.source(&reader).subscribe("model", 1),
    );
    let mut seed = 3;
    for _ in 0..12 * soak() {
        let last = home.say(1 + chance(&mut seed, 1500)).await;
        sleep(Duration::from_millis(chance(&mut seed, 40))).await;
        proxies[usize::try_from(chance(&mut seed, 2)).unwrap()].cut();
        wait_until(async || relay.now().position == last).await;
    }
    let whole = home.whole().await;
    assert!(read(&mut *feed, whole.len()).await == whole);
    assert!(read(&mut *model, whole.len()).await == whole);
    audit(&home, &server.connect().await).await;
    assert!(reader.connection().borrow().disconnected > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_connection_only_takes_longer() {
    let (server, home) = (Server::start().await, Home::new().await);
    let proxy = Proxy::before(server.port).await;
    proxy.delay(20);
    let slow = connect(proxy.port, 1).await;
    let relay = home.relay(&slow);
    let last = home.say(1500).await;
    relay.published(last).await;
    let events = read(&mut *home.source(&slow).subscribe("model", 1), 1500).await;
    assert!(events == home.whole().await);
    audit(&home, &server.connect().await).await;
}

/// Longer than any answer is waited for: what became of a batch is unclear, and is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_too_late_doubles_nothing() {
    let (server, home) = (Server::start().await, Home::new().await);
    let nats = server.connect().await;
    let relay = home.relay(&nats);
    relay.published(home.say(5).await).await;
    server.signal("STOP");
    let last = home.say(40).await;
    wait_until(async || matches!(relay.now().state, eventstore::relay::State::Away(_))).await;
    server.signal("CONT");
    relay.published(last).await;
    audit(&home, &nats).await;
}
