//! The logs themselves, in pages and live.

use std::time::Duration;

use contract::event::event_service_client::EventServiceClient;
use contract::event::{EventFilter, ReadEventsRequest, SubscribeEventsRequest};
use tokio::time::timeout;
use tonic::Code;

use crate::harness::{Server, assert_refused, registration};

fn live(from_position: u64, filter: Option<EventFilter>) -> SubscribeEventsRequest {
    SubscribeEventsRequest { service: "evaluation".to_owned(), from_position, filter }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_catches_up_and_then_hears_what_happens() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.evaluation().register_unit(registration("north")).await.unwrap();
    let mut client = EventServiceClient::new(server.channel());
    let mut feed = client.subscribe_events(live(1, None)).await.unwrap().into_inner();
    for unit in ["north", "south"] {
        let page =
            timeout(Duration::from_secs(10), feed.message()).await.expect("it is heard of").unwrap().unwrap();
        assert_eq!(page.events[0].unit, unit);
        assert_eq!(page.next_position, page.events[0].position + 1);
        if unit == "north" {
            server.evaluation().register_unit(registration("south")).await.unwrap();
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_of_nothing_that_is_there_is_refused_or_waits() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.evaluation().register_unit(registration("north")).await.unwrap();
    let mut client = EventServiceClient::new(server.channel());
    for service in ["", "scorecard", "evaluation ", &"x".repeat(10_000)] {
        let request = SubscribeEventsRequest { service: service.to_owned(), ..live(1, None) };
        assert_refused(client.subscribe_events(request).await, Code::InvalidArgument, "service", service);
        let request = ReadEventsRequest { service: service.to_owned(), ..Default::default() };
        assert_refused(client.read_events(request).await, Code::InvalidArgument, "service", service);
    }
    for from_position in [3, u64::MAX] {
        let request =
            ReadEventsRequest { service: "evaluation".to_owned(), from_position, ..Default::default() };
        let page = client.read_events(request).await.unwrap().into_inner();
        assert_eq!((page.events.len(), page.next_position, page.head_position), (0, from_position, 1));
        let mut feed = client.subscribe_events(live(from_position, None)).await.unwrap().into_inner();
        let waits = timeout(Duration::from_millis(200), feed.message()).await;
        assert!(waits.is_err(), "there is nothing to hear yet");
    }
    let filter = EventFilter { event_types: vec!["UnitRegistered".to_owned()], ..Default::default() };
    let mut feed = client.subscribe_events(live(0, Some(filter))).await.unwrap().into_inner();
    assert_eq!(feed.message().await.unwrap().unwrap().events.len(), 1);
    server.stop().await;
}
