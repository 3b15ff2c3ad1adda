//! Times the turns of a call from its audio, by the shard's own view of both directions.

use trunkline_call::turns::{TurnTimer, Turns};
use trunkline_call::{CallCommand, CallEvent, FRAME_SAMPLES};

/// Follows what a caller says and when our answer reaches the wire.
///
/// Audio of the application starts at the end of what is queued, or now where nothing is; so
/// its place on the wire is known when it is given, within the frame it is rounded to.
#[derive(Debug)]
pub struct Conversation {
    timer: TurnTimer,
    /// Position of the newest frame of the caller, in samples since answer.
    now: u64,
    /// Where the queue of our audio ends.
    queued_to: u64,
    /// The start of a frame whose end has not been given yet.
    part: [i16; FRAME_SAMPLES],
    filled: usize,
}

impl Conversation {
    /// A call before its answer.
    pub fn new() -> Self {
        Self {
            timer: TurnTimer::default(),
            now: 0,
            queued_to: 0,
            part: [0; FRAME_SAMPLES],
            filled: 0,
        }
    }

    /// What the leg told.
    pub fn heard(&mut self, event: &CallEvent) {
        if let CallEvent::Audio {
            frame,
            at,
            concealed,
        } = event
        {
            self.now = at + FRAME_SAMPLES as u64;
            if !concealed {
                self.timer.heard(*at, frame.samples());
            }
        }
    }

    /// What the application asked.
    pub fn said(&mut self, command: &CallCommand<'_>) {
        match command {
            CallCommand::Play(samples) => self.play(samples),
            CallCommand::Clear => {
                self.queued_to = self.now;
                self.filled = 0;
            }
            _ => {}
        }
    }

    fn play(&mut self, mut samples: &[i16]) {
        while !samples.is_empty() {
            if self.filled == 0 {
                self.queued_to = self.queued_to.max(self.now);
            }
            let taken = samples.len().min(FRAME_SAMPLES - self.filled);
            let (head, rest) = samples.split_at(taken);
            self.part[self.filled..self.filled + taken].copy_from_slice(head);
            self.filled += taken;
            samples = rest;
            if self.filled == FRAME_SAMPLES {
                self.timer.sent(self.queued_to, &self.part);
                self.queued_to += FRAME_SAMPLES as u64;
                self.filled = 0;
            }
        }
    }

    /// What was timed.
    pub fn turns(&self) -> &Turns {
        self.timer.turns()
    }
}
