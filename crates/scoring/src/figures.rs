//! Figures from facts: the one definition of who took part, what is on time, what was delivered. Pure folds of
//! the contract's events; scoring.md §5 says what is counted, [`crate::indices`] makes an index of it.

pub mod complaints;
pub mod training;
