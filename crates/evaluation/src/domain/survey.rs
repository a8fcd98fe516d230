//! A survey 评议表 of one component: the public answers on forms, each form once.
//!
//! - Forms are planned per stratum, every stratum of the scheme once; codes are issued up to the plan.
//! - A code answers once. Which code a form came with is recorded nowhere: codes (here) and answers (the
//!   box) are separate streams; an answer waits outside the log until it is recorded among many.
//! - A form marks units of the cycle, each at most once, by levels of the scheme.
//! - A closed survey issues and takes nothing more.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use contract::evaluation::{
    FormAnswer, FormAnswered, FormsIssued, FormsReturned, StratumPlan, SurveyClosed, SurveyPlanned,
};
use contract::status::{self, Kind};
use eventstore::{Boxed, Decider};

/// The category of the stream that answers lie in.
pub const BOX_CATEGORY: &str = "survey_box";
/// An answer is recorded among at least so many of its stratum, or among all of them.
const MIXED_FORMS_MIN: usize = 100;

/// SHA-256 of a form's code.
pub type CodeHash = [u8; 32];

eventstore::events! {
    /// What can happen to a survey.
    pub enum Event { SurveyPlanned, FormsIssued, FormsReturned, FormAnswered, SurveyClosed }
}

/// The survey, if it was planned.
#[derive(Debug, Clone, Default)]
pub enum State {
    /// There is none.
    #[default]
    NotPlanned,
    /// There is one.
    Planned(Box<Planned>),
}

/// A planned survey.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The forms, by stratum.
    pub strata: BTreeMap<String, Forms>,
    /// Whether it is closed.
    pub closed: bool,
    codes: HashMap<CodeHash, Code>,
}

/// The forms of one stratum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forms {
    /// Planned at most.
    pub forms_max: u32,
    /// Issued.
    pub issued: u32,
    /// Returned.
    pub returned: u32,
}

#[derive(Debug, Clone)]
struct Code {
    stratum_id: Arc<str>,
    returned: bool,
}

/// An answered form. `row` is its place in the request.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "see above")]
pub struct Form {
    pub row: usize,
    pub code_hash: CodeHash,
    pub answers: Vec<FormAnswer>,
}

/// What an answer may say.
#[derive(Debug, Clone)]
pub struct Ballot {
    /// Resource names of the units entered in the cycle.
    pub units: Arc<BTreeSet<String>>,
    /// Ids of the levels.
    pub levels: BTreeSet<String>,
}

/// What can be asked. `cycle` and `component_id` name the survey.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "see above")]
pub enum Command {
    Plan { planned: SurveyPlanned, strata: BTreeSet<String> },
    Issue(FormsIssued),
    Answer { cycle: String, component_id: String, forms: Vec<Form>, ballot: Ballot },
    Close(SurveyClosed),
}

/// Which rules can be broken by a command as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It is planned otherwise.
    #[error("the survey is planned already, otherwise")]
    SurveyExists,
    /// It was never planned.
    #[error("there is no such survey")]
    UnknownSurvey,
    /// The plan is not about the scheme's strata.
    #[error("the plan must name every stratum of the component once: {}", .0.join(", "))]
    PlanIncomplete(Vec<String>),
    /// No such stratum.
    #[error("the survey has no stratum \"{0}\"")]
    UnknownStratum(String),
    /// More forms than planned.
    #[error("stratum \"{stratum_id}\" may get {left} more forms")]
    PlanExceeded {
        /// The stratum.
        stratum_id: String,
        /// How many it may still get.
        left: u32,
    },
    /// It is closed.
    #[error("the survey is closed")]
    SurveyClosed,
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::SurveyExists => "evaluation.survey_exists",
            Self::UnknownSurvey => "evaluation.unknown_survey",
            Self::PlanIncomplete(_) => "evaluation.plan_incomplete",
            Self::UnknownStratum(_) => "evaluation.unknown_stratum",
            Self::PlanExceeded { .. } => "evaluation.plan_exceeded",
            Self::SurveyClosed => "evaluation.survey_closed",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::SurveyExists => Kind::Exists,
            Self::UnknownSurvey => Kind::NotFound,
            Self::PlanIncomplete(_)
            | Self::UnknownStratum(_)
            | Self::PlanExceeded { .. }
            | Self::SurveyClosed => Kind::Rule,
        }
    }
}

/// Which rules one form can break; the other forms of the request are not touched by it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormRefusal {
    /// No such code.
    #[error("there is no such form code")]
    UnknownCode,
    /// The code was used.
    #[error("this form was answered already")]
    AlreadyAnswered,
    /// It says nothing.
    #[error("the form marks no unit")]
    Empty,
    /// It marks a unit that is not appraised.
    #[error("{0} is not entered in the cycle")]
    UnitNotEntered(String),
    /// It marks a unit twice.
    #[error("{0} is marked twice")]
    UnitTwice(String),
    /// It uses a level that is not offered.
    #[error("the survey has no level \"{0}\"")]
    UnknownLevel(String),
}

impl status::Rejection for FormRefusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::UnknownCode => "evaluation.unknown_form_code",
            Self::AlreadyAnswered => "evaluation.form_already_answered",
            Self::Empty => "evaluation.form_empty",
            Self::UnitNotEntered(_) => "evaluation.form_unit_not_entered",
            Self::UnitTwice(_) => "evaluation.form_unit_twice",
            Self::UnknownLevel(_) => "evaluation.form_unknown_level",
        }
    }
}

/// A survey.
#[derive(Debug)]
pub struct Survey;

impl Decider for Survey {
    const CATEGORY: &'static str = "survey";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        if let Command::Plan { planned, strata } = command {
            return state.plan(planned, &strata);
        }
        let survey = state.planned().ok_or(Rejection::UnknownSurvey)?;
        match command {
            Command::Plan { .. } => Ok(vec![]),
            Command::Issue(issued) => survey.issue(issued),
            Command::Answer { cycle, component_id, forms, ballot } => {
                survey.answer(&cycle, &component_id, forms, &ballot)
            }
            Command::Close(_) if survey.closed => Ok(vec![]),
            Command::Close(closed) => Ok(vec![closed.into()]),
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        if let Event::SurveyPlanned(planned) = event {
            return State::Planned(Box::new(Planned::new(planned)));
        }
        if let State::Planned(survey) = &mut state {
            survey.evolve(event);
        }
        state
    }

    fn boxed(event: &Event) -> Option<Boxed<'_>> {
        match event {
            Event::FormAnswered(form) => {
                Some(Boxed { category: BOX_CATEGORY, part: &form.stratum_id, keep: MIXED_FORMS_MIN })
            }
            Event::SurveyPlanned(_)
            | Event::FormsIssued(_)
            | Event::FormsReturned(_)
            | Event::SurveyClosed(_) => None,
        }
    }

    fn unboxes(event: &Event) -> Option<&'static str> {
        match event {
            Event::SurveyClosed(_) => Some(BOX_CATEGORY),
            Event::SurveyPlanned(_)
            | Event::FormsIssued(_)
            | Event::FormsReturned(_)
            | Event::FormAnswered(_) => None,
        }
    }
}

impl State {
    /// The survey, if it was planned.
    pub fn planned(&self) -> Option<&Planned> {
        match self {
            Self::NotPlanned => None,
            Self::Planned(planned) => Some(planned),
        }
    }

    fn plan(&self, planned: SurveyPlanned, strata: &BTreeSet<String>) -> Result<Vec<Event>, Rejection> {
        if let Self::Planned(known) = self {
            return if known.is_planned_as(&planned) { Ok(vec![]) } else { Err(Rejection::SurveyExists) };
        }
        let named: BTreeSet<_> = planned.strata.iter().map(|plan| plan.stratum_id.clone()).collect();
        if named != *strata || planned.strata.len() != strata.len() {
            return Err(Rejection::PlanIncomplete(strata.iter().cloned().collect()));
        }
        Ok(vec![planned.into()])
    }
}

impl Planned {
    fn new(planned: &SurveyPlanned) -> Self {
        let forms = |plan: &StratumPlan| {
            (plan.stratum_id.clone(), Forms { forms_max: plan.forms_max, ..Forms::default() })
        };
        Self { strata: planned.strata.iter().map(forms).collect(), closed: false, codes: HashMap::new() }
    }

    /// Judges each form on its own: its stratum, or why it is refused.
    pub fn judge(&self, forms: &[Form], ballot: &Ballot) -> Vec<Result<Arc<str>, FormRefusal>> {
        let mut seen = HashSet::new();
        forms
            .iter()
            .map(|form| {
                let code = self.codes.get(&form.code_hash).ok_or(FormRefusal::UnknownCode)?;
                if code.returned || seen.contains(&form.code_hash) {
                    return Err(FormRefusal::AlreadyAnswered);
                }
                ballot.check(&form.answers)?;
                seen.insert(form.code_hash);
                Ok(code.stratum_id.clone())
            })
            .collect()
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::SurveyPlanned(_) | Event::FormAnswered(_) => {}
            Event::FormsIssued(FormsIssued { stratum_id, code_hashes, .. }) => {
                let stratum: Arc<str> = stratum_id.as_str().into();
                let before = self.codes.len();
                for hash in code_hashes.iter().filter_map(|hash| CodeHash::try_from(hash.as_slice()).ok()) {
                    self.codes.insert(hash, Code { stratum_id: stratum.clone(), returned: false });
                }
                if let Some(forms) = self.strata.get_mut(stratum_id) {
                    forms.issued += u32::try_from(self.codes.len() - before).unwrap_or(u32::MAX);
                }
            }
            Event::FormsReturned(FormsReturned { code_hashes, .. }) => {
                for hash in code_hashes.iter().filter_map(|hash| CodeHash::try_from(hash.as_slice()).ok()) {
                    let Some(code) = self.codes.get_mut(&hash) else { continue };
                    code.returned = true;
                    if let Some(forms) = self.strata.get_mut(&*code.stratum_id) {
                        forms.returned += 1;
                    }
                }
            }
            Event::SurveyClosed(_) => self.closed = true,
        }
    }

    fn is_planned_as(&self, planned: &SurveyPlanned) -> bool {
        let known = |plan: &StratumPlan| {
            self.strata.get(&plan.stratum_id).is_some_and(|forms| forms.forms_max == plan.forms_max)
        };
        planned.strata.len() == self.strata.len() && planned.strata.iter().all(known)
    }

    fn issue(&self, issued: FormsIssued) -> Result<Vec<Event>, Rejection> {
        if self.closed {
            return Err(Rejection::SurveyClosed);
        }
        let Some(forms) = self.strata.get(&issued.stratum_id) else {
            return Err(Rejection::UnknownStratum(issued.stratum_id));
        };
        let left = forms.forms_max.saturating_sub(forms.issued);
        if u32::try_from(issued.code_hashes.len()).is_ok_and(|count| count <= left) {
            return Ok(vec![issued.into()]);
        }
        Err(Rejection::PlanExceeded { stratum_id: issued.stratum_id, left })
    }

    fn answer(
        &self,
        cycle: &str,
        component_id: &str,
        forms: Vec<Form>,
        ballot: &Ballot,
    ) -> Result<Vec<Event>, Rejection> {
        if self.closed {
            return Err(Rejection::SurveyClosed);
        }
        let mut code_hashes = Vec::new();
        let mut answered = Vec::new();
        for (judgement, form) in self.judge(&forms, ballot).into_iter().zip(forms) {
            let Ok(stratum_id) = judgement else { continue };
            code_hashes.push(form.code_hash.to_vec());
            let form = FormAnswered {
                cycle: cycle.to_owned(),
                component_id: component_id.to_owned(),
                stratum_id: stratum_id.to_string(),
                answers: form.answers,
            };
            answered.push(Event::from(form));
        }
        if answered.is_empty() {
            return Ok(vec![]);
        }
        code_hashes.sort_unstable();
        let returned =
            FormsReturned { cycle: cycle.to_owned(), component_id: component_id.to_owned(), code_hashes };
        answered.insert(0, returned.into());
        Ok(answered)
    }
}

impl Ballot {
    fn check(&self, answers: &[FormAnswer]) -> Result<(), FormRefusal> {
        if answers.is_empty() {
            return Err(FormRefusal::Empty);
        }
        let mut marked = HashSet::new();
        for FormAnswer { unit, level_id } in answers {
            if !self.units.contains(unit) {
                return Err(FormRefusal::UnitNotEntered(unit.clone()));
            }
            if !marked.insert(unit) {
                return Err(FormRefusal::UnitTwice(unit.clone()));
            }
            if !self.levels.contains(level_id) {
                return Err(FormRefusal::UnknownLevel(level_id.clone()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
