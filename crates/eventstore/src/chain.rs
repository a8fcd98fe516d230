//! The hash chain: each event's hash covers its predecessor's hash and every byte of its own.

use sha2::{Digest as _, Sha256};

use crate::event::RecordedEvent;

/// The hash before the first event.
pub const GENESIS: [u8; 32] = [0; 32];

/// The hash that `event` must carry after an event whose hash is `previous`. Every field counts, each with
/// its length, so that no byte can move from one field to the next.
pub fn hash(previous: &[u8; 32], event: &RecordedEvent) -> [u8; 32] {
    let mut sha = Sha256::new();
    sha.update(previous);
    for number in [event.position, event.stream_version] {
        sha.update(number.to_be_bytes());
    }
    for instant in [event.occurred_at, event.recorded_at] {
        sha.update(instant.as_microsecond().to_be_bytes());
    }
    for id in [event.event_id, event.correlation_id, event.causation_id] {
        sha.update(id.as_bytes());
    }
    let texts = [
        event.stream.as_str(),
        &event.event_type,
        &event.actor,
        &event.jurisdiction,
        &event.unit,
        &event.traceparent,
    ];
    for bytes in texts.map(str::as_bytes).into_iter().chain([&*event.payload]) {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        sha.update(length.to_be_bytes());
        sha.update(bytes);
    }
    sha.finalize().into()
}
