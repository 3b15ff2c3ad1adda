//! What a caller sends: speech, what is behind it, and what the line gives back.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trunkline_audio::FRAME_SAMPLES;

/// How far ahead of the wire sound is given, so that a thread that sleeps too long is not heard.
const AHEAD: Duration = Duration::from_millis(200);
/// The same on a line with an echo, which cannot come before what it is the echo of.
const AHEAD_OF_ECHO: Duration = Duration::from_millis(40);
/// What waits to be given back, at most: 100 ms.
const ECHO_SAMPLES_MAX: usize = 1_600;
const FRAME: Duration = Duration::from_millis(20);

/// The mouth of a caller.
#[derive(Default)]
pub(super) struct Mouth {
    speech: Option<Loop>,
    noise: Option<Loop>,
    /// The level at which what comes is given back.
    echo: f64,
    returned: VecDeque<i16>,
    /// Until when there is sound on the wire or on its way there.
    given_to: Option<Instant>,
    /// When the last of what is said is on the wire, once it was given.
    speech_to: Option<Instant>,
}

/// Samples, and where the next ones begin.
struct Loop {
    samples: Arc<[i16]>,
    at: usize,
}

impl Mouth {
    /// Says this from now on.
    pub(super) fn say(&mut self, samples: &Arc<[i16]>) {
        let samples = Arc::clone(samples);
        self.speech = Some(Loop { samples, at: 0 });
        self.speech_to = None;
    }

    /// Has this behind everything from now on.
    pub(super) fn set_noise(&mut self, samples: &Arc<[i16]>) {
        let samples = Arc::clone(samples);
        self.noise = (!samples.is_empty()).then_some(Loop { samples, at: 0 });
    }

    /// Gives back what comes at this level from now on.
    pub(super) fn set_echo(&mut self, level: f64) {
        self.echo = level;
        self.returned.clear();
    }

    /// What came.
    pub(super) fn hear(&mut self, samples: &[i16]) {
        if self.echo > 0.0 {
            let level = self.echo;
            let back = samples.iter().map(|s| (f64::from(*s) * level) as i16);
            self.returned.extend(back);
            let excess = self.returned.len().saturating_sub(ECHO_SAMPLES_MAX);
            self.returned.drain(..excess);
        }
    }

    /// Whether the last of what is said is on the wire.
    pub(super) fn has_said_it(&self, now: Instant) -> bool {
        self.speech_to.is_some_and(|to| now >= to)
    }

    /// When what is said next comes to the wire.
    pub(super) fn next_at(&self, now: Instant) -> Instant {
        self.given_to.map_or(now, |to| to.max(now))
    }

    fn has_sound(&self) -> bool {
        self.speech.is_some() || self.noise.is_some() || self.echo > 0.0
    }

    fn ahead(&self) -> Duration {
        match self.echo > 0.0 {
            true => AHEAD_OF_ECHO,
            false => AHEAD,
        }
    }

    /// What is to be given now; nothing where enough is on its way.
    pub(super) fn poll(&mut self, now: Instant) -> Vec<i16> {
        let mut samples = Vec::new();
        let mut given_to = self.next_at(now);
        while self.has_sound() && given_to < now + self.ahead() {
            samples.extend(self.frame());
            given_to += FRAME;
            if self.speech.as_ref().is_some_and(Loop::is_over) {
                self.speech = None;
                self.speech_to = Some(given_to);
            }
        }
        if !samples.is_empty() {
            self.given_to = Some(given_to);
        }
        samples
    }

    fn frame(&mut self) -> [i16; FRAME_SAMPLES] {
        let mut frame = [0; FRAME_SAMPLES];
        for sample in &mut frame {
            let noise = self.noise.as_mut().map_or(0, Loop::next_again);
            let echo = self.returned.pop_front().unwrap_or(0);
            let speech = self.speech.as_mut().and_then(Loop::next).unwrap_or(0);
            *sample = speech.saturating_add(noise).saturating_add(echo);
        }
        frame
    }
}

impl Loop {
    fn next(&mut self) -> Option<i16> {
        let sample = self.samples.get(self.at).copied()?;
        self.at += 1;
        Some(sample)
    }

    fn next_again(&mut self) -> i16 {
        if self.is_over() {
            self.at = 0;
        }
        self.next().unwrap_or(0)
    }

    fn is_over(&self) -> bool {
        self.at >= self.samples.len()
    }
}
