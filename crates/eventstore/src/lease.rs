//! One process at a time does what only one may do: publish a log, act on another's facts.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::store::{EventStore, StoreError};

/// A holder that is gone is succeeded after this long.
pub const TTL: Duration = Duration::from_secs(3);
/// A holder that could not renew stops this long before another may begin.
const MARGIN: Duration = Duration::from_secs(1);
/// How often to renew, or to look whether the lease is free.
const INTERVAL: Duration = Duration::from_millis(500);

/// Who asks a database for leases.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Takes a lease, or renews it; whether it is held now. It is free again after `ttl`.
    async fn try_lease(&self, name: &str, ttl: Duration) -> Result<bool, StoreError>;

    /// Frees a lease if it is held.
    async fn release_lease(&self, name: &str) -> Result<(), StoreError>;
}

#[async_trait]
impl Leases for EventStore {
    async fn try_lease(&self, name: &str, ttl: Duration) -> Result<bool, StoreError> {
        Self::try_lease(self, name, ttl).await
    }

    async fn release_lease(&self, name: &str) -> Result<(), StoreError> {
        Self::release_lease(self, name).await
    }
}

/// Runs `work` while `store` holds the lease `name`: waits until it is free, drops `work` and starts over when it
/// is lost, frees it when `work` has ended or `stop` is cancelled. `None`: stopped before `work` ended.
///
/// A process that was asleep may do a little more before it notices: what is done must be safe to be done
/// twice, and is (by expected positions, by request ids).
pub async fn while_held<T, F: Future<Output = T>>(
    store: &impl Leases,
    name: &str,
    stop: &CancellationToken,
    work: impl Fn() -> F,
) -> Option<T> {
    let outcome = hold(store, name, stop, work).await;
    if let Err(error) = store.release_lease(name).await {
        tracing::warn!(%error, "the lease `{name}` was not freed; it expires");
    }
    outcome
}

/// No question to the database is broken off by `stop`: one that arrives after the lease was freed would take it again.
async fn hold<T, F: Future<Output = T>>(
    store: &impl Leases,
    name: &str,
    stop: &CancellationToken,
    work: impl Fn() -> F,
) -> Option<T> {
    while !stop.is_cancelled() {
        let asked = Instant::now();
        if is_taken(store, name, asked).await {
            tracing::info!("the lease `{name}` is held");
            let over = stop.child_token();
            let working = async {
                let outcome = over.run_until_cancelled(work()).await;
                over.cancel();
                outcome
            };
            let renewing = async {
                renew(store, name, asked, &over).await;
                over.cancel();
            };
            let (outcome, ()) = tokio::join!(working, renewing);
            if outcome.is_some() {
                return outcome;
            }
            if !stop.is_cancelled() {
                tracing::warn!("the lease `{name}` is lost");
            }
        }
        stop.run_until_cancelled(sleep(INTERVAL)).await;
    }
    None
}

/// Renews until the lease is another's or may be, or until it is `over`.
async fn renew(store: &impl Leases, name: &str, mut asked: Instant, over: &CancellationToken) {
    while over.run_until_cancelled(sleep(INTERVAL)).await.is_some() {
        let asking = Instant::now();
        let limit = asked + TTL - MARGIN;
        match timeout_at(limit, store.try_lease(name, TTL)).await {
            Ok(Ok(true)) => asked = asking,
            Ok(Err(error)) if asking < limit => {
                tracing::warn!(%error, "the lease `{name}` is not renewed yet");
            }
            Ok(Ok(false) | Err(_)) | Err(_) => return,
        }
    }
}

/// Whether the lease is held now; not if it takes too long to say so.
async fn is_taken(store: &impl Leases, name: &str, asked: Instant) -> bool {
    match timeout_at(asked + TTL - MARGIN, store.try_lease(name, TTL)).await {
        Ok(Ok(taken)) => taken,
        Ok(Err(error)) => {
            tracing::warn!(%error, "the lease `{name}` cannot be asked for; trying again");
            false
        }
        Err(_) => {
            tracing::warn!("the lease `{name}` was asked for in vain; trying again");
            false
        }
    }
}
