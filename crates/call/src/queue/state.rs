//! What the two ends of a call share.

use std::collections::VecDeque;
use std::task::{Poll, Waker};

use super::Pushed;
use super::room::Room;
use crate::{CallCommand, CallEvent, EndReason, GatewayReason, HangupCause, SAMPLE_RATE_HZ, Why};

/// The most audio that waits for an application: one second. Older frames are dropped.
pub const AUDIO_FRAMES_MAX: usize = 50;
/// The most other events that wait. An application with more unread does not listen any more.
pub const EVENTS_MAX: usize = 256;
/// The most commands that wait for the call's loop.
pub const COMMANDS_MAX: usize = 256;
/// The most audio that waits, here and at the leg: five minutes, as much as a leg queues.
pub const PLAY_SAMPLES_MAX: usize = 5 * 60 * SAMPLE_RATE_HZ as usize;

pub(super) struct State {
    events: VecDeque<CallEvent>,
    /// How many of `events` are audio.
    audio: usize,
    reader: Option<Waker>,
    commands: VecDeque<CallCommand<'static>>,
    /// Samples in `commands`.
    samples: usize,
    /// Samples that the leg has taken and not played.
    at_leg: usize,
    room: Room,
    departure: Option<HangupCause>,
    application_left: bool,
    answered: bool,
    /// Why the call is over.
    end: Option<EndReason>,
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
            at_leg: 0,
            room: Room::default(),
            departure: None,
            application_left: false,
            answered: false,
            end: None,
        }
    }

    pub(super) fn push_event(&mut self, event: &CallEvent) -> (Pushed, Wakers) {
        if self.application_left {
            return (Pushed::Gone, Wakers::default());
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
            CallEvent::Answered => self.answered = true,
            // The last event always has a place.
            CallEvent::Ended(reason) => self.end = Some(reason.clone()),
            _ if self.events.len() - self.audio >= EVENTS_MAX => {
                return (Pushed::Overflow, Wakers::default());
            }
            _ => {}
        }
        self.events.push_back(event.clone());
        let mut wakers = self.wakers();
        if let CallEvent::Answered = event {
            wakers.room = self.room.below(self.queued());
        }
        (pushed, wakers)
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
            None if self.end.is_some() => Poll::Ready(None),
            None => {
                self.reader = Some(reader.clone());
                Poll::Pending
            }
        }
    }

    pub(super) fn push_command(&mut self, command: CallCommand<'static>) -> Result<(), Why> {
        if self.end.is_some() {
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
        if self.commands.len() >= COMMANDS_MAX || self.queued() + samples > PLAY_SAMPLES_MAX {
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
            // It is the leg's from here on, which counts it once it has taken it.
            self.at_leg += samples.len();
        }
        Some(command)
    }

    pub(super) fn queued(&self) -> usize {
        self.samples + self.at_leg
    }

    pub(super) fn poll_room(&mut self, below: usize, waiting: &Waker) -> Poll<()> {
        let is_room = self.answered && self.queued() < below;
        if is_room || self.end.is_some() {
            return Poll::Ready(());
        }
        self.room.wait(below, waiting);
        Poll::Pending
    }

    /// The leg has so many samples that it has not played; whether somebody waits for them to sink.
    pub(super) fn note_queued(&mut self, at_leg: usize) -> (bool, Vec<Waker>) {
        self.at_leg = at_leg;
        let is_awaited = !self.room.is_empty();
        (is_awaited, self.room.below(self.queued()))
    }

    pub(super) fn is_answered(&self) -> bool {
        self.answered
    }

    pub(super) fn end(&self) -> Option<&EndReason> {
        self.end.as_ref()
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

    /// The loop has let go of the call. That it did so without a word is its own defect, and the
    /// application is told an end all the same.
    pub(super) fn call_is_gone(&mut self) -> Wakers {
        self.commands.clear();
        self.samples = 0;
        self.at_leg = 0;
        if self.end.is_none() {
            let end = EndReason::Gateway(GatewayReason::Internal);
            return self.push_event(&CallEvent::Ended(end)).1;
        }
        self.wakers()
    }

    /// Whoever waits for an event; at the end, whoever waits for anything.
    fn wakers(&mut self) -> Wakers {
        Wakers {
            reader: self.reader.take(),
            room: match self.end {
                Some(_) => self.room.all(),
                None => Vec::new(),
            },
        }
    }
}

/// Who is to be woken, once no lock is held.
#[derive(Default)]
pub(super) struct Wakers {
    reader: Option<Waker>,
    room: Vec<Waker>,
}

impl Wakers {
    pub(super) fn wake(self) {
        self.reader
            .into_iter()
            .chain(self.room)
            .for_each(Waker::wake);
    }
}
