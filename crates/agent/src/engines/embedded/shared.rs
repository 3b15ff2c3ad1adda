//! One engine for all who ask for the same model: reloading, and a second agent, load nothing twice.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::Embedded;

/// The engines in use, by the file of their model.
pub struct Shared<E>(Mutex<Vec<InUse<E>>>);

type InUse<E> = (PathBuf, Weak<Embedded<E>>);

impl<E> Shared<E> {
    /// None in use.
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The engine of this file that is in use, or else a new one.
    pub fn get(&self, model: &Path, new: impl FnOnce() -> Embedded<E>) -> Arc<Embedded<E>> {
        let mut in_use = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.retain(|(_, engine)| engine.strong_count() > 0);
        let same = in_use.iter().find(|(path, _)| path == model);
        if let Some(engine) = same.and_then(|(_, engine)| engine.upgrade()) {
            return engine;
        }
        let engine = Arc::new(new());
        in_use.push((model.to_owned(), Arc::downgrade(&engine)));
        engine
    }
}

impl<E> Default for Shared<E> {
    fn default() -> Self {
        Self::new()
    }
}
