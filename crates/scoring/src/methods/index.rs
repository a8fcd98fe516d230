//! **index** (scoring.md §2): `max_points` times one of the indices of §5.

use crate::exact::exact;
use crate::indices;
use crate::losses::Cause;
use crate::methods::{Asked, Lines, Outcome, Part, Pending, lost_by_part, mean};
use crate::scheme::Index;

/// `max_points · index`; pending while the index is undefined.
pub(super) fn points(method: &Index, asked: Asked<'_>) -> Outcome {
    let index = mean(&parts(method, asked)).ok_or(Pending::IndexUndefined)?;
    Ok(index * exact(asked.component.max_points))
}

/// A line per ratio that is defined.
pub(super) fn lost(method: &Index, asked: Asked<'_>) -> Lines {
    lost_by_part(&parts(method, asked), asked.component.max_points, |ratio| Cause::Ratio {
        component_id: asked.id(),
        ratio,
    })
}

fn parts(method: &Index, asked: Asked<'_>) -> Vec<Part<'static>> {
    indices::defined(&method.weights, &indices::ratios(method.kind, &asked.unit.figures))
}
