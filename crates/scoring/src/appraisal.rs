//! The whole of one cycle: from a scheme and facts to every unit's scores, ranks and excellence.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::exact::Exact;
use crate::facts::CycleFacts;
use crate::finals;
use crate::methods::{self, Asked, Outcome, Pending};
use crate::ranking;
use crate::round::round2_exact;
use crate::scheme::{Component, Scheme};

/// What a scheme makes of a cycle's facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appraisal {
    /// Every unit entered in the cycle, by id.
    pub units: BTreeMap<String, UnitScore>,
    /// The excellent places `q_g` of each ranked group, by its number (scoring.md §4).
    pub excellent_places: BTreeMap<u32, u32>,
}

/// A unit's standing in its cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitScore {
    /// The components in the order of the scheme.
    pub components: Vec<ComponentScore>,
    /// `own`: the sum of the components' points; none: pending (scoring.md §3).
    pub own_points: Option<Decimal>,
    /// The daily assessment by source, in the order of the scheme.
    pub daily: Vec<SourceScore>,
    /// `daily`: the sum of the clipped sources, signed.
    pub daily_points: Decimal,
    /// `own'`: own and daily, clipped to `[0, scheme maximum]`; none: pending.
    pub own_with_daily: Option<Decimal>,
    /// The children that count in the final; none: no roll-up.
    pub roll_up: Option<RollUp>,
    /// The final score before a veto caps it; none: pending.
    pub uncapped_points: Option<Decimal>,
    /// The final score; none: pending.
    pub final_points: Option<Decimal>,
    /// Whether a veto stands against the unit.
    pub vetoed: bool,
    /// The number of its group.
    pub group: u32,
    /// How many units of the cycle are in its group.
    pub group_size: u32,
    /// Whether its group is ranked.
    pub ranked: bool,
    /// Its rank in the group; none: pending, or the group is unranked (scoring.md §4).
    pub rank: Option<u32>,
    /// The excellent places of its group; 0 if it is unranked.
    pub excellent_places: u32,
    /// Whether it is excellent.
    pub excellent: bool,
}

/// A unit's points in one component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentScore {
    /// The scheme's component.
    pub component_id: String,
    /// The most points that it yields.
    pub max_points: Decimal,
    /// The points, rounded to 2, or why there are none yet.
    pub points: Result<Decimal, Pending>,
    /// What was rounded.
    pub(crate) unrounded: Option<Exact>,
    /// How it came about.
    pub(crate) basis: Basis,
}

/// How a component's points came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// By the component's method, from facts.
    Facts,
    /// By rescaling published points (scoring.md §6).
    Rescaled,
}

/// One source of a unit's daily assessment (scoring.md §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceScore {
    /// The scheme's source.
    pub source_id: String,
    /// How many entries stand.
    pub entries: usize,
    /// Their sum, signed.
    pub sum: Decimal,
    /// The sum clipped to `[-cap, +bonus_cap]`.
    pub clipped: Decimal,
}

/// What the appraised children contribute to a final (scoring.md §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollUp {
    /// The share `r` of the final that comes from the children.
    pub share: Decimal,
    /// The children that count, at least one, by unit id.
    pub children: Vec<ChildFinal>,
    /// The mean of their finals, for showing; a fraction that does not end is cut at six places.
    pub mean: Decimal,
}

/// A child that counts in its parent's final.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildFinal {
    /// The child.
    pub unit_id: String,
    /// Its final score.
    pub final_points: Decimal,
}

/// Appraises every unit of a cycle (scoring.md §2 to §4).
#[must_use]
pub fn appraise(scheme: &Scheme, facts: &CycleFacts) -> Appraisal {
    appraise_with(scheme, facts, |_, asked| (methods::points(asked), Basis::Facts))
}

/// As [`appraise`], with each unit's components scored by `outcome` (scoring.md §6).
pub(crate) fn appraise_with(
    scheme: &Scheme,
    facts: &CycleFacts,
    outcome: impl Fn(&str, Asked<'_>) -> (Outcome, Basis),
) -> Appraisal {
    let mut units = finals::settle(scheme, facts, |unit_id, unit| {
        let score = |component| {
            let (outcome, basis) = outcome(unit_id, Asked { component, cycle: facts, unit });
            ComponentScore::of(component, outcome, basis)
        };
        scheme.components().iter().map(score).collect()
    });
    let excellent_places = ranking::rank(&mut units, &facts.ranked_groups, scheme.excellent_quota());
    Appraisal { units, excellent_places }
}

impl Appraisal {
    /// A unit's points in a component; none: pending, or no such unit or component.
    #[must_use]
    pub fn points(&self, unit_id: &str, component_id: &str) -> Option<Decimal> {
        let components = &self.units.get(unit_id)?.components;
        components.iter().find(|score| score.component_id == component_id)?.points.ok()
    }
}

impl ComponentScore {
    fn of(component: &Component, outcome: Outcome, basis: Basis) -> Self {
        let points = outcome.as_ref().map(round2_exact).map_err(|pending| *pending);
        let (component_id, max_points) = (component.component_id.clone(), component.max_points);
        Self { component_id, max_points, points, unrounded: outcome.ok(), basis }
    }
}
