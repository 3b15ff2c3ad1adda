//! Twilio Media Streams, and whoever speaks like them (SignalWire, Cloudonix, Fonoster): JSON in
//! text messages, audio as base64, nearly every scalar a string.

use std::fmt::Write as _;

use serde::Deserialize;
use trunkline_call::Parameters;

use crate::Frame;
use crate::dialect::{IdPrefixes, StreamDialect};
use crate::stream::bodies::{DtmfBody, FormatBody, MarkBody, MediaBody, write_media};
use crate::stream::json::{self, Object, Payload, Text, quoted};
use crate::stream::{
    Down, Encoding, Hangup, Manners, Marks, MediaFormat, Nonsense, Start, StreamCodec, Up,
};

/// Where the registry finds this dialect.
pub const DIALECT: StreamDialect = StreamDialect {
    name: "twilio",
    aliases: &["signalwire", "cloudonix", "fonoster"],
    manners: Manners {
        format: MediaFormat::PCMU,
        // The server's close lets the provider's instructions for the call run on, which end.
        hangup: Hangup::Close,
        marks: Marks::EchoedWhenCleared,
        paced_by_server: false,
        reordered: false,
        subprotocol: None,
        pings: true,
    },
    ids: IdPrefixes {
        stream: "MZ",
        call: "CA",
        account: "AC",
    },
    codec: || Box::<Twilio>::default(),
    opens: |opening| opening.has("/start/streamSid") && opening.has("/start/callSid"),
};

/// Parameters by which `from` and `to` travel, since `start` has no field for them: Pipecat's
/// names first, then those that older servers read.
const FROM: [&str; 2] = ["from_number", "caller_id"];
const TO: [&str; 2] = ["to_number", "did"];
/// What is meant by 16 bit linear: no document tells the order of its bytes.
const LINEAR: Encoding = Encoding::L16Unknown;

/// One connection.
#[derive(Debug, Default)]
pub struct Twilio {
    /// As a JSON string; empty before `start`.
    stream_sid: String,
    /// The same of the call and the account.
    call_sid: String,
    account_sid: String,
    /// Counts what is sent as the provider's end, `connected` apart.
    sequence: u64,
    payload: Payload,
    name: String,
    message: String,
}

/// Any message, of both ends.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
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

#[derive(Deserialize)]
struct StartMessage<'a> {
    #[serde(borrow)]
    start: StartBody<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartBody<'a> {
    #[serde(borrow)]
    stream_sid: Text<'a>,
    #[serde(borrow)]
    call_sid: Text<'a>,
    #[serde(borrow)]
    account_sid: Option<Text<'a>>,
    #[serde(borrow)]
    media_format: Option<FormatBody<'a>>,
    custom_parameters: Option<Object>,
}

impl StreamCodec for Twilio {
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
                name: self.name(message.mark)?,
            }),
            Some("stop") => Ok(Up::Stop),
            _ => Ok(Up::Nothing),
        }
    }

    fn write_up<'a>(&'a mut self, up: &Up<'_>) -> Option<Frame<'a>> {
        if self.stream_sid.is_empty() && !matches!(up, Up::Connected | Up::Start(_)) {
            return None;
        }
        json::restart(&mut self.message);
        match up {
            Up::Connected => self
                .message
                .push_str(r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#),
            Up::Start(start) => self.write_start(start),
            Up::Media(media) => self.write_event("media", |message| {
                write_media(message, media);
                Ok(())
            }),
            Up::Dtmf { digit, .. } => {
                let digit = digit.as_char();
                self.write_event("dtmf", |message| {
                    write!(
                        message,
                        r#""dtmf":{{"track":"inbound_track","digit":"{digit}"}}"#
                    )
                });
            }
            Up::Mark { name } => self.write_event("mark", |message| {
                write!(message, r#""mark":{{"name":{}}}"#, quoted(name))
            }),
            Up::Stop => {
                let account = self.account_sid.clone();
                let call = self.call_sid.clone();
                self.write_event("stop", |message| {
                    write!(
                        message,
                        r#""stop":{{"accountSid":{account},"callSid":{call}}}"#
                    )
                });
            }
            Up::Cleared | Up::QueueHigh | Up::QueueLow | Up::Error { .. } | Up::Nothing => {
                return None;
            }
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
                name: self.name(message.mark)?,
            }),
            Some("clear") => Ok(Down::Clear),
            _ => Ok(Down::Nothing),
        }
    }

    fn write_down<'a>(&'a mut self, down: &Down<'_>) -> Option<Frame<'a>> {
        if self.stream_sid.is_empty() {
            return None;
        }
        json::restart(&mut self.message);
        let (message, sid) = (&mut self.message, &self.stream_sid);
        // Writing to a String cannot fail.
        let _ = match down {
            Down::Media { payload, .. } => {
                let head = write!(
                    message,
                    r#"{{"event":"media","streamSid":{sid},"media":{{"payload":""#
                );
                json::push_base64(message, payload);
                message.push_str("\"}}");
                head
            }
            Down::Mark { name } => write!(
                message,
                r#"{{"event":"mark","streamSid":{sid},"mark":{{"name":{}}}}}"#,
                quoted(name)
            ),
            Down::Clear => write!(message, r#"{{"event":"clear","streamSid":{sid}}}"#),
            _ => return None,
        };
        Some(Frame::Text(&self.message))
    }
}

impl Twilio {
    fn read_start(&mut self, text: &str) -> Result<Up<'_>, Nonsense> {
        let body = json::read::<StartMessage<'_>>(text)?.start;
        let format = body.media_format.map(|body| body.announced(LINEAR));
        let parameters = body.custom_parameters.unwrap_or_default().0;
        let from = FROM.iter().find_map(|name| parameters.find(name));
        let to = TO.iter().find_map(|name| parameters.find(name));
        let start = Start {
            stream_id: body.stream_sid.to_string(),
            call_id: body.call_sid.to_string(),
            account_id: body.account_sid.as_deref().map(str::to_owned),
            from: from.unwrap_or_default().to_owned(),
            to: to.unwrap_or_default().to_owned(),
            direction: None,
            up: format.transpose()?,
            down: None,
            parameters: without_numbers(&parameters, from, to),
        };
        self.remember(&start);
        Ok(Up::Start(Box::new(start)))
    }

    fn remember(&mut self, start: &Start) {
        self.stream_sid = quoted(&start.stream_id).to_string();
        self.call_sid = quoted(&start.call_id).to_string();
        self.account_sid = quoted(start.account_id.as_deref().unwrap_or_default()).to_string();
    }

    /// The name of a mark, kept where it can be lent.
    fn name(&mut self, body: Option<MarkBody<'_>>) -> Result<&str, Nonsense> {
        let body = body.ok_or(Nonsense("a mark without its body"))?;
        self.name.clear();
        self.name.push_str(&body.name);
        Ok(&self.name)
    }

    fn write_start(&mut self, start: &Start) {
        self.remember(start);
        let format = start.up.unwrap_or(DIALECT.manners.format);
        let numbers = FROM.iter().map(|name| (*name, start.from.as_str()));
        let numbers = numbers.chain(TO.iter().map(|name| (*name, start.to.as_str())));
        let numbers = numbers
            .filter(|(name, number)| !number.is_empty() && start.parameters.find(name).is_none());
        let parameters = json::object(start.parameters.iter().chain(numbers));
        let (stream, call) = (self.stream_sid.clone(), self.call_sid.clone());
        let account = self.account_sid.clone();
        self.write_event("start", |message| {
            write!(
                message,
                r#""start":{{"accountSid":{account},"streamSid":{stream},"callSid":{call},"tracks":["inbound"],"mediaFormat":{{"encoding":"{}","sampleRate":{},"channels":1}},"customParameters":{parameters}}}"#,
                format.encoding.media_type(),
                format.rate,
            )
        });
    }

    /// A message of the provider's end, with what all of them carry.
    fn write_event(
        &mut self,
        event: &str,
        body: impl FnOnce(&mut String) -> Result<(), std::fmt::Error>,
    ) {
        self.sequence += 1;
        let (message, sequence) = (&mut self.message, self.sequence);
        // Writing to a String cannot fail.
        let _ = write!(
            message,
            r#"{{"event":"{event}","sequenceNumber":"{sequence}","#
        );
        let _ = body(message);
        let _ = write!(message, r#","streamSid":{}}}"#, self.stream_sid);
    }
}

/// What is told as `from` and `to` is not told again.
fn without_numbers(all: &Parameters, from: Option<&str>, to: Option<&str>) -> Parameters {
    let mut rest = Parameters::default();
    for (name, value) in all.iter() {
        let number = (FROM.contains(&name) && Some(value) == from)
            || (TO.contains(&name) && Some(value) == to);
        if !number {
            rest.push(name, value);
        }
    }
    rest
}
