//! Fields of requests, parsed once at the rim: a bad one is refused by its name.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz;
use rust_decimal::Decimal;
use uuid::Uuid;

/// A field of a request that does not parse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct BadField {
    field: String,
    message: String,
}

impl BadField {
    /// `field` as the request's proto names it; `message` says what it must be.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    /// The field, as the request's proto names it.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// What it must be.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same fault, of row `row` of the repeated field `rows`.
    #[must_use]
    pub fn in_row(mut self, rows: &str, row: usize) -> Self {
        self.field = format!("{rows}[{row}].{}", self.field);
        self
    }
}

/// An id within a resource name: 1 to 63 lower-case letters, digits and inner hyphens.
pub fn id(field: &'static str, value: &str) -> Result<String, BadField> {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let good = (1..=63).contains(&value.len())
        && value.bytes().all(inner)
        && !value.starts_with('-')
        && !value.ends_with('-');
    if good {
        return Ok(value.to_owned());
    }
    Err(BadField::new(field, "ids are 1 to 63 lower-case letters, digits and inner hyphens"))
}

/// A request id: a UUID that is not nil.
pub fn request_id(value: &str) -> Result<Uuid, BadField> {
    match Uuid::try_parse(value) {
        Ok(id) if !id.is_nil() => Ok(id),
        _ => Err(BadField::new("request_id", "must be a UUID; the same one repeats the same request")),
    }
}

/// A text of 1 to `length_max` characters, without control characters other than line breaks and tabs.
pub fn text(field: &'static str, value: &str, length_max: usize) -> Result<String, BadField> {
    if value.trim().is_empty() {
        return Err(BadField::new(field, "must not be empty"));
    }
    optional_text(field, value, length_max)
}

/// As [`text`], but may be empty.
pub fn optional_text(field: &'static str, value: &str, length_max: usize) -> Result<String, BadField> {
    if value.chars().count() > length_max {
        return Err(BadField::new(field, format!("must be at most {length_max} characters")));
    }
    if value.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t')) {
        return Err(BadField::new(field, "must not contain control characters"));
    }
    Ok(value.to_owned())
}

/// An exact decimal: digits with at most one point, an optional leading minus, no exponent; at most
/// `places_max` digits after the point and 12 before it.
pub fn decimal(field: &'static str, value: &str, places_max: usize) -> Result<Decimal, BadField> {
    let bad =
        || BadField::new(field, format!("must be a decimal such as \"26.40\", at most {places_max} places"));
    let digits = value.strip_prefix('-').unwrap_or(value);
    let (whole, places) = digits.split_once('.').unwrap_or((digits, "0"));
    let good = |part: &str, length_max: usize| {
        (1..=length_max).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !good(whole, 12) || !good(places, places_max.max(1)) {
        return Err(bad());
    }
    let parsed: Decimal = value.parse().map_err(|_| bad())?;
    Ok(if parsed.is_zero() { Decimal::ZERO } else { parsed })
}

/// A day, `YYYY-MM-DD`.
pub fn date(field: &'static str, value: &str) -> Result<Date, BadField> {
    let shaped = value.len() == 10 && value.is_ascii();
    let parsed = shaped.then(|| value.parse().ok()).flatten();
    parsed.ok_or_else(|| BadField::new(field, "must be a day such as \"2024-12-31\""))
}

/// The day on which an instant falls in China, whose one time (UTC+8, no summer time) all jurisdictions keep.
pub fn day_of(instant: Timestamp) -> Date {
    tz::offset(8).to_datetime(instant).date()
}

/// Refuses what belongs to another jurisdiction than the rest of the request.
pub fn same_jurisdiction(field: &'static str, found: &str, wanted: &str) -> Result<(), BadField> {
    if found == wanted {
        return Ok(());
    }
    Err(BadField::new(field, format!("must belong to jurisdiction \"{wanted}\"")))
}

/// The stream version that a client read, from an etag; empty: `None`.
pub fn etag(value: &str) -> Result<Option<u64>, BadField> {
    if value.is_empty() {
        return Ok(None);
    }
    let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let version = quoted.and_then(|version| version.parse().ok());
    version.map(Some).ok_or_else(|| BadField::new("etag", "must be an etag as it was read"))
}

/// An instant of the wire, to the microsecond, as the log keeps instants: one that is finer here than there would
/// never be the same again.
pub fn instant(field: &'static str, value: prost_types::Timestamp) -> Result<Timestamp, BadField> {
    let bad = || BadField::new(field, "must be an instant between the years 1 and 9999");
    if !(0..1_000_000_000).contains(&value.nanos) {
        return Err(bad());
    }
    Timestamp::new(value.seconds, value.nanos - value.nanos % 1000).map_err(|_| bad())
}

/// When a command's fact happened: `now` if the field is absent; refused if it is after `now`.
pub fn occurred_at(value: Option<prost_types::Timestamp>, now: Timestamp) -> Result<Timestamp, BadField> {
    let Some(value) = value else { return Ok(now) };
    let occurred_at = instant("occurred_at", value)?;
    if occurred_at > now {
        return Err(BadField::new("occurred_at", "must not be in the future"));
    }
    Ok(occurred_at)
}

/// An instant for the wire.
pub fn to_wire(instant: Timestamp) -> prost_types::Timestamp {
    // jiff allows negative sub-second parts before 1970; the wire does not.
    let (seconds, nanos) = (instant.as_second(), instant.subsec_nanosecond());
    if nanos < 0 {
        return prost_types::Timestamp { seconds: seconds - 1, nanos: nanos + 1_000_000_000 };
    }
    prost_types::Timestamp { seconds, nanos }
}

/// An enum of the wire that must be said: neither zero (not said) nor unknown.
pub fn enumeration<E: TryFrom<i32> + Copy + Into<i32>>(
    field: &'static str,
    value: i32,
) -> Result<E, BadField> {
    match E::try_from(value) {
        Ok(known) if value != 0 => Ok(known),
        _ => Err(BadField::new(field, "must be one of the named values")),
    }
}

/// A page size: 1 to `page_size_max`; 0 means 100, more means `page_size_max`.
pub fn page_size(value: u32, page_size_max: usize) -> usize {
    match usize::try_from(value) {
        Ok(0) => 100.min(page_size_max),
        Ok(size) => size.min(page_size_max),
        Err(_) => page_size_max,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_and_plain() {
        for (text, places) in [("26.40", 2), ("-3", 2), ("0", 0), ("0.123456789", 9)] {
            assert_eq!(decimal("points", text, places).unwrap(), text.parse().unwrap());
        }
        for text in ["", "-", ".5", "5.", "1e3", "+1", "1_000", "1.234", "NaN", "1.2.3", " 1", "--1", "１"] {
            assert!(decimal("points", text, 2).is_err(), "{text}");
        }
        assert!(decimal("points", "9999999999999", 2).is_err());
        assert!(!decimal("points", "-0", 2).unwrap().is_sign_negative());
    }

    #[test]
    fn ids_are_fit_for_names_streams_and_subjects() {
        assert!(id("unit_id", "traffic-police").is_ok());
        for bad in ["", "-a", "a-", "A", "a.b", "a b", "a/b", &"a".repeat(64)] {
            assert!(id("unit_id", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn instants_survive_the_wire_to_the_microsecond() {
        for (nanosecond, kept) in [
            (0_i128, 0_i128),
            (1, 0),
            (-1, -1_000),
            (1_700_000_000_123_456_789, 1_700_000_000_123_456_000),
            (-1_500_000_001, -1_500_001_000),
        ] {
            let sent = to_wire(Timestamp::from_nanosecond(nanosecond).unwrap());
            assert_eq!(instant("at", sent).unwrap(), Timestamp::from_nanosecond(kept).unwrap());
        }
        let odd = prost_types::Timestamp { seconds: i64::MAX, nanos: 0 };
        assert!(instant("at", odd).is_err());
        assert!(instant("at", prost_types::Timestamp { seconds: 0, nanos: -5 }).is_err());
    }

    #[test]
    fn the_future_has_not_happened() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(occurred_at(None, now).unwrap(), now);
        let later = prost_types::Timestamp { seconds: 1, nanos: 0 };
        assert_eq!(occurred_at(Some(later), now).unwrap_err().field(), "occurred_at");
    }
}
