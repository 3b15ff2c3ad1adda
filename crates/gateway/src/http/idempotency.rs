//! `Idempotency-Key`: whoever does not know whether a call was placed may ask again, and it is placed
//! once.

use super::error::ApiError;
use crate::control::{Control, ControlError, DialRequest};
use axum::http::HeaderMap;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;
use trunkline_call::CallId;

/// The header.
const HEADER: &str = "idempotency-key";
/// The longest key.
const KEY_BYTES_MAX: usize = 255;
/// The most keys that are remembered; with all of them new, a further one is refused.
const KEYS_MAX: usize = 10_000;
/// How long a key is remembered.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// What came of a request: a call, or that nobody knows whether there is one. Who was refused may try
/// again, because nothing was done.
type Outcome = Arc<OnceCell<Result<CallId, ControlError>>>;

/// Calls that were placed under a key.
#[derive(Default)]
pub struct Placed {
    known: Arc<Mutex<HashMap<String, Entry>>>,
}

struct Entry {
    /// Of the body, which must be the same.
    digest: [u8; 32],
    since: Instant,
    outcome: Outcome,
}

/// The key of a request, if it has one.
///
/// # Errors
/// Where it cannot be one.
pub fn key(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(value) = headers.get(HEADER) else {
        return Ok(None);
    };
    let key = value.to_str().ok();
    let key = key.filter(|key| (1..=KEY_BYTES_MAX).contains(&key.len()));
    let bad = || {
        let message = format!("Idempotency-Key: write 1 to {KEY_BYTES_MAX} printable characters");
        ApiError::bad_request(message)
    };
    key.map(Some).ok_or_else(bad)
}

impl Placed {
    /// Places a call, or tells what came of the same request before; one that is under way is waited
    /// for.
    ///
    /// # Errors
    /// Why it was not placed, or that the key stands for another call.
    pub async fn once(
        &self,
        key: &str,
        body: &[u8],
        control: Control,
        request: DialRequest,
    ) -> Result<CallId, ApiError> {
        let outcome = self.outcome(key, body, Instant::now())?;
        let (known, key) = (Arc::clone(&self.known), key.to_owned());
        // In a task of its own: whoever asked may go, and the next one must find what came of it.
        let placing = tokio::spawn(async move {
            let placed = outcome.get_or_try_init(|| async {
                match control.dial(request).await {
                    Err(error @ ControlError::Unknown(_)) => Ok(Err(error)),
                    Err(error) => Err(error),
                    Ok(id) => Ok(Ok(id)),
                }
            });
            let placed = placed.await.cloned();
            if placed.is_err() {
                forget(&known, &key, &outcome);
            }
            placed
        });
        let placed = placing.await.map_err(|_| ControlError::Stopping)?;
        Ok(placed??)
    }

    fn outcome(&self, key: &str, body: &[u8], now: Instant) -> Result<Outcome, ApiError> {
        let digest: [u8; 32] = Sha256::digest(body).into();
        let mut known = lock(&self.known);
        if known.len() >= KEYS_MAX {
            known.retain(|_, entry| now.saturating_duration_since(entry.since) < KEPT);
        }
        if let Some(entry) = known.get(key) {
            if now.saturating_duration_since(entry.since) < KEPT {
                return match entry.digest == digest {
                    true => Ok(Arc::clone(&entry.outcome)),
                    false => Err(ApiError::conflict(
                        "Idempotency-Key: another call was asked for with this key; take a new one",
                    )),
                };
            }
        } else if known.len() >= KEYS_MAX {
            return Err(ControlError::Busy.into());
        }
        let outcome = Outcome::default();
        let entry = Entry {
            digest,
            since: now,
            outcome: Arc::clone(&outcome),
        };
        known.insert(key.to_owned(), entry);
        Ok(outcome)
    }
}

fn lock(known: &Mutex<HashMap<String, Entry>>) -> MutexGuard<'_, HashMap<String, Entry>> {
    // Entries are put in and taken out whole.
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Frees a key under which nothing was placed, unless somebody else waits for just that.
fn forget(known: &Mutex<HashMap<String, Entry>>, key: &str, outcome: &Outcome) {
    let mut known = lock(known);
    let is_ours = known.get(key).is_some_and(|entry| {
        // Two are the entry's and ours; a third could only be had under the lock.
        Arc::ptr_eq(&entry.outcome, outcome) && Arc::strong_count(outcome) == 2
    });
    if is_ours {
        known.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_for_one_body_for_a_day() {
        let (placed, now) = (Placed::default(), Instant::now());
        let first = placed.outcome("k", b"a", now).unwrap();
        let again = placed.outcome("k", b"a", now + KEPT / 2).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        assert!(placed.outcome("k", b"b", now).is_err());
        let later = placed.outcome("k", b"b", now + KEPT).unwrap();
        assert!(!Arc::ptr_eq(&first, &later));
    }

    #[test]
    fn a_key_is_free_again_once_nobody_waits_for_what_was_not_placed() {
        let (placed, now) = (Placed::default(), Instant::now());
        let first = placed.outcome("k", b"a", now).unwrap();
        let second = placed.outcome("k", b"a", now).unwrap();
        forget(&placed.known, "k", &first);
        assert!(placed.outcome("k", b"b", now).is_err(), "the second waits");
        drop(second);
        forget(&placed.known, "k", &first);
        let other = placed.outcome("k", b"b", now).unwrap();
        forget(&placed.known, "k", &first);
        let again = placed.outcome("k", b"b", now).unwrap();
        assert!(Arc::ptr_eq(&other, &again), "that one is not ours to free");
    }

    #[test]
    fn a_key_has_255_characters_at_most() {
        for (length, is_one) in [
            (0, false),
            (1, true),
            (KEY_BYTES_MAX, true),
            (KEY_BYTES_MAX + 1, false),
        ] {
            let text = "k".repeat(length);
            let headers = HeaderMap::from_iter([(HEADER.parse().unwrap(), text.parse().unwrap())]);
            assert_eq!(
                key(&headers).ok(),
                is_one.then_some(Some(text.as_str())),
                "{length}"
            );
        }
        assert_eq!(key(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn there_is_an_end_to_what_is_remembered() {
        let (placed, now) = (Placed::default(), Instant::now());
        for number in 0..KEYS_MAX {
            placed.outcome(&number.to_string(), b"a", now).unwrap();
        }
        assert!(placed.outcome("one more", b"a", now).is_err());
        assert!(placed.outcome("7", b"a", now).is_ok(), "a known one");
        assert!(placed.outcome("one more", b"a", now + KEPT).is_ok());
    }
}
