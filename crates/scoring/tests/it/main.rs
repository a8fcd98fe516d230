//! The arithmetic from outside: the seed's year, random years against a naive second reading of the page,
//! and what must hold in any year.

mod finals;
mod naive;
mod properties;
mod schemes;
mod seed_year;
mod simulation;
mod surveys;
mod training;
mod training_naive;
mod wire;
mod years;
