//! Messages of the contract as JSON, by their descriptors.

use contract::descriptors;
use contract::words::RecordedEvent;
use prost::{Message, Name};
use prost_reflect::{DynamicMessage, SerializeOptions};
use serde_json::{Value, json};

/// A message as JSON: names as in the proto, decimals as the strings they are, nothing left out.
pub fn message<M: Message + Name>(message: &M) -> Value {
    descriptors::decode(&M::full_name(), &message.encode_to_vec())
        .map_or(Value::Null, |decoded| dynamic(&decoded))
}

/// A recorded event as JSON, its payload decoded.
pub fn event(event: &RecordedEvent) -> Value {
    let mut shown = message(event);
    let payload = descriptors::decode(&event.event_type, &event.payload);
    if let (Some(fields), Some(payload)) = (shown.as_object_mut(), payload) {
        fields.insert("payload".to_owned(), dynamic(&payload));
        fields.insert("chain_hash".to_owned(), json!(hex::encode(&event.chain_hash)));
    }
    shown
}

fn dynamic(message: &DynamicMessage) -> Value {
    let options = SerializeOptions::new().use_proto_field_name(true).stringify_64_bit_integers(false);
    let options = options.skip_default_fields(false);
    message.serialize_with_options(serde_json::value::Serializer, &options).unwrap_or(Value::Null)
}
