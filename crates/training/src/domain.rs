//! The rules of the context, one file per aggregate; what several ask of a campaign is in [`admission`].

pub mod admission;
pub mod assessment;
pub mod campaign;
pub mod item;
pub mod need;
pub mod officer;
pub mod session;

/// The id at the end of a resource name.
fn last_id(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}
