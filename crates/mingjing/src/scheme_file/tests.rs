//! Files with faults.

use super::*;

/// Ten faults, one of each kind, with the line of each.
const TEN: &str = r#"title = ""
rollup_share = "1"
excellent_quotas = 25
veto_cap = 60

[[components]]
component_id = "Business work"
title = "Business work"
max_points = "thirty"
panel = { trim_from = -1, quorum = "0.5", classes = [] }

[[components]]
component_id = "organ-building"
title = "Organ building"
max_points = "30"

[[daily_sources]]
source_id = "complaint"
cap = "5"
bonus_cap = "0"
tariffs = [
  { cause = "OVERDUE", points = "-0.2" },
]
"#;

#[test]
fn ten_faults_of_a_file_get_ten_messages_with_path_and_line() {
    let told = check(TEN);
    let places: Vec<_> = told.iter().map(|it| (it.line, it.path.as_str(), it.rule)).collect();
    let expected = [
        (1, "title", "scheme.required"),
        (2, "rollup_share", "scheme.range"),
        (3, "excellent_quotas", "scheme.key"),
        (4, "veto_cap", "scheme.type"),
        (7, "components[0].component_id", "scheme.id"),
        (9, "components[0].max_points", "scheme.decimal"),
        (10, "components[0].method.panel.trim_from", "scheme.type"),
        (10, "components[0].method.panel.classes", "scheme.count"),
        (12, "components[1].method", "scheme.required"),
        (22, "daily_sources[0].tariffs[0].cause", "scheme.type"),
    ];
    assert_eq!(places, expected, "{told:#?}");
}

#[test]
fn what_cannot_be_read_is_told_line_by_line() {
    let told = check("title = \"Rules\nexcellent_quota = 25\nveto_cap = \nrollup_share = \"2\"\n");
    assert!(told.len() >= 2 && told.iter().all(|it| it.rule == "scheme.syntax"), "{told:#?}");
    assert_eq!((told[0].line, told[told.len() - 1].line), (1, 3), "{told:#?}");
    let error = parse("titel = \"Rules\"\n").unwrap_err().to_string();
    assert!(error.starts_with("line 1, titel: no such key"), "{error}");
}

#[test]
fn two_methods_of_one_component_are_one_too_many() {
    let text = "components = [{ assessor = {}, ledger = { start_points = \"1\" } }]";
    let told = parse(text).unwrap_err();
    assert_eq!(told.0.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(), ["components[0].method.ledger"]);
}
