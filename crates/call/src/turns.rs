//! Who answered, or interrupted, whom how fast, by the audio alone, and where the time went.

use std::time::Duration;

/// Turns, and interruptions, kept one by one; later ones are only counted.
pub const TURNS_KEPT_MAX: usize = 200;

/// The time from a moment of the caller's sound to one of ours, by where it went, in ms. The stages
/// follow one another and add up to all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// Until the packet was full that carried the caller's sound, and so came.
    pub packet_ms: u32,
    /// In the jitter buffer.
    pub jitter_buffer_ms: u32,
    /// In the filters of the decoder.
    pub decode_ms: u32,
    /// Between the application's hearing of it and its answer, ways to and fro included.
    pub application_ms: u32,
    /// In the queue of what the application said, until its turn on the wire.
    pub queue_ms: u32,
    /// In the filters of the encoder.
    pub encode_ms: u32,
}

impl Stages {
    /// The names of the stages, in their order.
    pub const NAMES: [&str; 6] = [
        "packet",
        "jitter_buffer",
        "decode",
        "application",
        "queue",
        "encode",
    ];

    /// From exact times in their order. What is rounded is when each stage ended, so that they add
    /// up to the rounded whole.
    pub fn rounded(times: [Duration; 6]) -> Self {
        let mut exact = Duration::ZERO;
        let mut told = 0;
        let [
            packet_ms,
            jitter_buffer_ms,
            decode_ms,
            application_ms,
            queue_ms,
            encode_ms,
        ] = times.map(|time| {
            exact = exact.saturating_add(time);
            let until = exact.saturating_add(Duration::from_micros(500)).as_millis();
            let until = u32::try_from(until).unwrap_or(u32::MAX);
            until - std::mem::replace(&mut told, until)
        });
        Self {
            packet_ms,
            jitter_buffer_ms,
            decode_ms,
            application_ms,
            queue_ms,
            encode_ms,
        }
    }

    /// Each of them, in their order.
    pub fn each_ms(&self) -> [u32; 6] {
        [
            self.packet_ms,
            self.jitter_buffer_ms,
            self.decode_ms,
            self.application_ms,
            self.queue_ms,
            self.encode_ms,
        ]
    }

    /// All of it.
    pub fn total_ms(&self) -> u32 {
        self.each_ms()
            .into_iter()
            .fold(0, |total, stage| total.saturating_add(stage))
    }
}

/// An answer: from the caller's last word to our first sound on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// When our first sound was on the wire, in ms since answer.
    pub at_ms: u64,
    /// The way there.
    pub stages: Stages,
}

/// The caller spoke while we did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interruption {
    /// When the caller began, in ms since answer.
    pub at_ms: u64,
    /// The way from there to our last sound on the wire; `None` where we did not yield.
    pub yielded: Option<Stages>,
}

/// The caller spoke and the application said nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deafness {
    /// When the caller had first fallen silent, in ms since answer.
    pub at_ms: u64,
    /// How long nothing had been said when it was noticed, in ms.
    pub silent_ms: u64,
}

/// Everything of one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    kept: Vec<Turn>,
    count: u64,
    max_ms: u32,
    interruptions: Vec<Interruption>,
    interrupted: u64,
    unyielding: u64,
    deaf: Option<Deafness>,
}

impl Turns {
    /// Answers that were timed.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first [`TURNS_KEPT_MAX`] of them, in their order.
    pub fn each(&self) -> &[Turn] {
        &self.kept
    }

    /// The longest wait in ms.
    pub fn max_ms(&self) -> Option<u32> {
        (self.count > 0).then_some(self.max_ms)
    }

    /// The median of the waits that were kept, in ms; of an even number the lower one.
    pub fn median_ms(&self) -> Option<u32> {
        median(self.kept.iter().map(|turn| turn.stages.total_ms()))
    }

    /// The median of each stage. They need not add up to the median of the waits.
    pub fn stages_median_ms(&self) -> Option<[u32; 6]> {
        let mut medians = [0; 6];
        for (stage, median_ms) in medians.iter_mut().enumerate() {
            let each = self.kept.iter().map(|turn| turn.stages.each_ms());
            *median_ms = median(each.filter_map(|stages| stages.get(stage).copied()))?;
        }
        Some(medians)
    }

    /// How often the caller interrupted.
    pub fn interrupted(&self) -> u64 {
        self.interrupted
    }

    /// How often the application talked on.
    pub fn unyielding(&self) -> u64 {
        self.unyielding
    }

    /// The first [`TURNS_KEPT_MAX`] interruptions, in their order.
    pub fn interruptions(&self) -> &[Interruption] {
        &self.interruptions
    }

    /// The median of how long the application went on where it yielded, in ms.
    pub fn yield_median_ms(&self) -> Option<u32> {
        let yielded = self.interruptions.iter().filter_map(|it| it.yielded);
        median(yielded.map(|stages| stages.total_ms()))
    }

    /// The first time that the application counted as deaf.
    pub fn deaf(&self) -> Option<Deafness> {
        self.deaf
    }

    /// A turn was timed.
    pub fn push(&mut self, turn: Turn) {
        self.count += 1;
        self.max_ms = self.max_ms.max(turn.stages.total_ms());
        if self.kept.len() < TURNS_KEPT_MAX {
            self.kept.push(turn);
        }
    }

    /// The caller interrupted.
    pub fn push_interruption(&mut self, interruption: Interruption) {
        self.interrupted += 1;
        self.unyielding += u64::from(interruption.yielded.is_none());
        if self.interruptions.len() < TURNS_KEPT_MAX {
            self.interruptions.push(interruption);
        }
    }

    /// The application is deaf.
    pub fn push_deafness(&mut self, deafness: Deafness) {
        self.deaf.get_or_insert(deafness);
    }
}

fn median(figures: impl Iterator<Item = u32>) -> Option<u32> {
    let mut sorted: Vec<u32> = figures.collect();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(application_ms: u32) -> Turn {
        Turn {
            at_ms: 0,
            stages: Stages {
                packet_ms: 10,
                application_ms,
                ..Stages::default()
            },
        }
    }

    #[test]
    fn the_figures_are_those_of_the_waits() {
        let mut turns = Turns::default();
        assert_eq!((turns.median_ms(), turns.max_ms()), (None, None));
        assert_eq!(turns.stages_median_ms(), None);
        for number in 0..210 {
            turns.push(turn(number % 5 * 200));
        }
        assert_eq!((turns.count(), turns.each().len()), (210, TURNS_KEPT_MAX));
        assert_eq!((turns.median_ms(), turns.max_ms()), (Some(410), Some(810)));
        assert_eq!(turns.stages_median_ms(), Some([10, 0, 0, 400, 0, 0]));
    }

    #[test]
    fn interruptions_are_counted_by_whether_we_yielded() {
        let mut turns = Turns::default();
        for yielded in [Some(turn(100).stages), None, Some(turn(200).stages)] {
            turns.push_interruption(Interruption { at_ms: 0, yielded });
        }
        assert_eq!((turns.interrupted(), turns.unyielding()), (3, 1));
        assert_eq!(turns.yield_median_ms(), Some(110));
        for _ in 0..TURNS_KEPT_MAX {
            turns.push_interruption(Interruption {
                at_ms: 0,
                yielded: None,
            });
        }
        assert_eq!(turns.interruptions().len(), TURNS_KEPT_MAX);
        assert_eq!(turns.unyielding(), 201);
    }

    #[test]
    fn rounded_stages_add_up_to_the_rounded_whole() {
        let times = [600, 600, 600, 600, 600, 600].map(Duration::from_micros);
        let stages = Stages::rounded(times);
        assert_eq!(stages.each_ms(), [1, 0, 1, 0, 1, 1]);
        assert_eq!(stages.total_ms(), 4);
        let longest = Stages::rounded([Duration::MAX; 6]);
        assert_eq!(longest.total_ms(), u32::MAX);
    }
}
