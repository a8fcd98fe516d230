//! Takes the facts up where they were written last, or from nothing if the logs are not those they came from.

use std::collections::BTreeMap;

use eventstore::LogReader;
use eventstore::store::Head;
use uuid::Uuid;

use crate::StartError;
use crate::fold::{Folded, Reached};
use crate::store::{Checkpoint, Store};

const PAGE_FACTS_MAX: u32 = 5000;

/// The facts as they were written, and the epoch of each log.
pub(crate) async fn resume(
    store: &mut Store,
    logs: &[LogReader],
) -> Result<(Folded, BTreeMap<&'static str, Uuid>), StartError> {
    let mut heads = BTreeMap::new();
    for log in logs {
        heads.insert(log.service(), log.head().await?);
    }
    let checkpoints = store.checkpoints().await?;
    let resumed = match checkpoints.iter().find_map(|checkpoint| misfit(checkpoint, &heads)) {
        Some(what) => Err(what),
        None => load(store, &checkpoints, &heads).await?,
    };
    let folded = match resumed {
        Ok(folded) => folded,
        Err(what) => {
            tracing::warn!("the scorecard is BUILT ANEW from the logs: {what}");
            store.clear().await?;
            Folded::default()
        }
    };
    Ok((folded, heads.into_iter().map(|(service, head)| (service, head.epoch)).collect()))
}

/// Why the facts cannot have come from the log as it is.
fn misfit(checkpoint: &Checkpoint, heads: &BTreeMap<&'static str, Head>) -> Option<String> {
    let Checkpoint { service, position, epoch, .. } = checkpoint;
    let head = heads.get(service.as_str())?;
    if head.epoch != *epoch {
        return Some(format!("the log of {service} is another one"));
    }
    (head.position < *position)
        .then(|| format!("the log of {service} ends at {}, and facts are of up to {position}", head.position))
}

/// Loads the facts; the inner error says why they cannot be used.
async fn load(
    store: &mut Store,
    checkpoints: &[Checkpoint],
    heads: &BTreeMap<&'static str, Head>,
) -> Result<Result<Folded, String>, StartError> {
    let mut folded = Folded::default();
    let (mut kind, mut key) = (String::new(), String::new());
    loop {
        let page = store.facts((&kind, &key), PAGE_FACTS_MAX).await?;
        let Some(last) = page.last() else { break };
        (kind, key) = (last.kind.clone(), last.key.clone());
        for fact in page {
            let at = format!("{} {}", fact.kind, fact.key);
            if let Err(what) = folded.facts.restore(&fact.kind, fact.key, &fact.value) {
                return Ok(Err(format!("the fact {at} cannot be read: {what}")));
            }
        }
    }
    folded.facts.count();
    for checkpoint in checkpoints {
        let Some((service, _)) = heads.get_key_value(checkpoint.service.as_str()) else { continue };
        let recorded_at = Some(checkpoint.recorded_at);
        let reached = Reached { position: checkpoint.position, recorded_at, alarm: String::new() };
        folded.reached.insert(service, reached);
    }
    Ok(Ok(folded))
}
