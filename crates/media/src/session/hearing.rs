//! From the peer's packets to the application's frames.

use trunkline_audio::{AudioFrame, FRAME_SAMPLES, FramePool};

use super::decoder::Decoder;
use super::statistics::Statistics;
use crate::dtmf::{DigitReceiver, Press};
use crate::jitter::{Content, Fate, JitterBuffer, Step};
use crate::rtp::{Arrival, Packet, Reception};
use crate::timing::TICK_US;
use crate::turns::Came;

/// What a payload type means on this call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Media(Content),
    Event,
}

/// A frame for the application.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) frame: AudioFrame,
    pub(super) at: u64,
    pub(super) concealed: bool,
    /// How it came. Silence that stands for nothing sent came as it was due.
    pub(super) came: Came,
}

/// The receiving half of a session.
#[derive(Debug)]
pub(super) struct Hearing {
    jitter: JitterBuffer,
    digits: DigitReceiver,
    decoder: Decoder,
    pool: FramePool,
    reception: Option<Reception>,
    /// What sources before the present one brought.
    before: Counts,
    bytes: u64,
    late: u64,
    digits_received: u64,
    samples_concealed: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    received: u64,
    lost: u64,
    duplicates: u64,
}

impl Hearing {
    pub(super) fn new() -> Self {
        Self {
            jitter: JitterBuffer::default(),
            digits: DigitReceiver::default(),
            decoder: Decoder::new(),
            pool: FramePool::new(),
            reception: None,
            before: Counts::default(),
            bytes: 0,
            late: 0,
            digits_received: 0,
            samples_concealed: 0,
        }
    }

    /// Takes a packet of the peer; `anew` says that it is the first of another source. Returns a key
    /// press that it ends.
    pub(super) fn handle_packet(
        &mut self,
        now_us: i64,
        packet: &Packet<'_>,
        format: Format,
        anew: bool,
    ) -> Option<Press> {
        let ended = if anew { self.restart() } else { None };
        let header = &packet.header;
        let reception = self
            .reception
            .get_or_insert_with(|| Reception::new(header.ssrc));
        if reception.count(header.sequence) == Arrival::Duplicate {
            return self.note(ended);
        }
        self.bytes += packet.payload.len() as u64;
        match format {
            Format::Event => {
                // In the place of audio: what is missing until audio comes again is no loss.
                self.jitter
                    .insert(now_us, header.timestamp, Content::Pause, &[]);
                let pressed = self
                    .digits
                    .handle_packet(now_us, header.timestamp, packet.payload);
                return self.note(ended.or(pressed));
            }
            Format::Media(content) => {
                reception.count_jitter(now_us / TICK_US, header.timestamp);
                let empty = packet.payload.is_empty() && content != Content::Pause;
                if !empty
                    && self
                        .jitter
                        .insert(now_us, header.timestamp, content, packet.payload)
                        == Fate::Late
                {
                    self.late += 1;
                }
            }
        }
        self.note(ended)
    }

    /// Takes a packet that comes while nobody listens. It is counted, so that those which follow
    /// it when the call is resumed do not make it a loss.
    pub(super) fn pass_over(&mut self, packet: &Packet<'_>, anew: bool) {
        if anew {
            self.restart();
        }
        let header = &packet.header;
        let reception = self
            .reception
            .get_or_insert_with(|| Reception::new(header.ssrc));
        reception.count(header.sequence);
    }

    /// A key press whose end was lost.
    pub(super) fn handle_timeout(&mut self, now_us: i64) -> Option<Press> {
        let press = self.digits.handle_timeout(now_us);
        self.note(press)
    }

    /// The next frame if it is due, otherwise when to ask again.
    pub(super) fn poll(&mut self, now_us: i64) -> Result<Heard, i64> {
        loop {
            let step = self.jitter.step(now_us);
            if let Step::Wait(until_us) = step {
                return Err(self
                    .digits
                    .deadline_us()
                    .map_or(until_us, |d| d.min(until_us)));
            }
            let at = self.jitter.position();
            let mut concealed = false;
            let (jitter, decoder) = (&mut self.jitter, &mut self.decoder);
            // Put together where its readers will find it: a copy on the way is cold memory.
            let frame = self.pool.frame_with(|frame| {
                concealed = jitter.take(step, |piece| decoder.take(piece, frame));
                match step {
                    Step::Drop => decoder.drop_frame(frame),
                    _ => decoder.finish(frame),
                }
            });
            if step == Step::Drop {
                continue;
            }
            if concealed {
                self.samples_concealed += FRAME_SAMPLES as u64;
            }
            return Ok(Heard {
                frame,
                at,
                concealed,
                came: self.came(now_us),
            });
        }
    }

    fn came(&self, now_us: i64) -> Came {
        let source = self.jitter.source();
        Came {
            at_us: source.map_or(now_us, |source| source.arrived_us),
            beyond_us: source.map_or(0, |source| source.beyond * TICK_US),
            filter_us: self.decoder.delay_us(),
        }
    }

    /// The counts of the present source, for reports.
    pub(super) fn reception_mut(&mut self) -> Option<&mut Reception> {
        self.reception.as_mut()
    }

    /// How long packets are held back at present.
    pub(super) fn depth_us(&self) -> i64 {
        self.jitter.depth_us()
    }

    pub(super) fn count(&self, statistics: &mut Statistics) {
        let now = self.counts();
        let slips = self.jitter.slips();
        statistics.packets_received = now.received;
        statistics.bytes_received = self.bytes;
        statistics.packets_lost = now.lost;
        statistics.packets_duplicate = now.duplicates;
        statistics.packets_late = self.late;
        let jitter = self.reception.as_ref().map_or(0, Reception::jitter);
        statistics.jitter = super::duration(i64::from(jitter) * TICK_US);
        statistics.depth_max = super::duration(self.jitter.depth_max_us());
        statistics.samples_concealed = self.samples_concealed;
        // A tick is two canonical samples.
        statistics.samples_inserted = slips.inserted * 2;
        statistics.samples_dropped = slips.dropped * 2;
        statistics.digits_received = self.digits_received;
    }

    fn counts(&self) -> Counts {
        let now = self.reception.as_ref();
        Counts {
            received: self.before.received + now.map_or(0, Reception::received),
            lost: self.before.lost + now.map_or(0, Reception::lost),
            duplicates: self.before.duplicates + now.map_or(0, Reception::duplicates),
        }
    }

    fn restart(&mut self) -> Option<Press> {
        self.before = self.counts();
        self.reception = None;
        self.jitter.restart();
        self.digits.restart()
    }

    fn note(&mut self, press: Option<Press>) -> Option<Press> {
        self.digits_received += u64::from(press.is_some());
        press
    }
}
