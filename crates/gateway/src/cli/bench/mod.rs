//! `trunkline bench`: many calls to a SIP target, or many media streams to a server, and what they
//! measure.

mod words;

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use clap::Args;
use trunkline_phone::load::{
    self, CallsReport, Generator, Process, RateReport, StreamTarget, StreamsReport, Target,
};
use trunkline_phone::softphone;
use trunkline_phone::standin::StandIn;
use trunkline_providers::url::Url;
use trunkline_sip::endpoint::Transport;
use trunkline_streams::StreamDialect;
use trunkline_streams::dialect::{STREAMS, stream};
use trunkline_streams::stream::MediaFormat;

use super::Failure;
use super::call::seconds;
use super::ticker::Ticker;
use crate::net::raise_descriptor_limit;

/// Calls at once where nothing else is asked for.
const CALLS: u32 = 100;
/// Whom to call where nothing else is asked for, and where to open streams.
const CALLED: &str = "sip:echo@127.0.0.1:5060";
const STREAMED: &str = "ws://127.0.0.1:8000/sip/media-stream";

/// See [`super::Command::Bench`].
#[derive(Debug, Args)]
pub struct Bench {
    /// Whom to call, over UDP: sip:echo@127.0.0.1:5060 if nothing else; with --streams where to open
    /// them: `ws://127.0.0.1:8000/sip/media-stream` if nothing else.
    #[arg(long, value_name = "URI")]
    target: Option<String>,
    /// The calls are media streams, and this is their provider: one that speaks G.711 µ-law.
    #[arg(long, value_name = "PROVIDER", num_args = 0..=1, default_missing_value = "twilio",
          value_parser = provider, conflicts_with_all = ["rate", "app_port"])]
    streams: Option<&'static StreamDialect>,
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

/// A provider whose audio can be made and measured here.
fn provider(name: &str) -> Result<&'static StreamDialect, String> {
    let is_fit = |dialect: &&StreamDialect| dialect.manners.format == MediaFormat::PCMU;
    stream(name).filter(is_fit).ok_or_else(|| {
        let fit = STREAMS.iter().filter(is_fit).map(|dialect| dialect.name);
        format!("write one of: {}", fit.collect::<Vec<_>>().join(", "))
    })
}

/// What was measured.
enum Report {
    Calls(CallsReport),
    Rate(RateReport),
    Streams(StreamsReport),
}

impl Bench {
    /// Measures; it fails where calls failed, audio was lost, or the generator was too slow.
    pub fn run(self) -> Result<(), Failure> {
        // Each stream is a connection, and so is each call of a stand-in.
        let _ = raise_descriptor_limit();
        let report = match self.streams {
            Some(dialect) => self.measure_streams(dialect)?,
            None => self.measure_calls()?,
        };
        if self.json {
            println!("{}", report.json().map_err(Failure::of)?);
        } else {
            print!("{}", report.text());
        }
        report.verdict().map_err(Failure::Failed)
    }

    fn measure_calls(&self) -> Result<Report, Failure> {
        let target = self.target()?;
        let address = |port| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
        let stand_in = self.app_port.map(|port| {
            StandIn::start(address(port))
                .map_err(|error| Failure::Failed(format!("cannot serve on {port}: {error}")))
        });
        let _stand_in = stand_in.transpose()?;
        let _ticker = Ticker::start("measuring", None);
        let report = match self.rate {
            Some(rate) => load::rate(&target, rate, self.seconds).map(Report::Rate),
            None => load::calls(&target, self.count(), self.seconds).map(Report::Calls),
        };
        report.map_err(Failure::of)
    }

    fn measure_streams(&self, dialect: &'static StreamDialect) -> Result<Report, Failure> {
        let url = self.target.as_deref().unwrap_or(STREAMED);
        let target = StreamTarget {
            address: address_of(url)?,
            url: url.to_owned(),
            dialect,
            process: self.process()?,
        };
        let _ticker = Ticker::start("measuring", None);
        let report = load::streams(&target, self.count(), self.seconds);
        report.map(Report::Streams).map_err(Failure::of)
    }

    fn count(&self) -> u32 {
        self.calls.unwrap_or(CALLS)
    }

    fn target(&self) -> Result<Target, Failure> {
        let found = softphone::resolve(self.target.as_deref().unwrap_or(CALLED));
        let (uri, transport, address) = found.map_err(|error| Failure::Usage(error.to_string()))?;
        if transport != Transport::Udp {
            return Err(Failure::Usage("bench calls over UDP alone".to_owned()));
        }
        Ok(Target {
            uri: uri.as_str().to_owned(),
            address,
            process: self.process()?,
        })
    }

    fn process(&self) -> Result<Option<Process>, Failure> {
        let process = self.pid.map(|pid| {
            let unknown = |error| Failure::Usage(format!("process {pid}: {error}"));
            Process::new(pid).map_err(unknown)
        });
        process.transpose()
    }
}

/// Where a `ws://` URL leads.
fn address_of(text: &str) -> Result<SocketAddr, Failure> {
    let url = Url::parse(text).filter(|url| url.scheme == "ws");
    let url = url.ok_or_else(|| {
        Failure::Usage(format!(
            "{text} is no URL of streams: write ws://host:port/path"
        ))
    })?;
    let host = url.host().trim_matches(['[', ']']);
    let failed = |error: std::io::Error| Failure::Failed(format!("{host}: {error}"));
    let mut found = (host, url.port_or_default())
        .to_socket_addrs()
        .map_err(failed)?;
    let none = || Failure::Failed(format!("{host} has no address"));
    found.next().ok_or_else(none)
}

impl Report {
    fn generator(&self) -> &Generator {
        match self {
            Self::Calls(report) => &report.generator,
            Self::Rate(report) => &report.generator,
            Self::Streams(report) => &report.generator,
        }
    }

    /// Whether no call at all was answered, and no stream taken.
    fn is_unanswered(&self) -> bool {
        match self {
            Self::Calls(report) => report.answered_ms.count == 0,
            Self::Rate(report) => report.answered_ms.count == 0,
            Self::Streams(report) => report.opened_ms.count == 0,
        }
    }

    fn verdict(&self) -> Result<(), String> {
        let pass = match self {
            Self::Calls(report) => report.pass,
            Self::Rate(report) => report.pass,
            Self::Streams(report) => report.pass,
        };
        if self.is_unanswered() {
            let words = "no call was answered: is the target running, and is its address right?";
            return Err(words.to_owned());
        }
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
            Self::Streams(report) => serde_json::to_string(report),
        }
    }
}
