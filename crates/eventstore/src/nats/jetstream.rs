//! The JetStream stream of a service: its name, its settings, made where it is missing and checked where it is.

use std::collections::HashMap;
use std::fmt::Debug;
use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream};
use uuid::Uuid;

use super::message::{self, Received};
use super::{Away, Nats};

/// Metadata of a stream: the store epoch of the log that it is published from.
const EPOCH: &str = "mingjing-epoch";

/// The name of the stream of `service`, e.g. `MINGJING_EVALUATION`.
pub fn name(service: &str) -> String {
    format!("MINGJING_{}", service.to_ascii_uppercase())
}

/// The subjects of the stream of `service`.
pub fn subjects(service: &str) -> String {
    format!("mj.{service}.>")
}

/// The settings that a stream is made with, and must have.
pub fn settings(service: &str, epoch: Uuid, replicas: usize) -> Config {
    Config {
        name: name(service),
        description: Some(format!("The events of {service}, in the order of its log: sequence = position.")),
        subjects: vec![subjects(service)],
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        storage: StorageType::File,
        num_replicas: replicas,
        max_messages: -1,
        max_bytes: -1,
        max_messages_per_subject: -1,
        max_message_size: -1,
        max_age: Duration::ZERO,
        deny_delete: true,
        deny_purge: true,
        allow_rollup: false,
        allow_atomic_publish: true,
        first_sequence: Some(1),
        metadata: HashMap::from([(EPOCH.to_owned(), epoch.to_string())]),
        ..Config::default()
    }
}

/// The first setting of `found` that is not as `wanted`, in words.
pub(crate) fn mismatch(wanted: &Config, found: &Config) -> Option<String> {
    fn differ<T: PartialEq + Debug>(setting: &str, wanted: &T, found: &T) -> Option<String> {
        (wanted != found).then(|| format!("its setting `{setting}` is {found:?}, not {wanted:?}"))
    }
    let borrowed = |config: &Config| {
        config.mirror.is_some() || config.sources.as_ref().is_some_and(|sources| !sources.is_empty())
    };
    differ("subjects", &wanted.subjects, &found.subjects)
        .or_else(|| differ("retention", &wanted.retention, &found.retention))
        .or_else(|| differ("storage", &wanted.storage, &found.storage))
        .or_else(|| differ("num_replicas", &wanted.num_replicas, &found.num_replicas))
        .or_else(|| differ("max_msgs", &wanted.max_messages, &found.max_messages))
        .or_else(|| differ("max_bytes", &wanted.max_bytes, &found.max_bytes))
        .or_else(|| differ("max_age", &wanted.max_age, &found.max_age))
        .or_else(|| {
            differ("max_msgs_per_subject", &wanted.max_messages_per_subject, &found.max_messages_per_subject)
        })
        .or_else(|| differ("max_msg_size", &wanted.max_message_size, &found.max_message_size))
        .or_else(|| differ("deny_delete", &wanted.deny_delete, &found.deny_delete))
        .or_else(|| differ("deny_purge", &wanted.deny_purge, &found.deny_purge))
        .or_else(|| differ("allow_rollup_hdrs", &wanted.allow_rollup, &found.allow_rollup))
        .or_else(|| differ("allow_atomic", &wanted.allow_atomic_publish, &found.allow_atomic_publish))
        .or_else(|| differ("no_ack", &wanted.no_ack, &found.no_ack))
        .or_else(|| differ("sealed", &wanted.sealed, &found.sealed))
        .or_else(|| differ("mirror or sources", &borrowed(wanted), &borrowed(found)))
        .or_else(|| {
            let wanted = &wanted.metadata[EPOCH];
            let found = found.metadata.get(EPOCH).map_or("none", String::as_str);
            let what =
                || format!("it was published from another log: its store epoch is {found}, not {wanted}");
            (wanted != found).then(what)
        })
}

/// The store epoch of the log that a stream was published from.
pub(crate) fn epoch(config: &Config) -> Option<Uuid> {
    config.metadata.get(EPOCH)?.parse().ok()
}

/// The stream of `service`, if there is one.
pub(crate) async fn find(nats: &Nats, service: &str) -> Result<Option<Stream>, Away> {
    match nats.jetstream.get_stream(name(service)).await {
        Ok(stream) => Ok(Some(stream)),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                Ok(None)
            }
            GetStreamErrorKind::JetStream(_)
            | GetStreamErrorKind::Request
            | GetStreamErrorKind::EmptyName
            | GetStreamErrorKind::InvalidStreamName => Err(Away::because(error)),
        },
    }
}

/// Deletes the stream of `service`, which its relay makes again from the log; whether there was one.
pub async fn withdraw(nats: &Nats, service: &str) -> Result<bool, Away> {
    if find(nats, service).await?.is_none() {
        return Ok(false);
    }
    nats.jetstream.delete_stream(name(service)).await.map_err(Away::because)?;
    Ok(true)
}

/// Where a stream ends; `Ok(Err(…))`: its last message cannot be read as an event.
pub(crate) async fn last(stream: &Stream) -> Result<Option<Result<Received, String>>, Away> {
    let state = &stream.cached_info().state;
    if state.messages == 0 {
        return Ok(None);
    }
    let message = stream.get_raw_message(state.last_sequence).await.map_err(Away::because)?;
    let received = message::read(&message.headers, &message.payload).and_then(|received| {
        let (sequence, position) = (message.sequence, received.event.position);
        if sequence == position {
            return Ok(received);
        }
        Err(format!("its sequence {sequence} is not its position {position}"))
    });
    Ok(Some(received))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut Config);

    #[test]
    fn a_setting_that_is_not_as_it_must_be_is_named() {
        let wanted = || settings("evaluation", Uuid::nil(), 1);
        assert_eq!(mismatch(&wanted(), &wanted()), None);
        let changes: [(&str, Change); 6] = [
            ("subjects", |config| config.subjects.push("mj.other.>".to_owned())),
            ("max_age", |config| config.max_age = Duration::from_hours(1)),
            ("deny_delete", |config| config.deny_delete = false),
            ("allow_atomic", |config| config.allow_atomic_publish = false),
            ("num_replicas", |config| config.num_replicas = 3),
            ("epoch", |config| config.metadata.clear()),
        ];
        for (setting, change) in changes {
            let mut found = wanted();
            change(&mut found);
            let what = mismatch(&wanted(), &found).unwrap();
            assert!(what.contains(setting), "{what}");
        }
    }
}
