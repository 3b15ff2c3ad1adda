//! Says sentences one after the other, and knows how much of them was heard.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trunkline_audio::FRAME_SAMPLES;
use trunkline_call::{CallCommand, Mark};

use super::echo::{COARSE, coarse};
use super::outbox::Outbox;
use super::{Job, Note};
use crate::history::Place;

/// Sentences that wait to be said; further ones are dropped.
pub(super) const SENTENCES_MAX: usize = 64;
/// Sentences that a voice works on at once, so that none waits for the end of the one before.
const VOICES_AT_ONCE: usize = 2;
/// How long a voice may be silent before it counts as dead.
const VOICE_MAX: Duration = Duration::from_secs(5);
/// The most sound of one sentence: a minute. A voice that goes on is cut off.
const SENTENCE_SAMPLES_MAX: usize = 60 * 16_000;
/// The same of sound that comes without a text: five minutes, which is what a call holds.
const STREAM_SAMPLES_MAX: usize = 5 * SENTENCE_SAMPLES_MAX;
/// How long after its reckoned end a sentence counts as heard, if its mark does not come: 2 s, in frames.
const OVERDUE_FRAMES: u32 = 100;
/// Reckoned length of a spoken byte, in samples, where the voice has not ended: 65 ms.
const BYTE_SAMPLES: u64 = 65 * 16;

/// Where a sentence stands in the history.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub place: Place,
    /// Its first byte there.
    pub begins: usize,
}

/// Of this sentence and what follows it there, only so much was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub place: Place,
    /// The bytes of its entry that stay.
    pub bytes: usize,
}

#[derive(Debug)]
enum Voice {
    /// Not asked yet.
    Waiting,
    /// Asked; silent until then at the latest.
    Speaking { job: Job, until: Instant },
    /// Nobody was asked: sound comes as somebody else sees fit.
    Streaming { job: Job },
    /// All sound is there.
    Done,
}

#[derive(Debug)]
struct Sentence {
    id: u64,
    text: String,
    origin: Option<Origin>,
    voice: Voice,
    /// Under this name it streams, or did.
    stream: Option<Job>,
    /// Sound that the call has not got yet: sentences before this one have.
    pending: Vec<i16>,
    /// What the call has got of it: from this sample on, and so many.
    from: u64,
    length: u64,
    /// Whether all of it is with the call, its mark too.
    handed_over: bool,
}

impl Sentence {
    fn has_sound(&self) -> bool {
        self.length > 0 || !self.pending.is_empty()
    }

    fn job(&self) -> Option<Job> {
        match self.voice {
            Voice::Speaking { job, .. } | Voice::Streaming { job } => Some(job),
            Voice::Waiting | Voice::Done => None,
        }
    }

    fn samples_max(&self) -> usize {
        match self.stream {
            Some(_) => STREAM_SAMPLES_MAX,
            None => SENTENCE_SAMPLES_MAX,
        }
    }

    /// The bytes of its text that were heard when so many samples had been played.
    fn heard_bytes(&self, played: u64) -> usize {
        let whole = match self.handed_over {
            true => self.length,
            false => self.length.max(self.text.len() as u64 * BYTE_SAMPLES),
        };
        let heard = played.saturating_sub(self.from).min(self.length);
        if heard >= whole {
            return self.text.len();
        }
        let bytes = (self.text.len() as u64 * heard / whole) as usize;
        let so_far = &self.text[..self.text.floor_char_boundary(bytes)];
        // A word that was begun was not heard.
        so_far.rfind(' ').unwrap_or(0)
    }
}

/// What a job's news meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoke {
    /// The job is not of here, or not any more.
    Unknown,
    /// As it should be.
    Fine,
    /// The first sound of a sentence.
    First,
    /// Nothing of a sentence will be heard.
    Nothing,
}

#[derive(Debug, Default)]
pub(super) struct Mouth {
    sentences: VecDeque<Sentence>,
    /// What was taken back, until the call says how much of it was heard.
    taken_back: Option<(Vec<Sentence>, u64)>,
    marks: u64,
    /// All samples given to the call, less those taken back.
    given: u64,
    /// How many of them are on the wire, as far as the frames heard since tell.
    played: u64,
    overdue: u32,
    held: bool,
    /// What is given and not played, at a quarter of the rate.
    ahead: VecDeque<i16>,
}

impl Mouth {
    /// Says a text after what is being said.
    pub fn say(&mut self, now: Instant, text: &str, origin: Option<Origin>, outbox: &mut Outbox) {
        if self.is_full() {
            return;
        }
        self.add(text, origin, Voice::Waiting, Vec::new());
        outbox.tell(Note::Says(text.to_owned()));
        self.ask_voices(now, outbox);
    }

    /// Whether nothing more can be said before something was heard.
    pub fn is_full(&self) -> bool {
        self.sentences.len() >= SENTENCES_MAX
    }

    /// Plays a sound that needs no voice. Nobody hears it before what already sounds has ended, but
    /// before anything that still waits for a voice.
    pub fn play(&mut self, now: Instant, sound: &Arc<[i16]>, outbox: &mut Outbox) {
        if sound.is_empty() {
            return;
        }
        self.add("", None, Voice::Done, sound.to_vec());
        let silent = self
            .sentences
            .iter()
            .position(|sentence| !sentence.has_sound());
        if let Some(silent) = silent {
            self.sentences.make_contiguous()[silent..].rotate_right(1);
        }
        self.hand_over(now, outbox);
    }

    /// Plays what will come as [`Mouth::sound`] of this job, until it has [`Mouth::ended`].
    pub fn stream(&mut self, job: Job) {
        self.add("", None, Voice::Streaming { job }, Vec::new());
    }

    /// Forgets what no voice has begun to say.
    pub fn drop_unsaid(&mut self, outbox: &mut Outbox) {
        let unsaid = |s: &Sentence| s.stream.is_none() && !s.has_sound();
        let jobs = self.sentences.iter().filter(|s| unsaid(s));
        for job in jobs.filter_map(Sentence::job) {
            outbox.cancel(job);
        }
        self.sentences.retain(|sentence| !unsaid(sentence));
    }

    fn add(&mut self, text: &str, origin: Option<Origin>, voice: Voice, pending: Vec<i16>) {
        self.marks += 1;
        let stream = match voice {
            Voice::Streaming { job } => Some(job),
            _ => None,
        };
        self.sentences.push_back(Sentence {
            id: self.marks,
            text: text.to_owned(),
            origin,
            voice,
            stream,
            pending,
            from: 0,
            length: 0,
            handed_over: false,
        });
    }

    /// Sound of a voice.
    pub fn sound(&mut self, now: Instant, job: Job, samples: &[i16], outbox: &mut Outbox) -> Spoke {
        let Some(sentence) = self.of_job(job) else {
            return Spoke::Unknown;
        };
        if samples.is_empty() {
            return Spoke::Fine;
        }
        let is_first = !sentence.has_sound();
        if let Voice::Speaking { until, .. } = &mut sentence.voice {
            *until = now + VOICE_MAX;
        }
        let room = sentence.samples_max() - sentence.length as usize - sentence.pending.len();
        sentence.pending.extend(samples.iter().take(room));
        if samples.len() > room {
            sentence.voice = Voice::Done;
            outbox.cancel(job);
        }
        self.hand_over(now, outbox);
        if is_first { Spoke::First } else { Spoke::Fine }
    }

    /// A voice has ended, as it should or not.
    pub fn ended(&mut self, now: Instant, job: Job, outbox: &mut Outbox) -> Spoke {
        let Some(sentence) = self.of_job(job) else {
            return Spoke::Unknown;
        };
        sentence.voice = Voice::Done;
        let has_sound = sentence.has_sound();
        if !has_sound {
            self.sentences
                .retain(|s| s.has_sound() || !matches!(s.voice, Voice::Done));
        }
        self.hand_over(now, outbox);
        self.ask_voices(now, outbox);
        if has_sound {
            Spoke::Fine
        } else {
            Spoke::Nothing
        }
    }

    fn of_job(&mut self, job: Job) -> Option<&mut Sentence> {
        self.sentences.iter_mut().find(|s| s.job() == Some(job))
    }

    fn ask_voices(&mut self, now: Instant, outbox: &mut Outbox) {
        let is_asked = |s: &&Sentence| matches!(s.voice, Voice::Speaking { .. });
        let speaking = self.sentences.iter().filter(is_asked).count();
        let waiting = self.sentences.iter_mut();
        let waiting = waiting.filter(|s| matches!(s.voice, Voice::Waiting));
        for sentence in waiting.take(VOICES_AT_ONCE.saturating_sub(speaking)) {
            let job = outbox.speak(sentence.text.clone());
            let until = now + VOICE_MAX;
            sentence.voice = Voice::Speaking { job, until };
        }
    }

    /// Gives the call what is next in the order.
    fn hand_over(&mut self, now: Instant, outbox: &mut Outbox) {
        let Self { given, ahead, .. } = self;
        for sentence in self.sentences.iter_mut().filter(|s| !s.handed_over) {
            if sentence.length == 0 {
                sentence.from = *given;
            }
            if !sentence.pending.is_empty() {
                let samples = std::mem::take(&mut sentence.pending);
                sentence.length += samples.len() as u64;
                *given += samples.len() as u64;
                ahead.extend(coarse(&samples));
                outbox.command(CallCommand::Play(Cow::Owned(samples)));
            }
            if !matches!(sentence.voice, Voice::Done) {
                break;
            }
            sentence.handed_over = true;
            let mark = Mark::new(&format!("agent-{}", sentence.id));
            outbox.command(CallCommand::Mark(mark.expect("a short name")));
        }
        self.ask_voices(now, outbox);
    }

    /// The next 20 ms went out; what they were, at a quarter of the rate.
    pub fn frame_played(&mut self) -> [i16; COARSE] {
        let mut frame = [0; COARSE];
        if self.held || self.played >= self.given {
            self.overdue = if self.held { 0 } else { self.overdue + 1 };
            if self.overdue >= OVERDUE_FRAMES {
                self.sentences.retain(|sentence| !sentence.handed_over);
            }
            return frame;
        }
        self.overdue = 0;
        self.played = (self.played + FRAME_SAMPLES as u64).min(self.given);
        let count = COARSE.min(self.ahead.len());
        for (place, sample) in frame.iter_mut().zip(self.ahead.drain(..count)) {
            *place = sample;
        }
        frame
    }

    /// The call has played all of this mark's sentence.
    pub fn mark_played(&mut self, mark: &Mark, at_ms: u64) {
        let id = mark
            .name()
            .strip_prefix("agent-")
            .and_then(|id| id.parse::<u64>().ok());
        let known = self.sentences.iter().position(|s| Some(s.id) == id);
        if let Some(index) = known {
            self.sentences.drain(..=index);
            self.at(at_ms);
        }
    }

    /// The call has played so much.
    pub fn at(&mut self, at_ms: u64) {
        let played = (at_ms * 16).min(self.given);
        let more = played.saturating_sub(self.played) / 4;
        let more = (more as usize).min(self.ahead.len());
        self.ahead.drain(..more);
        self.played = played;
    }

    /// Stops at once; [`Mouth::release`] goes on, [`Mouth::take_back`] does not.
    pub fn hold(&mut self, outbox: &mut Outbox) {
        if !std::mem::replace(&mut self.held, true) {
            outbox.command(CallCommand::Pause);
        }
    }

    /// Goes on after [`Mouth::hold`].
    pub fn release(&mut self, outbox: &mut Outbox) {
        if std::mem::take(&mut self.held) {
            outbox.command(CallCommand::Continue);
        }
    }

    /// Takes back whatever was not heard yet. How much that is, [`Mouth::taken_back`] says once the
    /// call has.
    pub fn take_back(&mut self, outbox: &mut Outbox) {
        for job in self.sentences.iter().filter_map(Sentence::job) {
            outbox.cancel(job);
        }
        outbox.command(CallCommand::Clear);
        self.release(outbox);
        let (before, reckoned) = self.taken_back.get_or_insert((Vec::new(), self.played));
        before.extend(self.sentences.drain(..));
        self.given = *reckoned;
        self.played = *reckoned;
        self.ahead.clear();
    }

    /// Whether the call has yet to say how much was heard.
    pub fn is_taking_back(&self) -> bool {
        self.taken_back.is_some()
    }

    /// How many ms were heard of each stream that was taken back, if the call has played so much.
    pub fn heard_of_streams(&self, at_ms: u64) -> Vec<(Job, u64)> {
        let sentences = self.taken_back.iter().flat_map(|(sentences, _)| sentences);
        let heard = |s: &Sentence| {
            let played = (at_ms * 16).saturating_sub(s.from);
            Some((s.stream?, played.min(s.length) / 16))
        };
        sentences.filter_map(heard).collect()
    }

    /// The call says how much was heard of what was taken back, or does not say it in time.
    pub fn taken_back(&mut self, at_ms: Option<u64>) -> Vec<Cut> {
        let Some((sentences, reckoned)) = self.taken_back.take() else {
            return Vec::new();
        };
        let played = at_ms.map_or(reckoned, |at_ms| at_ms * 16);
        // What was said since stands behind it.
        let moved = |at: u64| (at + played).saturating_sub(reckoned);
        for sentence in &mut self.sentences {
            sentence.from = moved(sentence.from);
        }
        (self.given, self.played) = (moved(self.given), moved(self.played));
        cuts(&sentences, played)
    }

    /// Whether there is anything to be heard yet.
    pub fn is_busy(&self) -> bool {
        !self.sentences.is_empty()
    }

    /// Whether any sound of it is with the call, or will be.
    pub fn has_sound(&self) -> bool {
        self.sentences.iter().any(Sentence::has_sound)
    }

    /// How long it takes until all is said, as far as it is known; nothing while voices speak.
    pub fn left(&self) -> Option<Duration> {
        let is_known = self.sentences.iter().all(|s| s.handed_over);
        let left = self.given.saturating_sub(self.played);
        is_known.then(|| Duration::from_micros(left * 1_000 / 16))
    }

    /// When the next voice counts as dead.
    pub fn deadline(&self) -> Option<Instant> {
        let untils = self.sentences.iter().filter_map(|s| match s.voice {
            Voice::Speaking { until, .. } => Some(until),
            _ => None,
        });
        untils.min()
    }

    /// A voice that is dead by now.
    pub fn dead_voice(&self, now: Instant) -> Option<Job> {
        let dead = |s: &&Sentence| matches!(s.voice, Voice::Speaking { until, .. } if until <= now);
        self.sentences.iter().find(dead).and_then(Sentence::job)
    }
}

/// Where each entry of the history ends, when so many samples were heard.
fn cuts(sentences: &[Sentence], played: u64) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = Vec::new();
    for sentence in sentences {
        let Some(Origin { place, begins }) = sentence.origin else {
            continue;
        };
        let heard = match sentence.length {
            0 => 0,
            _ => sentence.heard_bytes(played),
        };
        let is_cut = cuts.iter().any(|cut| cut.place == place);
        if heard < sentence.text.len() && !is_cut {
            let bytes = begins + heard;
            cuts.push(Cut { place, bytes });
        }
    }
    cuts
}
