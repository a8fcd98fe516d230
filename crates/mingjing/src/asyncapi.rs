//! What is published, as an `AsyncAPI` 3 document: made from the descriptors of the contract and the settings that
//! the streams are made with, so that it cannot say anything else.

use contract::descriptors;
use contract::token::SERVICES;
use eventstore::nats::{jetstream, message};
use prost_reflect::MessageDescriptor;
use serde_json::{Map, Value, json};

use crate::reactions;

/// The headers of every message, each with what it holds and whether it may be absent.
const HEADERS: [(&str, &str, bool); 21] = [
    ("ce-specversion", "1.0", false),
    ("ce-id", "The event's id, a UUID version 7.", false),
    ("ce-source", "/mingjing/ and the service.", false),
    ("ce-type", "Full name of the payload's message.", false),
    ("ce-time", "When it happened, RFC 3339.", false),
    ("ce-subject", "The event stream that it belongs to, percent-encoded.", false),
    ("ce-dataschema", "urn:protobuf: and the full name of the payload's message.", false),
    ("ce-datacontenttype", "application/protobuf", false),
    ("content-type", "application/protobuf", false),
    ("ce-sequence", "Position in the service's log: 1, 2, 3 …; equal to the sequence in the stream.", false),
    ("ce-partitionkey", "The jurisdiction that it belongs to.", false),
    ("ce-unit", "The unit that it is about; absent where it is of no unit.", true),
    ("ce-streamversion", "Place in its event stream: 1, 2, 3 …", false),
    ("ce-recordedtime", "When it was recorded, RFC 3339; never decreases.", false),
    ("ce-actor", "Who acted: a reference, percent-encoded, never personal data.", false),
    ("ce-correlationid", "UUID that all events of one conversation share.", false),
    ("ce-causationid", "UUID of the request or event that caused it.", false),
    ("ce-chainhash", "SHA-256 over the predecessor's and every field, in hexadecimal digits.", false),
    ("ce-epoch", "UUID of the log that it was published from; another one means another log.", false),
    ("traceparent", "W3C trace context.", true),
    ("tracestate", "W3C trace context.", true),
];

/// The document.
pub fn document() -> Value {
    let mut channels = Map::new();
    let mut operations = Map::new();
    let mut messages = Map::new();
    for event in descriptors::events() {
        let Some(service) = service(&event).filter(|service| SERVICES.contains(service)) else { continue };
        let (name, id) = (event.name(), format!("{service}.{}", event.name()));
        channels.insert(id.clone(), channel(service, name, &id));
        operations.insert(
            id.clone(),
            json!({
                "action": "send",
                "channel": { "$ref": format!("#/channels/{id}") },
                "summary": format!("The relay of {service} publishes each {name} of its log."),
            }),
        );
        messages.insert(id, described(&event));
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Mingjing: the events of its services",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Facts of training, complaints, evaluation and accountability, as they stand in their \
                logs, over NATS JetStream. A message's sequence in its stream is the event's position in the log, \
                so a subscriber can tell whether it missed one. CloudEvents 1.0 in binary mode; no personal data.",
            "license": { "name": "Apache-2.0" },
        },
        "defaultContentType": "application/protobuf",
        "servers": { "nats": { "host": "localhost:4222", "protocol": "nats" } },
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "messageTraits": { "event": { "headers": headers(), "contentType": "application/protobuf" } },
        },
        "x-streams": SERVICES.map(stream),
    })
}

fn service(event: &MessageDescriptor) -> Option<&'static str> {
    let context = event.package_name().split('.').nth(1)?.to_owned();
    SERVICES.into_iter().find(|service| *service == context)
}

fn channel(service: &str, name: &str, id: &str) -> Value {
    let event_type = message::snake_case(name);
    json!({
        "address": format!("mj.{service}.{{jurisdiction}}.{{unit}}.{event_type}"),
        "messages": { name: { "$ref": format!("#/components/messages/{id}") } },
        "servers": [{ "$ref": "#/servers/nats" }],
        "parameters": {
            "jurisdiction": { "description": "Id of the jurisdiction that the event belongs to." },
            "unit": { "description": "Id of the unit that it is about; `_` where it is of no unit." },
        },
        "x-jetstream-stream": jetstream::name(service),
    })
}

fn described(event: &MessageDescriptor) -> Value {
    let file = event.parent_file();
    let schema = format!("{file}#{name}", file = file.name(), name = event.full_name());
    json!({
        "name": event.full_name(),
        "title": event.name(),
        "description": comment(event),
        "traits": [{ "$ref": "#/components/messageTraits/event" }],
        "payload": {
            "schemaFormat": "application/vnd.google.protobuf;version=3",
            "schema": schema,
        },
        "x-protobuf-message": event.full_name(),
        "x-protobuf-file": file.name(),
        "x-protobuf-fields": event.fields().map(|field| field.name().to_owned()).collect::<Vec<_>>(),
    })
}

/// What the contract says of an event.
fn comment(event: &MessageDescriptor) -> String {
    let file = event.parent_file();
    let source = file.file_descriptor_proto().source_code_info.clone().unwrap_or_default();
    let location = source.location.into_iter().find(|location| location.path == event.path());
    location.and_then(|location| location.leading_comments).unwrap_or_default().trim().to_owned()
}

fn headers() -> Value {
    let properties: Map<_, _> = HEADERS
        .iter()
        .map(|(name, what, _)| ((*name).to_owned(), json!({ "type": "string", "description": what })))
        .collect();
    let required: Vec<_> =
        HEADERS.iter().filter(|(_, _, absent)| !absent).map(|(name, _, _)| *name).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

/// A stream with the settings that it is made with, and who consumes it durably.
fn stream(service: &str) -> Value {
    let settings = jetstream::settings(service, uuid::Uuid::nil(), 1);
    // Who reacts to its own log does not read it here.
    let consumers = reactions::all().into_iter().map(|drawn| drawn.consumer);
    let consumers = consumers.filter(|name| name.ends_with(&format!("-from-{service}")));
    let consumers: Vec<_> = consumers.collect();
    json!({
        "name": settings.name,
        "subjects": settings.subjects,
        "description": settings.description,
        "retention": "limits, without a limit: everything from the first event on",
        "deny_delete": settings.deny_delete,
        "deny_purge": settings.deny_purge,
        "allow_atomic_publish": settings.allow_atomic_publish,
        "durable_consumers": consumers,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use eventstore::{RecordedEvent, StreamId};
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_event_has_a_channel_and_says_what_it_is() {
        let document = document();
        let channels = document["channels"].as_object().unwrap();
        assert_eq!(channels.len(), descriptors::events().count());
        let overdue = &channels["complaints.ComplaintOverdue"];
        assert_eq!(overdue["address"], "mj.complaints.{jurisdiction}.{unit}.complaint_overdue");
        for (id, message) in document["components"]["messages"].as_object().unwrap() {
            assert_ne!(message["description"], "", "{id}");
        }
    }

    #[test]
    fn the_headers_are_those_that_a_message_has() {
        let event = RecordedEvent {
            position: 1,
            stream: StreamId::new("mark", "a"),
            stream_version: 1,
            event_id: Uuid::nil(),
            event_type: "mingjing.evaluation.v1.MarkRecorded".to_owned(),
            occurred_at: Timestamp::UNIX_EPOCH,
            recorded_at: Timestamp::UNIX_EPOCH,
            actor: "clerk".to_owned(),
            correlation_id: Uuid::nil(),
            causation_id: Uuid::nil(),
            jurisdiction: "city".to_owned(),
            unit: "north".to_owned(),
            traceparent: "parent state".to_owned(),
            payload: vec![],
            chain_hash: [0; 32],
        };
        let names = |event: &RecordedEvent| -> BTreeSet<String> {
            message::headers("evaluation", Uuid::nil(), event)
                .iter()
                .map(|(name, _)| name.to_string())
                .collect()
        };
        let listed = HEADERS.iter().map(|(name, _, _)| (*name).to_owned()).collect();
        assert_eq!(names(&event), listed);
        let bare = RecordedEvent { unit: String::new(), traceparent: String::new(), ..event };
        let required = HEADERS.iter().filter(|(_, _, absent)| !absent).map(|(name, _, _)| (*name).to_owned());
        assert_eq!(names(&bare), required.collect());
    }
}
