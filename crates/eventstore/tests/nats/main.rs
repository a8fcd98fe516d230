//! What is published of a log, against real NATS servers: the sequence is the position, whatever is killed, cut,
//! slowed down or thrown away.
//!
//! `TEST_SOAK=10` makes the kill loops ten times as long.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod amputation;
mod audit;
mod cluster;
mod consumer;
mod home;
mod kill;
mod proxy;
mod relay;
mod server;
mod wire;
