//! Which facts a cycle admits: it is open, the unit is entered, and the scheme has a place for them.

use contract::status::{self, Kind};
use scoring::Scheme;
use scoring::scheme::{Component, Source};

use super::cycle::{Opened, Phase, State};

/// Why a cycle does not admit a fact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// No such cycle.
    #[error("there is no such cycle")]
    UnknownCycle,
    /// The cycle is closed.
    #[error("the cycle is closed")]
    CycleNotOpen,
    /// The unit is not in the cycle.
    #[error("{0} is not entered in the cycle")]
    UnitNotEntered(String),
    /// The scheme has no such component.
    #[error("the cycle's scheme has no component \"{0}\"")]
    UnknownComponent(String),
    /// The component takes other facts.
    #[error("component \"{component_id}\" is scored by {found}, not by {wanted}")]
    OtherMethod {
        /// The component.
        component_id: String,
        /// Its method.
        found: &'static str,
        /// The method that takes such facts.
        wanted: &'static str,
    },
    /// The scheme has no such source.
    #[error("the cycle's scheme has no daily-assessment source \"{0}\"")]
    UnknownSource(String),
}

impl status::Rejection for NotAdmitted {
    fn rule(&self) -> &'static str {
        match self {
            Self::UnknownCycle => "evaluation.unknown_cycle",
            Self::CycleNotOpen => "evaluation.cycle_not_open",
            Self::UnitNotEntered(_) => "evaluation.unit_not_entered",
            Self::UnknownComponent(_) => "evaluation.unknown_component",
            Self::OtherMethod { .. } => "evaluation.other_method",
            Self::UnknownSource(_) => "evaluation.unknown_source",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownCycle => Kind::NotFound,
            Self::CycleNotOpen
            | Self::UnitNotEntered(_)
            | Self::UnknownComponent(_)
            | Self::OtherMethod { .. }
            | Self::UnknownSource(_) => Kind::Rule,
        }
    }
}

/// The cycle, if it takes facts.
pub fn open(cycle: &State) -> Result<&Opened, NotAdmitted> {
    let opened = cycle.opened().ok_or(NotAdmitted::UnknownCycle)?;
    if opened.phase == Phase::Open { Ok(opened) } else { Err(NotAdmitted::CycleNotOpen) }
}

/// Refuses facts about a unit that is not entered.
pub fn check_unit(cycle: &Opened, unit: &str) -> Result<(), NotAdmitted> {
    if cycle.units.contains_key(unit) { Ok(()) } else { Err(NotAdmitted::UnitNotEntered(unit.to_owned())) }
}

/// The component, if its method is `wanted` (as `Method::kind` names it).
pub fn component<'a>(
    scheme: &'a Scheme,
    component_id: &str,
    wanted: &'static str,
) -> Result<&'a Component, NotAdmitted> {
    let unknown = || NotAdmitted::UnknownComponent(component_id.to_owned());
    let component = scheme.component(component_id).ok_or_else(unknown)?;
    let found = component.method.kind();
    if found == wanted {
        return Ok(component);
    }
    Err(NotAdmitted::OtherMethod { component_id: component_id.to_owned(), found, wanted })
}

/// The source of the daily assessment.
pub fn source<'a>(scheme: &'a Scheme, source_id: &str) -> Result<&'a Source, NotAdmitted> {
    scheme.source(source_id).ok_or_else(|| NotAdmitted::UnknownSource(source_id.to_owned()))
}
