//! `trunkline simulate`: the provider's side of a call over a media stream, with a verdict on the
//! server.

mod asking;
mod open;
mod show;

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args};
use trunkline_audio::wav;
use trunkline_call::{Direction, Parameters};
use trunkline_phone::provider::webhook::{Credential, handshake_proof};
use trunkline_phone::provider::{CallError, Opening, Plan, Report, call};
use trunkline_providers::{Provider, Secret};
use trunkline_streams::SampleRate;
use trunkline_streams::dialect::{Open, STREAMS, StreamDialect, dialect};
use trunkline_streams::stream::Start;

use super::Failure;
use super::call::{Keys, keys, seconds, stop_on_interrupt};
use super::sound::{self, Recording, SPEECH};
use super::ticker::Ticker;
use crate::random;
use crate::tls::Trust;
use asking::{Led, Webhook};

/// How long the caller listens after the last word and key.
const LISTEN: Duration = Duration::from_secs(3);
/// An account where there is none, behind the provider's prefix.
const ACCOUNT: &str = "00000000000000000000000000000000";

/// See [`super::Command::Simulate`].
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("where").required(true).args(["webhook", "stream"]))]
pub struct Simulate {
    /// Which provider: twilio, telnyx, plivo, vobiz, vonage, exotel, or another dialect of media
    /// streams.
    #[arg(value_parser = provider)]
    provider: Who,
    /// Asks this webhook what is to become of the call, and opens the stream it is answered with.
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// Opens the stream here, without asking.
    #[arg(long, value_name = "URL", conflicts_with = "webhook")]
    stream: Option<String>,
    /// Proves the provider: its auth token; for Vonage the signature secret, for Exotel
    /// USER:PASSWORD, for Telnyx a private key, 32 bytes in base64.
    #[arg(long, value_name = "SECRET")]
    auth_token: Option<Secret>,
    /// Where the server believes that the world reaches it, such as `https://voice.example.com`: that
    /// is signed, and what leads there is opened at the webhook's own host.
    #[arg(long, value_name = "URL", requires = "webhook")]
    public_url: Option<String>,
    /// Believes the certificates of this PEM file too, where the server is reached by TLS.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Who calls.
    #[arg(long, value_name = "NUMBER", default_value = "+15551230001")]
    from: String,
    /// Whom.
    #[arg(long, value_name = "NUMBER", default_value = "+15551230002")]
    to: String,
    /// Tells the server this when the stream begins; more than once for more.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// The rate of the caller's audio, where the provider has several.
    #[arg(long, value_name = "HZ", value_parser = rate, conflicts_with = "webhook")]
    sample_rate: Option<SampleRate>,
    /// What the caller says; otherwise a few sentences that are built in.
    #[arg(long, value_name = "WAV")]
    play: Option<PathBuf>,
    /// Presses these keys.
    #[arg(long, value_name = "KEYS", value_parser = keys)]
    dtmf: Option<Keys>,
    /// Hangs up this many seconds after the stream began; otherwise 3 s after the last word and key.
    #[arg(long, value_name = "S", value_parser = seconds)]
    duration: Option<Duration>,
    /// Records both sides: left what the caller said, right what the caller heard.
    #[arg(long, value_name = "WAV")]
    record: Option<PathBuf>,
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// A provider by its name, and the dialect it speaks.
#[derive(Clone, Debug)]
struct Who {
    /// `None` where there is no webhook of it.
    provider: Option<Provider>,
    dialect: &'static StreamDialect,
}

fn provider(name: &str) -> Result<Who, String> {
    let Some(dialect) = over_websocket(name) else {
        let names = STREAMS.iter().flat_map(|s| [&[s.name], s.aliases].concat());
        let known: Vec<_> = names
            .filter(|name| over_websocket(name).is_some())
            .collect();
        return Err(format!("write one of: {}", known.join(", ")));
    };
    Ok(Who {
        provider: Provider::named(name).or_else(|| Provider::named(dialect.name)),
        dialect,
    })
}

/// The dialect of media streams that a name means, if it goes over a WebSocket.
fn over_websocket(name: &str) -> Option<&'static StreamDialect> {
    match dialect(name).ok()?.open {
        Open::Stream(dialect) => Some(dialect),
        Open::Wire(_) => None,
    }
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn rate(text: &str) -> Result<SampleRate, String> {
    let hz: u32 = text
        .parse()
        .map_err(|_| "not a number of samples a second")?;
    SampleRate::try_from(hz).map_err(|error| error.to_string())
}

/// A call that was simulated.
struct Simulated {
    report: Report,
    stream: String,
    recording: Option<PathBuf>,
}

impl Simulate {
    /// Simulates the call; it fails where the server did not do well.
    pub fn run(self) -> Result<(), Failure> {
        let credential = self.credential().map_err(Failure::Usage)?;
        let said = self.said()?;
        let recording = Recording::begin(self.record.as_deref())?;
        let call_id = format!("{}{}", self.provider.dialect.ids.call, random::id());
        let trust = self.trust().map_err(Failure::Usage)?;
        let led = self.led(credential.as_ref(), &trust, &call_id)?;
        let plan = self.plan(&led, said, call_id)?;
        let opening = self.opening(&led, credential.as_ref());
        let ticker = Ticker::start("calling", Some(plan.hang_up));
        let stream = open::connect(&opening.url, &trust)?;
        let report =
            call(stream, &opening, plan, &stop_on_interrupt()).map_err(|error| match error {
                CallError::Url(_) => Failure::Usage(error.to_string()),
                _ => Failure::of(error),
            })?;
        drop(ticker);
        recording.write(&report.stereo())?;
        let simulated = Simulated {
            report,
            stream: opening.url,
            recording: self.record.clone(),
        };
        if self.json {
            println!("{}", simulated.json());
        } else {
            print!("{}", simulated.text());
        }
        match simulated.report.faults().len() {
            0 => Ok(()),
            _ => Err(Failure::Failed("the server did not do well".to_owned())),
        }
    }

    fn credential(&self) -> Result<Option<Credential>, String> {
        let Some(text) = &self.auth_token else {
            return Ok(None);
        };
        let provider = self.provider.provider;
        let provider = provider.ok_or("--auth-token: this provider proves nothing")?;
        let read = Credential::parse(provider, text.reveal());
        read.map(Some)
            .map_err(|error| format!("--auth-token: {error}"))
    }

    fn trust(&self) -> Result<Trust, String> {
        let Some(file) = &self.ca_file else {
            return Ok(Trust::default());
        };
        Trust::with_file(file).map_err(|error| format!("--ca-file: {}: {error}", file.display()))
    }

    fn said(&self) -> Result<Vec<i16>, Failure> {
        match &self.play {
            Some(file) => sound::played(file),
            None => wav::read(SPEECH)
                .map(wav::Wav::into_mono)
                .map_err(Failure::of),
        }
    }

    /// Where the stream is, and what it is to carry.
    fn led(
        &self,
        credential: Option<&Credential>,
        trust: &Trust,
        call_id: &str,
    ) -> Result<Led, Failure> {
        if let Some(url) = &self.stream {
            return Ok(Led::to(url));
        }
        let provider = self.provider.provider;
        let provider = provider.ok_or_else(|| {
            Failure::Usage("this provider has no webhook: write --stream URL".to_owned())
        })?;
        let webhook = Webhook {
            provider,
            dialect: self.provider.dialect,
            url: self.webhook.as_deref().unwrap_or_default(),
            public_url: self.public_url.as_deref(),
            credential,
            trust,
        };
        webhook.ask(call_id, &self.from, &self.to)
    }

    fn plan(&self, led: &Led, speech: Vec<i16>, call_id: String) -> Result<Plan, Failure> {
        let dialect = self.provider.dialect;
        let mut parameters = Parameters::default();
        let told = led.parameters.iter().chain(&self.parameters);
        for (name, value) in told {
            if !parameters.push(name, value) {
                let name = name.escape_debug();
                return Err(Failure::Failed(format!("the parameter {name} is too long")));
            }
        }
        let keys = self.dtmf.as_ref().map_or(&[][..], |keys| &keys.0);
        let format = self.sample_rate.map(|rate| dialect.format(rate));
        let up = led.sends.or(format).unwrap_or(dialect.manners.format);
        let own_end = Plan::busy(&speech, keys.len()) + LISTEN;
        Ok(Plan {
            dialect,
            start: Start {
                stream_id: format!("{}{}", dialect.ids.stream, random::id()),
                call_id,
                account_id: Some(format!("{}{ACCOUNT}", dialect.ids.account)),
                from: self.from.clone(),
                to: self.to.clone(),
                direction: Some(Direction::Inbound),
                up: Some(up),
                down: led.takes,
                parameters,
            },
            speech,
            keys: keys.to_vec(),
            hang_up: self.duration.unwrap_or(own_end),
        })
    }

    fn opening(&self, led: &Led, credential: Option<&Credential>) -> Opening {
        let proof = match (self.provider.provider, credential) {
            (Some(provider), Some(credential)) => {
                handshake_proof(provider, credential, &led.public_url)
            }
            _ => Vec::new(),
        };
        Opening {
            url: led.url.clone(),
            headers: proof,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_known_by_its_name_or_by_whom_it_copies() {
        let known = |name| provider(name).map(|who| (who.provider, who.dialect.name));
        assert_eq!(known("twilio"), Ok((Some(Provider::Twilio), "twilio")));
        assert_eq!(known("signalwire"), Ok((Some(Provider::Twilio), "twilio")));
        assert_eq!(known("vobiz"), Ok((Some(Provider::Vobiz), "plivo")));
        assert_eq!(known("jambonz"), Ok((None, "jambonz")));
        for wrong in ["trunkline", "audiosocket", "acme"] {
            let told = known(wrong).unwrap_err();
            assert!(
                told.contains("twilio, ") && told.contains("vobiz"),
                "{told}"
            );
            assert!(!told.contains(wrong), "{told}");
        }
    }

    #[test]
    fn what_is_typed_wrong_is_said_with_what_is_right() {
        assert_eq!(parameter("a").unwrap_err(), "write NAME=VALUE");
        let equals = ("a".to_owned(), "b=c".to_owned());
        assert_eq!(parameter("a=b=c"), Ok(equals));
        assert!(rate("44100").unwrap_err().contains("16000"));
    }
}
