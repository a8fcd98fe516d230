//! Another scheme on the same facts (scoring.md §6).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use contract::field::BadField;
use contract::scorecard::simulate_scorecard_request::Rules;
use contract::scorecard::{LossKind, LossLine, Scorecard, SimulationBasis};
use contract::status::{Failure, Kind};
use rust_decimal::Decimal;
use scoring::scheme::{Component, Method, Panel};
use scoring::{Appraisal, Scheme, simulate};

use crate::card::{Certainty, Frame, reason, text};
use crate::compare;
use crate::explain::{self, Behind};
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
        let none = Behind::new();
        let Some((lines, _)) = explain::lines(self.league, unit, &none) else { return Vec::new() };
        let rules = (self.simulated.name.as_str(), self.simulated.scheme_version);
        let scheme = (&self.simulated.scheme, rules);
        let simulated = explain::told(self.league, scheme, &self.appraisal, unit, &none);
        let simulated = simulated.unwrap_or_default().0;
        match self.basis {
            SimulationBasis::Recomputed => compare::moved(&lines, &simulated),
            SimulationBasis::Rescaled | SimulationBasis::Unspecified => {
                self.moved_as_wholes(unit, lines, simulated)
            }
        }
    }

    /// Rescaled points have no lines of their own, so each component moves as a whole.
    fn moved_as_wholes(&self, unit: &str, lines: Vec<LossLine>, simulated: Vec<LossLine>) -> Vec<LossLine> {
        let of_component = |line: &LossLine| !line.component_id.is_empty();
        let (parts, rest): (Vec<_>, Vec<_>) = lines.into_iter().partition(of_component);
        let (simulated_parts, simulated_rest): (Vec<_>, Vec<_>) =
            simulated.into_iter().partition(of_component);
        let components = self.simulated.scheme.components().iter().chain(self.league.scheme.components());
        let ids: BTreeSet<_> = components.map(|component| component.component_id.as_str()).collect();
        let whole = |id| self.moved_component(unit, id, &parts, &simulated_parts);
        let mut moved: Vec<_> = ids.into_iter().filter_map(whole).collect();
        moved.extend(compare::moved(&rest, &simulated_rest));
        moved.sort_by_key(|line| Reverse(compare::lost(Some(line)).abs()));
        moved
    }

    /// How a component moves, with the events behind its points; none: not at all.
    fn moved_component(
        &self,
        unit: &str,
        id: &str,
        parts: &[LossLine],
        simulated: &[LossLine],
    ) -> Option<LossLine> {
        let of = |line: &&LossLine| line.component_id == id;
        let lost = |lines: &[LossLine]| {
            lines.iter().filter(of).map(|line| compare::lost(Some(line))).sum::<Decimal>()
        };
        let points = lost(simulated) - lost(parts);
        let scored = self.appraisal.units.get(unit)?;
        let scored =
            scored.components.iter().find(|score| score.component_id == id).map(|score| score.points);
        if points.is_zero() && !matches!(scored, Some(Err(_))) {
            return None;
        }
        let own = self.league.scheme.component(id).map(|_| self.league.points(unit, id));
        let before = match own {
            Some(Some(points)) => of_max(&self.league.scheme, id, points),
            Some(None) => "pending".to_owned(),
            None => "not scored".to_owned(),
        };
        let after = match scored {
            Some(Ok(points)) => of_max(self.scheme(), id, points),
            Some(Err(pending)) => format!("pending: {}", reason(pending)),
            None => "not scored".to_owned(),
        };
        let mut seen = BTreeSet::new();
        let events = parts.iter().filter(of).flat_map(|line| line.events.clone());
        Some(LossLine {
            component_id: id.to_owned(),
            kind: LossKind::Unspecified.into(),
            description: format!("{before} → {after}"),
            points: text(points.normalize()),
            events: events.filter(|event| seen.insert((event.service.clone(), event.position))).collect(),
            scheme: self.simulated.name.clone(),
            scheme_version: self.simulated.scheme_version,
            ..LossLine::default()
        })
    }
}

fn of_max(scheme: &Scheme, component_id: &str, points: Decimal) -> String {
    let max = scheme.component(component_id).map(|component| component.max_points.normalize());
    format!("{} of {}", text(points), max.unwrap_or_default())
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
