//! Packets that wait, in the order of their timestamps.

use std::collections::VecDeque;

use crate::codec::Codec;

/// Packets that may wait: 200 ms of the shortest packets, thrice over for bursts.
pub const PACKETS_MAX: usize = 64;

/// Payload buffers kept for reuse when nothing waits: those of 320 ms that came at once.
const SPARE_MAX: usize = 16;

/// What a packet says about its stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// One tick of the RTP clock in each byte, as with G.711 and G.722 (RFC 3551 §4.5).
    Audio(Codec),
    /// From here on the peer sends nothing on purpose: comfort noise (RFC 3389), or a telephone
    /// event in the place of audio.
    Pause,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) start: i64,
    pub(super) arrived_us: i64,
    pub(super) content: Content,
    pub(super) bytes: Vec<u8>,
}

impl Entry {
    pub(super) fn end(&self) -> i64 {
        self.start + self.bytes.len() as i64
    }
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: VecDeque<Entry>,
    spare: Vec<Vec<u8>>,
}

impl Queue {
    /// Puts a packet where it belongs; `false` where one with this timestamp waits already. The
    /// oldest goes where there are too many.
    pub(super) fn insert(
        &mut self,
        arrived_us: i64,
        start: i64,
        content: Content,
        payload: &[u8],
    ) -> bool {
        // Nearly always the new one is the last.
        let place = self.entries.iter().rposition(|entry| entry.start <= start);
        if place
            .and_then(|place| self.entries.get(place))
            .is_some_and(|e| e.start == start)
        {
            return false;
        }
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.extend_from_slice(payload);
        let entry = Entry {
            start,
            arrived_us,
            content,
            bytes,
        };
        self.entries
            .insert(place.map_or(0, |place| place + 1), entry);
        if self.entries.len() > PACKETS_MAX {
            self.pop_front();
        }
        true
    }

    pub(super) fn front(&self) -> Option<&Entry> {
        self.entries.front()
    }

    pub(super) fn pop_front(&mut self) {
        if let Some(entry) = self.entries.pop_front()
            && self.spare.len() < SPARE_MAX
        {
            self.spare.push(entry.bytes);
        }
    }

    pub(super) fn clear(&mut self) {
        while !self.entries.is_empty() {
            self.pop_front();
        }
    }

    /// Whether audio for every tick of `from..to` waits.
    pub(super) fn covers(&self, from: i64, to: i64) -> bool {
        let mut covered = from;
        for entry in &self.entries {
            if covered >= to || entry.start > covered {
                break;
            }
            covered = covered.max(entry.end());
        }
        covered >= to
    }
}
