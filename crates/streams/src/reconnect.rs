//! Holds the line for an application whose connection is lost: the caller hears music, the
//! application is dialled again, and where it does not come back the caller is told so.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trunkline_call::{
    AppStats, CallCommand, CallEvent, CallInfo, CommandKind, GatewayReason, Mark, SAMPLE_RATE_HZ,
};

use crate::outbox::Outbox;
use crate::{AnswerMode, AppInput, AppOutput, AppWire, Dialect, WireOptions};

/// The longest piece that a caller hears without its application, in samples: a minute.
pub const PIECE_SAMPLES_MAX: usize = 60 * SAMPLE_RATE_HZ as usize;
/// The first pause between two attempts; every further one is twice as long.
const PAUSE_MIN: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// How long a prompt may take beyond its own length, for a caller who holds the call.
const PROMPT_GRACE: Duration = Duration::from_secs(5);
/// The parameter that tells an application how often its call was resumed.
const RESUMED: &str = "resumed";
/// What marks the end of our own pieces.
const PIECE: &str = "trunkline:piece";
/// Why we close: the call goes on without this connection (RFC 6455 section 7.4.1).
const GOING_AWAY: u16 = 1001;
const NORMAL_CLOSURE: u16 = 1000;

/// What becomes of an answered call whose application is lost.
#[derive(Clone, Debug)]
pub struct OnLost {
    /// How long the application is dialled again.
    pub within: Duration,
    /// What the caller hears meanwhile, over and over.
    pub music: Option<Arc<[i16]>>,
    /// What the caller hears before the call ends, where the application does not come back.
    pub prompt: Option<Arc<[i16]>>,
}

/// A dialect's wire, and another one after each loss.
pub struct Reconnecting {
    dialect: Dialect,
    info: CallInfo,
    options: WireOptions,
    on_lost: OnLost,
    wire: Box<dyn AppWire>,
    wire_due: Option<Instant>,
    state: State,
    answered: bool,
    resumed: u32,
    /// Our own orders to clear, of which the leg has not told yet.
    clears: u32,
    outbox: Outbox,
    /// Of the wires that are gone.
    past: AppStats,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The application has its call, or is awaited for the first time.
    Present,
    /// It is dialled until a time, the next time at another, if it is not being dialled now.
    Away {
        until: Instant,
        again: Option<Instant>,
        pause: Duration,
    },
    /// The caller is told, until this time at most.
    Farewell { by: Instant },
    /// The call is over.
    Over,
}

impl Reconnecting {
    /// The wire of one call, whose connection is not open yet.
    pub fn new(dialect: Dialect, info: CallInfo, options: WireOptions, on_lost: OnLost) -> Self {
        let mut new = Self {
            wire: dialect.wire(info.clone(), options),
            dialect,
            info,
            options,
            on_lost,
            wire_due: None,
            state: State::Present,
            answered: false,
            resumed: 0,
            clears: 0,
            outbox: Outbox::default(),
            past: AppStats::default(),
        };
        new.pull();
        new
    }

    /// Passes on what the wire wants. Says whether it has lost its application.
    fn pull(&mut self) -> bool {
        let mut is_lost = false;
        loop {
            match self.wire.poll_output() {
                AppOutput::Timeout(due) => {
                    self.wire_due = due;
                    return is_lost;
                }
                AppOutput::End(GatewayReason::AppLost) if self.answered => is_lost = true,
                AppOutput::End(reason) => self.outbox.end(reason),
                // The call was answered long ago.
                AppOutput::Command(CallCommand::Ring | CallCommand::Answer) if self.resumed > 0 => {
                }
                AppOutput::Command(CallCommand::Play(samples)) => {
                    self.outbox.play(samples.len(), |room| {
                        room.copy_from_slice(&samples);
                        samples.len()
                    });
                }
                AppOutput::Command(command) => self.outbox.command(command.into_owned()),
                AppOutput::Send(frame) => self.outbox.message(frame),
                AppOutput::Close(code) => self.outbox.close(code),
                AppOutput::Redial | AppOutput::Absent(_) | AppOutput::Errand(..) => {}
            }
        }
    }

    /// The application is gone. Another wire takes the old one's place and hears what happens.
    fn lose(&mut self, now: Instant) {
        self.outbox.close(GOING_AWAY);
        self.outbox.absent(true);
        self.silence();
        if self.on_lost.within.is_zero() {
            return self.say_farewell(now);
        }
        self.resumed += 1;
        let mut info = self.info.clone();
        // Without room for it the application is told nothing more than before.
        let _ = info.parameters.push(RESUMED, &self.resumed.to_string());
        let options = WireOptions {
            answer: AnswerMode::WhenOpen,
            ..self.options
        };
        self.past = self.past.followed_by(self.wire.stats());
        self.wire = self.dialect.wire(info, options);
        self.pull();
        let answered = AppInput::Event(&CallEvent::Answered);
        self.wire.handle_input(now, answered);
        self.pull();
        self.state = State::Away {
            until: now + self.on_lost.within,
            again: None,
            pause: PAUSE_MIN,
        };
        self.outbox.redial();
        self.play_music();
    }

    /// What the application had queued or paused is not heard without it.
    fn silence(&mut self) {
        self.clears += 1;
        self.outbox.command(CallCommand::Clear);
        self.outbox.command(CallCommand::Continue);
    }

    /// Whether an event tells of a piece or an order of our own, of which no application has heard.
    fn is_own(&mut self, event: &CallEvent) -> bool {
        match event {
            CallEvent::MarkPlayed { mark, .. } => mark.name() == PIECE,
            CallEvent::Cleared { .. }
            | CallEvent::Refused {
                command: CommandKind::Clear,
                ..
            } if self.clears > 0 => {
                self.clears -= 1;
                true
            }
            _ => false,
        }
    }

    fn play_music(&mut self) {
        if let Some(music) = self.on_lost.music.clone() {
            self.play(&music);
        }
    }

    fn play(&mut self, samples: &[i16]) {
        let samples = Cow::Owned(samples.to_vec());
        self.outbox.command(CallCommand::Play(samples));
        if let Some(mark) = Mark::new(PIECE) {
            self.outbox.command(CallCommand::Mark(mark));
        }
    }

    fn say_farewell(&mut self, now: Instant) {
        let Some(prompt) = self.on_lost.prompt.clone() else {
            return self.end();
        };
        self.silence();
        self.play(&prompt);
        let length = Duration::from_secs(prompt.len() as u64) / SAMPLE_RATE_HZ;
        self.state = State::Farewell {
            by: now + length + PROMPT_GRACE,
        };
    }

    fn end(&mut self) {
        self.state = State::Over;
        self.outbox.end(GatewayReason::AppLost);
    }

    /// Something happens while the application is away.
    fn away(&mut self, now: Instant, input: AppInput<'_>, until: Instant, pause: Duration) {
        match input {
            AppInput::Opened => {
                self.state = State::Present;
                self.silence();
                self.outbox.absent(false);
                self.pass(now, AppInput::Opened);
            }
            AppInput::OpenFailed => {
                self.state = State::Away {
                    until,
                    again: Some(now + pause),
                    pause: PAUSE_MAX.min(pause * 2),
                };
            }
            AppInput::Event(event) => self.event_while_away(now, event),
            // Nothing, or what the old connection still had to say.
            _ => {}
        }
    }

    fn event_while_away(&mut self, now: Instant, event: &CallEvent) {
        match event {
            CallEvent::MarkPlayed { mark, .. } if mark.name() == PIECE => self.play_music(),
            CallEvent::Audio { .. } => self.past.frames_dropped += 1,
            // Of sound that is not the application's any more, or of our own.
            CallEvent::MarkPlayed { .. }
            | CallEvent::Cleared { .. }
            | CallEvent::Paused { .. }
            | CallEvent::QueueHigh { .. }
            | CallEvent::QueueLow { .. }
            | CallEvent::Refused { .. }
            | CallEvent::Turn(_)
            | CallEvent::Interrupted(_)
            | CallEvent::AppDeaf(_) => {}
            CallEvent::Ended(_) => {
                self.state = State::Over;
                self.pass(now, AppInput::Event(event));
            }
            _ => self.pass(now, AppInput::Event(event)),
        }
    }

    /// Something happens while the caller hears why.
    fn farewell(&mut self, input: &AppInput<'_>) {
        match input {
            AppInput::Event(CallEvent::MarkPlayed { mark, .. }) if mark.name() == PIECE => {
                self.end();
            }
            AppInput::Event(CallEvent::Ended(_)) => self.state = State::Over,
            AppInput::Opened => self.outbox.close(NORMAL_CLOSURE),
            _ => {}
        }
    }

    fn pass(&mut self, now: Instant, input: AppInput<'_>) {
        self.wire.handle_input(now, input);
        if self.pull() && self.state == State::Present {
            self.lose(now);
        }
    }

    fn time(&mut self, now: Instant) {
        match self.state {
            State::Away { until, .. } if until <= now => self.say_farewell(now),
            State::Away {
                until,
                again: Some(at),
                pause,
            } if at <= now => {
                self.state = State::Away {
                    until,
                    again: None,
                    pause,
                };
                self.outbox.redial();
            }
            State::Farewell { by } if by <= now => self.end(),
            _ => {}
        }
    }

    fn due(&self) -> Option<Instant> {
        match self.state {
            State::Present => self.wire_due,
            State::Away { until, again, .. } => again.map(|again| again.min(until)).or(Some(until)),
            State::Farewell { by } => Some(by),
            State::Over => None,
        }
    }
}

impl AppWire for Reconnecting {
    fn handle_input(&mut self, now: Instant, input: AppInput<'_>) {
        let is_own = matches!(&input, AppInput::Event(event) if self.is_own(event));
        match self.state {
            State::Present if is_own => {}
            State::Present => {
                self.answered |= matches!(input, AppInput::Event(CallEvent::Answered));
                if matches!(input, AppInput::Event(CallEvent::Ended(_))) {
                    self.state = State::Over;
                }
                self.pass(now, input);
            }
            State::Away { until, pause, .. } => self.away(now, input, until, pause),
            State::Farewell { .. } => self.farewell(&input),
            State::Over if matches!(input, AppInput::Opened) => {
                self.outbox.close(NORMAL_CLOSURE);
            }
            State::Over => {}
        }
        self.time(now);
    }

    fn poll_output(&mut self) -> AppOutput<'_> {
        let due = self.due();
        self.outbox.next().unwrap_or(AppOutput::Timeout(due))
    }

    fn stats(&self) -> AppStats {
        self.past.followed_by(self.wire.stats())
    }
}
