//! What a database that holds a log must do: [`suite`], the same for every adaptor, run here on each.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod postgres;
mod sqlite;
mod suite;
