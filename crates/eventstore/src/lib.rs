//! THE LOG: append, read, subscribe, verify; and the one way a command becomes events.
//!
//! One log per service, one order, no gaps: positions 1, 2, 3 … What a reader has seen up to a position
//! never changes. Each event carries the hash of its predecessor.
//!
//! | file | what |
//! |---|---|
//! | [`event`] | an event before and after it is recorded; [`events!`] |
//! | [`chain`] | the hash chain |
//! | `batch` | what a batch of appends comes to |
//! | [`store`] | the interface that a database implements, and the handles that everything else uses |
//! | [`boxes`] | what waits outside the log, so that nothing joins it to what is in it |
//! | `group_commit` | concurrent appends gathered into one transaction |
//! | [`decider`], [`handle`] | `decide`, `evolve`, and the whole command side |
//! | [`lease`] | one process at a time does what only one may do |
//! | [`subscription`] | catch up, then live |
//! | [`source`] | where a consumer gets events from |
//! | [`nats`], [`relay`] | what is published of a log, and who publishes it |
//! | [`verify`](mod@verify) | does every event fit its predecessor? |
//! | [`migrate`] | a database brought to its present shape |
//! | [`sqlite`], [`postgres`] | the log in a SQLite file, in a PostgreSQL database |
//! | `row` | what a row of either says |
//! | `testing` | given / when / then |
//!
//! What must never be here: a context, a rule, gRPC. Start at [`handle`].

mod batch;
pub mod boxes;
pub mod chain;
pub mod decider;
pub mod event;
mod group_commit;
pub mod handle;
pub mod lease;
pub mod migrate;
pub mod nats;
pub mod postgres;
mod recent;
pub mod relay;
mod row;
pub mod source;
pub mod sqlite;
pub mod store;
pub mod subscription;
#[cfg(feature = "testing")]
pub mod testing;
pub mod verify;

pub use boxes::{BoxWrite, BoxedEvent};
pub use decider::{Boxed, Decider, Loaded, Stamp};
pub use event::{EventSet, Metadata, NewEvent, RecordedEvent, StreamId};
pub use handle::{Call, HandleError, Handled, Handler};
pub use source::{Feed, SharedSource, Source};
pub use store::{Append, AppendError, Checkpoint, EventStore, ExpectedVersion, Guard, LogReader, StoreError};
pub use subscription::Subscription;

/// Where the present comes from; only the composition root has a real one.
pub type Clock = std::sync::Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;
