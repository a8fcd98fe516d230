//! The rules of the context, one file per aggregate.

pub mod case;
pub mod scale;

/// The id at the end of a resource name.
fn last_id(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}
