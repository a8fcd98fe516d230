//! What is published when a cycle is: its facts, appraised by `scoring`.

use contract::evaluation::{ComponentResult, EntryRecorded, UnitEntered, UnitResult, entry_recorded::Target};
use contract::name::CycleName;
use eventstore::{Decider as _, Guard, StreamId};
use jiff::Timestamp;
use rust_decimal::Decimal;
use scoring::facts::{
    ComponentFacts, CycleFacts, DailyEntry, Forms, IndicatorFacts, LedgerEntry, PanelFacts, SurveyFacts,
    UnitFacts,
};
use scoring::{Scheme, UnitScore, round2};

use crate::domain::{cycle, daily_assessment, indicator, mark, panel, survey};
use crate::read_model::ReadModel;
use crate::replica::Replica;

mod boxes;
mod faults;
mod figures;

pub(crate) use figures::with_units_above;

pub use boxes::{Answers, Ballots, Boxes};

/// The facts of a cycle as the model has them; none: it was never opened.
pub fn facts_of(model: &ReadModel, cycle: &CycleName, scheme: &Scheme) -> Option<CycleFacts> {
    let opened = model.cycles.get(&cycle.key())?.state.opened()?;
    Some(facts(model, &cycle.key(), opened, scheme).0)
}

/// The results of the cycle of `key` (jurisdiction and cycle ids joined by `/`) as the facts stand `now`, with
/// guards on every stream of this context that they came from.
pub fn results(
    known: (&ReadModel, &Replica),
    key: &str,
    cycle: &cycle::Opened,
    scheme: &Scheme,
    now: Timestamp,
) -> (Vec<UnitResult>, Vec<Guard>) {
    let (mut facts, guards) = facts(known.0, key, cycle, scheme);
    figures::add(&mut facts, known, cycle, scheme, now);
    let appraisal = scoring::appraise(scheme, &facts);
    let result = |(unit, score): (&String, &UnitScore)| {
        let figures = figures::to_wire(facts.units.get(unit));
        let mut result = UnitResult { figures, ..unit_result(unit, score) };
        let unit_id = unit.rsplit('/').next().unwrap_or_default();
        faults::charge(known.0, &format!("{key}/{unit_id}"), scheme, &mut result);
        result
    };
    (appraisal.units.iter().map(result).collect(), guards)
}

fn facts(model: &ReadModel, key: &str, cycle: &cycle::Opened, scheme: &Scheme) -> (CycleFacts, Vec<Guard>) {
    let mut facts = CycleFacts {
        units: cycle.units.values().map(|entered| (entered.unit.clone(), entered_unit(entered))).collect(),
        ranked_groups: cycle.terms.ranked_groups.iter().copied().collect(),
        ..CycleFacts::default()
    };
    let mut guards = Vec::new();
    let mut guard = |category: &str, key: &str, stream_version| {
        guards.push(Guard { stream: StreamId::new(category, key), stream_version });
    };
    let prefix = format!("{key}/");
    for (key, loaded) in model.daily_assessments.with_prefix(&prefix) {
        guard(daily_assessment::DailyAssessment::CATEGORY, key, loaded.stream_version);
        for entry in loaded.state.entries() {
            if let Some(unit) = facts.units.get_mut(&entry.recorded.unit) {
                add_entry(unit, &entry.recorded, entry.reversed.is_none());
            }
        }
    }
    for (key, loaded) in model.marks.with_prefix(&prefix) {
        guard(mark::Mark::CATEGORY, key, loaded.stream_version);
        let mut ids = key[prefix.len()..].split('/');
        let (Some(unit_id), Some(component_id)) = (ids.next(), ids.next()) else { continue };
        let unit = facts.units.iter_mut().find(|(unit, _)| unit.rsplit('/').next() == Some(unit_id));
        if let (Some((_, unit)), mark::State::Marked { points, .. }) = (unit, &loaded.state) {
            unit.components.insert(component_id.to_owned(), ComponentFacts::Mark(exact(points)));
        }
    }
    for (key, loaded) in model.indicators.with_prefix(&prefix) {
        guard(indicator::Indicator::CATEGORY, key, loaded.stream_version);
        let Some((unit_id, component_id)) = key[prefix.len()..].split_once('/') else { continue };
        let unit = facts.units.iter_mut().find(|(unit, _)| unit.rsplit('/').next() == Some(unit_id));
        let Some((_, unit)) = unit else { continue };
        let actual = |(id, figure): (&String, &indicator::Figure)| (id.clone(), target_and_actual(figure));
        let actuals = loaded.state.0.iter().map(actual).collect();
        unit.components.insert(component_id.to_owned(), ComponentFacts::Actuals(actuals));
    }
    for component in scheme.components() {
        let (id, key) = (&component.component_id, format!("{prefix}{}", component.component_id));
        if let Some(loaded) = model.surveys.get(&key) {
            guard(survey::Survey::CATEGORY, &key, loaded.stream_version);
            add_survey(&mut facts, id, loaded.state.planned(), model.boxes.survey(&key));
        }
        if let Some(loaded) = model.panels.get(&key) {
            guard(panel::Panel::CATEGORY, &key, loaded.stream_version);
            add_panel(&mut facts, id, loaded.state.convened(), model.boxes.panel(&key));
        }
    }
    (facts, guards)
}

fn target_and_actual(figure: &indicator::Figure) -> IndicatorFacts {
    IndicatorFacts {
        target: figure.target.as_deref().map(exact),
        actual: figure.actual.as_deref().map(exact),
    }
}

fn add_survey(
    facts: &mut CycleFacts,
    component_id: &str,
    planned: Option<&survey::Planned>,
    answers: Option<&Answers>,
) {
    let Some(planned) = planned else { return };
    let forms =
        |forms: &survey::Forms| Forms { issued: forms.issued.into(), returned: forms.returned.into() };
    let forms = planned.strata.iter().map(|(stratum, counted)| (stratum.clone(), forms(counted))).collect();
    facts.surveys.insert(component_id.to_owned(), SurveyFacts { closed: planned.closed, forms });
    for (unit, answers) in answers.into_iter().flat_map(|answers| &answers.tally) {
        if let Some(unit) = facts.units.get_mut(unit) {
            unit.components.insert(component_id.to_owned(), ComponentFacts::Answers(answers.clone()));
        }
    }
}

fn add_panel(
    facts: &mut CycleFacts,
    component_id: &str,
    convened: Option<&panel::Convened>,
    ballots: Option<&Ballots>,
) {
    let Some(convened) = convened else { return };
    let panel = PanelFacts {
        closed: convened.closed,
        ballots_cast: ballots.map_or(0, |ballots| ballots.cast),
        electors: u64::try_from(convened.electors.len()).unwrap_or(u64::MAX),
    };
    facts.panels.insert(component_id.to_owned(), panel);
    for (unit, marks) in ballots.into_iter().flat_map(|ballots| &ballots.marks) {
        if let Some(unit) = facts.units.get_mut(unit) {
            unit.components.insert(component_id.to_owned(), ComponentFacts::Ballots(marks.clone()));
        }
    }
}

fn entered_unit(entered: &UnitEntered) -> UnitFacts {
    UnitFacts {
        parent: Some(entered.parent.clone()).filter(|parent| !parent.is_empty()),
        group: entered.group,
        appraisal_target: entered.appraisal_target,
        ..UnitFacts::default()
    }
}

fn add_entry(unit: &mut UnitFacts, entry: &EntryRecorded, standing: bool) {
    let (entry_id, points) = (entry.entry_id.clone(), exact(&entry.points));
    match &entry.target {
        Some(Target::SourceId(source_id)) => {
            unit.daily.push(DailyEntry { entry_id, source_id: source_id.clone(), points, standing });
        }
        Some(Target::ComponentId(component_id)) => {
            let ledger = unit.components.entry(component_id.clone());
            if let ComponentFacts::Entries(entries) =
                ledger.or_insert_with(|| ComponentFacts::Entries(vec![]))
            {
                entries.push(LedgerEntry { entry_id, points, standing });
            }
        }
        None => {}
    }
}

/// A decimal of an event: it was parsed before the event was recorded.
fn exact(decimal: &str) -> Decimal {
    decimal.parse().unwrap_or_default()
}

fn unit_result(unit: &str, score: &UnitScore) -> UnitResult {
    let component = |component: &scoring::ComponentScore| ComponentResult {
        component_id: component.component_id.clone(),
        points: component.points.as_ref().ok().map(two_places),
    };
    UnitResult {
        unit: unit.to_owned(),
        group: score.group,
        components: score.components.iter().map(component).collect(),
        daily: two_places(&score.daily_points),
        final_points: score.final_points.as_ref().map(two_places),
        rank: score.rank.unwrap_or(0),
        excellent: score.excellent,
        vetoed: score.vetoed,
        ..UnitResult::default()
    }
}

/// Points as they are written: always two places, rounded as scoring.md §2 says. A cap may have more.
pub(crate) fn two_places(points: &Decimal) -> String {
    round2(*points).to_string()
}
