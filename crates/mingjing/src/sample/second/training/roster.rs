//! Who is on the roster: 6,000 from the first day on. In summer some move, rise, or retire, and recruits come.

use contract::training::{
    ChangePostLevelRequest, ImportOfficersRequest, NewOfficer, RemoveOfficerRequest, TransferOfficerRequest,
};
use contract::words::PostLevel;
use jiff::civil::{Date, date};

use super::super::city::{City, FIRST_DAY, Unit, officer_id};
use super::super::steps::{Step, at};
use super::parent;

/// Rows of a call.
const ROWS_MAX: usize = 1000;
const RETIRED_ON: Date = date(2025, 6, 30);
const MOVED_ON: Date = date(2025, 7, 1);
const RECRUITED_ON: Date = date(2025, 7, 15);
/// As many retire as are recruited.
const RECRUITS: u32 = 10;
/// The last of its officers retires; nobody counts on them before.
pub(super) const RETIRING_PLACE: u32 = 39;

pub(super) fn steps(city: &City) -> Vec<Step> {
    let officers: Vec<_> =
        city.units().iter().flat_map(|unit| unit.roster().map(|it| enrolled(unit, it))).collect();
    let batches = officers.chunks(ROWS_MAX).zip(0_u32..);
    let mut steps: Vec<_> =
        batches.map(|(batch, number)| import(FIRST_DAY, format!("enrol/{number}"), batch.to_vec())).collect();

    let stations: Vec<_> = retiring(city).collect();
    let recruits = stations.iter().zip(1..).map(|(unit, number)| NewOfficer {
        effective_date: RECRUITED_ON.to_string(),
        ..enrolled(unit, (recruit(number), PostLevel::Staff))
    });
    steps.push(import(RECRUITED_ON, "recruits".to_owned(), recruits.collect()));
    for (station, next) in stations.iter().zip(stations.iter().cycle().skip(1)) {
        steps.push(retires(station.officer(RETIRING_PLACE)));
        steps.push(moves(station.officer(38), next.name()));
        steps.push(rises(station.officer(3)));
    }
    steps
}

/// The units whose last officer retires, and gets a recruit.
pub(super) fn retiring(city: &City) -> impl Iterator<Item = &Unit> {
    let some = usize::try_from(RECRUITS).unwrap_or(0);
    city.units().iter().filter(|unit| unit.grassroots && unit.id.ends_with("-window")).take(some)
}

fn recruit(number: u32) -> String {
    officer_id(6000 + number)
}

fn enrolled(unit: &Unit, (officer_id, post_level): (String, PostLevel)) -> NewOfficer {
    NewOfficer {
        officer_id,
        unit: unit.name(),
        post_level: post_level.into(),
        effective_date: FIRST_DAY.to_string(),
    }
}

fn import(day: Date, what: String, officers: Vec<NewOfficer>) -> Step {
    Step::new(at(day, 10), what, move |mut desk| async move {
        let request = ImportOfficersRequest {
            request_id: desk.request_id,
            parent: parent(),
            officers,
            occurred_at: desk.occurred_at,
        };
        let results = desk.services.training.import_officers(request).await?.into_inner().results;
        let refused = results.iter().find(|result| result.name.is_empty());
        anyhow::ensure!(refused.is_none(), "an officer was refused: {refused:?}");
        anyhow::Ok(())
    })
}

fn retires(name: String) -> Step {
    Step::new(at(RETIRED_ON, 9), format!("retire/{name}"), move |mut desk| async move {
        let request = RemoveOfficerRequest {
            request_id: desk.request_id,
            name,
            occurred_at: desk.occurred_at,
            ..Default::default()
        };
        desk.services.training.remove_officer(request).await.map(drop)
    })
}

fn moves(name: String, unit: String) -> Step {
    Step::new(at(MOVED_ON, 9), format!("move/{name}"), move |mut desk| async move {
        let request = TransferOfficerRequest {
            request_id: desk.request_id,
            name,
            unit,
            occurred_at: desk.occurred_at,
            ..Default::default()
        };
        desk.services.training.transfer_officer(request).await.map(drop)
    })
}

fn rises(name: String) -> Step {
    Step::new(at(MOVED_ON, 9), format!("rise/{name}"), move |mut desk| async move {
        let request = ChangePostLevelRequest {
            request_id: desk.request_id,
            name,
            post_level: PostLevel::SectionHead.into(),
            occurred_at: desk.occurred_at,
            ..Default::default()
        };
        desk.services.training.change_post_level(request).await.map(drop)
    })
}
