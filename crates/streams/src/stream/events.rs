//! The events that Twilio shaped and others took over with names of their own: JSON in text
//! messages, what happened in `event`, audio as base64, every scalar a string. One codec reads and
//! writes them for all; what a dialect has of its own is its [`Spelling`].

use std::fmt::{self, Write as _};
use std::time::Duration;

use serde::Deserialize;
use trunkline_call::Digit;

use super::bodies::{DtmfBody, MarkBody, MediaBody, write_media};
use super::json::{self, Payload, Text, quoted};
use super::{Down, Nonsense, Start, StreamCodec, Up};
use crate::Frame;

/// What one dialect has of its own. Bodies are written as JSON objects.
#[derive(Debug)]
pub(crate) struct Spelling {
    /// The greeting of the provider's end, whole.
    pub(crate) connected: &'static str,
    /// The member in which the provider's end counts its messages.
    pub(crate) sequence: &'static str,
    /// The member that names the stream.
    pub(crate) stream: &'static str,
    /// Whether the server's end names the stream as well.
    pub(crate) server_names_stream: bool,
    /// What a `start` message tells.
    pub(crate) read_start: fn(&str) -> Result<Start, Nonsense>,
    /// The body of `start`.
    pub(crate) start: fn(&Start) -> String,
    /// The body of `stop`, of the stream that began so.
    pub(crate) stop: fn(&Start) -> String,
    /// The body of `dtmf`.
    pub(crate) dtmf: fn(Digit, Option<Duration>) -> String,
    /// How the provider's end complains, where it can.
    pub(crate) complaints: Option<Complaints>,
}

/// How the provider's end complains of what it was sent.
#[derive(Debug)]
pub(crate) struct Complaints {
    /// What an `error` message says.
    pub(crate) read: fn(&str) -> Result<String, Nonsense>,
    /// The body of `error`, which is in `payload`.
    pub(crate) body: fn(&str) -> String,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Events {
    spelling: &'static Spelling,
    /// The stream's id as a JSON string; empty before `start`.
    stream: String,
    /// The body of the `stop` that is to be sent as the provider's end.
    stop: String,
    /// Counts what is sent as the provider's end, `connected` apart.
    sequence: u64,
    payload: Payload,
    /// What is lent of the message read last.
    text: String,
    message: String,
}

/// Any message, of both ends.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    event: Option<Text<'a>>,
    #[serde(borrow)]
    media: Option<MediaBody<'a>>,
    #[serde(borrow)]
    dtmf: Option<DtmfBody<'a>>,
    #[serde(borrow)]
    mark: Option<MarkBody<'a>>,
}

impl StreamCodec for Events {
    fn read_up<'a>(&'a mut self, frame: Frame<'a>) -> Result<Up<'a>, Nonsense> {
        let Some(text) = json::text(frame)? else {
            return Ok(Up::Nothing);
        };
        let message: Message<'_> = json::read(text)?;
        match message.event.as_deref() {
            Some("connected") => Ok(Up::Connected),
            Some("start") => {
                let start = (self.spelling.read_start)(text)?;
                self.stream = quoted(&start.stream_id).to_string();
                Ok(Up::Start(Box::new(start)))
            }
            Some("media") => {
                let body = message.media.ok_or(Nonsense("media without its body"))?;
                Ok(Up::Media(body.up(&mut self.payload)?))
            }
            Some("dtmf") => message.dtmf.ok_or(Nonsense("dtmf without its body"))?.up(),
            Some("mark") => Ok(Up::Mark {
                name: self.mark_name(message.mark)?,
            }),
            Some("error") => self.read_error(text),
            Some("stop") => Ok(Up::Stop),
            _ => Ok(Up::Nothing),
        }
    }

    fn write_up<'a>(&'a mut self, up: &Up<'_>) -> Option<Frame<'a>> {
        if self.stream.is_empty() && !matches!(up, Up::Connected | Up::Start(_)) {
            return None;
        }
        json::restart(&mut self.message);
        match up {
            Up::Connected => self.message.push_str(self.spelling.connected),
            Up::Start(start) => {
                self.stream = quoted(&start.stream_id).to_string();
                self.stop = (self.spelling.stop)(start);
                let body = (self.spelling.start)(start);
                self.write_event("start", |message| write!(message, r#""start":{body}"#));
            }
            Up::Media(media) => self.write_event("media", |message| {
                write_media(message, media);
                Ok(())
            }),
            Up::Dtmf { digit, duration } => {
                let body = (self.spelling.dtmf)(*digit, *duration);
                self.write_event("dtmf", |message| write!(message, r#""dtmf":{body}"#));
            }
            Up::Mark { name } => self.write_event("mark", |message| {
                write!(message, r#""mark":{{"name":{}}}"#, quoted(name))
            }),
            Up::Error { detail } => {
                let body = (self.spelling.complaints.as_ref()?.body)(detail);
                self.write_event("error", |message| write!(message, r#""payload":{body}"#));
            }
            Up::Stop => {
                let body = std::mem::take(&mut self.stop);
                self.write_event("stop", |message| write!(message, r#""stop":{body}"#));
                self.stop = body;
            }
            Up::Cleared | Up::QueueHigh | Up::QueueLow | Up::Nothing => return None,
        }
        Some(Frame::Text(&self.message))
    }

    fn read_down<'a>(&'a mut self, frame: Frame<'a>) -> Result<Down<'a>, Nonsense> {
        let Some(text) = json::text(frame)? else {
            return Ok(Down::Nothing);
        };
        let message: Message<'_> = json::read(text)?;
        match message.event.as_deref() {
            Some("media") => message
                .media
                .ok_or(Nonsense("media without its body"))?
                .down(&mut self.payload),
            Some("mark") => Ok(Down::Mark {
                name: self.mark_name(message.mark)?,
            }),
            Some("clear") => Ok(Down::Clear),
            _ => Ok(Down::Nothing),
        }
    }

    fn write_down<'a>(&'a mut self, down: &Down<'_>) -> Option<Frame<'a>> {
        if self.stream.is_empty() {
            return None;
        }
        match down {
            Down::Media { payload, .. } => {
                self.begin_down("media");
                self.message.push_str(r#","media":{"payload":""#);
                json::push_base64(&mut self.message, payload);
                self.message.push_str("\"}}");
            }
            Down::Mark { name } => {
                self.begin_down("mark");
                // Writing to a String cannot fail.
                let _ = write!(self.message, r#","mark":{{"name":{}}}}}"#, quoted(name));
            }
            Down::Clear => {
                self.begin_down("clear");
                self.message.push('}');
            }
            _ => return None,
        }
        Some(Frame::Text(&self.message))
    }
}

impl Events {
    /// The codec of a dialect, for one connection.
    pub(crate) fn codec(spelling: &'static Spelling) -> Box<dyn StreamCodec> {
        Box::new(Self {
            spelling,
            stream: String::new(),
            stop: String::new(),
            sequence: 0,
            payload: Payload::default(),
            text: String::new(),
            message: String::new(),
        })
    }

    /// The name of a mark, kept where it can be lent.
    fn mark_name(&mut self, body: Option<MarkBody<'_>>) -> Result<&str, Nonsense> {
        let body = body.ok_or(Nonsense("a mark without its body"))?;
        self.text.clear();
        self.text.push_str(&body.name);
        Ok(&self.text)
    }

    fn read_error(&mut self, text: &str) -> Result<Up<'_>, Nonsense> {
        let Some(complaints) = &self.spelling.complaints else {
            return Ok(Up::Nothing);
        };
        self.text = (complaints.read)(text)?;
        Ok(Up::Error { detail: &self.text })
    }

    /// A message of the provider's end, with what all of them carry.
    fn write_event(&mut self, event: &str, body: impl FnOnce(&mut String) -> fmt::Result) {
        self.sequence += 1;
        let Spelling {
            sequence, stream, ..
        } = self.spelling;
        // Writing to a String cannot fail.
        let _ = write!(
            self.message,
            r#"{{"event":"{event}","{sequence}":"{}","{stream}":{},"#,
            self.sequence, self.stream
        );
        let _ = body(&mut self.message);
        self.message.push('}');
    }

    /// A message of the server's end, as far as all of them are alike.
    fn begin_down(&mut self, event: &str) {
        json::restart(&mut self.message);
        let message = &mut self.message;
        message.push_str(r#"{"event":""#);
        message.push_str(event);
        message.push('"');
        if self.spelling.server_names_stream {
            message.push_str(",\"");
            message.push_str(self.spelling.stream);
            message.push_str("\":");
            message.push_str(&self.stream);
        }
    }
}
