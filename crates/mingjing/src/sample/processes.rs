//! The processes that serve the services: their clocks, and what in them follows the logs.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use contract::clock::clock_service_client::ClockServiceClient;
use contract::clock::{GetClockRequest, MoveClockRequest, ReleaseClockRequest};
use contract::event::event_service_client::EventServiceClient;
use contract::event::{Consumer, ListConsumersRequest, ListConsumersResponse};
use futures::future::{join_all, try_join_all};
use jiff::Timestamp;
use tonic::Code;
use tonic::transport::Channel;

/// Consumers are asked this often how far they have come …
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// … and within this they have dealt with everything.
const PATIENCE: Duration = Duration::from_mins(2);

/// Processes, each once.
pub(super) struct Processes {
    channels: Vec<Channel>,
    /// The clocks that stand still until they are moved.
    clocks: Vec<ClockServiceClient<Channel>>,
}

/// Where each service's log ends.
type Heads = BTreeMap<String, u64>;

impl Processes {
    pub(super) async fn of(channels: Vec<Channel>) -> anyhow::Result<Self> {
        let mut clocks = Vec::new();
        for channel in &channels {
            let mut clock = ClockServiceClient::new(channel.clone());
            match clock.get_clock(GetClockRequest {}).await {
                Ok(answer) if answer.get_ref().clock.as_ref().is_some_and(|clock| clock.by_hand) => {
                    clocks.push(clock);
                }
                Err(status) if status.code() != Code::Unimplemented => return Err(status.into()),
                Ok(_) | Err(_) => (),
            }
        }
        Ok(Self { channels, clocks })
    }

    /// Whether time stands still in every process until it is moved.
    pub(super) fn all_by_hand(&self) -> bool {
        self.clocks.len() == self.channels.len()
    }

    /// Moves on the time of the processes whose clock is moved by hand; what is due by it then is raised.
    pub(super) async fn move_to(&self, to: Timestamp) -> anyhow::Result<()> {
        let request = MoveClockRequest { to: Some(contract::field::to_wire(to)) };
        let moved =
            self.clocks.iter().cloned().map(|mut clock| async move { clock.move_clock(request).await });
        try_join_all(moved).await.with_context(|| format!("moving the clock to {to}"))?;
        Ok(())
    }

    /// Lets time go where it is moved by hand; what is due by the system's then is raised.
    pub(super) async fn release(&self) -> anyhow::Result<()> {
        let clocks = self.clocks.iter().cloned();
        let released =
            clocks.map(|mut clock| async move { clock.release_clock(ReleaseClockRequest {}).await });
        try_join_all(released).await.context("letting the clock go")?;
        Ok(())
    }

    /// Waits until everything that follows a log has dealt with all of it, what it wrote itself, too. Gives where
    /// the logs end.
    pub(super) async fn settle(&self) -> anyhow::Result<Heads> {
        tokio::time::timeout(PATIENCE, self.settled())
            .await
            .with_context(|| format!("what follows the logs is behind after {} s", PATIENCE.as_secs()))?
    }

    async fn settled(&self) -> anyhow::Result<Heads> {
        let mut level_at = None;
        loop {
            let (heads, consumers) = self.look().await?;
            if let Some(stopped) = consumers.iter().find(|consumer| !consumer.alarm.is_empty()) {
                anyhow::bail!("{} stopped: {}", stopped.consumer, stopped.alarm);
            }
            let behind = |consumer: &Consumer| {
                heads.get(&consumer.service).is_some_and(|head| consumer.position < *head)
            };
            if consumers.iter().any(behind) {
                tokio::time::sleep(LOOK_EVERY).await;
            } else if level_at.as_ref() == Some(&heads) {
                return Ok(heads);
            } else {
                // Between two looks at several processes something may have moved: twice the same, nothing has.
                level_at = Some(heads);
            }
        }
    }

    async fn look(&self) -> anyhow::Result<(Heads, Vec<Consumer>)> {
        let (mut heads, mut consumers) = (Heads::new(), Vec::new());
        let asked = self.channels.iter().cloned().map(|channel| async move {
            EventServiceClient::new(channel).list_consumers(ListConsumersRequest {}).await
        });
        for answer in join_all(asked).await {
            let ListConsumersResponse { consumers: found, logs } = answer?.into_inner();
            consumers.extend(found);
            heads.extend(logs.into_iter().map(|log| (log.service, log.head_position)));
        }
        Ok((heads, consumers))
    }
}
