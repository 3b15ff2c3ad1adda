//! What is kept of a simulated call while it lasts.

use std::time::{Duration, Instant};

use trunkline_streams::stream::MediaFormat;
use trunkline_streams::stream::sound::Decoder;
use trunkline_streams::{CloseCode, StreamDialect};

use super::faults::Fault;
use super::playing::Playing;
use super::report::{Counts, End, Report};

/// Formats that are told apart in the report.
const FORMATS_MAX: usize = 8;
/// A sample of this size can be heard: -42 dB below the loudest.
const AUDIBLE: u16 = 256;

/// What the report will say.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) began: Option<Instant>,
    pub(super) lasted: Duration,
    pub(super) end: Option<End>,
    pub(super) closed: Option<CloseCode>,
    pub(super) close_words: String,
    pub(super) formats: Vec<MediaFormat>,
    pub(super) first_audio: Option<Duration>,
    pub(super) first_sound: Option<Duration>,
    pub(super) first_word: Option<Duration>,
    pub(super) counts: Counts,
    pub(super) sent: Vec<i16>,
    pub(super) heard: Vec<i16>,
}

impl Seen {
    /// Queues a piece of audio; what is wrong with it.
    pub(super) fn play(
        &mut self,
        at: Duration,
        decoder: &mut Decoder,
        playing: &mut Playing,
        payload: &[u8],
        format: Option<MediaFormat>,
    ) -> Result<(), &'static str> {
        if let Some(format) = format.filter(|format| *format != decoder.format()) {
            *decoder = Decoder::new(format).map_err(|_| "audio of a rate without a filter")?;
        }
        let format = decoder.format();
        if !self.formats.contains(&format) && self.formats.len() < FORMATS_MAX {
            self.formats.push(format);
        }
        let bad = decoder.bad();
        let mut samples = vec![0; decoder.samples_max(payload.len())];
        let count = decoder.decode(payload, &mut samples);
        samples.truncate(count);
        self.counts.media += 1;
        self.counts.samples += count as u64;
        self.first_audio.get_or_insert(at);
        if is_audible(&samples) {
            self.first_sound.get_or_insert(at);
        }
        let fits = playing.push(&samples);
        self.counts.queued_max = self.counts.queued_max.max(playing.queued());
        if decoder.bad() > bad {
            return Err("audio that is nothing its format knows");
        }
        if fits {
            Ok(())
        } else {
            Err("more audio than five minutes ahead")
        }
    }

    pub(super) fn into_report(
        self,
        dialect: &'static StreamDialect,
        sent_format: MediaFormat,
        broken: Vec<Fault>,
    ) -> Report {
        Report {
            dialect,
            sent_format,
            formats: self.formats,
            end: self.end.unwrap_or(End::Lost),
            closed: self.closed,
            close_words: self.close_words,
            lasted: self.lasted,
            first_audio: self.first_audio,
            first_sound: self.first_sound,
            first_word: self.first_word,
            counts: self.counts,
            broken,
            sent: self.sent,
            heard: self.heard,
        }
    }
}

/// Whether there is more than silence.
pub(super) fn is_audible(samples: &[i16]) -> bool {
    samples
        .iter()
        .any(|sample| sample.unsigned_abs() >= AUDIBLE)
}
