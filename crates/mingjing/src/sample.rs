//! The sample years, entered through gRPC like any client's facts.
//!
//! The first is that of scoring.md §8: how many units, groups and forms there are, and what the bureau got, is real.
//! Generated are the other units and all single marks, entries and answers. No result is stored: the bureau's marks,
//! entries and answers are such that its figures come out. The second is generated; it needs time that is moved by
//! hand (see [`SecondYear`]).

mod generate;
mod load;
mod processes;
mod random;
mod second;
mod services;

pub use load::{STEPS, load};
pub use second::{Outcome, SecondYear, let_go};
pub use services::Servers;

use jiff::Timestamp;

/// Where a clock that is moved by hand has to start, or before, for both years to be entered.
pub const CLOCK: Timestamp = Timestamp::constant(1_704_067_200, 0);
/// The jurisdiction of the sample.
pub const JURISDICTION: &str = "city";
/// The cycle of the sample.
pub const CYCLE: &str = "first-year";
/// The scheme that it is appraised under.
pub const FIRST_SCHEME: &str = "first-year";
/// The scheme of the year after.
pub const SECOND_SCHEME: &str = "second-year";
/// The cycle of the year after.
pub const SECOND_CYCLE: &str = "second-year";
/// Its scorecard of the bureau, as the command line takes it.
pub const SECOND_SCORECARD: &str = "city/second-year/public-security-bureau";
/// The scheme of the counties.
pub const COUNTY_SCHEME: &str = "county";
/// The scorecard that the sample is about, as the command line takes it.
pub const BUREAU_SCORECARD: &str = "city/first-year/public-security-bureau";
/// The same, as the API names it.
pub const BUREAU_SCORECARD_NAME: &str =
    "jurisdictions/city/cycles/first-year/scorecards/public-security-bureau";

const BUREAU: &str = "public-security-bureau";
/// The organ that is vetoed in the second year, until an appeal.
const SECOND_VETOED: &str = "organ-3-05";
