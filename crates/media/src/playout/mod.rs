//! Playout: the application's samples, whenever they come, to one packet in every packet time.
//!
//! # The grid
//!
//! Packet `m` of a call has the nominal time `m · ptime` after answer, for as long as the call lasts.
//! Speech leaves at the nominal time plus a *phase*, which the first sample of the speech decides:
//! silence is sent at the end of the time in which its packet may be sent, so that a first sample
//! finds its packet unsent and goes out at once. The phase is kept for as long as samples keep
//! coming. It never leaves ± one packet time, so that the wire keeps the call's clock.
//!
//! # What fires when
//!
//! With a frame queued at its deadline, or [`EARLY_MAX_US`] before it, the packet goes out in the
//! wake-up that brought the samples: an echo needs no timer. With less than a frame it is waited
//! for, up to [`WAIT_US`]. Then what there is goes out, filled up with silence; the phase is given
//! up, and the next sample decides it anew.
//!
//! An application whose every frame comes earlier than its deadline by more than a driver tolerates
//! would cost a timer for each packet and hear itself late. Where that goes on for
//! [`EARLY_FRAMES`] frames, the phase moves to where its samples come. Where more than a packet
//! stands in the queue all the time, silence is left out until it does not ([`standing`]).

mod queue;
mod standing;

#[cfg(test)]
mod tests;

pub use queue::{MARKS_MAX, SAMPLES_MAX};

use queue::Queue;
use standing::Standing;

use crate::timing::{EARLY_MAX_US, SAMPLES_PER_MS};

/// How long a packet that is due waits for the rest of its samples.
pub const WAIT_US: i64 = 10_000;

/// Samples queued at which [`Level::High`] is told: four minutes.
pub const HIGH_SAMPLES: usize = 4 * 60 * 16_000;

/// Samples queued at which [`Level::Low`] is told: one minute.
pub const LOW_SAMPLES: usize = 60 * 16_000;

/// Frames in a row that must be early before the phase follows them: half a second of 20 ms.
pub const EARLY_FRAMES: u32 = 25;

/// Speech that goes on within this time of having run out of samples was cut, not ended.
const SLIP_WITHIN_US: i64 = 100_000;

/// A driver that was away for longer has the packets in between skipped.
const BEHIND_MAX_US: i64 = 200_000;

/// The longest packet time, and the samples in it.
pub const PTIME_MS_MAX: u8 = 60;
/// 16 kHz samples of the longest packet.
pub const PACKET_SAMPLES_MAX: usize = PTIME_MS_MAX as usize * SAMPLES_PER_MS as usize;

/// Whether it is time for the next packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Not before this time, unless samples come.
    Wait(i64),
    /// Send one now.
    Send,
}

/// How full the queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It rose to [`HIGH_SAMPLES`].
    High,
    /// It fell to [`LOW_SAMPLES`] after having been high.
    Low,
}

/// Speech under way: how much later than its nominal time a packet leaves.
#[derive(Clone, Copy, Debug)]
struct Speech {
    phase_us: i64,
    /// When the frame that is next became complete; `None` while it is not.
    ready_us: Option<i64>,
    /// How many frames in a row came early, and the least that one did.
    early_frames: u32,
    early_us: i64,
}

/// Paces one call's speech. See the [module](self). `M` is what a mark is known by.
#[derive(Debug)]
pub struct Playout<M> {
    queue: Queue<M>,
    ptime_us: i64,
    /// Nominal time of the next packet.
    nominal_us: i64,
    sent_us: i64,
    speech: Option<Speech>,
    paused: bool,
    high: bool,
    /// When speech ran out of samples, until it is known whether that was its end.
    ran_out_us: Option<i64>,
    slips: u64,
    standing: Standing,
    left_out: u64,
    taken_last: usize,
}

impl<M> Playout<M> {
    /// The first packet is due at once.
    pub fn new(now_us: i64, ptime_ms: u8) -> Self {
        let ptime_us = ptime_us(ptime_ms);
        Self {
            queue: Queue::default(),
            ptime_us,
            nominal_us: now_us - ptime_us,
            sent_us: now_us - ptime_us,
            speech: None,
            paused: false,
            high: false,
            ran_out_us: None,
            slips: 0,
            standing: Standing::new(now_us),
            left_out: 0,
            taken_last: 0,
        }
    }

    /// Another packet time was agreed on, from the next packet on.
    pub fn set_ptime(&mut self, ptime_ms: u8) {
        let before = std::mem::replace(&mut self.ptime_us, ptime_us(ptime_ms));
        // The end of the next packet's time stays where it was.
        self.nominal_us += before - self.ptime_us;
        self.speech = None;
    }

    /// Queues samples: all of them, or none and `false` where there is no room.
    pub fn push(&mut self, now_us: i64, samples: &[i16]) -> bool {
        let fits = self.queue.push(samples);
        self.wake(now_us);
        fits
    }

    /// Puts a mark behind everything queued; `false` where there is no room.
    pub fn push_mark(&mut self, mark: M) -> bool {
        self.queue.push_mark(mark)
    }

    /// Forgets what is queued and returns the marks that will not be reached.
    pub fn clear(&mut self) -> Vec<M> {
        self.speech = None;
        self.ran_out_us = None;
        self.queue.clear()
    }

    /// Sends silence from the next packet on, and keeps what is queued.
    pub fn pause(&mut self) {
        self.paused = true;
        self.speech = None;
        self.ran_out_us = None;
    }

    /// Goes on after [`Self::pause`], at once.
    pub fn resume(&mut self, now_us: i64) {
        self.paused = false;
        self.wake(now_us);
    }

    /// Whether [`Self::pause`] is in force.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Whether there is a packet to send now. `occupied` says that something else goes out in the
    /// place of speech.
    pub fn step(&mut self, now_us: i64, occupied: bool) -> Step {
        // Back to the end of the time of a packet, by no more than one wait in each.
        let silence = (self.nominal_us + self.ptime_us).min(self.sent_us + self.ptime_us + WAIT_US);
        if occupied {
            self.speech = None;
        } else if self.speech.is_none() {
            // What had to wait for something else goes on in the rhythm of that.
            self.wake(silence);
        }
        let deadline = match &self.speech {
            Some(speech) if speech.ready_us.is_some() => self.nominal_us + speech.phase_us,
            Some(speech) => self.nominal_us + speech.phase_us + WAIT_US,
            None => silence,
        };
        match now_us + EARLY_MAX_US >= deadline {
            true => Step::Send,
            false => Step::Wait(deadline),
        }
    }

    /// Passes over the time in which nothing may be sent, or in which the driver was away. Returns
    /// the packet times left out.
    pub fn catch_up(&mut self, now_us: i64, behind_max_us: i64) -> u64 {
        let behind = now_us - (self.nominal_us + self.ptime_us);
        let packets = behind / self.ptime_us;
        if behind <= behind_max_us || packets == 0 {
            return 0;
        }
        self.nominal_us += packets * self.ptime_us;
        self.sent_us = now_us - self.ptime_us;
        self.speech = None;
        packets.unsigned_abs()
    }

    /// [`Self::catch_up`] with the tolerance for a driver that was away.
    pub fn catch_up_driver(&mut self, now_us: i64) -> u64 {
        let skipped = self.catch_up(now_us, BEHIND_MAX_US);
        self.slips += skipped;
        skipped
    }

    /// The samples of the packet that is sent now, one packet time of them. Returns how many are the
    /// application's: all, none, or, at the end of speech, the first few.
    pub fn take(&mut self, now_us: i64, packet: &mut [i16]) -> usize {
        let mut played = match self.speech {
            Some(_) => self.queue.take(packet),
            None => 0,
        };
        if played == packet.len() && self.standing.leaves_out(packet, self.queue.len()) {
            self.left_out += played as u64;
            played = self.queue.take(packet);
        }
        self.standing.note(now_us, self.queue.len());
        packet
            .iter_mut()
            .skip(played)
            .for_each(|sample| *sample = 0);
        self.advance(now_us, played == packet.len());
        self.taken_last = played;
        played
    }

    /// Passes over one packet time whose packet is not ours.
    pub fn skip(&mut self, now_us: i64) {
        self.advance(now_us, false);
    }

    /// The next mark that was reached, and its position: application samples before it that are on
    /// the wire.
    pub fn next_mark(&mut self) -> Option<(M, u64)> {
        let (position, mark) = self.queue.next_reached()?;
        Some((mark, position))
    }

    /// Samples of silence left out, to catch up with an application that was late once.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Application samples put on the wire so far, silence that was left out among them.
    pub fn played(&self) -> u64 {
        self.queue.taken()
    }

    /// How many of them were in the latest packet.
    pub fn taken_last(&self) -> usize {
        self.taken_last
    }

    /// Samples that wait.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// What waits is meant to: nothing of it is left out for that.
    pub fn keep_queue(&mut self) {
        self.standing.keep();
    }

    /// Memory that the waiting samples take, in bytes.
    pub fn queued_bytes(&self) -> usize {
        self.queue.bytes()
    }

    /// Samples in one packet.
    pub fn packet_samples(&self) -> usize {
        (self.ptime_us / 1000) as usize * SAMPLES_PER_MS as usize
    }

    /// Packets that went out without the speech they should have carried, because it came too late
    /// or the driver did.
    pub fn slips(&self) -> u64 {
        self.slips
    }

    /// A watermark that was crossed since the last call.
    pub fn level_crossed(&mut self) -> Option<Level> {
        let level = match self.queue.len() {
            HIGH_SAMPLES.. if !self.high => Level::High,
            ..=LOW_SAMPLES if self.high => Level::Low,
            _ => return None,
        };
        self.high = level == Level::High;
        Some(level)
    }

    fn advance(&mut self, now_us: i64, full: bool) {
        self.nominal_us += self.ptime_us;
        self.sent_us = now_us;
        let more = self.queue.len() >= self.packet_samples();
        let Some(speech) = &mut self.speech else {
            return;
        };
        if !full {
            self.speech = None;
            self.ran_out_us = Some(now_us);
            return;
        }
        let deadline = self.nominal_us - self.ptime_us + speech.phase_us;
        let early = deadline - speech.ready_us.unwrap_or(deadline);
        speech.ready_us = more.then_some(now_us);
        if more || early <= EARLY_MAX_US {
            speech.early_frames = 0;
            return;
        }
        speech.early_us = if speech.early_frames == 0 {
            early
        } else {
            speech.early_us.min(early)
        };
        speech.early_frames += 1;
        if speech.early_frames >= EARLY_FRAMES {
            speech.phase_us = (speech.phase_us - speech.early_us).max(-self.ptime_us);
            speech.early_frames = 0;
        }
    }

    /// Begins speech, or notes that its next frame is complete.
    fn wake(&mut self, now_us: i64) {
        if self.paused || self.queue.len() == 0 {
            return;
        }
        // Speech that goes on so soon was not over: the silence in between should not have been.
        if self
            .ran_out_us
            .take()
            .is_some_and(|ran_out| now_us - ran_out < SLIP_WITHIN_US)
        {
            self.slips += 1;
        }
        let full = self.queue.len() >= self.packet_samples();
        let speech = self.speech.get_or_insert(Speech {
            phase_us: (now_us - self.nominal_us).clamp(-self.ptime_us, self.ptime_us),
            ready_us: None,
            early_frames: 0,
            early_us: 0,
        });
        if full && speech.ready_us.is_none() {
            speech.ready_us = Some(now_us);
        }
    }
}

/// 10 to 60 ms, whatever was agreed on.
fn ptime_us(ptime_ms: u8) -> i64 {
    i64::from(ptime_ms.clamp(10, PTIME_MS_MAX)) * 1000
}
