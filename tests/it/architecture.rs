//! What the structure must keep, checked on the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use contract::descriptors;

/// Who may depend on whom, within the workspace.
const MAY_DEPEND_ON: [(&str, &[&str]); 11] = [
    ("contract", &[]),
    ("eventstore", &[]),
    ("shell", &["contract", "eventstore"]),
    ("scoring", &["contract"]),
    ("training", &["contract", "eventstore", "shell", "scoring"]),
    ("complaints", &["contract", "eventstore", "shell", "scoring"]),
    ("accountability", &["contract", "eventstore", "shell"]),
    ("evaluation", &["contract", "eventstore", "shell", "scoring"]),
    ("scorecard", &["contract", "eventstore", "shell", "scoring"]),
    (
        "mingjing",
        &[
            "accountability",
            "complaints",
            "contract",
            "evaluation",
            "eventstore",
            "scorecard",
            "scoring",
            "shell",
            "training",
        ],
    ),
    ("tests", &["contract", "eventstore", "mingjing", "scoring"]),
];
/// What the rules of a context must not know.
const FORBIDDEN_IN_DOMAIN: [&str; 9] =
    ["async ", ".await", "tokio", "sqlx", "tonic", "async_nats", "tracing", "Timestamp::now", "rand::"];
const FILE_LINES_MAX: usize = 600;
/// Longer files than this are talked about.
const FILE_LINES_LONG: usize = 400;
/// What `clippy.toml` must ban.
const BANNED: [&str; 7] = [
    "jiff::Timestamp::now",
    "std::time::SystemTime::now",
    "uuid::Uuid::now_v7",
    "uuid::Uuid::new_v4",
    "std::env::var",
    "tokio::spawn",
    "tonic::Status::internal",
];
/// Rules that two files name, on purpose: they mean the same of two kinds of stream.
const SHARED_RULES: [&str; 4] = [
    "evaluation.unknown_cycle",
    "evaluation.cycle_not_open",
    "evaluation.unit_not_entered",
    "evaluation.unit_not_in_service",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Every `.rs` file below a folder of the workspace, with its text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    files(folder, "rs")
}

/// Every file below a folder of the workspace whose name ends so, with its text.
fn files(folder: &str, extension: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, wanted: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, wanted, found);
            } else if path.extension().is_some_and(|extension| extension == wanted) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), extension, &mut found);
    assert!(!found.is_empty(), "{folder} has files of `{extension}`");
    let relative = |path: &PathBuf| path.strip_prefix(root()).unwrap().to_owned();
    found.iter().map(|path| (relative(path), fs::read_to_string(path).unwrap())).collect()
}

fn is_below(path: &Path, folder: &str) -> bool {
    path.components().any(|part| part.as_os_str() == folder)
}

/// The code of a file: without its tests and comments.
fn code(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]").next().unwrap();
    let lines = before_tests.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The names of rules that a text has, e.g. `evaluation.unit_exists`.
fn rules(text: &str) -> BTreeSet<String> {
    let contexts = ["training.", "complaints.", "evaluation.", "accountability."];
    let is_rule = |word: &&str| {
        contexts.iter().any(|context| {
            word.strip_prefix(context).is_some_and(|rule| {
                !rule.is_empty() && rule.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            })
        })
    };
    text.split(['"', '`']).filter(is_rule).map(str::to_owned).collect()
}

#[test]
fn crates_depend_on_each_other_only_as_drawn() {
    let allowed: BTreeMap<_, _> = MAY_DEPEND_ON.into_iter().collect();
    let crates = fs::read_dir(root().join("crates")).unwrap();
    let crates = crates.map(|folder| folder.unwrap().file_name().into_string().unwrap());
    for name in crates.chain(["tests".to_owned()]) {
        let allowed = allowed.get(name.as_str()).unwrap_or_else(|| panic!("{name} is not drawn"));
        let folder = if name == "tests" { name.clone() } else { format!("crates/{name}") };
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = toml::from_str(&manifest).unwrap();
        let dependencies = manifest["dependencies"].as_table().unwrap();
        let found =
            dependencies.keys().filter(|dependency| MAY_DEPEND_ON.iter().any(|(name, _)| name == dependency));
        for dependency in found {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn rules_know_no_clock_no_randomness_and_no_input_or_output() {
    let domain = sources("crates")
        .into_iter()
        .filter(|(path, _)| is_below(path, "domain") || path.ends_with("domain.rs"));
    let mut seen = 0;
    for (path, text) in domain {
        seen += 1;
        let code = code(&text);
        for word in FORBIDDEN_IN_DOMAIN {
            assert!(!code.contains(word), "{} must not know `{word}`", path.display());
        }
    }
    assert!(seen > 10, "the contexts have rules");
}

#[test]
fn only_the_log_and_the_projections_store_speak_sql() {
    for (path, text) in sources("crates") {
        let may = path.starts_with("crates/eventstore")
            || path.starts_with("crates/scorecard/src/store.rs")
            || path.starts_with("crates/scorecard/src/store/")
            || is_below(&path, "benches");
        let code = code(&text);
        let speaks = ["sqlx::", "SELECT ", "INSERT ", "DELETE FROM"].iter().any(|word| code.contains(word));
        assert!(may || !speaks, "{} must not speak SQL", path.display());
    }
}

#[test]
fn only_the_program_reads_the_environment() {
    for (path, text) in sources("crates") {
        // A bench is a program of its own, with arguments.
        let program = path.starts_with("crates/mingjing")
            || path.components().any(|part| part.as_os_str() == "benches");
        let may = program || path.ends_with("build.rs");
        let code = code(&text);
        let reads =
            ["std::env", "env::var", "env::args", "env::current"].iter().any(|word| code.contains(word));
        assert!(may || !reads, "{} must not read the environment", path.display());
    }
}

#[test]
fn nothing_is_computed_in_floating_point_but_doubt() {
    for (path, text) in sources("crates") {
        let may = path.to_string_lossy().contains("scoring/src/certainty")
            || is_below(&path, "benches")
            || is_below(&path, "tests");
        let code = code(&text);
        let floats = ["f64", "f32"].iter().any(|float| {
            code.split(|character: char| !character.is_alphanumeric() && character != '_')
                .any(|word| word == *float)
        });
        assert!(may || !floats, "{} must not use floating point", path.display());
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "what is not forbidden is told")]
fn files_are_short_and_named_after_their_job() {
    let all = [("crates", "rs"), ("tests", "rs"), ("tests", "py"), ("proto", "proto"), ("docs", "md")];
    for (path, text) in all.into_iter().flat_map(|(folder, extension)| files(folder, extension)) {
        let lines = text.lines().count();
        assert!(lines <= FILE_LINES_MAX, "{} has {lines} lines", path.display());
        if lines > FILE_LINES_LONG {
            println!("{} is long: {lines} lines", path.display());
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let junk = ["util", "utils", "common", "helper", "helpers", "misc", "types"];
        assert!(!junk.contains(&name.as_str()), "{} is named after nothing", path.display());
    }
}

#[test]
fn every_rule_has_one_home_and_stands_in_the_documentation() {
    let documented = rules(&fs::read_to_string(root().join("docs/rules.md")).unwrap());
    let mut homes: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for (path, text) in sources("crates") {
        let is_home = text.contains("fn rule(&self)") || is_below(&path, "domain");
        for rule in rules(&code(&text)).into_iter().filter(|_| is_home) {
            homes.entry(rule).or_default().push(path.clone());
        }
    }
    for (rule, homes) in &homes {
        assert!(homes.len() == 1 || SHARED_RULES.contains(&rule.as_str()), "{rule} stands in {homes:?}");
        assert!(documented.contains(rule), "{rule} is missing in docs/rules.md");
    }
    let known: BTreeSet<_> = homes.into_keys().collect();
    let stale: Vec<_> = documented.difference(&known).collect();
    assert!(stale.is_empty(), "docs/rules.md has rules that nothing refuses by: {stale:?}");
}

#[test]
fn every_event_that_a_context_writes_has_golden_bytes() {
    let mut seen = 0;
    for (path, text) in sources("crates").into_iter().filter(|(path, _)| is_below(path, "domain")) {
        let context = path.iter().nth(1).unwrap().to_string_lossy().into_owned();
        for declaration in code(&text).split("events! {").skip(1) {
            let names = declaration.split(['{', '}']).nth(1).unwrap();
            for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                seen += 1;
                let golden = format!("crates/contract/golden/mingjing.{context}.v1.{name}.1.bin");
                let written = root().join(&golden).exists();
                assert!(written, "{}: run `make golden` for {golden}", path.display());
            }
        }
    }
    assert!(seen > 30, "the contexts write events");
}

#[test]
fn what_rules_must_not_reach_for_is_banned() {
    let clippy = fs::read_to_string(root().join("clippy.toml")).unwrap();
    let clippy: toml::Table = toml::from_str(&clippy).unwrap();
    let banned = clippy["disallowed-methods"].as_array().unwrap();
    for path in BANNED {
        let ban = banned.iter().find(|ban| ban["path"].as_str() == Some(path));
        let reason = ban.and_then(|ban| ban["reason"].as_str()).unwrap_or_default();
        assert!(!reason.is_empty(), "{path} is to be banned, with a reason");
    }
}

#[test]
fn every_event_is_one_of_the_contracts_and_every_service_answers_reflection() {
    let events: BTreeSet<_> = descriptors::events().map(|event| event.full_name().to_owned()).collect();
    for wanted in ["mingjing.evaluation.v1.MarkRecorded", "mingjing.complaints.v1.ComplaintOverdue"] {
        assert!(events.contains(wanted), "{wanted}");
    }
    assert!(!events.contains("mingjing.evaluation.v1.FormAnswer"), "a part of an event is no event");
    let services: BTreeSet<_> =
        descriptors::POOL.services().map(|service| service.full_name().to_owned()).collect();
    assert_eq!(services.len(), 7, "{services:?}");
}
