//! The application's samples that wait to be spoken, and the marks between them.

use std::collections::VecDeque;

/// Samples that may wait: five minutes.
pub const SAMPLES_MAX: usize = 5 * 60 * 16_000;

/// Marks that may wait.
pub const MARKS_MAX: usize = 4_096;

/// Capacity that is kept whatever happens: a second.
const SAMPLES_KEPT: usize = 16_000;

/// Samples and marks, in their order. Positions count samples since answer.
#[derive(Debug)]
pub(super) struct Queue<M> {
    samples: VecDeque<i16>,
    marks: VecDeque<(u64, M)>,
    /// Samples taken so far: the position of the first that waits.
    taken: u64,
}

impl<M> Default for Queue<M> {
    fn default() -> Self {
        Self {
            samples: VecDeque::new(),
            marks: VecDeque::new(),
            taken: 0,
        }
    }
}

impl<M> Queue<M> {
    pub(super) fn len(&self) -> usize {
        self.samples.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.samples.capacity() * size_of::<i16>()
    }

    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// All of the samples or, where they would be too many, none: `false`.
    pub(super) fn push(&mut self, samples: &[i16]) -> bool {
        let fits = self.samples.len() + samples.len() <= SAMPLES_MAX;
        if fits {
            self.samples.extend(samples);
        }
        fits
    }

    pub(super) fn push_mark(&mut self, mark: M) -> bool {
        let fits = self.marks.len() < MARKS_MAX;
        if fits {
            let position = self.taken + self.samples.len() as u64;
            self.marks.push_back((position, mark));
        }
        fits
    }

    /// Moves what there is, at most all of `frame`, and returns how much. Gives memory back that a
    /// long speech took.
    pub(super) fn take(&mut self, frame: &mut [i16]) -> usize {
        let count = frame.len().min(self.samples.len());
        // Two copies of whole slices: sample by sample this was a quarter of a packet's cost.
        let (first, second) = self.samples.as_slices();
        let first = &first[..count.min(first.len())];
        let (front, back) = frame[..count].split_at_mut(first.len());
        front.copy_from_slice(first);
        back.copy_from_slice(&second[..back.len()]);
        self.samples.drain(..count);
        self.taken += count as u64;
        if self.samples.capacity() > SAMPLES_KEPT
            && self.samples.len() < self.samples.capacity() / 4
        {
            self.samples.shrink_to(self.samples.capacity() / 2);
        }
        count
    }

    /// The next mark that everything before it was taken, and its position.
    pub(super) fn next_reached(&mut self) -> Option<(u64, M)> {
        self.marks
            .pop_front_if(|(position, _)| *position <= self.taken)
    }

    /// Forgets all samples and returns the marks between them.
    pub(super) fn clear(&mut self) -> Vec<M> {
        self.samples.clear();
        self.samples.shrink_to(SAMPLES_KEPT);
        self.marks.drain(..).map(|(_, mark)| mark).collect()
    }
}
