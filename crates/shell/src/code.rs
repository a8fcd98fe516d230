//! Codes that a person holds and nobody can guess: random letters and digits that are hard to mistake for one
//! another. Whoever has the code may; the log has its hash.

use rand::Rng as _;
use sha2::{Digest as _, Sha256};

/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUP: usize = 4;

/// A new code of so many letters, five random bits each, e.g. `7Q3M-00XK-9TZB-4HWD`.
pub fn issue(letters: usize) -> String {
    let mut random = vec![0_u8; letters];
    rand::rng().fill_bytes(&mut random);
    let mut code = String::with_capacity(letters + letters / GROUP);
    for (i, byte) in random.iter().enumerate() {
        if i > 0 && i % GROUP == 0 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    code
}

/// What is stored of a code as a person typed it: case, hyphens and spaces do not matter.
pub fn hash(code: &str) -> [u8; 32] {
    let letters = code.chars().filter(|letter| !matches!(letter, '-' | ' '));
    let plain: String = letters.map(|letter| letter.to_ascii_uppercase()).collect();
    Sha256::digest(plain.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_a_person_types_it() {
        let code = issue(16);
        assert_eq!(code.len(), 19);
        assert_eq!(hash(&code), hash(&code.to_lowercase().replace('-', " ")));
        assert_ne!(hash(&code), hash(&issue(16)));
    }
}
