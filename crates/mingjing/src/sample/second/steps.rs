//! What is entered, and when.

use contract::Timestamp as Wire;
use futures::future::BoxFuture;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz;

use super::super::load::request_id;
use super::super::services::Services;

/// A request to a service, or a small chain of them.
pub(super) struct Step {
    on: Timestamp,
    what: String,
    act: Act,
}

type Act = Box<dyn FnOnce(Desk) -> BoxFuture<'static, anyhow::Result<()>> + Send>;

/// What a step is entered with: the services, and the frame of its request.
pub(super) struct Desk {
    pub(super) services: Services,
    /// Made of what is entered, so that entering it again changes nothing.
    pub(super) request_id: String,
    /// When it happened.
    pub(super) occurred_at: Option<Wire>,
    what: String,
}

impl Step {
    /// `what` tells the step from all others. `act` enters what happened `on` that instant.
    pub(super) fn new<F, E>(
        on: Timestamp,
        what: impl Into<String>,
        act: impl FnOnce(Desk) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<anyhow::Error>,
    {
        let act = |desk: Desk| -> BoxFuture<'static, anyhow::Result<()>> {
            let entering = act(desk);
            Box::pin(async move { entering.await.map_err(Into::into) })
        };
        Self { on, what: what.into(), act: Box::new(act) }
    }

    pub(super) fn on(&self) -> Timestamp {
        self.on
    }

    pub(super) fn what(&self) -> &str {
        &self.what
    }

    pub(super) async fn enter(self, services: Services) -> anyhow::Result<()> {
        let occurred_at = Some(contract::field::to_wire(self.on));
        (self.act)(Desk { services, request_id: id_of(&self.what), what: self.what, occurred_at }).await
    }
}

impl Desk {
    /// Id of another request of the same step.
    pub(super) fn another(&self, part: &str) -> String {
        id_of(&format!("{}/{part}", self.what))
    }
}

/// The id of the request of a step.
pub(super) fn id_of(what: &str) -> String {
    request_id(&format!("second-year/{what}"))
}

/// An hour of a day in China.
pub(super) fn at(day: Date, hour: i8) -> Timestamp {
    tz::offset(8).to_timestamp(day.at(hour, 0, 0, 0)).unwrap_or(Timestamp::UNIX_EPOCH)
}
