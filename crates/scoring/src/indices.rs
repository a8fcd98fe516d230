//! The indices of scoring.md §5, each in `[0, 1]`: from counts to ratios to one weighted figure.
//!
//! Each figure has this one definition, used by the method *index* and wherever a scorecard shows it.

use rust_decimal::Decimal;

use crate::exact::{Exact, exact, quotient, whole};
use crate::methods::{Part, mean};
use crate::round::shown;
use crate::scheme::{IndexKind, Ratio, RatioWeight};

/// The counts behind the indices of one unit; a unit counts its whole subtree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexFigures {
    /// The training drive; none: nothing on record.
    pub training: Option<TrainingFigures>,
    /// Complaints whose deadline falls inside the cycle; none: nothing on record.
    pub rectification: Option<RectificationFigures>,
    /// Promised measures; none: nothing on record.
    pub commitments: Option<CommitmentFigures>,
}

/// The counts behind the training index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrainingFigures {
    /// Officers on the roster at the campaign's cutoff.
    pub officers: u64,
    /// Of them, with at least one attended session.
    pub officers_attended: u64,
    /// Officers who have to pass: the roster, once the acceptance method says in which qualities; until then 0.
    pub officers_to_pass: u64,
    /// Of them, whose latest assessment in every required quality is a pass.
    pub officers_passed: u64,
    /// Leaders on the roster.
    pub leaders: u64,
    /// Of them, with at least one attended session.
    pub leaders_attended: u64,
    /// Grassroots units below and including the unit.
    pub grassroots_units: u64,
    /// Of them, with at least one session.
    pub grassroots_units_covered: u64,
}

/// The counts behind the rectification index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RectificationFigures {
    /// Complaints due by now.
    pub due: u64,
    /// Of them, closed as rectified or unsubstantiated by the deadline in force.
    pub on_time: u64,
    /// Complainants who told their level of satisfaction.
    pub satisfaction_count: u64,
    /// The sum of their level values.
    pub satisfaction_sum: Decimal,
    /// Complaints closed.
    pub closed: u64,
    /// Of them, reopened.
    pub reopened: u64,
}

/// The counts behind the commitments index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CommitmentFigures {
    /// Assigned to the unit and due by now.
    pub due: u64,
    /// Of them, verified as delivered.
    pub delivered: u64,
}

/// One index of one unit, for showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexValue {
    /// Its ratios in the order of §5; one with an empty denominator has no value.
    pub ratios: Vec<(Ratio, Option<Decimal>)>,
    /// The index; none: undefined. A fraction that does not end is shown to six places.
    pub value: Option<Decimal>,
}

/// An index of a unit under these weights (scoring.md §5); see [`default_weights`].
#[must_use]
pub fn index_value(kind: IndexKind, weights: &[RatioWeight], figures: &IndexFigures) -> IndexValue {
    let ratios = ratios(kind, figures);
    let parts = defined(weights, &ratios);
    let value = mean(&parts).map(|value| shown(&value));
    let show = |(ratio, value): &(Ratio, Option<Exact>)| (*ratio, value.as_ref().map(shown));
    IndexValue { ratios: ratios.iter().map(show).collect(), value }
}

/// The weights of an index whose scheme names none (scoring.md §5).
#[must_use]
pub fn default_weights(kind: IndexKind) -> Vec<RatioWeight> {
    let tenths = |weights: &[(Ratio, i64)]| {
        let weight = |&(ratio, tenths): &(Ratio, i64)| RatioWeight { ratio, weight: Decimal::new(tenths, 1) };
        weights.iter().map(weight).collect()
    };
    match kind {
        IndexKind::Training => tenths(&[
            (Ratio::Participation, 4),
            (Ratio::LeaderParticipation, 2),
            (Ratio::PassRate, 3),
            (Ratio::GrassrootsCoverage, 1),
        ]),
        IndexKind::Rectification => {
            tenths(&[(Ratio::OnTime, 5), (Ratio::Satisfaction, 3), (Ratio::NotReopened, 2)])
        }
        IndexKind::Commitments => tenths(&[(Ratio::Delivered, 10)]),
    }
}

/// The complainants' mean satisfaction, for showing; none: nobody said.
#[must_use]
pub fn satisfaction(figures: &RectificationFigures) -> Option<Decimal> {
    quotient(&exact(figures.satisfaction_sum), &whole(figures.satisfaction_count)).map(|mean| shown(&mean))
}

/// The ratios that are defined and weigh: their weights are renormalised by whoever takes their mean.
pub(crate) fn defined(weights: &[RatioWeight], ratios: &[(Ratio, Option<Exact>)]) -> Vec<Part<'static>> {
    let part = |weight: &RatioWeight| {
        let (ratio, value) = ratios.iter().find(|(ratio, _)| *ratio == weight.ratio)?;
        Some(Part { id: ratio.name(), weight: weight.weight, value: value.clone()? })
    };
    weights.iter().filter_map(part).collect()
}

/// The ratios of an index; one with an empty denominator has no value.
pub(crate) fn ratios(kind: IndexKind, figures: &IndexFigures) -> Vec<(Ratio, Option<Exact>)> {
    match kind {
        IndexKind::Training => figures.training.as_ref().map(training).unwrap_or_default(),
        IndexKind::Rectification => figures.rectification.as_ref().map(rectification).unwrap_or_default(),
        IndexKind::Commitments => figures.commitments.as_ref().map(commitments).unwrap_or_default(),
    }
}

fn training(figures: &TrainingFigures) -> Vec<(Ratio, Option<Exact>)> {
    vec![
        (Ratio::Participation, share(figures.officers_attended, figures.officers)),
        (Ratio::LeaderParticipation, share(figures.leaders_attended, figures.leaders)),
        (Ratio::PassRate, share(figures.officers_passed, figures.officers_to_pass)),
        (Ratio::GrassrootsCoverage, share(figures.grassroots_units_covered, figures.grassroots_units)),
    ]
}

/// Without a due complaint the whole index is undefined, whatever was closed early.
fn rectification(figures: &RectificationFigures) -> Vec<(Ratio, Option<Exact>)> {
    if figures.due == 0 {
        return [Ratio::OnTime, Ratio::Satisfaction, Ratio::NotReopened].map(|ratio| (ratio, None)).into();
    }
    let satisfaction = quotient(&exact(figures.satisfaction_sum), &whole(figures.satisfaction_count));
    let reopened = share(figures.reopened, figures.closed);
    vec![
        (Ratio::OnTime, share(figures.on_time, figures.due)),
        (Ratio::Satisfaction, satisfaction.map(within_one)),
        (Ratio::NotReopened, reopened.map(|reopened| Exact::one() - reopened)),
    ]
}

fn commitments(figures: &CommitmentFigures) -> Vec<(Ratio, Option<Exact>)> {
    vec![(Ratio::Delivered, share(figures.delivered, figures.due))]
}

fn share(part: u64, of: u64) -> Option<Exact> {
    quotient(&whole(part), &whole(of)).map(within_one)
}

fn within_one(value: Exact) -> Exact {
    value.clamp(Exact::zero(), Exact::one())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    fn value(kind: IndexKind, figures: &IndexFigures) -> Option<Decimal> {
        index_value(kind, &default_weights(kind), figures).value
    }

    fn training(figures: TrainingFigures) -> IndexFigures {
        IndexFigures { training: Some(figures), ..IndexFigures::default() }
    }

    fn rectification(figures: RectificationFigures) -> IndexFigures {
        IndexFigures { rectification: Some(figures), ..IndexFigures::default() }
    }

    #[test]
    fn the_default_weights_of_an_index_sum_to_one() {
        for kind in [IndexKind::Training, IndexKind::Rectification, IndexKind::Commitments] {
            let sum: Decimal = default_weights(kind).iter().map(|weight| weight.weight).sum();
            assert_eq!(sum, Decimal::ONE, "{kind:?}");
        }
    }

    #[test]
    fn the_training_index_weighs_four_ratios() {
        let figures = TrainingFigures {
            officers: 10,
            officers_attended: 9,
            officers_to_pass: 10,
            officers_passed: 7,
            leaders: 2,
            leaders_attended: 1,
            grassroots_units: 4,
            grassroots_units_covered: 4,
        };
        // 0.4·0.9 + 0.2·0.5 + 0.3·0.7 + 0.1·1
        assert_eq!(value(IndexKind::Training, &training(figures)), Some(decimal("0.77")));
        let without_leaders = TrainingFigures { leaders: 0, leaders_attended: 0, ..figures };
        // (0.36 + 0.21 + 0.1) ÷ 0.8
        assert_eq!(value(IndexKind::Training, &training(without_leaders)), Some(decimal("0.8375")));
        assert_eq!(value(IndexKind::Training, &training(TrainingFigures::default())), None);
        assert_eq!(value(IndexKind::Training, &IndexFigures::default()), None);
    }

    #[test]
    fn the_rectification_index_is_undefined_without_a_due_complaint() {
        let figures = RectificationFigures {
            due: 4,
            on_time: 3,
            satisfaction_count: 2,
            satisfaction_sum: decimal("1.6"),
            closed: 5,
            reopened: 1,
        };
        // 0.5·0.75 + 0.3·0.8 + 0.2·0.8
        assert_eq!(value(IndexKind::Rectification, &rectification(figures)), Some(decimal("0.775")));
        let nobody_asked =
            RectificationFigures { satisfaction_count: 0, satisfaction_sum: Decimal::ZERO, ..figures };
        // (0.375 + 0.16) ÷ 0.7 = 0.7642857…
        assert_eq!(value(IndexKind::Rectification, &rectification(nobody_asked)), Some(decimal("0.764286")));
        let none_due = RectificationFigures { due: 0, on_time: 0, ..figures };
        assert_eq!(value(IndexKind::Rectification, &rectification(none_due)), None);
    }

    #[test]
    fn complaints_reopened_more_often_than_closed_leave_nothing() {
        let figures = RectificationFigures { due: 1, closed: 1, reopened: 3, ..Default::default() };
        assert_eq!(value(IndexKind::Rectification, &rectification(figures)), Some(Decimal::ZERO));
    }

    #[test]
    fn promises_count_when_they_are_due() {
        let commitments = |due, delivered| IndexFigures {
            commitments: Some(CommitmentFigures { due, delivered }),
            ..IndexFigures::default()
        };
        assert_eq!(value(IndexKind::Commitments, &commitments(4, 3)), Some(decimal("0.75")));
        assert_eq!(value(IndexKind::Commitments, &commitments(0, 0)), None);
    }
}
