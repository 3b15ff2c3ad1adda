//! `trunkline bench`: many calls to a SIP target, and what they measure.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::Args;
use trunkline_phone::load::{self, CallsReport, Generator, Holdings, Process, RateReport, Target};
use trunkline_phone::softphone;
use trunkline_phone::standin::StandIn;
use trunkline_sip::endpoint::Transport;

use super::Failure;
use super::call::seconds;
use super::ticker::Ticker;
use crate::net::raise_descriptor_limit;

/// Calls at once where nothing else is asked for.
const CALLS: u32 = 100;

/// See [`super::Command::Bench`].
#[derive(Debug, Args)]
pub struct Bench {
    /// Whom to call, over UDP.
    #[arg(long, value_name = "URI", default_value = "sip:echo@127.0.0.1:5060")]
    target: String,
    /// So many calls at once with audio both ways; 100 where --rate is not given.
    #[arg(long, value_name = "N", conflicts_with = "rate",
          value_parser = clap::value_parser!(u32).range(1..=20_000))]
    calls: Option<u32>,
    /// So many calls a second, each ended as soon as it is answered.
    #[arg(long, value_name = "R", value_parser = rate)]
    rate: Option<f64>,
    /// How long is measured.
    #[arg(long, value_name = "S", default_value = "8", value_parser = seconds)]
    seconds: Duration,
    /// Serve an application at ws://127.0.0.1:PORT/ that sends back what it hears.
    #[arg(long, value_name = "PORT")]
    app_port: Option<u16>,
    /// The process of the target on this machine, whose CPU and memory are read.
    #[arg(long)]
    pid: Option<u32>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number of calls a second")?;
    let placed = (0.1..=100_000.0).contains(&rate);
    placed
        .then_some(rate)
        .ok_or_else(|| "from 0.1 to 100000 calls a second".to_owned())
}

/// What was measured.
enum Report {
    Calls(CallsReport),
    Rate(RateReport),
}

impl Bench {
    /// Measures; it fails where calls failed, audio was lost, or the generator was too slow.
    pub fn run(self) -> Result<(), Failure> {
        let target = self.target()?;
        // Each call of a stand-in is a connection.
        let _ = raise_descriptor_limit();
        let address = |port| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
        let stand_in = self.app_port.map(|port| {
            StandIn::start(address(port))
                .map_err(|error| Failure::Failed(format!("cannot serve on {port}: {error}")))
        });
        let _stand_in = stand_in.transpose()?;
        let ticker = Ticker::start("measuring", None);
        let report = match self.rate {
            Some(rate) => load::rate(&target, rate, self.seconds).map(Report::Rate),
            None => {
                let calls = self.calls.unwrap_or(CALLS);
                load::calls(&target, calls, self.seconds).map(Report::Calls)
            }
        };
        drop(ticker);
        let report = report.map_err(Failure::of)?;
        if self.json {
            println!("{}", report.json().map_err(Failure::of)?);
        } else {
            print!("{}", report.text());
        }
        report.verdict().map_err(Failure::Failed)
    }

    fn target(&self) -> Result<Target, Failure> {
        let found = softphone::resolve(&self.target);
        let (uri, transport, address) = found.map_err(|error| Failure::Usage(error.to_string()))?;
        if transport != Transport::Udp {
            return Err(Failure::Usage("bench calls over UDP alone".to_owned()));
        }
        let process = self.pid.map(|pid| {
            let unknown = |error| Failure::Usage(format!("process {pid}: {error}"));
            Process::new(pid).map_err(unknown)
        });
        Ok(Target {
            uri: uri.as_str().to_owned(),
            address,
            process: process.transpose()?,
        })
    }
}

impl Report {
    fn generator(&self) -> &Generator {
        match self {
            Self::Calls(report) => &report.generator,
            Self::Rate(report) => &report.generator,
        }
    }

    fn holdings(&self) -> Option<Holdings> {
        match self {
            Self::Calls(report) => report.holdings,
            Self::Rate(report) => report.holdings,
        }
    }

    fn verdict(&self) -> Result<(), String> {
        let pass = match self {
            Self::Calls(report) => report.pass,
            Self::Rate(report) => report.pass,
        };
        match &self.generator().void {
            Some(why) => Err(format!("the run is void: {why}")),
            None if pass => Ok(()),
            None => Err("the target did not pass".to_owned()),
        }
    }

    fn json(&self) -> serde_json::Result<String> {
        match self {
            Self::Calls(report) => serde_json::to_string(report),
            Self::Rate(report) => serde_json::to_string(report),
        }
    }

    fn text(&self) -> String {
        let mut lines = match self {
            Self::Calls(report) => calls_in_words(report),
            Self::Rate(report) => rate_in_words(report),
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
}

fn calls_in_words(report: &CallsReport) -> Vec<String> {
    let (spacing, delay) = (&report.spacing_ms, &report.delay_ms);
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
        format!("spacing      {:.2} ms from 20 (p99)", spacing.p99),
        format!(
            "delay        {:.2} ms (p50), {:.2} ms (p99), of {} pulses",
            delay.p50, delay.p99, delay.count
        ),
    ];
    if let Some(cpu) = report.cpu_ms_per_call_second {
        lines.push(format!("CPU          {cpu:.3} ms for a second of a call"));
    }
    lines
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
