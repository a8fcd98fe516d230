//! A survey as the API shows it: its forms; once closed, what it made of each unit and what looks steered.

use contract::evaluation::{SteeredFlag, StratumForms, StratumResult, Survey, SurveyResult};
use contract::name::SurveyName;
use eventstore::Loaded;
use rust_decimal::Decimal;
use scoring::certainty::{StratumValue, SurveyCertainty, survey_certainty};
use scoring::facts::ComponentFacts;
use scoring::scheme::Method;
use scoring::{CycleFacts, Scheme, steered};

use super::times;
use crate::domain::survey;
use crate::results::{Answers, two_places};

pub(crate) fn survey(loaded: &Loaded<survey::Survey>, name: &SurveyName) -> Option<Survey> {
    let planned = loaded.state.planned()?;
    let (create_time, update_time, etag) = times(loaded.stamp(""));
    let stratum = |(stratum_id, forms): (&String, &survey::Forms)| StratumForms {
        stratum_id: stratum_id.clone(),
        forms_max: forms.forms_max,
        issued: forms.issued,
        returned: forms.returned,
        return_rate: None,
    };
    Some(Survey {
        name: name.to_string(),
        strata: planned.strata.iter().map(stratum).collect(),
        closed: planned.closed,
        create_time,
        update_time,
        etag,
        results: vec![],
        flags: vec![],
    })
}

/// Adds the return rates, which are known while the survey is open.
pub(crate) fn add_return_rates(survey: &mut Survey) {
    for stratum in &mut survey.strata {
        let forms =
            scoring::facts::Forms { issued: stratum.issued.into(), returned: stratum.returned.into() };
        stratum.return_rate = forms.return_rate().map(|rate| rate.to_string());
    }
}

/// Adds what a closed survey made of each unit.
pub(crate) fn add_results(survey: &mut Survey, scheme: &Scheme, facts: &CycleFacts, component_id: &str) {
    let appraisal = scoring::appraise(scheme, facts);
    for unit in facts.units.keys() {
        let certainty = survey_certainty(scheme, facts, unit, component_id);
        let points = appraisal.points(unit, component_id);
        survey.results.push(result(unit, points, certainty.as_ref()));
        add_ceilings(survey, scheme, facts, unit, component_id);
    }
}

/// Flags the strata in which one way to fill in a form comes over and over.
pub(crate) fn add_patterns(survey: &mut Survey, answers: &Answers) {
    for stratum in &survey.strata {
        let (alike, forms) = answers.alike(&stratum.stratum_id, steered::PATTERN_UNITS_MIN);
        if steered::one_pattern(alike, forms) {
            let stratum_id = stratum.stratum_id.clone();
            survey.flags.push(SteeredFlag {
                rule: "one_pattern".to_owned(),
                stratum_id,
                ..Default::default()
            });
        }
    }
}

fn result(unit: &str, points: Option<Decimal>, certainty: Option<&SurveyCertainty>) -> SurveyResult {
    let stratum = |stratum: &StratumValue| StratumResult {
        stratum_id: stratum.stratum_id.clone(),
        valid: stratum.valid,
        value: stratum.value.map(|value| value.to_string()),
    };
    SurveyResult {
        unit: unit.to_owned(),
        points: points.as_ref().map(two_places),
        interval_low: certainty.map(|certainty| two_places(&certainty.interval.low)),
        interval_high: certainty.map(|certainty| two_places(&certainty.interval.high)),
        bound_low: certainty.map(|certainty| two_places(&certainty.bounds.low)),
        bound_high: certainty.map(|certainty| two_places(&certainty.bounds.high)),
        strata: certainty.into_iter().flat_map(|certainty| certainty.strata.iter().map(stratum)).collect(),
        strata_difference: certainty
            .and_then(SurveyCertainty::strata_difference)
            .map(|difference| difference.to_string()),
    }
}

fn add_ceilings(survey: &mut Survey, scheme: &Scheme, facts: &CycleFacts, unit: &str, component_id: &str) {
    let Some(Method::Survey(method)) = scheme.component(component_id).map(|component| &component.method)
    else {
        return;
    };
    let answers = facts.units.get(unit).and_then(|unit| unit.components.get(component_id));
    let Some(ComponentFacts::Answers(strata)) = answers else { return };
    for (stratum_id, answers) in strata {
        if steered::at_ceiling(method, answers) {
            let (rule, unit) = ("at_ceiling".to_owned(), unit.to_owned());
            survey.flags.push(SteeredFlag { rule, stratum_id: stratum_id.clone(), unit });
        }
    }
}
