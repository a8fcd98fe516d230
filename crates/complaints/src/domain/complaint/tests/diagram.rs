//! The diagram in the documentation is drawn from the table of moves.

use super::*;

const DOCUMENT: &str = include_str!("../../../../../../docs/complaints.md");

fn drawn() -> String {
    let stage = |stage: ComplaintStage| stage.as_str_name().trim_start_matches("COMPLAINT_STAGE_").to_owned();
    let mut lines = vec!["stateDiagram-v2".to_owned(), "    [*] --> LODGED: ComplaintLodged".to_owned()];
    for it in Move::ALL {
        for from in it.from() {
            let mut to = vec![it.to(true), it.to(false)];
            to.dedup();
            lines.extend(to.into_iter().map(|to| format!("    {} --> {}: {it:?}", stage(*from), stage(to))));
        }
    }
    lines.push("    REJECTED --> [*]".to_owned());
    lines.join("\n")
}

#[test]
fn the_diagram_in_the_documentation_shows_the_moves_of_the_code() {
    let drawn = drawn();
    assert!(DOCUMENT.contains(&drawn), "docs/complaints.md should have:\n{drawn}");
}
