//! The second year's appraisal: 101 organs in 5 groups, and the bureau's 16 sub-units in a group of their own below
//! it.
//!
//! | file | what |
//! |---|---|
//! | [`units`] | who is appraised, and how well each does |
//! | [`panel`] | the mayor and the members of the government vote |
//! | [`survey`] | 12,000 forms, half of them to service recipients |
//! | [`entries`] | inspections, supervision, what is contested |
//! | [`counties`] | six county cycles in step |

use contract::evaluation::{
    CloseCycleRequest, CycleLevel, EnterUnitRequest, OpenCycleRequest, PublishResultsRequest,
    ReviseResultsRequest,
};
use jiff::civil::{Date, date};

use super::super::generate::RANKED_GROUPS;
use super::super::{JURISDICTION, SECOND_CYCLE, SECOND_SCHEME};
use super::city::{City, FIRST_DAY};
use super::steps::{Step, at};
use units::Appraised;

mod counties;
mod entries;
mod panel;
mod survey;
mod units;

/// The day on which nothing is missing any more, and the cycles close.
const CLOSED: Date = date(2026, 1, 9);
/// The day on which the results are published.
const PUBLISHED: Date = date(2026, 1, 20);
/// The day after a finding fell on appeal, on which the results are published anew.
const REVISED: Date = date(2026, 2, 13);

pub(super) fn steps(city: &City) -> Vec<Step> {
    let appraised = units::appraised(city);
    let mut steps = vec![opened(), entered(SECOND_CYCLE, 12, &appraised)];
    steps.extend(panel::steps(&appraised));
    steps.extend(survey::steps(&cycle(), &survey::STRATA, &appraised));
    steps.extend(entries::steps(&appraised));
    steps.extend([closed(SECOND_CYCLE, 11), published(SECOND_CYCLE, 11), revised()]);
    steps.extend(counties::steps());
    steps
}

/// Resource name of the cycle.
pub(super) fn cycle() -> String {
    cycle_name(SECOND_CYCLE)
}

fn cycle_name(cycle_id: &str) -> String {
    format!("jurisdictions/{JURISDICTION}/cycles/{cycle_id}")
}

fn opened() -> Step {
    Step::new(at(FIRST_DAY, 11), "open", |mut desk| async move {
        let request = OpenCycleRequest {
            request_id: desk.request_id,
            parent: format!("jurisdictions/{JURISDICTION}"),
            cycle_id: SECOND_CYCLE.to_owned(),
            title: "Appraisal of the second year".to_owned(),
            scheme: format!("jurisdictions/{JURISDICTION}/schemes/{SECOND_SCHEME}"),
            scheme_version: 1,
            start_date: "2025-01-01".to_owned(),
            end_date: "2025-12-31".to_owned(),
            level: CycleLevel::Municipal.into(),
            ranked_groups: RANKED_GROUPS.to_vec(),
            occurred_at: desk.occurred_at,
            ..Default::default()
        };
        desk.services.evaluation.open_cycle(request).await.map(drop)
    })
}

/// One after the other: the units of a cycle are in one stream.
fn entered(cycle_id: &str, hour: i8, appraised: &[Appraised]) -> Step {
    let (name, appraised) = (cycle_name(cycle_id), appraised.to_vec());
    Step::new(at(FIRST_DAY, hour), format!("enter/{cycle_id}"), move |mut desk| async move {
        for unit in appraised {
            let request = EnterUnitRequest {
                request_id: desk.another(&unit.id),
                name: name.clone(),
                unit: unit.name,
                group: unit.group,
                appraisal_target: unit.is_target,
                occurred_at: desk.occurred_at,
            };
            desk.services.evaluation.enter_unit(request).await?;
        }
        anyhow::Ok(())
    })
}

fn closed(cycle_id: &str, hour: i8) -> Step {
    let name = cycle_name(cycle_id);
    Step::new(at(CLOSED, hour), format!("close/{cycle_id}"), move |mut desk| async move {
        let (request_id, occurred_at) = (desk.request_id, desk.occurred_at);
        let request = CloseCycleRequest { request_id, name, occurred_at };
        desk.services.evaluation.close_cycle(request).await.map(drop)
    })
}

fn published(cycle_id: &str, hour: i8) -> Step {
    let name = cycle_name(cycle_id);
    Step::new(at(PUBLISHED, hour), format!("publish/{cycle_id}"), move |mut desk| async move {
        let (request_id, occurred_at) = (desk.request_id, desk.occurred_at);
        let request = PublishResultsRequest { request_id, name, occurred_at };
        desk.services.evaluation.publish_results(request).await.map(drop)
    })
}

fn revised() -> Step {
    Step::new(at(REVISED, 10), "revise", |mut desk| async move {
        let request = ReviseResultsRequest {
            request_id: desk.request_id,
            name: cycle(),
            reason: "A grave finding was overturned on appeal".to_owned(),
            occurred_at: desk.occurred_at,
        };
        desk.services.evaluation.revise_results(request).await.map(drop)
    })
}
