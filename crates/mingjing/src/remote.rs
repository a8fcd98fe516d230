//! Another process's log, read through its `EventService`: what a consumer lacks comes from there.

use async_trait::async_trait;
use contract::event::ReadEventsRequest;
use contract::event::event_service_client::EventServiceClient;
use contract::{field, words};
use eventstore::nats::source::Filler;
use eventstore::{RecordedEvent, StoreError, StreamId};
use tonic::transport::Channel;

/// A page has at most so many bytes.
const PAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// One service's log, at its owner.
pub struct RemoteLog {
    service: &'static str,
    client: EventServiceClient<Channel>,
}

impl RemoteLog {
    /// The log of `service`, whose owner is reached by `channel`.
    pub fn new(service: &'static str, channel: Channel) -> Self {
        let client = EventServiceClient::new(channel).max_decoding_message_size(PAGE_BYTES_MAX);
        Self { service, client }
    }
}

#[async_trait]
impl Filler for RemoteLog {
    async fn read(&self, from_position: u64, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        let page_size = u32::try_from(limit).unwrap_or(u32::MAX);
        let request =
            ReadEventsRequest { service: self.service.to_owned(), from_position, filter: None, page_size };
        let page = self.client.clone().read_events(request).await.map_err(StoreError::database)?.into_inner();
        page.events.into_iter().map(from_wire).collect()
    }
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
