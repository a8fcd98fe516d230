//! One atomic batch: all of its messages, or none.

use async_nats::HeaderMap;
use async_nats::client::{PublishErrorKind, Request, RequestErrorKind};
use async_nats::header::HeaderName;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::response::Response;
use bytes::Bytes;
use uuid::Uuid;

use super::Published;
use crate::event::RecordedEvent;
use crate::nats::{Nats, message};

const BATCH_ID: HeaderName = HeaderName::from_static("Nats-Batch-Id");
const BATCH_SEQUENCE: HeaderName = HeaderName::from_static("Nats-Batch-Sequence");
const BATCH_COMMIT: HeaderName = HeaderName::from_static("Nats-Batch-Commit");
const EXPECTED_LAST_SEQUENCE: HeaderName = HeaderName::from_static("Nats-Expected-Last-Sequence");

/// Publishes `page` after the event before it, and waits until the stream has it.
pub(super) async fn publish(nats: &Nats, service: &str, epoch: Uuid, page: &[RecordedEvent]) -> Published {
    let client = nats.jetstream.client();
    let Some((last, others)) = page.split_last() else { return Published::Yes };
    let inbox = client.new_inbox(); // Random.
    let batch = inbox.rsplit('.').next().unwrap_or(&inbox);
    for (i, event) in others.iter().enumerate() {
        let headers = headers(service, epoch, event, batch, i + 1);
        let subject = message::subject(service, event);
        let sent =
            client.publish_with_headers(subject, headers, Bytes::copy_from_slice(&event.payload)).await;
        match sent.map_err(|error| (error.kind(), error)) {
            Ok(()) => {}
            Err((PublishErrorKind::MaxPayloadExceeded | PublishErrorKind::InvalidSubject, error)) => {
                return never(event, &error);
            }
            Err((PublishErrorKind::Send, error)) => return Published::Unclear(error.to_string()),
        }
    }
    let mut headers = headers(service, epoch, last, batch, page.len());
    headers.insert(BATCH_COMMIT, "1");
    let request = Request::new().headers(headers).payload(Bytes::copy_from_slice(&last.payload));
    let answer = match client.send_request(message::subject(service, last), request).await {
        Ok(answer) => answer,
        Err(error) if error.kind() == RequestErrorKind::MaxPayloadExceeded => return never(last, &error),
        Err(error) => return Published::Unclear(error.to_string()),
    };
    match serde_json::from_slice::<Response<PublishAck>>(&answer.payload) {
        Ok(Response::Ok(ack)) if ack.sequence == last.position => Published::Yes,
        Ok(Response::Ok(ack)) => {
            Published::Unclear(format!("it says that {} is {}", last.position, ack.sequence))
        }
        Ok(Response::Err { error }) if error.error_code() == ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM => {
            never(last, &error)
        }
        Ok(Response::Err { error }) => Published::Unclear(error.to_string()),
        Err(error) => Published::Unclear(format!("its answer cannot be read: {error}")),
    }
}

fn headers(service: &str, epoch: Uuid, event: &RecordedEvent, batch: &str, sequence: usize) -> HeaderMap {
    let mut headers = message::headers(service, epoch, event);
    headers.insert(BATCH_ID, batch);
    headers.insert(BATCH_SEQUENCE, sequence.to_string());
    if sequence == 1 {
        headers.insert(EXPECTED_LAST_SEQUENCE, (event.position - 1).to_string());
    }
    headers
}

fn never(event: &RecordedEvent, error: &dyn std::error::Error) -> Published {
    Published::Never(format!(
        "event {} of {} bytes cannot be published: {error}",
        event.position,
        event.payload.len()
    ))
}
