//! States as the API shows them.

use contract::evaluation::{
    ContestState, Cycle, CycleState, CycleUnit, Entry, Mark, Scheme, SchemeFault, Unit,
    entry_recorded::Target,
};
use contract::field::to_wire;
use contract::name::{CycleName, EntryName, SchemeName, UnitName};
use eventstore::{Loaded, Stamp};
use prost_types::Timestamp;

pub(crate) mod commitment;
pub(crate) mod panel;
pub(crate) mod survey;

use crate::domain::{cycle, daily_assessment, mark, scheme, unit_register};

pub(crate) fn unit(register: &Loaded<unit_register::UnitRegister>, name: &UnitName) -> Option<Unit> {
    let name = name.to_string();
    let unit = register.state.unit(&name)?;
    let (create_time, update_time, etag) = times(register.stamp(&name));
    let registered = unit.registered.clone();
    Some(Unit {
        name,
        title: registered.title,
        kind: registered.kind,
        parent_unit: registered.parent,
        grassroots: registered.grassroots,
        speciality: registered.speciality,
        retired: unit.retired,
        create_time,
        update_time,
        etag,
    })
}

/// The version of number `scheme_version`; 0: the last.
pub(crate) fn scheme(
    loaded: &Loaded<scheme::Scheme>,
    name: &SchemeName,
    scheme_version: u32,
) -> Option<Scheme> {
    let (scheme_version, version) = match scheme_version {
        0 => loaded.state.versions().last()?,
        _ => loaded.state.version(scheme_version)?,
    };
    let (create_time, update_time, etag) = times(loaded.stamp(&scheme_version.to_string()));
    let faults = if version.published { vec![] } else { faults(&version.rules) };
    Some(Scheme {
        name: name.to_string(),
        scheme_version,
        published: version.published,
        rules: Some(version.rules.clone()),
        faults,
        create_time,
        update_time,
        etag,
    })
}

/// Everything that keeps a scheme from being published.
pub(crate) fn faults(rules: &contract::words::SchemeRules) -> Vec<SchemeFault> {
    let Err(faults) = scoring::Scheme::parse_for_publication(rules) else { return vec![] };
    let fault = |fault: scoring::Fault| SchemeFault {
        path: fault.path,
        rule: fault.rule.name().to_owned(),
        message: fault.message,
    };
    faults.into_iter().map(fault).collect()
}

pub(crate) fn cycle(loaded: &Loaded<cycle::Cycle>, name: &CycleName) -> Option<Cycle> {
    let opened = loaded.state.opened()?;
    let (create_time, update_time, etag) = times(loaded.stamp(""));
    let (state, results, revision_reasons) = match &opened.phase {
        cycle::Phase::Open => (CycleState::Open, vec![], vec![]),
        cycle::Phase::Closed => (CycleState::Closed, vec![], vec![]),
        cycle::Phase::Published { results, revisions } => {
            (CycleState::Published, results.clone(), revisions.clone())
        }
    };
    let terms = opened.terms.clone();
    let units = opened.units.keys().filter_map(|unit| cycle_unit(loaded, unit)).collect();
    Some(Cycle {
        name: name.to_string(),
        title: terms.title,
        scheme: terms.scheme,
        scheme_version: terms.scheme_version,
        start_date: terms.start_date,
        end_date: terms.end_date,
        level: terms.level,
        parent_cycle: terms.parent_cycle,
        ranked_groups: terms.ranked_groups,
        state: state.into(),
        units,
        results,
        revisions: u32::try_from(revision_reasons.len()).unwrap_or(u32::MAX),
        create_time,
        update_time,
        etag,
        revision_reasons,
        revision_due: vec![],
    })
}

/// A unit of the cycle, by its resource name.
pub(crate) fn cycle_unit(loaded: &Loaded<cycle::Cycle>, unit: &str) -> Option<CycleUnit> {
    let entered = loaded.state.opened()?.units.get(unit)?;
    let (create_time, update_time, _) = times(loaded.stamp(unit));
    Some(CycleUnit {
        unit: unit.to_owned(),
        group: entered.group,
        appraisal_target: entered.appraisal_target,
        parent_unit: entered.parent.clone(),
        removed: false,
        create_time,
        update_time,
    })
}

pub(crate) fn mark(
    loaded: &Loaded<mark::Mark>,
    cycle: &CycleName,
    unit: &UnitName,
    component_id: &str,
) -> Option<Mark> {
    let mark::State::Marked { points, reason, revisions } = &loaded.state else { return None };
    let (create_time, update_time, etag) = times(loaded.stamp(""));
    Some(Mark {
        cycle: cycle.to_string(),
        unit: unit.to_string(),
        component_id: component_id.to_owned(),
        points: points.clone(),
        reason: reason.clone(),
        revisions: *revisions,
        create_time,
        update_time,
        etag,
    })
}

pub(crate) fn entry(loaded: &Loaded<daily_assessment::DailyAssessment>, name: &EntryName) -> Option<Entry> {
    let entry = loaded.state.entry(&name.entry)?;
    let (create_time, update_time, etag) = times(loaded.stamp(&name.entry));
    let (recorded, contest) = (entry.recorded.clone(), entry.contests.last());
    let (component_id, source_id) = match recorded.target {
        Some(Target::ComponentId(component_id)) => (component_id, String::new()),
        Some(Target::SourceId(source_id)) => (String::new(), source_id),
        None => (String::new(), String::new()),
    };
    Some(Entry {
        name: name.to_string(),
        component_id,
        source_id,
        points: recorded.points,
        reason: recorded.reason,
        cause_event_id: recorded.cause_event_id,
        entry_date: recorded.entry_date,
        reversed: entry.reversed.is_some(),
        reversal_reason: entry.reversed.clone().unwrap_or_default(),
        recorded_by: recorded.recorded_by,
        create_time,
        update_time,
        etag,
        cause: recorded.cause,
        cause_thing: recorded.cause_thing,
        contest: contest_state(entry).into(),
        contest_grounds: contest.map(|contest| contest.contested.grounds.clone()).unwrap_or_default(),
        contest_reason: contest.and_then(|contest| contest.refused.clone()).unwrap_or_default(),
    })
}

fn contest_state(entry: &daily_assessment::Entry) -> ContestState {
    match entry.contests.last() {
        None => ContestState::Unspecified,
        Some(contest) if contest.refused.is_some() => ContestState::Refused,
        Some(_) if entry.reversed.is_some() => ContestState::Granted,
        Some(_) => ContestState::Pending,
    }
}

/// When a thing was made and last changed, as far as it is recorded, and its etag.
pub(crate) fn times(stamp: Stamp) -> (Option<Timestamp>, Option<Timestamp>, String) {
    (stamp.created_at.map(to_wire), stamp.updated_at.map(to_wire), format!("\"{}\"", stamp.stream_version))
}
