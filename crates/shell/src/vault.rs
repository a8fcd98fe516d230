//! Personal data, put beside the log before the event that refers to it, and erasable there. The log has a key
//! that says nothing, and of a text a hash that proves it while it is there.
//!
//! A text lies under its key as 32 random bytes, its salt, and then the text; the hash is over both. Keys are
//! made of the request, so that its repetition finds what it put, and so that the same request id with other
//! content touches nothing.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use contract::status::{Failure, Rejection};
use contract::words::VaultText;
use eventstore::{Call, Decider, EventStore};
use parking_lot::Mutex;
use rand::Rng as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::commands::{Failed, store_failure};

const SALT_BYTES: usize = 32;
/// What was put for a request that has no answer after so long will never be named by an event.
const UNANSWERED_AFTER: Duration = Duration::from_hours(1);
const SWEEP_EVERY: Duration = Duration::from_mins(10);

/// Seals personal data, and puts it in the vault.
pub struct Vault {
    store: EventStore,
    salted: Salted,
}

/// Sweeps out, now and then, what was put in the vault beside the log of `store` for requests that came to nothing:
/// no event names it, so that nobody could have it erased.
pub async fn sweep(store: EventStore) {
    loop {
        match store.vault_sweep(UNANSWERED_AFTER).await {
            Ok(0) => {}
            Ok(erased) => tracing::info!("{erased} texts of requests that came to nothing are erased"),
            Err(error) => tracing::warn!(%error, "the vault is not swept; trying again later"),
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}

/// Personal data with its reference; not in the vault before it is entrusted.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// What the log has of it; no hash, if it is not a text.
    pub reference: VaultText,
    /// What the vault will have of it; `None`: it is there already.
    content: Option<Arc<[u8]>>,
}

impl Vault {
    /// The vault beside the log of `store`.
    pub fn new(store: EventStore) -> Self {
        Self { store, salted: Salted::default() }
    }

    /// Seals a message, such as who complained; `part` tells several of one request apart.
    pub fn seal_message(call: &Call, part: &str, message: &impl prost::Message) -> Sealed {
        let reference = VaultText { vault_key: key(call, part), sha256: Vec::new() };
        Sealed { reference, content: Some(message.encode_to_vec().into()) }
    }

    /// Seals a text. Its reference is that in `known`, if this very text lies there; sealed again by the same
    /// request, it is the same.
    pub async fn seal_text(
        &self,
        call: &Call,
        part: &str,
        text: &str,
        known: Option<&VaultText>,
    ) -> Result<Sealed, Failed> {
        if let Some(known) = known
            && let Some(content) = self.get(&known.vault_key).await?
            && content.get(SALT_BYTES..) == Some(text.as_bytes())
        {
            return Ok(Sealed { reference: known.clone(), content: None });
        }
        let key = key(call, part);
        // First made, then looked for: whoever no longer shares it finds it in the vault.
        let made = self.salted.share(&key, text);
        let there = self.get(&key).await?;
        let sha256 = Sha256::digest(there.as_deref().unwrap_or(&made)).to_vec();
        // Put again, it is no older than this: nobody sweeps it out meanwhile.
        let content = Some(there.map_or(made, Into::into));
        Ok(Sealed { reference: VaultText { vault_key: key, sha256 }, content })
    }

    /// `command`, with `sealed` in the vault. What a rule refuses leaves nothing there: nobody could ever find
    /// it to erase it. Nor does a request that was answered: what it put may have been erased since.
    pub async fn entrust<D: Decider<Command: Clone, Rejection: Rejection>>(
        &self,
        call: &Call,
        before: &D::State,
        command: D::Command,
        sealed: &[Sealed],
    ) -> Result<D::Command, Failed> {
        let events = D::decide(before, command.clone()).map_err(|refused| Failure::from(&refused))?;
        let failed = |error| store_failure(&error);
        if events.is_empty() || self.store.answered(call.request_id).await.map_err(failed)?.is_some() {
            return Ok(command);
        }
        for Sealed { reference, content } in sealed {
            if let Some(content) = content {
                let put = self.store.vault_put(&reference.vault_key, content, call.request_id);
                put.await.map_err(failed)?;
            }
        }
        Ok(command)
    }

    /// A text, and whether it fits the hash in the log; `None`: it was erased.
    pub async fn read_text(&self, reference: &VaultText) -> Result<Option<(String, bool)>, Failed> {
        let Some(content) = self.get(&reference.vault_key).await? else { return Ok(None) };
        let genuine = Sha256::digest(&content).as_slice() == reference.sha256;
        let text = content.get(SALT_BYTES..).unwrap_or_default();
        Ok(Some((String::from_utf8_lossy(text).into_owned(), genuine)))
    }

    /// A message, such as who complained; `None`: it was erased.
    pub async fn read_message<M: prost::Message + Default>(&self, key: &str) -> Result<Option<M>, Failed> {
        let Some(content) = self.get(key).await? else { return Ok(None) };
        let message = M::decode(content.as_slice());
        message.map(Some).map_err(|error| {
            tracing::error!(%error, vault.key = key, "what lies in the vault cannot be read");
            Failure::Internal.into()
        })
    }

    /// Erases for good what lies under the keys.
    pub async fn erase(&self, keys: &[String]) -> Result<(), Failed> {
        self.store.vault_erase(keys).await.map(drop).map_err(|error| store_failure(&error).into())
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Failed> {
        Ok(self.store.vault_get(key).await.map_err(|error| store_failure(&error))?)
    }
}

fn key(call: &Call, part: &str) -> String {
    let content = [call.fingerprint.as_slice(), part.as_bytes()].concat();
    Uuid::new_v5(&call.request_id, &content).to_string()
}

/// Salted texts on their way to the vault, by key: a request that comes twice at once gets one salt.
#[derive(Default)]
struct Salted(Mutex<HashMap<String, Weak<[u8]>>>);

impl Salted {
    fn share(&self, key: &str, text: &str) -> Arc<[u8]> {
        let mut shared = self.0.lock();
        if let Some(content) = shared.get(key).and_then(Weak::upgrade) {
            return content;
        }
        let mut salt = [0; SALT_BYTES];
        rand::rng().fill_bytes(&mut salt);
        let content: Arc<[u8]> = [salt.as_slice(), text.as_bytes()].concat().into();
        shared.retain(|_, content| content.strong_count() > 0);
        shared.insert(key.to_owned(), Arc::downgrade(&content));
        content
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_a_salt_that_only_those_who_seal_it_at_once_share() {
        let (salted, text) = (Salted::default(), "he took the money");
        let one = salted.share("k1", text);
        assert_eq!(&one[SALT_BYTES..], text.as_bytes());
        assert_eq!(one, salted.share("k1", text));
        assert_ne!(one, salted.share("k2", text));
        let before = one.to_vec();
        drop(one);
        assert_ne!(*before, *salted.share("k1", text));
    }

    #[test]
    fn a_repeated_request_has_the_same_key_and_another_part_or_content_another() {
        let metadata = eventstore::Metadata {
            actor: String::new(),
            jurisdiction: String::new(),
            occurred_at: jiff::Timestamp::UNIX_EPOCH,
            correlation_id: Uuid::nil(),
            causation_id: Uuid::nil(),
            traceparent: String::new(),
        };
        let call = Call { request_id: Uuid::from_u128(1), fingerprint: [1; 32], metadata };
        let other = Call { fingerprint: [2; 32], ..call.clone() };
        assert_eq!(key(&call, "text"), key(&call.clone(), "text"));
        assert_ne!(key(&call, "text"), key(&call, "complainant"));
        assert_ne!(key(&call, "text"), key(&other, "text"));
    }
}
