//! Takes the facts up where they were written last.

use std::collections::BTreeMap;

use contract::token::SERVICES;

use crate::fold::{Folded, Reached};
use crate::generation::Generation;
use crate::history::{Tail, unpack};
use crate::store::{Error, Snapshot, Store};

const PAGE_FACTS_MAX: u32 = 5000;

/// The generation to go on with, as it was written; none: there is none, or it cannot be used.
pub(crate) async fn resume(store: &Store) -> Result<Option<Generation>, Error> {
    // Another replica may write meanwhile.
    let mut written = store.snapshot().await?;
    let Some(number) = written.usable().await? else { return Ok(None) };
    let was_level = written.was_level(number).await?;
    match load(store, &mut written, number).await? {
        Ok(generation) => {
            if was_level {
                generation.make_whole();
            }
            Ok(Some(generation))
        }
        Err(what) => {
            tracing::warn!("the scorecard is BUILT ANEW from the logs: {what}");
            Ok(None)
        }
    }
}

/// Loads a generation; the inner error says why it cannot be used.
async fn load(
    store: &Store,
    written: &mut Snapshot,
    number: i64,
) -> Result<Result<Generation, String>, Error> {
    let mut folded = Folded::default();
    let (mut kind, mut key) = (String::new(), String::new());
    loop {
        let page = written.facts(number, (&kind, &key), PAGE_FACTS_MAX).await?;
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
    let (mut epochs, mut floor) = (BTreeMap::new(), BTreeMap::new());
    for checkpoint in written.checkpoints(number).await? {
        let service = SERVICES.into_iter().find(|service| *service == checkpoint.service);
        let Some(service) = service else { continue };
        let recorded_at = Some(checkpoint.recorded_at);
        let reached = Reached { position: checkpoint.position, recorded_at, alarm: String::new() };
        folded.reached.insert(service, reached);
        epochs.insert(service, checkpoint.epoch);
        floor.insert(service, checkpoint.sorted);
    }
    let mut last = floor.clone();
    let mut tail = Tail::after(floor);
    for run in written.recent(number).await? {
        for event in unpack(&run) {
            match event {
                Ok(event) => {
                    let last = last.entry(event.service).or_default();
                    if event.position > *last {
                        *last = event.position;
                        tail.push(&event);
                    }
                }
                Err(corrupt) => return Ok(Err(corrupt.to_string())),
            }
        }
    }
    Ok(Ok(Generation::new(number, folded, epochs, tail, store.clone())))
}
