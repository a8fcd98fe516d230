//! Three servers, each with a copy of the stream.

use eventstore::Source as _;
use eventstore::nats::{Nats, Settings};

use crate::audit::{audit, read};
use crate::home::Home;
use crate::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_of_three_may_be_killed_or_stand_still() {
    let (mut servers, home) = (Server::cluster().await, Home::new().await);
    let url = servers.each_ref().map(|server| format!("nats://127.0.0.1:{}", server.port)).join(",");
    let settings = Settings { url, name: "test".to_owned(), replicas: 3, ..Settings::default() };
    let nats = Nats::connect(&settings).await.unwrap();
    let relay = home.relay(&nats);
    let mut feed = home.source(&nats).subscribe("evaluation-from-self", 1);
    let mut model = home.source(&nats).subscribe("model", 1);
    relay.published(home.say(3700).await).await;
    read(&mut *feed, 3700).await;
    assert_eq!(relay.now().asked, 0, "each batch is taken after the one before");

    servers[0].kill().await;
    relay.published(home.say(700).await).await;
    read(&mut *feed, 700).await;
    servers[0].run().await;
    relay.published(home.say(300).await).await;

    servers[1].signal("STOP");
    relay.published(home.say(700).await).await;
    read(&mut *feed, 1000).await;
    servers[1].signal("CONT");
    relay.published(home.say(300).await).await;

    assert_eq!(read(&mut *feed, 300).await, home.whole().await[5400..]);
    assert!(read(&mut *model, 5700).await == home.whole().await);
    audit(&home, &nats).await;
    assert_eq!(relay.now().created, 1);
}
