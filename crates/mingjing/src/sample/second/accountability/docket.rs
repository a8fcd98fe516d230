//! The cases that opened by themselves: on each day on which the office meets, each of them goes one step further.

use contract::accountability::{
    self, CaseFilter, CaseNature, CaseStage, Disposition, Gravity, ListCasesRequest, Origin,
};
use jiff::civil::{Date, date};
use tonic::Status;

use super::super::super::JURISDICTION;
use super::super::city::{City, POLITICAL_DEPARTMENT, SUPERVISION};
use super::super::steps::{Desk, Step, at};
use super::desk::{Case, Found, Measure};

/// The days on which the office meets.
const MEETINGS: [Date; 21] = [
    date(2025, 3, 24),
    date(2025, 4, 7),
    date(2025, 4, 21),
    date(2025, 5, 12),
    date(2025, 5, 26),
    date(2025, 6, 16),
    date(2025, 6, 30),
    date(2025, 7, 21),
    date(2025, 8, 4),
    date(2025, 8, 25),
    date(2025, 9, 15),
    date(2025, 9, 29),
    date(2025, 10, 20),
    date(2025, 11, 3),
    date(2025, 11, 17),
    date(2025, 12, 8),
    date(2025, 12, 22),
    // After the results.
    date(2026, 1, 26),
    date(2026, 2, 2),
    date(2026, 2, 9),
    date(2026, 2, 25),
];
/// Places of those who investigate in their departments: heads of sections.
const INVESTIGATORS: std::ops::Range<u32> = 3..8;

/// Who may be asked to investigate, in this order.
pub(super) fn investigators(city: &City) -> Vec<String> {
    let departments = [SUPERVISION, POLITICAL_DEPARTMENT].map(|id| city.unit(id));
    departments.into_iter().flat_map(|unit| INVESTIGATORS.map(|place| unit.officer(place))).collect()
}

pub(super) fn steps(city: &City) -> Vec<Step> {
    let investigators = investigators(city);
    let meeting = |day: Date| {
        let candidates = investigators.clone();
        Step::new(at(day, 11), format!("docket/{day}"), move |mut desk| async move {
            for case in waiting(&mut desk).await? {
                advance(&mut desk, &case, &candidates, day).await?;
            }
            Ok::<_, Status>(())
        })
    };
    MEETINGS.into_iter().map(meeting).collect()
}

/// The cases that opened by themselves and are not over.
async fn waiting(desk: &mut Desk) -> Result<Vec<accountability::Case>, Status> {
    let filter = CaseFilter {
        origins: vec![Origin::Complaint.into(), Origin::PointsLost.into()],
        open_only: true,
        ..Default::default()
    };
    let request = ListCasesRequest {
        parent: format!("jurisdictions/{JURISDICTION}"),
        filter: Some(filter),
        page_size: 1000,
        ..Default::default()
    };
    Ok(desk.services.accountability.list_cases(request).await?.into_inner().cases)
}

async fn advance(
    desk: &mut Desk,
    found: &accountability::Case,
    candidates: &[String],
    day: Date,
) -> Result<(), Status> {
    let mut case = Case { desk, name: found.name.clone() };
    match found.stage() {
        CaseStage::Opened => {
            case.assign(candidates).await?;
            case.add_evidence("The file of what the case comes from").await
        }
        CaseStage::Investigation => case.find(&responsible(found), "It is as the file says").await,
        CaseStage::Found => {
            for measure in measures(found) {
                case.decide(&measure, None).await?;
            }
            Ok(())
        }
        CaseStage::Decided => {
            for measure in measures(found) {
                case.execute(&measure.subject, day).await?;
            }
            case.close().await
        }
        CaseStage::Executed | CaseStage::Exonerated => case.close().await,
        CaseStage::Unspecified | CaseStage::Appealed | CaseStage::Closed | CaseStage::Merged => Ok(()),
    }
}

/// Whom the case is against, and no more than minor: it is put right by then.
fn responsible(case: &accountability::Case) -> Found {
    let (units, officers) = (case.units.clone(), case.officers.clone());
    Found { nature: case.nature(), gravity: Gravity::Minor, units, officers }
}

/// What the scale asks for at least.
fn measures(case: &accountability::Case) -> Vec<Measure> {
    let (unit, officer) = if case.nature() == CaseNature::HarmToPublic {
        (Disposition::UnitCriticism, Disposition::Criticism)
    } else {
        (Disposition::UnitRectification, Disposition::Admonition)
    };
    let found = case.finding.clone().unwrap_or_default();
    let units = found.units.into_iter().map(|name| Measure::by_the_scale(&name, unit));
    let officers = found.officers.into_iter().map(|name| Measure::by_the_scale(&name, officer));
    units.chain(officers).collect()
}
