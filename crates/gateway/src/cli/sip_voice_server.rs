//! `sip-voice-server`: `trunkline serve` under the name and with the flags of earlier bots.

use super::{ConfigArgs, serve::Serve};
use crate::config::Older;
use crate::settings::PublicUrl;
use crate::telemetry::log::{LogFormat, LogLevel};
use clap::Parser;
use std::ffi::{OsStr, OsString};
use std::net::IpAddr;
use std::path::Path;

/// The name by which this program was called.
const NAME: &str = "sip-voice-server";

/// Run the gateway, as `trunkline serve` does. SIP_SERVER_HOST and SIP_SERVER_PORT are about HTTP.
#[derive(Debug, Parser)]
#[command(name = NAME, version, max_term_width = 100)]
pub struct SipVoiceServer {
    #[command(flatten)]
    config: ConfigArgs,
    /// The address of HTTP.
    #[arg(long, value_name = "ADDRESS")]
    host: Option<IpAddr>,
    /// The port of HTTP.
    #[arg(short, long)]
    port: Option<u16>,
    /// Where the world reaches this gateway, such as wss://voice.example.com/sip/media-stream.
    #[arg(long, value_name = "URL")]
    ws_url: Option<PublicUrl>,
    /// How much is logged, on standard error.
    #[arg(long, value_name = "LEVEL", ignore_case = true)]
    log_level: Option<LogLevel>,
}

impl SipVoiceServer {
    /// Whether a command line begins with that name, a link to the binary.
    pub fn is_called(arguments: &[OsString]) -> bool {
        let program = arguments.first().map(Path::new);
        program.and_then(Path::file_stem) == Some(OsStr::new(NAME))
    }
}

impl From<SipVoiceServer> for Serve {
    fn from(older: SipVoiceServer) -> Self {
        Self {
            config: older.config,
            host: older.host,
            port: older.port,
            sip_port: None,
            ws_url: None,
            log_level: older.log_level,
            log_format: LogFormat::default(),
            trace_sip: false,
            older: Some(Older {
                public_url: older.ws_url,
            }),
        }
    }
}
