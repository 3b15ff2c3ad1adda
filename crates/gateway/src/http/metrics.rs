//! `/metrics`: the gateway in the words of Prometheus.

mod refusals;

pub use refusals::{StreamRefusal, WebhookRefusal};

use super::Shared;
use super::error::ApiError;
use crate::control::Figures;
use crate::reload::ConfigurationView;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use trunkline_call::CallEvent;
use trunkline_call::record::CallRecord;
use trunkline_call::turns::{Interruption, Stages};

/// Seconds; what people notice lies between a quarter and two.
const WAIT_BUCKETS: [f64; 10] = [0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0];
/// Seconds; from a filter's delay to the thinking of a slow model.
const STAGE_BUCKETS: [f64; 13] = [
    0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 2.0, 5.0,
];
/// Seconds; beyond two nobody has yielded.
const YIELD_BUCKETS: [f64; 8] = [0.05, 0.1, 0.15, 0.25, 0.4, 0.7, 1.0, 2.0];
/// Seconds; from an announcement to a long conversation.
const DURATION_BUCKETS: [f64; 10] = [
    1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0,
];

/// How a call ended: who, then why. Both are words of a closed list, never a caller's text.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct End {
    by: &'static str,
    reason: &'static str,
}

/// Why something of a provider was refused: a word of a closed list.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Refused {
    reason: &'static str,
}

/// A stage of a turn: a word of a closed list.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Stage {
    stage: &'static str,
}

/// What is counted of calls as they go, and of those that have ended.
#[derive(Clone, Debug)]
pub struct Metrics {
    ended: Family<End, Counter>,
    duration: Histogram,
    wait: Histogram,
    stages: Family<Stage, Histogram, fn() -> Histogram>,
    yields: Histogram,
    unyielding: Counter,
    deaf: Counter,
    lost: Counter,
    received: Counter,
    nonsense: Counter,
    streams_refused: Family<Refused, Counter>,
    webhooks_refused: Family<Refused, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            ended: Family::default(),
            duration: Histogram::new(DURATION_BUCKETS),
            wait: Histogram::new(WAIT_BUCKETS),
            stages: Family::new_with_constructor(|| Histogram::new(STAGE_BUCKETS)),
            yields: Histogram::new(YIELD_BUCKETS),
            unyielding: Counter::default(),
            deaf: Counter::default(),
            lost: Counter::default(),
            received: Counter::default(),
            nonsense: Counter::default(),
            streams_refused: Family::default(),
            webhooks_refused: Family::default(),
        }
    }
}

impl Metrics {
    /// A call has ended.
    pub fn ended(&self, record: &CallRecord) {
        let end = End {
            by: record.end.by(),
            reason: record.end.reason(),
        };
        self.ended.get_or_create(&end).inc();
        self.duration.observe(record.talked().as_secs_f64());
        // What a provider loses on its way to us, it does not tell.
        if let (Some(media), None) = (&record.media, &record.provider) {
            self.lost.inc_by(media.packets_lost);
            self.received.inc_by(media.packets_received);
        }
        self.nonsense.inc_by(record.application.nonsense);
    }

    /// Something has happened on a call.
    pub fn happened(&self, event: &CallEvent) {
        let seconds = |ms: u32| f64::from(ms) / 1_000.0;
        match event {
            CallEvent::Turn(turn) => {
                self.wait.observe(seconds(turn.stages.total_ms()));
                for (stage, ms) in Stages::NAMES.into_iter().zip(turn.stages.each_ms()) {
                    let histogram = self.stages.get_or_create(&Stage { stage });
                    histogram.observe(seconds(ms));
                }
            }
            CallEvent::Interrupted(Interruption { yielded, .. }) => match yielded {
                Some(stages) => self.yields.observe(seconds(stages.total_ms())),
                None => {
                    self.unyielding.inc();
                }
            },
            CallEvent::AppDeaf(_) => {
                self.deaf.inc();
            }
            _ => {}
        }
    }

    /// A provider's stream was turned away.
    pub fn stream_refused(&self, refusal: StreamRefusal) {
        let reason = refusal.word();
        self.streams_refused
            .get_or_create(&Refused { reason })
            .inc();
    }

    /// A provider's webhook was refused, or asked about a number that is none of ours.
    pub fn webhook_refused(&self, refusal: WebhookRefusal) {
        let reason = refusal.word();
        self.webhooks_refused
            .get_or_create(&Refused { reason })
            .inc();
    }

    fn register(&self, registry: &mut Registry) {
        let (ended, duration, wait) =
            (self.ended.clone(), self.duration.clone(), self.wait.clone());
        registry.register("calls_ended", "Calls by who ended them and why", ended);
        registry.register("talk_seconds", "From answer to end", duration);
        registry.register(
            "turn_seconds",
            "From the caller's last word to our first sound",
            wait,
        );
        self.register_turns(registry);
        registry.register("rtp_lost", "RTP packets that never came", self.lost.clone());
        registry.register(
            "rtp_received",
            "RTP packets received",
            self.received.clone(),
        );
        let nonsense = "Messages of applications that broke the protocol";
        registry.register("app_nonsense", nonsense, self.nonsense.clone());
        let refused = "Media streams of providers that did not become a call";
        registry.register("streams_refused", refused, self.streams_refused.clone());
        let refused = "Webhooks of providers that were refused, or asked about a number of nobody";
        registry.register("webhooks_refused", refused, self.webhooks_refused.clone());
    }

    fn register_turns(&self, registry: &mut Registry) {
        let help = "Where that time went, stage by stage";
        registry.register("turn_stage_seconds", help, self.stages.clone());
        let help = "From a caller's interruption to our last sound";
        registry.register("yield_seconds", help, self.yields.clone());
        let help = "Interruptions at which the application talked on";
        registry.register("unyielding", help, self.unyielding.clone());
        let help = "Times that a caller spoke and the application said nothing";
        registry.register("app_deaf", help, self.deaf.clone());
    }

    /// Everything as text.
    fn text(&self, figures: &Figures, configuration: &ConfigurationView) -> String {
        let mut registry = Registry::with_prefix("trunkline");
        self.register(&mut registry);
        register_figures(&mut registry, figures);
        register_configuration(&mut registry, configuration);
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &registry);
        text
    }
}

fn register_figures(registry: &mut Registry, figures: &Figures) {
    let size = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let gauges = [
        ("calls", "Calls that live", size(figures.calls)),
        ("rtp_ports", "RTP port pairs in use", size(figures.ports)),
        ("descriptors", "Descriptors open", size(figures.descriptors)),
        ("devices", "Devices registered", size(figures.devices)),
        (
            "sip_transactions",
            "SIP transactions held",
            size(figures.transactions),
        ),
        (
            "draining",
            "1 while new calls are refused",
            i64::from(figures.draining),
        ),
    ];
    for (name, help, value) in gauges {
        register_gauge(registry, name, help, value);
    }
    let counters = [
        (
            "calls_started",
            "Calls since the start",
            figures.calls_total,
        ),
        (
            "calls_refused",
            "Calls refused for want of room",
            figures.calls_refused,
        ),
        (
            "sip_malformed",
            "SIP messages that were none",
            figures.malformed,
        ),
        (
            "sip_over_rate",
            "SIP requests refused because their source sends too many",
            figures.over_rate,
        ),
        (
            "sip_retransmissions",
            "SIP messages sent again",
            figures.retransmissions,
        ),
        (
            "events_lost",
            "Events of calls that were told to nobody because too many waited",
            figures.events_lost,
        ),
    ];
    for (name, help, value) in counters {
        register_counter(registry, name, help, value);
    }
}

fn register_configuration(registry: &mut Registry, configuration: &ConfigurationView) {
    let (reloads, refusals) = (configuration.reloads, configuration.refusals);
    let help = "Configurations taken while running";
    register_counter(registry, "configuration_reloads", help, reloads);
    let help = "Configurations refused while running";
    register_counter(registry, "configuration_refusals", help, refusals);
    let help = "1 while the file is the configuration that runs, 0 while it is refused";
    let current = i64::from(configuration.problems.is_empty());
    register_gauge(registry, "configuration_current", help, current);
}

fn register_gauge(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn register_counter(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let counter = Counter::<u64>::default();
    counter.inc_by(value);
    registry.register(name, help, counter);
}

/// `GET /metrics`
pub async fn scrape(State(shared): State<Shared>) -> Result<impl IntoResponse, ApiError> {
    const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let figures = shared.control.figures().await?;
    let metrics: &Arc<Metrics> = shared.control.metrics();
    let configuration = shared.control.configuration().clone();
    let text = metrics.text(&figures, &configuration);
    Ok(([(CONTENT_TYPE, TYPE)], text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use trunkline_call::turns::{Deafness, Turn};

    #[test]
    fn every_figure_has_the_prefix_and_a_help_line() {
        let figures = Figures {
            calls: 3,
            ..Figures::default()
        };
        let text = Metrics::default().text(&figures, &ConfigurationView::default());
        assert!(text.contains("trunkline_calls 3\n"), "{text}");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            assert!(line.starts_with("trunkline_"), "{line}");
        }
        let count = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
        assert!(count("# HELP") > 0);
        assert_eq!(count("# HELP"), count("# TYPE"));
    }

    #[test]
    fn what_happens_on_a_call_is_counted_when_it_happens() {
        let metrics = Metrics::default();
        let stages = Stages {
            packet_ms: 12,
            application_ms: 600,
            queue_ms: 8,
            ..Stages::default()
        };
        let interrupted = |yielded| CallEvent::Interrupted(Interruption { at_ms: 0, yielded });
        for event in [
            CallEvent::Turn(Turn { at_ms: 0, stages }),
            interrupted(Some(stages)),
            interrupted(None),
            CallEvent::AppDeaf(Deafness {
                at_ms: 0,
                silent_ms: 10_000,
            }),
        ] {
            metrics.happened(&event);
        }
        let text = metrics.text(&Figures::default(), &ConfigurationView::default());
        for line in [
            "trunkline_turn_seconds_sum 0.62",
            "trunkline_turn_stage_seconds_sum{stage=\"application\"} 0.6",
            "trunkline_turn_stage_seconds_bucket{le=\"0.01\",stage=\"packet\"} 0",
            "trunkline_turn_stage_seconds_bucket{le=\"0.02\",stage=\"packet\"} 1",
            "trunkline_yield_seconds_count 1",
            "trunkline_unyielding_total 1",
            "trunkline_app_deaf_total 1",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} in {text}");
        }
    }

    #[test]
    fn the_reference_lists_every_figure_and_no_other() {
        let metrics = Metrics::default();
        // A figure with labels is told from its first count on.
        let (by, reason) = ("app", "normal");
        metrics.ended.get_or_create(&End { by, reason }).inc();
        metrics.happened(&CallEvent::Turn(Turn {
            at_ms: 0,
            stages: Stages::default(),
        }));
        metrics.stream_refused(StreamRefusal::NoRoom);
        metrics.webhook_refused(WebhookRefusal::Unsigned);
        let text = metrics.text(&Figures::default(), &ConfigurationView::default());
        let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let given: BTreeSet<String> = kinds
            .map(|line| match line.split_once(' ') {
                Some((name, "counter")) => format!("{name}_total"),
                Some((name, _)) => name.to_owned(),
                None => line.to_owned(),
            })
            .collect();
        let page = include_str!("../../../../docs/metrics.md").lines();
        let listed = page.filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let listed = listed.filter(|name| name.starts_with("trunkline_"));
        assert_eq!(given, listed.map(str::to_owned).collect());
    }

    #[test]
    fn the_reference_lists_every_reason() {
        let page = include_str!("../../../../docs/metrics.md");
        let streams = StreamRefusal::ALL.map(StreamRefusal::word);
        let webhooks = WebhookRefusal::ALL.map(WebhookRefusal::word);
        for word in streams.into_iter().chain(webhooks) {
            assert!(page.contains(&format!("`{word}`")), "{word}");
        }
    }
}
