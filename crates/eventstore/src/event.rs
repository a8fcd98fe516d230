//! An event before and after it is recorded.

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

/// The name of a stream, `category-key`: the category in singular snake case, the key of ids joined by `/`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(String);

impl StreamId {
    /// The stream of `key` in `category`.
    pub fn new(category: &str, key: &str) -> Self {
        Self(format!("{category}-{key}"))
    }

    /// A stream by its whole name, as the log has it.
    pub fn from_log(name: String) -> Self {
        Self(name)
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the first hyphen.
    pub fn category(&self) -> &str {
        self.0.split_once('-').map_or(&*self.0, |(category, _)| category)
    }

    /// What stands after the first hyphen.
    pub fn key(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, key)| key)
    }

    /// The stream of the same key in another category.
    #[must_use]
    pub fn in_category(&self, category: &str) -> Self {
        Self::new(category, self.key())
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a call says about the events that it causes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Who acts.
    pub actor: String,
    /// The jurisdiction that the events belong to.
    pub jurisdiction: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What all events of one conversation share.
    pub correlation_id: Uuid,
    /// The request or event that caused them.
    pub causation_id: Uuid,
    /// W3C trace context: `traceparent`, then, after a space, `tracestate` if there is one; empty: none.
    pub traceparent: String,
}

/// An event that is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Full name of the payload's message.
    pub event_type: String,
    /// Id of the unit that it is about; empty: of none.
    pub unit: String,
    /// The encoded message.
    pub payload: Vec<u8>,
}

/// An event as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Place in the log: 1, 2, 3 …
    pub position: u64,
    /// The stream that it belongs to.
    pub stream: StreamId,
    /// Place in the stream: 1, 2, 3 …
    pub stream_version: u64,
    /// Its id, a UUID version 7.
    pub event_id: Uuid,
    /// Full name of the payload's message.
    pub event_type: String,
    /// When it happened; whole microseconds.
    pub occurred_at: Timestamp,
    /// When it was recorded; whole microseconds; never decreases along the log.
    pub recorded_at: Timestamp,
    /// Who acted.
    pub actor: String,
    /// What all events of one conversation share.
    pub correlation_id: Uuid,
    /// The request or event that caused it.
    pub causation_id: Uuid,
    /// The jurisdiction that it belongs to.
    pub jurisdiction: String,
    /// Id of the unit that it is about; empty: of none.
    pub unit: String,
    /// W3C trace context: `traceparent`, then, after a space, `tracestate` if there is one; empty: none.
    pub traceparent: String,
    /// The encoded message.
    pub payload: Vec<u8>,
    /// SHA-256 over the predecessor's chain hash and every field above.
    pub chain_hash: [u8; 32],
}

/// The events of one kind of stream, or those that a reader looks at. Made by [`events!`](crate::events).
pub trait EventSet: Clone + Send + Sync + Sized + 'static {
    /// Full name of the message, e.g. `mingjing.evaluation.v1.MarkRecorded`.
    fn event_type(&self) -> String;

    /// The message's bytes.
    fn encode(&self) -> Vec<u8>;

    /// The event of this type; `None` if the set has no such type.
    fn decode(event_type: &str, payload: &[u8]) -> Result<Option<Self>, prost::DecodeError>;
}

/// Declares an enum of event messages, each variant named after the message that it holds. The messages must
/// be in scope.
#[macro_export]
macro_rules! events {
    ($(#[$doc:meta])* $visibility:vis enum $name:ident { $($message:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[expect(missing_docs, reason = "each variant is the contract's message of that name")]
        $visibility enum $name { $($message($message)),+ }

        impl $crate::EventSet for $name {
            fn event_type(&self) -> String {
                match self { $(Self::$message(_) => <$message as $crate::event::prost::Name>::full_name()),+ }
            }

            fn encode(&self) -> Vec<u8> {
                match self { $(Self::$message(message) => $crate::event::prost::Message::encode_to_vec(message)),+ }
            }

            fn decode(event_type: &str, payload: &[u8]) -> Result<Option<Self>, $crate::event::prost::DecodeError> {
                $(
                    if $crate::event::is_named::<$message>(event_type) {
                        let message = <$message as $crate::event::prost::Message>::decode(payload)?;
                        return Ok(Some(Self::$message(message)));
                    }
                )+
                Ok(None)
            }
        }

        $(
            impl From<$message> for $name {
                fn from(message: $message) -> Self {
                    Self::$message(message)
                }
            }
        )+
    };
}

#[doc(hidden)]
pub use prost;

/// Whether this is the full name of the message.
pub fn is_named<M: prost::Name>(event_type: &str) -> bool {
    // Most others are told apart by their length.
    event_type.len() == M::PACKAGE.len() + 1 + M::NAME.len()
        && event_type.strip_suffix(M::NAME).and_then(|rest| rest.strip_suffix('.')) == Some(M::PACKAGE)
}
