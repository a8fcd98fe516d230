//! What may be shown of a panel's ballots beside the points: class means, as far as they give nobody away.

use rust_decimal::Decimal;

use crate::facts::{ComponentFacts, CycleFacts};
use crate::methods::panel::class_mean;
use crate::methods::{self, Asked};
use crate::round::round2_exact;
use crate::scheme::{Method, Scheme};

/// The mean of fewer ballots than this is never shown: that of a class of one would be its ballot.
pub const SHOWN_BALLOTS_MIN: usize = 5;

/// What a class of electors made of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassMean {
    /// The scheme's class.
    pub class_id: String,
    /// The mean of its marks after the trim, rounded to 2; none: withheld, or it has no mark.
    pub mean: Option<Decimal>,
}

/// The class means behind a unit's points in a panel; none: another method, or pending.
///
/// Where a single class would be withheld, the next smallest is withheld with it: from the points and all other
/// means its mean could be computed.
#[must_use]
pub fn class_means(
    scheme: &Scheme,
    facts: &CycleFacts,
    unit_id: &str,
    component_id: &str,
) -> Option<Vec<ClassMean>> {
    let component = scheme.component(component_id)?;
    let Method::Panel(method) = &component.method else { return None };
    let asked = Asked { component, cycle: facts, unit: facts.units.get(unit_id)? };
    methods::points(asked).ok()?;
    let Some(ComponentFacts::Ballots(marks)) = asked.unit.components.get(component_id) else { return None };
    let count = |class_id: &str| marks.get(class_id).map_or(0, Vec::len);
    let mut sizes: Vec<_> = method.classes.iter().map(|class| count(&class.class_id)).collect();
    sizes.retain(|size| *size > 0);
    sizes.sort_unstable();
    let small = sizes.iter().filter(|size| **size < SHOWN_BALLOTS_MIN).count();
    let shown_min = match (small, sizes.get(1)) {
        // Whoever is as small as the next smallest is withheld, too.
        (1, Some(next)) => next + 1,
        _ => SHOWN_BALLOTS_MIN,
    };
    let shown = |class_id: &str| {
        let marks = marks.get(class_id).filter(|marks| marks.len() >= shown_min)?;
        Some(round2_exact(&class_mean(method, marks, component.max_points)?))
    };
    let mean = |class: &crate::scheme::ElectorClass| ClassMean {
        class_id: class.class_id.clone(),
        mean: shown(&class.class_id),
    };
    Some(method.classes.iter().map(mean).collect())
}
