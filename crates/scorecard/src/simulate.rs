//! Another scheme on the same facts (scoring.md §6).

use std::collections::BTreeMap;

use contract::field::BadField;
use contract::scorecard::simulate_scorecard_request::Rules;
use contract::scorecard::{LossLine, Scorecard, SimulationBasis};
use contract::status::{Failure, Kind};
use rust_decimal::Decimal;
use scoring::scheme::{Component, Method, Panel};
use scoring::{Appraisal, Scheme, simulate};

use crate::card::{Certainty, Frame, text};
use crate::compare;
use crate::explain::{self, Answered};
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
pub(crate) fn scheme(
    facts: &Facts,
    rules: Option<&Rules>,
    scheme_version: u32,
) -> Result<Simulated, Failure> {
    match rules {
        None => Err(BadField::new("scheme", "exactly one of scheme and inline must be set").into()),
        Some(Rules::Inline(rules)) => {
            let scheme = Scheme::parse(rules).map_err(|faults| match faults.first() {
                Some(fault) => BadField::new(format!("inline.{}", fault.path), fault.message.clone()),
                None => BadField::new("inline", "must be a scheme"),
            })?;
            Ok(Simulated { name: String::new(), scheme_version: 0, scheme })
        }
        Some(Rules::Scheme(name)) => recorded(facts, name, scheme_version),
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

/// What a scheme would make of a cycle.
pub(crate) struct Table<'a> {
    league: &'a League,
    simulated: &'a Simulated,
    basis: SimulationBasis,
    appraisal: Appraisal,
}

impl<'a> Table<'a> {
    /// Simulates a scheme on the facts of a league.
    pub(crate) fn of(league: &'a League, simulated: &'a Simulated, basis: SimulationBasis) -> Self {
        let (old, new, facts) = (&league.scheme, &simulated.scheme, &league.facts);
        let appraisal = match basis {
            SimulationBasis::Recomputed => simulate::recomputed(old, new, facts, gives_ballots_away),
            SimulationBasis::Rescaled | SimulationBasis::Unspecified => {
                let points = |unit: &str, component: &str| league.points(unit, component);
                simulate::rescaled(old, new, facts, points)
            }
        };
        Self { league, simulated, basis, appraisal }
    }

    /// The scheme.
    pub(crate) fn scheme(&self) -> &Scheme {
        &self.simulated.scheme
    }

    /// The card that the scheme would give a unit; none: no such unit.
    pub(crate) fn card(&self, unit: &str) -> Option<Scorecard> {
        let no_intervals = BTreeMap::new();
        let certainty = match self.basis {
            SimulationBasis::Recomputed => Certainty::Computed(&no_intervals),
            SimulationBasis::Rescaled | SimulationBasis::Unspecified => Certainty::Unknown,
        };
        let frame = Frame {
            cycle: &self.league.name,
            publication: self.league.cycle.phase.publication(),
            scheme_name: &self.simulated.name,
            scheme_version: self.simulated.scheme_version,
            scheme: &self.simulated.scheme,
            facts: &self.league.facts,
            certainty,
        };
        Some(frame.card(unit, self.appraisal.units.get(unit)?))
    }

    /// What moves: lines of the simulated explanation that are not those that stand.
    pub(crate) fn moved(&self, unit: &str) -> Vec<LossLine> {
        let none = Answered::new();
        let Some((lines, _)) = explain::lines(self.league, unit, &none) else { return Vec::new() };
        let scheme = &self.simulated.scheme;
        let losses = scoring::losses(scheme, &self.league.facts, &self.appraisal, unit);
        let rules = (self.simulated.name.as_str(), self.simulated.scheme_version);
        let simulated = losses.map(|losses| explain::told(self.league, scheme, rules, unit, &none, losses));
        compare::moved(&lines, &simulated.unwrap_or_default())
    }
}

/// Whether a panel under other rules would tell of its ballots what its own result does not: other classes or weights
/// give a class's mean, and so the ballot of a class of one; a lower maximum cuts marks off one after another.
fn gives_ballots_away(own: &Component, other: &Component) -> bool {
    let (Method::Panel(panel), Method::Panel(others)) = (&own.method, &other.method) else { return false };
    let weights = |panel: &Panel| -> BTreeMap<String, Decimal> {
        panel.classes.iter().map(|class| (class.class_id.clone(), class.weight)).collect()
    };
    let rules = |panel: &Panel| (panel.trim_from, panel.trim, panel.quorum, weights(panel));
    own.max_points != other.max_points || rules(panel) != rules(others)
}

/// simulated − actual final; none where one is pending.
pub(crate) fn difference(actual: &Scorecard, simulated: &Scorecard) -> Option<String> {
    let final_points = |card: &Scorecard| card.final_points.as_ref()?.parse::<Decimal>().ok();
    Some(text(final_points(simulated)? - final_points(actual)?))
}
