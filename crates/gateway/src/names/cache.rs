//! What DNS said, for as long as it said that this holds.

use super::message::{Kind, Records};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How many answers are kept; past that the one goes that would go first anyway.
pub const ANSWERS_MAX: usize = 1_024;
/// The longest that an answer is believed, whatever it says itself.
const LIFE_MAX: Duration = Duration::from_secs(3_600);

/// Whose records: of this kind, of this name in lower case.
pub type Key = (Kind, String);

/// Answers by their questions.
#[derive(Debug, Default)]
pub struct Cache {
    answers: BTreeMap<Key, (Records, Instant)>,
}

impl Cache {
    /// An answer that still holds.
    pub fn find(&self, key: &Key, now: Instant) -> Option<Records> {
        let (records, until) = self.answers.get(key)?;
        (now < *until).then(|| records.clone())
    }

    /// Keeps an answer for its life. One without any is not kept.
    pub fn keep(&mut self, key: Key, records: Records, now: Instant, life: Duration) {
        if life.is_zero() {
            return;
        }
        if self.answers.len() >= ANSWERS_MAX {
            self.answers.retain(|_, (_, until)| now < *until);
        }
        if self.answers.len() >= ANSWERS_MAX {
            let first = self.answers.iter().min_by_key(|(_, (_, until))| *until);
            if let Some(key) = first.map(|(key, _)| key.clone()) {
                self.answers.remove(&key);
            }
        }
        self.answers
            .insert(key, (records, now + life.min(LIFE_MAX)));
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.answers.len()
    }
}
