//! End-to-end tests: the whole program, called like any client calls it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod arbitrary;
mod architecture;
mod boxes;
mod chance;
mod commands;
mod desk;
mod feeds;
mod first_year;
mod foreign;
mod harness;
mod import;
mod kill;
mod methods;
mod overdue;
mod panels;
mod poison;
mod published;
mod reactions;
mod recomputed;
mod refusals;
mod rehearsal;
mod second_year;
mod secrecy;
mod sql;
mod stack;
mod stop;
mod stories;
mod surveys;
mod years;
