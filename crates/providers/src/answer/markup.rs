//! The documents that are XML: TwiML, TeXML, and Plivo's.

use super::{Connection, Document, RATE_HZ};
use crate::form::escaped;
use crate::xml::Element;

/// What Telnyx sends us and takes from us. Its two directions are set apart (`codec` and
/// `bidirectionalCodec`), and the rate of the second is 8000 unless it is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TexmlCodec {
    /// G.711 mu-law, as most calls are.
    #[default]
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// G.722.
    G722,
    /// Linear, 16 kHz.
    L16,
}

/// The words for [`TexmlCodec`] in a configuration.
pub const TEXML_CODECS: [(&str, TexmlCodec); 4] = [
    ("pcmu", TexmlCodec::Pcmu),
    ("pcma", TexmlCodec::Pcma),
    ("g722", TexmlCodec::G722),
    ("l16", TexmlCodec::L16),
];

impl TexmlCodec {
    fn name_and_rate(self) -> (&'static str, &'static str) {
        match self {
            Self::Pcmu => ("PCMU", "8000"),
            Self::Pcma => ("PCMA", "8000"),
            // G.722 has 16 kHz of audio on a clock of 8 kHz (RFC 3551 section 4.5.2).
            Self::G722 => ("G722", "8000"),
            Self::L16 => ("L16", "16000"),
        }
    }
}

/// `<Connect><Stream>` goes on with the next verb when the stream has ended, which is to hang up:
/// an application that closes its stream has ended the call.
fn connected(stream: &Element) -> Document {
    let response = Element::new("Response")
        .child(&Element::new("Connect").child(stream))
        .child(&Element::new("Hangup"));
    Document::xml(response.document())
}

/// A stream with the attributes and parameters that Twilio and Telnyx have in common.
fn stream(connection: &Connection) -> Element {
    let stream = Element::new("Stream")
        .attribute("url", &connection.url)
        .attribute_if("statusCallback", connection.status_url.as_deref());
    connection.bounded().fold(stream, |stream, (name, value)| {
        let parameter = Element::new("Parameter");
        stream.child(&parameter.attribute("name", name).attribute("value", value))
    })
}

pub fn twiml(connection: &Connection) -> Document {
    connected(&stream(connection))
}

/// Without `bidirectionalMode="rtp"` Telnyx would expect MP3 files from us.
pub fn texml(connection: &Connection) -> Document {
    let (codec, rate_hz) = connection.texml_codec.name_and_rate();
    let stream = stream(connection)
        .attribute("track", "inbound_track")
        .attribute("codec", codec)
        .attribute("bidirectionalMode", "rtp")
        .attribute("bidirectionalCodec", codec)
        .attribute("bidirectionalSamplingRate", rate_hz);
    connected(&stream)
}

/// Plivo's own parameters (`extraHeaders`) take letters and digits of ASCII alone, 512 bytes
/// together, and not even the plus of a number: the URL carries them instead, as any stream's may.
pub fn plivo(connection: &Connection) -> Document {
    let pairs: Vec<String> = connection
        .bounded()
        .filter_map(|(name, value)| Some((in_url(name)?, value)))
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
        .collect();
    let url = format!("{}?{}", connection.url, pairs.join("&"));
    let stream = Element::new("Stream")
        .attribute("bidirectional", "true")
        .attribute("keepCallAlive", "true")
        .attribute("audioTrack", "inbound")
        .attribute("contentType", &format!("audio/x-l16;rate={RATE_HZ}"))
        .attribute_if("statusCallbackUrl", connection.status_url.as_deref())
        .text(&url);
    let response = Element::new("Response").child(&stream);
    Document::xml(response.child(&Element::new("Hangup")).document())
}

/// What a parameter is called in the URL of a stream. A number is told once.
fn in_url(name: &str) -> Option<&str> {
    match name {
        "from_number" => Some("from"),
        "to_number" => Some("to"),
        "caller_id" | "did" => None,
        other => Some(other),
    }
}

pub fn say_and_hang_up(verb: &'static str, text: &str) -> Document {
    let say = Element::new(verb).text(text);
    let response = Element::new("Response").child(&say);
    Document::xml(response.child(&Element::new("Hangup")).document())
}
