//! A unit's standing in a cycle → its scorecard.

use std::collections::BTreeMap;

use contract::name::{CycleName, ScorecardName};
use contract::scorecard::{
    ComponentScore, DailyScore, FourInPlace, Publication, RankInterval, RatioScore, RollUp, Scorecard,
    StratumScore, SurveyDoubt,
};
use rust_decimal::Decimal;
use scoring::facts::{ComponentFacts, CycleFacts, UnitFacts};
use scoring::scheme::{Component, Method, RatioWeight};
use scoring::{Pending, Scheme, UnitScore};

/// What is the same for every card of a cycle.
pub(crate) struct Frame<'a> {
    pub(crate) cycle: &'a CycleName,
    pub(crate) publication: Publication,
    /// Empty: the scheme is not recorded anywhere.
    pub(crate) scheme_name: &'a str,
    pub(crate) scheme_version: u32,
    pub(crate) scheme: &'a Scheme,
    pub(crate) facts: &'a CycleFacts,
    pub(crate) certainty: Certainty<'a>,
}

/// What is said of how sure a card is.
pub(crate) enum Certainty<'a> {
    /// Nothing: its points were not computed from facts.
    Unknown,
    /// How sure its surveys are, and these rank intervals by unit.
    Computed(&'a BTreeMap<String, scoring::RankInterval>),
}

impl Frame<'_> {
    /// The card of a unit, without what is not of the cycle: title, complaints, cases, training, freshness.
    pub(crate) fn card(&self, unit: &str, score: &UnitScore) -> Scorecard {
        let name = ScorecardName {
            jurisdiction: self.cycle.jurisdiction.clone(),
            cycle: self.cycle.cycle.clone(),
            unit: unit.to_owned(),
        };
        Scorecard {
            name: name.to_string(),
            unit: name.unit().to_string(),
            scheme: self.scheme_name.to_owned(),
            scheme_version: self.scheme_version,
            max_points: text(self.scheme.max_points()),
            components: self.components(unit, score),
            own_points: score.own_points.map(text),
            daily: self.daily(score),
            daily_points: text(score.daily_points),
            roll_up: score.roll_up.as_ref().map(roll_up),
            uncapped_points: score.uncapped_points.map(text),
            final_points: score.final_points.map(text),
            group: score.group,
            group_size: score.group_size,
            ranked: score.ranked,
            rank: score.rank.unwrap_or(0),
            excellent_places: score.excellent_places,
            excellent: score.excellent,
            vetoed: score.vetoed,
            publication: self.publication.into(),
            four_in_place: self.facts.units.get(unit).map(|facts| indicators(self.scheme, facts)),
            rank_interval: self.rank_interval(unit),
            ..Scorecard::default()
        }
    }

    fn components(&self, unit: &str, score: &UnitScore) -> Vec<ComponentScore> {
        let scored = self.scheme.components().iter().zip(&score.components);
        let component = |(component, score): (&Component, &scoring::ComponentScore)| ComponentScore {
            component_id: component.component_id.clone(),
            title: component.title.clone(),
            method: method(&component.method).to_owned(),
            max_points: text(component.max_points),
            points: score.points.ok().map(text),
            pending_reason: score.points.err().map_or("", reason).to_owned(),
            survey: self.doubt(unit, component),
            ratios: self.ratios(unit, component),
        };
        scored.map(component).collect()
    }

    fn daily(&self, score: &UnitScore) -> Vec<DailyScore> {
        let scored = self.scheme.sources().iter().zip(&score.daily);
        scored
            .map(|(source, score)| DailyScore {
                source_id: source.source_id.clone(),
                title: source.title.clone(),
                sum: text(score.sum),
                clipped: text(score.clipped),
                entries: narrow(score.entries),
            })
            .collect()
    }

    fn doubt(&self, unit: &str, component: &Component) -> Option<SurveyDoubt> {
        let Certainty::Computed(_) = self.certainty else { return None };
        let found = scoring::survey_certainty(self.scheme, self.facts, unit, &component.component_id)?;
        let stratum = |stratum: scoring::certainty::StratumValue| StratumScore {
            stratum_id: stratum.stratum_id,
            valid: narrow(stratum.valid),
            mean: stratum.value.map(|value| value.to_string()),
        };
        Some(SurveyDoubt {
            issued: narrow(found.issued),
            returned: narrow(found.returned),
            return_rate: found.return_rate.unwrap_or_default().to_string(),
            interval_low: text(found.interval.low),
            interval_high: text(found.interval.high),
            bound_low: text(found.bounds.low),
            bound_high: text(found.bounds.high),
            strata: found.strata.into_iter().map(stratum).collect(),
        })
    }

    fn ratios(&self, unit: &str, component: &Component) -> Vec<RatioScore> {
        let (Method::Index(index), Some(facts)) = (&component.method, self.facts.units.get(unit)) else {
            return Vec::new();
        };
        let found = scoring::indices::index_value(index.kind, &index.weights, &facts.figures);
        let weighed = |weight: &RatioWeight| {
            let value = found.ratios.iter().find(|(ratio, _)| *ratio == weight.ratio);
            RatioScore {
                ratio: weight.ratio.name().to_owned(),
                value: value.and_then(|(_, value)| *value).map(|value| value.to_string()),
                weight: weight.weight.to_string(),
            }
        };
        index.weights.iter().map(weighed).collect()
    }

    fn rank_interval(&self, unit: &str) -> Option<RankInterval> {
        let Certainty::Computed(intervals) = self.certainty else { return None };
        intervals.get(unit).map(|interval| RankInterval {
            low: interval.low,
            high: interval.high,
            draws_elsewhere: interval.draws_elsewhere,
        })
    }
}

/// Points as they are written: at least two places, nothing rounded.
pub(crate) fn text(points: Decimal) -> String {
    let mut points = points;
    if points.scale() < 2 {
        points.rescale(2);
    }
    points.to_string()
}

fn roll_up(roll_up: &scoring::appraisal::RollUp) -> RollUp {
    RollUp {
        share: roll_up.share.to_string(),
        children: narrow(roll_up.children.len()),
        mean: text(roll_up.mean),
    }
}

/// The indicators of a unit; what else is in place is not of the cycle.
fn indicators(scheme: &Scheme, unit: &UnitFacts) -> FourInPlace {
    let mut found = FourInPlace::default();
    for component in scheme.components() {
        let Method::Indicator(indicators) = &component.method else { continue };
        let facts = unit.components.get(&component.component_id);
        for indicator in indicators {
            let figures = match facts {
                Some(ComponentFacts::Actuals(actuals)) => actuals.get(&indicator.indicator_id),
                Some(_) | None => None,
            };
            let actual = figures.and_then(|figures| figures.actual);
            let reached = figures
                .and_then(|figures| Some(indicator.direction.reached(figures.actual?, figures.target?)));
            found.indicators += 1;
            found.indicators_reported += u32::from(actual.is_some());
            found.indicators_reached += u32::from(reached == Some(true));
        }
    }
    found
}

fn method(method: &Method) -> &'static str {
    match method {
        Method::Assessor => "assessor",
        Method::Panel(_) => "panel",
        Method::Survey(_) => "survey",
        Method::Ledger(_) => "ledger",
        Method::Indicator(_) => "indicator",
        Method::Index(_) => "index",
    }
}

/// Why a component is pending, for people.
pub(crate) fn reason(pending: Pending) -> &'static str {
    match pending {
        Pending::NoMark => "no mark is on record",
        Pending::PanelOpen => "the panel is not closed",
        Pending::BelowQuorum => "fewer ballots than the quorum",
        Pending::NoBallot => "no ballot marks the unit",
        Pending::SurveyOpen => "the survey is not closed",
        Pending::NoStratum => "no stratum has enough valid answers about the unit",
        Pending::NoActual => "an indicator has no target or no actual",
        Pending::IndexUndefined => "the index is undefined",
        Pending::NotInOldScheme => "the cycle's scheme has no such component",
        Pending::NotPublished => "the unit has no points in the component",
        Pending::OtherMethod => "the cycle's scheme has another method, so its facts are not on record",
        Pending::Withheld => {
            "a panel is recomputed only under its own rules: under others its ballots could be read off"
        }
    }
}

fn narrow(number: impl TryInto<u32>) -> u32 {
    number.try_into().unwrap_or(u32::MAX)
}
