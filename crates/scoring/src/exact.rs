//! Exact fractions: every value between the recorded facts and the named rounding step of scoring.md.
//!
//! A decimal of 28 digits cannot hold a third, so a mean that is divided and multiplied back may miss a
//! tie by its last digit. A fraction of unbounded integers holds every value that the page can ask for.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub};

use num_bigint::BigInt;
use num_traits::{Signed, Zero};
use rust_decimal::Decimal;

/// A fraction of unbounded integers.
///
/// It is brought to lowest terms only when it grows long: looking for common factors after each step costs
/// more than the longer integers do.
#[derive(Debug, Clone)]
pub(crate) struct Exact {
    over: BigInt,
    /// Positive.
    under: BigInt,
}

/// Bits of a denominator beyond which a fraction is brought to lowest terms.
const LONG_BITS: u64 = 2_048;

/// The fraction that a decimal stands for.
pub(crate) fn exact(decimal: Decimal) -> Exact {
    Exact { over: decimal.mantissa().into(), under: power_of_ten(decimal.scale()) }
}

/// A whole number as a fraction.
pub(crate) fn whole(number: u64) -> Exact {
    Exact { over: number.into(), under: 1.into() }
}

/// `part ÷ of`, or nothing when there is nothing to divide by.
pub(crate) fn quotient(part: &Exact, of: &Exact) -> Option<Exact> {
    let (over, under) = (&part.over * &of.under, &part.under * &of.over);
    match under.cmp(&BigInt::ZERO) {
        Ordering::Equal => None,
        Ordering::Greater => Some(Exact { over, under }.kept_short()),
        Ordering::Less => Some(Exact { over: -over, under: -under }.kept_short()),
    }
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
    let sum = Exact { over: at_most_9_places.into(), under: power_of_ten(9) };
    if rest.over.is_zero() { sum } else { sum + rest }
}

/// The decimal in units of its ninth place, if it has no more places than that.
fn nano(decimal: Decimal) -> Option<i128> {
    let places_free = 9_u32.checked_sub(decimal.scale())?;
    decimal.mantissa().checked_mul(10_i128.pow(places_free))
}

/// `10^places`.
pub(crate) fn power_of_ten(places: u32) -> BigInt {
    // A decimal has at most 28 places, and 10^28 fits.
    10_i128.checked_pow(places).map_or_else(|| BigInt::from(10).pow(places), BigInt::from)
}

impl Exact {
    /// 0.
    pub(crate) fn zero() -> Self {
        whole(0)
    }

    /// 1.
    pub(crate) fn one() -> Self {
        whole(1)
    }

    /// What is divided.
    pub(crate) fn over(&self) -> &BigInt {
        &self.over
    }

    /// What it is divided by; positive.
    pub(crate) fn under(&self) -> &BigInt {
        &self.under
    }

    /// Whether it is below zero.
    pub(crate) fn is_negative(&self) -> bool {
        self.over.is_negative()
    }

    fn kept_short(self) -> Self {
        if self.under.bits() < LONG_BITS {
            return self;
        }
        let (mut factor, mut rest) = (self.under.clone(), self.over.abs());
        while !rest.is_zero() {
            (factor, rest) = (rest.clone(), factor % rest);
        }
        Self { over: self.over / &factor, under: self.under / factor }
    }
}

impl Default for Exact {
    fn default() -> Self {
        Self::zero()
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.over * &other.under).cmp(&(&other.over * &self.under))
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Exact {}

impl<R: Borrow<Exact>> Add<R> for &Exact {
    type Output = Exact;

    fn add(self, other: R) -> Exact {
        let other = other.borrow();
        if self.under == other.under {
            return Exact { over: &self.over + &other.over, under: self.under.clone() };
        }
        let over = &self.over * &other.under + &other.over * &self.under;
        Exact { over, under: &self.under * &other.under }.kept_short()
    }
}

impl<R: Borrow<Exact>> Mul<R> for &Exact {
    type Output = Exact;

    fn mul(self, other: R) -> Exact {
        let other = other.borrow();
        Exact { over: &self.over * &other.over, under: &self.under * &other.under }.kept_short()
    }
}

impl<R: Borrow<Exact>> Sub<R> for &Exact {
    type Output = Exact;

    fn sub(self, other: R) -> Exact {
        self + -other.borrow().clone()
    }
}

impl Neg for Exact {
    type Output = Self;

    fn neg(self) -> Self {
        Self { over: -self.over, under: self.under }
    }
}

impl<R: Borrow<Exact>> Add<R> for Exact {
    type Output = Exact;

    fn add(self, other: R) -> Exact {
        &self + other
    }
}

impl<R: Borrow<Exact>> Sub<R> for Exact {
    type Output = Exact;

    fn sub(self, other: R) -> Exact {
        &self - other
    }
}

impl<R: Borrow<Exact>> Mul<R> for Exact {
    type Output = Exact;

    fn mul(self, other: R) -> Exact {
        &self * other
    }
}

impl<R: Borrow<Exact>> AddAssign<R> for Exact {
    fn add_assign(&mut self, other: R) {
        *self = &*self + other;
    }
}

impl Sum for Exact {
    fn sum<I: Iterator<Item = Exact>>(terms: I) -> Self {
        terms.fold(Self::zero(), |sum, term| sum + term)
    }
}

#[cfg(test)]
mod tests {
    use num_rational::BigRational;

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
        let values =
            ["0.1", "0.000000001", "-0.0000000000000000000000000001", "79228162514264337593543950335"];
        let added = sum(values.map(decimal));
        let expected =
            values.map(decimal).map(exact).into_iter().fold(Exact::zero(), |sum, value| sum + value);
        assert_eq!(added, expected);
    }

    #[test]
    fn long_fractions_stay_right_when_they_are_brought_to_lowest_terms() {
        let (mut found, mut expected) = (Exact::zero(), BigRational::from_integer(0.into()));
        for (number, under) in (1..900_u64).zip((1..900_i64).rev()) {
            let term = quotient(&exact(Decimal::new(under - 450, 3)), &whole(number)).expect("not by zero");
            found += term;
            expected += BigRational::new((under - 450).into(), (number * 1_000).into());
        }
        assert_eq!(&found.over * expected.denom(), &found.under * expected.numer());
        assert!(found.under.bits() < 2 * LONG_BITS && found.under.is_positive());
    }

    #[test]
    fn fractions_compare_by_value_and_not_by_form() {
        let half = |over: u64| quotient(&whole(over), &whole(2 * over)).expect("not by zero");
        assert_eq!(half(3), half(500));
        assert!(-half(3) < Exact::zero() && half(7) < Exact::one());
        let minus = quotient(&whole(1), &exact(Decimal::new(-2, 0)));
        assert_eq!(minus, Some(-half(1)), "the denominator stays positive");
    }

    #[test]
    fn a_counted_sum_does_not_overflow() {
        let added = counted_sum([(u64::MAX, Decimal::MAX), (u64::MAX, Decimal::MIN), (3, decimal("0.5"))]);
        assert_eq!(added, exact(decimal("1.5")));
    }
}
