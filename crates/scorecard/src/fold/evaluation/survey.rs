//! Surveys: forms issued and returned, and how many answers chose each level, by stratum and unit. Never an
//! answer by itself.

use std::collections::BTreeMap;

use contract::evaluation::{FormsIssued, SurveyClosed, SurveyPlanned};
use serde::{Deserialize, Serialize};

use super::form::Form;
use crate::fold::facts::Facts;

/// A survey.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Survey {
    /// Whether it takes no more answers.
    pub(crate) closed: bool,
}

/// One stratum of a survey.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stratum {
    /// Forms issued.
    pub(crate) issued: u64,
    /// Forms answered.
    pub(crate) returned: u64,
    /// Answers by unit and level.
    pub(crate) answers: BTreeMap<String, BTreeMap<String, u64>>,
}

pub(super) fn plan(facts: &mut Facts, event: &SurveyPlanned) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    facts.survey.put(cycle.below(&[&event.component_id]), Survey::default());
    for stratum in &event.strata {
        facts.stratum.edit_or_default(&cycle.below(&[&event.component_id, &stratum.stratum_id]));
    }
    Ok(())
}

pub(super) fn issue(facts: &mut Facts, event: &FormsIssued) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    let stratum = facts.stratum.edit(&cycle.below(&[&event.component_id, &event.stratum_id]));
    let issued = u64::try_from(event.code_hashes.len()).unwrap_or(u64::MAX);
    let stratum = stratum.ok_or("the stratum was never planned")?;
    stratum.issued = stratum.issued.saturating_add(issued);
    Ok(())
}

pub(super) fn answer(facts: &mut Facts, mut form: Form<'_>) -> Result<(), String> {
    let cycle = facts.in_cycle(form.cycle)?;
    // All of it or nothing: a name that does not fit must not leave half a form behind.
    for (unit, _) in &mut form.answers {
        *unit = cycle.unit(unit)?;
    }
    let stratum = facts.stratum.edit(&cycle.below(&[form.component_id, form.stratum_id]));
    let stratum = stratum.ok_or("the stratum was never planned")?;
    stratum.returned += 1;
    for (unit, level) in &form.answers {
        tally(&mut stratum.answers, unit, level);
    }
    Ok(())
}

/// Counts one answer. A key is copied only the first time that it is met.
fn tally(answers: &mut BTreeMap<String, BTreeMap<String, u64>>, unit: &str, level: &str) {
    let Some(levels) = answers.get_mut(unit) else {
        answers.insert(unit.to_owned(), BTreeMap::from([(level.to_owned(), 1)]));
        return;
    };
    match levels.get_mut(level) {
        Some(count) => *count += 1,
        None => drop(levels.insert(level.to_owned(), 1)),
    }
}

pub(super) fn close(facts: &mut Facts, event: &SurveyClosed) -> Result<(), String> {
    let cycle = facts.in_cycle(&event.cycle)?;
    let survey = facts.survey.edit(&cycle.below(&[&event.component_id]));
    survey.ok_or("the survey was never planned")?.closed = true;
    Ok(())
}
