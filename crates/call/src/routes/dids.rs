//! Numbers with an entry of their own.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::Party;
use crate::Parameters;
use crate::numbers::{Country, Number};

/// What a number's entry says: who answers it, and what the application is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Did {
    /// The number as the configuration writes it.
    pub number: String,
    /// The application's name; nothing where the rules decide.
    pub app: Option<String>,
    /// Handed to the application with the call.
    pub parameters: Parameters,
}

/// The entries, found by number however a call writes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dids {
    entries: HashMap<String, Did>,
}

impl Dids {
    /// Adds an entry.
    ///
    /// # Errors
    /// The entry that has the same number already, perhaps written otherwise.
    pub fn insert(&mut self, did: Did, country: Option<&Country>) -> Result<(), &Did> {
        let key = match Number::read(&did.number, country) {
            Some(number) => number.to_string(),
            None => did.number.clone(),
        };
        match self.entries.entry(key) {
            Entry::Occupied(taken) => Err(taken.into_mut()),
            Entry::Vacant(free) => {
                free.insert(did);
                Ok(())
            }
        }
    }

    /// The entry of whom is called.
    pub fn find(&self, to: &Party<'_>) -> Option<&Did> {
        let number = to.number().map_or(to.text(), Number::as_str);
        self.entries.get(number)
    }

    /// The same numbers and parameters, with the application left to the rules.
    pub fn without_apps(mut self) -> Self {
        self.entries.values_mut().for_each(|did| did.app = None);
        self
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
