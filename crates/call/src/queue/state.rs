//! What the two ends of a call share.

use std::collections::VecDeque;
use std::task::{Poll, Waker};

use super::Pushed;
use crate::{CallCommand, CallEvent, HangupCause, SAMPLE_RATE_HZ, Why};

/// The most audio that waits for an application: one second. Older frames are dropped.
pub const AUDIO_FRAMES_MAX: usize = 50;
/// The most other events that wait. An application with more unread does not listen any more.
pub const EVENTS_MAX: usize = 256;
/// The most commands that wait for the call's loop.
pub const COMMANDS_MAX: usize = 256;
/// The most audio that waits for the call's loop: five minutes, as much as a leg queues.
pub const PLAY_SAMPLES_MAX: usize = 5 * 60 * SAMPLE_RATE_HZ as usize;

pub(super) struct State {
    events: VecDeque<CallEvent>,
    /// How many of `events` are audio.
    audio: usize,
    reader: Option<Waker>,
    commands: VecDeque<CallCommand<'static>>,
    /// Samples in `commands`.
    samples: usize,
    departure: Option<HangupCause>,
    application_left: bool,
    call_over: bool,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            // Room for a second of audio, so that a frame never allocates.
            events: VecDeque::with_capacity(AUDIO_FRAMES_MAX + 14),
            audio: 0,
            reader: None,
            commands: VecDeque::new(),
            samples: 0,
            departure: None,
            application_left: false,
            call_over: false,
        }
    }

    pub(super) fn push_event(&mut self, event: &CallEvent) -> (Pushed, Option<Waker>) {
        if self.application_left {
            return (Pushed::Gone, None);
        }
        let mut pushed = Pushed::Kept;
        match event {
            CallEvent::Audio { .. } => {
                if self.audio >= AUDIO_FRAMES_MAX {
                    self.drop_oldest_audio();
                    pushed = Pushed::DroppedAudio;
                }
                self.audio += 1;
            }
            // The last event always has a place.
            CallEvent::Ended(_) => self.call_over = true,
            _ if self.events.len() - self.audio >= EVENTS_MAX => return (Pushed::Overflow, None),
            _ => {}
        }
        self.events.push_back(event.clone());
        (pushed, self.reader.take())
    }

    fn drop_oldest_audio(&mut self) {
        let oldest = self
            .events
            .iter()
            .position(|event| matches!(event, CallEvent::Audio { .. }));
        if let Some(oldest) = oldest {
            self.events.remove(oldest);
            self.audio -= 1;
        }
    }

    pub(super) fn poll_event(&mut self, reader: &Waker) -> Poll<Option<CallEvent>> {
        match self.events.pop_front() {
            Some(event) => {
                if matches!(event, CallEvent::Audio { .. }) {
                    self.audio -= 1;
                }
                Poll::Ready(Some(event))
            }
            None if self.call_over => Poll::Ready(None),
            None => {
                self.reader = Some(reader.clone());
                Poll::Pending
            }
        }
    }

    pub(super) fn push_command(&mut self, command: CallCommand<'static>) -> Result<(), Why> {
        if self.call_over {
            return Err(Why::NotNow);
        }
        let samples = match &command {
            CallCommand::Play(samples) => samples.len(),
            CallCommand::Hangup(cause) => {
                // After everything asked before, and never refused.
                self.departure.get_or_insert(*cause);
                return Ok(());
            }
            _ => 0,
        };
        if self.departure.is_some() {
            return Err(Why::NotNow);
        }
        if self.commands.len() >= COMMANDS_MAX || self.samples + samples > PLAY_SAMPLES_MAX {
            return Err(Why::Full);
        }
        self.samples += samples;
        self.commands.push_back(command);
        Ok(())
    }

    pub(super) fn pop_command(&mut self) -> Option<CallCommand<'static>> {
        let command = self.commands.pop_front()?;
        if let CallCommand::Play(samples) = &command {
            self.samples -= samples.len();
        }
        Some(command)
    }

    pub(super) fn take_departure(&mut self) -> Option<HangupCause> {
        self.departure.take()
    }

    pub(super) fn application_left(&mut self) {
        self.application_left = true;
        self.departure.get_or_insert(HangupCause::Normal);
        self.events.clear();
        self.audio = 0;
    }

    pub(super) fn call_is_gone(&mut self) -> Option<Waker> {
        self.call_over = true;
        self.commands.clear();
        self.samples = 0;
        self.reader.take()
    }
}
