//! `trunkline serve`

use super::{ConfigArgs, Failure};
use crate::config::{Loaded, Older, Overrides};
use crate::reload::Reloader;
use crate::service::Service;
use crate::settings::{Listen, Settings};
use crate::shard::priority;
use crate::telemetry::log::{self, LogFormat, LogLevel};
use clap::{Args, ValueEnum};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use tokio::signal::unix::{SignalKind, signal};

/// See [`super::Command::Serve`].
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    pub(super) config: ConfigArgs,
    /// The address of HTTP.
    #[arg(long, value_name = "ADDRESS")]
    pub(super) host: Option<IpAddr>,
    /// The port of HTTP.
    #[arg(short, long)]
    pub(super) port: Option<u16>,
    /// The port of SIP.
    #[arg(long, value_name = "PORT")]
    pub(super) sip_port: Option<u16>,
    /// Lead every call to this WebSocket application: ws://host:port/path, with {call_id} in it.
    #[arg(long, value_name = "URL")]
    pub(super) ws_url: Option<String>,
    /// How much is logged, on standard error.
    #[arg(long, value_name = "LEVEL")]
    pub(super) log_level: Option<LogLevel>,
    /// How it is logged.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) log_format: LogFormat,
    /// Log every SIP message, without passwords and what proves them.
    #[arg(long)]
    pub(super) trace_sip: bool,
    /// What is said under the older name, which no argument is.
    #[arg(skip)]
    pub(super) older: Option<Older>,
}

impl Serve {
    /// Runs the gateway until it is told to stop.
    pub fn run(self) -> Result<(), Failure> {
        let overrides = Overrides {
            host: self.host,
            port: self.port,
            sip_port: self.sip_port,
            ws_url: self.ws_url.clone(),
            older: self.older.clone(),
            in_process: None,
        };
        let loaded = self.config.load(&overrides)?;
        let asked_for = self.config.config.clone();
        log::start(self.level(&loaded), self.log_format, self.trace_sip);
        // Before there is any other thread.
        priority::set_aside();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::of)?;
        runtime.block_on(serve(loaded, asked_for, overrides))
    }

    fn level(&self, loaded: &Loaded) -> LogLevel {
        let of_file = loaded.log_level.as_deref();
        let of_file = of_file.and_then(|level| LogLevel::from_str(level, true).ok());
        self.log_level.or(of_file).unwrap_or(LogLevel::Info)
    }
}

async fn serve(
    loaded: Loaded,
    asked_for: Option<PathBuf>,
    overrides: Overrides,
) -> Result<(), Failure> {
    let Loaded { settings, file, .. } = loaded;
    let service = Service::start(settings.clone(), true)
        .await
        .map_err(Failure::of)?;
    warn_of_openness(&settings);
    let (mut terminate, mut interrupt) = signals().map_err(Failure::of)?;
    let hangup = signal(SignalKind::hangup()).map_err(Failure::of)?;
    let control = service.control().clone();
    let reloader = Reloader::new(asked_for, overrides, file.as_deref(), control.clone());
    let reloader = tokio::spawn(reloader.run(hangup));
    // Whoever started us may have closed our standard output.
    let _ = announce(&settings, file.as_deref(), &service);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("taking no new calls; the live ones may finish, a second signal ends them");
    tokio::select! {
        () = control.drain() => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    reloader.abort();
    service.stop().await;
    Ok(())
}

/// Says aloud what a telephone system that is open to others invites.
fn warn_of_openness(settings: &Settings) {
    let sip = &settings.sip;
    let reachable = sip.listen.iter().any(|l| !l.address.ip().is_loopback());
    if sip.open {
        tracing::warn!("sip.open: anybody may call, without user or trunk");
    } else if reachable && sip.users.is_empty() {
        tracing::warn!(
            "no sip.users: anybody in a private network may call and register, under any name"
        );
    }
    let server = &settings.server;
    if !server.listen.ip().is_loopback() && server.api_tokens.is_empty() {
        tracing::warn!("no server.api_tokens: only this machine may use the API");
    }
}

type Signals = (tokio::signal::unix::Signal, tokio::signal::unix::Signal);

fn signals() -> io::Result<Signals> {
    Ok((
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    ))
}

/// Says where everything is, for whoever started it.
fn announce(settings: &Settings, file: Option<&Path>, service: &Service) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let version = env!("CARGO_PKG_VERSION");
    match file {
        Some(file) => writeln!(out, "trunkline {version}, configured by {}", file.display())?,
        None => writeln!(out, "trunkline {version}, without a configuration file")?,
    }
    if settings.routes.is_empty() {
        writeln!(out, "  calls  no routes: every call is answered by echo")?;
    }
    for &(transport, address) in service.addresses() {
        writeln!(out, "  SIP    {}", Listen { transport, address })?;
    }
    let (first, last) = (settings.sip.rtp_ports.start(), settings.sip.rtp_ports.end());
    writeln!(out, "  RTP    udp {first}-{last}")?;
    if let Some(http) = service.http_address() {
        writeln!(out, "  HTTP   http://{http}")?;
    }
    if let Some(audiosocket) = settings.streams.audiosocket {
        writeln!(out, "  AudioSocket  tcp://{audiosocket}")?;
    }
    out.flush()
}
