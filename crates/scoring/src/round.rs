//! Rounding, half away from zero (四舍五入). Nothing outside this file rounds.

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::exact::{Exact, power_of_ten};

/// Places of a loss line or a mean, where a fraction that does not end has to be shown as a decimal.
const SHOWN_PLACES: u32 = 6;

/// Rounds to two decimals, half away from zero: the "round 2" of scoring.md.
#[must_use]
pub fn round2(value: Decimal) -> Decimal {
    let mut rounded = value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(2);
    if rounded.is_zero() {
        rounded.set_sign_positive(true);
    }
    rounded
}

/// "Round 2" of an exact fraction: the tie is decided on the fraction itself.
pub(crate) fn round2_exact(value: &Exact) -> Decimal {
    to_places(value, 2)
}

/// Four places, for a rate that is shown beside a score and never part of it.
pub(crate) fn round_rate(value: &Exact) -> Decimal {
    to_places(value, 4)
}

/// A fraction as a decimal for people: exact if it ends within six places, else rounded there.
pub(crate) fn shown(value: &Exact) -> Decimal {
    tidy(to_places(value, SHOWN_PLACES))
}

/// Cuts a list of exact amounts into decimals of at most six places that add up without drift.
///
/// Each is the step between two rounded running totals, so the sum of any first few is within half a
/// millionth of the exact one, and an amount that ends within six places stays as it is.
pub(crate) fn steps<'a>(amounts: impl IntoIterator<Item = &'a Exact>) -> Vec<Decimal> {
    let mut running = Exact::zero();
    let mut reached = BigInt::ZERO;
    let mut steps = Vec::new();
    for amount in amounts {
        running += amount;
        let next = half_up(&running, SHOWN_PLACES);
        steps.push(tidy(decimal(&(&next - &reached), SHOWN_PLACES)));
        reached = next;
    }
    steps
}

/// The same value with at least two places and no needless zeros after them.
pub(crate) fn tidy(value: Decimal) -> Decimal {
    let mut tidy = value.normalize();
    if tidy.scale() < 2 {
        tidy.rescale(2);
    }
    tidy
}

/// Half away from zero: half up on the size.
fn to_places(value: &Exact, places: u32) -> Decimal {
    let units = if value.is_negative() { -half_up(&-value.clone(), places) } else { half_up(value, places) };
    decimal(&units, places)
}

/// `floor(value·10^places + 1/2)`: how many units of the last place. A shift by whole units shifts it by as
/// many.
fn half_up(value: &Exact, places: u32) -> BigInt {
    let over: BigInt = value.over() * power_of_ten(places) * 2 + value.under();
    let under: BigInt = value.under() * 2;
    let towards_zero = &over / &under;
    if over.is_negative() && &towards_zero * &under != over { towards_zero - 1 } else { towards_zero }
}

/// The decimal of so many units of the last place; one that no decimal can hold ends at the largest.
fn decimal(units: &BigInt, places: u32) -> Decimal {
    let largest = if units.is_negative() { Decimal::MIN } else { Decimal::MAX };
    units.to_i128().and_then(|units| Decimal::try_from_i128_with_scale(units, places).ok()).unwrap_or(largest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::{exact, quotient, whole};

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    #[test]
    fn half_a_cent_goes_away_from_zero() {
        for (value, rounded) in [
            ("38.575", "38.58"),
            ("38.574999999", "38.57"),
            ("0.005", "0.01"),
            ("-0.005", "-0.01"),
            ("-0.0049", "0.00"),
            ("2.345", "2.35"),
            ("2.335", "2.34"),
            ("-2.335", "-2.34"),
            ("7", "7.00"),
        ] {
            assert_eq!(round2(decimal(value)), decimal(rounded), "{value} as a decimal");
            assert_eq!(round2_exact(&exact(decimal(value))), decimal(rounded), "{value} as a fraction");
        }
    }

    #[test]
    fn two_places_are_always_shown() {
        assert_eq!(round2(decimal("-0.001")).to_string(), "0.00");
        assert_eq!(round2(decimal("26.4")).to_string(), "26.40");
        assert_eq!(round2_exact(&whole(7)).to_string(), "7.00");
        assert_eq!(shown(&exact(decimal("1.5000"))).to_string(), "1.50");
    }

    #[test]
    fn a_tie_made_of_thirds_is_a_tie() {
        let third = quotient(&exact(decimal("0.015")), &whole(3)).expect("not by zero");
        assert_eq!(round2_exact(&third), decimal("0.01"));
        let just_below =
            quotient(&exact(decimal("0.014999999999999999999999")), &whole(3)).expect("not by zero");
        assert_eq!(round2_exact(&just_below), decimal("0.00"));
    }

    #[test]
    fn what_no_decimal_holds_ends_at_the_largest() {
        let huge = exact(Decimal::MAX) * whole(u64::MAX);
        assert_eq!(round2_exact(&huge), Decimal::MAX);
        assert_eq!(round2_exact(&-huge), Decimal::MIN);
    }

    #[test]
    fn steps_add_up_and_leave_ended_amounts_alone() {
        let third = quotient(&whole(1), &whole(3)).expect("not by zero");
        let amounts =
            [third.clone(), third.clone(), exact(decimal("-2.5")), third, exact(decimal("0.25")), whole(0)];
        let steps = steps(&amounts);
        assert_eq!(steps.iter().sum::<Decimal>(), decimal("-1.25"));
        assert_eq!(steps[2], decimal("-2.5"));
        assert_eq!(steps[4], decimal("0.25"));
        assert_eq!(steps[5], Decimal::ZERO);
    }
}
