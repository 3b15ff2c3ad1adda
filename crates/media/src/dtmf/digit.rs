//! One key of a telephone.

/// A key: `0`–`9`, `*`, `#`, `A`–`D` (RFC 4733 §3.2, events 0 to 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digit(u8);

/// Event codes 0 to 15.
const CODES: u8 = 16;

impl Digit {
    /// The key of an event code; `None` past 15.
    pub fn from_event(code: u8) -> Option<Self> {
        (code < CODES).then_some(Self(code))
    }

    /// The event code, 0 to 15.
    pub fn event(self) -> u8 {
        self.0
    }
}
