use eventstore::testing::{Given, given};

use super::*;

const UNIT: &str = "jurisdictions/city/units/bureau";

fn code(number: u8) -> CodeHash {
    [number; 32]
}

fn planned(forms_max: u32) -> SurveyPlanned {
    let plan = |stratum_id: &str| StratumPlan { stratum_id: stratum_id.to_owned(), forms_max };
    SurveyPlanned { strata: vec![plan("residents"), plan("deputies")], ..SurveyPlanned::default() }
}

fn plan(planned: SurveyPlanned) -> Command {
    Command::Plan { planned, strata: BTreeSet::from(["deputies".to_owned(), "residents".to_owned()]) }
}

fn issued(stratum_id: &str, codes: &[u8]) -> FormsIssued {
    let code_hashes = codes.iter().map(|number| code(*number).to_vec()).collect();
    FormsIssued { stratum_id: stratum_id.to_owned(), code_hashes, ..FormsIssued::default() }
}

fn returned(codes: &[u8]) -> Event {
    let code_hashes = codes.iter().map(|number| code(*number).to_vec()).collect();
    FormsReturned { cycle: "c".to_owned(), component_id: "s".to_owned(), code_hashes }.into()
}

fn answers(unit: &str, level_id: &str) -> Vec<FormAnswer> {
    vec![FormAnswer { unit: unit.to_owned(), level_id: level_id.to_owned() }]
}

fn answered(stratum_id: &str, level_id: &str) -> Event {
    FormAnswered {
        cycle: "c".to_owned(),
        component_id: "s".to_owned(),
        stratum_id: stratum_id.to_owned(),
        answers: answers(UNIT, level_id),
    }
    .into()
}

fn ballot() -> Ballot {
    let levels = ["good", "bad"].map(str::to_owned);
    Ballot { units: Arc::new(BTreeSet::from([UNIT.to_owned()])), levels: BTreeSet::from(levels) }
}

fn form(row: usize, number: u8, answers: Vec<FormAnswer>) -> Form {
    Form { row, code_hash: code(number), answers }
}

fn answer(forms: Vec<Form>) -> Command {
    Command::Answer { cycle: "c".to_owned(), component_id: "s".to_owned(), forms, ballot: ballot() }
}

/// Two forms for residents, one for deputies.
fn running() -> Given<Survey> {
    given([planned(2).into(), issued("residents", &[1, 2]).into(), issued("deputies", &[3]).into()])
}

fn judged(forms: &[Form]) -> Vec<Result<Arc<str>, FormRefusal>> {
    let history = [planned(2).into(), issued("residents", &[1, 2]).into(), returned(&[2])];
    let state = history.iter().fold(State::default(), Survey::evolve);
    state.planned().unwrap().judge(forms, &ballot())
}

#[test]
fn a_plan_names_every_stratum_once() {
    given::<Survey>([]).when(plan(planned(2))).then([planned(2).into()]);
    let incomplete = || Rejection::PlanIncomplete(vec!["deputies".to_owned(), "residents".to_owned()]);
    let mut missing = planned(2);
    missing.strata.truncate(1);
    given::<Survey>([]).when(plan(missing)).then_rejected(incomplete());
    let mut twice = planned(2);
    twice.strata.push(twice.strata[0].clone());
    given::<Survey>([]).when(plan(twice)).then_rejected(incomplete());
}

#[test]
fn a_survey_is_planned_once() {
    running().when(plan(planned(2))).then_nothing();
    running().when(plan(planned(3))).then_rejected(Rejection::SurveyExists);
}

#[test]
fn codes_are_issued_up_to_the_plan() {
    running().when(Command::Issue(issued("deputies", &[4]))).then([issued("deputies", &[4]).into()]);
    let exceeded = Rejection::PlanExceeded { stratum_id: "deputies".to_owned(), left: 1 };
    running().when(Command::Issue(issued("deputies", &[4, 5]))).then_rejected(exceeded);
    let unknown = Rejection::UnknownStratum("nobody".to_owned());
    running().when(Command::Issue(issued("nobody", &[4]))).then_rejected(unknown);
}

#[test]
fn a_form_is_answered_once_and_its_code_and_answer_do_not_meet() {
    let forms = vec![form(1, 3, answers(UNIT, "bad")), form(0, 1, answers(UNIT, "good"))];
    let events = [returned(&[1, 3]), answered("deputies", "bad"), answered("residents", "good")];
    running().when(answer(forms)).then(events);
}

#[test]
fn a_refused_form_leaves_the_others_alone() {
    let forms = vec![form(0, 9, answers(UNIT, "good")), form(1, 1, answers(UNIT, "good"))];
    running().when(answer(forms)).then([returned(&[1]), answered("residents", "good")]);
    running().when(answer(vec![form(0, 9, answers(UNIT, "good"))])).then_nothing();
}

#[test]
fn each_refused_form_is_told_why() {
    let good = || answers(UNIT, "good");
    let forms = [form(0, 1, good()), form(1, 1, good()), form(2, 2, good()), form(3, 9, good())];
    let already = || Err(FormRefusal::AlreadyAnswered);
    let expected = [Ok("residents".into()), already(), already(), Err(FormRefusal::UnknownCode)];
    assert_eq!(judged(&forms), expected);

    let twice = [good(), good()].concat();
    let rows = [
        (vec![], FormRefusal::Empty),
        (
            answers("jurisdictions/city/units/other", "good"),
            FormRefusal::UnitNotEntered("jurisdictions/city/units/other".to_owned()),
        ),
        (twice, FormRefusal::UnitTwice(UNIT.to_owned())),
        (answers(UNIT, "excellent"), FormRefusal::UnknownLevel("excellent".to_owned())),
    ];
    for (answers, refusal) in rows {
        assert_eq!(judged(&[form(0, 1, answers)]), [Err(refusal)]);
    }
}

#[test]
fn a_closed_survey_issues_and_takes_nothing_more() {
    let closed = SurveyClosed::default;
    running().when(Command::Close(closed())).then([closed().into()]);
    let closed_survey =
        given::<Survey>([planned(2).into(), issued("residents", &[1]).into(), closed().into()]);
    closed_survey.when(Command::Close(closed())).then_nothing();
    closed_survey.when(Command::Issue(issued("residents", &[2]))).then_rejected(Rejection::SurveyClosed);
    closed_survey
        .when(answer(vec![form(0, 1, answers(UNIT, "good"))]))
        .then_rejected(Rejection::SurveyClosed);
}

#[test]
fn nothing_is_done_to_a_survey_that_was_never_planned() {
    given::<Survey>([]).when(answer(vec![])).then_rejected(Rejection::UnknownSurvey);
    given::<Survey>([]).when(Command::Close(SurveyClosed::default())).then_rejected(Rejection::UnknownSurvey);
}
