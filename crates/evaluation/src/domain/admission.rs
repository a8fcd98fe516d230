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

#[cfg(test)]
mod tests {
    use contract::evaluation::{CycleClosed, CycleOpened, UnitEntered};
    use contract::words::component::Method;
    use contract::words::{self, DailySource, SchemeRules};
    use eventstore::Decider as _;

    use super::*;
    use crate::domain::cycle::{Cycle, Event};

    const UNIT: &str = "jurisdictions/city/units/traffic";

    fn cycle(events: impl IntoIterator<Item = Event>) -> State {
        events.into_iter().fold(State::default(), |state, event| Cycle::evolve(state, &event))
    }

    fn opened() -> State {
        let entered = UnitEntered { unit: UNIT.to_owned(), group: 1, ..UnitEntered::default() };
        cycle([CycleOpened::default().into(), entered.into()])
    }

    /// A ledger `duties`, and a daily source `daily`.
    fn scheme() -> Scheme {
        let ledger = words::LedgerMethod { start_points: "100".to_owned() };
        let rules = SchemeRules {
            title: "Rules".to_owned(),
            components: vec![words::Component {
                component_id: "duties".to_owned(),
                title: "Duties".to_owned(),
                max_points: "100".to_owned(),
                method: Some(Method::Ledger(ledger)),
            }],
            daily_sources: vec![DailySource {
                source_id: "daily".to_owned(),
                cap: "1".to_owned(),
                bonus_cap: "1".to_owned(),
                ..DailySource::default()
            }],
            ..SchemeRules::default()
        };
        Scheme::parse(&rules).unwrap()
    }

    #[test]
    fn only_an_open_cycle_takes_facts_and_only_about_units_that_are_entered() {
        assert_eq!(open(&State::default()).err(), Some(NotAdmitted::UnknownCycle));
        let state = opened();
        let cycle = open(&state).unwrap();
        assert_eq!(check_unit(cycle, UNIT), Ok(()));
        assert_eq!(check_unit(cycle, "station"), Err(NotAdmitted::UnitNotEntered("station".to_owned())));
        let closed = Cycle::evolve(opened(), &CycleClosed::default().into());
        assert_eq!(open(&closed).err(), Some(NotAdmitted::CycleNotOpen));
    }

    #[test]
    fn a_fact_has_a_place_in_the_scheme() {
        let scheme = scheme();
        assert_eq!(component(&scheme, "duties", "ledger").unwrap().component_id, "duties");
        let unknown = NotAdmitted::UnknownComponent("votes".to_owned());
        assert_eq!(component(&scheme, "votes", "ledger").err(), Some(unknown));
        let (component_id, found, wanted) = ("duties".to_owned(), "ledger", "panel");
        let other = NotAdmitted::OtherMethod { component_id, found, wanted };
        assert_eq!(component(&scheme, "duties", "panel").err(), Some(other));
        assert_eq!(source(&scheme, "daily").unwrap().source_id, "daily");
        assert_eq!(source(&scheme, "nightly").err(), Some(NotAdmitted::UnknownSource("nightly".to_owned())));
    }
}
