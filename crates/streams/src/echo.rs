//! An application that says what it hears.

use std::borrow::Cow;
use std::time::Instant;

use trunkline_call::{AppStats, AudioFrame, CallCommand, CallEvent, Direction};

use crate::{AppInput, AppOutput, AppWire};

/// Answers at once and plays every frame back in the moment it comes, except while the call is on
/// hold: what is said then might wait and delay all that follows. The frame is
/// passed on by reference: nothing is copied here.
#[derive(Debug)]
pub struct Echo {
    /// Nothing is left to answer.
    taken: bool,
    heard: Option<AudioFrame>,
    /// Whether `heard` was handed out already; it lives on while the output borrows it.
    played: bool,
    answered: Option<Instant>,
    /// The call is on hold.
    held: bool,
    stats: AppStats,
}

impl Echo {
    /// An echo for one call. One that goes out is answered by the far end.
    pub fn new(direction: Direction) -> Self {
        Self {
            taken: direction == Direction::Outbound,
            heard: None,
            played: false,
            answered: None,
            held: false,
            stats: AppStats::default(),
        }
    }
}

impl AppWire for Echo {
    fn handle_input(&mut self, now: Instant, input: AppInput<'_>) {
        match input {
            AppInput::Event(CallEvent::Answered) => self.answered = Some(now),
            AppInput::Event(CallEvent::Audio { frame, .. }) => {
                let since = now.saturating_duration_since(self.answered.unwrap_or(now));
                self.stats.frames_sent += 1;
                self.stats.samples_received += frame.samples().len() as u64;
                self.stats.first_audio.get_or_insert(since);
                if !self.held {
                    self.heard = Some(frame.clone());
                    self.played = false;
                }
            }
            AppInput::Event(CallEvent::Held) => self.held = true,
            AppInput::Event(CallEvent::Resumed) => self.held = false,
            AppInput::Event(CallEvent::Ended(_)) => self.taken = true,
            _ => {}
        }
    }

    fn poll_output(&mut self) -> AppOutput<'_> {
        if !self.taken {
            self.taken = true;
            return AppOutput::Command(CallCommand::Answer);
        }
        if self.played {
            // Its slot goes back to the pool before the loop waits.
            self.heard = None;
        }
        match &self.heard {
            Some(frame) => {
                self.played = true;
                AppOutput::Command(CallCommand::Play(Cow::Borrowed(frame.samples())))
            }
            None => AppOutput::Timeout(None),
        }
    }

    fn stats(&self) -> AppStats {
        self.stats
    }
}

#[cfg(test)]
mod tests {
    use trunkline_call::{EndReason, FRAME_SAMPLES};

    use super::*;

    #[expect(
        clippy::disallowed_methods,
        reason = "where virtual time starts does not matter"
    )]
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn what_is_heard_is_said_once() {
        let now = start();
        let mut echo = Echo::new(Direction::Inbound);
        assert!(matches!(
            echo.poll_output(),
            AppOutput::Command(CallCommand::Answer)
        ));
        assert!(matches!(echo.poll_output(), AppOutput::Timeout(None)));
        echo.handle_input(now, AppInput::Event(&CallEvent::Answered));
        let frame = AudioFrame::from_samples([7; FRAME_SAMPLES]);
        let event = CallEvent::Audio {
            frame,
            at: 0,
            concealed: false,
        };
        echo.handle_input(now, AppInput::Event(&event));
        let AppOutput::Command(CallCommand::Play(Cow::Borrowed(said))) = echo.poll_output() else {
            panic!("borrowed samples")
        };
        assert_eq!(said, [7; FRAME_SAMPLES]);
        assert!(matches!(echo.poll_output(), AppOutput::Timeout(None)));
        assert_eq!(
            (echo.stats().frames_sent, echo.stats().samples_received),
            (1, 320)
        );
    }

    #[test]
    fn a_call_that_goes_out_is_not_answered_here() {
        let mut echo = Echo::new(Direction::Outbound);
        assert!(matches!(echo.poll_output(), AppOutput::Timeout(None)));
    }

    #[test]
    fn nothing_is_said_to_a_far_end_that_does_not_listen() {
        let now = start();
        let mut echo = Echo::new(Direction::Outbound);
        let audio = CallEvent::Audio {
            frame: AudioFrame::from_samples([7; FRAME_SAMPLES]),
            at: 0,
            concealed: false,
        };
        echo.handle_input(now, AppInput::Event(&CallEvent::Held));
        echo.handle_input(now, AppInput::Event(&audio));
        assert!(matches!(echo.poll_output(), AppOutput::Timeout(None)));
        echo.handle_input(now, AppInput::Event(&CallEvent::Resumed));
        assert!(matches!(echo.poll_output(), AppOutput::Timeout(None)));
        echo.handle_input(now, AppInput::Event(&audio));
        assert!(matches!(
            echo.poll_output(),
            AppOutput::Command(CallCommand::Play(_))
        ));
    }

    #[test]
    fn a_call_that_ended_before_the_first_poll_is_not_answered() {
        let mut echo = Echo::new(Direction::Inbound);
        let ended = CallEvent::Ended(EndReason::Remote);
        echo.handle_input(start(), AppInput::Event(&ended));
        assert!(matches!(echo.poll_output(), AppOutput::Timeout(None)));
    }
}
