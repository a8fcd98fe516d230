//! Marks of assessors; targets and actuals of indicators. The last one recorded stands.

use contract::evaluation::{IndicatorReported, IndicatorTargetSet, MarkRecorded, MarkRevised};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::decimal;
use crate::fold::facts::Facts;
use crate::fold::trace::Trace;

/// A mark that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) points: Decimal,
    /// Whether it took another one's place.
    pub(crate) revised: bool,
    /// The event that recorded it.
    pub(crate) recorded: Trace,
}

/// An indicator of a unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Indicator {
    pub(crate) target: Option<Figure>,
    pub(crate) actual: Option<Figure>,
}

/// A figure that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) value: Decimal,
    /// The event that recorded it.
    pub(crate) recorded: Trace,
}

pub(super) fn record(facts: &mut Facts, event: &MarkRecorded, recorded: Trace) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    let mark = Mark { points: decimal("points", &event.points)?, revised: false, recorded };
    facts.mark.put(cycle.below(&[cycle.unit(&event.unit)?, &event.component_id]), mark);
    Ok(())
}

pub(super) fn revise(facts: &mut Facts, event: &MarkRevised, recorded: Trace) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    let points = decimal("points", &event.points)?;
    let key = cycle.below(&[cycle.unit(&event.unit)?, &event.component_id]);
    let mark = facts.mark.edit(&key).ok_or("there was no mark to revise")?;
    *mark = Mark { points, revised: true, recorded };
    Ok(())
}

pub(super) fn set_target(
    facts: &mut Facts,
    event: &IndicatorTargetSet,
    recorded: Trace,
) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    let target = Figure { value: decimal("target", &event.target)?, recorded };
    let key = cycle.below(&[cycle.unit(&event.unit)?, &event.component_id, &event.indicator_id]);
    facts.indicator.edit_or_default(&key).target = Some(target);
    Ok(())
}

pub(super) fn report(facts: &mut Facts, event: &IndicatorReported, recorded: Trace) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    let actual = Figure { value: decimal("actual", &event.actual)?, recorded };
    let key = cycle.below(&[cycle.unit(&event.unit)?, &event.component_id, &event.indicator_id]);
    facts.indicator.edit_or_default(&key).actual = Some(actual);
    Ok(())
}
