//! Keys that the caller presses: one entry until `#`, or until a while without one.

use std::time::{Duration, Instant};

use trunkline_call::Digit;

/// The most keys of one entry.
pub const KEYS_MAX: usize = 32;
/// A key this long after the one before belongs to the next entry.
const KEY_GAP: Duration = Duration::from_secs(2);

/// The entry that the caller is making.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pressed: String,
    until: Option<Instant>,
}

impl Keys {
    /// Takes in a key: whether it completes the entry.
    pub fn press(&mut self, now: Instant, digit: Digit) -> bool {
        let key = digit.as_char();
        self.pressed.push(key);
        self.until = Some(now + KEY_GAP);
        key == '#' || self.pressed.len() >= KEYS_MAX
    }

    /// The entry, as a language model is told of it.
    pub fn take(&mut self) -> Option<String> {
        self.until.take()?;
        let pressed = std::mem::take(&mut self.pressed);
        Some(format!("[keys pressed: {pressed}]"))
    }

    /// When it is complete without a further key; nothing where there is none.
    pub fn deadline(&self) -> Option<Instant> {
        self.until
    }
}
