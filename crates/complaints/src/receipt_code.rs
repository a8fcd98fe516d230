//! Receipt codes: 120 random bits in 24 letters and digits that are hard to mistake for one another. Whoever
//! holds the code is the complainant; the log has its hash.

use rand::Rng as _;
use sha2::{Digest as _, Sha256};

/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUP: usize = 4;
const LENGTH: usize = 24;

/// A new code, e.g. `7Q3M-00XK-9TZB-4HWD-2MF1-V8SC`.
pub(crate) fn issue() -> String {
    let mut random = [0_u8; LENGTH];
    rand::rng().fill_bytes(&mut random);
    let mut code = String::with_capacity(LENGTH + LENGTH / GROUP);
    for (i, byte) in random.iter().enumerate() {
        if i > 0 && i % GROUP == 0 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    code
}

/// What is stored of a code as a person typed it: case, hyphens and spaces do not matter.
pub(crate) fn hash(code: &str) -> [u8; 32] {
    let letters = code.chars().filter(|letter| !matches!(letter, '-' | ' '));
    let plain: String = letters.map(|letter| letter.to_ascii_uppercase()).collect();
    Sha256::digest(plain.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_a_person_types_it() {
        let code = issue();
        assert_eq!(code.len(), 29);
        assert_eq!(hash(&code), hash(&code.to_lowercase().replace('-', " ")));
        assert_ne!(hash(&code), hash(&issue()));
    }
}
