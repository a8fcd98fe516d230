//! A page of events as one value: sqlx copies each value of each row, which costs more than reading it does. Each
//! column stands as its length in bytes, a colon, and itself.

use crate::event::RecordedEvent;
use crate::row::{self, EVENT_COLUMNS, Row};
use crate::store::StoreError;

const COLUMNS: usize = 15;

/// Selects the events of a FROM clause, in its order, as one value; NULL: none.
pub(super) fn select(from: &str) -> String {
    let columns: Vec<_> =
        EVENT_COLUMNS.split(", ").map(|column| format!("octet_length({column}), ':', {column}")).collect();
    format!(
        "SELECT CAST(group_concat(event, '') AS BLOB) FROM (SELECT concat({}) AS event FROM {from})",
        columns.join(", ")
    )
}

/// The events of such a value.
pub(super) fn events(page: &[u8], from_position: u64) -> Result<Vec<RecordedEvent>, StoreError> {
    let (mut rest, mut events) = (page, Vec::new());
    while !rest.is_empty() {
        let row = Packed::take(&mut rest).ok_or_else(|| StoreError::Corrupt {
            position: from_position,
            what: "a page of events is cut short".to_owned(),
        })?;
        events.push(row::event(&row, from_position)?);
    }
    Ok(events)
}

/// A row's columns.
struct Packed<'a>([&'a [u8]; COLUMNS]);

impl<'a> Packed<'a> {
    fn take(rest: &mut &'a [u8]) -> Option<Self> {
        let mut columns: [&[u8]; COLUMNS] = [&[]; COLUMNS];
        for column in &mut columns {
            let colon = rest.iter().position(|byte| *byte == b':')?;
            let length = str::from_utf8(&rest[..colon]).ok()?.parse().ok()?;
            (*column, *rest) = rest[colon + 1..].split_at_checked(length)?;
        }
        Some(Self(columns))
    }
}

impl Row for Packed<'_> {
    fn integer(&self, column: usize) -> Result<i64, String> {
        let text = str::from_utf8(self.0[column]).map_err(|error| error.to_string())?;
        text.parse().map_err(|error| format!("`{text}` is no number: {error}"))
    }

    fn text(&self, column: usize) -> Result<String, String> {
        str::from_utf8(self.0[column]).map(str::to_owned).map_err(|error| error.to_string())
    }

    fn bytes(&self, column: usize) -> Result<Vec<u8>, String> {
        Ok(self.0[column].to_vec())
    }
}
