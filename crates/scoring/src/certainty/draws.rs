//! The random draws of scoring.md §7, the same for ever and on every machine.
//!
//! The generator is xoshiro256++ (Blackman and Vigna, 2018). Its state, four 64-bit words, is the SHA-256 of
//! the cycle's id in UTF-8, read in order as little-endian words. A uniform number in `[-1, 1)` has the upper
//! 52 bits of the next word as its fraction: `2·(word >> 12)/2^52 − 1`. A standard normal is the first one of
//! Marsaglia's polar method: u and v uniform, s = u² + v², again unless 0 < s < 1, then
//! `u·sqrt(−2·ln(s)/s)`. The logarithm is the series below and not the platform's, whose last bit may
//! differ; all else is exactly specified by IEEE 754.
//!
//! Changing anything here changes published rank intervals.

use sha2::{Digest, Sha256};

/// So many logarithms, which wait for nothing of each other, are computed side by side.
const SIDE_BY_SIDE: usize = 16;

/// A generator of standard normals.
pub(super) struct Draws {
    state: [u64; 4],
}

impl Draws {
    /// Seeded from the cycle's id.
    pub(super) fn seeded(cycle_id: &str) -> Self {
        let digest = Sha256::digest(cycle_id.as_bytes());
        let (words, _) = digest.as_slice().as_chunks::<8>();
        let mut state = [0; 4];
        for (word, bytes) in state.iter_mut().zip(words) {
            *word = u64::from_le_bytes(*bytes);
        }
        Self { state }
    }

    /// The next standard normals, one after the other.
    #[expect(clippy::float_arithmetic, reason = "scoring.md §7 allows floating point for the rank interval")]
    pub(super) fn fill(&mut self, normals: &mut [f64]) {
        for normals in normals.chunks_mut(SIDE_BY_SIDE) {
            let mut inside = [1.0; SIDE_BY_SIDE];
            let mut taken = 0;
            while taken < normals.len() {
                let (u, v) = (self.uniform(), self.uniform());
                let s = u * u + v * v;
                (normals[taken], inside[taken]) = (u, s);
                // Without a branch, which would be foreseen wrongly one time in five.
                taken += usize::from(s > 0.0 && s < 1.0);
            }
            let factors = inside.map(|s| (-2.0 * natural_logarithm(s) / s).sqrt());
            for (normal, factor) in normals.iter_mut().zip(factors) {
                *normal *= factor;
            }
        }
    }

    #[expect(clippy::float_arithmetic, reason = "scoring.md §7 allows floating point for the rank interval")]
    fn uniform(&mut self) -> f64 {
        // Exponent 1: a number in [2, 4).
        f64::from_bits(0x4000_0000_0000_0000 | (self.next_word() >> 12)) - 3.0
    }

    fn next_word(&mut self) -> u64 {
        let [mut a, mut b, mut c, mut d] = self.state;
        let word = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let shifted = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= shifted;
        d = d.rotate_left(45);
        self.state = [a, b, c, d];
        word
    }
}

/// The logarithm of a positive normal number: `e·ln 2 + 2·artanh(z)`, z = (m − 1)/(m + 1), with the number
/// as `m·2^e`, m in `[1/√2, √2)`, and eleven terms of the series.
#[inline]
#[expect(clippy::float_arithmetic, reason = "scoring.md §7 allows floating point for the rank interval")]
fn natural_logarithm(number: f64) -> f64 {
    const RECIPROCALS: [f64; 11] = [
        1.0 / 21.0,
        1.0 / 19.0,
        1.0 / 17.0,
        1.0 / 15.0,
        1.0 / 13.0,
        1.0 / 11.0,
        1.0 / 9.0,
        1.0 / 7.0,
        1.0 / 5.0,
        1.0 / 3.0,
        1.0,
    ];
    let bits = number.to_bits();
    // 2^52 with the exponent's bits as its last ones.
    let mut exponent = f64::from_bits(0x4330_0000_0000_0000 | (bits >> 52)) - 4_503_599_627_371_519.0;
    let mut mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    let is_high = mantissa >= std::f64::consts::SQRT_2;
    mantissa *= if is_high { 0.5 } else { 1.0 };
    exponent += if is_high { 1.0 } else { 0.0 };
    let z = (mantissa - 1.0) / (mantissa + 1.0);
    let series = RECIPROCALS.iter().fold(0.0, |sum, reciprocal| sum * z * z + reciprocal);
    exponent * std::f64::consts::LN_2 + 2.0 * z * series
}

#[cfg(test)]
mod tests {
    use std::f64::consts::FRAC_1_SQRT_2;

    use super::*;

    #[test]
    fn the_generator_is_xoshiro256_plus_plus() {
        // The first outputs from the state 1, 2, 3, 4, as its authors' reference gives them.
        let mut draws = Draws { state: [1, 2, 3, 4] };
        let words: Vec<u64> = (0..4).map(|_| draws.next_word()).collect();
        assert_eq!(words, [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386]);
    }

    #[test]
    fn the_logarithm_is_the_logarithm() {
        for number in [1e-30, 0.001, 0.5, 0.7, 0.71, FRAC_1_SQRT_2, 0.999_999, 1.0, 1.5, 2.0] {
            assert!((natural_logarithm(number) - f64::ln(number)).abs() <= 1e-14 * f64::ln(number).abs());
        }
    }

    #[test]
    fn draws_are_standard_normal() {
        let mut draws = Draws::seeded("city-2009");
        let mut normals = vec![0.0; 20_000];
        draws.fill(&mut normals);
        let mean = normals.iter().sum::<f64>() / 20_000.0;
        let variance = normals.iter().map(|normal| normal * normal).sum::<f64>() / 20_000.0;
        let within: u16 = normals.iter().map(|normal| u16::from(normal.abs() < 1.96)).sum();
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
        assert!((18_900..19_100).contains(&within), "{within}");
    }

    #[test]
    fn a_cycle_draws_the_same_for_ever() {
        let drawn = |cycle: &str, by: usize| {
            let (mut draws, mut normals) = (Draws::seeded(cycle), [0.0; 100]);
            normals.chunks_mut(by).for_each(|normals| draws.fill(normals));
            normals
        };
        let normals = drawn("city-2009", 100);
        // As computed by another program from the description above.
        let expected = [
            0.169_348_505_158_116_84,
            -1.299_980_553_574_877_4,
            -0.185_876_335_546_237_14,
            0.469_773_011_987_452_64,
            1.320_274_631_260_614_6,
        ];
        for (normal, expected) in normals.into_iter().zip(expected) {
            assert!((normal - expected).abs() < 1e-14, "{normal} is not {expected}");
        }
        let bits = |normals: [f64; 100]| normals.map(f64::to_bits);
        for by in [1, 7, 16, 33] {
            assert_eq!(bits(drawn("city-2009", by)), bits(normals), "however many at a time");
        }
        assert_ne!(bits(drawn("city-2010", 100)), bits(normals));
    }
}
