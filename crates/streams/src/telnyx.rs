//! Telnyx media streaming: JSON in text messages, snake case, the stream's id beside the event and
//! nowhere else.
//!
//! What Telnyx sends is announced. What it takes is not: whoever sets up the stream decides that,
//! with `bidirectionalCodec` or `stream_bidirectional_codec`, apart from the other direction. The
//! codec reports Telnyx's own default, PCMU, which is also what servers send that ask for nothing.

mod messages;

use std::fmt::{self, Write as _};

use trunkline_call::Parameters;

use crate::Frame;
use crate::dialect::{IdPrefixes, StreamDialect};
use crate::stream::bodies::{MarkBody, write_media};
use crate::stream::json::{self, Payload, quoted};
use crate::stream::{
    Down, Encoding, Hangup, Manners, Marks, MediaFormat, Nonsense, Start, StreamCodec, Up,
};
use messages::{ErrorMessage, Message, StartMessage};

/// Where the registry finds this dialect.
pub const DIALECT: StreamDialect = StreamDialect {
    name: "telnyx",
    aliases: &[],
    manners: Manners {
        format: MediaFormat::PCMU,
        // A closed stream leaves the caller on the line.
        hangup: Hangup::Rest,
        marks: Marks::EchoedWhenCleared,
        paced_by_server: false,
        reordered: true,
        subprotocol: None,
        pings: true,
    },
    ids: IdPrefixes {
        stream: "",
        call: "v3:",
        account: "",
    },
    codec: || Box::<Telnyx>::default(),
    opens: |opening| opening.has("/stream_id") && opening.has("/start/call_control_id"),
};

/// No document tells the byte order of Telnyx's L16.
const LINEAR: Encoding = Encoding::L16Unknown;
/// The parameter under which an application finds what was attached to the call, in base64.
const CLIENT_STATE: &str = "client_state";
/// G.722's clock ticks at half its samples (RFC 3551 §4.5.2), and Telnyx announces the clock.
const G722_CLOCK: u32 = 8_000;

/// One connection.
#[derive(Debug, Default)]
pub struct Telnyx {
    /// As a JSON string.
    stream_id: String,
    /// The same of the call and the account.
    call_control_id: String,
    user_id: String,
    /// Counts what is sent as the provider's end, `connected` apart.
    sequence: u64,
    payload: Payload,
    text: String,
    message: String,
}

impl StreamCodec for Telnyx {
    fn read_up<'a>(&'a mut self, frame: Frame<'a>) -> Result<Up<'a>, Nonsense> {
        let Some(text) = json::text(frame)? else {
            return Ok(Up::Nothing);
        };
        let message: Message<'_> = json::read(text)?;
        match message.event.as_deref() {
            Some("connected") => Ok(Up::Connected),
            Some("start") => self.read_start(text),
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
        if self.stream_id.is_empty() && !matches!(up, Up::Connected | Up::Start(_)) {
            return None;
        }
        json::restart(&mut self.message);
        match up {
            Up::Connected => self
                .message
                .push_str(r#"{"event":"connected","version":"1.0.0"}"#),
            Up::Start(start) => self.write_start(start),
            Up::Media(media) => self.write_event("media", |message| {
                write_media(message, media);
                Ok(())
            }),
            Up::Dtmf { digit, .. } => self.write_event("dtmf", |message| {
                write!(message, r#""dtmf":{{"digit":"{}"}}"#, digit.as_char())
            }),
            Up::Mark { name } => self.write_event("mark", |message| {
                write!(message, r#""mark":{{"name":{}}}"#, quoted(name))
            }),
            Up::Error { detail } => self.write_event("error", |message| {
                write!(
                    message,
                    r#""payload":{{"code":100002,"title":"unknown_error","detail":{}}}"#,
                    quoted(detail)
                )
            }),
            Up::Stop => {
                let user = self.user_id.clone();
                let call = self.call_control_id.clone();
                self.write_event("stop", |message| {
                    write!(
                        message,
                        r#""stop":{{"user_id":{user},"call_control_id":{call}}}"#
                    )
                });
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
        if self.stream_id.is_empty() {
            return None;
        }
        let message = &mut self.message;
        json::restart(message);
        match down {
            Down::Media { payload, .. } => {
                message.push_str(r#"{"event":"media","media":{"payload":""#);
                json::push_base64(message, payload);
                message.push_str("\"}}");
            }
            Down::Mark { name } => {
                message.push_str(r#"{"event":"mark","mark":{"name":"#);
                // Writing to a String cannot fail.
                let _ = write!(message, "{}}}}}", quoted(name));
            }
            Down::Clear => message.push_str(r#"{"event":"clear"}"#),
            _ => return None,
        }
        Some(Frame::Text(message))
    }
}

impl Telnyx {
    fn read_start(&mut self, text: &str) -> Result<Up<'_>, Nonsense> {
        let StartMessage { stream_id, start } = json::read(text)?;
        let format = start.media_format.map(|body| body.announced(LINEAR));
        let custom = start.custom_parameters;
        let mut parameters = custom.map(Parameters::from).unwrap_or_default();
        if let Some(state) = start.client_state {
            parameters.push(CLIENT_STATE, &state);
        }
        let start = Start {
            stream_id: stream_id.to_string(),
            call_id: start.call_control_id.to_string(),
            account_id: json::told(start.user_id),
            from: json::told(start.from).unwrap_or_default(),
            to: json::told(start.to).unwrap_or_default(),
            direction: None,
            up: Some(format.transpose()?.unwrap_or(DIALECT.manners.format)),
            down: Some(DIALECT.manners.format),
            parameters,
        };
        self.remember(&start);
        Ok(Up::Start(Box::new(start)))
    }

    fn remember(&mut self, start: &Start) {
        self.stream_id = quoted(&start.stream_id).to_string();
        self.call_control_id = quoted(&start.call_id).to_string();
        self.user_id = quoted(start.account_id.as_deref().unwrap_or_default()).to_string();
    }

    /// The name of a mark, kept where it can be lent.
    fn mark_name(&mut self, body: Option<MarkBody<'_>>) -> Result<&str, Nonsense> {
        let body = body.ok_or(Nonsense("a mark without its body"))?;
        self.text.clear();
        self.text.push_str(&body.name);
        Ok(&self.text)
    }

    fn read_error(&mut self, text: &str) -> Result<Up<'_>, Nonsense> {
        let ErrorMessage { payload } = json::read(text)?;
        self.text.clear();
        if let Some(detail) = payload.detail.or(payload.title) {
            self.text.push_str(&detail);
        }
        Ok(Up::Error { detail: &self.text })
    }

    fn write_start(&mut self, start: &Start) {
        self.remember(start);
        let format = start.up.unwrap_or(DIALECT.manners.format);
        let rate = match format.encoding {
            Encoding::G722 => G722_CLOCK,
            _ => format.rate,
        };
        let custom = start.parameters.iter();
        let mut custom = custom.filter(|(name, _)| *name != CLIENT_STATE).peekable();
        let state = start.parameters.find(CLIENT_STATE).unwrap_or_default();
        let (user, call) = (self.user_id.clone(), self.call_control_id.clone());
        self.write_event("start", |message| {
            write!(
                message,
                r#""start":{{"user_id":{user},"call_control_id":{call},"from":{},"to":{},"#,
                quoted(&start.from),
                quoted(&start.to),
            )?;
            if !state.is_empty() {
                write!(message, r#""client_state":{},"#, quoted(state))?;
            }
            if custom.peek().is_some() {
                write!(message, r#""custom_parameters":{},"#, json::object(custom))?;
            }
            write!(
                message,
                r#""media_format":{{"encoding":"{}","sample_rate":{rate},"channels":1}}}}"#,
                format.encoding.rtp_name(),
            )
        });
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
            r#"{{"event":"{event}","sequence_number":"{sequence}","#
        );
        let _ = body(message);
        let _ = write!(message, r#","stream_id":{}}}"#, self.stream_id);
    }
}
