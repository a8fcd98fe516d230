//! The second year's training 练兵.

use contract::training::{ImportOfficersRequest, NewOfficer};

use super::super::JURISDICTION;
use super::city::{City, FIRST_DAY};
use super::steps::{Step, at};

/// Rows of a call.
const ROWS_MAX: usize = 1000;

/// Resource name of the drive.
pub(super) fn campaign() -> String {
    format!("jurisdictions/{JURISDICTION}/campaigns/drive-2025")
}

pub(super) fn steps(city: &City) -> Vec<Step> {
    roster(city)
}

fn roster(city: &City) -> Vec<Step> {
    let officers: Vec<_> = city
        .units()
        .iter()
        .flat_map(|unit| {
            unit.roster().map(|(officer_id, post_level)| NewOfficer {
                officer_id,
                unit: unit.name(),
                post_level: post_level.into(),
                effective_date: FIRST_DAY.to_string(),
            })
        })
        .collect();
    officers
        .chunks(ROWS_MAX)
        .enumerate()
        .map(|(number, officers)| enrolled(number, officers.to_vec()))
        .collect()
}

fn enrolled(number: usize, officers: Vec<NewOfficer>) -> Step {
    Step::new(at(FIRST_DAY, 10), format!("enrol/{number}"), move |mut desk| async move {
        let request = ImportOfficersRequest {
            request_id: desk.request_id,
            parent: format!("jurisdictions/{JURISDICTION}"),
            officers,
            occurred_at: desk.occurred_at,
        };
        let answer = desk.services.training.import_officers(request).await?.into_inner();
        let refused = answer.results.iter().find(|result| result.name.is_empty());
        anyhow::ensure!(refused.is_none(), "an officer was refused: {refused:?}");
        anyhow::Ok(())
    })
}
