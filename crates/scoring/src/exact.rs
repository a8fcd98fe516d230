//! Exact fractions: every value between the recorded facts and the named rounding step of scoring.md.
//!
//! A decimal of 28 digits cannot hold a third, so a mean that is divided and multiplied back may miss a
//! tie by its last digit. A fraction of unbounded integers holds every value that the page can ask for.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;
use rust_decimal::Decimal;

/// A fraction of unbounded integers, always in lowest terms.
pub(crate) type Exact = BigRational;

/// The fraction that a decimal stands for.
pub(crate) fn exact(decimal: Decimal) -> Exact {
    over_power_of_ten(BigInt::from(decimal.mantissa()), decimal.scale())
}

/// A whole number as a fraction.
pub(crate) fn whole(number: u64) -> Exact {
    Exact::from_integer(BigInt::from(number))
}

/// `part ÷ of`, or nothing when there is nothing to divide by.
pub(crate) fn quotient(part: &Exact, of: &Exact) -> Option<Exact> {
    (!of.is_zero()).then(|| part / of)
}

/// The exact sum of any decimals, however many and whatever their places.
pub(crate) fn sum(decimals: impl IntoIterator<Item = Decimal>) -> Exact {
    counted_sum(decimals.into_iter().map(|decimal| (1, decimal)))
}

/// The exact sum of decimals, each taken so many times.
pub(crate) fn counted_sum(decimals: impl IntoIterator<Item = (u64, Decimal)>) -> Exact {
    let mut at_most_9_places: i128 = 0;
    let mut rest = Exact::zero();
    for (count, decimal) in decimals {
        match nano(decimal)
            .and_then(|nano| nano.checked_mul(i128::from(count)))
            .and_then(|nano| at_most_9_places.checked_add(nano))
        {
            Some(sum) => at_most_9_places = sum,
            None => rest += exact(decimal) * whole(count),
        }
    }
    rest + over_power_of_ten(BigInt::from(at_most_9_places), 9)
}

/// The decimal in units of its ninth place, if it has no more places than that.
fn nano(decimal: Decimal) -> Option<i128> {
    let places_free = 9_u32.checked_sub(decimal.scale())?;
    decimal.mantissa().checked_mul(10_i128.pow(places_free))
}

fn over_power_of_ten(mantissa: BigInt, places: u32) -> Exact {
    if places == 0 { Exact::from_integer(mantissa) } else { Exact::new(mantissa, BigInt::from(10).pow(places)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    #[test]
    fn a_third_taken_three_times_is_whole() {
        let third = quotient(&whole(1), &whole(3)).expect("not divided by zero");
        assert_eq!(third * whole(3), whole(1));
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_eq!(quotient(&whole(1), &whole(0)), None);
    }

    #[test]
    fn a_sum_is_exact_whatever_the_places_and_size() {
        let values = ["0.1", "0.000000001", "-0.0000000000000000000000000001", "79228162514264337593543950335"];
        let added = sum(values.map(decimal));
        let expected = values.map(decimal).map(exact).into_iter().fold(Exact::zero(), |sum, value| sum + value);
        assert_eq!(added, expected);
    }

    #[test]
    fn a_counted_sum_does_not_overflow() {
        let added = counted_sum([(u64::MAX, Decimal::MAX), (u64::MAX, Decimal::MIN), (3, decimal("0.5"))]);
        assert_eq!(added, exact(decimal("1.5")));
    }
}
