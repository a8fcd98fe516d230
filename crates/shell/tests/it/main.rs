//! The shell around a small service: real logs, each in a folder of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod caller;
mod commands;
mod consumers;
mod marks;
mod reaction;
mod reads;
mod timer;
