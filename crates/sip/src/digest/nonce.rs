//! Nonces: signed, so that none needs to be remembered until it is used; then counted, so that
//! no use of it can be played again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::hash::{hex, keyed, same};

/// How long a nonce may be used after it was made.
pub const NONCE_LIFETIME: Duration = Duration::from_secs(300);
/// Nonces in use that are remembered. When one more comes into use the oldest is forgotten, and
/// with it all older ones become stale.
pub const NONCES_MAX: usize = 4_096;
/// How far behind the highest nc seen a late request may be.
const WINDOW: u32 = 64;

/// When a nonce was made, in milliseconds after the table, and its number.
type Id = (u64, u32);

/// The nonces of one server.
#[derive(Debug)]
pub(super) struct Nonces {
    secret: [u8; 32],
    epoch: Instant,
    made: u32,
    used: BTreeMap<Id, Window>,
    /// Nonces up to this one are stale.
    floor: Option<Id>,
}

/// Which counts of a nonce have been used: the highest, and those just below it.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    highest: u32,
    /// Bit n: `highest - n` was used.
    seen: u64,
}

/// What a nonce is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// Ours, and young enough.
    Good(Id),
    /// Ours, but too old.
    Stale,
    /// Not ours.
    Foreign,
}

impl Nonces {
    pub(super) fn new(seed: [u8; 32], now: Instant) -> Self {
        let secret = keyed(&seed, b"digest nonce");
        Self {
            secret,
            epoch: now,
            made: 0,
            used: BTreeMap::new(),
            floor: None,
        }
    }

    /// A new nonce: 8 bytes of time, 4 of number, 16 of signature, in hexadecimal.
    pub(super) fn make(&mut self, now: Instant) -> String {
        let id = (self.millis(now), self.made);
        self.made = self.made.wrapping_add(1);
        self.write(id)
    }

    /// What `nonce` is worth at this time.
    pub(super) fn worth(&self, nonce: &str, now: Instant) -> Worth {
        let number = |part: Option<&str>| u64::from_str_radix(part?, 16).ok();
        let (Some(time), Some(made)) = (number(nonce.get(..16)), number(nonce.get(16..24))) else {
            return Worth::Foreign;
        };
        let id = (time, made as u32);
        if !same(self.write(id).as_bytes(), nonce.as_bytes()) {
            return Worth::Foreign;
        }
        let age = self.millis(now).saturating_sub(time);
        let forgotten = self.floor.is_some_and(|floor| id <= floor);
        match forgotten || u128::from(age) > NONCE_LIFETIME.as_millis() {
            true => Worth::Stale,
            false => Worth::Good(id),
        }
    }

    /// Takes count `nc` of a nonce; `false` when it was taken before. `None` is the one use a
    /// client without qop has.
    pub(super) fn take(&mut self, id: Id, nc: Option<u32>, now: Instant) -> bool {
        let taken = match nc {
            Some(nc) => self.used.entry(id).or_default().take(nc),
            None if self.used.contains_key(&id) => false,
            None => {
                self.used.insert(
                    id,
                    Window {
                        highest: u32::MAX,
                        seen: u64::MAX,
                    },
                );
                true
            }
        };
        self.forget(now);
        taken
    }

    fn forget(&mut self, now: Instant) {
        let lifetime = NONCE_LIFETIME.as_millis() as u64;
        let oldest = self.millis(now).saturating_sub(lifetime);
        while let Some(entry) = self.used.first_entry() {
            if entry.key().0 < oldest {
                entry.remove();
            } else {
                break;
            }
        }
        while self.used.len() > NONCES_MAX {
            self.floor = self.used.pop_first().map(|(id, _)| id).max(self.floor);
        }
    }

    fn write(&self, (time, made): Id) -> String {
        let mut bytes = [0; 28];
        bytes[..8].copy_from_slice(&time.to_be_bytes());
        bytes[8..12].copy_from_slice(&made.to_be_bytes());
        let signature = keyed(&self.secret, &bytes[..12]);
        bytes[12..].copy_from_slice(&signature[..16]);
        hex(&bytes)
    }

    fn millis(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.epoch).as_millis() as u64
    }
}

impl Window {
    fn take(&mut self, nc: u32) -> bool {
        if nc == 0 {
            return false;
        }
        if nc > self.highest {
            let step = nc - self.highest;
            self.seen = self.seen.checked_shl(step).unwrap_or(0) | 1;
            self.highest = nc;
            return true;
        }
        let behind = self.highest - nc;
        if behind >= WINDOW || self.seen & (1 << behind) != 0 {
            return false;
        }
        self.seen |= 1 << behind;
        true
    }
}
