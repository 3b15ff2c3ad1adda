//! So many calls at once, with audio both ways.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use socket2::SockAddr;
use trunkline_media::rtp::{HEADER_BYTES, Header};

use super::hearing::{Figures, Hearing};
use super::metronome::Metronome;
use super::pulse::{PULSE, SILENCE};
use super::signalling::{News, Signalling};
use super::sockets::{self, BATCH, Inbox, Outgoing, now_ns};
use super::{Generator, Holdings, MediaSockets, Summary, Target, facing, own_cpu};

/// Calls placed in a second while they come up, and ended in a second while they go.
const RAMP: f64 = 100.0;
/// How long everything runs before it is measured.
pub(super) const WARM_UP: Duration = Duration::from_secs(3);
/// Ticks between two packets of a call. The calls are spread over them.
pub(super) const PHASES: u64 = 20;
/// Packets between two pulses of a call.
pub(super) const PULSE_EVERY: u64 = 50;
/// A tenth of a percent.
pub(super) const LOSS_MAX: f64 = 0.001;
/// What a small jitter buffer on the other side forgives.
pub(super) const SPACING_MAX_MS: f64 = 5.0;

/// What a run with so many calls came to.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallsReport {
    /// Every call answered, next to nothing lost, and packets in time.
    pub pass: bool,
    /// Calls at once.
    pub calls: u32,
    /// Calls that came to nothing.
    pub failed: u64,
    /// The status of the last of them.
    pub last_refusal: Option<u16>,
    /// Requests that had to be repeated.
    pub repeated: u64,
    /// From an INVITE to its 200.
    pub answered_ms: Summary,
    /// Seconds that were measured.
    pub seconds: f64,
    /// Packets sent in that time.
    pub sent: u64,
    /// Packets that came in that time.
    pub received: u64,
    /// The part of packets missing by their sequence numbers.
    pub loss_by_sequence: f64,
    /// The part of packets missing by count.
    pub loss_by_count: f64,
    /// From one packet to the next of a call: how far from 20 ms.
    pub spacing_ms: Summary,
    /// From a pulse out to the pulse back.
    pub delay_ms: Summary,
    /// CPU of the target for one second of one call, in milliseconds.
    pub cpu_ms_per_call_second: Option<f64>,
    /// What the target held while all calls were up.
    pub holdings: Option<Holdings>,
    /// How the generator did.
    pub generator: Generator,
}

struct Caller {
    number: u32,
    destination: SockAddr,
    sequence: u16,
    packets: u64,
    hearing: Hearing,
}

/// All calls that are up.
struct Crowd {
    media: MediaSockets,
    callers: Vec<Caller>,
    /// Which callers send at which tick of twenty.
    phases: [Vec<usize>; PHASES as usize],
    /// The caller whose audio comes from this port of the target.
    by_port: Vec<Option<usize>>,
    figures: Figures,
    inbox: Inbox,
    sent: u64,
    unsent: u64,
}

/// Brings up so many calls, lets them run, measures for `lasting`, and ends them.
///
/// # Errors
/// Where sockets fail, or the measured process has ended.
pub fn calls(target: &Target, count: u32, lasting: Duration) -> io::Result<CallsReport> {
    let media = MediaSockets::bind(facing(target.address)?)?;
    let mut signalling = Signalling::new(&target.uri, target.address, media.address()?)?;
    let mut crowd = Crowd::new(media);
    let mut metronome = Metronome::start();
    let mut news = Vec::new();
    let begun = Instant::now();
    let (mut placed, mut settled) = (0, 0);
    while settled < u64::from(count) {
        crowd.beat(metronome.next());
        while f64::from(placed) < RAMP * begun.elapsed().as_secs_f64() && placed < count {
            signalling.invite();
            placed += 1;
        }
        signalling.poll(&mut crowd.inbox, &mut news);
        for item in news.drain(..) {
            settled += 1;
            if let News::Answered(number, media) = item {
                crowd.join(number, media);
            }
        }
    }
    crowd.run(&mut metronome, &mut signalling, WARM_UP);
    crowd.reset();
    metronome.forget();
    let cpu_of_target = || target.process.map(|process| process.cpu()).transpose();
    let (cpu_before, own_before, window) = (cpu_of_target()?, own_cpu(), Instant::now());
    crowd.run(&mut metronome, &mut signalling, lasting);
    let seconds = window.elapsed();
    let cpu = cpu_of_target()?
        .zip(cpu_before)
        .map(|(after, before)| after - before);
    let generator = Generator::judge(&metronome, own_cpu() - own_before, seconds);
    let holdings = target
        .process
        .map(|process| process.holdings())
        .transpose()?;
    let report = crowd.report(count, seconds, cpu, holdings, generator, &signalling);
    crowd.leave(&mut metronome, &mut signalling);
    Ok(report)
}

impl Crowd {
    fn new(media: MediaSockets) -> Self {
        Self {
            media,
            callers: Vec::new(),
            phases: Default::default(),
            by_port: vec![None; usize::from(u16::MAX) + 1],
            figures: Figures::default(),
            inbox: Inbox::default(),
            sent: 0,
            unsent: 0,
        }
    }

    fn join(&mut self, number: u32, media: SocketAddr) {
        let place = self.callers.len();
        self.by_port[usize::from(media.port())] = Some(place);
        self.phases[(u64::from(number) % PHASES) as usize].push(place);
        self.callers.push(Caller {
            number,
            destination: media.into(),
            sequence: 0,
            packets: 0,
            hearing: Hearing::default(),
        });
    }

    /// One tick: the callers whose turn it is send, and everything that came is heard.
    fn beat(&mut self, tick: u64) {
        let turn = std::mem::take(&mut self.phases[(tick % PHASES) as usize]);
        for places in turn.chunks(BATCH) {
            self.send(places);
        }
        self.phases[(tick % PHASES) as usize] = turn;
        let Self {
            media,
            callers,
            by_port,
            figures,
            inbox,
            ..
        } = self;
        media.receive(inbox, |at, source, bytes| {
            let place = by_port.get(usize::from(source.port())).copied().flatten();
            if let Some(caller) = place.and_then(|place| callers.get_mut(place)) {
                caller.hearing.datagram(at, bytes, figures);
            }
        });
    }

    fn send(&mut self, places: &[usize]) {
        let at = now_ns();
        let mut heads = [[0; HEADER_BYTES]; BATCH];
        let mut pulses = [false; BATCH];
        for ((head, pulse), &place) in heads.iter_mut().zip(&mut pulses).zip(places) {
            let Some(caller) = self.callers.get_mut(place) else {
                continue;
            };
            (*head, *pulse) = caller.next_packet();
            if *pulse {
                caller.hearing.pulse_sent(at);
            }
        }
        let parts = heads.iter().zip(pulses).zip(places);
        let datagrams: Vec<Outgoing<'_>> = parts
            .filter_map(|((head, pulse), &place)| {
                Some(Outgoing {
                    destination: &self.callers.get(place)?.destination,
                    head,
                    tail: if pulse { PULSE.as_slice() } else { &SILENCE },
                })
            })
            .collect();
        let mut rest = &datagrams[..];
        while !rest.is_empty() {
            match sockets::send(&self.media.rtp, rest) {
                Ok(taken) => rest = rest.get(taken.max(1)..).unwrap_or_default(),
                // The first one was not taken: an error of an earlier datagram, or no room.
                Err(_) => {
                    self.unsent += 1;
                    rest = rest.get(1..).unwrap_or_default();
                }
            }
        }
        self.sent += datagrams.len() as u64;
    }

    fn run(&mut self, metronome: &mut Metronome, signalling: &mut Signalling, lasting: Duration) {
        let (begun, mut news) = (Instant::now(), Vec::new());
        while begun.elapsed() < lasting {
            self.beat(metronome.next());
            signalling.poll(&mut self.inbox, &mut news);
            news.clear();
        }
    }

    /// Begins to measure.
    fn reset(&mut self) {
        self.figures = Figures::default();
        (self.sent, self.unsent) = (0, 0);
        for caller in &mut self.callers {
            caller.hearing.reset();
        }
    }

    /// Ends all calls, with audio to the last.
    fn leave(&mut self, metronome: &mut Metronome, signalling: &mut Signalling) {
        let (begun, mut news) = (Instant::now(), Vec::new());
        let numbers: Vec<u32> = self.callers.iter().map(|caller| caller.number).collect();
        let mut numbers = numbers.into_iter();
        let mut left = 0;
        while signalling.open() > 0 {
            self.beat(metronome.next());
            while f64::from(left) < RAMP * begun.elapsed().as_secs_f64() {
                let Some(number) = numbers.next() else {
                    break;
                };
                signalling.hang_up(number);
                left += 1;
                for phase in &mut self.phases {
                    phase.retain(|&place| self.callers[place].number != number);
                }
            }
            signalling.poll(&mut self.inbox, &mut news);
            news.clear();
        }
    }

    fn report(
        &self,
        calls: u32,
        seconds: Duration,
        cpu: Option<Duration>,
        holdings: Option<Holdings>,
        mut generator: Generator,
        signalling: &Signalling,
    ) -> CallsReport {
        let by_sequence = self
            .callers
            .iter()
            .map(|caller| caller.hearing.by_sequence());
        let (expected, came) = by_sequence.fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
        let counted = &signalling.counted;
        let loss_by_sequence = missing(expected, came);
        let loss_by_count = missing(self.sent, self.figures.received);
        let spacing = self.figures.spacing.summary();
        if self.unsent > 0 && generator.void.is_none() {
            generator.void = Some(format!("the kernel did not take {} packets", self.unsent));
        }
        let call_seconds = f64::from(calls) * seconds.as_secs_f64();
        let cpu = cpu.map(|cpu| cpu.as_secs_f64() * 1e3 / call_seconds.max(1e-9));
        CallsReport {
            pass: counted.failed == 0
                && self.figures.received > 0
                && loss_by_sequence < LOSS_MAX
                && loss_by_count < LOSS_MAX
                && spacing.p99 < SPACING_MAX_MS,
            calls,
            failed: counted.failed,
            last_refusal: counted.last_refusal,
            repeated: counted.repeated,
            answered_ms: counted.answered.summary(),
            seconds: seconds.as_secs_f64(),
            sent: self.sent,
            received: self.figures.received,
            loss_by_sequence,
            loss_by_count,
            spacing_ms: spacing,
            delay_ms: self.figures.delay.summary(),
            cpu_ms_per_call_second: cpu.map(|ms| (ms * 1e4).round() / 1e4),
            holdings,
            generator,
        }
    }
}

impl Caller {
    /// The header of the next packet, and whether it is a pulse. Calls have their pulses at
    /// different times, and none in its first second.
    fn next_packet(&mut self) -> ([u8; HEADER_BYTES], bool) {
        let header = Header {
            marker: self.packets == 0,
            payload_type: 0,
            sequence: self.sequence,
            timestamp: (self.packets as u32).wrapping_mul(160),
            ssrc: self.number.wrapping_add(1),
        };
        let place = (self.packets + u64::from(self.number)) % PULSE_EVERY;
        let pulse = self.packets >= PULSE_EVERY && place == 0;
        self.sequence = self.sequence.wrapping_add(1);
        self.packets += 1;
        (header.to_bytes(), pulse)
    }
}

/// The part that is missing; nothing where more came than was waited for.
pub(super) fn missing(expected: u64, came: u64) -> f64 {
    expected.saturating_sub(came) as f64 / expected.max(1) as f64
}
