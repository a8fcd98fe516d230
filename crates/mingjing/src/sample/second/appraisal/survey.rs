//! Open appraisal: forms to the public, issued in October, answered in November, in batches.

use contract::evaluation::{
    AnswerFormsRequest, AnsweredForm, CloseSurveyRequest, FormAnswer, IssueFormsRequest, PlanSurveyRequest,
    StratumPlan,
};
use jiff::civil::{Date, date};

use super::super::super::generate::{filled, returned};
use super::super::super::random::Random;
use super::super::steps::{Desk, Step, at};
use super::units::Appraised;

/// Strata of the city's survey with the forms that each gets: 12,000.
pub(super) const STRATA: [(&str, u32); 4] =
    [("service-recipients", 6000), ("residents", 3000), ("enterprises", 2000), ("deputies", 1000)];
const COMPONENT: &str = "open-appraisal";
const FORMS_PER_CALL: usize = 500;
const PLANNED: Date = date(2025, 10, 9);
const ISSUED: Date = date(2025, 10, 13);
const ANSWERED: Date = date(2025, 11, 17);
const CLOSED: Date = date(2025, 12, 1);

/// A cycle's survey: so many forms to each stratum, about the units that are appraised in it.
pub(super) fn steps(cycle: &str, strata: &[(&'static str, u32)], appraised: &[Appraised]) -> Vec<Step> {
    let mut random = Random::new(20_251_117);
    let mut steps = vec![planned(cycle, strata)];
    let forms = strata.iter().map(|(stratum_id, count)| {
        let asked: Vec<_> =
            appraised.iter().map(|unit| (unit.name.clone(), shares(unit, &mut random))).collect();
        Stratum { id: stratum_id, issued: *count, forms: filled(&asked, returned(*count)) }
    });
    steps.push(answered(cycle, forms.collect()));
    steps.push(closed(cycle));
    steps
}

/// What comes back of a stratum's forms.
struct Stratum {
    id: &'static str,
    issued: u32,
    forms: Vec<Vec<FormAnswer>>,
}

/// Of a thousand answers about a unit, how many choose each level, from the best to "don't know".
fn shares(unit: &Appraised, random: &mut Random) -> [u32; 5] {
    let very = 290 + unit.quality * 2 + random.below(40);
    let dissatisfied = 75 - unit.quality / 2 + random.below(15);
    let unknown = 20 + random.below(20);
    let rest = 1000 - very - dissatisfied - unknown;
    [very, rest * 3 / 5, rest - rest * 3 / 5, dissatisfied, unknown]
}

fn name(cycle: &str) -> String {
    format!("{cycle}/surveys/{COMPONENT}")
}

fn planned(cycle: &str, strata: &[(&'static str, u32)]) -> Step {
    let parent = cycle.to_owned();
    let plan = |(stratum_id, forms_max): &(&str, u32)| StratumPlan {
        stratum_id: (*stratum_id).to_owned(),
        forms_max: *forms_max,
    };
    let strata = strata.iter().map(plan).collect();
    Step::new(at(PLANNED, 10), format!("plan/{cycle}"), |mut desk| async move {
        let request = PlanSurveyRequest {
            request_id: desk.request_id,
            parent,
            component_id: COMPONENT.to_owned(),
            strata,
            occurred_at: desk.occurred_at,
        };
        desk.services.evaluation.plan_survey(request).await.map(drop)
    })
}

/// Only who issues codes ever sees them: forms are issued and answered in one step.
fn answered(cycle: &str, strata: Vec<Stratum>) -> Step {
    let name = name(cycle);
    Step::new(at(ANSWERED, 10), format!("answer/{cycle}"), move |mut desk| async move {
        for stratum in strata {
            let request = IssueFormsRequest {
                request_id: desk.another(&format!("issue/{}", stratum.id)),
                name: name.clone(),
                stratum_id: stratum.id.to_owned(),
                count: stratum.issued,
                occurred_at: Some(contract::field::to_wire(at(ISSUED, 10))),
            };
            let codes = desk.services.evaluation.issue_forms(request).await?.into_inner().form_codes;
            let filled = codes.into_iter().zip(stratum.forms);
            let filled = filled.map(|(form_code, answers)| AnsweredForm { form_code, answers });
            answer(&mut desk, &name, stratum.id, filled.collect()).await?;
        }
        anyhow::Ok(())
    })
}

async fn answer(
    desk: &mut Desk,
    name: &str,
    stratum_id: &str,
    forms: Vec<AnsweredForm>,
) -> anyhow::Result<()> {
    for (batch, forms) in forms.chunks(FORMS_PER_CALL).enumerate() {
        let request = AnswerFormsRequest {
            request_id: desk.another(&format!("{stratum_id}/{batch}")),
            name: name.to_owned(),
            forms: forms.to_vec(),
            occurred_at: desk.occurred_at,
        };
        let refused = desk.services.evaluation.answer_forms(request).await?.into_inner().refusals;
        anyhow::ensure!(refused.is_empty(), "a form was refused: {:?}", refused.first());
    }
    Ok(())
}

fn closed(cycle: &str) -> Step {
    let name = name(cycle);
    Step::new(at(CLOSED, 17), format!("close-survey/{cycle}"), |mut desk| async move {
        let (request_id, occurred_at) = (desk.request_id, desk.occurred_at);
        let request = CloseSurveyRequest { request_id, name, occurred_at };
        desk.services.evaluation.close_survey(request).await.map(drop)
    })
}
