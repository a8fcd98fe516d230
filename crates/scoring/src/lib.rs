//! THE ARITHMETIC: scoring.md as pure functions on exact numbers, from the facts of one cycle to finals,
//! ranks, losses, simulations and how sure they are.
//!
//! What must never be here: a clock, I/O, async, randomness that is not seeded by the caller, a rounding
//! outside `round.rs`, floating point other than in the survey's interval and the rank interval.
//!
//! Start at [`appraise`]: it takes a [`Scheme`] and [`CycleFacts`] and gives an [`Appraisal`]; then
//! [`losses()`] explains a unit of it.
//!
//! | scoring.md | file |
//! |---|---|
//! | §1 scheme, checked once | `scheme.rs`, `scheme/parse.rs` |
//! | §1 facts | `facts.rs` |
//! | §2 component methods | `methods.rs`, one file each in `methods/` |
//! | §3 own, daily, roll-up, veto | `finals.rs` |
//! | §4 ranks, excellent places | `ranking.rs` |
//! | §5 indices; the figures behind them, from events | `indices.rs`; `figures/` |
//! | §6 losses; simulation | `losses.rs`; `simulate.rs` |
//! | §7 interval, bounds, rank interval | `certainty.rs`, `certainty/` |
//! | what may be shown of ballots | `disclosure.rs` |
//! | what looks steered in a survey | `steered.rs` |
//! | working days, and the colours of clocks that run in them | `working_days.rs` |
//! | every rounding | `round.rs` |
//! | fractions between facts and rounding | `exact.rs` |
//!
//! # Exactness
//!
//! Whatever needs a division is kept as a fraction of unbounded integers until it is rounded, so a tie is
//! decided on the value itself and nothing overflows. Decimals of a scheme have at most 9 places and 12
//! digits before the point ([`Scheme::parse`] refuses others); facts are held to the same by whoever records
//! them. Facts beyond that never panic; a sum that no decimal can hold ends at the largest one.
//!
//! # Choices
//!
//! Where the page is silent:
//!
//! - **Marks under another maximum.** Recomputing under a smaller maximum counts a recorded mark above it
//!   as that maximum, each mark of a panel too.
//! - **Trimming.** A class that loses all its marks to the trim has no weight; it is not an error.
//! - **Panel or survey not convened.** Pending, as if open. No electors on the roll: no quorum is missed.
//! - **Survey interval.** It lies around the unrounded points; only its ends are rounded.
//! - **Bounds.** The method runs again on the fuller tallies, so a stratum that was left out may come in.
//!   Unanswered forms are issued − returned; lowest and highest are over the levels that have a value.
//! - **Indicators.** A ratio stays in `[0, 1]` also for a negative target; an actual of 0 above a negative
//!   target earns nothing. A missing or zero target is pending like a missing actual.
//! - **Indices.** Nobody has to pass until the acceptance method says in what: the pass rate is left out. Ratios stay in `[0, 1]` (one complaint may be reopened twice). Without a due complaint the
//!   rectification index is undefined, whatever else is known. A ratio that a scheme does not weigh does
//!   not count. A unit's commitments and complaints are those of its subtree; a commitment is due by now whose
//!   last day lies in the period and has passed.
//! - **Points lost through fault** are the unit's entries. A refuted delivery or a lapse counts by the entry that the
//!   scheme's tariff makes of it, and without a tariff not at all.
//! - **Daily assessment.** It is told while the final is pending.
//! - **Roll-up.** A child's final counts as capped by its veto. A child counts whatever its group. Units
//!   that are each other's ancestors roll up to nobody, but their other children count.
//! - **Veto.** The cap is not rounded. A vetoed unit keeps its rank and counts in its group's size.
//! - **Ranking.** Whoever is entered counts in the size of its group, pending or not. A unit of an unranked
//!   group has no rank and is not excellent. A quota beyond all units is split all the same.
//! - **Losses.** Lines are decimals of at most six places, cut so that nothing drifts; the rounding of the
//!   final is told last and makes the sum exact. Roundings, clips, vetoes and a ledger's start are told
//!   only when they moved a point; all other lines even at zero. While the final is pending there is no
//!   total, and the lines are those that stand.
//! - **Simulation.** The daily assessment, roll-up, vetoes and groups are those of the same facts. Two
//!   indices are of one kind of method.
//! - **Rank interval.** Survey points are drawn around the unrounded ones and rounded to 2, as ever; a
//!   child's draw moves its parent; finals of units in which nothing is drawn stay as they are. The
//!   generator is described in `certainty/draws.rs`.

pub mod appraisal;
pub mod certainty;
pub mod disclosure;
mod exact;
pub mod facts;
pub mod figures;
mod finals;
pub mod indices;
pub mod losses;
mod methods;
pub mod ranking;
mod round;
pub mod scheme;
pub mod simulate;
pub mod steered;
pub mod working_days;

pub use appraisal::{Appraisal, ComponentScore, UnitScore, appraise};
pub use certainty::{RankInterval, SurveyCertainty, rank_intervals, survey_certainty};
pub use facts::{ComponentFacts, CycleFacts, UnitFacts};
pub use losses::{Cause, Loss, Losses, losses};
pub use methods::Pending;
pub use round::round2;
pub use scheme::{Fault, Rule, Scheme};
pub use working_days::WorkingDays;
