//! The objects inside messages that Twilio shaped and others took over.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Deserialize;

use super::json::{self, Number, Payload, Text};
use super::{Down, Encoding, Media, MediaFormat, Nonsense, Track, Up};

/// `media`.
#[derive(Deserialize)]
pub(crate) struct MediaBody<'a> {
    #[serde(borrow)]
    track: Option<Text<'a>>,
    chunk: Option<Number>,
    timestamp: Option<Number>,
    #[serde(borrow)]
    payload: Text<'a>,
}

impl MediaBody<'_> {
    /// From the provider's end.
    pub(crate) fn up<'a>(&self, payload: &'a mut Payload) -> Result<Media<'a>, Nonsense> {
        Ok(Media {
            track: json::track(self.track.as_deref())?,
            chunk: self.chunk.map(|number| number.0),
            timestamp_ms: self.timestamp.map(|number| number.0),
            payload: payload.decode(&self.payload)?,
            format: None,
        })
    }

    /// From the server's end, where the message does not say its format.
    pub(crate) fn down<'a>(&self, payload: &'a mut Payload) -> Result<Down<'a>, Nonsense> {
        Ok(Down::bare(payload.decode(&self.payload)?))
    }
}

/// Writes `"media":{…}` as the provider's end, every scalar a string.
pub(crate) fn write_media(message: &mut String, media: &Media<'_>) {
    let track = match media.track {
        Track::Inbound => "inbound",
        Track::Outbound => "outbound",
    };
    // Writing to a String cannot fail.
    let _ = write!(message, r#""media":{{"track":"{track}""#);
    if let Some(chunk) = media.chunk {
        let _ = write!(message, r#","chunk":"{chunk}""#);
    }
    if let Some(timestamp) = media.timestamp_ms {
        let _ = write!(message, r#","timestamp":"{timestamp}""#);
    }
    message.push_str(r#","payload":""#);
    json::push_base64(message, media.payload);
    message.push_str("\"}");
}

/// `dtmf`.
#[derive(Deserialize)]
pub(crate) struct DtmfBody<'a> {
    #[serde(borrow)]
    digit: Text<'a>,
    /// In milliseconds.
    duration: Option<Number>,
}

impl DtmfBody<'_> {
    /// From the provider's end.
    pub(crate) fn up(&self) -> Result<Up<'static>, Nonsense> {
        Ok(Up::Dtmf {
            digit: json::digit(&self.digit)?,
            duration: self.duration.map(|number| Duration::from_millis(number.0)),
        })
    }
}

/// `mark`.
#[derive(Deserialize)]
pub(crate) struct MarkBody<'a> {
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
}

/// `mediaFormat`, `media_format`.
#[derive(Deserialize)]
pub(crate) struct FormatBody<'a> {
    #[serde(borrow)]
    encoding: Text<'a>,
    #[serde(alias = "sampleRate")]
    sample_rate: Option<Number>,
    channels: Option<Number>,
}

impl FormatBody<'_> {
    /// The format that is announced; `linear` is what the dialect means by 16 bit linear.
    pub(crate) fn announced(&self, linear: Encoding) -> Result<MediaFormat, Nonsense> {
        json::format(&self.encoding, self.sample_rate, self.channels, linear)
    }
}
