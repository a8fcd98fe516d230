//! How things of a campaign pass from one state to the next: the diagrams of `docs/training.md`, which random
//! commands are held against.

/// What happens to a thing, and where it stands before and after; `""`: it is not there yet.
pub type Transition = (&'static str, &'static str, &'static str);

/// A campaign.
pub const CAMPAIGN: [Transition; 3] = [
    ("", "CampaignLaunched", "Launched"),
    ("Launched", "AcceptanceMethodIssued", "Launched"),
    ("Launched", "CampaignConcluded", "Concluded"),
];

/// A unit's plan.
pub const PLAN: [Transition; 4] = [
    ("", "PlanFiled", "Filed"),
    ("Filed", "PlanReturned", "Returned"),
    ("Returned", "PlanFiled", "Filed"),
    ("Filed", "PlanApproved", "Approved"),
];

/// A unit in a campaign.
pub const UNIT: [Transition; 2] =
    [("Moving", "UnitStalled", "Stalled"), ("Stalled", "UnitResumed", "Moving")];

/// An item.
pub const ITEM: [Transition; 5] = [
    ("", "ItemDesigned", "Designed"),
    ("Designed", "ItemDesigned", "Designed"),
    ("Designed", "ItemApproved", "Approved"),
    ("Designed", "ItemRetired", "Retired"),
    ("Approved", "ItemRetired", "Retired"),
];

/// A session.
pub const SESSION: [Transition; 3] =
    [("", "SessionHeld", "Held"), ("Held", "SessionCorrected", "Held"), ("Held", "SessionVoided", "Voided")];

/// The diagrams by what they are of.
pub const DIAGRAMS: [(&str, &[Transition]); 5] =
    [("campaign", &CAMPAIGN), ("plan", &PLAN), ("unit", &UNIT), ("item", &ITEM), ("session", &SESSION)];

#[cfg(test)]
mod tests;

#[cfg(test)]
mod drawing {
    use std::fs;

    use super::*;

    const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/training.md");

    /// A diagram as the documentation has it.
    fn drawn(of: &str, transitions: &[Transition]) -> String {
        let state = |name: &'static str| if name.is_empty() { "[*]" } else { name };
        let lines = transitions
            .iter()
            .map(|(from, event, to)| format!("    {} --> {}: {event}\n", state(from), state(to)));
        let lines: String = lines.collect();
        format!("<!-- states: {of} -->\n```mermaid\nstateDiagram-v2\n{lines}```\n<!-- end -->\n")
    }

    /// `DRAW=1 cargo test -p training` draws them anew.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "whether to draw is said in the environment")]
    fn the_documentation_draws_these_diagrams() {
        let mut document = fs::read_to_string(DOCUMENT).unwrap();
        for (of, transitions) in DIAGRAMS {
            let wanted = drawn(of, transitions);
            let start =
                document.find(wanted.lines().next().unwrap()).unwrap_or_else(|| panic!("no place for {of}"));
            let end = "<!-- end -->\n";
            let end = start + document[start..].find(end).unwrap() + end.len();
            if std::env::var("DRAW").is_ok() {
                document.replace_range(start..end, &wanted);
            } else {
                assert_eq!(document[start..end], wanted);
            }
        }
        if std::env::var("DRAW").is_ok() {
            fs::write(DOCUMENT, document).unwrap();
        }
    }
}
