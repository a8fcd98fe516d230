//! THE ARITHMETIC: scoring.md as pure functions on exact numbers.

pub mod appraisal;
pub mod certainty;
mod exact;
pub mod facts;
mod finals;
pub mod indices;
pub mod losses;
mod methods;
pub mod ranking;
mod round;
pub mod scheme;
pub mod simulate;

pub use appraisal::{Appraisal, ComponentScore, UnitScore, appraise};
pub use certainty::{RankInterval, SurveyCertainty, rank_intervals, survey_certainty};
pub use facts::{ComponentFacts, CycleFacts, UnitFacts};
pub use losses::{Cause, Loss, Losses, losses};
pub use methods::Pending;
pub use round::round2;
pub use scheme::{Fault, Rule, Scheme};
