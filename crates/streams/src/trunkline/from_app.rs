//! What the application asks for.

use std::borrow::Cow;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use trunkline_audio::{Resampler, SAMPLE_RATE_HZ, wav};
use trunkline_call::json as spelling;
use trunkline_call::{CallCommand, Mark, Why};

use super::Trunkline;
use crate::SampleRate;
use crate::marks;

/// Every `type` that an application may send.
pub const REQUESTS: [&str; 15] = [
    "answer",
    "ring",
    "clear",
    "killAudio",
    "pause",
    "continue",
    "clearMarks",
    "hold",
    "resume",
    "hangup",
    "disconnect",
    "mark",
    "sendDtmf",
    "playAudio",
    "transfer",
];

/// What every message has.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
}

/// `{"type":"playAudio","data":{…}}`
#[derive(Deserialize)]
struct PlayAudio<'a> {
    #[serde(borrow)]
    data: Clip<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Clip<'a> {
    #[serde(borrow)]
    audio_content: Cow<'a, str>,
    #[serde(borrow)]
    audio_content_type: Option<Cow<'a, str>>,
    sample_rate: Option<u32>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
}

/// Why a clip is not played.
enum BadClip {
    /// It is not what it says.
    Nonsense,
    /// Its rate has no filter here.
    Unsupported,
}

impl Trunkline {
    /// A text message. What is malformed is counted; a type nobody knows is counted apart and
    /// ignored, so that newer applications work with this gateway.
    pub(super) fn text(&mut self, now: Instant, text: &str) {
        let Ok(head) = serde_json::from_str::<Head<'_>>(text) else {
            return self.line.nonsense();
        };
        match &*head.kind {
            kind if !REQUESTS.contains(&kind) => self.line.stats.unknown += 1,
            "playAudio" => self.play_audio(now, text),
            "clearMarks" => self.send_forgotten(),
            "killAudio" => self.commands("clear", text),
            "disconnect" => self.commands("hangup", text),
            kind => self.commands(kind, text),
        }
    }

    fn commands(&mut self, kind: &str, text: &str) {
        match spelling::commands(kind, text) {
            Ok(Some(commands)) => commands
                .into_iter()
                .for_each(|command| self.command(command)),
            Ok(None) => self.line.stats.unknown += 1,
            Err(_) => self.line.nonsense(),
        }
    }

    fn command(&mut self, command: CallCommand<'static>) {
        match &command {
            CallCommand::Mark(mark) if !self.marks.add(mark) => {
                return self.send_refused(command.kind().word(), Why::Full.word());
            }
            CallCommand::Clear => self.decoder.restart(),
            _ => {}
        }
        self.line.command(command);
    }

    fn play_audio(&mut self, now: Instant, text: &str) {
        let Ok(PlayAudio { data: clip }) = serde_json::from_str::<PlayAudio<'_>>(text) else {
            return self.line.nonsense();
        };
        let done = match clip.id.as_deref().map(marks::played) {
            Some(None) => return self.line.nonsense(),
            Some(Some(mark)) => Some(mark),
            None => None,
        };
        match clip.samples(self.rate) {
            Ok(samples) => self.play_clip(now, &samples, done),
            Err(BadClip::Nonsense) => self.line.nonsense(),
            Err(BadClip::Unsupported) => self.send_refused("playAudio", Why::Unsupported.word()),
        }
    }

    fn play_clip(&mut self, now: Instant, samples: &[i16], done: Option<Mark>) {
        if done.as_ref().is_some_and(|mark| !self.marks.add(mark)) {
            return self.send_refused("playAudio", Why::Full.word());
        }
        let count = self.line.outbox.play(samples.len(), |place| {
            place.copy_from_slice(samples);
            samples.len()
        });
        self.line.spoke(now, count);
        if let Some(mark) = done {
            self.line.outbox.command(CallCommand::Mark(mark));
        }
    }
}

impl Clip<'_> {
    /// The clip at 16 kHz. A clip stands alone, so it has a filter of its own.
    fn samples(&self, announced: SampleRate) -> Result<Vec<i16>, BadClip> {
        let bytes = STANDARD
            .decode(&*self.audio_content)
            .map_err(|_| BadClip::Nonsense)?;
        let (rate_hz, samples) = match self.audio_content_type.as_deref() {
            None | Some("raw") => {
                let (pairs, odd) = bytes.as_chunks::<2>();
                if !odd.is_empty() {
                    return Err(BadClip::Nonsense);
                }
                let samples = pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
                (self.sample_rate.unwrap_or(announced.hz()), samples)
            }
            Some("wave") => {
                let file = wav::read(&bytes).map_err(|_| BadClip::Nonsense)?;
                (file.rate_hz, file.into_mono())
            }
            Some(_) => return Err(BadClip::Nonsense),
        };
        let filter = Resampler::new(rate_hz, SAMPLE_RATE_HZ);
        let mut filter = filter.map_err(|_| BadClip::Unsupported)?;
        let mut converted = vec![0; filter.output_len(samples.len())];
        filter.process(&samples, &mut converted);
        Ok(converted)
    }
}
