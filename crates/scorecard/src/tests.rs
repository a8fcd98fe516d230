//! Tests of the whole crate: facts told event by event, then cards, explanations, simulations, restarts.

mod as_of;
mod cards;
mod compared;
mod due;
mod explained;
mod figures;
mod formats;
mod frozen;
mod history;
mod indices;
mod poison;
mod properties;
mod queries;
mod replicas;
mod restart;
mod risks;
mod running;
mod simulated;
mod sql;
mod trouble;
