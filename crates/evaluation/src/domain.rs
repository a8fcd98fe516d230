//! The rules of the context, one file per aggregate.

pub mod admission;
pub mod commitment;
pub mod cycle;
pub mod daily_assessment;
pub mod indicator;
pub mod mark;
pub mod panel;
pub mod scheme;
pub mod survey;
pub mod unit_register;

/// The id at the end of a resource name.
fn last_id(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}
