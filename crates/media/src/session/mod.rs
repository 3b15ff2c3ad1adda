//! One call's media: RTP in, canonical audio out, and the way back.
//!
//! A session is a machine without I/O. [`Session::handle_input`] tells it what happened; after each
//! input [`Session::poll_output`] is called until it returns [`Output::Timeout`].
//!
//! # Wake-ups
//!
//! A call in which both sides talk needs no timer. A packet that comes on time brings about its
//! frame in the same wake-up ([`jitter`](crate::jitter)); samples that are played on time bring
//! about their packet in the same wake-up ([`playout`](crate::playout)). So an echo, which plays what
//! it hears before the next [`Session::poll_output`], costs one wake-up every 20 ms. Timers fire for
//! what is missing: the caller's audio (10 ms after it was expected), or the application's
//! (silence, at the end of the packet's time). Silence in both directions falls due at the same
//! moment, and whatever is due within [`EARLY_MAX_US`] is done at once.
//!
//! # What holds on every call
//!
//! From answer to end the application gets one frame of 320 samples every 20 ms, whatever the peer
//! sends, and the peer one packet every packet time, whatever the application plays, unless the
//! agreed direction forbids it. Nothing on the way of a packet allocates once the buffers have grown
//! to the size of the call.

mod decoder;
mod encoder;
mod hearing;
mod io;
mod receiving;
mod speaking;
mod statistics;

#[cfg(test)]
mod tests;

pub use io::{Input, MarkId, Output, Port, Refusal, Settings};
pub use statistics::Statistics;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hearing::{Heard, Hearing};
use speaking::Speaking;

use crate::latch::{Latch, may_send_to};
use crate::negotiation::Agreed;
use crate::playout::Level;
use crate::rtcp::{Quality, Reporter};
use crate::sdp::Direction;
use crate::timing::{EARLY_MAX_US, FRAME_US, SAMPLES_PER_MS};
use crate::turns::TurnTimer;

/// A session that is over asks to be called again after this time, which nobody will do.
const NEVER: Duration = Duration::from_secs(24 * 3600);

/// The media of one call from answer to end. See the [module](self).
#[derive(Debug)]
pub struct Session {
    start: Instant,
    now_us: i64,
    settings: Settings,
    agreed: Agreed,
    latch: Latch,
    /// Where the peer's RTCP came from, on a port of its own.
    rtcp_source: Option<SocketAddr>,
    hearing: Hearing,
    speaking: Speaking,
    turns: TurnTimer,
    reporter: Reporter,
    /// What is to be told before anything else happens.
    events: VecDeque<Output<'static>>,
    /// The datagram that the last [`Output::Transmit`] showed.
    datagram: Vec<u8>,
    /// When RTP was last heard, or could first have been.
    heard_us: i64,
    silence_told: bool,
    malformed: u64,
    foreign: u64,
    life: Life,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Up,
    /// The goodbye is still to be sent.
    Ending,
    Over,
}

/// What is next.
enum Next {
    Tell(Output<'static>),
    Send(Port, SocketAddr),
}

impl Session {
    /// A session that begins `now`, at answer. The seed decides SSRC, sequence and timestamp
    /// offsets, CNAME and the rhythm of RTCP; it must be unpredictable and of one session only.
    pub fn new(now: Instant, agreed: &Agreed, seed: [u8; 32], settings: Settings) -> Self {
        let [s0, s1, s2, s3, n0, n1, t0, t1, t2, t3, rest @ ..] = seed;
        let ssrc = u32::from_be_bytes([s0, s1, s2, s3]);
        let sequence = u16::from_be_bytes([n0, n1]);
        let timestamp = u32::from_be_bytes([t0, t1, t2, t3]);
        let [name @ .., r0, r1, r2, r3, r4, r5, r6, r7, _, _] = rest;
        let rhythm = u64::from_be_bytes([r0, r1, r2, r3, r4, r5, r6, r7]);
        Self {
            start: now,
            now_us: 0,
            settings,
            agreed: agreed.clone(),
            latch: Latch::new(agreed.remote),
            rtcp_source: None,
            hearing: Hearing::new(),
            speaking: Speaking::new(0, agreed, ssrc, sequence, timestamp),
            turns: TurnTimer::new(settings.deaf_after),
            reporter: Reporter::new(0, ssrc, name, rhythm),
            events: VecDeque::new(),
            datagram: Vec::new(),
            heard_us: 0,
            silence_told: false,
            malformed: 0,
            foreign: 0,
            life: Life::Up,
        }
    }

    /// Takes one input. Whatever it brings about is taken with [`Self::poll_output`].
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        // Time that goes back is time that stands still.
        self.now_us = self
            .now_us
            .max(micros(now.saturating_duration_since(self.start)));
        if self.life != Life::Up {
            return;
        }
        match input {
            Input::Timeout => {}
            Input::Packet {
                port,
                source,
                bytes,
            } => self.handle_datagram(port, source, bytes),
            Input::Early {
                before,
                source,
                bytes,
            } => self.handle_early(before, source, bytes),
            Input::Play(samples) => self.play(samples),
            Input::Mark(mark) => {
                if !self.speaking.playout.push_mark(mark) {
                    self.refuse(Refusal::MarkFull);
                }
                self.tell_marks();
            }
            Input::Clear => {
                let unplayed = self.speaking.playout.clear();
                self.turns.cleared(self.now_us, i64::MAX);
                let at_ms = self.played_ms();
                self.events.push_back(Output::Cleared { at_ms, unplayed });
                self.tell_level();
            }
            Input::Pause => {
                self.speaking.playout.pause();
                self.turns.stopped(self.now_us, i64::MAX);
                let at_ms = self.played_ms();
                self.events.push_back(Output::Paused { at_ms });
            }
            Input::Continue => {
                self.speaking.playout.resume(self.now_us);
                self.turns.resumed();
            }
            Input::SendDtmf { digit, duration_ms } => {
                let refusal = self.speaking.send_digit(&self.agreed, digit, duration_ms);
                refusal.into_iter().for_each(|refusal| self.refuse(refusal));
            }
            Input::Renegotiated(agreed) => self.renegotiate(agreed),
            Input::End => self.life = Life::Ending,
        }
    }

    /// The next thing to do; [`Output::Timeout`] means that there is nothing more until then.
    pub fn poll_output(&mut self) -> Output<'_> {
        match self.next() {
            Next::Tell(output) => output,
            Next::Send(port, destination) => Output::Transmit {
                port,
                destination,
                bytes: &self.datagram,
            },
        }
    }

    /// What was counted so far.
    pub fn statistics(&self) -> Statistics {
        let mut statistics = Statistics {
            packets_malformed: self.malformed,
            packets_foreign: self.foreign,
            round_trip: self.reporter.round_trip(),
            packets_lost_by_peer: self.reporter.lost_by_peer(),
            rtcp_received: self.reporter.received(),
            ..Statistics::default()
        };
        self.hearing.count(&mut statistics);
        self.speaking.count(&mut statistics);
        statistics.quality = self.estimate(&statistics);
        statistics
    }

    /// Bytes that waiting application audio takes, for a limit over many calls.
    pub fn queued_bytes(&self) -> usize {
        self.speaking.playout.queued_bytes()
    }

    /// Samples of the application that wait to be played.
    pub fn queued(&self) -> usize {
        self.speaking.playout.queued()
    }

    /// What waits is meant to: see [`Playout::keep_queue`](crate::playout::Playout::keep_queue).
    pub fn keep_queue(&mut self) {
        self.speaking.playout.keep_queue();
    }

    /// Whether what is played is the application's: see [`TurnTimer::watch`].
    pub fn time_turns(&mut self, timed: bool) {
        self.turns.watch(timed);
    }

    /// Application audio that waits to be played, in ms.
    pub fn queued_ms(&self) -> u64 {
        self.speaking.playout.queued() as u64 / SAMPLES_PER_MS
    }

    /// Application audio put on the wire since answer, in ms.
    pub fn played_ms(&self) -> u64 {
        self.speaking.playout.played() / SAMPLES_PER_MS
    }

    /// Where the peer's media comes from, once it was learned.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.latch.locked()
    }

    fn next(&mut self) -> Next {
        let now_us = self.now_us;
        if let Some(event) = self.events.pop_front() {
            return Next::Tell(event);
        }
        if let Some(finding) = self.turns.next_finding() {
            return Next::Tell(Output::Found(finding));
        }
        if self.life != Life::Up {
            return self.end();
        }
        if let Some(press) = self.hearing.handle_timeout(now_us) {
            return Next::Tell(dtmf(press));
        }
        let hear_us = match self.hearing.poll(now_us) {
            Err(until_us) => until_us,
            Ok(heard) => return Next::Tell(self.hear(heard)),
        };
        let speak_us = match self.speak() {
            Err(until_us) => until_us,
            Ok(destination) => return Next::Send(Port::Rtp, destination),
        };
        let report_us = self.reporter.deadline_us();
        if now_us + EARLY_MAX_US >= report_us
            && let Some((port, destination)) = self.report(false)
        {
            return Next::Send(port, destination);
        }
        if let Some(told) = self.tell_silence() {
            return Next::Tell(told);
        }
        let silence_us = self.silence_deadline_us().unwrap_or(i64::MAX);
        let report_us = self.reporter.deadline_us();
        let next_us = hear_us.min(speak_us).min(report_us).min(silence_us);
        Next::Tell(Output::Timeout(self.at(next_us)))
    }

    fn end(&mut self) -> Next {
        let life = std::mem::replace(&mut self.life, Life::Over);
        if life == Life::Ending
            && let Some((port, destination)) = self.report(true)
        {
            return Next::Send(port, destination);
        }
        Next::Tell(Output::Timeout(self.at(self.now_us) + NEVER))
    }

    fn play(&mut self, samples: &[i16]) {
        let playout = &mut self.speaking.playout;
        let position = playout.played() + playout.queued() as u64;
        if playout.push(self.now_us, samples) {
            self.turns.given(self.now_us, position);
        } else {
            self.refuse(Refusal::PlayFull);
        }
        self.tell_level();
    }

    fn hear(&mut self, heard: Heard) -> Output<'static> {
        let Heard {
            frame,
            at,
            concealed,
            came,
        } = heard;
        if times_turns(&self.agreed) {
            match concealed {
                false => self.turns.heard(self.now_us, at, frame.samples(), came),
                true => self.turns.missed(self.now_us),
            }
        }
        Output::Audio {
            frame,
            at,
            concealed,
        }
    }

    /// Writes the next RTP packet if it is due and may be sent.
    fn speak(&mut self) -> Result<SocketAddr, i64> {
        let destination = self.latch.destination().filter(|_| self.agreed.may_send());
        let Some(destination) = destination else {
            self.speaking.be_quiet(self.now_us);
            return Err(i64::MAX);
        };
        let turns = times_turns(&self.agreed).then_some(&mut self.turns);
        self.speaking
            .poll(self.now_us, &self.agreed, turns, &mut self.datagram)?;
        self.tell_marks();
        self.tell_level();
        Ok(destination)
    }

    /// Writes a report; says where it goes, if anywhere.
    fn report(&mut self, goodbye: bool) -> Option<(Port, SocketAddr)> {
        let sent = self.speaking.sent(self.now_us);
        let reception = self.hearing.reception_mut();
        self.reporter
            .write(self.now_us, sent, reception, goodbye, &mut self.datagram);
        if self.agreed.rtcp_mux {
            return Some((Port::Rtp, self.latch.destination()?));
        }
        let destination = self.rtcp_source.unwrap_or(self.agreed.remote_rtcp);
        may_send_to(destination).then_some((Port::Rtcp, destination))
    }

    fn renegotiate(&mut self, agreed: &Agreed) {
        if agreed.remote != self.agreed.remote {
            self.rtcp_source = None;
        }
        self.latch.signal(agreed.remote);
        self.speaking.renegotiate(agreed);
        self.heard_us = self.now_us;
        self.silence_told = false;
        if times_turns(agreed) != times_turns(&self.agreed) {
            self.turns.forget();
        }
        self.agreed = agreed.clone();
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.events.push_back(Output::Refused(refusal));
    }

    fn tell_marks(&mut self) {
        while let Some((mark, position)) = self.speaking.playout.next_mark() {
            let at_ms = position / SAMPLES_PER_MS;
            self.events.push_back(Output::MarkPlayed { mark, at_ms });
        }
    }

    fn tell_level(&mut self) {
        let queued_ms = self.queued_ms();
        let told = match self.speaking.playout.level_crossed() {
            Some(Level::High) => Output::QueueHigh { queued_ms },
            Some(Level::Low) => Output::QueueLow { queued_ms },
            None => return,
        };
        self.events.push_back(told);
    }

    fn silence_deadline_us(&self) -> Option<i64> {
        let expected = self.agreed.may_receive() && !self.silence_told;
        expected.then(|| {
            self.heard_us
                .saturating_add(micros(self.settings.rtp_silence_max))
        })
    }

    fn tell_silence(&mut self) -> Option<Output<'static>> {
        if self.silence_deadline_us()? > self.now_us {
            return None;
        }
        self.silence_told = true;
        let silence = duration(self.now_us - self.heard_us);
        Some(Output::RtpSilent { silence })
    }

    fn estimate(&self, statistics: &Statistics) -> Option<Quality> {
        let expected = statistics.packets_received + statistics.packets_lost;
        let missed = statistics.packets_lost + statistics.packets_late;
        let one_way = statistics.round_trip.unwrap_or_default() / 2;
        // Packetisation there, depth here.
        let delay = one_way + duration(FRAME_US + self.hearing.depth_us());
        (expected > 0).then(|| Quality::estimate(delay, missed as f64 / expected as f64))
    }

    fn at(&self, us: i64) -> Instant {
        let limit = self.now_us.saturating_add(micros(NEVER));
        self.start + duration(us.min(limit))
    }
}

/// Whether the two sides talk with each other: on hold, one of them hears music.
fn times_turns(agreed: &Agreed) -> bool {
    agreed.direction == Direction::SendRecv && !agreed.held_by_peer
}

fn dtmf(press: crate::dtmf::Press) -> Output<'static> {
    Output::Dtmf {
        digit: press.digit,
        duration_ms: press.duration_ms,
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Of microseconds; nothing for less than none.
fn duration(us: i64) -> Duration {
    Duration::from_micros(u64::try_from(us).unwrap_or(0))
}
