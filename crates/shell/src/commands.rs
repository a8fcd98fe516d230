//! A parsed command, handled and answered: the way of every command of every context.

use contract::answer::Answer;
use contract::field::BadField;
use contract::status::{Failure, Rejection};
use contract::token;
use eventstore::handle::Decided;
use eventstore::{
    Call, Decider, EventStore, Guard, HandleError, Handled, Handler, Loaded, StoreError, StreamId,
};
use std::sync::Arc;
use tonic::{Response, Status};

/// Handles the commands of one kind of stream of one service.
pub struct Commands<D: Decider> {
    handler: Handler<D>,
    service: &'static str,
}

impl<D: Decider<Rejection: Rejection>> Commands<D> {
    /// Handles commands on the service's log.
    pub fn new(store: &EventStore) -> Self {
        Self { handler: Handler::new(store.clone()), service: store.reader().service() }
    }

    /// Handles `command` and answers it, also when it is repeated.
    pub async fn execute<A: Answer>(
        &self,
        call: &Call,
        stream: &StreamId,
        command: D::Command,
        answer: impl Fn(Decided<'_, D>) -> A,
    ) -> Result<Response<A>, Status>
    where
        D::Command: Clone,
    {
        let prepare = |_| std::future::ready(Ok((command.clone(), Vec::new())));
        self.execute_guarded(call, stream, prepare, answer).await
    }

    /// As [`Self::execute`], for a command that is decided on other streams too: `prepare` looks at them
    /// (afresh, if it is told so) and guards what it looked at.
    pub async fn execute_guarded<A: Answer, F: Future<Output = Prepared<D>>>(
        &self,
        call: &Call,
        stream: &StreamId,
        prepare: impl Fn(bool) -> F,
        answer: impl Fn(Decided<'_, D>) -> A,
    ) -> Result<Response<A>, Status> {
        let handled =
            self.handler.handle(stream, call, prepare, |decided| answer(decided).encode_to_vec()).await;
        self.respond(&handled.map_err(Failed::into_failure)?)
    }

    /// Handles a command that nobody waits to be answered: a reaction's or a timer's.
    pub async fn send<F: Future<Output = Prepared<D>>>(
        &self,
        call: &Call,
        stream: &StreamId,
        prepare: impl Fn(bool) -> F,
    ) -> Result<Handled, Failure> {
        self.handler.handle(stream, call, prepare, |_| Vec::new()).await.map_err(Failed::into_failure)
    }

    /// A stream's state; `fresh`: as the log has it, not as last known here.
    pub async fn load(&self, stream: &StreamId, fresh: bool) -> Result<Arc<Loaded<D>>, Failed> {
        self.handler.load(stream, fresh).await.map_err(|error| Failed(store_failure(&error)))
    }

    /// The states of `streams`, which are not long, as the log has them.
    pub async fn load_all(&self, streams: &[StreamId]) -> Result<Vec<Arc<Loaded<D>>>, Failed> {
        self.handler.load_all(streams).await.map_err(|error| Failed(store_failure(&error)))
    }

    fn respond<A: Answer>(&self, handled: &Handled) -> Result<Response<A>, Status> {
        let Ok(mut answer) = A::decode(handled.answer.as_slice()) else {
            tracing::error!("a stored answer at position {} cannot be read", handled.position);
            return Err(Failure::Internal.into());
        };
        let consistency_token = token::write(self.service, handled.position);
        answer.stamp(handled.position, consistency_token, contract::field::to_wire(handled.recorded_at));
        Ok(Response::new(answer))
    }
}

/// A command, with the guards of what it was decided on beside its own stream; or why it cannot be built.
pub type Prepared<D> = Result<(<D as Decider>::Command, Vec<Guard>), Failed>;

/// Why a command did nothing, ready to become a status.
#[derive(Debug)]
pub struct Failed(Failure);

impl Failed {
    /// The failure.
    pub fn into_failure(self) -> Failure {
        self.0
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

impl From<BadField> for Failed {
    fn from(bad: BadField) -> Self {
        Self(bad.into())
    }
}

impl<R: Rejection> From<HandleError<R>> for Failed {
    fn from(error: HandleError<R>) -> Self {
        Self(match error {
            HandleError::Rejected(rejection) => Failure::from(&rejection),
            HandleError::Conflict { stream, expected, actual } => {
                Failure::Conflict { stream: stream.to_string(), expected, actual }
            }
            HandleError::RequestIdReused => Failure::Refused {
                kind: contract::status::Kind::Exists,
                rule: "request_id_reused",
                message: "this request_id was used for a request with other content".to_owned(),
            },
            HandleError::QueueFull => Failure::Exhausted("too many commands are waiting; try again shortly"),
            HandleError::TooLarge { .. } => BadField::new("request", error.to_string()).into(),
            HandleError::Store(error) => store_failure(&error),
        })
    }
}

/// A store's failure as the caller sees it; logged here, once.
pub fn store_failure(error: &StoreError) -> Failure {
    tracing::error!(%error, "the log failed");
    match error {
        StoreError::Database(_) => {
            Failure::Unavailable("the service's log is away; try the same again".to_owned())
        }
        StoreError::Corrupt { .. } | StoreError::Gap { .. } => Failure::Internal,
    }
}
