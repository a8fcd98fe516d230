//! Surveys: form codes out, answered forms in.

use parking_lot::Mutex;

use super::*;

pub(super) async fn plan_survey(
    service: &Service,
    request: Request<PlanSurveyRequest>,
) -> Answer<PlanSurveyResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let cycle = CycleName::parse("parent", &asked.parent)?;
    let component = field::id("component_id", &asked.component_id)?;
    let name = SurveyName { jurisdiction: cycle.jurisdiction.clone(), cycle: cycle.cycle.clone(), component };
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let planned = SurveyPlanned {
        cycle: cycle.to_string(),
        component_id: name.component.clone(),
        strata: asked.strata.clone(),
    };
    let prepare = |fresh| plan(service, &name, &planned, fresh);
    let answer = |survey: &_| PlanSurveyResponse {
        survey: resource::survey::survey(survey, &name),
        ..Default::default()
    };
    service.surveys.execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn issue_forms(
    service: &Service,
    request: Request<IssueFormsRequest>,
) -> Answer<IssueFormsResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = SurveyName::parse("name", &asked.name)?;
    let stratum_id = field::id("stratum_id", &asked.stratum_id)?;
    if !(1..=ISSUED_FORMS_MAX).contains(&asked.count) {
        return Err(BadField::new("count", format!("must lie between 1 and {ISSUED_FORMS_MAX}")).into());
    }
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let form_codes: Vec<_> = (0..asked.count).map(|_| code::issue(FORM_CODE_LETTERS)).collect();
    let mut code_hashes: Vec<_> = form_codes.iter().map(|code| code::hash(code).to_vec()).collect();
    code_hashes.sort_unstable();
    let issued = FormsIssued {
        cycle: cycle_of(&name).to_string(),
        component_id: name.component.clone(),
        stratum_id,
        code_hashes,
    };
    let answer = |survey: &_| IssueFormsResponse {
        survey: resource::survey::survey(survey, &name),
        form_codes: form_codes.clone(),
        ..Default::default()
    };
    let command = survey::Command::Issue(issued);
    service.surveys.execute(&call, &stream_of(&name), command, |decided| answer(decided.after)).await
}

pub(super) async fn answer_forms(
    service: &Service,
    request: Request<AnswerFormsRequest>,
) -> Answer<AnswerFormsResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = SurveyName::parse("name", &asked.name)?;
    if !(1..=ANSWERED_FORMS_MAX).contains(&asked.forms.len()) {
        return Err(BadField::new("forms", format!("must be 1 to {ANSWERED_FORMS_MAX}")).into());
    }
    if let Some(row) = asked.forms.iter().position(|form| form.answers.len() > FORM_ANSWERS_MAX) {
        let bad = BadField::new("answers", format!("must be at most {FORM_ANSWERS_MAX}"));
        return Err(bad.in_row("forms", row).into());
    }
    // What is kept of the request must not tell one answer from another.
    let caller = caller.asking(&without_answers(&asked));
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let mut forms: Vec<_> = asked.forms.into_iter().enumerate().map(|(row, form)| parse(row, form)).collect();
    // The order in which forms lie in the box says nothing of the order in which they came.
    forms.shuffle(&mut rand::rng());
    // The forms are judged once more for the answer, by what they were judged by for the events.
    let judged_by = Mutex::new(None);
    let prepare = |fresh| answers(service, &name, &forms, &judged_by, fresh);
    let answer = |decided: Decided<'_, survey::Survey>| AnswerFormsResponse {
        survey: resource::survey::survey(decided.after, &name),
        refusals: refusals(&decided.before.state, &forms, judged_by.lock().as_ref()),
        ..Default::default()
    };
    let stream = stream_of(&name);
    let _turn = service.turns.wait(&stream).await;
    service.surveys.execute_guarded(&call, &stream, prepare, answer).await
}

pub(super) async fn close_survey(
    service: &Service,
    request: Request<CloseSurveyRequest>,
) -> Answer<CloseSurveyResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = SurveyName::parse("name", &asked.name)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let closed = SurveyClosed { cycle: cycle_of(&name).to_string(), component_id: name.component.clone() };
    let answer = |survey: &_| CloseSurveyResponse {
        survey: resource::survey::survey(survey, &name),
        ..Default::default()
    };
    let command = survey::Command::Close(closed);
    service.surveys.execute(&call, &stream_of(&name), command, |decided| answer(decided.after)).await
}

pub(super) async fn get_survey(
    service: &Service,
    request: Request<GetSurveyRequest>,
) -> Answer<GetSurveyResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = SurveyName::parse("name", &asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let scheme = service.scheme_of(&cycle_of(&name)).await?;
    let model = service.reads.now();
    let found = model.surveys.get(&name.key()).and_then(|loaded| resource::survey::survey(loaded, &name));
    let mut shown = found.ok_or_else(|| Failure::not_found(&name))?;
    resource::survey::add_return_rates(&mut shown);
    if shown.closed
        && let Some(scheme) = scheme
        && let Some(facts) = results::facts_of(&model, &cycle_of(&name), &scheme)
    {
        resource::survey::add_results(&mut shown, &scheme, &facts, &name.component);
        if let Some(answers) = model.boxes.survey(&name.key()) {
            resource::survey::add_patterns(&mut shown, answers);
        }
    }
    Ok(Response::new(GetSurveyResponse { survey: Some(shown) }))
}

async fn plan(
    service: &Service,
    name: &SurveyName,
    planned: &SurveyPlanned,
    fresh: bool,
) -> Prepared<survey::Survey> {
    let cycle = service.open_cycle(&cycle_of(name), fresh).await?;
    let Method::Survey(method) = &cycle.component(&name.component, "survey")?.method else {
        return Err(Failure::Internal.into());
    };
    let strata = method.strata.iter().map(|stratum| stratum.stratum_id.clone()).collect();
    Ok((survey::Command::Plan { planned: planned.clone(), strata }, vec![cycle.guard]))
}

async fn answers(
    service: &Service,
    name: &SurveyName,
    forms: &[survey::Form],
    judged_by: &Mutex<Option<survey::Ballot>>,
    fresh: bool,
) -> Prepared<survey::Survey> {
    let ballot = ballot(service, name, fresh).await?;
    *judged_by.lock() = Some(ballot.clone());
    let (cycle, component_id) = (cycle_of(name).to_string(), name.component.clone());
    Ok((survey::Command::Answer { cycle, component_id, forms: forms.to_vec(), ballot }, vec![]))
}

fn stream_of(name: &SurveyName) -> StreamId {
    stream::<survey::Survey>(name.key())
}

fn cycle_of(name: &SurveyName) -> CycleName {
    CycleName { jurisdiction: name.jurisdiction.clone(), cycle: name.cycle.clone() }
}

/// The request with its codes and without what they answer.
fn without_answers(asked: &AnswerFormsRequest) -> AnswerFormsRequest {
    let code_alone =
        |form: &AnsweredForm| AnsweredForm { form_code: form.form_code.clone(), answers: vec![] };
    AnswerFormsRequest {
        request_id: asked.request_id.clone(),
        name: asked.name.clone(),
        forms: asked.forms.iter().map(code_alone).collect(),
        occurred_at: asked.occurred_at,
    }
}

/// A form's answers in the order of their units: how a client writes must not tell whose form it is.
fn parse(row: usize, form: AnsweredForm) -> survey::Form {
    let mut answers = form.answers;
    answers.sort_unstable_by(|one, other| one.unit.cmp(&other.unit));
    survey::Form { row, code_hash: code::hash(&form.form_code), answers }
}

/// What a form may say: the cycle's units and the scheme's levels.
async fn ballot(service: &Service, name: &SurveyName, fresh: bool) -> Result<survey::Ballot, Failed> {
    let cycle = service.open_cycle(&cycle_of(name), fresh).await?;
    let Method::Survey(method) = &cycle.component(&name.component, "survey")?.method else {
        return Err(Failure::Internal.into());
    };
    let levels = method.levels.iter().map(|level| level.level_id.clone()).collect();
    Ok(survey::Ballot { units: Arc::new(cycle.opened()?.units.keys().cloned().collect()), levels })
}

fn refusals(
    before: &survey::State,
    forms: &[survey::Form],
    ballot: Option<&survey::Ballot>,
) -> Vec<AnswerRefusal> {
    let (Some(planned), Some(ballot)) = (before.planned(), ballot) else { return vec![] };
    let judged = planned.judge(forms, ballot).into_iter().zip(forms);
    let refused = judged.filter_map(|(judgement, form)| Some((form.row, judgement.err()?)));
    let mut refusals: Vec<_> = refused
        .map(|(row, refusal)| AnswerRefusal {
            row: u32::try_from(row).unwrap_or(u32::MAX),
            rule: refusal.rule().to_owned(),
            message: refusal.to_string(),
        })
        .collect();
    refusals.sort_by_key(|refusal| refusal.row);
    refusals
}
