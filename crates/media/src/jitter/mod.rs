//! The jitter buffer: packets in as they come, a frame of 20 ms out for every 20 ms of the call.
//!
//! # The grid
//!
//! Frame `n` of a call belongs to slot `n`, the time from `n · 20 ms` to `(n + 1) · 20 ms` after
//! answer. Exactly one frame leaves in each slot, so the application's count of samples is the
//! call's own clock, whatever the clock of the peer does. Where in its slot a frame leaves is
//! decided by the packets: the audio at tick `t` is *wanted* at `t + base + depth`, `base` being the
//! least transit time of the last seconds.
//!
//! On a quiet network the depth is 0 and a packet that completes a frame brings about that frame at
//! once. No timer fires: the next deadline is [`PATIENCE_US`] *after* the next packet is expected,
//! and is moved on before it comes. Only when something is missing it fires and the frame is
//! concealed. Packets that are late by less than the patience are handed on as they come.
//!
//! # Slips
//!
//! When the wanted time drifts out of its slot, because the clocks differ or the depth changed, one
//! frame is inserted (concealment, the packets wait) or dropped, and counted. The thresholds lie
//! 30 ms apart and a slip moves the wanted time by 20 ms, so that a slip never undoes the last.
//!
//! # Depth
//!
//! The depth is 0 as long as packets come within the patience of each other, and grows with the
//! spread of their transit times. A packet that comes after its frame was concealed, with nothing
//! played since, is played all the same: the concealment then was the growth.

mod depth;
mod queue;
mod transit;

#[cfg(test)]
mod tests;

pub use depth::DEPTH_MAX_US;
pub use queue::{Content, PACKETS_MAX};

use depth::Depth;
use queue::Queue;

use crate::codec::Codec;
use crate::rtp::TimestampUnwrapper;
use crate::timing::{EARLY_MAX_US, FRAME_US, TICK_US};

/// How long a frame may be overdue before it is made up.
pub const PATIENCE_US: i64 = 10_000;

/// How far the wanted time may leave its slot before a frame is inserted or dropped.
const SLIP_US: i64 = 5_000;

/// A transit time that is shorter than the least by this is no jitter but another timeline.
const JUMP_US: i64 = 1_000_000;

/// Packets that must agree with each other before a jump of the timeline is believed.
const JUMP_PACKETS: u8 = 3;

/// How far packets of a new timeline may differ from each other.
const JUMP_SPREAD_US: i64 = 200_000;

/// After a second of nothing the peer is silent, not late: any timeline is taken up, and frames go
/// out at the end of their slots, together with the silence in the other direction.
const SILENT_AFTER_FRAMES: u32 = 50;

/// A driver that was away for longer has the slots in between skipped.
const BEHIND_MAX_US: i64 = 1_000_000;

/// Ticks of the RTP clock in a frame.
pub const FRAME_TICKS: i64 = FRAME_US / TICK_US;

/// What to do about the next frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing before this time, unless a packet comes.
    Wait(i64),
    /// Hand on the next frame: all of it is here.
    Play,
    /// Hand on the next frame: some of it is missing and will not be waited for any longer.
    Conceal,
    /// Hand on a frame that is made up; the audio that waits stays.
    Insert,
    /// Take a frame and hand it to nobody: there is too much.
    Drop,
}

/// A stretch of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Encoded audio, one tick in each byte.
    Audio(Codec, &'a [u8]),
    /// Nothing came for so many ticks.
    Missing(usize),
    /// The peer sends nothing for so many ticks, on purpose or because it is gone.
    Silence(usize),
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It waits to be played.
    Queued,
    /// It came after its frame had been made up, and is played only where that still fits.
    Late,
    /// A packet with its timestamp waits already.
    Duplicate,
    /// Its timestamp has nothing to do with the others. A second and third like it would move the
    /// timeline.
    Stray,
}

/// What happened to time, in ticks of the RTP clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slips {
    /// Put in without the peer having sent it.
    pub inserted: u64,
    /// Sent by the peer and left out.
    pub dropped: u64,
}

/// The packet that completed a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// When it came.
    pub arrived_us: i64,
    /// How many ticks it goes on after the frame.
    pub beyond: i64,
}

#[derive(Clone, Copy, Debug)]
struct Stray {
    transit_us: i64,
    packets: u8,
}

/// Reorders, waits, conceals and keeps to the call's clock. See the [module](self).
#[derive(Debug, Default)]
pub struct JitterBuffer {
    queue: Queue,
    timestamps: TimestampUnwrapper,
    depth: Depth,
    stray: Option<Stray>,
    /// Whether a packet came since the beginning or the last restart.
    running: bool,
    /// The slot of the next frame, counted from answer.
    slot: i64,
    /// The next tick to hand on.
    next: i64,
    /// The tick after the last one that was really played: nothing before it can be played any more.
    played: i64,
    /// Frames in a row without any audio.
    starved: u32,
    /// The peer said that it would send nothing.
    pause: bool,
    /// Where the audio at the end of the latest frame came from.
    source: Option<Source>,
    slips: Slips,
}

impl JitterBuffer {
    /// Takes a packet of the current source.
    pub fn insert(
        &mut self,
        now_us: i64,
        timestamp: u32,
        content: Content,
        payload: &[u8],
    ) -> Fate {
        let payload = if content == Content::Pause {
            &[]
        } else {
            payload
        };
        let start = self.timestamps.peek(timestamp);
        let transit_us = now_us - start * TICK_US;
        if let Some(fate) = self.judge(start, transit_us) {
            return fate;
        }
        self.timestamps.unwrap(timestamp);
        if !payload.is_empty() {
            self.depth.measure(now_us, transit_us, payload.len() as i64);
        }
        if start < self.played {
            return Fate::Late;
        }
        if !self.queue.insert(now_us, start, content, payload) {
            return Fate::Duplicate;
        }
        if start >= self.next || payload.is_empty() {
            return Fate::Queued;
        }
        self.slips.inserted += (self.next - start).unsigned_abs();
        self.next = start;
        Fate::Late
    }

    /// Forgets the source: the next packet begins a new timeline.
    pub fn restart(&mut self) {
        self.queue.clear();
        self.timestamps = TimestampUnwrapper::default();
        self.running = false;
        self.pause = false;
    }

    /// What to do now about the next frame. After anything but [`Step::Wait`] call [`Self::take`]
    /// with it and ask again.
    pub fn step(&mut self, now_us: i64) -> Step {
        self.catch_up(now_us);
        let opens = self.slot * FRAME_US;
        let closes = opens + FRAME_US;
        let due = |at_us: i64, step: Step| {
            if now_us + EARLY_MAX_US >= at_us {
                step
            } else {
                Step::Wait(at_us)
            }
        };
        if !self.running {
            return due(closes, Step::Conceal);
        }
        let wanted = self.next * TICK_US + self.depth.delay_us();
        if wanted < opens - SLIP_US {
            return Step::Drop;
        }
        if wanted > closes + SLIP_US {
            return due(closes, Step::Insert);
        }
        if self.queue.covers(self.next, self.next + FRAME_TICKS) {
            return due(wanted.max(opens), Step::Play);
        }
        if self.is_silent() {
            return due(closes, Step::Conceal);
        }
        due(wanted.max(opens) + PATIENCE_US, Step::Conceal)
    }

    /// Does what [`Self::step`] said. The pieces given to `sink` make up one frame of 160 ticks.
    /// Returns whether any of it has to be concealed.
    pub fn take(&mut self, step: Step, mut sink: impl FnMut(Piece<'_>)) -> bool {
        self.source = None;
        match step {
            Step::Wait(_) => return false,
            Step::Drop => {
                let heard = self.play(&mut sink).0;
                self.slips.dropped += if heard { FRAME_TICKS.unsigned_abs() } else { 0 };
                return false;
            }
            Step::Insert => {
                self.slips.inserted += FRAME_TICKS.unsigned_abs();
                sink(self.gap(FRAME_TICKS));
            }
            Step::Conceal if self.realign() => sink(self.gap(FRAME_TICKS)),
            Step::Play | Step::Conceal => {
                self.slot += 1;
                let (heard, missing) = self.play(&mut sink);
                self.starved = if heard {
                    0
                } else {
                    self.starved.saturating_add(1)
                };
                return missing;
            }
        }
        self.slot += 1;
        matches!(self.gap(FRAME_TICKS), Piece::Missing(_))
    }

    /// 16 kHz samples from answer to the next frame.
    pub fn position(&self) -> u64 {
        self.slot.unsigned_abs() * trunkline_audio::FRAME_SAMPLES as u64
    }

    /// The packet that completed the latest frame; `None` where there was no audio in it.
    pub fn source(&self) -> Option<Source> {
        self.source
    }

    /// How long packets are held back at present, in microseconds.
    pub fn depth_us(&self) -> i64 {
        self.depth.now_us()
    }

    /// The greatest depth so far, in microseconds.
    pub fn depth_max_us(&self) -> i64 {
        self.depth.max_us()
    }

    /// Frames inserted and dropped so far.
    pub fn slips(&self) -> Slips {
        self.slips
    }

    fn is_silent(&self) -> bool {
        !self.running || self.starved >= SILENT_AFTER_FRAMES
    }

    /// Whether a packet belongs to the timeline; begins a new one where it must.
    fn judge(&mut self, start: i64, transit_us: i64) -> Option<Fate> {
        if self.is_silent() {
            self.begin(start);
            return None;
        }
        let deviation = transit_us - self.depth.base_us();
        if (-JUMP_US..=DEPTH_MAX_US + PATIENCE_US).contains(&deviation) {
            self.stray = None;
            return None;
        }
        let late = (0..JUMP_US).contains(&deviation);
        if late && start < self.played {
            return Some(Fate::Late);
        }
        let packets = match self.stray {
            Some(stray) if (stray.transit_us - transit_us).abs() < JUMP_SPREAD_US => {
                stray.packets + 1
            }
            _ => 1,
        };
        if packets >= JUMP_PACKETS {
            self.begin(start);
            return None;
        }
        self.stray = Some(Stray {
            transit_us,
            packets,
        });
        Some(if late { Fate::Late } else { Fate::Stray })
    }

    /// A new timeline: `start` is the next tick to play.
    fn begin(&mut self, start: i64) {
        self.queue.clear();
        self.depth.begin();
        self.stray = None;
        self.running = true;
        self.starved = 0;
        self.pause = false;
        self.next = start;
        self.played = start;
    }

    /// The peer moved its timestamps by something that is no multiple of its packets: the frame is
    /// made up whole and the next one begins with the packet, or each would be cut from two.
    fn realign(&mut self) -> bool {
        let Some(entry) = self.queue.front() else {
            return false;
        };
        let gap = entry.start - self.next;
        let unit = self.depth.packet_unit();
        if !(1..FRAME_TICKS).contains(&gap) || gap % unit == 0 {
            return false;
        }
        self.next = entry.start;
        self.slips.inserted += (FRAME_TICKS - gap).unsigned_abs();
        true
    }

    /// Hands on 160 ticks. Returns whether any audio was among them, and whether any was missing.
    fn play(&mut self, sink: &mut impl FnMut(Piece<'_>)) -> (bool, bool) {
        let end = self.next + FRAME_TICKS;
        let (mut heard, mut missing) = (false, false);
        while self.next < end {
            while let Some(entry) = self.queue.front()
                && entry.start <= self.next
                && entry.end() <= self.next
            {
                self.pause |= entry.content == Content::Pause;
                self.queue.pop_front();
            }
            match self.queue.front() {
                Some(entry) if entry.start <= self.next => {
                    let to = entry.end().min(end);
                    let range = (self.next - entry.start) as usize..(to - entry.start) as usize;
                    if let (Content::Audio(codec), Some(bytes)) =
                        (entry.content, entry.bytes.get(range))
                    {
                        sink(Piece::Audio(codec, bytes));
                        self.source = Some(Source {
                            arrived_us: entry.arrived_us,
                            beyond: entry.end() - to,
                        });
                    }
                    self.next = to;
                    self.played = to;
                    self.pause = false;
                    heard = true;
                }
                later => {
                    let to = later.map_or(end, |entry| entry.start.min(end));
                    let piece = self.gap(to - self.next);
                    missing |= matches!(piece, Piece::Missing(_));
                    sink(piece);
                    self.next = to;
                }
            }
        }
        (heard, missing)
    }

    fn gap(&self, ticks: i64) -> Piece<'static> {
        let ticks = ticks as usize;
        match self.pause || self.is_silent() {
            true => Piece::Silence(ticks),
            false => Piece::Missing(ticks),
        }
    }

    fn catch_up(&mut self, now_us: i64) {
        if now_us - (self.slot + 1) * FRAME_US > BEHIND_MAX_US {
            self.slot = now_us / FRAME_US;
        }
    }
}
