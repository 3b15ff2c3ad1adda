//! What a provider minds of its server's messages and a codec reads over: a codec is lenient with
//! what it gets, since servers differ; the simulator is as strict as the provider itself.

use serde::Deserialize;
use trunkline_streams::Frame;
use trunkline_streams::StreamDialect;

/// What a WAV file begins with.
const RIFF: &[u8] = b"RIFF";

/// The rules of one dialect.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rules {
    /// The member of every message that says which stream it is for, and whether it must be there.
    stream_id: Option<(StreamId, bool)>,
    /// Every message means something to it: another is a mistake (Twilio's error 31924).
    all_known: bool,
    /// A piece of audio has a multiple of so many bytes.
    multiple: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
enum StreamId {
    Twilio,
    Plivo,
    Exotel,
}

/// The ids a message may carry.
#[derive(Default, Deserialize)]
struct Ids {
    #[serde(rename = "streamSid")]
    twilio: Option<String>,
    #[serde(rename = "streamId")]
    plivo: Option<String>,
    #[serde(rename = "stream_sid")]
    exotel: Option<String>,
}

impl Rules {
    /// The rules of a provider. For who is none of these, the codec's own are all there are.
    pub(super) fn of(dialect: &StreamDialect) -> Self {
        let json = Self {
            all_known: true,
            ..Self::default()
        };
        match dialect.name {
            "twilio" => Self {
                stream_id: Some((StreamId::Twilio, true)),
                ..json
            },
            "telnyx" => json,
            "plivo" => Self {
                stream_id: Some((StreamId::Plivo, false)),
                ..json
            },
            "exotel" => Self {
                stream_id: Some((StreamId::Exotel, true)),
                multiple: Some(320),
                ..json
            },
            "vonage" => Self {
                all_known: true,
                ..Self::default()
            },
            _ => Self::default(),
        }
    }

    /// What is wrong about whom a message is for. A provider does not play what is for another.
    pub(super) fn about_stream(&self, stream: &str, frame: Frame<'_>) -> Option<&'static str> {
        let (Some((key, required)), Frame::Text(text)) = (self.stream_id, frame) else {
            return None;
        };
        // What is no JSON, the codec says.
        let ids: Ids = serde_json::from_str(text).ok()?;
        let (given, missing) = match key {
            StreamId::Twilio => (ids.twilio, "a message without streamSid"),
            StreamId::Plivo => (ids.plivo, "a message without streamId"),
            StreamId::Exotel => (ids.exotel, "a message without stream_sid"),
        };
        match given {
            Some(given) if given == stream => None,
            Some(_) => Some("a message for another stream: its id is not that of start"),
            None => required.then_some(missing),
        }
    }

    /// What is wrong about a message that means nothing to the codec.
    pub(super) fn about_nothing(&self, frame: Frame<'_>) -> Option<&'static str> {
        let known = matches!(frame, Frame::Text(_)) && self.all_known;
        known.then_some("a message that this provider does not know")
    }

    /// What is wrong about a piece of audio.
    pub(super) fn about_audio(&self, payload: &[u8]) -> Option<&'static str> {
        if payload.starts_with(RIFF) {
            return Some("a WAV header in the audio, where bare samples are played");
        }
        let odd = |multiple| !payload.len().is_multiple_of(multiple);
        if self.multiple.is_some_and(odd) {
            return Some("a piece of audio that is no multiple of 320 bytes");
        }
        payload
            .is_empty()
            .then_some("a piece of audio without audio")
    }
}
