//! Events are for ever: bytes of every event ever released are read as they were meant.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use contract::descriptors;
use prost_reflect::prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, MessageDescriptor};
use serde_json::Value;

/// The golden files, each with the name of its event.
fn golden() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let bytes = files.filter(|path| path.extension().is_some_and(|extension| extension == "bin"));
    bytes
        .map(|path| {
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            (stem.rsplit_once('.').unwrap().0.to_owned(), path)
        })
        .collect()
}

#[test]
fn every_event_has_golden_bytes() {
    let have: BTreeSet<_> = golden().into_iter().map(|(name, _)| name).collect();
    let want: BTreeSet<_> = descriptors::events().map(|event| event.full_name().to_owned()).collect();
    assert!(want.len() > 80, "{}", want.len());
    let missing: Vec<_> = want.difference(&have).collect();
    assert!(missing.is_empty(), "run `make golden` for {missing:?}");
}

#[test]
fn golden_bytes_mean_what_they_meant() {
    for (name, file) in golden() {
        let at = file.display();
        let bytes = fs::read(&file).unwrap();
        let descriptor = descriptors::POOL.get_message_by_name(&name);
        let descriptor = descriptor.unwrap_or_else(|| panic!("{at}: the contract has lost {name}"));
        let event = DynamicMessage::decode(descriptor, bytes.as_slice()).unwrap();
        assert_eq!(event.unknown_fields().count(), 0, "{at} has fields that the contract has lost");
        let meant: Value = serde_json::from_slice(&fs::read(file.with_extension("json")).unwrap()).unwrap();
        assert_eq!(serde_json::to_value(&event).unwrap(), meant, "{at}");
        assert_eq!(event.encode_to_vec(), bytes, "{at}");
    }
}

#[test]
fn every_field_of_every_event_has_golden_bytes() {
    let mut shown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, file) in golden() {
        let descriptor = descriptors::POOL.get_message_by_name(&name).unwrap();
        let event = DynamicMessage::decode(descriptor, fs::read(&file).unwrap().as_slice()).unwrap();
        show(&event, shown.entry(name).or_default());
    }
    for event in descriptors::events() {
        let mut wanted = Vec::new();
        parts_of(&event, &mut wanted);
        let fields = wanted.iter().flat_map(MessageDescriptor::fields);
        let wanted: BTreeSet<_> = fields.map(|field| field.full_name().to_owned()).collect();
        let missing: Vec<_> = wanted.difference(&shown[event.full_name()]).collect();
        assert!(missing.is_empty(), "run `make golden` for {missing:?} of {}", event.full_name());
    }
}

/// The fields that are set in a message, and in its parts.
fn show(message: &DynamicMessage, shown: &mut BTreeSet<String>) {
    for (field, value) in message.fields() {
        shown.insert(field.full_name().to_owned());
        let items = value.as_list().unwrap_or(std::slice::from_ref(value));
        items.iter().filter_map(prost_reflect::Value::as_message).for_each(|part| show(part, shown));
    }
}

/// A message, and the messages that it holds.
fn parts_of(message: &MessageDescriptor, parts: &mut Vec<MessageDescriptor>) {
    if parts.contains(message) {
        return;
    }
    parts.push(message.clone());
    for field in message.fields() {
        if let Kind::Message(part) = field.kind() {
            parts_of(&part, parts);
        }
    }
}

#[test]
fn fields_of_an_event_do_not_look_alike() {
    for (_, file) in golden() {
        let meant: Value = serde_json::from_slice(&fs::read(file.with_extension("json")).unwrap()).unwrap();
        assert_distinct(&meant, &file);
    }
}

/// Fields that hold the same could change places unseen.
fn assert_distinct(meant: &Value, file: &Path) {
    let parts: Vec<&Value> = match meant {
        Value::Object(fields) => fields.values().collect(),
        Value::Array(items) => items.iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return,
    };
    let mut seen = BTreeSet::new();
    for part in parts {
        assert_distinct(part, file);
        assert!(seen.insert(part.to_string()), "{}: {part} twice", file.display());
    }
}

#[test]
fn parts_of_events_are_no_events() {
    let events: Vec<_> = descriptors::events().collect();
    let declared = descriptors::POOL.files().filter(|file| file.name().ends_with("/events.proto"));
    let others: BTreeSet<_> = declared
        .flat_map(|file| file.messages().collect::<Vec<_>>())
        .filter(|message| !events.contains(message))
        .map(|message| message.full_name().trim_start_matches("mingjing.").replace(".v1.", "."))
        .collect();
    let parts = [
        "accountability.Cause",
        "accountability.ScaleStep",
        "complaints.Attachment",
        "complaints.StageTerm",
        "evaluation.BallotMark",
        "evaluation.ComponentResult",
        "evaluation.Deduction",
        "evaluation.ElectorRoll",
        "evaluation.FormAnswer",
        "evaluation.StratumPlan",
        "evaluation.UnitResult",
        "training.CampaignRules",
    ];
    assert_eq!(others, parts.map(str::to_owned).into());
}
