//! Vonage's WebSocket endpoint: one greeting in JSON, then audio as binary messages, 16 bit linear
//! and least significant byte first; everything else is JSON again.
//!
//! What the NCCO gives as `headers` arrives in the greeting, beside its own fields. Vonage says
//! nothing else of the call, so the numbers and the call's id travel there.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use trunkline_call::Parameters;

use crate::Frame;
use crate::dialect::{IdPrefixes, StreamDialect};
use crate::stream::bodies::DtmfBody;
use crate::stream::json::{self, Number, Object, Text};
use crate::stream::{
    Down, Encoding, Hangup, Manners, Marks, Media, MediaFormat, Nonsense, Start, StreamCodec, Up,
};

/// Where the registry finds this dialect.
pub const DIALECT: StreamDialect = StreamDialect {
    name: "vonage",
    aliases: &["nexmo"],
    manners: Manners {
        format: MediaFormat {
            encoding: Encoding::L16Little,
            rate: 16_000,
        },
        // The connection is the last action of its NCCO.
        hangup: Hangup::Close,
        marks: Marks::ForgottenWhenCleared,
        ..Manners::USUAL
    },
    ids: IdPrefixes::NONE,
    codec: || Box::<Vonage>::default(),
    opens: |opening| opening.is("/event", CONNECTED),
};

const CONNECTED: &str = "websocket:connected";
/// The headers by which a call is known.
const CALL_ID: &str = "call_id";
const FROM: &str = "from_number";
const TO: &str = "to_number";
/// Members of the greeting that are Vonage's own.
const EVENT: &str = "event";
const CONTENT_TYPE: &str = "content-type";
/// The only member of a notification that stands for a mark of ours.
const MARK: &str = "mark";

/// One connection.
#[derive(Debug, Default)]
pub struct Vonage {
    name: String,
    message: String,
    audio: Vec<u8>,
}

/// Any message in text but the greeting, of both ends.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    payload: Option<Map<String, Value>>,
    #[serde(borrow)]
    digit: Option<Text<'a>>,
    /// In milliseconds.
    duration: Option<Number>,
    /// Where some write the digit.
    #[serde(borrow)]
    dtmf: Option<DtmfBody<'a>>,
}

impl StreamCodec for Vonage {
    fn read_up<'a>(&'a mut self, frame: Frame<'a>) -> Result<Up<'a>, Nonsense> {
        let text = match frame {
            Frame::Binary(payload) => return Ok(Up::Media(Media::bare(payload))),
            Frame::Ping => return Ok(Up::Nothing),
            Frame::Text(text) => text,
        };
        let event: Event<'_> = json::read(text)?;
        match event.event.as_deref() {
            // Its headers may have any name, those of other messages' members among them.
            Some(CONNECTED) => read_start(text),
            Some("websocket:dtmf") => json::read::<Message<'_>>(text)?.pressed(),
            Some("websocket:cleared") => Ok(Up::Cleared),
            Some("websocket:notify") => Ok(Up::Mark {
                name: self.mark(json::read::<Message<'_>>(text)?.payload)?,
            }),
            _ => Ok(Up::Nothing),
        }
    }

    fn write_up<'a>(&'a mut self, up: &Up<'_>) -> Option<Frame<'a>> {
        json::restart(&mut self.message);
        let message = &mut self.message;
        // Writing to a String cannot fail.
        let _ = match up {
            Up::Media(media) => return Some(binary(&mut self.audio, media.payload)),
            Up::Start(start) => {
                message.push_str(&greeting(start));
                Ok(())
            }
            Up::Dtmf { digit, duration } => {
                let digit = digit.as_char();
                let head = write!(message, r#"{{"event":"websocket:dtmf","digit":"{digit}""#);
                if let Some(duration) = duration {
                    let _ = write!(message, r#","duration":{}"#, duration.as_millis());
                }
                message.push('}');
                head
            }
            Up::Mark { name } => {
                let payload = notification(name);
                write!(
                    message,
                    r#"{{"event":"websocket:notify","payload":{payload}}}"#
                )
            }
            Up::Cleared => {
                message.push_str(r#"{"event":"websocket:cleared"}"#);
                Ok(())
            }
            Up::Connected
            | Up::QueueHigh
            | Up::QueueLow
            | Up::Stop
            | Up::Error { .. }
            | Up::Nothing => return None,
        };
        Some(Frame::Text(&self.message))
    }

    fn read_down<'a>(&'a mut self, frame: Frame<'a>) -> Result<Down<'a>, Nonsense> {
        let text = match frame {
            Frame::Binary(payload) => {
                return Ok(Down::bare(payload));
            }
            Frame::Ping => return Ok(Down::Nothing),
            Frame::Text(text) => text,
        };
        let message: Message<'_> = json::read(text)?;
        match message.action.as_deref() {
            Some("clear") => Ok(Down::Clear),
            Some("notify") => Ok(Down::Mark {
                name: self.mark(message.payload)?,
            }),
            _ => Ok(Down::Nothing),
        }
    }

    fn write_down<'a>(&'a mut self, down: &Down<'_>) -> Option<Frame<'a>> {
        json::restart(&mut self.message);
        match down {
            Down::Media { payload, .. } => return Some(binary(&mut self.audio, payload)),
            Down::Clear => self.message.push_str(r#"{"action":"clear"}"#),
            Down::Mark { name } => {
                let payload = notification(name);
                // Writing to a String cannot fail.
                let _ = write!(self.message, r#"{{"action":"notify","payload":{payload}}}"#);
            }
            _ => return None,
        }
        Some(Frame::Text(&self.message))
    }
}

impl Vonage {
    /// The name of the mark that a notification stands for, kept where it can be lent.
    fn mark(&mut self, payload: Option<Map<String, Value>>) -> Result<&str, Nonsense> {
        let payload = payload.ok_or(Nonsense("a notification without an object for payload"))?;
        self.name = match ours(&payload) {
            Some(name) => name.to_owned(),
            None => Value::Object(payload).to_string(),
        };
        Ok(&self.name)
    }
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    event: Option<Text<'a>>,
}

impl Message<'_> {
    fn pressed(&self) -> Result<Up<'static>, Nonsense> {
        match (&self.digit, &self.dtmf) {
            (Some(digit), _) => Ok(Up::Dtmf {
                digit: json::digit(digit)?,
                duration: self.duration.map(|ms| Duration::from_millis(ms.0)),
            }),
            (None, Some(body)) => body.up(),
            (None, None) => Err(Nonsense("dtmf without its digit")),
        }
    }
}

fn binary<'a>(audio: &'a mut Vec<u8>, payload: &[u8]) -> Frame<'a> {
    audio.clear();
    audio.extend_from_slice(payload);
    Frame::Binary(audio)
}

fn read_start(text: &str) -> Result<Up<'static>, Nonsense> {
    let Object(members) = json::read(text)?;
    let found = |name| members.find(name).unwrap_or_default().to_owned();
    let format = members.find(CONTENT_TYPE);
    let format = format.map(|name| json::format(name, None, None, Encoding::L16Little));
    let mut parameters = Parameters::default();
    let known = [EVENT, CONTENT_TYPE, CALL_ID, FROM, TO];
    for (name, value) in members.iter().filter(|(name, _)| !known.contains(name)) {
        parameters.push(name, value);
    }
    Ok(Up::Start(Box::new(Start {
        stream_id: String::new(),
        call_id: found(CALL_ID),
        account_id: None,
        from: found(FROM),
        to: found(TO),
        direction: None,
        up: Some(format.transpose()?.unwrap_or(DIALECT.manners.format)),
        down: None,
        parameters,
    })))
}

/// The first message. A parameter cannot take the name of a member that is there already.
fn greeting(start: &Start) -> String {
    let rate = start.up.unwrap_or(DIALECT.manners.format).rate;
    let content_type = format!("audio/l16;rate={rate}");
    let own = [
        (EVENT, CONNECTED),
        (CONTENT_TYPE, &content_type),
        (CALL_ID, &start.call_id),
        (FROM, &start.from),
        (TO, &start.to),
    ];
    let parameters = start.parameters.iter();
    let others = parameters.filter(|(name, _)| own.iter().all(|(taken, _)| taken != name));
    let own = own.iter().copied().filter(|(_, value)| !value.is_empty());
    json::object(own.chain(others))
}

/// The name of a mark that we asked for. Whatever else a server has itself notified of is given
/// back to it as it was.
fn ours(payload: &Map<String, Value>) -> Option<&str> {
    let name = payload.get(MARK)?.as_str()?;
    (payload.len() == 1).then_some(name)
}

/// The payload of a notification that stands for a mark.
fn notification(name: &str) -> String {
    let theirs = serde_json::from_str::<Map<String, Value>>(name)
        .ok()
        .filter(|payload| ours(payload).is_none())
        .map(|payload| Value::Object(payload).to_string());
    match theirs {
        Some(payload) if payload == name => payload,
        _ => json::object([(MARK, name)].into_iter()),
    }
}
