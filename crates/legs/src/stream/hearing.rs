//! What the caller says: frames of 20 ms, one after the other from answer to end.
//!
//! A message is handed on the moment it comes: the connection below keeps the order, or
//! [`sound::Hearing`] restores it, so there is nothing to wait for. Where none comes for
//! [`GAP_US`] silence takes its place, since an application hears 20 ms every 20 ms whether or
//! not the caller's sound arrives. What was only late is handed on all the same when it comes;
//! nothing that was said is lost.

use trunkline_audio::FramePool;
use trunkline_audio::l16::ByteOrder;
use trunkline_call::{CallEvent, FRAME_SAMPLES};
use trunkline_media::timing::{EARLY_MAX_US, FRAME_US, SAMPLES_PER_MS};
use trunkline_media::turns::{Came, TurnTimer};
use trunkline_streams::stream::sound::{self, UnsupportedFormat};
use trunkline_streams::stream::{Media, MediaFormat, Track};

use super::outbox::Outbox;
use super::saying::Frame;

/// How far the application may be behind the clock before silence is made up: about what a lost
/// segment of TCP takes to come again (RFC 6298 §2.4, as Linux has it).
pub const GAP_US: i64 = 200_000;

/// How far the caller's sound may be ahead of the clock. A connection that was stuck brings
/// everything at once; one that goes on bringing more than it could have heard is not a caller.
pub const AHEAD_MAX_US: i64 = 10_000_000;

/// The caller's sound on its way to the application.
#[derive(Debug)]
pub(super) struct Hearing {
    sound: sound::Hearing,
    pool: FramePool,
    /// Frames handed on.
    told: u64,
    made_up: u64,
    messages: u64,
    bytes: u64,
    refused: u64,
}

impl Hearing {
    /// Ears for this format, from answer on, which is time 0.
    pub(super) fn new(format: MediaFormat, reordered: bool) -> Result<Self, UnsupportedFormat> {
        Ok(Self {
            sound: sound::Hearing::new(format, reordered)?,
            pool: FramePool::new(),
            told: 0,
            made_up: 0,
            messages: 0,
            bytes: 0,
            refused: 0,
        })
    }

    /// Takes a message, tells every frame that is full and has it timed; `false` where its format is none we
    /// can hear.
    pub(super) fn media(
        &mut self,
        now_us: i64,
        media: &Media<'_>,
        turns: &mut TurnTimer,
        outbox: &mut Outbox,
    ) -> bool {
        if media.track != Track::Inbound {
            return true;
        }
        if self.told_us() - now_us > AHEAD_MAX_US {
            self.refused += 1;
            return true;
        }
        self.messages += 1;
        self.bytes += media.payload.len() as u64;
        let known = self.sound.push(media).is_ok();
        loop {
            let beyond = self.sound.waiting().saturating_sub(FRAME_SAMPLES) as u64;
            let came = Came {
                at_us: now_us,
                beyond_us: i64::try_from(beyond * 1_000 / SAMPLES_PER_MS).unwrap_or(0),
                filter_us: self.sound.delay_us(),
            };
            let Some(samples) = self.sound.frame() else {
                break;
            };
            turns.heard(now_us, self.told * FRAME_SAMPLES as u64, samples, came);
            let frame = self.pool.frame(samples);
            outbox.tell(audio(frame, &mut self.told, false));
        }
        known
    }

    /// A frame of silence, if it is time for one.
    pub(super) fn silence(&mut self, now_us: i64) -> Option<CallEvent> {
        if now_us + EARLY_MAX_US < self.due() {
            return None;
        }
        const SILENCE: Frame = [0; FRAME_SAMPLES];
        self.made_up += 1;
        Some(audio(self.pool.frame(&SILENCE), &mut self.told, true))
    }

    /// When the next frame of silence is due, if nothing comes before.
    pub(super) fn due(&self) -> i64 {
        self.told_us() + FRAME_US + GAP_US
    }

    /// The order of bytes that was heard, where the format leaves it open.
    pub(super) fn order(&self) -> Option<ByteOrder> {
        self.sound.order()
    }

    /// Samples of silence that took the place of what did not come.
    pub(super) fn made_up(&self) -> u64 {
        self.made_up * FRAME_SAMPLES as u64
    }

    /// Messages of the caller's sound.
    pub(super) fn messages(&self) -> u64 {
        self.messages
    }

    /// Bytes of sound in them.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Messages that came after their turn, or were more than the caller can have said.
    pub(super) fn late(&self) -> u64 {
        self.refused + self.sound.lost()
    }

    fn told_us(&self) -> i64 {
        i64::try_from(self.told).unwrap_or(i64::MAX / FRAME_US) * FRAME_US
    }
}

fn audio(frame: trunkline_call::AudioFrame, told: &mut u64, concealed: bool) -> CallEvent {
    let at = *told * FRAME_SAMPLES as u64;
    *told += 1;
    CallEvent::Audio {
        frame,
        at,
        concealed,
    }
}
