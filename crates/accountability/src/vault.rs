//! What people wrote: it lies in the vault, beside the log, and can be erased there. The log has a key that
//! says nothing, and a hash that proves the text while it is there.
//!
//! In the vault a text stands behind 32 random bytes, its salt; the hash is over both.

use contract::words::VaultText;
use eventstore::{EventStore, StoreError};
use rand::Rng as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

const SALT_BYTES: usize = 32;

/// A text on its way to the vault.
pub(crate) struct Text {
    key: String,
    text: String,
}

/// A text with its reference; not in the vault before it is kept.
pub(crate) struct Sealed {
    /// What the log has of it.
    pub(crate) reference: VaultText,
    /// What the vault has of it; `None`: it is there already.
    content: Option<Vec<u8>>,
}

impl Text {
    /// The text that a request puts in a place, such as a piece of evidence of a case. Its key is the same
    /// when the request is repeated.
    pub(crate) fn new(request_id: Uuid, place: &str, text: String) -> Self {
        Self { key: Uuid::new_v5(&request_id, place.as_bytes()).to_string(), text }
    }

    /// The text's reference: that in `known`, if the place has this very text already.
    pub(crate) async fn seal(
        &self,
        store: &EventStore,
        known: Option<&VaultText>,
    ) -> Result<Sealed, StoreError> {
        if let Some(known) = known
            && self.found(store, &known.vault_key).await?.is_some()
        {
            return Ok(Sealed { reference: known.clone(), content: None });
        }
        if let Some(content) = self.found(store, &self.key).await? {
            return Ok(Sealed { reference: reference(&self.key, &content), content: None });
        }
        let content = salted(&self.text);
        Ok(Sealed { reference: reference(&self.key, &content), content: Some(content) })
    }

    /// What the vault has under `key`, if it is this very text.
    async fn found(&self, store: &EventStore, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let content = store.vault_get(key).await?;
        Ok(content.filter(|content| content.get(SALT_BYTES..) == Some(self.text.as_bytes())))
    }
}

impl Sealed {
    /// Puts the text in the vault.
    pub(crate) async fn keep(&self, store: &EventStore) -> Result<(), StoreError> {
        match &self.content {
            Some(content) => store.vault_put(&self.reference.vault_key, content).await,
            None => Ok(()),
        }
    }
}

fn salted(text: &str) -> Vec<u8> {
    let mut salt = [0_u8; SALT_BYTES];
    rand::rng().fill_bytes(&mut salt);
    [&salt, text.as_bytes()].concat()
}

fn reference(key: &str, content: &[u8]) -> VaultText {
    VaultText { vault_key: key.to_owned(), sha256: Sha256::digest(content).to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_text_says_nothing_without_its_salt() {
        let (one, other) = (salted("he took the money"), salted("he took the money"));
        assert_ne!(reference("k", &one).sha256, reference("k", &other).sha256);
        assert_eq!(&one[SALT_BYTES..], "he took the money".as_bytes());
    }

    #[test]
    fn a_repeated_request_has_the_same_key_and_another_place_another() {
        let request_id = Uuid::from_u128(1);
        let key = |place| Text::new(request_id, place, String::new()).key;
        assert_eq!(key("cases/c1/grounds"), key("cases/c1/grounds"));
        assert_ne!(key("cases/c1/grounds"), key("cases/c2/grounds"));
    }
}
