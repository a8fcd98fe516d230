//! All reactions among the services, drawn from their own tables: `docs/reactions.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use shell::reaction::{Drawn, Effect};

/// What stands before the drawn part of the page.
pub const BEGIN: &str = "<!-- drawn from the code: begin -->\n";
/// What stands after it.
pub const END: &str = "<!-- drawn from the code: end -->\n";

/// Every reaction of every service.
pub fn all() -> Vec<Drawn> {
    [evaluation::REACTIONS, accountability::REACTIONS].concat()
}

/// The drawn part of the page: one picture, and the same as a table.
pub fn draw(reactions: &[Drawn]) -> String {
    let mut events: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut arrows = BTreeSet::new();
    let mut rows = String::new();
    for (acting, effect) in reactions.iter().flat_map(effects) {
        let then = format!("{acting}.{}", effect.then);
        arrows.insert(format!("  {} --> {}", node(effect.fact), node(&then)));
        let undo = format!("{acting}.{}", effect.undo);
        for fact in effect.undone_by {
            arrows.insert(format!("  {} -. undoes .-> {}", node(fact), node(&undo)));
        }
        let undone = (!effect.undone_by.is_empty()).then_some(undo.as_str());
        let facts = std::iter::once(effect.fact).chain(effect.undone_by.iter().copied());
        for event in facts.chain([then.as_str()]).chain(undone) {
            if let Some((service, name)) = event.split_once('.') {
                events.entry(service.to_owned()).or_default().insert(name.to_owned());
            }
        }
        let undone_by = if effect.undone_by.is_empty() { "–".to_owned() } else { code(effect.undone_by) };
        let undo = undone.map_or_else(|| "–".to_owned(), |undo| code(&[undo]));
        let row = [code(&[effect.fact]), code(&[&then]), undone_by, undo];
        let _ = writeln!(rows, "| {} |", row.join(" | "));
    }
    let mut picture = String::from("```mermaid\nflowchart LR\n");
    for (service, names) in events {
        let _ = writeln!(picture, "  subgraph {service}");
        for name in names {
            let _ = writeln!(picture, "    {service}_{name}[{name}]");
        }
        picture.push_str("  end\n");
    }
    for arrow in arrows {
        picture.push_str(&arrow);
        picture.push('\n');
    }
    format!("{picture}```\n\n| when | then | undone when | by |\n|---|---|---|---|\n{rows}")
}

/// The page with its drawn part as the code has it; none: it has no place for one.
pub fn redrawn(page: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}\n{END}{after}", draw(&all())))
}

/// The effects of a reaction, each with the service that acts.
fn effects(drawn: &Drawn) -> impl Iterator<Item = (&'static str, &'static Effect)> {
    let (acting, _) = drawn.consumer.split_once("-from-").unwrap_or((drawn.consumer, ""));
    drawn.effects.iter().map(move |effect| (acting, effect))
}

fn node(event: &str) -> String {
    event.replace('.', "_")
}

fn code(events: &[&str]) -> String {
    let marked: Vec<_> = events.iter().map(|event| format!("`{event}`")).collect();
    marked.join(", ")
}
