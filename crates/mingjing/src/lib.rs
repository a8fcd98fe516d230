//! THE PROGRAM: the composition root, the only crate that reads the environment and the clock.
//!
//! | file | what |
//! |---|---|
//! | [`cli`] | subcommands and their help; [`cli::run`] does what was asked |
//! | [`config`] | settings from flags, environment and file |
//! | [`serve`] | puts the services together and serves them on one port |
//! | [`deadline`] | calls that are given up before their clients give up |
//! | [`target`], [`substrate`] | which services; their logs, and where the others' facts come from |
//! | [`health`], [`metrics`] | what the process says of itself |
//! | [`events`], [`remote`] | `EventService`: the logs themselves; those of other processes |
//! | [`asyncapi`] | what is published over NATS, as a document |
//! | [`reactions`] | what the services do about each other's facts, drawn |
//! | [`rehearsal`] | time that is moved by hand |
//! | [`sample`] | the sample year, entered through gRPC like any client's |
//! | [`scheme_file`] | schemes as TOML files |
//! | [`json`] | messages of the contract as JSON |
//! | [`telemetry`], [`shutdown`] | log lines, signals |
//!
//! What must never be here: a rule, arithmetic, SQL. Start at [`serve`].

pub mod asyncapi;
pub mod cli;
pub mod config;
pub mod deadline;
pub mod events;
pub mod health;
pub mod json;
pub mod metrics;
pub mod reactions;
pub mod rehearsal;
pub mod remote;
pub mod sample;
pub mod scheme_file;
pub mod serve;
pub mod shutdown;
pub mod substrate;
pub mod target;
pub mod telemetry;

/// The real present.
#[expect(clippy::disallowed_methods, reason = "the composition root gives everything else its clock")]
pub fn clock() -> eventstore::Clock {
    std::sync::Arc::new(jiff::Timestamp::now)
}
