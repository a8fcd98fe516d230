//! The second year's cases 追责: four opened by hand, and those that open by themselves.
//!
//! | file | what |
//! |---|---|
//! | [`matters`] | one with a departure from the scale, one varied on appeal, one overturned, one exonerated |
//! | [`docket`] | harmful complaints and lost points, handled on the days on which the office meets |
//! | [`desk`] | what is done in a case |

use super::city::City;
use super::steps::Step;

mod desk;
mod docket;
mod matters;

pub(super) fn steps(city: &City) -> Vec<Step> {
    let mut steps = matters::steps(city);
    steps.extend(docket::steps(city));
    steps
}
