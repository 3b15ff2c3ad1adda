//! The media session of a leg: packets and playout commands in, packets and events out.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use trunkline_call::{
    CallCommand, CallEvent, CommandKind, Digit, EndReason, GatewayReason, Mark, Why,
};
use trunkline_media::dtmf;
use trunkline_media::negotiation::Agreed;
use trunkline_media::session::{self, MarkId, Port, Refusal, Session, Statistics};

use trunkline_media::timing::EARLY_MAX_US;

use crate::turns::found;

use super::keys::Way;
use super::{Phase, Queued, Settings, SipLeg};

/// The session does at once what is due this soon, so it is told the time that early.
const EARLY_MAX: Duration = Duration::from_micros(EARLY_MAX_US.unsigned_abs());

/// The most packets that are kept for when the answer is known: 200 ms of most calls.
const EARLY_PACKETS_MAX: usize = 10;
/// A longer one is not kept.
const EARLY_BYTES_MAX: usize = 1_500;

/// A packet that came before the answer of the far end. Who offers must be ready to hear as soon as
/// the offer is sent (RFC 3264 §5.1), and an answer takes longer than the sound that follows it.
#[derive(Debug)]
struct Early {
    at: Instant,
    source: SocketAddr,
    bytes: Box<[u8]>,
}

/// A datagram to send; its bytes are in [`Media::sent`].
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) port: Port,
    pub(super) destination: SocketAddr,
    bytes: Range<usize>,
}

/// What the session wants, in the leg's words.
enum News {
    Send(Packet),
    Tell(CallEvent),
    Key(Digit, u32),
    Silent,
}

/// The session, once there is one, and what stands between its vocabulary and the call's.
#[derive(Debug)]
pub(super) struct Media {
    seed: [u8; 32],
    session: Option<Session>,
    /// The latest that came before there was a session.
    early: VecDeque<Early>,
    next: Option<Instant>,
    /// The names of the marks that the session knows by number, in their order.
    marks: VecDeque<(MarkId, Mark)>,
    marks_made: u64,
    /// Bytes of the datagrams of one input, one after the other; reused for the next.
    sent: Vec<u8>,
    last: Option<Statistics>,
    /// Whether the application has said anything.
    spoke: bool,
}

impl Media {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self {
            seed,
            session: None,
            early: VecDeque::new(),
            next: None,
            marks: VecDeque::new(),
            marks_made: 0,
            sent: Vec::new(),
            last: None,
            spoke: false,
        }
    }

    pub(super) fn start(&mut self, now: Instant, agreed: &Agreed, told: &Settings) {
        let mut settings = session::Settings {
            deaf_after: told.deaf_after,
            ..session::Settings::default()
        };
        if let Some(silence) = told.rtp_timeout {
            settings.rtp_silence_max = silence;
        }
        self.session = Some(Session::new(now, agreed, self.seed, settings));
        self.next = Some(now);
        for early in std::mem::take(&mut self.early) {
            if is_same(early.source, agreed.remote) {
                let input = session::Input::Early {
                    before: now.saturating_duration_since(early.at),
                    source: early.source,
                    bytes: &early.bytes,
                };
                self.input(now, input);
            }
        }
    }

    pub(super) fn renegotiate(&mut self, now: Instant, agreed: &Agreed) {
        self.input(now, session::Input::Renegotiated(agreed));
    }

    pub(super) fn packet(&mut self, now: Instant, port: Port, source: SocketAddr, bytes: &[u8]) {
        if self.session.is_none() && port == Port::Rtp {
            return self.keep_early(now, source, bytes);
        }
        self.input(
            now,
            session::Input::Packet {
                port,
                source,
                bytes,
            },
        );
    }

    fn keep_early(&mut self, at: Instant, source: SocketAddr, bytes: &[u8]) {
        let is_over = self.last.is_some();
        if is_over || bytes.len() > EARLY_BYTES_MAX {
            return;
        }
        if self.early.len() >= EARLY_PACKETS_MAX {
            self.early.pop_front();
        }
        self.early.push_back(Early {
            at,
            source,
            bytes: bytes.into(),
        });
    }

    /// Lets the session do what is due.
    pub(super) fn timeout(&mut self, now: Instant) {
        if self.next.is_some_and(|at| at <= now + EARLY_MAX) {
            self.input(now, session::Input::Timeout);
        }
    }

    pub(super) fn press(&mut self, now: Instant, digit: Digit, duration_ms: u32) {
        if let Some(digit) = dtmf::Digit::from_event(digit.event()) {
            self.input(now, session::Input::SendDtmf { digit, duration_ms });
        }
    }

    /// Forgets what the application said and was not heard, and says how much was.
    pub(super) fn last_words(&mut self, now: Instant) {
        if std::mem::take(&mut self.spoke) {
            self.input(now, session::Input::Clear);
        }
    }

    /// Says goodbye to the far end's RTCP. What the session still had to say is polled as ever.
    pub(super) fn end(&mut self, now: Instant) {
        self.input(now, session::Input::End);
    }

    /// Forgets the session and keeps its figures.
    pub(super) fn forget(&mut self) {
        self.last = self.statistics();
        self.session = None;
        self.next = None;
        self.marks = VecDeque::new();
    }

    pub(super) fn queued(&self) -> usize {
        self.session.as_ref().map_or(0, Session::queued)
    }

    pub(super) fn keep_queue(&mut self) {
        if let Some(session) = &mut self.session {
            session.keep_queue();
        }
    }

    pub(super) fn time_turns(&mut self, timed: bool) {
        if let Some(session) = &mut self.session {
            session.time_turns(timed);
        }
    }

    pub(super) fn statistics(&self) -> Option<Statistics> {
        self.session.as_ref().map(Session::statistics).or(self.last)
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    pub(super) fn bytes_of(&self, packet: &Packet) -> &[u8] {
        self.sent.get(packet.bytes.clone()).unwrap_or_default()
    }

    /// Every datagram given so far was sent.
    pub(super) fn forget_sent(&mut self) {
        self.sent.clear();
    }

    fn mark(&mut self, now: Instant, mark: Mark) {
        self.marks_made += 1;
        let id = MarkId(self.marks_made);
        self.marks.push_back((id, mark));
        self.input(now, session::Input::Mark(id));
    }

    fn take_mark(&mut self, id: MarkId) -> Option<Mark> {
        let at = self.marks.iter().position(|(known, _)| *known == id)?;
        self.marks.remove(at).map(|(_, mark)| mark)
    }

    fn input(&mut self, now: Instant, input: session::Input<'_>) {
        if let Some(session) = &mut self.session {
            session.handle_input(now, input);
        }
    }

    /// The next thing the session wants; `None` when there is nothing more now.
    fn poll(&mut self) -> Option<News> {
        use session::Output;
        loop {
            let tell = match self.session.as_mut()?.poll_output() {
                Output::Timeout(at) => {
                    self.next = Some(at);
                    return None;
                }
                Output::Transmit {
                    port,
                    destination,
                    bytes,
                } => {
                    let start = self.sent.len();
                    self.sent.extend_from_slice(bytes);
                    let bytes = start..self.sent.len();
                    return Some(News::Send(Packet {
                        port,
                        destination,
                        bytes,
                    }));
                }
                Output::Dtmf { digit, duration_ms } => match Digit::from_event(digit.event()) {
                    Some(digit) => return Some(News::Key(digit, duration_ms)),
                    None => continue,
                },
                Output::RtpSilent { .. } => return Some(News::Silent),
                Output::MarkPlayed { mark, at_ms } => match self.take_mark(mark) {
                    Some(mark) => CallEvent::MarkPlayed { mark, at_ms },
                    None => continue,
                },
                Output::Cleared { at_ms, unplayed } => {
                    let unplayed = unplayed.into_iter().filter_map(|id| self.take_mark(id));
                    CallEvent::Cleared {
                        at_ms,
                        unplayed: unplayed.collect(),
                    }
                }
                Output::Audio {
                    frame,
                    at,
                    concealed,
                } => CallEvent::Audio {
                    frame,
                    at,
                    concealed,
                },
                Output::Paused { at_ms } => CallEvent::Paused { at_ms },
                Output::QueueHigh { queued_ms } => CallEvent::QueueHigh { queued_ms },
                Output::QueueLow { queued_ms } => CallEvent::QueueLow { queued_ms },
                Output::Refused(refusal) => self.refused(refusal),
                Output::Found(finding) => found(&finding),
            };
            return Some(News::Tell(tell));
        }
    }

    fn refused(&mut self, refusal: Refusal) -> CallEvent {
        let (command, why) = match refusal {
            Refusal::PlayFull => (CommandKind::Play, Why::Full),
            Refusal::MarkFull => {
                self.marks.pop_back();
                (CommandKind::Mark, Why::Full)
            }
            Refusal::DtmfFull => (CommandKind::SendDtmf, Why::Full),
            Refusal::DtmfUnsupported => (CommandKind::SendDtmf, Why::Unsupported),
        };
        CallEvent::Refused { command, why }
    }
}

fn is_same(one: SocketAddr, other: SocketAddr) -> bool {
    (one.ip().to_canonical(), one.port()) == (other.ip().to_canonical(), other.port())
}

impl SipLeg {
    /// Commands about what is played. There is nobody to hear anything before the answer.
    pub(super) fn on_playout(&mut self, now: Instant, command: CallCommand<'_>) {
        if !matches!(self.phase, Phase::Up) {
            return self.refuse(command.kind(), Why::NotNow);
        }
        let input = match command {
            CallCommand::Play(samples) => {
                self.media.spoke |= !samples.is_empty();
                return self.media.input(now, session::Input::Play(&samples));
            }
            CallCommand::Mark(mark) => return self.media.mark(now, mark),
            CallCommand::Clear => session::Input::Clear,
            CallCommand::Pause => session::Input::Pause,
            CallCommand::Continue => session::Input::Continue,
            _ => return,
        };
        self.media.input(now, input);
    }

    /// Takes everything the session wants to the outbox.
    pub(super) fn take_media(&mut self, now: Instant) {
        while let Some(news) = self.media.poll() {
            match news {
                News::Send(packet) => self.outbox.push_back(Queued::Transmit(packet)),
                News::Tell(event) => self.tell(event),
                News::Key(digit, duration_ms) => {
                    self.on_key(now, Way::Rtp, digit, duration_ms);
                }
                News::Silent => self.on_silence(now),
            }
        }
    }

    /// No RTP for as long as is allowed. A far end on hold owes us none (RFC 3264 §8.4 lets it
    /// stop), and many that hold us promise music and send nothing.
    fn on_silence(&mut self, now: Instant) {
        if self.settings.rtp_timeout.is_some() && !self.hold.is_held() {
            self.hang_up(now, EndReason::Gateway(GatewayReason::RtpTimeout));
        }
    }
}
