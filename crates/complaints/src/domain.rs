//! The rules of the context, one file per aggregate.

pub mod calendar;
pub mod complaint;
pub mod terms;

use jiff::Timestamp;

/// The id at the end of a resource name.
fn last_id(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

/// An instant of an event: it was parsed before the event was recorded.
pub(crate) fn instant(wire: Option<contract::Timestamp>) -> Timestamp {
    let parsed = wire.and_then(|wire| contract::field::instant("event", wire).ok());
    parsed.unwrap_or_default()
}
