//! What the other end of a conversation does: a call that plays, and a caller who speaks, 20 ms at
//! a time.

use std::collections::VecDeque;

use trunkline_audio::tone::Tone;
use trunkline_call::{AudioFrame, CallCommand, CallEvent, FRAME_SAMPLES, HangupCause, Mark};

enum Queued {
    Sound(VecDeque<i16>),
    Mark(Mark),
}

/// The far end of a conversation.
#[derive(Default)]
pub struct Line {
    queue: VecDeque<Queued>,
    pub paused: bool,
    /// Samples of ours that were heard.
    pub played: u64,
    /// What goes out in these 20 ms, as far as it has.
    frame: Vec<i16>,
    /// What went out, a sample for each of the caller's.
    pub wire: Vec<i16>,
    /// Said by the caller from now on.
    saying: VecDeque<i16>,
    pub hung_up: Option<HangupCause>,
}

impl Line {
    /// The caller speaks for so long, from now on.
    pub fn speaks(&mut self, ms: usize) {
        let mut sound = vec![0; ms * 16];
        Tone::pair(210.0, 5_000, 930.0, 3_000).fill(&mut sound);
        self.saying.extend(sound);
    }

    /// The caller is silent for so long, after what they say.
    pub fn pauses(&mut self, ms: usize) {
        self.saying.extend(std::iter::repeat_n(0, ms * 16));
    }

    /// The caller says these samples.
    pub fn says(&mut self, samples: &[i16]) {
        self.saying.extend(samples);
    }

    /// Whether nothing is to be played or said.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.saying.is_empty()
    }

    /// Plays on, up to a mark; nothing once these 20 ms are over.
    pub fn play(&mut self) -> Option<CallEvent> {
        while !self.paused {
            let Some(Queued::Sound(sound)) = self.queue.front_mut() else {
                break;
            };
            let count = sound.len().min(FRAME_SAMPLES - self.frame.len());
            self.frame.extend(sound.drain(..count));
            self.played += count as u64;
            if !sound.is_empty() {
                break;
            }
            self.queue.pop_front();
        }
        let is_mark = |next: &mut Queued| matches!(next, Queued::Mark(_));
        if !self.paused
            && let Some(Queued::Mark(mark)) = self.queue.pop_front_if(is_mark)
        {
            let at_ms = self.played / 16;
            return Some(CallEvent::MarkPlayed { mark, at_ms });
        }
        self.frame.resize(FRAME_SAMPLES, 0);
        self.wire.append(&mut self.frame);
        None
    }

    /// The caller's next 20 ms.
    pub fn caller(&mut self) -> CallEvent {
        let mut frame = [0; FRAME_SAMPLES];
        let count = FRAME_SAMPLES.min(self.saying.len());
        for (place, sample) in frame.iter_mut().zip(self.saying.drain(..count)) {
            *place = sample;
        }
        CallEvent::Audio {
            frame: AudioFrame::from_samples(frame),
            at: 0,
            concealed: false,
        }
    }

    /// Does as the call is told; what it answers.
    pub fn obey(&mut self, command: CallCommand<'static>) -> Option<CallEvent> {
        let at_ms = self.played / 16;
        match command {
            CallCommand::Play(samples) => {
                let samples = samples.into_owned().into();
                self.queue.push_back(Queued::Sound(samples));
            }
            CallCommand::Mark(mark) => self.queue.push_back(Queued::Mark(mark)),
            CallCommand::Clear => {
                self.queue.clear();
                let unplayed = Vec::new();
                return Some(CallEvent::Cleared { at_ms, unplayed });
            }
            CallCommand::Pause => {
                self.paused = true;
                return Some(CallEvent::Paused { at_ms });
            }
            CallCommand::Continue => self.paused = false,
            CallCommand::Hangup(cause) => self.hung_up = Some(cause),
            _ => {}
        }
        None
    }

    /// When the first sound went out at or after this time, in ms.
    pub fn first_sound_after(&self, ms: u64) -> Option<u64> {
        let from = (ms * 16) as usize;
        let sounds = self.wire.get(from..)?;
        let first = sounds.iter().position(|sample| *sample != 0)?;
        Some(ms + first as u64 / 16)
    }

    /// When the last sound went out, in ms.
    pub fn last_sound(&self) -> Option<u64> {
        let last = self.wire.iter().rposition(|sample| *sample != 0)?;
        Some(last as u64 / 16)
    }
}
