//! Counters that wrap on the wire, unwrapped to counters that do not.

/// Extends 16-bit sequence numbers by what they wrapped.
#[derive(Clone, Copy, Debug, Default)]
pub struct SequenceUnwrapper {
    last: Option<i64>,
}

impl SequenceUnwrapper {
    /// The sequence number nearest to the last one that has these low bits. The first is itself.
    pub fn unwrap(&mut self, sequence: u16) -> i64 {
        let next = match self.last {
            None => i64::from(sequence),
            Some(last) => last + i64::from(sequence.wrapping_sub(last as u16) as i16),
        };
        self.last = Some(next);
        next
    }
}

/// Extends 32-bit timestamps by what they wrapped.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimestampUnwrapper {
    last: Option<i64>,
}

impl TimestampUnwrapper {
    /// The timestamp nearest to the last one that has these low bits. The first is itself.
    pub fn unwrap(&mut self, timestamp: u32) -> i64 {
        let next = self.peek(timestamp);
        self.last = Some(next);
        next
    }

    /// What [`Self::unwrap`] would return, without taking it as the new reference. For packets that
    /// are not trusted yet.
    pub fn peek(&self, timestamp: u32) -> i64 {
        match self.last {
            None => i64::from(timestamp),
            Some(last) => last + i64::from(timestamp.wrapping_sub(last as u32) as i32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_go_on_across_the_wrap_and_back() {
        let mut unwrapper = SequenceUnwrapper::default();
        let seen: Vec<_> = [65_534, 65_535, 0, 65_535, 1]
            .map(|sequence| unwrapper.unwrap(sequence))
            .into();
        assert_eq!(seen, [65_534, 65_535, 65_536, 65_535, 65_537]);
    }

    #[test]
    fn a_reordered_packet_before_the_first_is_negative_and_not_far_ahead() {
        let mut unwrapper = SequenceUnwrapper::default();
        assert_eq!(unwrapper.unwrap(0), 0);
        assert_eq!(unwrapper.unwrap(65_535), -1);
    }

    #[test]
    fn timestamps_go_on_for_hours_without_losing_a_tick() {
        let mut unwrapper = TimestampUnwrapper::default();
        let first = u32::MAX - 1000;
        // Forty days at 8 kHz wrap five times and more.
        for step in 0..40 * 24 * 60_i64 {
            let ticks = step * 60 * 8000;
            let wire = first.wrapping_add(ticks as u32);
            assert_eq!(unwrapper.unwrap(wire), i64::from(first) + ticks);
        }
    }
}
