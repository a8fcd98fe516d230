//! Published scheme versions, parsed once: they never change.

use std::collections::HashMap;
use std::sync::Arc;

use contract::status::Failure;
use parking_lot::RwLock;
use scoring::Scheme;
use shell::Commands;

use crate::domain::scheme;

/// Parsed published versions, by resource name and number.
#[derive(Default)]
pub(crate) struct Schemes {
    parsed: RwLock<HashMap<(String, u32), Arc<Scheme>>>,
}

impl Schemes {
    /// The published version `scheme_version` of `scheme`.
    pub(crate) async fn get(
        &self,
        schemes: &Commands<scheme::Scheme>,
        name: &contract::name::SchemeName,
        scheme_version: u32,
    ) -> Result<Arc<Scheme>, Failure> {
        let key = (name.to_string(), scheme_version);
        if let Some(parsed) = self.parsed.read().get(&key) {
            return Ok(parsed.clone());
        }
        let stream =
            eventstore::StreamId::new(<scheme::Scheme as eventstore::Decider>::CATEGORY, &name.key());
        let loaded = schemes.load(&stream, true).await.map_err(shell::commands::Failed::into_failure)?;
        let version = loaded.state.version(scheme_version).filter(|(_, version)| version.published);
        let Some((_, version)) = version else { return Err(Failure::not_found(name)) };
        let parsed = Scheme::parse(&version.rules).map_err(|faults| {
            tracing::error!(?faults, "published scheme {name} version {scheme_version} cannot be parsed");
            Failure::Internal
        })?;
        let parsed = Arc::new(parsed);
        self.parsed.write().insert(key, parsed.clone());
        Ok(parsed)
    }
}
