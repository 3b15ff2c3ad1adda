//! What the caller does on a simulated call.

use std::time::Duration;

use trunkline_audio::{FRAME_SAMPLES, SAMPLE_RATE_HZ};
use trunkline_call::Digit;
use trunkline_streams::StreamDialect;
use trunkline_streams::stream::Start;

/// The first word and the first key come this long after the stream began.
pub const PAUSE: Duration = Duration::from_millis(400);
/// How far apart two keys are.
pub const KEY_EVERY: Duration = Duration::from_millis(250);
/// How long a key is held, where the dialect tells.
pub(super) const KEY_HELD: Duration = Duration::from_millis(100);
/// How long a frame is.
pub(super) const FRAME: Duration = Duration::from_millis(20);

/// One call.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How the provider speaks and behaves.
    pub dialect: &'static StreamDialect,
    /// How the stream begins; its `up` is what the caller's audio is sent as.
    pub start: Start,
    /// What the caller says, 16 kHz; silence before and after it.
    pub speech: Vec<i16>,
    /// What the caller presses.
    pub keys: Vec<Digit>,
    /// When the caller hangs up, after the stream began.
    pub hang_up: Duration,
}

impl Plan {
    /// How long the caller speaks and presses, after the stream began.
    pub fn busy(speech: &[i16], keys: usize) -> Duration {
        let spoken = Duration::from_secs_f64(speech.len() as f64 / f64::from(SAMPLE_RATE_HZ));
        let pressed = KEY_EVERY * u32::try_from(keys).unwrap_or(u32::MAX);
        PAUSE + spoken.max(pressed)
    }

    /// What the caller says in the 20 ms that begin so long after the stream did.
    pub(super) fn frame(&self, at: Duration) -> [i16; FRAME_SAMPLES] {
        let mut frame = [0; FRAME_SAMPLES];
        let Some(since) = at.checked_sub(PAUSE) else {
            return frame;
        };
        let first = since.as_millis() as usize / 20 * FRAME_SAMPLES;
        let rest = self.speech.get(first..).unwrap_or_default();
        for (to, from) in frame.iter_mut().zip(rest) {
            *to = *from;
        }
        frame
    }

    /// The next key, where so many were pressed and it is due.
    pub(super) fn key(&self, pressed: usize, at: Duration) -> Option<Digit> {
        let number = u32::try_from(pressed).ok()?;
        let due = PAUSE + KEY_EVERY.checked_mul(number)?;
        self.keys.get(pressed).copied().filter(|_| due <= at)
    }
}
