//! Panels: how many electors and ballots, and the marks of each class. Nothing of who voted.

use std::collections::BTreeMap;

use contract::evaluation::{BallotCast, PanelClosed, PanelConvened};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::decimal;
use crate::fold::facts::Facts;
use crate::fold::trace::Trace;

/// A panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Panel {
    /// On the roll.
    pub(crate) electors: u64,
    /// In the box.
    pub(crate) ballots: u64,
    /// The event that convened it.
    pub(crate) convened: Trace,
    /// The event that closed it; none: it is open.
    pub(crate) closed: Option<Trace>,
}

/// The marks of a class by unit, in the order in which they were cast.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ballots(pub(crate) BTreeMap<String, Vec<Decimal>>);

pub(super) fn convene(facts: &mut Facts, event: &PanelConvened, convened: Trace) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    let electors: usize = event.rolls.iter().map(|roll| roll.electors.len()).sum();
    let electors = u64::try_from(electors).unwrap_or(u64::MAX);
    let key = cycle.below(&[&event.component_id]);
    if facts.panel.get(&key).is_some() {
        return Err("the panel was convened before".to_owned());
    }
    facts.panel.put(key, Panel { electors, ballots: 0, convened, closed: None });
    Ok(())
}

pub(super) fn cast(facts: &mut Facts, event: &BallotCast) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    let mut marks = Vec::with_capacity(event.marks.len());
    for mark in &event.marks {
        marks.push((cycle.unit(&mark.unit)?, decimal("points", &mark.points)?));
    }
    let panel = facts.panel.edit(&cycle.below(&[&event.component_id]));
    panel.ok_or("the panel was never convened")?.ballots += 1;
    let ballots = facts.ballots.edit_or_default(&cycle.below(&[&event.component_id, &event.class_id]));
    for (unit, points) in marks {
        ballots.0.entry(unit.to_owned()).or_default().push(points);
    }
    Ok(())
}

pub(super) fn close(facts: &mut Facts, event: &PanelClosed, closed: Trace) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    let panel = facts.panel.edit(&cycle.below(&[&event.component_id]));
    panel.ok_or("the panel was never convened")?.closed = Some(closed);
    Ok(())
}
