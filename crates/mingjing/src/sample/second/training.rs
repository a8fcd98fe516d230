//! The second year's training 练兵: a drive of the whole bureau, from the Spring Festival to the end of the year.
//!
//! Three sub-units are odd, each by one rule: one stands still until October, one trains only its stars, one's
//! leaders stay away. All others move in time.

mod assessments;
mod drive;
mod roster;
mod sessions;

use jiff::civil::{Date, date};

use super::super::JURISDICTION;
use super::city::City;
use super::steps::Step;

const CAMPAIGN: &str = "drive-2025";
/// The drive's first day, the first after the Spring Festival.
const START: Date = date(2025, 2, 5);
/// Its last day.
const END: Date = date(2025, 12, 31);
/// A plan is filed by the end of this day.
const PLAN_DUE: Date = date(2025, 2, 28);
/// The roster at the end of this day is what counts.
const CUTOFF: Date = date(2025, 11, 30);
/// A unit that moves holds a session at least every so many working days.
const INTERVAL_WORKING_DAYS: u32 = 20;
/// The day on which the sub-unit that stands still begins to move.
const STIRS_ON: Date = date(2025, 10, 9);

/// Resource name of the drive.
pub(super) fn campaign() -> String {
    format!("jurisdictions/{JURISDICTION}/campaigns/{CAMPAIGN}")
}

pub(super) fn steps(city: &City) -> Vec<Step> {
    let mut steps = roster::steps(city);
    steps.extend(drive::steps(city));
    steps.extend(sessions::steps(city));
    steps.extend(assessments::steps(city));
    steps
}

fn parent() -> String {
    format!("jurisdictions/{JURISDICTION}")
}

fn item(item_id: &str) -> String {
    format!("{}/items/{item_id}", campaign())
}

fn need(need_id: &str) -> String {
    format!("jurisdictions/{JURISDICTION}/needs/{need_id}")
}
