//! Atomic batches, each with all of its messages or with none, one sent after the other.

use std::collections::VecDeque;
use std::time::Duration;

use async_nats::client::{Client, PublishError, PublishErrorKind};
use async_nats::header::HeaderName;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::response::Response;
use async_nats::{HeaderMap, Message, StatusCode, Subscriber};
use bytes::Bytes;
use futures::StreamExt as _;
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use super::{Reached, Refused};
use crate::event::RecordedEvent;
use crate::nats::{Away, Nats, message};

/// So many are sent before the first of them is answered.
const IN_FLIGHT_MAX: usize = 2;
/// An answer is waited for this long.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
const BATCH_ID: HeaderName = HeaderName::from_static("Nats-Batch-Id");
const BATCH_SEQUENCE: HeaderName = HeaderName::from_static("Nats-Batch-Sequence");
const BATCH_COMMIT: HeaderName = HeaderName::from_static("Nats-Batch-Commit");
const EXPECTED_LAST_SEQUENCE: HeaderName = HeaderName::from_static("Nats-Expected-Last-Sequence");

/// A batch that was sent and not answered yet.
struct Sent {
    last: Reached,
    oldest: Timestamp,
    size: usize,
    answered_by: Instant,
}

/// The batches on their way to one stream. The stream takes each only right after the one before: when one is
/// refused, so are those that were sent after it.
pub(super) struct Batches {
    client: Client,
    service: &'static str,
    inbox: async_nats::Subject,
    /// In the order of the batches.
    answers: Subscriber,
    sent: VecDeque<Sent>,
}

impl Batches {
    /// None is on its way.
    pub(super) async fn none(nats: &Nats, service: &'static str) -> Result<Self, Away> {
        let client = nats.jetstream.client();
        let inbox = async_nats::Subject::from(client.new_inbox()); // Random.
        let answers = client.subscribe(inbox.clone()).await.map_err(Away::because)?;
        Ok(Self { client, service, inbox, answers, sent: VecDeque::new() })
    }

    /// Whether none is on its way.
    pub(super) fn are_answered(&self) -> bool {
        self.sent.is_empty()
    }

    /// Whether another one may be sent.
    pub(super) fn have_room(&self) -> bool {
        self.sent.len() < IN_FLIGHT_MAX
    }

    /// When the oldest event on its way was recorded.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.sent.front().map(|sent| sent.oldest)
    }

    /// Sends `page`, which ends at `last`.
    pub(super) async fn send(&mut self, page: &[RecordedEvent], last: Reached) -> Result<(), Refused> {
        let Some(first) = page.first() else { return Ok(()) };
        let id = self.client.new_inbox(); // Random.
        let id = id.rsplit('.').next().unwrap_or(&id);
        for (event, sequence) in page.iter().zip(1..) {
            let mut headers = message::headers(self.service, last.epoch, event);
            headers.insert(BATCH_ID, id);
            headers.insert(BATCH_SEQUENCE, sequence.to_string());
            if sequence == 1 {
                headers.insert(EXPECTED_LAST_SEQUENCE, (event.position - 1).to_string());
            }
            let sent = self.publish(event, headers, sequence == page.len()).await;
            sent.map_err(|error| match error.kind() {
                PublishErrorKind::MaxPayloadExceeded | PublishErrorKind::InvalidSubject => {
                    let (position, size) = (event.position, event.payload.len());
                    Refused::Never(format!("event {position} of {size} bytes cannot be published: {error}"))
                }
                PublishErrorKind::Send => Refused::Unclear(error.to_string()),
            })?;
        }
        let (oldest, size) = (first.recorded_at, page.len());
        let answered_by = Instant::now() + ANSWER_TIMEOUT;
        self.sent.push_back(Sent { last, oldest, size, answered_by });
        Ok(())
    }

    /// The last message of a batch commits it, and is answered.
    async fn publish(
        &self,
        event: &RecordedEvent,
        mut headers: HeaderMap,
        is_last: bool,
    ) -> Result<(), PublishError> {
        let (client, subject) = (&self.client, message::subject(self.service, event));
        let payload = Bytes::copy_from_slice(&event.payload);
        if is_last {
            headers.insert(BATCH_COMMIT, "1");
            client.publish_with_reply_and_headers(subject, self.inbox.clone(), headers, payload).await
        } else {
            client.publish_with_headers(subject, headers, payload).await
        }
    }

    /// Waits until the stream has the oldest one; gives where that ends. For ever if there is none. Safe to cancel.
    pub(super) async fn answer(&mut self) -> Result<Reached, Refused> {
        let Some(Sent { last, size, answered_by, .. }) = self.sent.front() else {
            return std::future::pending().await;
        };
        let unclear = |what: &str| Refused::Unclear(what.to_owned());
        let answer = timeout_at(*answered_by, self.answers.next()).await;
        let answer = answer.map_err(|_| unclear("no answer came in time"))?;
        let answer = answer.ok_or_else(|| unclear("no answer comes any more"))?;
        is_published(&answer, last.position, *size)?;
        let last = *last;
        self.sent.pop_front();
        Ok(last)
    }
}

/// Whether an answer says that the stream has a batch of `size` messages, which ends at `position`.
fn is_published(answer: &Message, position: u64, size: usize) -> Result<(), Refused> {
    if answer.status == Some(StatusCode::NO_RESPONDERS) {
        return Err(Refused::Unclear("nobody has the stream".to_owned()));
    }
    match serde_json::from_slice::<Response<PublishAck>>(&answer.payload) {
        Ok(Response::Ok(ack)) if ack.sequence == position => Ok(()),
        Ok(Response::Ok(ack)) => {
            Err(Refused::Unclear(format!("it says that {position} is {}", ack.sequence)))
        }
        Ok(Response::Err { error }) if error.error_code() == ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM => {
            let what = format!("a batch of {size} events up to {position} cannot be published: {error}");
            Err(Refused::Never(what))
        }
        Ok(Response::Err { error }) => Err(Refused::Unclear(error.to_string())),
        Err(error) => Err(Refused::Unclear(format!("its answer cannot be read: {error}"))),
    }
}
