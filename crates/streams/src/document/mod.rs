//! A call that follows a document: verbs in their order, as a provider's markup has them.
//!
//! The document takes the place of an application. What it needs from outside, a file, a spoken
//! text, another document, a connection, it asks for as [`Errand`]; while a stream is connected it
//! passes everything on between the call and that stream's wire.

mod gather;
mod step;
#[cfg(test)]
mod tests;

pub use step::{Brought, Errand, ErrandId, Gather, Key, Method, Page, Sound, Speech, Step, Stream};

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trunkline_call::json::DIGIT_MS;
use trunkline_call::{
    AppStats, CallCommand, CallEvent, CallInfo, CommandKind, Digit, Direction, EndReason,
    HangupCause, Headers, Mark, Target, TransferMode,
};

use crate::outbox::Outbox;
use crate::{AppInput, AppOutput, AppWire, StreamApp, WireOptions, twilio};
use gather::Gathering;

/// Documents that may follow each other while nothing happens on the call.
pub const PAGES_IN_A_ROW_MAX: u32 = 10;
/// Documents of one call.
pub const PAGES_MAX: u32 = 10_000;
/// The pause after each key, and what a `w` stands for.
const KEY_GAP: Duration = Duration::from_millis(100);
const KEY_PAUSE: Duration = Duration::from_millis(500);
/// How a connection is closed that nobody needs (RFC 6455 section 7.4.1).
const NORMAL_CLOSURE: u16 = 1000;
/// What the marks begin with that stand behind what is played. Applications cannot name a mark so.
const PLAYED: &str = "\u{1}trunkline:document:";

/// One call that follows a document.
pub struct Document {
    /// Its last errand. What comes of an earlier one is awaited no more.
    errand: ErrandId,
    info: CallInfo,
    steps: VecDeque<Step>,
    /// Keys that are being gathered, and the prompts that are to be heard meanwhile.
    gathering: Option<Gathering>,
    state: State,
    /// The sounds so far: each has a mark of its own behind it.
    sounds: u64,
    /// The wire of the stream that is connected or being connected.
    stream: Option<StreamApp>,
    stream_due: Option<Instant>,
    /// Documents since the last that took time, and in all.
    pages_in_a_row: u32,
    pages: u32,
    outbox: Outbox,
    /// Of streams that are over.
    past: AppStats,
}

#[derive(Debug)]
enum State {
    /// Nothing was heard of the call yet.
    New,
    /// The call is not answered yet.
    Unanswered,
    /// The next step is to be done.
    Ready,
    /// A sound is on its way, to be played so often.
    AwaitsSound(Option<u32>),
    /// Another document is on its way.
    AwaitsPage,
    /// The mark behind a sound is awaited; it is played so often after that.
    Playing(Arc<[i16]>, Option<u32>),
    /// These keys are left, the next at a time.
    Pressing(VecDeque<Key>, Instant),
    /// Until then nothing happens.
    Waiting(Instant),
    /// Until then the next key is gathered.
    Listening(Instant),
    /// The connection of a stream is being opened.
    Connecting,
    /// It is open.
    Streaming,
    /// It is tried to move the call.
    Moving,
    /// The end was asked for, or is there.
    Over,
}

impl Document {
    /// A document for a call that may be ringing or up: of an answered one give
    /// [`CallEvent::Answered`] first. `number` comes with every errand.
    pub fn new(number: u64, info: CallInfo, steps: Vec<Step>) -> Self {
        Self {
            errand: ErrandId {
                document: number,
                errand: 0,
            },
            info,
            steps: steps.into(),
            gathering: None,
            sounds: 0,
            state: State::New,
            stream: None,
            stream_due: None,
            pages_in_a_row: 0,
            pages: 0,
            outbox: Outbox::default(),
            past: AppStats::default(),
        }
    }

    /// A call is answered before anything is done with it, unless that is to end it.
    fn begin(&mut self, input: &AppInput<'_>) {
        let answered = matches!(input, AppInput::Event(CallEvent::Answered));
        self.state = match self.steps.front() {
            None | Some(Step::HangUp) => State::Ready,
            _ if answered => State::Ready,
            _ => {
                if self.info.direction == Direction::Inbound {
                    self.outbox.command(CallCommand::Answer);
                }
                State::Unanswered
            }
        };
    }

    fn event(&mut self, now: Instant, event: &CallEvent) {
        if let CallEvent::Ended(_) = event {
            self.over();
            self.stream_hears(now, AppInput::Event(event));
            return;
        }
        match (&self.state, event) {
            (State::Unanswered, CallEvent::Answered) => self.state = State::Ready,
            (_, CallEvent::Dtmf { digit, .. }) if self.gathering.is_some() => {
                self.gather(now, *digit);
            }
            (State::Connecting | State::Streaming, event) => {
                self.stream_hears(now, AppInput::Event(event));
            }
            (State::Playing(..), CallEvent::MarkPlayed { mark, .. }) if self.is_last(mark) => {
                self.played();
            }
            // Somebody else cleared it, or the call has moved and the new party has not heard it.
            (State::Playing(..), CallEvent::Cleared { unplayed, .. })
                if unplayed.iter().any(|mark| self.is_last(mark)) =>
            {
                self.played();
            }
            // Where there is no room for the mark, nothing tells the end.
            (State::Playing(..), CallEvent::Refused { command, .. })
                if *command == CommandKind::Mark =>
            {
                self.state = State::Ready;
            }
            // One that went well ends the call, or joins it with another.
            (State::Moving, CallEvent::Transferred(outcome)) if outcome.code >= 300 => {
                self.state = State::Ready;
            }
            (State::Moving, CallEvent::Refused { command, .. })
                if *command == CommandKind::Transfer =>
            {
                self.state = State::Ready;
            }
            _ => {}
        }
    }

    fn brought(&mut self, brought: Brought) {
        match (&self.state, brought) {
            (State::AwaitsSound(times), Brought::Sound(samples)) => {
                let times = *times;
                self.play(samples, times);
            }
            // A caller who cannot hear one thing may hear the next.
            (State::AwaitsSound(_), _) => self.state = State::Ready,
            (State::AwaitsPage, Brought::Page(steps)) => {
                self.steps = steps.into();
                self.state = State::Ready;
            }
            (State::AwaitsPage, _) => self.hang_up(HangupCause::Error),
            _ => {}
        }
    }

    /// What the stream's connection brings, or becomes.
    fn connection(&mut self, now: Instant, input: AppInput<'_>) {
        match (&self.state, input) {
            (State::Connecting, AppInput::Opened) => {
                self.pages_in_a_row = 0;
                self.state = State::Streaming;
                self.stream_hears(now, AppInput::Opened);
            }
            (State::Connecting, AppInput::OpenFailed) => self.leave_stream(),
            (State::Streaming, input) => self.stream_hears(now, input),
            // Nobody waits for it any more.
            (_, AppInput::Opened) => self.outbox.close(NORMAL_CLOSURE),
            // What the application before still had to say.
            _ => {}
        }
    }

    fn time(&mut self, now: Instant) {
        match &mut self.state {
            State::Waiting(until) if *until <= now => self.state = State::Ready,
            State::Listening(until) if *until <= now => self.gathered(),
            State::Pressing(keys, next) if *next <= now => match keys.pop_front() {
                Some(Key::Digit(digit)) => {
                    *next = now + Duration::from_millis(DIGIT_MS.into()) + KEY_GAP;
                    self.outbox.command(press(digit));
                }
                Some(Key::Pause) => *next = now + KEY_PAUSE,
                None => self.state = State::Ready,
            },
            State::Connecting | State::Streaming => self.stream_hears(now, AppInput::Timeout),
            _ => {}
        }
    }

    /// Does the steps that take no time, up to one that does.
    fn advance(&mut self, now: Instant) {
        while matches!(self.state, State::Ready) {
            if self.gathering.is_some() {
                self.prompt(now);
                continue;
            }
            match self.steps.pop_front() {
                None | Some(Step::HangUp) => self.hang_up(HangupCause::Normal),
                Some(step) => self.step(now, step),
            }
        }
    }

    fn step(&mut self, now: Instant, step: Step) {
        match step {
            Step::Play(Sound::Here(samples), times) => self.play(samples, times),
            Step::Play(sound, times) => {
                self.ask(Errand::Sound(sound));
                self.state = State::AwaitsSound(times);
            }
            Step::Press(keys) => {
                self.pages_in_a_row = 0;
                self.state = State::Pressing(keys, now);
                self.time(now);
            }
            Step::Wait(length) if length.is_zero() => {}
            Step::Wait(length) => {
                self.pages_in_a_row = 0;
                self.state = State::Waiting(now + length);
            }
            Step::Go(page) => self.go(page),
            Step::Connect(stream) => self.connect(now, stream),
            Step::Gather(gather) => self.gathering = Some(Gathering::new(gather)),
            Step::Move(target, mode) => self.transfer(target, mode),
            Step::HangUp => self.hang_up(HangupCause::Normal),
        }
    }

    fn ask(&mut self, errand: Errand) {
        self.errand.errand += 1;
        self.outbox.errand(self.errand, errand);
    }

    /// Plays a sound once, and notes how often it is to be played after that.
    fn play(&mut self, samples: Arc<[i16]>, times: Option<u32>) {
        let left = times.map(|times| times.checked_sub(1));
        if samples.is_empty() || left == Some(None) {
            self.state = State::Ready;
            return;
        }
        self.pages_in_a_row = 0;
        let copied = Cow::Owned(samples.to_vec());
        self.outbox.command(CallCommand::Play(copied));
        self.sounds += 1;
        if let Some(mark) = Mark::new(&format!("{PLAYED}{}", self.sounds)) {
            self.outbox.command(CallCommand::Mark(mark));
        }
        self.state = State::Playing(samples, left.flatten());
    }

    /// Whether a mark stands behind the last sound.
    fn is_last(&self, mark: &Mark) -> bool {
        let number = mark.name().strip_prefix(PLAYED);
        number.and_then(|number| number.parse().ok()) == Some(self.sounds)
    }

    fn played(&mut self) {
        if let State::Playing(samples, left) = std::mem::replace(&mut self.state, State::Ready) {
            self.play(samples, left);
        }
    }

    fn go(&mut self, page: Page) {
        self.pages_in_a_row += 1;
        self.pages += 1;
        if self.pages_in_a_row > PAGES_IN_A_ROW_MAX || self.pages > PAGES_MAX {
            return self.hang_up(HangupCause::Error);
        }
        // What follows is of the document that is left.
        self.steps.clear();
        self.ask(Errand::Page(page));
        self.state = State::AwaitsPage;
    }

    fn connect(&mut self, now: Instant, stream: Stream) {
        let mut info = self.info.clone();
        info.parameters.clone_from(&stream.parameters);
        self.stream = Some(StreamApp::new(
            &twilio::DIALECT,
            info,
            WireOptions::default(),
        ));
        self.state = State::Connecting;
        self.ask(Errand::Stream(stream));
        self.stream_hears(now, AppInput::Event(&CallEvent::Answered));
    }

    fn transfer(&mut self, target: Target, mode: TransferMode) {
        self.pages_in_a_row = 0;
        self.outbox.command(CallCommand::Transfer {
            target,
            headers: Headers::default(),
            mode,
        });
        self.state = State::Moving;
    }

    fn hang_up(&mut self, cause: HangupCause) {
        self.outbox.command(CallCommand::Hangup(cause));
        self.over();
    }

    fn over(&mut self) {
        self.gathering = None;
        self.state = State::Over;
    }

    /// Passes something on to the stream's wire, and does what that wants. Where it is over, what
    /// follows it in the document has its turn.
    fn stream_hears(&mut self, now: Instant, input: AppInput<'_>) {
        let is_on = self.has_stream();
        let Some(stream) = &mut self.stream else {
            return;
        };
        stream.handle_input(now, input);
        let is_over = pull(stream, &mut self.stream_due, &mut self.outbox);
        if is_over && is_on {
            let over = CallEvent::Ended(EndReason::App(HangupCause::Normal));
            stream.handle_input(now, AppInput::Event(&over));
            pull(stream, &mut self.stream_due, &mut self.outbox);
            // What it had queued or paused is not for what follows.
            self.outbox.command(CallCommand::Clear);
            self.outbox.command(CallCommand::Continue);
            self.leave_stream();
        }
    }

    fn leave_stream(&mut self) {
        if let Some(stream) = self.stream.take() {
            self.past = self.past.followed_by(stream.stats());
        }
        self.stream_due = None;
        if self.has_stream() {
            self.state = State::Ready;
        }
    }

    fn has_stream(&self) -> bool {
        matches!(self.state, State::Connecting | State::Streaming)
    }

    fn due(&self) -> Option<Instant> {
        match &self.state {
            State::Pressing(_, at) | State::Waiting(at) | State::Listening(at) => Some(*at),
            State::Connecting | State::Streaming => self.stream_due,
            _ => None,
        }
    }
}

impl AppWire for Document {
    fn handle_input(&mut self, now: Instant, input: AppInput<'_>) {
        if matches!(self.state, State::New) {
            self.begin(&input);
        }
        match input {
            AppInput::Event(event) => self.event(now, event),
            AppInput::Brought(errand, brought) if errand == self.errand => self.brought(brought),
            AppInput::Brought(..) => {}
            AppInput::Timeout => {}
            input => self.connection(now, input),
        }
        self.time(now);
        self.advance(now);
    }

    fn poll_output(&mut self) -> AppOutput<'_> {
        let due = self.due();
        self.outbox.next().unwrap_or(AppOutput::Timeout(due))
    }

    fn stats(&self) -> AppStats {
        let stream = self.stream.as_ref().map(AppWire::stats);
        self.past.followed_by(stream.unwrap_or_default())
    }
}

/// Passes on what a stream's wire wants of the call and its connection. Says whether it is over:
/// a stream that wants the call ended wants that for itself alone.
fn pull(stream: &mut StreamApp, due: &mut Option<Instant>, outbox: &mut Outbox) -> bool {
    let mut is_over = false;
    loop {
        match stream.poll_output() {
            AppOutput::Timeout(next) => {
                *due = next;
                return is_over;
            }
            AppOutput::End(_) | AppOutput::Command(CallCommand::Hangup(_)) => is_over = true,
            // The call was answered long ago.
            AppOutput::Command(CallCommand::Ring | CallCommand::Answer) => {}
            AppOutput::Command(CallCommand::Play(samples)) => {
                outbox.play(samples.len(), |room| {
                    room.copy_from_slice(&samples);
                    samples.len()
                });
            }
            AppOutput::Command(command) => outbox.command(command.into_owned()),
            AppOutput::Send(frame) => outbox.message(frame),
            AppOutput::Close(code) => outbox.close(code),
            AppOutput::Redial | AppOutput::Absent(_) | AppOutput::Errand(..) => {}
        }
    }
}

fn press(digit: Digit) -> CallCommand<'static> {
    CallCommand::SendDtmf {
        digit,
        duration_ms: DIGIT_MS,
    }
}
