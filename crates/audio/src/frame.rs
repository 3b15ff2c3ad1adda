//! The canonical frame: 20 ms of 16 kHz mono speech that many readers can share.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

/// Samples a second of canonical audio.
pub const SAMPLE_RATE_HZ: u32 = 16_000;

/// Samples in one canonical frame: 20 ms.
pub const FRAME_SAMPLES: usize = 320;

/// Slots one [`FramePool`] keeps for reuse: 82 s of audio in flight, 2.6 MiB.
pub const POOL_SLOTS_MAX: usize = 4_096;

/// Slots looked at for a free one before the pool grows. Frames are mostly dropped in the order
/// they were taken, so the one taken longest ago is nearly always free.
const PROBES_MAX: usize = 4;

/// 20 ms of 16 kHz, 16 bit, mono audio. Cloning shares the samples.
#[derive(Clone, PartialEq, Eq)]
pub struct AudioFrame(Arc<[i16; FRAME_SAMPLES]>);

impl AudioFrame {
    /// A frame of its own, outside any pool. Allocates: the media path takes frames from a
    /// [`FramePool`] instead.
    pub fn from_samples(samples: [i16; FRAME_SAMPLES]) -> Self {
        Self(Arc::new(samples))
    }

    /// The samples, oldest first.
    pub fn samples(&self) -> &[i16; FRAME_SAMPLES] {
        &self.0
    }
}

impl AsRef<[i16]> for AudioFrame {
    fn as_ref(&self) -> &[i16] {
        self.0.as_slice()
    }
}

impl fmt::Debug for AudioFrame {
    /// Only the loudest sample: 320 numbers help nobody in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peak = self.0.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
        write!(f, "AudioFrame(peak {peak})")
    }
}

/// Hands out frames and takes a slot back once all clones of its frame are gone.
///
/// In steady state it allocates nothing. A pool belongs to one thread; its frames may be dropped on
/// any. When all [`POOL_SLOTS_MAX`] slots are held by somebody, frames still come, each from an
/// allocation of its own that the pool does not keep; [`FramePool::overflows`] counts them.
#[derive(Debug)]
pub struct FramePool {
    /// In the order they were last handed out.
    slots: VecDeque<AudioFrame>,
    slots_max: usize,
    overflows: u64,
}

impl Default for FramePool {
    fn default() -> Self {
        Self::new()
    }
}

impl FramePool {
    /// An empty pool that grows on demand up to [`POOL_SLOTS_MAX`].
    pub fn new() -> Self {
        Self::with_limit(POOL_SLOTS_MAX)
    }

    fn with_limit(slots_max: usize) -> Self {
        Self {
            slots: VecDeque::new(),
            slots_max,
            overflows: 0,
        }
    }

    /// A frame with a copy of `samples`.
    pub fn frame(&mut self, samples: &[i16; FRAME_SAMPLES]) -> AudioFrame {
        self.frame_with(|slot| *slot = *samples)
    }

    /// A frame written in place by `write`, which finds whatever the slot held before.
    pub fn frame_with(&mut self, write: impl FnOnce(&mut [i16; FRAME_SAMPLES])) -> AudioFrame {
        let mut oldest = self.slots.iter_mut().take(PROBES_MAX).enumerate();
        let free = oldest.find_map(|(at, slot)| Some((at, Arc::get_mut(&mut slot.0)?)));
        if let Some((at, samples)) = free {
            write(samples);
            self.slots.rotate_left(at + 1);
            return self.slots[self.slots.len() - 1].clone();
        }
        if !self.slots.is_empty() {
            // Long-held slots at the front must not hide free ones for ever.
            self.slots.rotate_left(1);
        }
        let mut samples = [0; FRAME_SAMPLES];
        write(&mut samples);
        let frame = AudioFrame::from_samples(samples);
        if self.slots.len() < self.slots_max {
            self.slots.push_back(frame.clone());
        } else {
            self.overflows += 1;
        }
        frame
    }

    /// Slots the pool holds, free or in use.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Frames that had to be allocated because every slot within the limit was in use.
    pub fn overflows(&self) -> u64 {
        self.overflows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_reused_only_when_every_clone_is_gone() {
        let mut pool = FramePool::new();
        let first = pool.frame(&[1; FRAME_SAMPLES]);
        let shared = first.clone();
        drop(first);
        let second = pool.frame(&[2; FRAME_SAMPLES]);
        assert_eq!(shared.samples(), &[1; FRAME_SAMPLES]);
        assert_eq!(pool.slots(), 2);
        drop((shared, second));
        for n in 0..1_000 {
            assert_eq!(
                pool.frame(&[n; FRAME_SAMPLES]).samples(),
                &[n; FRAME_SAMPLES]
            );
        }
        assert_eq!(
            pool.slots(),
            2,
            "the two slots serve frames that are dropped at once"
        );
    }

    #[test]
    fn a_steady_number_in_flight_needs_a_steady_number_of_slots() {
        let mut pool = FramePool::new();
        let mut in_flight = VecDeque::new();
        let mut slots_after = |frames: i16| {
            for n in 0..frames {
                in_flight.push_back(pool.frame(&[n; FRAME_SAMPLES]));
                if in_flight.len() > 50 {
                    in_flight.pop_front();
                }
            }
            pool.slots()
        };
        let warm = slots_after(1_000);
        assert!(warm <= 75, "{warm} slots for 51 frames in flight");
        assert_eq!(
            slots_after(10_000),
            warm,
            "and no more, however long it runs"
        );
    }

    #[test]
    fn a_full_pool_still_gives_frames_and_counts_them() {
        let mut pool = FramePool::with_limit(2);
        let held: Vec<_> = (0..5).map(|n| pool.frame(&[n; FRAME_SAMPLES])).collect();
        assert_eq!(pool.slots(), 2);
        assert_eq!(pool.overflows(), 3);
        assert!(
            held.iter()
                .zip(0..)
                .all(|(frame, n)| frame.samples() == &[n; FRAME_SAMPLES])
        );
    }

    #[test]
    fn debug_output_is_short() {
        let mut samples = [0; FRAME_SAMPLES];
        samples[7] = i16::MIN;
        let frame = AudioFrame::from_samples(samples);
        assert_eq!(format!("{frame:?}"), "AudioFrame(peak 32768)");
    }
}
