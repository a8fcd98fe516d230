//! Who changes one stream at a time: many who vote at once wait for one another instead of overtaking each
//! other until they give up.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use eventstore::StreamId;
use parking_lot::Mutex;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// A turn for each stream that somebody waits for.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<StreamId, Weak<Turn<()>>>>);

impl Turns {
    /// Waits for the turn on `stream`; it ends when the guard is dropped.
    pub(super) async fn wait(&self, stream: &StreamId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock();
            turns.retain(|_, turn| turn.strong_count() > 0);
            if let Some(turn) = turns.get(stream).and_then(Weak::upgrade) {
                turn
            } else {
                let turn = Arc::new(Turn::new(()));
                turns.insert(stream.clone(), Arc::downgrade(&turn));
                turn
            }
        };
        turn.lock_owned().await
    }
}
