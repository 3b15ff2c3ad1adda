//! Where the time of a turn goes.

use std::time::Duration;

/// The time from a moment of the caller's sound to one of ours, by where it went. The stages follow
/// one another and add up to all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// Until the packet was full that carried the caller's sound, and so came.
    pub packet: Duration,
    /// In the jitter buffer.
    pub jitter_buffer: Duration,
    /// In the filters of the decoder.
    pub decode: Duration,
    /// Between the application's hearing of it and its answer.
    pub application: Duration,
    /// In the queue of what the application said, until its turn on the wire.
    pub queue: Duration,
    /// In the filters of the encoder.
    pub encode: Duration,
}

/// When a sound passed from one stage to the next, in microseconds since answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    /// The caller's sound was made.
    pub(super) spoken_us: i64,
    /// It was here.
    pub(super) arrived_us: i64,
    /// The application heard it.
    pub(super) heard_us: i64,
    /// The application answered.
    pub(super) answered_us: i64,
    /// The answer was on the wire.
    pub(super) sent_us: i64,
    /// What the filters of both ways add: parts of the first and of the last stretch.
    pub(super) decode_us: i64,
    pub(super) encode_us: i64,
}

impl Stages {
    /// Each of them, in the order in which they follow one another.
    pub fn each(&self) -> [Duration; 6] {
        [
            self.packet,
            self.jitter_buffer,
            self.decode,
            self.application,
            self.queue,
            self.encode,
        ]
    }

    /// All of it.
    pub fn total(&self) -> Duration {
        self.each().iter().sum()
    }

    /// Of a sound that went this way. An application may have answered before it heard the end, and
    /// what it cleared may have been silent before: no stage takes less than nothing, and what one
    /// would have taken too much counts where the sound really was.
    pub(super) fn of(course: &Course) -> Self {
        let mut now_us = course.spoken_us;
        let end_us = course.sent_us.max(now_us);
        let mut until = |at_us: i64| {
            let at_us = at_us.clamp(now_us, end_us);
            let passed = at_us - std::mem::replace(&mut now_us, at_us);
            Duration::from_micros(passed.unsigned_abs())
        };
        // In the caller's sound the filter's delay comes before all else, since it is in the samples
        // that positions are counted in; it is told in its own place.
        let decode = until(course.spoken_us + course.decode_us);
        let packet = until(course.arrived_us);
        let jitter_buffer = until(course.heard_us);
        let application = until(course.answered_us);
        let queue = until(course.sent_us - course.encode_us);
        Self {
            packet,
            jitter_buffer,
            decode,
            application,
            queue,
            encode: until(end_us),
        }
    }
}
