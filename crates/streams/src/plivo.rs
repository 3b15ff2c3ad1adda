//! Plivo audio streams, and Vobiz, who copied them: JSON in text messages, camel case, events of
//! their own names. There is no `connected`, and the end of a stream is the end of its connection.

mod headers;
mod messages;

use std::fmt::{self, Write as _};

use crate::Frame;
use crate::dialect::{IdPrefixes, StreamDialect};
use crate::stream::json::{self, Payload, Text, quoted};
use crate::stream::{
    Down, Encoding, Hangup, Manners, Marks, Media, MediaFormat, Nonsense, Start, StreamCodec,
    Track, Up,
};
use messages::{DownMessage, StartMessage, UpMessage};

/// Where the registry finds this dialect.
pub const DIALECT: StreamDialect = StreamDialect {
    name: "plivo",
    aliases: &["vobiz"],
    manners: Manners {
        format: MediaFormat::PCMU,
        linear: Some(MediaFormat {
            encoding: LINEAR,
            rate: 16_000,
        }),
        // With `keepCallAlive` the call lasts as long as its stream.
        hangup: Hangup::Close,
        // Only what was played to its end is reported.
        marks: Marks::ForgottenWhenCleared,
        ..Manners::USUAL
    },
    ids: IdPrefixes {
        stream: "",
        call: "",
        account: "MA",
    },
    codec: || Box::new(Plivo::new()),
    opens: |opening| opening.has("/start/streamId") && opening.has("/start/callId"),
};

/// Plivo plays 16 bit linear samples least significant byte first.
const LINEAR: Encoding = Encoding::L16Little;
/// One connection.
#[derive(Debug)]
pub struct Plivo {
    /// As a JSON string; empty before `start`.
    stream_id: String,
    /// What the provider sends, and takes where a message does not say otherwise.
    format: MediaFormat,
    /// Counts what is sent as the provider's end.
    sequence: u64,
    payload: Payload,
    name: String,
    message: String,
}

impl StreamCodec for Plivo {
    fn read_up<'a>(&'a mut self, frame: Frame<'a>) -> Result<Up<'a>, Nonsense> {
        let Some(text) = json::text(frame)? else {
            return Ok(Up::Nothing);
        };
        let message: UpMessage<'_> = json::read(text)?;
        match message.event.as_deref() {
            Some("start") => self.read_start(text),
            Some("media") => {
                let body = message.media.ok_or(Nonsense("media without its body"))?;
                let media = body.up(&mut self.payload)?;
                // Plivo's timestamps are the time of day, not that of the stream.
                Ok(Up::Media(Media {
                    timestamp_ms: None,
                    ..media
                }))
            }
            Some("dtmf") => message.dtmf.ok_or(Nonsense("dtmf without its body"))?.up(),
            Some("playedStream") => Ok(Up::Mark {
                name: self.checkpoint(message.name)?,
            }),
            Some("clearedAudio") => Ok(Up::Cleared),
            // Not in Plivo's reference, and sent all the same by some who copied it.
            Some("stop") => Ok(Up::Stop),
            _ => Ok(Up::Nothing),
        }
    }

    fn write_up<'a>(&'a mut self, up: &Up<'_>) -> Option<Frame<'a>> {
        if self.stream_id.is_empty() && !matches!(up, Up::Start(_)) {
            return None;
        }
        json::restart(&mut self.message);
        match up {
            Up::Start(start) => self.write_start(start),
            Up::Media(media) => {
                self.write_of_stream("media", |message| write_media(message, media))
            }
            Up::Dtmf { digit, .. } => self.write_of_stream("dtmf", |message| {
                let digit = digit.as_char();
                write!(
                    message,
                    r#","dtmf":{{"track":"inbound","digit":"{digit}"}}"#
                )
            }),
            Up::Mark { name } => self.write_of_stream("playedStream", |message| {
                write!(message, r#","name":{}"#, quoted(name))
            }),
            Up::Cleared => self.write_of_stream("clearedAudio", |_| Ok(())),
            Up::Connected
            | Up::QueueHigh
            | Up::QueueLow
            | Up::Stop
            | Up::Error { .. }
            | Up::Nothing => return None,
        }
        Some(Frame::Text(&self.message))
    }

    fn read_down<'a>(&'a mut self, frame: Frame<'a>) -> Result<Down<'a>, Nonsense> {
        let Some(text) = json::text(frame)? else {
            return Ok(Down::Nothing);
        };
        let message: DownMessage<'_> = json::read(text)?;
        match message.event.as_deref() {
            Some("playAudio") => {
                let body = message
                    .media
                    .ok_or(Nonsense("playAudio without its body"))?;
                // A piece that does not say its format is in that of the stream.
                let format = body.format()?.unwrap_or(self.format);
                Ok(Down::Media {
                    format: Some(format),
                    payload: self.payload.decode(&body.payload)?,
                    mark: None,
                })
            }
            Some("checkpoint") => Ok(Down::Mark {
                name: self.checkpoint(message.name)?,
            }),
            Some("clearAudio") => Ok(Down::Clear),
            Some("sendDTMF") => Ok(Down::Dtmf {
                digit: json::digit(message.dtmf.as_deref().unwrap_or_default())?,
                duration: None,
            }),
            _ => Ok(Down::Nothing),
        }
    }

    fn write_down<'a>(&'a mut self, down: &Down<'_>) -> Option<Frame<'a>> {
        if self.stream_id.is_empty() {
            return None;
        }
        json::restart(&mut self.message);
        let (message, id) = (&mut self.message, &self.stream_id);
        // Writing to a String cannot fail.
        let _ = match down {
            Down::Media {
                payload, format, ..
            } => {
                let format = format.unwrap_or(self.format);
                let head = write!(
                    message,
                    r#"{{"event":"playAudio","streamId":{id},"media":{{"contentType":"{}","sampleRate":{},"payload":""#,
                    format.encoding.media_type(),
                    format.rate,
                );
                json::push_base64(message, payload);
                message.push_str("\"}}");
                head
            }
            Down::Mark { name } => write!(
                message,
                r#"{{"event":"checkpoint","streamId":{id},"name":{}}}"#,
                quoted(name)
            ),
            Down::Clear => write!(message, r#"{{"event":"clearAudio","streamId":{id}}}"#),
            Down::Dtmf { digit, .. } => write!(
                message,
                r#"{{"event":"sendDTMF","streamId":{id},"dtmf":"{}"}}"#,
                digit.as_char()
            ),
            _ => return None,
        };
        Some(Frame::Text(&self.message))
    }
}

impl Plivo {
    fn new() -> Self {
        Self {
            stream_id: String::new(),
            format: DIALECT.manners.format,
            sequence: 0,
            payload: Payload::default(),
            name: String::new(),
            message: String::new(),
        }
    }

    fn read_start(&mut self, text: &str) -> Result<Up<'_>, Nonsense> {
        let StartMessage {
            start,
            extra_headers,
        } = json::read(text)?;
        let format = start.media_format.map(|body| body.announced(LINEAR));
        let told = headers::read(extra_headers.as_deref().unwrap_or_default());
        let start = Start {
            stream_id: start.stream_id.to_string(),
            call_id: start.call_id.to_string(),
            account_id: json::told(start.account_id),
            from: told.from,
            to: told.to,
            direction: None,
            up: Some(format.transpose()?.unwrap_or(DIALECT.manners.format)),
            down: None,
            parameters: told.parameters,
        };
        self.remember(&start);
        Ok(Up::Start(Box::new(start)))
    }

    fn remember(&mut self, start: &Start) {
        self.stream_id = quoted(&start.stream_id).to_string();
        self.format = start.up.unwrap_or(DIALECT.manners.format);
    }

    /// The name of a checkpoint, kept where it can be lent.
    fn checkpoint(&mut self, name: Option<Text<'_>>) -> Result<&str, Nonsense> {
        let name = name.ok_or(Nonsense("a checkpoint without a name"))?;
        self.name.clear();
        self.name.push_str(&name);
        Ok(&self.name)
    }

    fn write_start(&mut self, start: &Start) {
        self.remember(start);
        let format = self.format;
        let headers = headers::write(start);
        self.write_event("start", |message| {
            write!(
                message,
                r#","start":{{"callId":{},"streamId":{},"accountId":{},"tracks":["inbound"],"mediaFormat":{{"encoding":"{}","sampleRate":{}}}}},"extra_headers":{}"#,
                quoted(&start.call_id),
                quoted(&start.stream_id),
                quoted(start.account_id.as_deref().unwrap_or_default()),
                format.encoding.media_type(),
                format.rate,
                quoted(&headers),
            )
        });
    }

    /// A message of a stream that has begun.
    fn write_of_stream(
        &mut self,
        event: &str,
        body: impl FnOnce(&mut String) -> Result<(), fmt::Error>,
    ) {
        let stream = std::mem::take(&mut self.stream_id);
        self.write_event(event, |message| {
            write!(message, r#","streamId":{stream}"#)?;
            body(message)
        });
        self.stream_id = stream;
    }

    /// A message of the provider's end, with what all of them carry.
    fn write_event(
        &mut self,
        event: &str,
        body: impl FnOnce(&mut String) -> Result<(), fmt::Error>,
    ) {
        self.sequence += 1;
        let (message, sequence) = (&mut self.message, self.sequence);
        // Writing to a String cannot fail.
        let _ = write!(
            message,
            r#"{{"event":"{event}","sequenceNumber":{sequence}"#
        );
        let _ = body(message);
        message.push('}');
    }
}

/// The chunk is a number here, unlike Twilio's.
fn write_media(message: &mut String, media: &Media<'_>) -> fmt::Result {
    let track = match media.track {
        Track::Inbound => "inbound",
        Track::Outbound => "outbound",
    };
    write!(message, r#","media":{{"track":"{track}""#)?;
    if let Some(timestamp) = media.timestamp_ms {
        write!(message, r#","timestamp":"{timestamp}""#)?;
    }
    if let Some(chunk) = media.chunk {
        write!(message, r#","chunk":{chunk}"#)?;
    }
    message.push_str(r#","payload":""#);
    json::push_base64(message, media.payload);
    message.push_str("\"}");
    Ok(())
}
