//! The wire of an async application: its bytes are the queue of a [`CallPeer`].

use std::time::Instant;

use trunkline_call::{AppStats, CallCommand, CallEvent, CallPeer, GatewayReason, Pushed};

use crate::{AppInput, AppOutput, AppWire};

/// Passes events to a [`Call`](trunkline_call::Call) and its commands to the leg. Give it
/// [`AppInput::Timeout`] when the call's [`WakeLoop`](trunkline_call::WakeLoop) was called.
#[derive(Debug)]
pub struct QueueWire {
    peer: CallPeer,
    /// The application stopped reading, or left.
    deaf: bool,
    end: Option<GatewayReason>,
    over: bool,
    now: Option<Instant>,
    answered: Option<Instant>,
    stats: AppStats,
    queued: usize,
    /// Whether samples were given since the leg's were last counted.
    gave: bool,
}

impl QueueWire {
    /// The wire of one call.
    pub fn new(peer: CallPeer) -> Self {
        Self {
            peer,
            deaf: false,
            end: None,
            over: false,
            now: None,
            answered: None,
            stats: AppStats::default(),
            queued: 0,
            gave: false,
        }
    }

    fn pass_on(&mut self, event: &CallEvent) {
        let audio = matches!(event, CallEvent::Audio { .. });
        match self.peer.push(event) {
            Pushed::Kept => self.stats.frames_sent += u64::from(audio),
            Pushed::DroppedAudio => {
                // One more waits, one less will be heard.
                self.stats.frames_dropped += 1;
            }
            Pushed::Overflow if !self.deaf => {
                self.deaf = true;
                self.end = Some(GatewayReason::AppLost);
            }
            Pushed::Overflow | Pushed::Gone => {}
        }
    }

    fn note_speech(&mut self, samples: usize) {
        self.stats.samples_received += samples as u64;
        if let (Some(now), Some(answered)) = (self.now, self.answered) {
            let since = now.saturating_duration_since(answered);
            self.stats.first_audio.get_or_insert(since);
        }
    }
}

impl AppWire for QueueWire {
    fn handle_input(&mut self, now: Instant, input: AppInput<'_>) {
        self.now = Some(now);
        if let AppInput::Event(event) = input {
            match event {
                CallEvent::Answered => self.answered = Some(now),
                CallEvent::Ended(_) => self.over = true,
                _ => {}
            }
            self.pass_on(event);
        }
    }

    fn poll_output(&mut self) -> AppOutput<'_> {
        if self.over {
            return AppOutput::Timeout(None);
        }
        if let Some(reason) = self.end.take() {
            return AppOutput::End(reason);
        }
        if let Some(command) = self.peer.pop() {
            if let CallCommand::Play(samples) = &command {
                self.note_speech(samples.len());
                self.gave = true;
            }
            return AppOutput::Command(command);
        }
        match self.peer.departure() {
            Some(cause) => AppOutput::Command(CallCommand::Hangup(cause)),
            None => AppOutput::Timeout(None),
        }
    }

    fn note_queued(&mut self, samples: usize) -> bool {
        // Nothing to count while nothing is said: the application's end has a lock.
        if samples == 0 && self.queued == 0 && !self.gave {
            return false;
        }
        (self.queued, self.gave) = (samples, false);
        self.peer.note_queued(samples)
    }

    fn stats(&self) -> AppStats {
        self.stats
    }
}
