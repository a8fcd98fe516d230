//! The log and the stream, compared event by event.

use std::sync::Arc;

use eventstore::nats::Nats;
use eventstore::nats::source::NatsSource;
use eventstore::{Feed, RecordedEvent, Source as _};
use tokio::time::timeout;

use crate::home::{Home, SERVICE, Unfilled};
use crate::server::PATIENCE;

/// Asserts that the stream is the log: every event, in order, each field the same, nothing else.
pub(crate) async fn audit(home: &Home, nats: &Nats) {
    let log = home.whole().await;
    let source = NatsSource::new(SERVICE, nats.clone(), Arc::new(Unfilled), "audit");
    let published = read(&mut *source.subscribe("audit", 1), log.len()).await;
    for (published, recorded) in published.iter().zip(&log) {
        assert_eq!(published, recorded);
    }
    let (head, end) = (home.store.reader().head().await.unwrap(), source.published().await.unwrap());
    assert_eq!(end, head, "the stream ends where the log ends");
}

/// The next `count` events of a feed, acknowledged page by page; what is away is waited for.
pub(crate) async fn read(feed: &mut dyn Feed, count: usize) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    while events.len() < count {
        let page = async {
            loop {
                match feed.next().await {
                    Ok(page) => return page,
                    Err(eventstore::StoreError::Database(_)) => tokio::task::yield_now().await,
                    Err(error) => panic!("{error}"),
                }
            }
        };
        events.extend(timeout(PATIENCE, page).await.expect("every event comes"));
        feed.done(events.last().unwrap().position).await.unwrap();
    }
    assert_eq!(events.len(), count, "more comes than was recorded");
    events
}
