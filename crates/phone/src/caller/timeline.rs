//! When each side spoke, by what was on the wire at the caller.

use trunkline_audio::{FRAME_SAMPLES, SAMPLE_RATE_HZ, SpeechDetector, SpeechEvent};

use super::Note;
use crate::softphone::Report;

/// Speech of the caller that makes a turn, in samples: 100 ms. Less is a click.
const UTTERANCE_MIN: u64 = SAMPLE_RATE_HZ as u64 / 10;
/// For so long after the last word was given to the line, what goes out is still the caller's: 100 ms.
const ON_ITS_WAY: u64 = SAMPLE_RATE_HZ as u64 / 10;
/// Times on the wire are as fine as a packet: 20 ms.
const BEFORE: u64 = FRAME_SAMPLES as u64;

/// Somebody spoke from this sample to before that one. Pauses of less than 200 ms are inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first sample.
    pub from: u64,
    /// The first after the last.
    pub to: u64,
}

impl Span {
    /// How long, in ms.
    pub fn ms(self) -> u64 {
        ms(self.to.saturating_sub(self.from))
    }
}

/// The caller spoke, and the far end answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The first sample after the caller's last word.
    pub asked: u64,
    /// The first sample of the answer.
    pub answered: u64,
}

impl Turn {
    /// How long the caller waited, in ms.
    pub fn gap_ms(self) -> u64 {
        ms(self.answered.saturating_sub(self.asked))
    }
}

/// The caller spoke while the far end did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interruption {
    /// The first sample of the caller's speech.
    pub onset: u64,
    /// The first sample after which the far end was silent; where it spoke on over all the caller said,
    /// when it ended by itself.
    pub silent: u64,
}

impl Interruption {
    /// From the caller's first sound to silence, in ms.
    pub fn silence_ms(self) -> u64 {
        ms(self.silent.saturating_sub(self.onset))
    }
}

/// A conversation by its audio. Positions are samples of 16 kHz since the first packet of either side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// When the caller spoke.
    pub caller: Vec<Span>,
    /// When the far end did.
    pub far: Vec<Span>,
    /// Answers, in their order.
    pub turns: Vec<Turn>,
    /// Interruptions, in their order.
    pub interruptions: Vec<Interruption>,
    /// How long the longer side is.
    pub samples: u64,
}

impl Timeline {
    /// That of these two sides.
    pub fn of(caller: &[i16], far: &[i16]) -> Self {
        let (caller_spans, far_spans) = (spans(caller), spans(far));
        Self {
            turns: turns(&caller_spans, &far_spans),
            interruptions: interruptions(&caller_spans, &far_spans),
            caller: caller_spans,
            far: far_spans,
            samples: caller.len().max(far.len()) as u64,
        }
    }

    /// That of a call. Of what the caller sent only what they said counts, not what was behind it or
    /// what their line gave back.
    pub(super) fn of_call(report: &Report, notes: &[Note]) -> Self {
        let (mut sent, heard) = report.sides();
        let said = notes.iter().filter_map(|note| {
            let from = report.position(note.spoke?).saturating_sub(BEFORE);
            Some((from, report.position(note.ended) + ON_ITS_WAY))
        });
        let mut silent_from = 0;
        for (from, to) in said {
            silence(&mut sent, silent_from, from);
            silent_from = to;
        }
        silence(&mut sent, silent_from, u64::MAX);
        Self::of(&sent, &heard)
    }

    /// The longest silence of the far end between its words in this stretch, in ms; 0 where it spoke
    /// in one piece.
    pub fn longest_pause_ms(&self, stretch: Span) -> u64 {
        let within = self.far_within(stretch);
        let pauses = within.iter().zip(within.iter().skip(1));
        let pauses = pauses.map(|(before, after)| ms(after.from.saturating_sub(before.to)));
        pauses.max().unwrap_or(0)
    }

    /// For how long the far end spoke in this stretch, from its first sound to its last, in ms.
    pub fn spoken_ms(&self, stretch: Span) -> u64 {
        let within = self.far_within(stretch);
        let (first, last) = (within.first(), within.last());
        first
            .zip(last)
            .map_or(0, |(first, last)| ms(last.to.saturating_sub(first.from)))
    }

    fn far_within(&self, stretch: Span) -> Vec<Span> {
        let is_inside = |span: &&Span| span.from >= stretch.from && span.from < stretch.to;
        self.far.iter().filter(is_inside).copied().collect()
    }
}

/// A number of samples in ms.
fn ms(samples: u64) -> u64 {
    samples * 1_000 / u64::from(SAMPLE_RATE_HZ)
}

fn silence(samples: &mut [i16], from: u64, to: u64) {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(samples.len());
    let (from, to) = (place(from), place(to));
    if let Some(stretch) = samples.get_mut(from..to) {
        stretch.fill(0);
    }
}

/// Where there is speech.
fn spans(samples: &[i16]) -> Vec<Span> {
    let mut detector = SpeechDetector::new();
    let mut spans = Vec::new();
    let mut begun = None;
    for frame in samples.as_chunks::<FRAME_SAMPLES>().0 {
        match detector.hear(frame) {
            Some(SpeechEvent::Started { at }) => begun = Some(at),
            Some(SpeechEvent::Ended { at }) => {
                spans.extend(begun.take().map(|from| Span { from, to: at }));
            }
            None => {}
        }
    }
    let last = detector.last_speech().unwrap_or_default();
    spans.extend(begun.map(|from| Span { from, to: last }));
    spans
}

/// An answer begins where the far end sounds after a pause, and the caller has spoken since it began
/// the last time, and speaks no more.
fn turns(caller: &[Span], far: &[Span]) -> Vec<Turn> {
    let mut turns = Vec::new();
    let mut since = 0;
    for answer in far {
        let asked = caller
            .iter()
            .filter(|said| said.to > since && said.from < answer.from);
        let asked: Vec<Span> = asked.copied().collect();
        since = answer.from;
        let (Some(first), Some(last)) = (asked.first(), asked.last()) else {
            continue;
        };
        let is_long = last.to.saturating_sub(first.from) >= UTTERANCE_MIN;
        if is_long && last.to <= answer.from {
            turns.push(Turn {
                asked: last.to,
                answered: answer.from,
            });
        }
    }
    turns
}

/// Where the caller begins while the far end speaks. What of the far end begins before the caller ends
/// belongs to what was interrupted.
fn interruptions(caller: &[Span], far: &[Span]) -> Vec<Interruption> {
    let interrupts = |said: &Span| {
        let over = |span: &&Span| span.from < said.from && said.from < span.to;
        far.iter().find(over)?;
        let going_on = far.iter().filter(|span| span.from < said.to);
        Some(Interruption {
            onset: said.from,
            silent: going_on.map(|span| span.to).max()?,
        })
    };
    caller.iter().filter_map(interrupts).collect()
}
