//! When the application gave what it says.

use std::collections::VecDeque;

/// Times remembered of what waits in the queue. Where an application gives its sound in more pieces
/// than this, those that follow each other closely count as one.
pub(super) const GIVEN_MAX: usize = 128;

/// Pieces that follow each other within this time always count as one.
const TOGETHER_US: i64 = 5_000;

/// Positions in the application's sound, and when the sound from there on was given.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pieces: VecDeque<(u64, i64)>,
    /// Pieces that follow each other within this time count as one.
    together_us: i64,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            pieces: VecDeque::new(),
            together_us: TOGETHER_US,
        }
    }
}

impl Given {
    /// The sound from this position on is given now.
    pub(super) fn note(&mut self, position: u64, now_us: i64) {
        if let Some((_, last_us)) = self.pieces.back()
            && now_us - last_us < self.together_us
        {
            return;
        }
        if self.pieces.len() >= GIVEN_MAX {
            let mut keep = false;
            self.pieces.retain(|_| {
                keep = !keep;
                keep
            });
            self.together_us *= 2;
        }
        self.pieces.push_back((position, now_us));
    }

    /// When the sound at this position was given.
    pub(super) fn at(&self, position: u64) -> Option<i64> {
        let before = self.pieces.partition_point(|(from, _)| *from <= position);
        let piece = self.pieces.get(before.checked_sub(1)?)?;
        Some(piece.1)
    }

    /// Nothing before this position is asked for any more.
    pub(super) fn forget(&mut self, position: u64) {
        while let Some((next, _)) = self.pieces.get(1)
            && *next <= position
        {
            self.pieces.pop_front();
        }
        if self.pieces.len() == 1 {
            self.together_us = TOGETHER_US;
        }
    }

    /// What waits was cleared.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        self.together_us = TOGETHER_US;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_of_the_piece_that_it_lies_in() {
        let mut given = Given::default();
        for piece in 0..10 {
            given.note(piece * 320, piece as i64 * 20_000);
        }
        assert_eq!(given.at(0), Some(0));
        assert_eq!(given.at(959), Some(40_000));
        assert_eq!(given.at(960), Some(60_000));
        given.forget(960);
        assert_eq!((given.at(959), given.at(960)), (None, Some(60_000)));
        given.clear();
        assert_eq!(given.at(960), None);
    }

    #[test]
    fn however_many_pieces_wait_few_times_are_kept_and_none_is_far_off() {
        let mut given = Given::default();
        for piece in 0..15_000 {
            given.note(piece * 320, piece as i64 * 5_000);
        }
        assert!(given.pieces.len() <= GIVEN_MAX);
        for piece in (0..15_000).step_by(500) {
            let at_us = given.at(piece * 320).expect("a time");
            let late_us = piece as i64 * 5_000 - at_us;
            assert!((0..2_000_000).contains(&late_us), "{piece}: {late_us}");
        }
    }
}
