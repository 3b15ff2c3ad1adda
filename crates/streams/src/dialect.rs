//! The dialects that applications speak, by name.

use thiserror::Error;
use trunkline_call::{CallInfo, Parameters};

use crate::stream::{Down, Encoding, Manners, MediaFormat, Opening, Start, StreamCodec, Up};
use crate::{
    AppWire, StreamApp, audiosocket, chan_websocket, exotel, jambonz, mod_audio_stream, pipecat,
    plivo, telnyx, trunkline, twilio, vonage,
};

/// Every dialect of media streams. A new one is a file of its own and a line here.
pub const STREAMS: &[StreamDialect] = &[
    twilio::DIALECT,
    telnyx::DIALECT,
    plivo::DIALECT,
    exotel::DIALECT,
    vonage::DIALECT,
    jambonz::DIALECT,
    mod_audio_stream::DIALECT,
    audiosocket::DIALECT,
    chan_websocket::DIALECT,
    pipecat::DIALECT,
];

/// One dialect of media streams, for both of its ends.
#[derive(Clone, Copy, Debug)]
pub struct StreamDialect {
    /// Its name in configuration and in paths.
    pub name: &'static str,
    /// Others who speak it.
    pub aliases: &'static [&'static str],
    /// How its ends behave.
    pub manners: Manners,
    /// What its ids begin with.
    pub ids: IdPrefixes,
    /// Its spelling, for one connection.
    pub codec: fn() -> Box<dyn StreamCodec>,
    /// Whether an early message of the provider's end can only be of this dialect.
    pub opens: fn(&Opening<'_>) -> bool,
}

/// What goes before our own 32 hexadecimal digits where we speak as the provider's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdPrefixes {
    /// Of the stream's id.
    pub stream: &'static str,
    /// Of the call's.
    pub call: &'static str,
    /// Of the account's.
    pub account: &'static str,
}

impl IdPrefixes {
    /// Ids are bare.
    pub const NONE: Self = Self {
        stream: "",
        call: "",
        account: "",
    };
}

/// The dialect of media streams that a name or an alias means.
pub fn stream(name: &str) -> Option<&'static StreamDialect> {
    STREAMS
        .iter()
        .find(|dialect| dialect.name == name || dialect.aliases.contains(&name))
}

impl StreamDialect {
    /// The format in which we speak it at the provider's end: linear sound has the rate that was
    /// asked for. Where the dialect's own is not linear, it is that or the one linear format it has.
    pub fn format(&self, rate: SampleRate) -> MediaFormat {
        let Manners { format, linear, .. } = self.manners;
        match linear.filter(|linear| linear.rate == rate.hz()) {
            Some(linear) => linear,
            None if self.is_linear() => MediaFormat {
                rate: rate.hz(),
                ..format
            },
            None => format,
        }
    }

    /// The formats in which we speak it at the provider's end, the caller's sound first. Where only
    /// that was chosen, the application's is the dialect's own, as it is at the provider.
    pub fn carried(&self, options: &WireOptions) -> (MediaFormat, MediaFormat) {
        let own = self.format(options.sample_rate);
        let Codecs { up, down } = options.codecs;
        let unchosen = match up {
            Some(_) => self.manners.format,
            None => own,
        };
        (
            up.map_or(own, MediaFormat::usual),
            down.map_or(unchosen, MediaFormat::usual),
        )
    }

    /// The formats in which alone it is spoken; none where linear sound has the rate asked for.
    pub fn formats(&self) -> Vec<MediaFormat> {
        let Manners { format, linear, .. } = self.manners;
        match self.is_linear() {
            true => Vec::new(),
            false => [format].into_iter().chain(linear).collect(),
        }
    }

    fn is_linear(&self) -> bool {
        use Encoding::{L16Big, L16Little, L16Unknown};
        let encoding = self.manners.format.encoding;
        matches!(encoding, L16Little | L16Big | L16Unknown)
    }

    /// Whether an application can say that it takes the call.
    pub fn can_answer(&self) -> bool {
        let (mut provider, mut server) = ((self.codec)(), (self.codec)());
        let start = Up::Start(Box::new(Start {
            stream_id: "stream".to_owned(),
            call_id: "call".to_owned(),
            account_id: None,
            from: String::new(),
            to: String::new(),
            direction: None,
            up: Some(self.manners.format),
            down: None,
            parameters: Parameters::default(),
        }));
        if let Some(frame) = provider.write_up(&start) {
            // What a codec writes, it reads.
            let _ = server.read_up(frame);
        }
        server.write_down(&Down::Answer).is_some()
    }
}

/// What an application speaks.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// Its name in configuration, `protocol: …`.
    pub name: &'static str,
    /// How its wire is made.
    pub open: Open,
}

/// How the wire of one call is made.
#[derive(Clone, Copy, Debug)]
pub enum Open {
    /// By the protocol's own code.
    Wire(fn(CallInfo, WireOptions) -> Box<dyn AppWire>),
    /// We speak as the provider's end of a media stream.
    Stream(&'static StreamDialect),
}

impl Dialect {
    /// A wire for one call. Its connection is opened by the caller, who then gives
    /// [`AppInput::Opened`](crate::AppInput::Opened).
    pub fn wire(&self, info: CallInfo, options: WireOptions) -> Box<dyn AppWire> {
        match self.open {
            Open::Wire(open) => open(info, options),
            Open::Stream(dialect) => Box::new(StreamApp::new(dialect, info, options)),
        }
    }

    /// The subprotocol to ask for when its WebSocket is opened (RFC 6455 §1.9).
    pub fn subprotocol(&self) -> Option<&'static str> {
        match self.open {
            Open::Wire(_) => None,
            Open::Stream(dialect) => dialect.manners.subprotocol(),
        }
    }
}

/// The dialect that applications speak under a name or an alias: `trunkline`, or a media stream
/// that goes over a WebSocket.
///
/// # Errors
/// When no dialect of this build has the name.
pub fn dialect(name: &str) -> Result<Dialect, UnknownDialect> {
    if name == trunkline::DIALECT.name {
        return Ok(trunkline::DIALECT);
    }
    match stream(name).filter(|stream| over_websocket(stream)) {
        Some(stream) => Ok(Dialect {
            name: stream.name,
            open: Open::Stream(stream),
        }),
        None => Err(UnknownDialect(name.to_owned())),
    }
}

/// AudioSocket is a protocol on bare TCP, to which nobody can be dialled here.
fn over_websocket(stream: &StreamDialect) -> bool {
    stream.name != audiosocket::DIALECT.name
}

/// A name that no dialect has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("protocol {0:?} is unknown to this build; write one of: {known}", known = known())]
pub struct UnknownDialect(pub String);

fn known() -> String {
    let streams = STREAMS.iter().filter(|stream| over_websocket(stream));
    let names = streams.map(|stream| stream.name);
    let all: Vec<_> = std::iter::once(trunkline::DIALECT.name)
        .chain(names)
        .collect();
    all.join(", ")
}

/// How one application wants its calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WireOptions {
    /// The rate of the audio on its connection.
    pub sample_rate: SampleRate,
    /// What was chosen of [`Manners::codecs`].
    pub codecs: Codecs,
    /// When the caller is told that somebody took the call.
    pub answer: AnswerMode,
}

/// The encoding of each direction, where it was chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Codecs {
    /// Of what the application hears.
    pub up: Option<Encoding>,
    /// Of what it says.
    pub down: Option<Encoding>,
}

/// When a call that came in is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerMode {
    /// As soon as the application's connection is open.
    #[default]
    WhenOpen,
    /// When the application asks for it.
    Manual,
}

/// A rate that both sides can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SampleRate {
    /// 8 kHz, the telephone's own.
    Hz8000,
    /// 16 kHz, what the gateway works with.
    #[default]
    Hz16000,
    /// 24 kHz, usual among speech models.
    Hz24000,
    /// 48 kHz, usual among browsers.
    Hz48000,
}

/// A rate that is none of the four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("sample rate {0} is not supported; write 8000, 16000, 24000 or 48000")]
pub struct BadSampleRate(pub u32);

impl SampleRate {
    /// Samples a second.
    pub fn hz(self) -> u32 {
        match self {
            Self::Hz8000 => 8_000,
            Self::Hz16000 => 16_000,
            Self::Hz24000 => 24_000,
            Self::Hz48000 => 48_000,
        }
    }
}

impl TryFrom<u32> for SampleRate {
    type Error = BadSampleRate;

    fn try_from(hz: u32) -> Result<Self, BadSampleRate> {
        [Self::Hz8000, Self::Hz16000, Self::Hz24000, Self::Hz48000]
            .into_iter()
            .find(|rate| rate.hz() == hz)
            .ok_or(BadSampleRate(hz))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        assert_eq!(dialect("trunkline").unwrap().name, "trunkline");
        let error = dialect("smoke-signals").unwrap_err().to_string();
        assert!(
            error.contains("smoke-signals") && error.contains("trunkline"),
            "{error}"
        );
    }

    #[test]
    fn only_rates_that_can_be_resampled_are_taken() {
        for hz in [8_000, 16_000, 24_000, 48_000] {
            assert_eq!(SampleRate::try_from(hz).unwrap().hz(), hz);
        }
        assert_eq!(SampleRate::try_from(44_100), Err(BadSampleRate(44_100)));
    }
}
