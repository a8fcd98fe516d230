//! States as the API shows them.

use contract::field::to_wire;
use contract::name::{CampaignName, OfficerName};
use contract::training::{Campaign, CampaignState, Officer, Plan, PlanState};
use eventstore::{Loaded, Stamp};
use prost_types::Timestamp;

use crate::domain::{campaign, officer};

mod facts;
mod figures;

pub(crate) use facts::{assessment, item, need, session};
pub(crate) use figures::{figures, record, stall};

pub(crate) fn officer(loaded: &Loaded<officer::Officer>, name: &OfficerName) -> Option<Officer> {
    let posting = loaded.state.posting()?;
    let leaving_date = match &loaded.state.place {
        officer::Place::Left { leaving_date, .. } => leaving_date.clone(),
        officer::Place::NeverEnrolled | officer::Place::OnRoster(_) => String::new(),
    };
    let (create_time, update_time, etag) = times(loaded.stamp(""));
    Some(Officer {
        name: name.to_string(),
        unit: posting.unit.clone(),
        post_level: posting.post_level,
        enrolment_date: posting.enrolled.effective_date.clone(),
        leaving_date,
        create_time,
        update_time,
        etag,
    })
}

pub(crate) fn campaign(loaded: &Loaded<campaign::Campaign>, name: &CampaignName) -> Option<Campaign> {
    let launched = loaded.state.launched()?;
    let (create_time, update_time, etag) = times(loaded.stamp(""));
    let terms = launched.terms.clone();
    let acceptance = launched.acceptance.clone().unwrap_or_default();
    let state = match launched.conclusion {
        None => CampaignState::Launched,
        Some(_) => CampaignState::Concluded,
    };
    Some(Campaign {
        name: name.to_string(),
        title: terms.title,
        outline: terms.outline,
        unit: terms.unit,
        political_department: terms.political_department,
        office: terms.office,
        leading_group: terms.leading_group,
        start_date: terms.start_date,
        end_date: terms.end_date,
        rules: terms.rules,
        acceptance_method: acceptance.method,
        required_qualities: acceptance.required_qualities,
        state: state.into(),
        conclusion: launched.conclusion.clone().unwrap_or_default(),
        create_time,
        update_time,
        etag,
    })
}

/// The plan of a unit, by its resource name.
pub(crate) fn plan(loaded: &Loaded<campaign::Campaign>, name: &CampaignName, unit: &str) -> Option<Plan> {
    let launched = loaded.state.launched()?;
    let plan = launched.plans.get(unit)?;
    let (create_time, update_time, etag) = times(loaded.stamp(unit));
    let state = match plan.phase {
        campaign::PlanPhase::Filed => PlanState::Filed,
        campaign::PlanPhase::Returned => PlanState::Returned,
        campaign::PlanPhase::Approved => PlanState::Approved,
    };
    let due_date = launched.terms.rules.as_ref().map(|rules| &rules.plan_due_date);
    Some(Plan {
        name: format!("{name}/plans/{}", unit.rsplit('/').next()?),
        unit: unit.to_owned(),
        plan: plan.filed.plan.clone(),
        with_subtree: plan.filed.with_subtree,
        state: state.into(),
        return_reason: plan.return_reason.clone(),
        // Days are written YYYY-MM-DD: their order is the order of their text.
        late: due_date.is_some_and(|due_date| plan.first_filing_date > *due_date),
        create_time,
        update_time,
        etag,
    })
}

/// When a thing was made and last changed, as far as it is recorded, and its etag.
fn times(stamp: Stamp) -> (Option<Timestamp>, Option<Timestamp>, String) {
    (stamp.created_at.map(to_wire), stamp.updated_at.map(to_wire), format!("\"{}\"", stamp.stream_version))
}
