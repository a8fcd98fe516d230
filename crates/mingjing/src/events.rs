//! `EventService`: the logs themselves, in pages or live; and what follows logs in this process.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::event::event_service_server::EventService;
use contract::event::{
    Consumer, EventFilter, ListConsumersRequest, ListConsumersResponse, LogHead, ReadEventsRequest,
    ReadEventsResponse, ResumeConsumerRequest, ResumeConsumerResponse, SubscribeEventsRequest,
    SubscribeEventsResponse,
};
use contract::field::{self, BadField};
use contract::words;
use eventstore::nats::source::{Filler as _, Page};
use eventstore::store::PAGE_EVENTS_MAX;
use eventstore::{LogReader, RecordedEvent, SharedSource};
use shell::{Consumers, Tasks, consumers};
use tokio_util::sync::CancellationToken;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

/// A log that does not say within this where it ends is away.
const HEAD_TIMEOUT: Duration = Duration::from_secs(2);

/// Serves the logs of this process: all of them, one, or none.
pub struct Events {
    logs: BTreeMap<&'static str, LogReader>,
    consumers: Consumers,
    stop: CancellationToken,
}

impl Events {
    /// Serves `logs`, and what follows logs among `tasks`, until they stop: then its live feeds end, too.
    pub fn new(logs: impl IntoIterator<Item = LogReader>, tasks: &Tasks) -> Self {
        let logs = logs.into_iter().map(|log| (log.service(), log)).collect();
        Self { logs, consumers: tasks.consumers.clone(), stop: tasks.stop.clone() }
    }

    fn log(&self, service: &str) -> Result<&LogReader, BadField> {
        let must_be = || match self.logs.keys().copied().collect::<Vec<_>>().join(", ") {
            known if known.is_empty() => "this process owns no log: ask the service that does".to_owned(),
            known => format!("must be one of {known}"),
        };
        self.logs.get(service).ok_or_else(|| BadField::new("service", must_be()))
    }
}

#[tonic::async_trait]
impl EventService for Events {
    async fn read_events(
        &self,
        request: Request<ReadEventsRequest>,
    ) -> Result<Response<ReadEventsResponse>, Status> {
        let asked = request.into_inner();
        let log = self.log(&asked.service)?;
        let page_size = field::page_size(asked.page_size, PAGE_EVENTS_MAX);
        let from = asked.from_position.max(1);
        let page = log.read(from, page_size).await;
        let Page { events, head } = page.map_err(|error| shell::commands::store_failure(&error))?;
        let next_position = events.last().map_or(from, |event| event.position + 1);
        Ok(Response::new(ReadEventsResponse {
            events: wanted(log.service(), events, asked.filter.as_ref()),
            next_position,
            head_position: head.position,
            head_chain_hash: head.chain_hash.to_vec(),
            store_epoch: head.epoch.to_string(),
        }))
    }

    async fn subscribe_events(
        &self,
        request: Request<SubscribeEventsRequest>,
    ) -> Result<Response<BoxStream<SubscribeEventsResponse>>, Status> {
        let asked = request.into_inner();
        let log = self.log(&asked.service)?;
        let (service, filter) = (log.service(), asked.filter);
        let subscription = log.subscribe(asked.from_position);
        let stop = self.stop.clone();
        let pages = futures::stream::unfold(Some(subscription), move |subscription| {
            let (filter, stop) = (filter.clone(), stop.clone());
            async move {
                let mut subscription = subscription?;
                let page = stop.run_until_cancelled(subscription.next()).await;
                match page? {
                    Ok(page) => {
                        let events = wanted(service, page, filter.as_ref());
                        let next_position = subscription.next_position();
                        Some((Ok(SubscribeEventsResponse { events, next_position }), Some(subscription)))
                    }
                    Err(error) => Some((Err(shell::commands::store_failure(&error).into()), None)),
                }
            }
        });
        Ok(Response::new(Box::pin(pages)))
    }

    async fn list_consumers(
        &self,
        _request: Request<ListConsumersRequest>,
    ) -> Result<Response<ListConsumersResponse>, Status> {
        let all = self.consumers.list();
        // Many follow one log; it is asked once.
        let sources: BTreeMap<_, _> = all.iter().map(|it| (it.source().service(), it.source())).collect();
        let ends = futures::future::join_all(sources.values().map(|source| head(source))).await;
        let ends: BTreeMap<_, _> = sources.into_keys().zip(ends).collect();
        let consumers = all.iter().map(|it| describe(it, ends[it.source().service()])).collect();
        let mut logs = Vec::new();
        for log in self.logs.values() {
            let head = log.head().await.map_err(|error| shell::commands::store_failure(&error))?;
            logs.push(LogHead { service: log.service().to_owned(), head_position: head.position });
        }
        Ok(Response::new(ListConsumersResponse { consumers, logs }))
    }

    async fn resume_consumer(
        &self,
        request: Request<ResumeConsumerRequest>,
    ) -> Result<Response<ResumeConsumerResponse>, Status> {
        let wanted = request.into_inner().consumer;
        let named: Vec<_> =
            self.consumers.list().into_iter().filter(|consumer| consumer.name() == wanted).collect();
        if named.is_empty() {
            return Err(
                BadField::new("consumer", "nothing of that name follows a log in this process").into()
            );
        }
        let mut consumers = Vec::new();
        for consumer in named {
            let described = describe(&consumer, head(consumer.source()).await);
            if consumer.resume() {
                consumers.push(described);
            }
        }
        Ok(Response::new(ResumeConsumerResponse { consumers }))
    }
}

/// Where a log ends; `None`: it is away.
async fn head(source: &SharedSource) -> Option<u64> {
    let head = tokio::time::timeout(HEAD_TIMEOUT, source.head()).await;
    head.ok().and_then(Result::ok).map(|head| head.position)
}

fn describe(consumer: &consumers::Consumer, head_position: Option<u64>) -> Consumer {
    let progress = consumer.progress().borrow().clone();
    Consumer {
        consumer: consumer.name().to_owned(),
        service: consumer.source().service().to_owned(),
        position: progress.position,
        head_position,
        alarm: progress.alarm,
    }
}

fn wanted(
    service: &'static str,
    page: Vec<RecordedEvent>,
    filter: Option<&EventFilter>,
) -> Vec<words::RecordedEvent> {
    let matches = |event: &RecordedEvent| filter.is_none_or(|filter| is_wanted(event, filter));
    page.into_iter().filter(matches).map(|event| to_wire(service, event)).collect()
}

fn is_wanted(event: &RecordedEvent, filter: &EventFilter) -> bool {
    let fits = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
    let last_name = event.event_type.rsplit('.').next();
    let typed = |wanted: &String| *wanted == event.event_type || Some(wanted.as_str()) == last_name;
    fits(&filter.stream, event.stream.as_str())
        && fits(&filter.jurisdiction, &event.jurisdiction)
        && fits(&filter.unit, &event.unit)
        && (filter.event_types.is_empty() || filter.event_types.iter().any(typed))
}

fn to_wire(service: &str, event: RecordedEvent) -> words::RecordedEvent {
    words::RecordedEvent {
        service: service.to_owned(),
        position: event.position,
        stream: event.stream.to_string(),
        stream_version: event.stream_version,
        event_id: event.event_id.to_string(),
        event_type: event.event_type,
        occurred_at: Some(field::to_wire(event.occurred_at)),
        recorded_at: Some(field::to_wire(event.recorded_at)),
        actor: event.actor,
        correlation_id: event.correlation_id.to_string(),
        causation_id: event.causation_id.to_string(),
        jurisdiction: event.jurisdiction,
        unit: event.unit,
        traceparent: event.traceparent,
        payload: event.payload,
        chain_hash: event.chain_hash.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_has_no_log_says_so() {
        let events = Events::new([], &Tasks::default());
        let asked = ReadEventsRequest { service: "evaluation".to_owned(), ..Default::default() };
        let refused = events.read_events(Request::new(asked)).await.unwrap_err();
        assert!(refused.message().contains("owns no log"), "{refused}");
    }
}
