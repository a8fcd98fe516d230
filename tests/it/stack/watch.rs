//! What a consumer on NATS sees while things are killed: every event once, in order, and for how long nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eventstore::nats::source::{Filler, NatsSource, Page};
use eventstore::nats::{Nats, Settings};
use eventstore::{RecordedEvent, Source as _, StoreError};
use jiff::Timestamp;
use mingjing::target::Owner;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::running::{PATIENCE, POLL, Stack};

/// Where each service's log ends.
type Heads = [u64; 4];

/// Fills nothing: whatever is read comes from the stream.
pub(super) struct Unfilled;

#[tonic::async_trait]
impl Filler for Unfilled {
    async fn read(&self, from_position: u64, _limit: usize) -> Result<Page, StoreError> {
        Err(StoreError::database(std::io::Error::other(format!("the stream lacks {from_position}"))))
    }
}

/// A connection to the stack's NATS.
pub(super) async fn connect(stack: &Stack<'_>) -> Nats {
    let settings =
        Settings { url: stack.nats(), name: "audit".to_owned(), replicas: 1, ..Settings::default() };
    Nats::connect(&settings).await.unwrap()
}

/// Follows every stream until it is told to end.
pub(super) struct Watch {
    /// When the last event was recorded that was seen of each service.
    seen: Vec<(Owner, watch::Receiver<Timestamp>)>,
    reading: JoinSet<(Owner, Vec<RecordedEvent>)>,
    end: watch::Sender<Option<Heads>>,
}

impl Watch {
    pub(super) async fn start(stack: &Stack<'_>) -> Self {
        let (nats, end) = (connect(stack).await, watch::Sender::<Option<Heads>>::new(None));
        let (mut seen, mut reading) = (Vec::new(), JoinSet::new());
        for (place, owner) in Owner::ALL.into_iter().enumerate() {
            let (publish, last) = watch::channel(Timestamp::UNIX_EPOCH);
            seen.push((owner, last));
            let source = NatsSource::new(owner.name(), nats.clone(), Arc::new(Unfilled), "watch");
            let end = end.subscribe();
            reading.spawn(async move {
                let (mut feed, mut events) = (source.subscribe("watch", 1), Vec::new());
                while !end.borrow().is_some_and(|heads| heads[place] <= position(&events)) {
                    // Now and then it looks whether that was all.
                    match timeout(10 * POLL, feed.next()).await {
                        Ok(Ok(page)) => events.extend(page),
                        Ok(Err(StoreError::Database(_))) => sleep(POLL).await,
                        Ok(Err(error)) => panic!("{}: {error}", source.service()),
                        Err(_) => {}
                    }
                    if let Some(last) = events.last() {
                        publish.send_replace(last.recorded_at);
                    }
                }
                (owner, events)
            });
        }
        Self { seen, reading, end }
    }

    /// Waits until each of `owners` has published something that was recorded from now on; gives how long that
    /// took.
    pub(super) async fn goes_on(&self, owners: &[Owner]) -> Duration {
        let (now, began) = ((mingjing::clock())(), Instant::now());
        for (owner, seen) in self.seen.iter().filter(|(owner, _)| owners.contains(owner)) {
            let mut seen = seen.clone();
            let newer = timeout(PATIENCE, seen.wait_for(|recorded_at| *recorded_at >= now)).await;
            newer.unwrap_or_else(|_| panic!("{} is published again", owner.name())).unwrap();
        }
        began.elapsed()
    }

    /// All that was seen up to `heads`.
    pub(super) async fn end(self, heads: Heads) -> Vec<(Owner, Vec<RecordedEvent>)> {
        self.end.send_replace(Some(heads));
        timeout(PATIENCE, self.reading.join_all()).await.expect("every event is seen")
    }
}

fn position(events: &[RecordedEvent]) -> u64 {
    events.last().map_or(0, |event| event.position)
}
