//! Another scheme on the same facts (scoring.md §6).

use std::collections::BTreeMap;

use contract::field::BadField;
use contract::scorecard::simulate_scorecard_request::Rules;
use contract::scorecard::{Scorecard, SimulateScorecardRequest, SimulationBasis};
use contract::status::{Failure, Kind};
use scoring::{Scheme, simulate};

use crate::card::{Certainty, Frame, text};
use crate::fold::evaluation::cycle::list;
use crate::fold::facts::Facts;
use crate::league::League;

/// A scheme to simulate.
#[derive(Debug)]
pub(crate) struct Simulated {
    /// Resource name; empty: recorded nowhere.
    name: String,
    scheme_version: u32,
    scheme: Scheme,
}

/// On which basis.
pub(crate) fn basis(value: i32) -> Result<SimulationBasis, BadField> {
    match SimulationBasis::try_from(value) {
        Ok(SimulationBasis::Unspecified) => Ok(SimulationBasis::Rescaled),
        Ok(basis) => Ok(basis),
        Err(_) => Err(BadField::new("basis", "must be one of the named values")),
    }
}

/// The scheme that a request asks for.
pub(crate) fn scheme(facts: &Facts, request: &SimulateScorecardRequest) -> Result<Simulated, Failure> {
    match &request.rules {
        None => Err(BadField::new("scheme", "exactly one of scheme and inline must be set").into()),
        Some(Rules::Inline(rules)) => {
            let scheme = Scheme::parse(rules).map_err(|faults| match faults.first() {
                Some(fault) => BadField::new(format!("inline.{}", fault.path), fault.message.clone()),
                None => BadField::new("inline", "must be a scheme"),
            })?;
            Ok(Simulated { name: String::new(), scheme_version: 0, scheme })
        }
        Some(Rules::Scheme(name)) => recorded(facts, name, request.scheme_version),
    }
}

fn recorded(facts: &Facts, name: &str, scheme_version: u32) -> Result<Simulated, Failure> {
    let name = contract::name::SchemeName::parse("scheme", name)?.to_string();
    let (scheme_version, rules) = facts.scheme_version(&name, scheme_version).ok_or_else(|| {
        Failure::not_found(if scheme_version == 0 {
            name.clone()
        } else {
            format!("{name} version {scheme_version}")
        })
    })?;
    // A draft may have faults.
    let scheme = Scheme::parse(rules).map_err(|faults| Failure::Refused {
        kind: Kind::Rule,
        rule: "scorecard.scheme_faulty",
        message: format!("{name} version {scheme_version} has faults: {}", list(&faults)),
    })?;
    Ok(Simulated { name, scheme_version, scheme })
}

/// The card that the scheme would give a unit; none: no such unit.
pub(crate) fn card(
    league: &League,
    simulated: &Simulated,
    basis: SimulationBasis,
    unit: &str,
) -> Option<Scorecard> {
    let no_intervals = BTreeMap::new();
    let (old, new, facts) = (&league.scheme, &simulated.scheme, &league.facts);
    let (appraisal, certainty) = match basis {
        SimulationBasis::Recomputed => {
            (simulate::recomputed(old, new, facts), Certainty::Computed(&no_intervals))
        }
        SimulationBasis::Rescaled | SimulationBasis::Unspecified => {
            let points = |unit: &str, component: &str| league.points(unit, component);
            (simulate::rescaled(old, new, facts, points), Certainty::Unknown)
        }
    };
    let frame = Frame {
        cycle: &league.name,
        publication: league.cycle.phase.publication(),
        scheme_name: &simulated.name,
        scheme_version: simulated.scheme_version,
        scheme: new,
        facts,
        certainty,
    };
    Some(frame.card(unit, appraisal.units.get(unit)?))
}

/// simulated − actual final; none where one is pending.
pub(crate) fn difference(actual: &Scorecard, simulated: &Scorecard) -> Option<String> {
    let final_points = |card: &Scorecard| card.final_points.as_ref()?.parse::<rust_decimal::Decimal>().ok();
    Some(text(final_points(simulated)? - final_points(actual)?))
}
