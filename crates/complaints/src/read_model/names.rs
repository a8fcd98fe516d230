//! Names that many rows share, each kept once and known by a number.

use std::collections::HashMap;
use std::sync::Arc;

/// The number of a name.
pub type Id = u32;
/// The number of no name.
pub const NOBODY: Id = 0;

/// Names by number, numbers by name.
#[derive(Debug)]
pub struct Names {
    names: Vec<Arc<str>>,
    ids: HashMap<Arc<str>, Id>,
}

impl Default for Names {
    fn default() -> Self {
        let none: Arc<str> = Arc::from("");
        Self { names: vec![none.clone()], ids: HashMap::from([(none, NOBODY)]) }
    }
}

impl Names {
    /// The number of a name, given to it now if it has none.
    pub fn give(&mut self, name: &str) -> Id {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = Id::try_from(self.names.len()).unwrap_or(Id::MAX);
        let name: Arc<str> = Arc::from(name);
        self.names.push(name.clone());
        self.ids.insert(name, id);
        id
    }

    /// The number of a name; none: no row has it.
    pub fn find(&self, name: &str) -> Option<Id> {
        self.ids.get(name).copied()
    }

    /// The name of a number.
    pub fn name(&self, id: Id) -> &str {
        let at = usize::try_from(id).unwrap_or(usize::MAX);
        self.names.get(at).map_or("", |name| &**name)
    }
}
