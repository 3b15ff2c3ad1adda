//! Exotel's Voicebot: Twilio's messages in snake case, `connected` bare, audio always 16 bit
//! linear, least significant byte first, at 8, 16 or 24 kHz.
//!
//! Exotel leaves gaps where a message to it is no multiple of 320 bytes. 20 ms at each of its rates
//! are such a multiple; whoever sends keeps to whole ones.

use std::fmt::{self, Write as _};

use serde::Deserialize;

use crate::Frame;
use crate::dialect::{IdPrefixes, StreamDialect};
use crate::stream::bodies::{DtmfBody, MarkBody, MediaBody, write_media};
use crate::stream::json::{self, Number, Object, Payload, Text, quoted};
use crate::stream::{
    Down, Encoding, Hangup, Manners, Marks, MediaFormat, Nonsense, Start, StreamCodec, Up,
};

/// Where the registry finds this dialect.
pub const DIALECT: StreamDialect = StreamDialect {
    name: "exotel",
    aliases: &[],
    manners: Manners {
        format: linear(8_000),
        // The flow of the call goes on behind the applet, and ends there.
        hangup: Hangup::Close,
        marks: Marks::EchoedWhenCleared,
        paced_by_server: false,
        reordered: false,
        subprotocol: None,
        pings: true,
    },
    ids: IdPrefixes {
        stream: "",
        call: "",
        account: "",
    },
    codec: || Box::<Exotel>::default(),
    opens: |opening| {
        let places = ["/start/stream_sid", "/start/call_sid", "/start/account_sid"];
        places.iter().all(|place| opening.has(place))
    },
};

/// The rates that Exotel offers, in Hz.
const RATES: [u32; 3] = [8_000, 16_000, 24_000];

const fn linear(rate: u32) -> MediaFormat {
    MediaFormat {
        encoding: Encoding::L16Little,
        rate,
    }
}

/// One connection.
#[derive(Debug, Default)]
pub struct Exotel {
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
struct StartBody<'a> {
    #[serde(borrow)]
    stream_sid: Text<'a>,
    #[serde(borrow)]
    call_sid: Text<'a>,
    #[serde(borrow)]
    account_sid: Option<Text<'a>>,
    #[serde(borrow)]
    from: Option<Text<'a>>,
    #[serde(borrow)]
    to: Option<Text<'a>>,
    media_format: Option<Rate>,
    custom_parameters: Option<Object>,
}

/// `media_format`. Its `encoding` is `base64`, which says nothing of the audio.
#[derive(Deserialize)]
struct Rate {
    sample_rate: Option<Number>,
}

impl StreamCodec for Exotel {
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
            Up::Connected => self.message.push_str(r#"{"event":"connected"}"#),
            Up::Start(start) => self.write_start(start),
            Up::Media(media) => self.write_event("media", |message| {
                write_media(message, media);
                Ok(())
            }),
            Up::Dtmf { digit, duration } => self.write_event("dtmf", |message| {
                write!(message, r#""dtmf":{{"digit":"{}""#, digit.as_char())?;
                if let Some(duration) = duration {
                    write!(message, r#","duration":"{}""#, duration.as_millis())?;
                }
                message.write_char('}')
            }),
            Up::Mark { name } => self.write_event("mark", |message| {
                write!(message, r#""mark":{{"name":{}}}"#, quoted(name))
            }),
            Up::Stop => {
                let account = self.account_sid.clone();
                let call = self.call_sid.clone();
                self.write_event("stop", |message| {
                    write!(
                        message,
                        r#""stop":{{"call_sid":{call},"account_sid":{account},"reason":"callended"}}"#
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
                name: self.mark_name(message.mark)?,
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
                    r#"{{"event":"media","stream_sid":{sid},"media":{{"payload":""#
                );
                json::push_base64(message, payload);
                message.push_str("\"}}");
                head
            }
            Down::Mark { name } => write!(
                message,
                r#"{{"event":"mark","stream_sid":{sid},"mark":{{"name":{}}}}}"#,
                quoted(name)
            ),
            Down::Clear => write!(message, r#"{{"event":"clear","stream_sid":{sid}}}"#),
            _ => return None,
        };
        Some(Frame::Text(&self.message))
    }
}

impl Exotel {
    fn read_start(&mut self, text: &str) -> Result<Up<'_>, Nonsense> {
        let body = json::read::<StartMessage<'_>>(text)?.start;
        let rate = body.media_format.and_then(|format| format.sample_rate);
        let start = Start {
            stream_id: body.stream_sid.to_string(),
            call_id: body.call_sid.to_string(),
            account_id: json::told(body.account_sid),
            from: json::told(body.from).unwrap_or_default(),
            to: json::told(body.to).unwrap_or_default(),
            direction: None,
            up: Some(rate.map_or(Ok(DIALECT.manners.format), offered)?),
            down: None,
            parameters: body.custom_parameters.unwrap_or_default().0,
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
    fn mark_name(&mut self, body: Option<MarkBody<'_>>) -> Result<&str, Nonsense> {
        let body = body.ok_or(Nonsense("a mark without its body"))?;
        self.name.clear();
        self.name.push_str(&body.name);
        Ok(&self.name)
    }

    fn write_start(&mut self, start: &Start) {
        self.remember(start);
        let rate = start.up.unwrap_or(DIALECT.manners.format).rate;
        let parameters = json::object(start.parameters.iter());
        let (stream, call) = (self.stream_sid.clone(), self.call_sid.clone());
        let account = self.account_sid.clone();
        self.write_event("start", |message| {
            write!(
                message,
                r#""start":{{"stream_sid":{stream},"call_sid":{call},"account_sid":{account},"from":{},"to":{},"custom_parameters":{parameters},"media_format":{{"encoding":"base64","sample_rate":"{rate}","bit_rate":"{}kbps"}}}}"#,
                quoted(&start.from),
                quoted(&start.to),
                rate / 1_000 * 16,
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
        let (message, sequence, sid) = (&mut self.message, self.sequence, &self.stream_sid);
        // Writing to a String cannot fail.
        let _ = write!(
            message,
            r#"{{"event":"{event}","sequence_number":"{sequence}","stream_sid":{sid},"#
        );
        let _ = body(message);
        message.push('}');
    }
}

fn offered(rate: Number) -> Result<MediaFormat, Nonsense> {
    let offered = RATES.into_iter().find(|known| u64::from(*known) == rate.0);
    offered
        .map(linear)
        .ok_or(Nonsense("a sample rate other than 8000, 16000 and 24000"))
}
