//! One stream, as its provider.

use std::time::Instant;

use mio::{Registry, Token};
use trunkline_call::{Direction, Parameters};
use trunkline_streams::stream::{
    Down, Media, MediaFormat, Nonsense, Start, StreamCodec, Track, Up,
};
use trunkline_streams::{Frame, StreamDialect};

use super::connection::{Connection, Lost, Place};
use super::frame::{self, First, opcode};
use super::hearing::{Figures, Hearing};
use crate::load::concurrent::PULSE_EVERY;
use crate::load::pulse::{FRAME, PULSE, SILENCE};
use crate::load::sockets::now_ns;

/// How a WebSocket is closed that has served its purpose (RFC 6455 section 7.4.1).
const NORMAL_CLOSURE: u16 = 1000;

/// One stream.
pub struct Caller {
    number: u64,
    connection: Connection,
    codec: Box<dyn StreamCodec>,
    hearing: Hearing,
    began: Instant,
    standing: Standing,
    /// The start of a frame whose rest has not come.
    partial: Vec<u8>,
    /// Messages of audio that were sent.
    packets: u64,
}

/// How far a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The target has not taken the WebSocket yet.
    Opening,
    /// It carries audio.
    Open,
    /// We have said that it ends.
    Leaving,
}

/// What a message of the target asks of its provider.
enum Asked {
    Nothing,
    Mark(String),
}

impl Caller {
    /// Begins to open a stream; the run sets its ids apart from those of others.
    ///
    /// # Errors
    /// Those of the system calls.
    pub fn open(
        place: &Place<'_>,
        dialect: &StreamDialect,
        registry: &Registry,
        number: usize,
    ) -> std::io::Result<Self> {
        Ok(Self {
            number: number as u64,
            connection: Connection::open(place, registry, Token(number))?,
            codec: (dialect.codec)(),
            hearing: Hearing::default(),
            began: Instant::now(),
            standing: Standing::Opening,
            partial: Vec::new(),
            packets: 0,
        })
    }

    /// How far it is.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// When it was begun.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// Begins to count anew.
    pub fn reset(&mut self) {
        self.hearing.reset();
    }

    /// Says who calls whom, as soon as the WebSocket is open. Some servers read exactly two
    /// messages before they take audio: both go at once.
    pub fn start(&mut self, dialect: &StreamDialect, run: u64) -> Result<(), Lost> {
        let id = format!("{run:016x}{:016x}", self.number);
        let start = Start {
            stream_id: format!("{}{id}", dialect.ids.stream),
            call_id: format!("{}{id}", dialect.ids.call),
            account_id: Some(format!("{}{:032x}", dialect.ids.account, 0)),
            from: "+15551230001".to_owned(),
            to: "+15551230002".to_owned(),
            direction: Some(Direction::Inbound),
            up: Some(MediaFormat::PCMU),
            down: None,
            parameters: Parameters::default(),
        };
        self.standing = Standing::Open;
        self.say(&Up::Connected)?;
        self.say(&Up::Start(Box::new(start)))
    }

    /// Sends the next 20 ms. Streams have their pulses at different times, and none in the first
    /// second.
    pub fn send_audio(&mut self, figures: &mut Figures) -> Result<(), Lost> {
        let place = (self.packets + self.number) % PULSE_EVERY;
        let pulse = self.packets >= PULSE_EVERY && place == 0;
        if pulse {
            let samples = self.packets * FRAME as u64;
            self.hearing.pulse_sent(now_ns(), samples, figures);
        }
        let media = Media {
            track: Track::Inbound,
            chunk: Some(self.packets + 1),
            timestamp_ms: Some(self.packets * 20),
            format: None,
            payload: if pulse { PULSE.as_slice() } else { &SILENCE },
        };
        self.packets += 1;
        self.say(&Up::Media(media))
    }

    /// Says that the call is over, and closes.
    pub fn hang_up(&mut self) -> Result<(), Lost> {
        self.standing = Standing::Leaving;
        self.say(&Up::Stop)?;
        self.connection
            .write(opcode::CLOSE, &NORMAL_CLOSURE.to_be_bytes())
    }

    fn say(&mut self, up: &Up<'_>) -> Result<(), Lost> {
        match self.codec.write_up(up) {
            Some(Frame::Text(text)) => self.connection.write(opcode::TEXT, text.as_bytes()),
            Some(Frame::Binary(bytes)) => self.connection.write(opcode::BINARY, bytes),
            Some(Frame::Ping) | None => Ok(()),
        }
    }

    /// Sends and takes what there is, by way of `buffer`. Whether the WebSocket is open now and was
    /// not before.
    ///
    /// # Errors
    /// Where the stream has ended.
    pub fn ready(&mut self, buffer: &mut [u8], figures: &mut Figures) -> Result<bool, Lost> {
        self.connection.flush()?;
        let mut has_opened = false;
        while let Some((length, at)) = self.connection.read(buffer)? {
            let bytes = buffer.get(..length).unwrap_or_default();
            if self.partial.is_empty() {
                let used = self.take(at, bytes, &mut has_opened, figures)?;
                let rest = bytes.get(used..).unwrap_or_default();
                self.partial.extend_from_slice(rest);
            } else {
                let mut joined = std::mem::take(&mut self.partial);
                joined.extend_from_slice(bytes);
                let used = self.take(at, &joined, &mut has_opened, figures)?;
                joined.drain(..used);
                self.partial = joined;
            }
            // A read that did not fill the buffer took all there was (epoll(7), question 9).
            if length < buffer.len() {
                break;
            }
        }
        Ok(has_opened)
    }

    /// Takes what is whole of these bytes, and says how many those were.
    fn take(
        &mut self,
        at: i64,
        bytes: &[u8],
        has_opened: &mut bool,
        figures: &mut Figures,
    ) -> Result<usize, Lost> {
        let Some(mut used) = self.connection.opened(bytes)? else {
            return Ok(0);
        };
        *has_opened |= self.standing == Standing::Opening;
        loop {
            match frame::read(bytes.get(used..).unwrap_or_default()) {
                First::Unfinished => return Ok(used),
                First::Broken(why) => return Err(Lost(why.to_owned())),
                First::Frame {
                    opcode,
                    payload,
                    bytes,
                } => {
                    used += bytes;
                    self.frame(at, opcode, payload, figures)?;
                }
            }
        }
    }

    fn frame(
        &mut self,
        at: i64,
        opcode: u8,
        payload: &[u8],
        figures: &mut Figures,
    ) -> Result<(), Lost> {
        let message = match opcode {
            opcode::TEXT => match str::from_utf8(payload) {
                Ok(text) => Frame::Text(text),
                Err(_) => return Err(Lost("a text message that is no text".to_owned())),
            },
            opcode::BINARY => Frame::Binary(payload),
            opcode::PING => return self.connection.write(opcode::PONG, payload),
            opcode::PONG => return Ok(()),
            _ => return Err(Lost(closed(payload))),
        };
        let Self { codec, hearing, .. } = self;
        let asked = message_of(codec.read_down(message), at, hearing, figures)?;
        match asked {
            Asked::Nothing => Ok(()),
            // What came was played, since nothing is queued here.
            Asked::Mark(name) => self.say(&Up::Mark { name: &name }),
        }
    }
}

fn message_of(
    read: Result<Down<'_>, Nonsense>,
    at: i64,
    hearing: &mut Hearing,
    figures: &mut Figures,
) -> Result<Asked, Lost> {
    match read {
        Ok(Down::Media { payload, mark, .. }) => {
            hearing.media(at, payload, figures);
            Ok(mark.map_or(Asked::Nothing, |name| Asked::Mark(name.to_owned())))
        }
        Ok(Down::Mark { name }) => Ok(Asked::Mark(name.to_owned())),
        Ok(Down::Hangup) => Err(Lost("the target hung up".to_owned())),
        Ok(_) => Ok(Asked::Nothing),
        Err(nonsense) => Err(Lost(format!("a message against the dialect: {nonsense}"))),
    }
}

/// What a close frame says.
fn closed(payload: &[u8]) -> String {
    let Some((code, words)) = payload.split_first_chunk::<2>() else {
        return "the target closed without a code".to_owned();
    };
    let words = String::from_utf8_lossy(words);
    format!(
        "the target closed with {} {}",
        u16::from_be_bytes(*code),
        words.escape_debug()
    )
}
