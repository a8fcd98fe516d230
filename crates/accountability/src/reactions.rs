//! Others' facts that open a case by themselves, once each, and those that undo its cause.
//!
//! - A complaint substantiated as harming the public opens a case against the unit and the officers at fault;
//!   found not to be true after all, it undoes that cause. So does a finding that corrects it; one that says the
//!   same of units, officers and harm leaves the case as it is.
//! - A published result opens a case against a unit that lost more points through fault than the scheme lets
//!   pass; so does a revised one, once per cycle and unit; revised to within the threshold, it undoes them.

use std::sync::Arc;
use std::time::Duration;

use contract::accountability::{CaseNature, CaseOpened, Cause, Origin};
use contract::complaints::{ComplaintSubstantiated, ComplaintUnsubstantiated};
use contract::evaluation::{Deduction, ResultsPublished, ResultsRevised, UnitResult};
use contract::name::CaseName;
use contract::status::Failure;
use eventstore::{EventSet, RecordedEvent};
use shell::reaction::{self, Effect, Reaction};
use uuid::Uuid;

use crate::domain::case;
use crate::read_model::ReadModel;
use crate::service::{self, Service};

/// How long a reaction waits for what it reads: all that was recorded before.
const PATIENCE: Duration = Duration::from_secs(10);

eventstore::events! {
    /// The facts of the complaints context that open a case, or undo its cause.
    pub enum ComplaintFact { ComplaintSubstantiated, ComplaintUnsubstantiated }
}
eventstore::events! {
    /// The facts of the evaluation context that open a case, or undo its cause.
    pub enum ResultFact { ResultsPublished, ResultsRevised }
}

/// The case that a complaint's substantiation opens; `cause` is the fact in its log.
pub fn harmed(substantiated: &ComplaintSubstantiated, name: &CaseName, cause: Cause) -> Option<CaseOpened> {
    substantiated.harms_public.then(|| CaseOpened {
        case: name.to_string(),
        origin: Origin::Complaint.into(),
        nature: CaseNature::HarmToPublic.into(),
        units: vec![substantiated.unit.clone()],
        officers: substantiated.officers.clone(),
        complaint: substantiated.complaint.clone(),
        causes: vec![cause],
        opened_by: FromComplaints::CONSUMER.to_owned(),
        ..CaseOpened::default()
    })
}

/// The case that a unit's result opens, if it goes beyond the threshold; `cause` is the result in its log.
pub fn beyond(
    result: &UnitResult,
    published: &Published,
    name: &CaseName,
    cause: Cause,
) -> Option<CaseOpened> {
    published.is_beyond(result).then(|| CaseOpened {
        case: name.to_string(),
        origin: Origin::PointsLost.into(),
        nature: CaseNature::PointsLost.into(),
        units: vec![result.unit.clone()],
        cycle: published.cycle.clone(),
        points_lost: result.points_lost.clone(),
        threshold: published.threshold.clone().unwrap_or_default(),
        causes: deducted(&result.deductions).chain([cause]).collect(),
        opened_by: FromEvaluation::CONSUMER.to_owned(),
        ..CaseOpened::default()
    })
}

/// Results as they stand from now on.
#[derive(Debug, Clone)]
pub struct Published {
    /// Resource name of the cycle.
    pub cycle: String,
    /// Of every unit.
    pub results: Vec<UnitResult>,
    /// Points lost through fault beyond which a case opens; none: never.
    pub threshold: Option<String>,
}

impl From<ResultFact> for Published {
    fn from(fact: ResultFact) -> Self {
        match fact {
            ResultFact::ResultsPublished(ResultsPublished {
                cycle,
                results,
                accountability_threshold,
                ..
            })
            | ResultFact::ResultsRevised(ResultsRevised {
                cycle, results, accountability_threshold, ..
            }) => Self { cycle, results, threshold: accountability_threshold },
        }
    }
}

impl Published {
    /// Strictly beyond: the threshold itself is let pass.
    fn is_beyond(&self, result: &UnitResult) -> bool {
        let decimal = |text: &str| contract::field::decimal("points", text, POINTS_PLACES_MAX).ok();
        let threshold = self.threshold.as_deref().and_then(decimal);
        threshold.zip(decimal(&result.points_lost)).is_some_and(|(threshold, lost)| lost > threshold)
    }
}

const POINTS_PLACES_MAX: usize = 9;

fn deducted(deductions: &[Deduction]) -> impl Iterator<Item = Cause> {
    let mut deductions: Vec<_> = deductions.iter().collect();
    deductions.sort_by_key(|deduction| deduction.position);
    deductions.into_iter().map(|deduction| Cause {
        service: EVALUATION.to_owned(),
        position: deduction.position,
        event_id: deduction.event_id.clone(),
        points: deduction.points.clone(),
    })
}

const COMPLAINTS: &str = "complaints";
const EVALUATION: &str = "evaluation";

fn cause(service: &str, event: &RecordedEvent) -> Cause {
    let (position, event_id) = (event.position, event.event_id.to_string());
    Cause { service: service.to_owned(), position, event_id, points: String::new() }
}

/// Opens cases for the facts of the complaints context.
pub struct FromComplaints {
    service: Arc<Service>,
}

impl FromComplaints {
    pub(crate) fn new(service: Arc<Service>) -> Self {
        Self { service }
    }

    /// What was substantiated of the complaint before, with all that was recorded here read.
    async fn before(&self, event: &RecordedEvent, complaint: &str) -> Result<Vec<Cause>, Failure> {
        self.service.replica().catch_up(PATIENCE).await?;
        self.service.reads().catch_up(PATIENCE).await?;
        let replica = self.service.replica().now();
        let before = replica.facts.about(complaint).filter(|known| known.position < event.position);
        let cause = |known: &crate::replica::Known| Cause {
            service: COMPLAINTS.to_owned(),
            position: known.position,
            event_id: known.event_id.clone(),
            points: String::new(),
        };
        Ok(before.map(cause).collect())
    }

    async fn open(&self, event: &RecordedEvent, fact: &ComplaintSubstantiated) -> Result<(), Failure> {
        let name = name(event, event.event_id);
        let opened = harmed(fact, &name, cause(COMPLAINTS, event));
        let before = self.before(event, &fact.complaint).await?;
        if opened.as_ref().is_some_and(|opened| is_open(&self.service.reads().now(), event, opened, &before))
        {
            return Ok(());
        }
        self.undo(event, &before).await?;
        match opened {
            Some(opened) => open(&self.service, event, Self::CONSUMER, &name, opened).await,
            None => Ok(()),
        }
    }

    /// These are causes no more.
    async fn undo(&self, event: &RecordedEvent, causes: &[Cause]) -> Result<(), Failure> {
        let keys: Vec<String> = {
            let model = self.service.reads().now();
            let keys = causes.iter().flat_map(|cause| model.caused_by(COMPLAINTS, &cause.event_id));
            keys.map(str::to_owned).collect()
        };
        fall(&self.service, event, (Self::CONSUMER, COMPLAINTS), &keys, causes).await
    }
}

impl Reaction for FromComplaints {
    const CONSUMER: &'static str = "accountability-from-complaints";
    const EFFECTS: &'static [Effect] = &[Effect {
        fact: "complaints.ComplaintSubstantiated",
        then: "CaseOpened",
        undone_by: &["complaints.ComplaintUnsubstantiated", "complaints.ComplaintSubstantiated"],
        undo: "CauseFallen",
    }];

    async fn act(&self, event: &RecordedEvent) -> Result<(), Failure> {
        match decode::<ComplaintFact>(event)? {
            None => Ok(()),
            Some(ComplaintFact::ComplaintSubstantiated(fact)) => self.open(event, &fact).await,
            Some(ComplaintFact::ComplaintUnsubstantiated(fact)) => {
                let before = self.before(event, &fact.complaint).await?;
                self.undo(event, &before).await
            }
        }
    }
}

/// Opens cases for the facts of the evaluation context.
pub struct FromEvaluation {
    service: Arc<Service>,
}

impl FromEvaluation {
    pub(crate) fn new(service: Arc<Service>) -> Self {
        Self { service }
    }

    async fn judge(
        &self,
        event: &RecordedEvent,
        published: &Published,
        result: &UnitResult,
    ) -> Result<(), Failure> {
        let known = of_result(&self.service.reads().now(), event, &published.cycle, &result.unit);
        let name = name(event, Uuid::new_v5(&event.event_id, result.unit.as_bytes()));
        match beyond(result, published, &name, cause(EVALUATION, event)) {
            None => {
                for (key, causes) in known {
                    let by = (Self::CONSUMER, EVALUATION);
                    fall(&self.service, event, by, std::slice::from_ref(&key), &causes).await?;
                }
                Ok(())
            }
            Some(opened) if known.is_empty() => {
                open(&self.service, event, Self::CONSUMER, &name, opened).await
            }
            Some(_) => Ok(()),
        }
    }
}

impl Reaction for FromEvaluation {
    const CONSUMER: &'static str = "accountability-from-evaluation";
    const EFFECTS: &'static [Effect] = &[
        Effect {
            fact: "evaluation.ResultsPublished",
            then: "CaseOpened",
            undone_by: &["evaluation.ResultsRevised"],
            undo: "CauseFallen",
        },
        Effect {
            fact: "evaluation.ResultsRevised",
            then: "CaseOpened",
            undone_by: &["evaluation.ResultsRevised"],
            undo: "CauseFallen",
        },
    ];

    async fn act(&self, event: &RecordedEvent) -> Result<(), Failure> {
        let Some(fact) = decode::<ResultFact>(event)? else { return Ok(()) };
        let published = Published::from(fact);
        self.service.reads().catch_up(PATIENCE).await?;
        for result in &published.results {
            self.judge(event, &published, result).await?;
        }
        Ok(())
    }
}

/// The cases that results of a cycle had opened against a unit, and whose causes stood, before `event`: keys and
/// causes. What came of later facts is none of its business when it is delivered again.
fn of_result(model: &ReadModel, event: &RecordedEvent, cycle: &str, unit: &str) -> Vec<(String, Vec<Cause>)> {
    let prefix = format!("{}/", event.jurisdiction);
    let opened = model.cases.with_prefix(&prefix).filter_map(|(key, loaded)| {
        let terms = &loaded.state.opened()?.terms;
        let is_it = terms.origin() == Origin::PointsLost && terms.cycle == cycle && terms.units == [unit];
        let (_, root) = model.root(key).filter(|_| is_it)?;
        terms.causes.last().filter(|result| result.position < event.position)?;
        let stood = terms.causes.iter().any(|cause| !had_fallen(root, cause, event));
        stood.then(|| (key.to_owned(), terms.causes.clone()))
    });
    opened.collect()
}

/// Whether a case that says the same of whom it is against is open by one of `causes`, which stood before `event`.
fn is_open(model: &ReadModel, event: &RecordedEvent, opened: &CaseOpened, causes: &[Cause]) -> bool {
    let said = causes.iter().flat_map(|cause| model.caused_by(COMPLAINTS, &cause.event_id));
    said.filter_map(|key| Some((model.cases.get(key)?.state.opened()?, model.root(key)?.1))).any(
        |(case, root)| {
            let CaseOpened { origin, units, officers, .. } = &case.terms;
            let stood = |cause: &Cause| causes.contains(cause) && !had_fallen(root, cause, event);
            (*origin, units, officers) == (opened.origin, &opened.units, &opened.officers)
                && case.terms.causes.iter().any(stood)
        },
    )
}

/// Whether a cause had fallen before `event`.
fn had_fallen(root: &case::Opened, cause: &Cause, event: &RecordedEvent) -> bool {
    let is_before = |by: &Option<Cause>| by.as_ref().is_some_and(|by| by.position < event.position);
    root.fallen.iter().any(|fallen| fallen.causes.contains(cause) && is_before(&fallen.fallen_by))
}

fn name(event: &RecordedEvent, id: Uuid) -> CaseName {
    CaseName { jurisdiction: event.jurisdiction.clone(), case: id.simple().to_string() }
}

fn decode<F: EventSet>(event: &RecordedEvent) -> Result<Option<F>, Failure> {
    F::decode(&event.event_type, &event.payload).map_err(|error| {
        tracing::error!(position = event.position, %error, "a fact cannot be read");
        Failure::Internal
    })
}

async fn open(
    service: &Service,
    event: &RecordedEvent,
    consumer: &'static str,
    name: &CaseName,
    opened: CaseOpened,
) -> Result<(), Failure> {
    let call = reaction::call(event, consumer, &name.to_string());
    // What the fact names is known: its owner checked it.
    let prepare = |_| {
        let command = case::Command::Open { opened: opened.clone(), missing: None };
        std::future::ready(Ok((command, vec![])))
    };
    service.cases.send(&call, &service::stream_of(name), prepare).await.map(drop)
}

/// Causes fall wherever the cases of `keys` went; one that is merged meanwhile is followed.
async fn fall(
    service: &Service,
    event: &RecordedEvent,
    (consumer, source): (&'static str, &str),
    keys: &[String],
    causes: &[Cause],
) -> Result<(), Failure> {
    for key in keys {
        loop {
            let root = service.reads().now().root(key).map(|(root, _)| root);
            let Some((jurisdiction, case)) = root.as_deref().and_then(|root| root.split_once('/')) else {
                break;
            };
            let name = CaseName { jurisdiction: jurisdiction.to_owned(), case: case.to_owned() };
            let call = reaction::call(event, consumer, &format!("{key}/{name}"));
            let command =
                case::Command::FallCauses { causes: causes.to_vec(), fallen_by: cause(source, event) };
            let prepare = |_| std::future::ready(Ok((command.clone(), vec![])));
            match service.cases.send(&call, &service::stream_of(&name), prepare).await {
                Err(Failure::Refused { rule: "accountability.case_merged", .. }) => {
                    service.reads().catch_up(PATIENCE).await?;
                }
                sent => break sent.map(drop)?,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
