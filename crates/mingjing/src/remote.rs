//! Another process's log, read through its `EventService`: what a consumer lacks comes from there.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use contract::event::event_service_client::EventServiceClient;
use contract::event::{ReadEventsRequest, ReadEventsResponse};
use contract::{field, words};
use eventstore::nats::source::{Filler, Page};
use eventstore::store::Head;
use eventstore::{RecordedEvent, StoreError, StreamId};
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

/// A page has at most so many bytes …
const PAGE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// … and so many events.
const PAGE_SIZE_MAX: u32 = 1000;
/// An owner that does not answer within this is away.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const KEEPALIVE: Duration = Duration::from_secs(10);

/// One service's log, at its owner.
pub struct RemoteLog {
    service: &'static str,
    client: EventServiceClient<Channel>,
    /// Events of a page: fewer after one that was too large, or took too long.
    page_size: AtomicU32,
}

/// A channel to the owner at `address`, made when it is used first; one that is frozen is noticed.
pub fn channel(address: &str) -> Result<Channel, tonic::transport::Error> {
    let endpoint = Endpoint::new(address.to_owned())?;
    let endpoint = endpoint.connect_timeout(CONNECT_TIMEOUT).http2_keep_alive_interval(KEEPALIVE);
    Ok(endpoint.keep_alive_timeout(ANSWER_TIMEOUT).connect_lazy())
}

impl RemoteLog {
    /// The log of `service`, whose owner is reached by `channel`.
    pub fn new(service: &'static str, channel: Channel) -> Self {
        let client = EventServiceClient::new(channel).max_decoding_message_size(PAGE_BYTES_MAX);
        Self { service, client, page_size: PAGE_SIZE_MAX.into() }
    }

    async fn page(&self, from_position: u64, page_size: u32) -> Result<ReadEventsResponse, Status> {
        let request =
            ReadEventsRequest { service: self.service.to_owned(), from_position, filter: None, page_size };
        let mut client = self.client.clone();
        let answered = timeout(ANSWER_TIMEOUT, client.read_events(request)).await;
        answered
            .unwrap_or_else(|_| Err(Status::deadline_exceeded("its owner does not answer")))
            .map(tonic::Response::into_inner)
    }
}

#[async_trait]
impl Filler for RemoteLog {
    async fn read(&self, from_position: u64, limit: usize) -> Result<Page, StoreError> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        loop {
            let page_size = limit.min(self.page_size.load(Ordering::Relaxed));
            let status = match self.page(from_position, page_size).await {
                Ok(page) => {
                    self.page_size
                        .fetch_max(page_size.saturating_mul(2).min(PAGE_SIZE_MAX), Ordering::Relaxed);
                    let head = head(&page)?;
                    let events = page.events.into_iter().map(from_wire).collect::<Result<_, _>>()?;
                    return Ok(Page { events, head });
                }
                Err(status) => status,
            };
            let too_large = status.code() == Code::OutOfRange && page_size > 1;
            if too_large || status.code() == Code::DeadlineExceeded {
                self.page_size.store((page_size / 2).max(1), Ordering::Relaxed);
            }
            if !too_large {
                return Err(StoreError::database(status));
            }
        }
    }
}

/// Where a log ends, as its owner says. One of an earlier build does not say enough, and is away until it is replaced.
fn head(page: &ReadEventsResponse) -> Result<Head, StoreError> {
    let chain_hash = page.head_chain_hash.as_slice().try_into().ok();
    let head = chain_hash.zip(page.store_epoch.parse().ok());
    let head = head.map(|(chain_hash, epoch)| Head { position: page.head_position, chain_hash, epoch });
    head.ok_or_else(|| StoreError::database(Status::unavailable("its owner does not say which log it has")))
}

fn from_wire(event: words::RecordedEvent) -> Result<RecordedEvent, StoreError> {
    let position = event.position;
    let corrupt = |what: &str| StoreError::Corrupt { position, what: format!("its `{what}` cannot be read") };
    let id = |text: &str, what| uuid::Uuid::try_parse(text).map_err(|_| corrupt(what));
    let instant = |wire: Option<contract::Timestamp>, what: &'static str| {
        let instant = wire.map(|wire| field::instant(what, wire));
        instant.and_then(Result::ok).ok_or_else(|| corrupt(what))
    };
    Ok(RecordedEvent {
        position,
        stream: StreamId::from_log(event.stream),
        stream_version: event.stream_version,
        event_id: id(&event.event_id, "event_id")?,
        event_type: event.event_type,
        occurred_at: instant(event.occurred_at, "occurred_at")?,
        recorded_at: instant(event.recorded_at, "recorded_at")?,
        actor: event.actor,
        correlation_id: id(&event.correlation_id, "correlation_id")?,
        causation_id: id(&event.causation_id, "causation_id")?,
        jurisdiction: event.jurisdiction,
        unit: event.unit,
        traceparent: event.traceparent,
        payload: event.payload,
        chain_hash: event.chain_hash.try_into().map_err(|_| corrupt("chain_hash"))?,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use contract::event::event_service_server::EventServiceServer;
    use eventstore::sqlite::SqliteLog;
    use eventstore::store::{EVENT_BYTES_MAX, Request, StreamWrite};
    use eventstore::{Append, EventStore, ExpectedVersion, Metadata, NewEvent};
    use jiff::Timestamp;
    use shell::Tasks;
    use tokio::net::TcpListener;
    use tokio::time::Instant;
    use tonic::transport::Server;
    use tonic::transport::server::TcpIncoming;
    use uuid::Uuid;

    use crate::events::Events;

    use super::*;

    #[tokio::test]
    async fn an_owner_that_is_frozen_is_away_after_a_while() {
        // It listens, and that is all that it does.
        let frozen = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", frozen.local_addr().unwrap());
        let log = RemoteLog::new("evaluation", channel(&address).unwrap());
        let asked = Instant::now();
        let error = log.read(1, 10).await.unwrap_err();
        assert!(matches!(error, StoreError::Database(_)), "{error}");
        assert!(asked.elapsed() < 2 * ANSWER_TIMEOUT, "{:?}", asked.elapsed());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_page_that_is_too_large_is_read_in_parts() {
        let (folder, tasks) = (tempfile::tempdir().unwrap(), Tasks::default());
        let log = Arc::new(SqliteLog::open(&folder.path().join("log.db")).await.unwrap());
        let store = EventStore::start("evaluation", log, crate::clock(), &tasks.tracker).await.unwrap();
        let last = u64::try_from(PAGE_BYTES_MAX / EVENT_BYTES_MAX + 9).unwrap();
        for number in 1..=last {
            store.append(said(number)).await.unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let events = EventServiceServer::new(Events::new([store.reader().clone()], &tasks));
        let serving = Server::builder().add_service(events).serve_with_incoming(TcpIncoming::from(listener));
        let reading = async {
            let log = RemoteLog::new("evaluation", channel(&address).unwrap());
            let mut read = 0;
            while read < last {
                let events = log.read(read + 1, 1000).await.unwrap().events;
                assert_eq!(events[0].position, read + 1);
                read = events.last().unwrap().position;
            }
            let beyond = log.read(u64::MAX, 1).await.unwrap();
            assert_eq!((beyond.events.len(), beyond.head), (0, store.reader().head().await.unwrap()));
        };
        tokio::select! {
            () = reading => {}
            served = serving => panic!("{served:?}"),
        }
    }

    fn said(number: u64) -> Append {
        let request_id = Uuid::from_u128(number.into());
        let payload = vec![7; EVENT_BYTES_MAX];
        let event = NewEvent { event_type: "test.Said".to_owned(), unit: String::new(), payload };
        let (stream, expected) = (StreamId::new("mark", "city/1"), ExpectedVersion::Any);
        Append {
            writes: vec![StreamWrite { stream, expected, events: vec![event] }],
            boxes: vec![],
            guards: vec![],
            metadata: Metadata {
                actor: "clerk".to_owned(),
                jurisdiction: "city".to_owned(),
                occurred_at: Timestamp::UNIX_EPOCH,
                correlation_id: request_id,
                causation_id: request_id,
                traceparent: String::new(),
            },
            request: Request { request_id, fingerprint: [7; 32], answer: vec![] },
        }
    }
}
