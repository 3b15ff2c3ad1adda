//! Pipecat's protobuf frames, as its `ProtobufFrameSerializer` reads and writes them: one message
//! `Frame` each, whose only field is one of five. Audio is 16 bit linear and says its own rate.
//!
//! Pipecat has no words for a call. What a call needs travels as it expects foreign words: to the
//! bot as RTVI client messages (`on_client_message`) of the types `start` and `dtmf`, from the bot
//! as transport messages `{"type":"hangup"}` and `{"type":"transfer","target":…}`.

mod messages;
mod protobuf;

use crate::Frame;
use crate::dialect::{IdPrefixes, StreamDialect};
use crate::stream::{
    Down, Encoding, Hangup, Manners, Marks, Media, MediaFormat, Nonsense, Start, StreamCodec, Up,
};
use protobuf::{Fields, Value, push_bytes, push_number};

/// Where the registry finds this dialect.
pub const DIALECT: StreamDialect = StreamDialect {
    name: "pipecat",
    aliases: &[],
    manners: Manners {
        format: linear(16_000),
        hangup: Hangup::Close,
        marks: Marks::None,
        ..Manners::USUAL
    },
    ids: IdPrefixes::NONE,
    codec: || Box::<Pipecat>::default(),
    opens: |opening| matches!(opening.frame, Frame::Binary(bytes) if frame(bytes).is_ok()),
};

// The fields of `Frame`.
const TEXT: u8 = 1;
const AUDIO: u8 = 2;
const TRANSCRIPTION: u8 = 3;
const MESSAGE: u8 = 4;
const INTERRUPTION: u8 = 5;

// The fields of `AudioRawFrame`.
const SAMPLES: u8 = 3;
const RATE: u8 = 4;
const CHANNELS: u8 = 5;

// The fields of the other messages.
const NAME: u8 = 2;
const DATA: u8 = 1;

/// Rates that are believed.
const RATES: std::ops::RangeInclusive<u64> = 1_000..=384_000;

const fn linear(rate: u32) -> MediaFormat {
    MediaFormat {
        encoding: Encoding::L16Little,
        rate,
    }
}

/// One connection.
#[derive(Debug, Default)]
pub struct Pipecat {
    /// What `start` announced; none before it.
    up: Option<MediaFormat>,
    down: Option<MediaFormat>,
    /// Counts our messages, whose ids must differ.
    messages: u64,
    /// The target of a transfer.
    target: String,
    body: Vec<u8>,
    message: Vec<u8>,
}

/// What a message holds, of either end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content<'a> {
    Audio {
        samples: &'a [u8],
        rate: u32,
    },
    Message(&'a str),
    Interruption,
    /// Words of the conversation, which are heard anyway.
    Words,
}

fn frame(bytes: &[u8]) -> Result<Content<'_>, Nonsense> {
    let mut content = None;
    for field in Fields(bytes) {
        // Of several the last counts, as in every `oneof`.
        match field? {
            (number, Value::Bytes(body)) => {
                content = match u8::try_from(number) {
                    Ok(AUDIO) => Some(audio(body)?),
                    Ok(MESSAGE) => Some(message(body)?),
                    Ok(INTERRUPTION) => Some(Content::Interruption),
                    Ok(TEXT | TRANSCRIPTION) => Some(Content::Words),
                    _ => content,
                }
            }
            (_, Value::Varint(_) | Value::Foreign) => {}
        }
    }
    content.ok_or(Nonsense("a frame of no kind that Pipecat has"))
}

fn audio(body: &[u8]) -> Result<Content<'_>, Nonsense> {
    let (mut samples, mut rate, mut channels): (&[u8], u64, u64) = (&[], 0, 1);
    for field in Fields(body) {
        let (number, value) = field?;
        match (u8::try_from(number), value) {
            (Ok(SAMPLES), Value::Bytes(bytes)) => samples = bytes,
            (Ok(RATE), Value::Varint(number)) => rate = number,
            (Ok(CHANNELS), Value::Varint(number)) => channels = number,
            _ => {}
        }
    }
    if channels != 1 {
        return Err(Nonsense("audio of more than one channel"));
    }
    let rate = u32::try_from(rate)
        .ok()
        .filter(|rate| RATES.contains(&u64::from(*rate)));
    let rate = rate.ok_or(Nonsense("audio at a rate that nobody has"))?;
    Ok(Content::Audio { samples, rate })
}

fn message(body: &[u8]) -> Result<Content<'_>, Nonsense> {
    let mut data: &[u8] = &[];
    for field in Fields(body) {
        if let (number, Value::Bytes(bytes)) = field?
            && number == u64::from(DATA)
        {
            data = bytes;
        }
    }
    let text = std::str::from_utf8(data).map_err(|_| Nonsense("a message that is no text"))?;
    Ok(Content::Message(text))
}

/// The protobuf message of a frame; none of a ping.
fn binary(frame: Frame<'_>) -> Result<Option<&[u8]>, Nonsense> {
    match frame {
        Frame::Binary(bytes) => Ok(Some(bytes)),
        Frame::Text(_) => Err(Nonsense("a text message, where every message is protobuf")),
        Frame::Ping => Ok(None),
    }
}

impl StreamCodec for Pipecat {
    /// Where the other end sends no `start`, its first audio begins the stream; read again, it is heard.
    fn read_up<'a>(&'a mut self, message: Frame<'a>) -> Result<Up<'a>, Nonsense> {
        let Some(bytes) = binary(message)? else {
            return Ok(Up::Nothing);
        };
        match frame(bytes)? {
            Content::Audio { rate, .. } if self.up.is_none() => {
                let start = Start {
                    up: Some(linear(rate)),
                    ..messages::unnamed()
                };
                Ok(self.started(start))
            }
            Content::Audio { samples, rate } => Ok(Up::Media(Media {
                format: Some(linear(rate)),
                ..Media::bare(samples)
            })),
            Content::Message(text) => match messages::read_up(text)? {
                Up::Start(start) => Ok(self.started(*start)),
                other => Ok(other),
            },
            Content::Interruption | Content::Words => Ok(Up::Nothing),
        }
    }

    fn write_up<'a>(&'a mut self, up: &Up<'_>) -> Option<Frame<'a>> {
        match up {
            Up::Media(media) => {
                let format = media.format.or(self.up);
                self.write_audio(media.payload, format)
            }
            Up::Start(start) => {
                let rate = self.remember(start)?.rate;
                let id = self.next_id();
                self.write_message(&messages::start(start, rate, id))
            }
            Up::Dtmf { digit, duration } => {
                let id = self.next_id();
                self.write_message(&messages::dtmf(*digit, *duration, id))
            }
            _ => None,
        }
    }

    fn read_down<'a>(&'a mut self, message: Frame<'a>) -> Result<Down<'a>, Nonsense> {
        let Some(bytes) = binary(message)? else {
            return Ok(Down::Nothing);
        };
        match frame(bytes)? {
            Content::Audio { samples, rate } => Ok(Down::Media {
                payload: samples,
                format: Some(linear(rate)),
                mark: None,
            }),
            Content::Message(text) => messages::read_down(text, &mut self.target),
            Content::Interruption => Ok(Down::Clear),
            Content::Words => Ok(Down::Nothing),
        }
    }

    fn write_down<'a>(&'a mut self, down: &Down<'_>) -> Option<Frame<'a>> {
        match down {
            Down::Media {
                payload, format, ..
            } => self.write_audio(payload, format.or(self.down)),
            Down::Clear => {
                self.body.clear();
                push_bytes(&mut self.body, NAME, b"InterruptionFrame");
                Some(self.written(INTERRUPTION))
            }
            Down::Hangup => self.write_message(messages::HANGUP),
            Down::Transfer { target } => self.write_message(&messages::transfer(target)),
            _ => None,
        }
    }
}

impl Pipecat {
    fn started(&mut self, start: Start) -> Up<'static> {
        self.remember(&start);
        Up::Start(Box::new(start))
    }

    /// What the provider's end sends from here on; `None` where it is not linear.
    fn remember(&mut self, start: &Start) -> Option<MediaFormat> {
        self.up = Some(start.up.unwrap_or(DIALECT.manners.format));
        self.down = start.down.or(self.up);
        self.up.filter(|up| up.encoding == Encoding::L16Little)
    }

    fn next_id(&mut self) -> u64 {
        self.messages += 1;
        self.messages
    }

    fn write_audio(&mut self, samples: &[u8], format: Option<MediaFormat>) -> Option<Frame<'_>> {
        let format = format.filter(|format| format.encoding == Encoding::L16Little)?;
        self.body.clear();
        push_bytes(&mut self.body, SAMPLES, samples);
        push_number(&mut self.body, RATE, format.rate.into());
        push_number(&mut self.body, CHANNELS, 1);
        Some(self.written(AUDIO))
    }

    fn write_message(&mut self, json: &str) -> Option<Frame<'_>> {
        self.body.clear();
        push_bytes(&mut self.body, DATA, json.as_bytes());
        Some(self.written(MESSAGE))
    }

    /// What `body` holds, as this field of a `Frame`.
    fn written(&mut self, kind: u8) -> Frame<'_> {
        self.message.clear();
        push_bytes(&mut self.message, kind, &self.body);
        Frame::Binary(&self.message)
    }
}
