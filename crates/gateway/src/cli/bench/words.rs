//! Reports in words.

use trunkline_phone::load::{CallsReport, Generator, Holdings, RateReport, StreamsReport, Summary};

use super::Report;

impl Report {
    pub(super) fn text(&self) -> String {
        let mut lines = match self {
            Self::Calls(report) => calls_in_words(report),
            Self::Rate(report) => rate_in_words(report),
            Self::Streams(report) => streams_in_words(report),
        };
        if let Some(holdings) = self.holdings() {
            let mib = holdings.rss_kib as f64 / 1024.0;
            lines.push(format!(
                "target held  {mib:.1} MiB, {} descriptors, {} threads",
                holdings.descriptors, holdings.threads
            ));
        }
        let Generator {
            lateness_ms, busy, ..
        } = self.generator();
        lines.push(format!(
            "generator    {:.2} ms late (p99), {busy:.2} of a core",
            lateness_ms.p99
        ));
        lines.join("\n") + "\n"
    }

    fn holdings(&self) -> Option<Holdings> {
        match self {
            Self::Calls(report) => report.holdings,
            Self::Rate(report) => report.holdings,
            Self::Streams(report) => report.holdings,
        }
    }
}

fn calls_in_words(report: &CallsReport) -> Vec<String> {
    let failed = failures(report.failed, report.last_refusal);
    let mut lines = vec![
        format!(
            "calls        {} at once, {failed}, {} requests repeated",
            report.calls, report.repeated
        ),
        format!(
            "packets      {} sent, {} heard in {:.1} s",
            report.sent, report.received, report.seconds
        ),
        format!(
            "loss         {:.3} % by sequence, {:.3} % by count",
            report.loss_by_sequence * 100.0,
            report.loss_by_count * 100.0
        ),
    ];
    lines.extend(times_in_words(&report.spacing_ms, &report.delay_ms));
    lines.extend(cpu_in_words(report.cpu_ms_per_call_second, "call"));
    lines
}

fn streams_in_words(report: &StreamsReport) -> Vec<String> {
    let failed = match &report.last_failure {
        Some(why) => format!("{} failed, the last because {why}", report.failed),
        None => format!("{} failed", report.failed),
    };
    let mut lines = vec![
        format!(
            "streams      {} of {} at once, {failed}",
            report.calls, report.dialect
        ),
        format!(
            "messages     {} of 20 ms sent, {} heard in {:.1} s",
            report.sent, report.received, report.seconds
        ),
        format!(
            "loss         {:.3} % between pulses, {:.3} % by count, {} pulses unheard",
            report.loss_by_pulses * 100.0,
            report.loss_by_count * 100.0,
            report.unheard
        ),
    ];
    lines.extend(times_in_words(&report.spacing_ms, &report.delay_ms));
    lines.extend(cpu_in_words(report.cpu_ms_per_call_second, "stream"));
    lines
}

fn times_in_words(spacing: &Summary, delay: &Summary) -> [String; 2] {
    [
        format!("spacing      {:.2} ms from 20 (p99)", spacing.p99),
        format!(
            "delay        {:.2} ms (p50), {:.2} ms (p99), of {} pulses",
            delay.p50, delay.p99, delay.count
        ),
    ]
}

fn cpu_in_words(cpu: Option<f64>, of: &str) -> Option<String> {
    cpu.map(|cpu| format!("CPU          {cpu:.3} ms for a second of a {of}"))
}

fn rate_in_words(report: &RateReport) -> Vec<String> {
    let answered = &report.answered_ms;
    let failed = failures(report.failed, report.last_refusal);
    let mut lines = vec![
        format!(
            "calls        {} at {} a second, {failed}, {} requests repeated",
            report.calls, report.rate, report.repeated
        ),
        format!(
            "answered     after {:.2} ms (p50), {:.2} ms (p99)",
            answered.p50, answered.p99
        ),
    ];
    if let Some(cpu) = report.cpu_ms_per_call {
        lines.push(format!("CPU          {cpu:.3} ms for a call"));
    }
    lines
}

fn failures(failed: u64, last: Option<u16>) -> String {
    match last {
        Some(status) => format!("{failed} failed, the last with {status}"),
        None => format!("{failed} failed"),
    }
}
