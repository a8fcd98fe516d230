//! What the documentation draws is what the services do.

use std::fs;
use std::path::Path;

use contract::descriptors;
use mingjing::reactions::{all, redrawn};

#[test]
fn the_page_is_drawn_from_the_tables_of_the_services() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reactions.md");
    let page = fs::read_to_string(path).unwrap();
    let drawn = redrawn(&page).unwrap();
    assert_eq!(page, drawn, "run `cargo run -p mingjing --example reactions`");
}

#[test]
fn the_tables_name_events_of_the_contract() {
    let events: Vec<_> = descriptors::events()
        .map(|event| event.full_name().trim_start_matches("mingjing.").replace(".v1.", "."))
        .collect();
    for drawn in all() {
        let (acting, _) = drawn.consumer.split_once("-from-").unwrap();
        for effect in drawn.effects {
            let written = [effect.then, effect.undo].into_iter().filter(|event| !event.is_empty());
            let written = written.map(|event| format!("{acting}.{event}"));
            let read = std::iter::once(&effect.fact).chain(effect.undone_by).map(|event| (*event).to_owned());
            for event in written.chain(read) {
                assert!(events.contains(&event), "{}: {event}", drawn.consumer);
            }
            assert_eq!(effect.undone_by.is_empty(), effect.undo.is_empty(), "{}", effect.fact);
        }
    }
}
