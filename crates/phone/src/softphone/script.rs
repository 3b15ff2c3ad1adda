//! What a phone does once it is answered, by the clock.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use trunkline_audio::SAMPLE_RATE_HZ;
use trunkline_call::{CallCommand, CallEvent, Digit, HangupCause};

use super::{Act, Cue, Deed};

/// Speech is queued in pieces of this length: a leg takes five minutes at most.
const PIECE: Duration = Duration::from_secs(60);
/// How far ahead of its time a piece is queued, so that none comes too late.
const AHEAD: Duration = Duration::from_secs(5);
/// How long a key is held, and how far apart two are.
const KEY_MS: u32 = 100;
const KEY_EVERY: Duration = Duration::from_millis(250);

/// Commands, each so long after answer. Without a hang-up the call lasts until the far end ends it.
#[derive(Clone, Debug, Default)]
pub struct Script {
    steps: Vec<(Duration, CallCommand<'static>)>,
    answered: Option<Instant>,
    now: Option<Instant>,
}

impl Script {
    /// A script that does nothing: it answers, and listens.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a command.
    #[must_use]
    pub fn then(mut self, at: Duration, command: CallCommand<'static>) -> Self {
        let place = self.steps.partition_point(|(earlier, _)| *earlier <= at);
        self.steps.insert(place, (at, command));
        self
    }

    /// Plays 16 kHz samples.
    #[must_use]
    pub fn play(self, at: Duration, samples: &[i16]) -> Self {
        let piece = PIECE.as_secs() as usize * SAMPLE_RATE_HZ as usize;
        let pieces = (0_u32..).zip(samples.chunks(piece));
        pieces.fold(self, |script, (number, samples)| {
            let at = at + (PIECE * number).saturating_sub(AHEAD);
            script.then(at, CallCommand::Play(Cow::Owned(samples.to_vec())))
        })
    }

    /// Presses keys one after the other.
    #[must_use]
    pub fn press(self, at: Duration, keys: &[Digit]) -> Self {
        let keys = (0_u32..).zip(keys);
        keys.fold(self, |script, (number, &digit)| {
            let command = CallCommand::SendDtmf {
                digit,
                duration_ms: KEY_MS,
            };
            script.then(at + KEY_EVERY * number, command)
        })
    }

    /// How long pressing so many keys takes.
    pub fn time_to_press(keys: usize) -> Duration {
        KEY_EVERY * u32::try_from(keys).unwrap_or(u32::MAX)
    }

    /// Hangs up.
    #[must_use]
    pub fn hang_up(self, at: Duration) -> Self {
        self.then(at, CallCommand::Hangup(HangupCause::Normal))
    }

    /// When the next step is due, after answer.
    fn next(&self) -> Option<Duration> {
        self.steps.first().map(|(at, _)| *at)
    }

    /// The next step, if it is due.
    fn take(&mut self, since_answer: Duration) -> Option<CallCommand<'static>> {
        let due = self.next().is_some_and(|at| at <= since_answer);
        due.then(|| self.steps.remove(0).1)
    }
}

impl Act for Script {
    fn handle_input(&mut self, now: Instant, cue: Cue<'_>) {
        if matches!(cue, Cue::Event(CallEvent::Answered)) {
            self.answered.get_or_insert(now);
        }
        self.now = Some(now);
    }

    fn poll_output(&mut self) -> Deed {
        let (Some(answered), Some(now)) = (self.answered, self.now) else {
            return Deed::Timeout(None);
        };
        match self.take(now.saturating_duration_since(answered)) {
            Some(command) => Deed::Command(command),
            None => Deed::Timeout(self.next().map(|at| answered + at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_in_the_order_of_their_time() {
        let second = Duration::from_secs(1);
        let mut script = Script::new()
            .hang_up(2 * second)
            .then(Duration::ZERO, CallCommand::Hold)
            .then(second, CallCommand::Resume);
        assert_eq!(script.take(Duration::ZERO), Some(CallCommand::Hold));
        assert_eq!(script.take(second / 2), None);
        assert_eq!(script.next(), Some(second));
        assert_eq!(script.take(3 * second), Some(CallCommand::Resume));
    }

    #[test]
    fn long_speech_is_queued_in_pieces_before_they_are_due() {
        let script = Script::new().play(Duration::ZERO, &vec![0; 16_000 * 130]);
        let at: Vec<_> = script.steps.iter().map(|(at, _)| at.as_secs()).collect();
        assert_eq!(at, [0, 55, 115]);
    }
}
