//! What came of a simulated call.

use std::time::Duration;

use trunkline_audio::{SAMPLE_RATE_HZ, wav};
use trunkline_streams::stream::{Hangup, MediaFormat};
use trunkline_streams::{CloseCode, StreamDialect};

use super::faults::Fault;
use crate::alignment::{align, likeness};
use crate::softphone::RoundTrip;

/// The longest round trip that is looked for.
const ROUND_TRIP_MAX: Duration = Duration::from_secs(1);
/// By how much the delay may change in mid-call.
const WANDER_MAX: Duration = Duration::from_millis(60);
/// What is less like what was said than this is another sound.
const LIKENESS_MIN: f64 = 0.5;

/// Who ended the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The caller, as planned.
    Caller,
    /// The server, by its hang-up message.
    Server,
    /// The server, by closing the connection.
    Closed,
    /// Nobody: the connection broke.
    Lost,
}

impl End {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Server => "server",
            Self::Closed => "closed",
            Self::Lost => "lost",
        }
    }
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages of audio sent.
    pub media_sent: u64,
    /// Keys pressed.
    pub keys: u64,
    /// Messages of audio that came.
    pub media: u64,
    /// The audio in them, in samples of 16 kHz.
    pub samples: u64,
    /// Marks that were asked for.
    pub marks: u64,
    /// Marks that were echoed, played or cleared.
    pub marks_echoed: u64,
    /// How often what was queued was dropped.
    pub clears: u64,
    /// Messages without a meaning to a call.
    pub ignored: u64,
    /// The most samples that ever waited to be played.
    pub queued_max: usize,
}

/// A call that is over.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whose provider was simulated.
    pub dialect: &'static StreamDialect,
    /// What the caller's audio was sent as.
    pub sent_format: MediaFormat,
    /// What the server's audio was: every format it used, in order.
    pub formats: Vec<MediaFormat>,
    /// Who ended it.
    pub end: End,
    /// How the connection was closed; `None` where that took too long.
    pub closed: Option<CloseCode>,
    /// The server's words in its close frame, escaped.
    pub close_words: String,
    /// From the beginning to the end of the stream.
    pub lasted: Duration,
    /// From the beginning of the stream to the server's first message of audio.
    pub first_audio: Option<Duration>,
    /// To the first of it that can be heard.
    pub first_sound: Option<Duration>,
    /// To the first word of the caller.
    pub first_word: Option<Duration>,
    /// What was counted.
    pub counts: Counts,
    /// What the server did against the rules, but for how it closed.
    pub broken: Vec<Fault>,
    /// What the caller said, 16 kHz, from the beginning of the stream.
    pub sent: Vec<i16>,
    /// What was played to the caller, 16 kHz, from the beginning of the stream.
    pub heard: Vec<i16>,
}

impl Report {
    /// What is not as it should be, in words. Where there is nothing, the server did well.
    pub fn faults(&self) -> Vec<String> {
        let broken = self.broken.iter().map(|fault| {
            let times = match fault.count {
                1 => String::new(),
                count => format!(" ({count} times)"),
            };
            let what = &fault.what;
            match fault.example.as_str() {
                "" => format!("{what}{times}"),
                example => format!("{what}{times}: {example}"),
            }
        });
        let silent = match (self.counts.media, self.first_sound) {
            (0, _) => Some("the server sent no audio".to_owned()),
            (_, None) => Some("the server sent nothing but silence".to_owned()),
            _ => None,
        };
        silent
            .into_iter()
            .chain(broken)
            .chain(self.close_fault())
            .collect()
    }

    /// What is wrong with how the call ended, for this provider.
    fn close_fault(&self) -> Option<String> {
        let name = self.dialect.name;
        match (self.end, self.closed) {
            (End::Closed, Some(CloseCode::Frame(1000 | 1001 | 1005))) => {
                let silent = self.dialect.manners.hangup == Hangup::Message;
                silent.then(|| {
                    format!(
                        "it closed without its hang-up message, so {name} would take it for lost"
                    )
                })
            }
            (End::Caller | End::Server, Some(CloseCode::Frame(_))) => None,
            (_, Some(CloseCode::Frame(code))) => {
                let words = &self.close_words;
                let said = if words.is_empty() { "" } else { ": " };
                Some(format!("it closed with {code}, not with 1000{said}{words}"))
            }
            (End::Caller | End::Server, Some(CloseCode::Abnormal)) => {
                Some("it dropped the connection instead of answering the close frame".to_owned())
            }
            (_, Some(CloseCode::Abnormal)) => {
                Some("it dropped the connection without a close frame".to_owned())
            }
            (_, None) => Some("it did not answer the close frame".to_owned()),
        }
    }

    /// What is well and still worth knowing.
    pub fn note(&self) -> Option<&'static str> {
        let rest = self.dialect.manners.hangup == Hangup::Rest && self.end == End::Closed;
        rest.then_some(
            "closing the stream leaves the caller on the line there: the call itself is ended over REST",
        )
    }

    /// The delay and likeness of an echo. `None` where what was said did not come back.
    pub fn round_trip(&self) -> Option<RoundTrip> {
        let samples = |time: Duration| (time.as_secs_f64() * f64::from(SAMPLE_RATE_HZ)) as i64;
        let found = align(&self.sent, &self.heard, (0, samples(ROUND_TRIP_MAX)))?;
        let late = u32::try_from(found.lag).ok()?;
        // What was said last was not due back before the call ended.
        let due = self.heard.len().saturating_sub(late as usize);
        let answered = self.sent.get(..due).unwrap_or(&self.sent);
        let likeness = likeness(answered, &self.heard, found.lag, samples(WANDER_MAX));
        let delay = Duration::from_secs_f64(f64::from(late) / f64::from(SAMPLE_RATE_HZ));
        (likeness >= LIKENESS_MIN).then_some(RoundTrip { delay, likeness })
    }

    /// Both sides as a WAV file, as the caller heard them: left what was said, right what was played.
    pub fn stereo(&self) -> Vec<u8> {
        wav::write_stereo(SAMPLE_RATE_HZ, &self.sent, &self.heard)
    }
}
