//! From the pieces of a direction to 20 ms frames.

use trunkline_audio::FRAME_SAMPLES;
use trunkline_audio::l16::ByteOrder;

use super::reorder::Reorder;
use super::{Decoder, UnsupportedFormat};
use crate::stream::{Encoding, Media, MediaFormat, Track};

/// Samples kept for frames that nobody has taken: a second. What comes beyond that is dropped.
const WAITING_SAMPLES_MAX: usize = 50 * FRAME_SAMPLES;

/// How much of a payload is decoded at a time.
const PIECE_BYTES: usize = 8_192;

/// Makes frames of what the provider's end sends: in the order it was sent, whatever its format
/// and however it is cut.
#[derive(Debug)]
pub struct Hearing {
    decoder: Decoder,
    /// `None` where the dialect promises the order.
    reorder: Option<Reorder>,
    sound: Sound,
}

/// Decoded samples; those before `taken` were given out as frames.
#[derive(Debug, Default)]
struct Sound {
    samples: Vec<i16>,
    taken: usize,
    dropped: u64,
}

impl Hearing {
    /// The hearing of one stream.
    ///
    /// # Errors
    /// When the format cannot be turned into 16 kHz.
    pub fn new(format: MediaFormat, reordered: bool) -> Result<Self, UnsupportedFormat> {
        Ok(Self {
            decoder: Decoder::new(format)?,
            reorder: reordered.then(Reorder::default),
            sound: Sound::default(),
        })
    }

    /// Takes a piece of audio. Call [`Self::frame`] until it gives `None` afterwards. What the
    /// provider itself plays is not heard.
    ///
    /// # Errors
    /// When the piece says that it is of another format, and that one is not supported.
    pub fn push(&mut self, media: &Media<'_>) -> Result<(), UnsupportedFormat> {
        if media.track == Track::Outbound {
            return Ok(());
        }
        if let Some(format) = media.format.filter(|to| *to != self.decoder.format()) {
            self.decoder = Decoder::new(format)?;
        }
        self.sound.make_room();
        let (decoder, sound) = (&mut self.decoder, &mut self.sound);
        match (&mut self.reorder, media.chunk) {
            (Some(reorder), Some(number)) => reorder.push(number, media.payload, |payload| {
                sound.push(decoder, payload);
            }),
            _ => sound.push(decoder, media.payload),
        }
        Ok(())
    }

    /// The next frame that is whole.
    pub fn frame(&mut self) -> Option<&[i16; FRAME_SAMPLES]> {
        let waiting = self.sound.samples.get(self.sound.taken..)?;
        let frame = waiting.first_chunk()?;
        self.sound.taken += FRAME_SAMPLES;
        Some(frame)
    }

    /// Samples that wait to be taken, whole frames or not.
    pub fn waiting(&self) -> usize {
        self.sound.samples.len() - self.sound.taken
    }

    /// How much later than in the pieces a sound is in the frames, in microseconds.
    pub fn delay_us(&self) -> i64 {
        self.decoder.delay_us()
    }

    /// The order of bytes that was heard, where the format leaves it open.
    pub fn order(&self) -> Option<ByteOrder> {
        self.decoder.order()
    }

    /// Pieces that came too late for their turn, or were nothing the format knows.
    pub fn lost(&self) -> u64 {
        self.decoder.bad() + self.reorder.as_ref().map_or(0, |reorder| reorder.late)
    }

    /// Samples that were dropped because nobody took the frames.
    pub fn dropped(&self) -> u64 {
        self.sound.dropped
    }
}

impl Sound {
    /// Forgets what was given out.
    fn make_room(&mut self) {
        self.samples.drain(..self.taken);
        self.taken = 0;
        self.samples.shrink_to(WAITING_SAMPLES_MAX);
    }

    fn push(&mut self, decoder: &mut Decoder, payload: &[u8]) {
        let piece = match decoder.format().encoding {
            Encoding::Opus => payload.len().max(1),
            _ => PIECE_BYTES,
        };
        for bytes in payload.chunks(piece) {
            let start = self.samples.len();
            self.samples
                .resize(start + decoder.samples_max(bytes.len()), 0);
            let place = self.samples.get_mut(start..).unwrap_or_default();
            let count = decoder.decode(bytes, place);
            let kept = (start + count).min(WAITING_SAMPLES_MAX);
            self.samples.truncate(kept);
            self.dropped += (start + count - kept) as u64;
        }
    }
}
