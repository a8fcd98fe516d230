//! Exact numbers, as plain as they can be.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Signed as _;

pub(crate) type Q = BigRational;

/// A decimal of an event.
pub(crate) fn q(text: &str) -> Q {
    parse(text).unwrap_or_else(|| panic!("`{text}` is no decimal"))
}

/// The number that a text is; none: it is not a decimal.
pub(crate) fn parse(text: &str) -> Option<Q> {
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let digits = places.bytes().all(|byte| byte.is_ascii_digit());
    let number: BigInt = format!("{whole}{places}").parse().ok().filter(|_| digits)?;
    Some(Q::new(number, BigInt::from(10).pow(u32::try_from(places.len()).ok()?)))
}

pub(crate) fn n(number: impl Into<u64>) -> Q {
    Q::from_integer(number.into().into())
}

pub(crate) fn count<T>(of: &[T]) -> Q {
    n(u64::try_from(of.len()).unwrap())
}

/// Half away from zero: add half of the last place, drop what is below it.
pub(crate) fn round(value: &Q, places: u32) -> Q {
    let unit = Q::new(1.into(), BigInt::from(10).pow(places));
    let half = &unit / n(2_u32);
    let away = if value.is_negative() { value - half } else { value + half };
    (away / &unit).trunc() * unit
}

/// As a decimal of at most so many places.
pub(crate) fn text(value: &Q, places: u32) -> String {
    let cents = (round(value, places) * Q::from_integer(BigInt::from(10).pow(places))).to_integer();
    let sign = if cents.is_negative() { "-" } else { "" };
    let digits = format!("{:0>width$}", cents.abs(), width = usize::try_from(places).unwrap() + 1);
    let (whole, rest) = digits.split_at(digits.len() - usize::try_from(places).unwrap());
    format!("{sign}{whole}.{rest}")
}

pub(crate) fn clip(value: Q, low: &Q, high: &Q) -> Q {
    if value < *low {
        low.clone()
    } else if value > *high {
        high.clone()
    } else {
        value
    }
}

/// `Σ weight·value / Σ weight`; none: there is nothing to weigh.
pub(crate) fn weighted(parts: &[(Q, Q)]) -> Option<Q> {
    let weights: Q = parts.iter().map(|(weight, _)| weight.clone()).sum();
    let over: Q = parts.iter().map(|(weight, value)| weight * value).sum();
    (!parts.is_empty()).then(|| over / weights)
}
