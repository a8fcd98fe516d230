//! What is published when a cycle is: its facts, appraised by `scoring`.

use std::collections::BTreeMap;

use contract::evaluation::{
    ComponentResult, EntryRecorded, FormAnswered, UnitEntered, UnitResult, entry_recorded::Target,
};
use eventstore::{Decider as _, EventSet as _, Guard, RecordedEvent, StreamId};
use rust_decimal::Decimal;
use scoring::facts::{ComponentFacts, CycleFacts, DailyEntry, Forms, LedgerEntry, SurveyFacts, UnitFacts};
use scoring::{Scheme, UnitScore};

use crate::domain::survey::BOX_CATEGORY;
use crate::domain::{cycle, daily_assessment, mark, survey};
use crate::read_model::ReadModel;

/// How many answers about a unit chose each level: by unit, stratum, level.
pub type Tally = BTreeMap<String, BTreeMap<String, BTreeMap<String, u64>>>;

eventstore::events! {
    enum InTheBox { FormAnswered }
}

/// The answers of every survey, counted.
#[derive(Debug, Default)]
pub struct Boxes {
    tallies: BTreeMap<String, (u64, Tally)>,
}

impl Boxes {
    /// Counts `event` if it lies in a survey's box; whether it does.
    pub fn apply(&mut self, event: &RecordedEvent) -> Result<bool, String> {
        if event.stream.category() != BOX_CATEGORY {
            return Ok(false);
        }
        let decoded =
            InTheBox::decode(&event.event_type, &event.payload).map_err(|error| error.to_string())?;
        let Some(InTheBox::FormAnswered(form)) = decoded else {
            return Err(format!("`{}` does not belong in a survey's box", event.event_type));
        };
        let (stream_version, tally) = self.tallies.entry(event.stream.key().to_owned()).or_default();
        *stream_version = event.stream_version;
        for answer in form.answers {
            let strata = tally.entry(answer.unit).or_default();
            *strata.entry(form.stratum_id.clone()).or_default().entry(answer.level_id).or_default() += 1;
        }
        Ok(true)
    }
}

/// The results of the cycle of `key` (jurisdiction and cycle ids joined by `/`) as the facts stand, with
/// guards on every stream that they came from.
pub fn results(
    model: &ReadModel,
    key: &str,
    cycle: &cycle::Opened,
    scheme: &Scheme,
) -> (Vec<UnitResult>, Vec<Guard>) {
    let (facts, guards) = facts(model, key, cycle, scheme);
    let appraisal = scoring::appraise(scheme, &facts);
    (appraisal.units.iter().map(|(unit, score)| unit_result(unit, score)).collect(), guards)
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
    for component in scheme.components() {
        let key = format!("{prefix}{}", component.component_id);
        let Some(loaded) = model.surveys.get(&key) else { continue };
        guard(survey::Survey::CATEGORY, &key, loaded.stream_version);
        let Some(planned) = loaded.state.planned() else { continue };
        let forms =
            |forms: &survey::Forms| Forms { issued: forms.issued.into(), returned: forms.returned.into() };
        let survey = SurveyFacts {
            closed: planned.closed,
            forms: planned
                .strata
                .iter()
                .map(|(stratum, counted)| (stratum.clone(), forms(counted)))
                .collect(),
        };
        facts.surveys.insert(component.component_id.clone(), survey);
        let Some((_, tally)) = model.boxes.tallies.get(&key) else { continue };
        for (unit, answers) in tally {
            if let Some(unit) = facts.units.get_mut(unit) {
                unit.components
                    .insert(component.component_id.clone(), ComponentFacts::Answers(answers.clone()));
            }
        }
    }
    (facts, guards)
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

/// Points as they are written: always two places. They are rounded already.
fn two_places(points: &Decimal) -> String {
    format!("{points:.2}")
}
