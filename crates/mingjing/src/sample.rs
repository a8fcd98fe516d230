//! The sample year (scoring.md §8), entered through gRPC like any client's.
//!
//! Real are the figures of §8: how many units, groups and forms there are, and what the bureau got. Generated
//! are the other units and all single marks, entries and answers. No result is stored: the bureau's marks,
//! entries and answers are such that its figures come out.

mod generate;
mod load;
mod random;

pub use load::{STEPS, load};

/// The jurisdiction of the sample.
pub const JURISDICTION: &str = "city";
/// The cycle of the sample.
pub const CYCLE: &str = "first-year";
/// The scheme that it is appraised under.
pub const FIRST_SCHEME: &str = "first-year";
/// The scheme of the year after.
pub const SECOND_SCHEME: &str = "second-year";
/// The scorecard that the sample is about, as the command line takes it.
pub const BUREAU_SCORECARD: &str = "city/first-year/public-security-bureau";
/// The same, as the API names it.
pub const BUREAU_SCORECARD_NAME: &str =
    "jurisdictions/city/cycles/first-year/scorecards/public-security-bureau";

const BUREAU: &str = "public-security-bureau";
