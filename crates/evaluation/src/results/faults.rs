//! Points lost through fault: the deductions behind a unit's result, for whom it concerns.

use std::collections::HashMap;

use contract::evaluation::entry_recorded::Target;
use contract::evaluation::{Deduction, UnitResult};
use contract::words::TariffCause;
use rust_decimal::Decimal;
use scoring::Scheme;
use scoring::scheme::Method;

use super::exact;
use crate::domain::daily_assessment::Entry;
use crate::read_model::ReadModel;

/// Says in `result` what the unit lost through fault; `key` is that of its entries' stream.
///
/// A finding's own deduction is not among it: its case has been.
pub(super) fn charge(model: &ReadModel, key: &str, scheme: &Scheme, result: &mut UnitResult) {
    let entries = model.daily_assessments.get(key).into_iter().flat_map(|loaded| loaded.state.entries());
    let mut lost: HashMap<&Target, Decimal> = HashMap::new();
    for entry in entries.filter(|entry| is_fault(entry)) {
        let recorded = &entry.recorded;
        let (Some(target), points) = (&recorded.target, -exact(&recorded.points)) else { continue };
        let Some(cap) = cap(scheme, target) else { continue };
        let so_far = lost.entry(target).or_default();
        *so_far = cap.min(*so_far + points);
        let reference = model.causes.recorded(key, &recorded.entry_id);
        result.deductions.push(Deduction {
            entry_id: recorded.entry_id.clone(),
            points: points.to_string(),
            position: reference.map(|reference| reference.position).unwrap_or_default(),
            event_id: reference.map(|reference| reference.event_id.clone()).unwrap_or_default(),
            cause_event_id: recorded.cause_event_id.clone(),
        });
    }
    result.points_lost = lost.values().sum::<Decimal>().normalize().to_string();
}

fn is_fault(entry: &Entry) -> bool {
    let recorded = &entry.recorded;
    entry.reversed.is_none()
        && recorded.points.starts_with('-')
        && recorded.cause() != TariffCause::FindingMade
}

/// The most that deductions can take there; none: what is recorded there does not count.
fn cap(scheme: &Scheme, target: &Target) -> Option<Decimal> {
    match target {
        Target::SourceId(source_id) => Some(scheme.source(source_id)?.cap),
        Target::ComponentId(component_id) => {
            let component = scheme.component(component_id)?;
            matches!(component.method, Method::Ledger(_)).then_some(component.max_points)
        }
    }
}
