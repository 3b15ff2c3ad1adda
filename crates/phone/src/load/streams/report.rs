//! What a run came to.

use std::time::Duration;

use super::crowd::Crowd;
use crate::load::concurrent::{LOSS_MAX, SPACING_MAX_MS, missing};
use crate::load::pulse::FRAME;
use crate::load::{Generator, Holdings, Summary};

/// What a run with so many streams came to.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamsReport {
    /// Every stream taken and kept, all audio back, and in time.
    pub pass: bool,
    /// The dialect they spoke.
    pub dialect: &'static str,
    /// Streams at once.
    pub calls: u32,
    /// Streams that did not open, or ended before we ended them.
    pub failed: u64,
    /// Why the last of them did.
    pub last_failure: Option<String>,
    /// From a connection's first packet to the open WebSocket.
    pub opened_ms: Summary,
    /// Seconds that were measured.
    pub seconds: f64,
    /// Messages of 20 ms sent in that time.
    pub sent: u64,
    /// Audio that came in that time, in the same measure.
    pub received: u64,
    /// The part of the audio between pulses that is missing.
    pub loss_by_pulses: f64,
    /// The part of the audio missing by count.
    pub loss_by_count: f64,
    /// Pulses that never came back.
    pub unheard: u64,
    /// From one message of a stream to the next: how far from the sound in the first, 20 ms.
    pub spacing_ms: Summary,
    /// From a pulse out to the pulse back.
    pub delay_ms: Summary,
    /// CPU of the target for one second of one stream, in milliseconds.
    pub cpu_ms_per_call_second: Option<f64>,
    /// What the target held while all streams were up.
    pub holdings: Option<Holdings>,
    /// How the generator did.
    pub generator: Generator,
}

/// What was measured beside the streams.
pub struct Measured {
    pub window: Duration,
    pub cpu: Option<Duration>,
    pub holdings: Option<Holdings>,
    pub generator: Generator,
}

impl StreamsReport {
    pub(super) fn of(crowd: &Crowd<'_>, measured: Measured) -> Self {
        let figures = &crowd.figures;
        let received = figures.received / FRAME as u64;
        let loss_by_pulses = figures.missing as f64 / figures.expected.max(1) as f64;
        let loss_by_count = missing(crowd.sent, received);
        // A window may end between a message and its answer.
        let with_those_on_their_way = received + u64::from(crowd.count());
        let spacing_ms = figures.spacing.summary();
        let seconds = measured.window.as_secs_f64();
        let call_seconds = (f64::from(crowd.count()) * seconds).max(1e-9);
        let cpu = measured.cpu.map(|cpu| cpu.as_secs_f64() * 1e3);
        Self {
            pass: crowd.failed == 0
                && received > 0
                && figures.missing == 0
                && figures.unheard == 0
                && missing(crowd.sent, with_those_on_their_way) < LOSS_MAX
                && spacing_ms.p99 < SPACING_MAX_MS,
            dialect: crowd.dialect.name,
            calls: crowd.count(),
            failed: crowd.failed,
            last_failure: crowd.last_failure.clone(),
            opened_ms: crowd.opened.summary(),
            seconds,
            sent: crowd.sent,
            received,
            loss_by_pulses,
            loss_by_count,
            unheard: figures.unheard,
            spacing_ms,
            delay_ms: figures.delay.summary(),
            cpu_ms_per_call_second: cpu.map(|ms| (ms / call_seconds * 1e4).round() / 1e4),
            holdings: measured.holdings,
            generator: measured.generator,
        }
    }
}
