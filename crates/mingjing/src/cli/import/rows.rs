//! Rows of a file: a CSV with a header, or JSON objects line by line; the same fields in both.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::{Context as _, bail};
use contract::complaints::{
    Complainant, ComplaintChannel, ComplaintRow, NewComplaint, RatingRow, Satisfaction,
};
use contract::field::to_wire;
use serde_json::Value;

const COMPLAINT_FIELDS: [&str; 13] = [
    "complaint_id",
    "channel",
    "source_reference",
    "full_name",
    "telephone",
    "address",
    "identity_disclosed",
    "text",
    "unit",
    "complained_of",
    "category",
    "repeats",
    "occurred_at",
];
const RATING_FIELDS: [&str; 6] =
    ["row_id", "complaint", "rectified", "satisfaction", "statement", "occurred_at"];

/// A row as it was read.
pub(super) struct Read<R> {
    /// Line of the file, from 1.
    pub(super) line: u64,
    /// Its id; empty: it has none.
    pub(super) id: String,
    /// The row, or what is wrong with it.
    pub(super) row: Result<R, Fault>,
}

/// A field that does not parse.
pub(super) struct Fault {
    pub(super) field: String,
    pub(super) message: String,
}

/// A line and its fields by name, or why it has none.
type Fields = (u64, Result<BTreeMap<String, String>, Fault>);

/// Complaints of a file.
pub(super) fn complaints(file: &Path, jurisdiction: &str) -> anyhow::Result<Vec<Read<ComplaintRow>>> {
    let read = |fields: &BTreeMap<String, String>| complaint(fields, jurisdiction);
    Ok(typed(lines(file, &COMPLAINT_FIELDS)?, "complaint_id", read))
}

/// Complainants' words of a file.
pub(super) fn ratings(file: &Path, jurisdiction: &str) -> anyhow::Result<Vec<Read<RatingRow>>> {
    let read = |fields: &BTreeMap<String, String>| rating(fields, jurisdiction);
    Ok(typed(lines(file, &RATING_FIELDS)?, "row_id", read))
}

/// Writes a CSV.
pub(super) fn write(
    file: &Path,
    header: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_path(file).with_context(|| format!("{}", file.display()))?;
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.flush().with_context(|| format!("{}", file.display()))
}

fn typed<R>(
    lines: Vec<Fields>,
    id: &str,
    read: impl Fn(&BTreeMap<String, String>) -> Result<R, Fault>,
) -> Vec<Read<R>> {
    let typed = lines.into_iter().map(|(line, fields)| match fields {
        Ok(fields) => Read { line, id: text(&fields, id), row: read(&fields) },
        Err(fault) => Read { line, id: String::new(), row: Err(fault) },
    });
    typed.collect()
}

fn lines(file: &Path, known: &[&str]) -> anyhow::Result<Vec<Fields>> {
    let opened = File::open(file).with_context(|| format!("{}", file.display()))?;
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension {
        "csv" => csv_lines(opened, known).with_context(|| format!("{}", file.display())),
        "jsonl" => json_lines(opened, known).with_context(|| format!("{}", file.display())),
        _ => bail!("{}: must be a .csv or a .jsonl", file.display()),
    }
}

fn csv_lines(file: File, known: &[&str]) -> anyhow::Result<Vec<Fields>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let header = reader.headers()?.clone();
    if let Some(odd) = header.iter().find(|name| !known.contains(name)) {
        bail!("column `{odd}` is none of {}", known.join(", "));
    }
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                lines.push((line, Err(fault("", error.to_string()))));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let fields = if record.len() == header.len() {
            let pairs = header.iter().zip(record.iter());
            Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
        } else {
            let message = format!("must have {} columns, not {}", header.len(), record.len());
            Err(fault("", message))
        };
        lines.push((line, fields));
    }
    Ok(lines)
}

fn json_lines(file: File, known: &[&str]) -> anyhow::Result<Vec<Fields>> {
    let mut lines = Vec::new();
    for (line, text) in (1..).zip(BufReader::new(file).lines()) {
        let text = text?;
        if !text.trim().is_empty() {
            lines.push((line, json_fields(&text, known)));
        }
    }
    Ok(lines)
}

fn json_fields(text: &str, known: &[&str]) -> Result<BTreeMap<String, String>, Fault> {
    let object: serde_json::Map<String, Value> =
        serde_json::from_str(text).map_err(|error| fault("", error.to_string()))?;
    let mut fields = BTreeMap::new();
    for (name, value) in object {
        if !known.contains(&&*name) {
            return Err(fault(&name, format!("is none of {}", known.join(", "))));
        }
        let value = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Bool(said) => said.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Array(items) => {
                let items = items.iter().map(|item| item.as_str().unwrap_or_default());
                items.collect::<Vec<_>>().join(" ")
            }
            Value::Object(_) => return Err(fault(&name, "must be a text")),
        };
        fields.insert(name, value);
    }
    Ok(fields)
}

fn complaint(fields: &BTreeMap<String, String>, jurisdiction: &str) -> Result<ComplaintRow, Fault> {
    let text = |name| text(fields, name);
    let named = |collection, name| full_name(jurisdiction, collection, &text(name));
    let officers = text("complained_of");
    let complained_of = officers.split([' ', ';']).filter(|officer| !officer.is_empty());
    let channel = word(&text("channel"), ComplaintChannel::from_str_name, "COMPLAINT_CHANNEL_");
    let complaint = NewComplaint {
        channel: channel.ok_or_else(|| fault("channel", "must be a channel such as hotline"))?.into(),
        source_reference: text("source_reference"),
        complainant: Some(Complainant {
            full_name: text("full_name"),
            telephone: text("telephone"),
            address: text("address"),
        }),
        identity_disclosed: yes(fields, "identity_disclosed")?,
        text: text("text"),
        unit: named("units", "unit"),
        complained_of: complained_of.map(|id| full_name(jurisdiction, "officers", id)).collect(),
        category: text("category"),
        repeats: named("complaints", "repeats"),
        attachments: vec![],
    };
    let occurred_at = instant(fields)?;
    Ok(ComplaintRow { complaint_id: text("complaint_id"), complaint: Some(complaint), occurred_at })
}

fn rating(fields: &BTreeMap<String, String>, jurisdiction: &str) -> Result<RatingRow, Fault> {
    let text = |name| text(fields, name);
    let satisfaction = match text("satisfaction").as_str() {
        "" => Satisfaction::Unspecified,
        said => word(said, Satisfaction::from_str_name, "SATISFACTION_")
            .ok_or_else(|| fault("satisfaction", "must be a level such as very_satisfied"))?,
    };
    Ok(RatingRow {
        name: full_name(jurisdiction, "complaints", &text("complaint")),
        rectified: yes(fields, "rectified")?,
        satisfaction: satisfaction.into(),
        statement: text("statement"),
        occurred_at: instant(fields)?,
        row_id: text("row_id"),
    })
}

fn text(fields: &BTreeMap<String, String>, name: &str) -> String {
    fields.get(name).map(|value| value.trim().to_owned()).unwrap_or_default()
}

/// A resource name from an id of the jurisdiction; a whole name, and nothing, stay.
fn full_name(jurisdiction: &str, collection: &str, given: &str) -> String {
    if given.is_empty() || given.contains('/') {
        return given.to_owned();
    }
    format!("jurisdictions/{jurisdiction}/{collection}/{given}")
}

/// A word of the API, in any case, with or without its prefix.
fn word<E>(given: &str, parse: impl Fn(&str) -> Option<E>, prefix: &str) -> Option<E> {
    let given = given.to_ascii_uppercase().replace('-', "_");
    parse(&given).or_else(|| parse(&format!("{prefix}{given}")))
}

fn yes(fields: &BTreeMap<String, String>, name: &str) -> Result<bool, Fault> {
    match text(fields, name).to_ascii_lowercase().as_str() {
        "" | "false" | "no" | "0" => Ok(false),
        "true" | "yes" | "1" => Ok(true),
        _ => Err(fault(name, "must be true or false")),
    }
}

fn instant(fields: &BTreeMap<String, String>) -> Result<Option<contract::Timestamp>, Fault> {
    let given = text(fields, "occurred_at");
    if given.is_empty() {
        return Ok(None);
    }
    let parsed =
        given.parse().map_err(|_| fault("occurred_at", "must be a time such as 2025-03-01T09:00:00+08:00"));
    parsed.map(|instant| Some(to_wire(instant)))
}

fn fault(field: &str, message: impl Into<String>) -> Fault {
    Fault { field: field.to_owned(), message: message.into() }
}
