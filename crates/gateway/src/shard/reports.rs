//! The way from the shards to the gateway's task. No shard waits for it: the sound of its calls would.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use trunkline_call::CallEvent;

use super::Report;

/// The most that waits before events are left out which an application can cause without end. What
/// remains is bounded by the calls: each begins, rings, is moved and ends once or a few times.
pub const REPORTS_MAX: usize = 16_384;

/// A shard's end.
#[derive(Clone)]
pub struct Reporter {
    to: UnboundedSender<Report>,
    queue: Arc<Queue>,
}

/// The end of the gateway's task.
pub struct Reports {
    from: UnboundedReceiver<Report>,
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: AtomicUsize,
    lost: AtomicU64,
}

/// Both ends of a new way.
pub fn reports() -> (Reporter, Reports) {
    let (to, from) = unbounded_channel();
    let queue = Arc::new(Queue::default());
    let reporter = Reporter {
        to,
        queue: Arc::clone(&queue),
    };
    (reporter, Reports { from, queue })
}

impl Reporter {
    /// Tells something, unless too much waits and nothing but curiosity wants it.
    pub fn tell(&self, report: Report) {
        let waiting = self.queue.waiting.fetch_add(1, Ordering::Relaxed);
        let is_left_out = waiting >= REPORTS_MAX && is_for_watchers(&report);
        if is_left_out {
            self.queue.lost.fetch_add(1, Ordering::Relaxed);
        }
        // Where the task has ended, its calls have too.
        if is_left_out || self.to.send(report).is_err() {
            self.queue.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Reports {
    /// What is told next; nothing once every shard has ended.
    pub async fn next(&mut self) -> Option<Report> {
        let report = self.from.recv().await?;
        self.queue.waiting.fetch_sub(1, Ordering::Relaxed);
        Some(report)
    }

    /// How many events were left out.
    pub fn lost(&self) -> u64 {
        self.queue.lost.load(Ordering::Relaxed)
    }
}

/// Whether a report changes nothing, and is told as often as an application or a far end likes.
fn is_for_watchers(report: &Report) -> bool {
    let Report::Event(_, event) = report else {
        return false;
    };
    match event {
        CallEvent::MarkPlayed { .. }
        | CallEvent::Cleared { .. }
        | CallEvent::Paused { .. }
        | CallEvent::QueueHigh { .. }
        | CallEvent::QueueLow { .. }
        | CallEvent::Refused { .. }
        | CallEvent::Dtmf { .. } => true,
        CallEvent::Audio { .. }
        | CallEvent::Ringing
        | CallEvent::Answered
        | CallEvent::Held
        | CallEvent::Resumed
        | CallEvent::Transferred(_)
        | CallEvent::Turn(_)
        | CallEvent::Interrupted(_)
        | CallEvent::AppDeaf(_)
        | CallEvent::Ended(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::CallKey;
    use trunkline_call::{Digit, EndReason};

    fn key_pressed() -> Report {
        let digit = Digit::from_char('5').expect("a key");
        let duration_ms = 100;
        Report::Event(CallKey(1), CallEvent::Dtmf { digit, duration_ms })
    }

    #[tokio::test]
    async fn a_flood_of_events_is_cut_and_counted_and_the_end_of_a_call_is_told() {
        let (reporter, mut reports) = reports();
        for _ in 0..REPORTS_MAX + 10 {
            reporter.tell(key_pressed());
        }
        let end = CallEvent::Ended(EndReason::Remote);
        reporter.tell(Report::Event(CallKey(1), end));
        assert_eq!(reports.lost(), 10);
        for _ in 0..REPORTS_MAX {
            let report = reports.next().await;
            assert!(matches!(
                report,
                Some(Report::Event(_, CallEvent::Dtmf { .. }))
            ));
        }
        let last = reports.next().await;
        assert!(matches!(last, Some(Report::Event(_, CallEvent::Ended(_)))));
        reporter.tell(key_pressed());
        assert!(reports.next().await.is_some(), "there is room again");
        assert_eq!(reports.lost(), 10);
        drop(reporter);
        assert!(reports.next().await.is_none());
    }
}
