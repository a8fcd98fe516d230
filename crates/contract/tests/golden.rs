//! Events are for ever: bytes of every event ever released are read as they were meant.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use contract::descriptors;
use prost_reflect::DynamicMessage;
use prost_reflect::prost::Message as _;
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
fn parts_of_events_are_no_events() {
    let events: BTreeSet<_> = descriptors::events().map(|event| event.full_name().to_owned()).collect();
    for part in ["FormAnswer", "BallotMark", "ElectorRoll", "StratumPlan", "UnitResult", "ComponentResult"] {
        assert!(!events.contains(&format!("mingjing.evaluation.v1.{part}")), "{part}");
    }
    let glossary = ["UnitRegistered", "SchemeDrafted", "ResultsRevised", "FormAnswered", "CommitmentLapsed"];
    for event in glossary {
        assert!(events.contains(&format!("mingjing.evaluation.v1.{event}")), "{event}");
    }
}
