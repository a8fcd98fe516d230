//! **ledger** (scoring.md §2): starts at `start_points`; clipped once, after all standing entries.

use rust_decimal::Decimal;

use crate::exact::{Exact, exact, sum};
use crate::facts::{ComponentFacts, LedgerEntry};
use crate::losses::Cause;
use crate::methods::{Asked, Lines};
use crate::scheme::Ledger;

/// The clipped total of start and standing entries. Never pending.
pub(super) fn points(method: &Ledger, asked: Asked<'_>) -> Exact {
    clipped(method, entries(asked), asked.component.max_points)
}

/// A line for what the start is short of the maximum, one per standing entry, and one for the clip.
pub(super) fn lost(method: &Ledger, asked: Asked<'_>) -> Lines {
    lines(&asked.component.component_id, method, entries(asked), asked.component.max_points)
}

/// The entries on record; nothing on record is no entry.
fn entries(asked: Asked<'_>) -> &[LedgerEntry] {
    if let Some(ComponentFacts::Entries(entries)) = asked.facts() { entries } else { &[] }
}

fn lines(component_id: &str, method: &Ledger, entries: &[LedgerEntry], max: Decimal) -> Lines {
    let component_id = || component_id.to_owned();
    let start =
        (Cause::LedgerStart { component_id: component_id() }, exact(max) - exact(method.start_points));
    let lines = standing(entries).map(|entry| {
        let cause = Cause::LedgerEntry { component_id: component_id(), entry_id: entry.entry_id.clone() };
        (cause, -exact(entry.points))
    });
    let off = total(method, entries) - clipped(method, entries, max);
    let clip = (Cause::LedgerClip { component_id: component_id() }, off);
    [start].into_iter().chain(lines).chain([clip]).collect()
}

fn clipped(method: &Ledger, entries: &[LedgerEntry], max: Decimal) -> Exact {
    total(method, entries).clamp(Exact::zero(), exact(max))
}

fn total(method: &Ledger, entries: &[LedgerEntry]) -> Exact {
    sum(standing(entries).map(|entry| entry.points).chain([method.start_points]))
}

fn standing(entries: &[LedgerEntry]) -> impl Iterator<Item = &LedgerEntry> {
    entries.iter().filter(|entry| entry.standing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(points: &[&str]) -> Vec<LedgerEntry> {
        let entry = |text: &&str| {
            let reversed = text.strip_prefix('x');
            LedgerEntry {
                entry_id: (*text).to_owned(),
                points: reversed.unwrap_or(text).parse().expect("a decimal"),
                standing: reversed.is_none(),
            }
        };
        points.iter().map(entry).collect()
    }

    #[test]
    fn the_total_is_clipped_once_and_at_the_end() {
        let method = Ledger { start_points: Decimal::from(5) };
        for (given, total) in [
            (&[][..], "5"),
            (&["-7", "4"], "2"),
            (&["9", "-9"], "5"),
            (&["-7", "x4"], "0"),
            (&["9", "x-9"], "10"),
            (&["-0.005"], "4.995"),
        ] {
            let expected = exact(total.parse().expect("a decimal"));
            assert_eq!(clipped(&method, &recorded(given), Decimal::TEN), expected, "{given:?}");
        }
    }

    #[test]
    fn the_lines_of_a_ledger_are_start_entries_and_clip() {
        let method = Ledger { start_points: Decimal::from(8) };
        let lines = lines("conduct", &method, &recorded(&["-9", "x3", "-1"]), Decimal::TEN);
        let amounts: Vec<_> = lines.iter().map(|(_, lost)| lost.clone()).collect();
        assert_eq!(amounts, [2, 9, 1, -2].map(|points| exact(Decimal::from(points))));
        assert_eq!(lines[3].0, Cause::LedgerClip { component_id: "conduct".to_owned() });
    }
}
