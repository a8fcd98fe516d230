//! Personal data, put beside the log before the event that refers to it.
//!
//! A text lies under its key as 16 bytes of salt and then the text; who complained, as an encoded
//! `Complainant`. Keys are made of the request, so that its repetition finds what it put, and so that the same
//! request id with other content touches nothing.

use contract::complaints::Complainant;
use contract::words::VaultText;
use eventstore::{Call, EventStore};
use prost::Message as _;
use rand::Rng as _;
use sha2::{Digest as _, Sha256};
use shell::commands::{Failed, store_failure};
use uuid::Uuid;

const SALT_LENGTH: usize = 16;

/// Seals what people wrote, and puts it in the vault.
pub(crate) struct Vault {
    store: EventStore,
    secret: [u8; 32],
}

/// Personal data, ready to be put in the vault.
#[derive(Debug, Clone)]
pub(crate) struct Sealed {
    /// Where it is put.
    pub(crate) key: String,
    content: Vec<u8>,
}

impl Vault {
    pub(crate) fn new(store: EventStore) -> Self {
        let mut secret = [0; 32];
        rand::rng().fill_bytes(&mut secret);
        Self { store, secret }
    }

    /// Seals who complained.
    pub(crate) fn seal_complainant(call: &Call, complainant: &Complainant) -> Sealed {
        Sealed { key: key(call, "complainant"), content: complainant.encode_to_vec() }
    }

    /// Seals a text; `part` tells several of one request apart. Sealed again, it is the same.
    pub(crate) async fn seal_text(&self, call: &Call, part: &str, text: &str) -> Result<Sealed, Failed> {
        let key = key(call, part);
        let there = self.store.vault_get(&key).await.map_err(|error| store_failure(&error))?;
        let content = there.unwrap_or_else(|| [self.salt(&key).as_slice(), text.as_bytes()].concat());
        Ok(Sealed { key, content })
    }

    /// Puts what was sealed in the vault. A request that was answered puts nothing again: what it put may have
    /// been erased since.
    pub(crate) async fn put(&self, call: &Call, sealed: &[Sealed]) -> Result<(), Failed> {
        let answered = self.store.answered(call.request_id).await.map_err(|error| store_failure(&error))?;
        if answered.is_some() {
            return Ok(());
        }
        for Sealed { key, content } in sealed {
            self.store.vault_put(key, content).await.map_err(|error| store_failure(&error))?;
        }
        Ok(())
    }

    /// Nobody outside this process can tell it from random; inside, the same request at the same time has
    /// the same.
    fn salt(&self, key: &str) -> [u8; SALT_LENGTH] {
        let hash = Sha256::new_with_prefix(self.secret).chain_update(key).finalize();
        let mut salt = [0; SALT_LENGTH];
        salt.copy_from_slice(&hash[..SALT_LENGTH]);
        salt
    }
}

impl Sealed {
    /// What the log has of a sealed text.
    pub(crate) fn text(&self) -> VaultText {
        VaultText { vault_key: self.key.clone(), sha256: Sha256::digest(&self.content).to_vec() }
    }
}

fn key(call: &Call, part: &str) -> String {
    let content = [call.fingerprint.as_slice(), part.as_bytes()].concat();
    Uuid::new_v5(&call.request_id, &content).to_string()
}
