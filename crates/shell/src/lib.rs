//! THE SHELL: what stands around the rules of every context, once for all of them.
//!
//! | file | what |
//! |---|---|
//! | [`caller`] | who calls, under which request id, from the request's headers |
//! | [`commands`] | a parsed command → handled → answered with position and token, or a status |
//! | [`reads`] | a model folded from one or more logs; queries that wait for a token |
//! | [`consumers`] | what follows logs here, how far it has come, why it stopped |
//! | [`folded`] | all streams of one kind, folded by their own rules: what `Get…` and `List…` read |
//! | [`sources`] | where the facts of every service come from |
//! | [`reaction`] | others' facts → this service's commands, once each |
//! | [`timer`] | time → this service's commands, once each |
//! | [`vault`] | what people wrote → sealed, beside the log, erasable |
//! | [`code`] | form codes, receipt codes |
//! | [`pages`] | pages of a list |
//!
//! What must never be here: a rule, a context, SQL. Start at [`commands`].

pub mod caller;
pub mod code;
pub mod commands;
pub mod consumers;
pub mod folded;
pub mod pages;
pub mod reaction;
pub mod reads;
pub mod sources;
pub mod timer;
pub mod vault;

pub use caller::{Caller, receive};
pub use commands::Commands;
pub use consumers::Consumers;
pub use folded::Folded;
pub use reads::{Model, Reads};
pub use sources::Sources;
pub use timer::Timers;
pub use vault::Vault;

/// Background work of the process: tracked, and told when to stop.
#[derive(Clone, Default)]
pub struct Tasks {
    /// Waits for all of it.
    pub tracker: tokio_util::task::TaskTracker,
    /// Tells all of it to stop.
    pub stop: tokio_util::sync::CancellationToken,
    /// What of it follows logs.
    pub consumers: Consumers,
    /// What of it looks at the time.
    pub timers: Timers,
}
