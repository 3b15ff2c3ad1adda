//! Times the turns of a call from its audio, by the shard's own view of both directions.

use trunkline_audio::SpeechDetector;
use trunkline_call::turns::{TurnTimer, Turns};
use trunkline_call::{CallCommand, CallEvent, FRAME_SAMPLES};

/// Mean square above which a frame of ours sounds: −50 dBFS. An application's silence is digital
/// silence or the dither of a codec, far below.
const SOUND_MEAN_SQUARE: u64 = 100 * 100;

/// Follows what a caller says and when our answer reaches the wire.
///
/// Audio of the application starts at the end of what is queued, or now where nothing is; so
/// its place on the wire is known when it is given, within the frame it is rounded to.
#[derive(Debug)]
pub struct Conversation {
    timer: TurnTimer,
    caller: SpeechDetector,
    /// Position of the newest frame of the caller, in samples since answer.
    now: u64,
    /// Where the queue of our audio ends.
    queued_to: u64,
}

impl Conversation {
    /// A call before its answer.
    pub fn new() -> Self {
        Self {
            timer: TurnTimer::default(),
            caller: SpeechDetector::new(),
            now: 0,
            queued_to: 0,
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
                let before = self.caller.last_speech();
                self.caller.hear(frame.samples());
                self.timer.caller(*at, self.caller.last_speech() != before);
            }
        }
    }

    /// What the application asked.
    pub fn said(&mut self, command: &CallCommand<'_>) {
        match command {
            CallCommand::Play(samples) => {
                let mut at = self.queued_to.max(self.now);
                for frame in samples.chunks(FRAME_SAMPLES) {
                    self.timer.ours(at, sounds(frame));
                    at += frame.len() as u64;
                }
                self.queued_to = at;
            }
            CallCommand::Clear => self.queued_to = self.now,
            _ => {}
        }
    }

    /// What was timed.
    pub fn turns(&self) -> &Turns {
        self.timer.turns()
    }
}

fn sounds(frame: &[i16]) -> bool {
    let power: u64 = frame
        .iter()
        .map(|&s| u64::from(s.unsigned_abs()).pow(2))
        .sum();
    power > SOUND_MEAN_SQUARE * frame.len() as u64
}
