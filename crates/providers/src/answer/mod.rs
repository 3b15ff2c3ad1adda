//! Answer documents: what the provider is to do with a call, written, and [`read()`] as the provider
//! reads them. Whatever text a caller brings along is carried, escaped; it can neither end an
//! attribute nor begin an element.

mod json;
mod markup;
mod read;

pub use markup::{TEXML_CODECS, TexmlCodec};
pub use read::{ANSWER_BYTES_MAX, Answered, BadAnswer, Stream, read};

use crate::provider::Provider;

/// What an unknown number is told before the call ends.
pub const REFUSAL: &str = "This number is not configured.";
/// The most parameters of one stream (Twilio's limit).
pub const PARAMETERS_MAX: usize = 99;
/// Name and value of a parameter have fewer bytes together than this (Twilio's limit).
pub const PARAMETER_BYTES: usize = 500;
/// The rate at which providers that let us choose send linear audio: what applications hear.
const RATE_HZ: u32 = 16_000;

/// Connects a call to a media stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Where the provider opens the WebSocket; Twilio allows no query in it.
    pub url: String,
    /// What `start` is to say again.
    pub parameters: Vec<(String, String)>,
    /// Where the provider tells what becomes of the stream, if it can.
    pub status_url: Option<String>,
    /// What Telnyx sends and takes.
    pub texml_codec: TexmlCodec,
}

impl Connection {
    /// A connection that tells its parties under the names that applications know: `from_number` and
    /// `to_number`, as Pipecat reads them, and `caller_id` and `did`.
    pub fn of_call(url: String, from: &str, to: &str) -> Self {
        let parameters = [
            ("from_number", from),
            ("to_number", to),
            ("caller_id", from),
            ("did", to),
        ];
        let owned = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            url,
            parameters: owned.into(),
            status_url: None,
            texml_codec: TexmlCodec::default(),
        }
    }

    /// The parameters within the limits: what is too much is left out, what is too long is cut.
    fn bounded(&self) -> impl Iterator<Item = (&str, &str)> {
        let parameters = self.parameters.iter().take(PARAMETERS_MAX);
        parameters.filter_map(|(name, value)| {
            let room = PARAMETER_BYTES.checked_sub(name.len() + 1)?;
            let end = value.floor_char_boundary(room);
            Some((name.as_str(), value.get(..end)?))
        })
    }
}

/// A document and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The document.
    pub body: String,
}

impl Document {
    fn xml(body: String) -> Self {
        Self {
            content_type: "text/xml; charset=utf-8",
            body,
        }
    }

    fn json(body: &serde_json::Value) -> Self {
        Self {
            content_type: "application/json",
            body: body.to_string(),
        }
    }
}

/// The document that connects a call.
pub fn connect(provider: Provider, connection: &Connection) -> Document {
    match provider {
        Provider::Twilio => markup::twiml(connection),
        Provider::Telnyx => markup::texml(connection),
        Provider::Plivo | Provider::Vobiz => markup::plivo(connection),
        Provider::Vonage => json::ncco(connection),
        Provider::Exotel => json::exotel(connection),
    }
}

/// The document that says [`REFUSAL`] and hangs up. Exotel has no such document: its flow goes on at
/// what is connected behind the applet when it gets no URL.
pub fn refuse(provider: Provider) -> Option<Document> {
    match provider {
        Provider::Twilio | Provider::Telnyx => Some(markup::say_and_hang_up("Say", REFUSAL)),
        Provider::Plivo | Provider::Vobiz => Some(markup::say_and_hang_up("Speak", REFUSAL)),
        Provider::Vonage => Some(json::talk(REFUSAL)),
        Provider::Exotel => None,
    }
}
