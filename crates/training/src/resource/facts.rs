//! Items, sessions, assessments and needs as the API shows them.

use contract::name::{AssessmentName, ItemName, NeedName, SessionName};
use contract::training::{Assessment, Item, ItemState, Need, NeedState, Session, TrainingMode};
use eventstore::Loaded;
use scoring::figures::training::Training;
use shell::Folded;

use super::times;
use crate::domain::{assessment, item, need, session};

pub(crate) fn item(loaded: &Loaded<item::Item>, name: &ItemName) -> Option<Item> {
    let designed = loaded.state.designed()?;
    let (create_time, update_time, etag) = times(loaded.stamp(""));
    let design = designed.design.clone();
    let state = match designed.phase {
        item::Phase::Designed => ItemState::Designed,
        item::Phase::Approved => ItemState::Approved,
        item::Phase::Retired => ItemState::Retired,
    };
    Some(Item {
        name: name.to_string(),
        title: design.title,
        description: design.description,
        guiding_department: design.guiding_department,
        design_unit: design.design_unit,
        speciality: design.speciality,
        basic: design.basic,
        quality: design.quality,
        operational_need: design.operational_need,
        needs: design.needs,
        state: state.into(),
        retirement_reason: designed.retirement_reason.clone(),
        create_time,
        update_time,
        etag,
    })
}

/// With the participants whose centralised hours went over the cap, as far as `training` knows the others.
pub(crate) fn session(
    loaded: &Loaded<session::Session>,
    name: &SessionName,
    training: &Training,
) -> Option<Session> {
    let held = loaded.state.held()?;
    let (create_time, update_time, etag) = times(loaded.stamp(""));
    let standing = held.standing.clone();
    let flagged = held.void_reason.is_none() && standing.mode() == TrainingMode::Centralised;
    let over_cap = || {
        let (day, hours) = (standing.session_date.parse().ok()?, standing.hours.parse().ok()?);
        let campaign = name.campaign().to_string();
        Some(training.over_cap(&campaign, &name.session, day, hours, &standing.participants))
    };
    Some(Session {
        name: name.to_string(),
        over_cap: if flagged { over_cap().unwrap_or_default() } else { vec![] },
        item: standing.item,
        unit: standing.unit,
        mode: standing.mode,
        session_date: standing.session_date,
        hours: standing.hours,
        participants: standing.participants,
        corrections: held.corrections,
        correction_reason: held.correction_reason.clone(),
        voided: held.void_reason.is_some(),
        void_reason: held.void_reason.clone().unwrap_or_default(),
        create_time,
        update_time,
        etag,
    })
}

pub(crate) fn assessment(
    loaded: &Loaded<assessment::Assessment>,
    name: &AssessmentName,
) -> Option<Assessment> {
    let recorded = loaded.state.recorded()?;
    let (create_time, update_time, etag) = times(loaded.stamp(""));
    let standing = recorded.standing.clone();
    Some(Assessment {
        name: name.to_string(),
        campaign: standing.campaign,
        quality: standing.quality,
        assessment_date: standing.assessment_date,
        passed: standing.passed,
        score: standing.score,
        corrections: recorded.corrections,
        correction_reason: recorded.correction_reason.clone(),
        create_time,
        update_time,
        etag,
    })
}

/// With the items designed for it.
pub(crate) fn need(loaded: &Loaded<need::Need>, name: &NeedName, items: &Folded<item::Item>) -> Option<Need> {
    let identified = loaded.state.identified()?;
    let (create_time, update_time, etag) = times(loaded.stamp(""));
    let (need, met) = (identified.need.clone(), identified.met.clone());
    let state = if met.is_some() { NeedState::Met } else { NeedState::Open };
    let met = met.unwrap_or_default();
    let prefix = format!("{}/", name.jurisdiction);
    let designed = items.with_prefix(&prefix).filter_map(|(_, loaded)| loaded.state.designed());
    let answering = designed.filter(|item| item.design.needs.contains(&need.need));
    Some(Need {
        name: name.to_string(),
        items: answering.map(|item| item.design.item.clone()).collect(),
        unit: need.unit,
        quality: need.quality,
        speciality: need.speciality,
        statement: need.statement,
        assessment: need.assessment,
        state: state.into(),
        met_by_item: met.item,
        met_by_assessment: met.assessment,
        met_statement: met.statement,
        create_time,
        update_time,
        etag,
    })
}
