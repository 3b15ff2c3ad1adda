//! What the JSON dialects share: scalars as providers spell them, base64 in buffers that are
//! reused, and text that is written with its quotes.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::ops::Deref;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use trunkline_call::{Digit, Parameters};

use super::{Encoding, MediaFormat, Nonsense, Track};
use crate::Frame;

/// What a buffer keeps for the next message: a second of 24 kHz in base64.
const BYTES_KEPT: usize = 65_536;

/// RFC 4648 §4. Some ends leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A string that borrows from the message, unless it has escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor).map(Self)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// A whole number, spelled as a number or as a string of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor).map(Self)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, or a string of its digits")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        Ok(number)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
        text.parse().map_err(E::custom)
    }
}

/// An object of names and values: strings as they are, everything else as JSON spells it. What
/// [`Parameters`] has no room for is left out.
#[derive(Debug, Default)]
pub(crate) struct Object(pub(crate) Parameters);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor).map(Self)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Parameters;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parameters, A::Error> {
        let mut parameters = Parameters::default();
        while let Some((name, value)) = map.next_entry::<Text<'_>, serde_json::Value>()? {
            match value {
                serde_json::Value::String(text) => parameters.push(&name, &text),
                other => parameters.push(&name, &other.to_string()),
            };
        }
        Ok(parameters)
    }
}

/// What a field says; an empty one says nothing.
pub(crate) fn told(text: Option<Text<'_>>) -> Option<String> {
    text.filter(|text| !text.is_empty())
        .map(|text| text.to_string())
}

/// The text of a message of a dialect that has no other; `None` of a ping.
pub(crate) fn text(frame: Frame<'_>) -> Result<Option<&str>, Nonsense> {
    match frame {
        Frame::Text(text) => Ok(Some(text)),
        Frame::Binary(_) => Err(Nonsense("a binary message, where every message is text")),
        Frame::Ping => Ok(None),
    }
}

/// The key that a string of one character names.
pub(crate) fn digit(text: &str) -> Result<Digit, Nonsense> {
    let mut keys = text.chars();
    match (keys.next().and_then(Digit::from_char), keys.next()) {
        (Some(digit), None) => Ok(digit),
        _ => Err(Nonsense("a digit that no telephone has")),
    }
}

/// Whose voice `track` means; without a word it is the far end's.
pub(crate) fn track(name: Option<&str>) -> Result<Track, Nonsense> {
    match name {
        None | Some("inbound") => Ok(Track::Inbound),
        Some("outbound") => Ok(Track::Outbound),
        Some(_) => Err(Nonsense("a track that is neither inbound nor outbound")),
    }
}

/// A format as `start` announces it; `linear` is what the dialect means by 16 bit linear.
pub(crate) fn format(
    encoding: &str,
    rate: Option<Number>,
    channels: Option<Number>,
    linear: Encoding,
) -> Result<MediaFormat, Nonsense> {
    if channels.is_some_and(|channels| channels.0 != 1) {
        return Err(Nonsense("audio of more than one channel"));
    }
    let rate = rate.map(|rate| u32::try_from(rate.0)).transpose();
    let rate = rate.map_err(|_| Nonsense("a sample rate beyond any"))?;
    let known = MediaFormat::announced(encoding, rate, linear);
    known.ok_or_else(|| unknown(encoding))
}

/// Why a format is not taken. What providers have and we do not is called by its name.
fn unknown(encoding: &str) -> Nonsense {
    let name = encoding.trim_start_matches("audio/");
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    Nonsense(if is("AMR-WB") {
        "AMR-WB, which is not supported; set the stream up with another codec"
    } else if is("mp3") || is("mpeg") {
        "MP3, which is not supported; set the stream up with another codec"
    } else {
        "a media format that is not known here"
    })
}

/// Reads a message; every way in which it can be malformed is the same nonsense.
pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Nonsense> {
    serde_json::from_str(text).map_err(|_| {
        Nonsense("a message that is no JSON, or whose fields are not what they should be")
    })
}

/// A buffer for the bytes that base64 stands for.
#[derive(Debug, Default)]
pub(crate) struct Payload(Vec<u8>);

impl Payload {
    /// The bytes, until the next call.
    pub(crate) fn decode(&mut self, base64: &str) -> Result<&[u8], Nonsense> {
        self.0.clear();
        self.0.shrink_to(BYTES_KEPT);
        BASE64
            .decode_vec(base64, &mut self.0)
            .map_err(|_| Nonsense("a payload that is no base64"))?;
        Ok(&self.0)
    }
}

/// Empties a buffer for the next message; what one large message needed is not kept.
pub(crate) fn restart(message: &mut String) {
    message.clear();
    message.shrink_to(BYTES_KEPT);
}

/// Adds bytes as base64.
pub(crate) fn push_base64(message: &mut String, bytes: &[u8]) {
    BASE64.encode_string(bytes, message);
}

/// A JSON string with its quotes (RFC 8259 section 7).
pub(crate) fn quoted(text: &str) -> impl fmt::Display {
    struct Quoted<'a>(&'a str);
    impl fmt::Display for Quoted<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_char('"')?;
            for character in self.0.chars() {
                match character {
                    '"' | '\\' => write!(f, "\\{character}")?,
                    '\0'..='\x1f' => write!(f, "\\u{:04x}", u32::from(character))?,
                    _ => f.write_char(character)?,
                }
            }
            f.write_char('"')
        }
    }
    Quoted(text)
}

/// Parameters as a JSON object.
pub(crate) fn object<'a>(entries: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut object = String::from("{");
    for (name, value) in entries {
        if object.len() > 1 {
            object.push(',');
        }
        // Writing to a String cannot fail.
        let _ = write!(object, "{}:{}", quoted(name), quoted(value));
    }
    object.push('}');
    object
}
