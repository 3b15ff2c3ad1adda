//! A call that a provider hands over as a media stream: it dials us, says who calls, and from
//! then on the caller's audio, keys and marks come as messages, and so does what we say.
//!
//! The [`StreamCodec`] knows how its dialect spells things, the [`Manners`] how the provider
//! behaves. A [`StreamLeg`] knows what a call is, one file a subject: what is heard (`hearing`),
//! what is said and when (`saying`, `ahead`), what is asked (`commands`), how it ends (`ending`).
//! What comes before there is a call is [`Greeting`]'s.

mod ahead;
mod commands;
mod ending;
mod greeting;
mod hearing;
mod liveness;
mod outbox;
mod saying;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use trunkline_call::{CallEvent, EndReason, FRAME_SAMPLES, GatewayReason};
use trunkline_media::playout::Level;
use trunkline_media::session::Statistics;
use trunkline_media::timing::{EARLY_MAX_US, SAMPLES_PER_MS};
use trunkline_media::turns::TurnTimer;
use trunkline_streams::Frame as Message;
use trunkline_streams::stream::sound::{Encoder, UnsupportedFormat};
use trunkline_streams::stream::{Down, Manners, MediaFormat, StreamCodec, Up};

pub use ahead::AHEAD_US;
pub use greeting::{GREETING_MESSAGES_MAX, Greeted, Greeting, Refusal, START_MAX};
pub use hearing::{AHEAD_MAX_US, GAP_US};
pub use liveness::{PING_AFTER, QUIET_MAX};

use commands::Moving;
use hearing::Hearing;
use liveness::{Liveness, Pulse};
use outbox::Outbox;
use saying::{FRAME_MS, Frame, Saying, Speech};

use crate::turns::found;
use crate::{Description, Input, Leg, Output, Stats};

/// Messages that break the dialect before the call is ended.
pub const NONSENSE_MAX: u64 = 100;

/// Bytes that may wait in the connection before nothing further is put there: what waits here can
/// still be cleared.
pub const BACKLOG_BYTES_MAX: usize = 16 * 1024;

/// A driver may wake up this much before a deadline.
const EARLY_MAX: Duration = Duration::from_micros(EARLY_MAX_US.unsigned_abs());

/// How a stream leg behaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// The longest call; `None`: no limit.
    pub longest_call: Option<Duration>,
    /// How long the application may say nothing after the caller has spoken before it is told to be
    /// deaf; `None`: for ever.
    pub deaf_after: Option<Duration>,
    /// What the provider can be asked for besides its stream.
    pub by_rest: ByRest,
}

/// What a provider does for a call when it is asked over its REST interface, and the call goes on.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByRest {
    /// It moves the caller.
    pub moves: bool,
    /// It presses keys.
    pub presses: bool,
}

/// A call over a provider's media stream. It is answered when it begins: the provider has done
/// that, or it would have nothing to stream.
#[derive(Debug)]
pub struct StreamLeg {
    codec: Box<dyn StreamCodec>,
    manners: Manners,
    began: Instant,
    ended: Option<Instant>,
    end_by: Option<Instant>,
    hearing: Hearing,
    speech: Speech,
    turns: TurnTimer,
    encoder: Encoder,
    /// The provider did not say what it takes: it takes what it sends.
    answers_in_kind: bool,
    /// Room for what is said next.
    frame: Frame,
    /// The beginning of a message of several frames.
    message: Vec<u8>,
    mark_name: String,
    /// The provider asked us to wait.
    asked_to_wait: bool,
    backlog: usize,
    /// Watched where the dialect has a way to ask.
    liveness: Option<Liveness>,
    moving: Moving,
    by_rest: ByRest,
    /// The application has said something since answer.
    spoke: bool,
    said: u64,
    said_bytes: u64,
    digits: u64,
    nonsense: u64,
    outbox: Outbox,
}

impl StreamLeg {
    /// The call of a stream that has just begun.
    ///
    /// # Errors
    /// Where the stream carries audio that cannot be turned into ours.
    pub fn new(
        greeted: Greeted,
        settings: Settings,
        now: Instant,
    ) -> Result<Self, UnsupportedFormat> {
        let Greeted {
            dialect,
            codec,
            start,
            sound,
        } = greeted;
        let manners = dialect.manners;
        let up = start.up.unwrap_or(manners.format);
        let down = start.down.unwrap_or(up);
        let mut outbox = Outbox::default();
        outbox.tell(CallEvent::Answered);
        let mut leg = Self {
            codec,
            began: now,
            ended: None,
            end_by: settings
                .longest_call
                .and_then(|longest| now.checked_add(longest)),
            hearing: Hearing::new(up, manners.reordered)?,
            encoder: Encoder::new(down)?,
            answers_in_kind: start.down.is_none(),
            speech: Speech::new(&manners, down),
            turns: TurnTimer::new(settings.deaf_after),
            manners,
            frame: [0; FRAME_SAMPLES],
            message: Vec::new(),
            mark_name: String::new(),
            asked_to_wait: false,
            backlog: 0,
            liveness: manners.pings.then(|| Liveness::new(now)),
            moving: Moving::default(),
            by_rest: settings.by_rest,
            spoke: false,
            said: 0,
            said_bytes: 0,
            digits: 0,
            nonsense: 0,
            outbox,
        };
        if let Some(sound) = sound {
            leg.received(now, Message::Binary(&sound));
        }
        Ok(leg)
    }

    /// Microseconds since answer.
    fn since_answer_us(&self, now: Instant) -> i64 {
        let since = now.saturating_duration_since(self.began);
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX / 2)
    }

    /// The time that many microseconds after answer.
    fn instant(&self, at_us: i64) -> Instant {
        self.began + Duration::from_micros(u64::try_from(at_us).unwrap_or_default())
    }

    fn received(&mut self, now: Instant, message: Message<'_>) {
        let now_us = self.since_answer_us(now);
        let ok = match self.codec.read_up(message) {
            Ok(Up::Media(media)) => {
                let (turns, outbox) = (&mut self.turns, &mut self.outbox);
                let heard = self.hearing.media(now_us, &media, turns, outbox);
                if let Some(format) = media.format.filter(|_| self.answers_in_kind) {
                    follow(&mut self.encoder, format);
                }
                heard
            }
            Ok(Up::Dtmf { digit, duration }) => {
                self.digits += 1;
                let told = duration.unwrap_or_default().as_millis();
                let duration_ms = u32::try_from(told).unwrap_or(u32::MAX);
                self.outbox.tell(CallEvent::Dtmf { digit, duration_ms });
                true
            }
            // A name that is no number is none of ours.
            Ok(Up::Mark { name }) => {
                if let Ok(number) = name.parse() {
                    self.speech.on_answer(now_us, number);
                }
                true
            }
            Ok(Up::QueueHigh) => {
                self.asked_to_wait = true;
                true
            }
            Ok(Up::QueueLow) => {
                self.asked_to_wait = false;
                true
            }
            Ok(Up::Stop) => return self.stopped(now),
            Ok(Up::Connected | Up::Cleared | Up::Nothing) => true,
            // A complaint is about something of ours, and a call begins once.
            Ok(Up::Error { .. } | Up::Start(_)) | Err(_) => false,
        };
        self.nonsense += u64::from(!ok);
        if self.nonsense >= NONSENSE_MAX {
            self.end(now, EndReason::Gateway(GatewayReason::StreamNonsense));
        }
    }

    /// Says and tells what it is time for.
    fn speak(&mut self, now: Instant) {
        let now_us = self.since_answer_us(now);
        let full = self.asked_to_wait || self.backlog > BACKLOG_BYTES_MAX;
        self.speech.set_full(full);
        while let Some(saying) = self.speech.next(now_us, &mut self.frame) {
            match saying {
                Saying::Frame { more } => {
                    self.time_frame(now_us);
                    self.say_frame(more);
                }
                Saying::Mark(number) => self.say_mark(number),
                Saying::Played(mark, position) => {
                    let at_ms = position / SAMPLES_PER_MS;
                    self.outbox.tell(CallEvent::MarkPlayed { mark, at_ms });
                }
                Saying::Level(level) => self.tell_level(level),
            }
        }
        while let Some(silence) = self.hearing.silence(now_us) {
            self.turns.missed(now_us);
            self.outbox.tell(silence);
        }
        while let Some(finding) = self.turns.next_finding() {
            self.outbox.tell(found(&finding));
        }
    }

    /// Lets it be known when the frame that is said now is heard: a provider that is sent it ahead of
    /// its time plays it behind what it has.
    fn time_frame(&mut self, now_us: i64) {
        let (at_us, position) = self.speech.latest(now_us);
        let delay_us = self.encoder.delay_us();
        self.turns
            .sent(now_us, at_us, position, &self.frame, delay_us);
    }

    /// Says a frame, or, where more of its message follow, keeps it until they are there.
    fn say_frame(&mut self, more: bool) {
        if let Some(order) = self.hearing.order() {
            self.encoder.set_order(order);
        }
        let format = Some(self.encoder.format());
        let mut payload = self.encoder.encode(&self.frame);
        if more || !self.message.is_empty() {
            self.message.extend_from_slice(payload);
            payload = &self.message;
        }
        if more {
            return;
        }
        self.said += 1;
        self.said_bytes += payload.len() as u64;
        let mark = None;
        let media = Down::Media {
            payload,
            format,
            mark,
        };
        self.outbox.say(self.codec.as_mut(), &media);
        self.message.clear();
    }

    fn say_mark(&mut self, number: u64) {
        self.mark_name.clear();
        // Writing to a String cannot fail.
        let _ = write!(self.mark_name, "{number}");
        let name = &self.mark_name;
        self.outbox.say(self.codec.as_mut(), &Down::Mark { name });
    }

    fn tell_level(&mut self, level: Level) {
        let queued_ms = self.speech.queued() as u64 / SAMPLES_PER_MS;
        self.outbox.tell(match level {
            Level::High => CallEvent::QueueHigh { queued_ms },
            Level::Low => CallEvent::QueueLow { queued_ms },
        });
    }

    fn timers(&mut self, now: Instant) {
        if self.end_by.is_some_and(|by| by <= now + EARLY_MAX) {
            return self.end(now, EndReason::Gateway(GatewayReason::DurationLimit));
        }
        let pulse = self.liveness.as_mut().map(|it| it.look(now + EARLY_MAX));
        match pulse {
            None | Some(Pulse::Felt) => {}
            Some(Pulse::Ask) => self.outbox.ping(),
            Some(Pulse::Gone) => self.end(now, EndReason::Gateway(GatewayReason::StreamLost)),
        }
    }

    /// The far end is there.
    fn felt(&mut self, now: Instant) {
        if let Some(liveness) = &mut self.liveness {
            liveness.felt(now);
        }
    }

    fn next_due(&self) -> Option<Instant> {
        if self.is_over() {
            return None;
        }
        let media = self
            .speech
            .due()
            .into_iter()
            .chain([self.hearing.due()])
            .min();
        let media = media.map(|at_us| self.instant(at_us));
        [
            media,
            self.end_by,
            self.liveness.as_ref().map(Liveness::due),
        ]
        .into_iter()
        .flatten()
        .min()
    }
}

/// Writes this format from now on, if it can be written.
fn follow(encoder: &mut Encoder, format: MediaFormat) {
    if format != encoder.format()
        && let Ok(other) = Encoder::new(format)
    {
        *encoder = other;
    }
}

impl Leg for StreamLeg {
    fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        if self.is_over() {
            return;
        }
        self.outbox.reuse();
        match input {
            Input::Timeout => {}
            Input::Received(message) => {
                self.felt(now);
                self.received(now, message);
            }
            Input::Pong => self.felt(now),
            Input::Backlog { bytes } => self.backlog = bytes,
            Input::Command(command) => self.on_command(now, command),
            Input::End(reason) => self.end(now, EndReason::Gateway(reason)),
            Input::Dial(news) => self.on_dial_news(news),
            Input::Closed(code) => self.closed(now, code),
            Input::BrokenFraming => {
                self.end(now, EndReason::Gateway(GatewayReason::StreamNonsense));
            }
            // A stream has no dialog and no RTP.
            Input::Signal(_) | Input::Packet { .. } => {}
        }
        if !self.is_over() {
            self.timers(now);
        }
        if !self.is_over() {
            self.speak(now);
        }
    }

    fn poll_output(&mut self) -> Output<'_> {
        let due = self.next_due();
        self.outbox.next().unwrap_or(Output::Timeout(due))
    }

    fn queued(&self) -> usize {
        self.speech.queued()
    }

    fn keep_queue(&mut self) {
        self.speech.keep_queue();
    }

    fn time_turns(&mut self, timed: bool) {
        self.turns.watch(timed);
    }

    fn stats(&self) -> Stats {
        Stats {
            started: self.began,
            answered: Some(self.began),
            ended: self.ended,
            media: Some(self.figures()),
        }
    }

    fn describe(&self) -> Description {
        Description {
            local: None,
            remote: None,
            codec: None,
            format: Some(self.encoder.format()),
            ptime_ms: Some(FRAME_MS),
            keys: None,
            rtcp_mux: false,
            held: false,
        }
    }
}

impl StreamLeg {
    fn figures(&self) -> Statistics {
        Statistics {
            packets_received: self.hearing.messages(),
            bytes_received: self.hearing.bytes(),
            packets_sent: self.said,
            bytes_sent: self.said_bytes,
            packets_late: self.hearing.late(),
            packets_malformed: self.nonsense,
            samples_concealed: self.hearing.made_up(),
            samples_played: self.speech.heard(
                self.ended
                    .map_or(i64::MAX / 2, |at| self.since_answer_us(at)),
            ),
            playout_slips: self.speech.slips(),
            digits_received: self.digits,
            ..Statistics::default()
        }
    }
}
