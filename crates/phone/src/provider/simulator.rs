//! The provider's end of one stream: a machine without I/O.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use trunkline_streams::stream::sound::{Decoder, Encoder, UnsupportedFormat};
use trunkline_streams::stream::{Down, Marks, Media, MediaFormat, StreamCodec, Track, Up};
use trunkline_streams::{CloseCode, Frame};

use super::faults::Faults;
use super::plan::{FRAME, KEY_HELD, Plan};
use super::playing::Playing;
use super::report::{End, Report};
use super::rules::Rules;
use super::seen::{Seen, is_audible};

/// How long a server may take to answer a close frame.
pub const CLOSE_MAX: Duration = Duration::from_secs(5);
/// What is kept of each side's audio: half an hour.
const TAPE_SAMPLES_MAX: usize = 16_000 * 60 * 30;
/// A close that went as it should (RFC 6455 section 7.4.1).
const NORMAL: u16 = 1000;

/// What reaches the simulator.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A deadline has passed.
    Timeout,
    /// The connection is open.
    Opened,
    /// A message of the server.
    Received(Frame<'a>),
    /// The server broke the rules of the connection itself.
    BrokenFraming,
    /// The server does not read what it is sent.
    NotReading,
    /// The connection is closed, and the server says why in these words.
    Closed(CloseCode, &'a str),
    /// The caller hangs up now.
    HangUp,
}

/// What the simulator asks for.
#[derive(Debug)]
pub enum Output<'a> {
    /// Nothing more now; come back at this time. `None`: the call is over.
    Timeout(Option<Instant>),
    /// Send this.
    Send(Frame<'a>),
    /// Close the connection with this code, after what was sent.
    Close(u16),
}

/// One call.
#[derive(Debug)]
pub struct Simulator {
    plan: Plan,
    rules: Rules,
    codec: Box<dyn StreamCodec>,
    encoder: Encoder,
    decoder: Decoder,
    state: State,
    playing: Playing,
    outbox: VecDeque<Message>,
    /// What was taken from the outbox last.
    sending: Option<Message>,
    faults: Faults,
    report: Seen,
}

/// Where the call stands.
#[derive(Clone, Copy, Debug)]
enum State {
    Opening,
    /// So many frames of 20 ms have been sent and played.
    Streaming {
        began: Instant,
        frames: u32,
    },
    /// The close frame is not answered yet.
    Closing {
        by: Instant,
    },
    Over,
}

/// A message that waits to be sent.
#[derive(Debug)]
enum Message {
    Text(String),
    Binary(Vec<u8>),
    Close(u16),
}

impl Simulator {
    /// A call that begins once its connection is open.
    ///
    /// # Errors
    /// Where one of its formats cannot be turned into 16 kHz.
    pub fn new(plan: Plan) -> Result<Self, UnsupportedFormat> {
        let (up, down) = announced(&plan);
        Ok(Self {
            rules: Rules::of(plan.dialect),
            codec: (plan.dialect.codec)(),
            encoder: Encoder::new(up)?,
            decoder: Decoder::new(down)?,
            state: State::Opening,
            playing: Playing::default(),
            outbox: VecDeque::new(),
            sending: None,
            faults: Faults::default(),
            report: Seen::default(),
            plan,
        })
    }

    /// Takes one input.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Timeout => {}
            Input::Opened => self.open(now),
            Input::Received(frame) => self.received(now, frame),
            Input::BrokenFraming => self.broken(now, "it broke the rules of WebSocket itself"),
            Input::NotReading => self.broken(now, "it does not read what it is sent"),
            Input::Closed(code, words) => self.closed(now, code, words),
            Input::HangUp => self.hang_up(now, End::Caller),
        }
        self.go_on(now);
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Output<'_> {
        self.sending = self.outbox.pop_front();
        match &self.sending {
            Some(Message::Text(text)) => Output::Send(Frame::Text(text)),
            Some(Message::Binary(bytes)) => Output::Send(Frame::Binary(bytes)),
            Some(Message::Close(code)) => Output::Close(*code),
            None => Output::Timeout(self.due()),
        }
    }

    /// Whether the call is over.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// What came of the call.
    pub fn into_report(self) -> Report {
        let (dialect, format) = (self.plan.dialect, self.encoder.format());
        let broken = self.faults.into_list();
        self.report.into_report(dialect, format, broken)
    }

    fn due(&self) -> Option<Instant> {
        match self.state {
            State::Opening | State::Over => None,
            State::Streaming { began, frames } => Some(began + FRAME * frames),
            State::Closing { by } => Some(by),
        }
    }

    /// Some servers read exactly two messages before they take audio: both go at once.
    fn open(&mut self, now: Instant) {
        self.report.began = Some(now);
        self.state = State::Streaming {
            began: now,
            frames: 0,
        };
        self.say(&Up::Connected);
        let start = Box::new(self.plan.start.clone());
        self.say(&Up::Start(start));
    }

    /// Does what it is time for.
    fn go_on(&mut self, now: Instant) {
        while let State::Streaming { began, frames } = self.state {
            let at = FRAME * frames;
            if began + at > now {
                return;
            }
            if at >= self.plan.hang_up {
                return self.hang_up(now, End::Caller);
            }
            self.state = State::Streaming {
                began,
                frames: frames + 1,
            };
            self.frame(at);
        }
        if let State::Closing { by } = self.state
            && by <= now
        {
            self.state = State::Over;
        }
    }

    /// 20 ms of the call: what the caller says and presses, and what is played to the caller.
    fn frame(&mut self, at: Duration) {
        let spoken = self.plan.frame(at);
        self.report.counts.media_sent += 1;
        let media = Up::Media(Media {
            track: Track::Inbound,
            chunk: Some(self.report.counts.media_sent),
            timestamp_ms: Some(at.as_millis() as u64),
            format: None,
            payload: self.encoder.encode(&spoken),
        });
        if let Some(frame) = self.codec.write_up(&media) {
            self.outbox.push_back(Message::of(frame));
        }
        if is_audible(&spoken) {
            self.report.first_word.get_or_insert(at);
        }
        while let Some(digit) = self.plan.key(self.report.counts.keys as usize, at) {
            self.report.counts.keys += 1;
            let duration = Some(KEY_HELD);
            self.say(&Up::Dtmf { digit, duration });
        }
        let played = self.playing.play();
        self.echo_reached();
        if self.report.sent.len() < TAPE_SAMPLES_MAX {
            self.report.sent.extend(spoken);
            self.report.heard.extend(played);
        }
    }

    /// Says what the dialect has words for.
    fn say(&mut self, up: &Up<'_>) {
        if let Some(frame) = self.codec.write_up(up) {
            self.outbox.push_back(Message::of(frame));
        }
    }

    fn echo(&mut self, name: &str) {
        self.report.counts.marks_echoed += 1;
        self.say(&Up::Mark { name });
    }

    fn echo_reached(&mut self) {
        while let Some(name) = self.playing.reached() {
            self.echo(&name);
        }
    }

    fn received(&mut self, now: Instant, frame: Frame<'_>) {
        // What was on its way when the caller hung up.
        let State::Streaming { began, .. } = self.state else {
            return;
        };
        let at = now.saturating_duration_since(began);
        let stream = &self.plan.start.stream_id;
        if let Some(what) = self.rules.about_stream(stream, frame) {
            return self.faults.of_message(at, what, frame);
        }
        let Self {
            codec,
            faults,
            rules,
            decoder,
            playing,
            report,
            ..
        } = self;
        let asked = match codec.read_down(frame) {
            Err(nonsense) => return faults.of_message(at, nonsense.0, frame),
            Ok(Down::Media {
                payload,
                format,
                mark,
            }) => {
                let mut fault = rules.about_audio(payload);
                if let Err(what) = report.play(at, decoder, playing, payload, format) {
                    fault = Some(what);
                }
                if let Some(what) = fault {
                    faults.of_message(at, what, frame);
                }
                mark.map_or(Asked::Nothing, |name| Asked::Mark(name.to_owned()))
            }
            Ok(Down::Mark { name }) => Asked::Mark(name.to_owned()),
            Ok(Down::Clear) => Asked::Clear,
            Ok(Down::Pause) => Asked::Pause(true),
            Ok(Down::Continue) => Asked::Pause(false),
            Ok(Down::Hangup) => Asked::HangUp,
            // What follows from these is not simulated.
            Ok(Down::Answer | Down::Dtmf { .. } | Down::Transfer { .. }) => Asked::Nothing,
            Ok(Down::Nothing) => {
                report.counts.ignored += 1;
                if let Some(what) = rules.about_nothing(frame) {
                    faults.of_message(at, what, frame);
                }
                Asked::Nothing
            }
        };
        self.obey(now, at, asked);
    }

    fn obey(&mut self, now: Instant, at: Duration, asked: Asked) {
        match asked {
            Asked::Nothing => {}
            Asked::Mark(name) => {
                self.report.counts.marks += 1;
                if self.playing.mark(&name) {
                    // With nothing queued, at once.
                    self.echo_reached();
                } else {
                    self.faults.of_connection(at, "more marks than are kept");
                }
            }
            Asked::Clear => self.clear(),
            Asked::Pause(paused) => self.playing.pause(paused),
            Asked::HangUp => self.hang_up(now, End::Server),
        }
    }

    fn clear(&mut self) {
        self.report.counts.clears += 1;
        self.decoder.restart();
        let unplayed = self.playing.clear();
        self.say(&Up::Cleared);
        if self.plan.dialect.manners.marks == Marks::EchoedWhenCleared {
            for name in unplayed {
                self.echo(&name);
            }
        }
    }

    /// The stream ends, and the provider closes its connection.
    fn hang_up(&mut self, now: Instant, end: End) {
        if !matches!(self.state, State::Streaming { .. }) {
            return;
        }
        self.ended(now, end);
        self.say(&Up::Stop);
        self.outbox.push_back(Message::Close(NORMAL));
        let by = now + CLOSE_MAX;
        self.state = State::Closing { by };
    }

    fn closed(&mut self, now: Instant, code: CloseCode, words: &str) {
        self.ended(
            now,
            match code {
                CloseCode::Frame(_) => End::Closed,
                CloseCode::Abnormal => End::Lost,
            },
        );
        self.report.closed = Some(code);
        self.report.close_words = words.escape_debug().to_string();
        self.state = State::Over;
    }

    fn broken(&mut self, now: Instant, what: &'static str) {
        let at = self.since(now);
        self.faults.of_connection(at, what);
        self.ended(now, End::Lost);
        self.state = State::Over;
    }

    /// The first end is the one.
    fn ended(&mut self, now: Instant, end: End) {
        if self.report.end.is_none() {
            self.report.end = Some(end);
            self.report.lasted = self.since(now);
        }
    }

    fn since(&self, now: Instant) -> Duration {
        let began = self.report.began.unwrap_or(now);
        now.saturating_duration_since(began)
    }
}

/// What the caller's audio is sent as, and what the server's is read as: what `start` says, read as
/// a server reads it, since the name of a linear format leaves the order of its bytes to the dialect.
fn announced(plan: &Plan) -> (MediaFormat, MediaFormat) {
    let (mut provider, mut server) = ((plan.dialect.codec)(), (plan.dialect.codec)());
    let said = provider.write_up(&Up::Start(Box::new(plan.start.clone())));
    let read = said.and_then(|frame| server.read_up(frame).ok());
    let start = match read {
        Some(Up::Start(start)) => start,
        _ => Box::new(plan.start.clone()),
    };
    let up = start.up.unwrap_or(plan.dialect.manners.format);
    let down = plan.start.down.filter(|down| plan.start.up != Some(*down));
    (up, down.unwrap_or(up))
}

/// What a message asks of the provider, apart from audio.
enum Asked {
    Nothing,
    Mark(String),
    Clear,
    Pause(bool),
    HangUp,
}

impl Message {
    fn of(frame: Frame<'_>) -> Self {
        match frame {
            Frame::Text(text) => Self::Text(text.to_owned()),
            Frame::Binary(bytes) => Self::Binary(bytes.to_vec()),
            // No codec writes one.
            Frame::Ping => Self::Binary(Vec::new()),
        }
    }
}
