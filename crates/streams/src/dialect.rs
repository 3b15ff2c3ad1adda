//! The dialects that applications speak, by name.

use thiserror::Error;
use trunkline_call::CallInfo;

use crate::stream::{Manners, Opening, StreamCodec};
use crate::{
    AppWire, audiosocket, chan_websocket, exotel, jambonz, mod_audio_stream, pipecat, plivo,
    telnyx, trunkline, twilio, vonage,
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

/// The dialect of media streams that a name or an alias means.
pub fn stream(name: &str) -> Option<&'static StreamDialect> {
    STREAMS
        .iter()
        .find(|dialect| dialect.name == name || dialect.aliases.contains(&name))
}

/// Every dialect of this build. A new one is a file of its own and a line here.
pub const DIALECTS: &[Dialect] = &[trunkline::DIALECT];

/// One dialect.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// Its name in configuration, `protocol: …`.
    pub name: &'static str,
    /// A wire for one call. Its connection is opened by the caller, who then gives
    /// [`AppInput::Opened`](crate::AppInput::Opened).
    pub open: fn(CallInfo, WireOptions) -> Box<dyn AppWire>,
}

/// The dialect of a name.
pub fn dialect(name: &str) -> Result<&'static Dialect, UnknownDialect> {
    let known = DIALECTS.iter().find(|dialect| dialect.name == name);
    known.ok_or_else(|| UnknownDialect(name.to_owned()))
}

/// A name that no dialect has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("protocol {0:?} is unknown to this build; write one of: {known}", known = known())]
pub struct UnknownDialect(pub String);

fn known() -> String {
    DIALECTS
        .iter()
        .map(|dialect| dialect.name)
        .collect::<Vec<_>>()
        .join(", ")
}

/// How one application wants its calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WireOptions {
    /// The rate of the audio on its connection.
    pub sample_rate: SampleRate,
    /// When the caller is told that somebody took the call.
    pub answer: AnswerMode,
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
