//! Telephone events (RFC 4733): keys pressed on a telephone, as RTP packets of their own.

mod digit;
mod receiver;
mod sender;

pub use digit::Digit;
pub use receiver::{DigitReceiver, Press};
pub use sender::{DIGITS_MAX, DigitSender, EventPacket};

/// Bytes of one event in a payload (RFC 4733 §2.3).
pub const EVENT_BYTES: usize = 4;

/// Ticks of the event clock in a millisecond: events use the clock of the audio beside them, which
/// is 8 kHz for every codec here.
const TICKS_PER_MS: u32 = 8;

/// One event report as it stands in a payload (RFC 4733 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The event code; 0 to 15 are keys.
    pub code: u8,
    /// The key was let go.
    pub end: bool,
    /// Power of the tone in dBm0 without its sign, 0 to 63.
    pub volume: u8,
    /// Ticks since the timestamp of the packet.
    pub duration: u16,
}

impl Event {
    /// Reads the first event of a payload. More than one is only ever sent as redundancy.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let [code, flags, high, low] = *payload.first_chunk::<EVENT_BYTES>()?;
        Some(Self {
            code,
            end: flags & 0x80 != 0,
            volume: flags & 0x3f,
            duration: u16::from_be_bytes([high, low]),
        })
    }

    /// The event as it goes on the wire.
    pub fn to_bytes(self) -> [u8; EVENT_BYTES] {
        let [high, low] = self.duration.to_be_bytes();
        let flags = u8::from(self.end) << 7 | self.volume & 0x3f;
        [self.code, flags, high, low]
    }
}
