//! A training campaign 练兵: what it demands, how training is accepted, and the units' plans.
//!
//! - It is launched once, by units in service, led by officers on the roster 领导带头; the days that it sets lie
//!   within its own.
//! - The acceptance method may be issued anew; the last one stands.
//! - A unit in service of its subtree files a plan, late or not. A plan that was returned is filed again; one
//!   that waits or is approved stands. Nobody approves a plan that they filed.
//! - A unit that stands still 按兵不动 is stalled, once until it moves.
//! - Once concluded it takes no more facts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use contract::status::{self, Kind};
use contract::training::{
    AcceptanceMethodIssued, CampaignConcluded, CampaignLaunched, PlanApproved, PlanFiled, PlanReturned,
    StallCause, UnitResumed, UnitStalled,
};
use eventstore::Decider;

use super::admission::{self, NotAdmitted};

eventstore::events! {
    /// What can happen to a campaign.
    pub enum Event {
        CampaignLaunched, AcceptanceMethodIssued, PlanFiled, PlanReturned, PlanApproved, UnitStalled,
        UnitResumed, CampaignConcluded,
    }
}

/// A campaign, if it was launched.
#[derive(Debug, Clone, Default)]
pub enum State {
    /// There is none.
    #[default]
    NotLaunched,
    /// There is one.
    Launched(Box<Launched>),
}

/// A launched campaign.
#[derive(Debug, Clone)]
pub struct Launched {
    /// As it was launched.
    pub terms: CampaignLaunched,
    /// How training is accepted, if it was said.
    pub acceptance: Option<AcceptanceMethodIssued>,
    /// The plans, by the unit's resource name.
    pub plans: BTreeMap<String, Plan>,
    /// Units that stand still, and why, by the unit's resource name.
    pub stalls: BTreeMap<String, UnitStalled>,
    /// What came of it; none: it takes facts still.
    pub conclusion: Option<String>,
    changed_at: u64,
    events: u64,
}

/// A unit's plan.
#[derive(Debug, Clone)]
pub struct Plan {
    /// As last filed.
    pub filed: PlanFiled,
    /// The day it was first filed.
    pub first_filing_date: String,
    /// Why it was last returned; empty: it was not.
    pub return_reason: String,
    /// Where it stands.
    pub phase: PlanPhase,
    changed_at: u64,
}

/// Where a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanPhase {
    /// It waits for a decision.
    Filed,
    /// It has to be done again.
    Returned,
    /// It is approved.
    Approved,
}

/// What can be asked of a campaign. `expected` is the stream version of the last event about the campaign,
/// or about the plan, if the caller edits what it read.
#[derive(Debug, Clone)]
pub enum Command {
    /// Launch it.
    Launch {
        /// Its terms.
        launched: CampaignLaunched,
        /// Those of its units that are not in the register, or retired.
        not_in_service: Vec<String>,
        /// Those of its leading group who are not on the roster.
        off_roster: Vec<String>,
    },
    /// Say how training is accepted.
    IssueAcceptanceMethod {
        /// How.
        issued: AcceptanceMethodIssued,
        /// See above.
        expected: Option<u64>,
    },
    /// File a plan, or file it again.
    FilePlan {
        /// The plan.
        filed: PlanFiled,
        /// The unit and all units above it; empty: it is not in the register, or retired.
        lineage: Vec<String>,
    },
    /// Return a plan.
    ReturnPlan {
        /// Which and why.
        returned: PlanReturned,
        /// See above.
        expected: Option<u64>,
    },
    /// Approve a plan.
    ApprovePlan {
        /// Which.
        approved: PlanApproved,
        /// Who approves it, by every name; none: someone who gave no name.
        by: Vec<String>,
        /// See above.
        expected: Option<u64>,
    },
    /// Say that a unit stands still.
    Stall {
        /// Which and why.
        stalled: UnitStalled,
    },
    /// Say that a unit moves again.
    Resume {
        /// Which.
        resumed: UnitResumed,
    },
    /// Take no more facts.
    Conclude {
        /// What came of it.
        concluded: CampaignConcluded,
        /// See above.
        expected: Option<u64>,
    },
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// See [`NotAdmitted`].
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    /// The id is taken.
    #[error("there is another campaign of this name")]
    CampaignExists,
    /// It ends before it begins.
    #[error("the campaign ends before it begins")]
    CampaignReversed,
    /// It was changed since it was read.
    #[error("the campaign was changed since it was read: it is at \"{0}\"")]
    CampaignChanged(u64),
    /// No such plan.
    #[error("there is no such plan")]
    UnknownPlan,
    /// It waits for a decision.
    #[error("another plan is filed and waits for a decision")]
    PlanFiled,
    /// It has to be done again first.
    #[error("the plan was returned and not filed again")]
    PlanReturned,
    /// It is approved.
    #[error("the plan is approved")]
    PlanApproved,
    /// Who filed it would approve it.
    #[error("who filed a plan does not approve it")]
    OwnPlan,
    /// The plan was changed since it was read.
    #[error("the plan was changed since it was read: it is at \"{0}\"")]
    PlanChanged(u64),
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::NotAdmitted(refusal) => refusal.rule(),
            Self::CampaignExists => "training.campaign_exists",
            Self::CampaignReversed => "training.campaign_reversed",
            Self::CampaignChanged(_) => "training.campaign_changed",
            Self::UnknownPlan => "training.unknown_plan",
            Self::PlanFiled => "training.plan_filed",
            Self::PlanReturned => "training.plan_returned",
            Self::PlanApproved => "training.plan_approved",
            Self::OwnPlan => "training.own_plan",
            Self::PlanChanged(_) => "training.plan_changed",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NotAdmitted(refusal) => refusal.kind(),
            Self::CampaignExists => Kind::Exists,
            Self::UnknownPlan => Kind::NotFound,
            Self::CampaignChanged(_) | Self::PlanChanged(_) => Kind::Changed,
            Self::OwnPlan => Kind::Denied,
            Self::CampaignReversed | Self::PlanFiled | Self::PlanReturned | Self::PlanApproved => Kind::Rule,
        }
    }
}

/// A training campaign.
#[derive(Debug)]
pub struct Campaign;

impl Decider for Campaign {
    const CATEGORY: &'static str = "campaign";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        if let Command::Launch { launched, not_in_service, off_roster } = command {
            return state.launch(launched, not_in_service, off_roster);
        }
        let campaign = state.launched().ok_or(NotAdmitted::UnknownCampaign)?;
        match command {
            Command::Launch { .. } => Ok(vec![]),
            Command::IssueAcceptanceMethod { issued, expected } => campaign.issue(issued, expected),
            Command::FilePlan { filed, lineage } => campaign.file(filed, &lineage),
            Command::ReturnPlan { returned, expected } => campaign.return_plan(returned, expected),
            Command::ApprovePlan { approved, by, expected } => campaign.approve(approved, &by, expected),
            Command::Stall { stalled } => campaign.stall(stalled),
            Command::Resume { resumed } => Ok(campaign.resume(resumed)),
            Command::Conclude { concluded, expected } => campaign.conclude(concluded, expected),
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        if let Event::CampaignLaunched(terms) = event {
            return State::Launched(Box::new(Launched::of(terms)));
        }
        if let State::Launched(campaign) = &mut state {
            campaign.evolve(event);
        }
        state
    }

    fn unit(state: &State, event: &Event) -> String {
        match event {
            Event::PlanFiled(PlanFiled { unit, .. })
            | Event::PlanReturned(PlanReturned { unit, .. })
            | Event::PlanApproved(PlanApproved { unit, .. })
            | Event::UnitStalled(UnitStalled { unit, .. })
            | Event::UnitResumed(UnitResumed { unit, .. }) => super::last_id(unit),
            Event::CampaignLaunched(_) | Event::AcceptanceMethodIssued(_) | Event::CampaignConcluded(_) => {
                state.launched().map(|launched| super::last_id(&launched.terms.unit)).unwrap_or_default()
            }
        }
    }

    /// A plan is one thing, a stall another.
    fn thing(event: &Event) -> Cow<'_, str> {
        match event {
            Event::PlanFiled(PlanFiled { unit, .. })
            | Event::PlanReturned(PlanReturned { unit, .. })
            | Event::PlanApproved(PlanApproved { unit, .. }) => unit.into(),
            Event::UnitStalled(UnitStalled { unit, .. }) | Event::UnitResumed(UnitResumed { unit, .. }) => {
                format!("stall of {unit}").into()
            }
            Event::CampaignLaunched(_) | Event::AcceptanceMethodIssued(_) | Event::CampaignConcluded(_) => {
                "".into()
            }
        }
    }
}

impl State {
    /// The campaign, if it was launched.
    pub fn launched(&self) -> Option<&Launched> {
        match self {
            Self::NotLaunched => None,
            Self::Launched(launched) => Some(launched),
        }
    }

    fn launch(
        &self,
        launched: CampaignLaunched,
        not_in_service: Vec<String>,
        off_roster: Vec<String>,
    ) -> Result<Vec<Event>, Rejection> {
        if let Self::Launched(campaign) = self {
            return if campaign.terms == launched { Ok(vec![]) } else { Err(Rejection::CampaignExists) };
        }
        check_days(&launched)?;
        if let Some(unit) = not_in_service.into_iter().next() {
            return Err(NotAdmitted::UnitNotInService(unit).into());
        }
        if let Some(officer) = off_roster.into_iter().next() {
            return Err(NotAdmitted::OfficerNotOnRoster(officer).into());
        }
        Ok(vec![launched.into()])
    }
}

impl Launched {
    fn of(terms: &CampaignLaunched) -> Self {
        Self {
            terms: terms.clone(),
            acceptance: None,
            plans: BTreeMap::new(),
            stalls: BTreeMap::new(),
            conclusion: None,
            changed_at: 1,
            events: 1,
        }
    }

    fn evolve(&mut self, event: &Event) {
        self.events += 1;
        match event {
            Event::CampaignLaunched(_) => {}
            Event::AcceptanceMethodIssued(issued) => {
                self.acceptance = Some(issued.clone());
                self.changed_at = self.events;
            }
            Event::CampaignConcluded(CampaignConcluded { conclusion, .. }) => {
                self.conclusion = Some(conclusion.clone());
                self.stalls.clear();
                self.changed_at = self.events;
            }
            Event::PlanFiled(filed) => self.take(filed),
            Event::UnitStalled(stalled) => {
                self.stalls.insert(stalled.unit.clone(), stalled.clone());
            }
            Event::UnitResumed(UnitResumed { unit, .. }) => drop(self.stalls.remove(unit)),
            Event::PlanReturned(PlanReturned { unit, reason, .. }) => self.change(unit, |plan| {
                plan.phase = PlanPhase::Returned;
                plan.return_reason.clone_from(reason);
            }),
            Event::PlanApproved(PlanApproved { unit, .. }) => {
                self.change(unit, |plan| plan.phase = PlanPhase::Approved);
            }
        }
    }

    fn issue(&self, issued: AcceptanceMethodIssued, expected: Option<u64>) -> Result<Vec<Event>, Rejection> {
        if self.acceptance.as_ref() == Some(&issued) {
            return Ok(vec![]);
        }
        self.check_running()?;
        self.check_unchanged(expected)?;
        Ok(vec![issued.into()])
    }

    fn conclude(&self, concluded: CampaignConcluded, expected: Option<u64>) -> Result<Vec<Event>, Rejection> {
        if self.conclusion.is_some() {
            return Ok(vec![]);
        }
        self.check_unchanged(expected)?;
        Ok(vec![concluded.into()])
    }

    fn file(&self, filed: PlanFiled, lineage: &[String]) -> Result<Vec<Event>, Rejection> {
        let standing = self.plans.get(&filed.unit).filter(|plan| plan.phase != PlanPhase::Returned);
        if standing.is_some_and(|plan| plan.says(&filed)) {
            return Ok(vec![]);
        }
        self.check_running()?;
        match standing.map(|plan| plan.phase) {
            Some(PlanPhase::Approved) => return Err(Rejection::PlanApproved),
            Some(PlanPhase::Filed) => return Err(Rejection::PlanFiled),
            Some(PlanPhase::Returned) | None => {}
        }
        admission::check_unit(self, &filed.unit, lineage)?;
        Ok(vec![filed.into()])
    }

    fn return_plan(&self, returned: PlanReturned, expected: Option<u64>) -> Result<Vec<Event>, Rejection> {
        let plan = self.plan(&returned.unit)?;
        if plan.phase == PlanPhase::Returned {
            return Ok(vec![]);
        }
        self.check_running()?;
        plan.check_unchanged(expected)?;
        if plan.phase == PlanPhase::Approved {
            return Err(Rejection::PlanApproved);
        }
        Ok(vec![returned.into()])
    }

    fn approve(
        &self,
        approved: PlanApproved,
        by: &[String],
        expected: Option<u64>,
    ) -> Result<Vec<Event>, Rejection> {
        let plan = self.plan(&approved.unit)?;
        if plan.phase == PlanPhase::Approved {
            return Ok(vec![]);
        }
        self.check_running()?;
        plan.check_unchanged(expected)?;
        if plan.phase == PlanPhase::Returned {
            return Err(Rejection::PlanReturned);
        }
        if by.contains(&plan.filed.filed_by) {
            return Err(Rejection::OwnPlan);
        }
        Ok(vec![approved.into()])
    }

    /// What moved it meanwhile is looked at once more, as far as it lies in this stream.
    fn stall(&self, stalled: UnitStalled) -> Result<Vec<Event>, Rejection> {
        let filed = stalled.cause() == StallCause::PlanNotFiled && self.plans.contains_key(&stalled.unit);
        if filed || self.stalls.contains_key(&stalled.unit) {
            return Ok(vec![]);
        }
        self.check_running()?;
        Ok(vec![stalled.into()])
    }

    fn resume(&self, resumed: UnitResumed) -> Vec<Event> {
        if self.stalls.contains_key(&resumed.unit) { vec![resumed.into()] } else { vec![] }
    }

    fn plan(&self, unit: &str) -> Result<&Plan, Rejection> {
        self.plans.get(unit).ok_or(Rejection::UnknownPlan)
    }

    fn check_running(&self) -> Result<(), Rejection> {
        if self.conclusion.is_none() { Ok(()) } else { Err(NotAdmitted::CampaignConcluded.into()) }
    }

    fn check_unchanged(&self, expected: Option<u64>) -> Result<(), Rejection> {
        let unchanged = expected.is_none_or(|expected| expected == self.changed_at);
        if unchanged { Ok(()) } else { Err(Rejection::CampaignChanged(self.changed_at)) }
    }

    fn take(&mut self, filed: &PlanFiled) {
        let before = self.plans.remove(&filed.unit);
        let (first_filing_date, return_reason) = before.map_or_else(
            || (filed.filing_date.clone(), String::new()),
            |before| (before.first_filing_date, before.return_reason),
        );
        let (filed, phase, changed_at) = (filed.clone(), PlanPhase::Filed, self.events);
        let unit = filed.unit.clone();
        self.plans.insert(unit, Plan { filed, first_filing_date, return_reason, phase, changed_at });
    }

    fn change(&mut self, unit: &str, change: impl FnOnce(&mut Plan)) {
        if let Some(plan) = self.plans.get_mut(unit) {
            change(plan);
            plan.changed_at = self.events;
        }
    }
}

impl Plan {
    fn says(&self, other: &PlanFiled) -> bool {
        (&self.filed.plan, self.filed.with_subtree) == (&other.plan, other.with_subtree)
    }

    fn check_unchanged(&self, expected: Option<u64>) -> Result<(), Rejection> {
        let unchanged = expected.is_none_or(|expected| expected == self.changed_at);
        if unchanged { Ok(()) } else { Err(Rejection::PlanChanged(self.changed_at)) }
    }
}

/// Days are written YYYY-MM-DD: their order is the order of their text.
fn check_days(launched: &CampaignLaunched) -> Result<(), Rejection> {
    let CampaignLaunched { start_date, end_date, rules, .. } = launched;
    if end_date < start_date {
        return Err(Rejection::CampaignReversed);
    }
    let days = rules.iter().flat_map(|rules| [&rules.plan_due_date, &rules.cutoff_date]);
    match days.into_iter().find(|day| *day < start_date || *day > end_date) {
        Some(day) => Err(NotAdmitted::OutsideCampaign(day.clone()).into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
