//! What is said to the far end of a stream, and at whose pace.

use trunkline_call::{FRAME_SAMPLES, Mark};
use trunkline_media::playout::{Level, Playout, Step};
use trunkline_streams::stream::{Manners, Marks, MediaFormat};

use super::ahead::Ahead;

/// 20 ms at 16 kHz.
pub(super) type Frame = [i16; FRAME_SAMPLES];

/// Milliseconds of a frame.
pub(super) const FRAME_MS: u8 = 20;

/// The next thing to say, or to tell the application.
#[derive(Debug, PartialEq)]
pub(super) enum Saying {
    /// 20 ms of audio, for the far end.
    Frame {
        /// The next frame goes in the same message.
        more: bool,
    },
    /// A mark of this number, for the far end.
    Mark(u64),
    /// A mark was reached: so many of the application's samples were before it.
    Played(Mark, u64),
    /// The queue has become long, or short again.
    Level(Level),
}

/// What was queued when the application cleared it.
#[derive(Debug)]
pub(super) struct Dropped {
    /// Marks that had been reached, and the samples before each.
    pub(super) heard: Vec<(Mark, u64)>,
    /// Marks that will not be.
    pub(super) unheard: Vec<Mark>,
}

/// The application's audio on its way.
#[derive(Debug)]
pub(super) enum Speech {
    /// The provider queues and plays in order.
    Ahead(Box<Ahead>),
    /// The provider plays what it gets: one frame every 20 ms, speech or not. And when the next.
    Paced(Box<Playout<Mark>>, i64),
}

impl Speech {
    /// Speech in a format that begins now, which is time 0.
    pub(super) fn new(manners: &Manners, format: MediaFormat) -> Self {
        if manners.paced_by_server {
            Self::Paced(Box::new(Playout::new(0, FRAME_MS)), 0)
        } else {
            let least = manners.message_bytes_min.div_ceil(format.frame_bytes());
            let frames = u8::try_from(least).unwrap_or(u8::MAX);
            Self::Ahead(Box::new(Ahead::new(manners.marks != Marks::None, frames)))
        }
    }

    /// Whether the far end keeps audio that it has not played: only such can be taken back.
    pub(super) fn is_ahead(&self) -> bool {
        matches!(self, Self::Ahead(_))
    }

    /// Queues samples: all of them, or none and `false` where there is no room.
    pub(super) fn push(&mut self, now_us: i64, samples: &[i16]) -> bool {
        match self {
            Self::Ahead(ahead) => ahead.push(now_us, samples),
            Self::Paced(playout, _) => playout.push(now_us, samples),
        }
    }

    /// Puts a mark behind everything queued; `false` where there is no room.
    pub(super) fn push_mark(&mut self, mark: Mark) -> bool {
        match self {
            Self::Ahead(ahead) => ahead.push_mark(mark),
            Self::Paced(playout, _) => playout.push_mark(mark),
        }
    }

    /// Forgets what is queued; `cut` says that the far end does so as well.
    pub(super) fn clear(&mut self, now_us: i64, cut: bool) -> Dropped {
        let (heard, unheard) = match self {
            Self::Ahead(ahead) => ahead.clear(now_us, cut),
            Self::Paced(playout, _) => (Vec::new(), playout.clear()),
        };
        Dropped { heard, unheard }
    }

    /// Says nothing more for now; `cut` says that the far end forgets what it has.
    pub(super) fn pause(&mut self, now_us: i64, cut: bool) {
        match self {
            Self::Ahead(ahead) => ahead.pause(now_us, cut),
            Self::Paced(playout, _) => playout.pause(),
        }
    }

    /// Goes on.
    pub(super) fn resume(&mut self, now_us: i64) {
        match self {
            Self::Ahead(ahead) => ahead.resume(),
            Self::Paced(playout, _) => playout.resume(now_us),
        }
    }

    /// Whether the far end takes anything now. One whose pace we keep has no say in it.
    pub(super) fn set_full(&mut self, full: bool) {
        if let Self::Ahead(ahead) = self {
            ahead.set_full(full);
        }
    }

    /// The far end answered a mark.
    pub(super) fn on_answer(&mut self, now_us: i64, number: u64) {
        if let Self::Ahead(ahead) = self {
            ahead.on_answer(now_us, number);
        }
    }

    /// When the frame that was said last is heard, and how many of the application's samples were
    /// said before it.
    pub(super) fn latest(&self, now_us: i64) -> (i64, u64) {
        match self {
            Self::Ahead(ahead) => ahead.latest(),
            Self::Paced(playout, _) => (now_us, playout.played() - playout.taken_last() as u64),
        }
    }

    /// The application's samples that were given.
    pub(super) fn given(&self) -> u64 {
        match self {
            Self::Ahead(ahead) => ahead.end(),
            Self::Paced(playout, _) => playout.played() + playout.queued() as u64,
        }
    }

    /// The application's samples that were heard.
    pub(super) fn heard(&self, now_us: i64) -> u64 {
        match self {
            Self::Ahead(ahead) => ahead.heard(now_us),
            Self::Paced(playout, _) => playout.played(),
        }
    }

    /// Samples that wait.
    pub(super) fn queued(&self) -> usize {
        match self {
            Self::Ahead(ahead) => ahead.unsent(),
            Self::Paced(playout, _) => playout.queued(),
        }
    }

    /// What is queued is meant to stand there.
    pub(super) fn keep_queue(&mut self) {
        if let Self::Paced(playout, _) = self {
            playout.keep_queue();
        }
    }

    /// The next thing to say or tell now; a frame is written to `frame`.
    pub(super) fn next(&mut self, now_us: i64, frame: &mut Frame) -> Option<Saying> {
        match self {
            Self::Ahead(ahead) => ahead.next(now_us, frame),
            Self::Paced(playout, due_us) => next_paced(playout, due_us, now_us, frame),
        }
    }

    /// When there is more to say after [`Self::next`] had nothing, if nothing happens before.
    pub(super) fn due(&self) -> Option<i64> {
        match self {
            Self::Ahead(ahead) => ahead.due(),
            Self::Paced(_, due_us) => Some(*due_us),
        }
    }

    /// Frames of silence said in the middle of speech because the application's came too late.
    pub(super) fn slips(&self) -> u64 {
        match self {
            Self::Ahead(_) => 0,
            Self::Paced(playout, _) => playout.slips(),
        }
    }
}

fn next_paced(
    playout: &mut Playout<Mark>,
    due_us: &mut i64,
    now_us: i64,
    frame: &mut Frame,
) -> Option<Saying> {
    if let Some((mark, position)) = playout.next_mark() {
        return Some(Saying::Played(mark, position));
    }
    if let Some(level) = playout.level_crossed() {
        return Some(Saying::Level(level));
    }
    playout.catch_up_driver(now_us);
    if let Step::Wait(until) = playout.step(now_us, false) {
        *due_us = until;
        return None;
    }
    playout.take(now_us, frame);
    Some(Saying::Frame { more: false })
}
