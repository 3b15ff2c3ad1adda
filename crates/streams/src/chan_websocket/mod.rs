//! Asterisk's chan_websocket: media as binary messages in the channel's own format, control as
//! text, plain (`MARK_MEDIA one`) or JSON (`{"command":"MARK_MEDIA","correlation_id":"one"}`),
//! whichever Asterisk began with.

use std::collections::VecDeque;
use std::fmt::Write as _;

use crate::Frame;
use crate::dialect::{IdPrefixes, StreamDialect};
use crate::stream::json::{self, quoted};
use crate::stream::{
    Down, Encoding, Hangup, Manners, Marks, Media, MediaFormat, Nonsense, Start, StreamCodec, Up,
};

mod control;
mod formats;

use control::Control;

/// Where the registry finds this dialect.
pub const DIALECT: StreamDialect = StreamDialect {
    name: "chan_websocket",
    aliases: &["asterisk"],
    manners: Manners {
        format: MediaFormat {
            encoding: Encoding::L16Little,
            rate: 16_000,
        },
        hangup: Hangup::Message,
        marks: Marks::ForgottenWhenCleared,
        subprotocols: &["media"],
        ..Manners::USUAL
    },
    ids: IdPrefixes::NONE,
    codec: || Box::<ChanWebsocket>::default(),
    opens: |opening| match opening.frame {
        Frame::Text(text) => {
            text.starts_with("MEDIA_START ") || opening.is("/event", "MEDIA_START")
        }
        _ => false,
    },
};

/// Asterisk ignores longer text, in bytes.
const TEXT_BYTES_MAX: usize = 128;
/// Asterisk drops longer media, in bytes.
const MEDIA_BYTES_MAX: usize = 65_535;
/// How many marks may wait at the provider's end.
const WAITING_MAX: usize = 128;

/// The name that stands for [`Waiting::Drained`]; Asterisk's own word for it.
const DRAINED: &str = "QUEUE_DRAINED";

/// One connection.
#[derive(Debug, Default)]
pub struct ChanWebsocket {
    /// What `MEDIA_START` announced, the same both ways; none before it.
    format: Option<MediaFormat>,
    /// Control is JSON.
    json: bool,
    waiting: VecDeque<(Waiting, String)>,
    name: String,
    text: String,
    binary: Vec<u8>,
}

/// How it will be told that a mark was played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    /// `MEDIA_MARK_PROCESSED`
    Mark,
    /// `MEDIA_BUFFERING_COMPLETED`: the end of a bulk transfer.
    Bulk,
    /// `QUEUE_DRAINED`, once: everything queued before it was asked for.
    Drained,
}

impl StreamCodec for ChanWebsocket {
    fn read_up<'a>(&'a mut self, frame: Frame<'a>) -> Result<Up<'a>, Nonsense> {
        let text = match frame {
            Frame::Text(text) => text,
            Frame::Binary(payload) => {
                return Ok(Up::Media(Media::bare(payload)));
            }
            Frame::Ping => return Ok(Up::Nothing),
        };
        let control = Control::read(text)?;
        match control.word() {
            "MEDIA_START" => {
                let start = control.start()?;
                self.format = start.up;
                self.json = control.is_json();
                Ok(Up::Start(Box::new(start)))
            }
            "MEDIA_MARK_PROCESSED" | "MEDIA_BUFFERING_COMPLETED" => {
                let name = keep(&mut self.name, control.id());
                Ok(Up::Mark { name })
            }
            "DTMF_END" => Ok(Up::Dtmf {
                digit: json::digit(control.field("digit").unwrap_or_default())?,
                duration: None,
            }),
            "MEDIA_XOFF" => Ok(Up::QueueHigh),
            "MEDIA_XON" => Ok(Up::QueueLow),
            "ERROR" => {
                let detail = keep(&mut self.name, control.complaint());
                Ok(Up::Error { detail })
            }
            _ => Ok(Up::Nothing),
        }
    }

    fn write_up<'a>(&'a mut self, up: &Up<'_>) -> Option<Frame<'a>> {
        match up {
            Up::Start(start) => self.write_start(start),
            Up::Media(media) => self.write_audio(media.payload, media.format),
            Up::Mark { name } => {
                let (kind, name) = self.settle(name)?;
                match kind {
                    Waiting::Mark => self.write_event("MEDIA_MARK_PROCESSED", "", &name),
                    Waiting::Bulk => self.write_event("MEDIA_BUFFERING_COMPLETED", "", &name),
                    Waiting::Drained => self.write_event(DRAINED, "", ""),
                }
            }
            Up::Dtmf { digit, .. } => {
                let digit = digit.as_char().to_string();
                self.write_event("DTMF_END", "digit", &digit)
            }
            Up::QueueHigh => self.write_event("MEDIA_XOFF", "", ""),
            Up::QueueLow => self.write_event("MEDIA_XON", "", ""),
            Up::Error { detail } => self.write_event("ERROR", "error_text", detail),
            _ => None,
        }
    }

    fn read_down<'a>(&'a mut self, frame: Frame<'a>) -> Result<Down<'a>, Nonsense> {
        let text = match frame {
            Frame::Text(text) if text.len() <= TEXT_BYTES_MAX => text,
            Frame::Text(_) => return Err(Nonsense("a command of more than 128 bytes")),
            Frame::Binary(payload) if payload.len() <= MEDIA_BYTES_MAX => {
                return Ok(Down::bare(payload));
            }
            Frame::Binary(_) => return Err(Nonsense("media of more than 65535 bytes")),
            Frame::Ping => return Ok(Down::Nothing),
        };
        let control = Control::read(text)?;
        match control.word() {
            "MARK_MEDIA" => self.wait_for(Waiting::Mark, control.id()),
            "STOP_MEDIA_BUFFERING" => self.wait_for(Waiting::Bulk, control.id()),
            "REPORT_QUEUE_DRAINED" => self.wait_for(Waiting::Drained, DRAINED),
            "FLUSH_MEDIA" => {
                self.waiting.clear();
                Ok(Down::Clear)
            }
            "ANSWER" => Ok(Down::Answer),
            "HANGUP" => Ok(Down::Hangup),
            "PAUSE_MEDIA" => Ok(Down::Pause),
            "CONTINUE_MEDIA" => Ok(Down::Continue),
            "START_MEDIA_BUFFERING" | "GET_STATUS" | "SET_MEDIA_DIRECTION" => Ok(Down::Nothing),
            _ => Err(Nonsense("a command that Asterisk does not know")),
        }
    }

    fn write_down<'a>(&'a mut self, down: &Down<'_>) -> Option<Frame<'a>> {
        match down {
            Down::Media {
                payload, format, ..
            } => self.write_audio(payload, *format),
            Down::Mark { name } => self.write_command("MARK_MEDIA", name),
            Down::Clear => self.write_command("FLUSH_MEDIA", ""),
            Down::Pause => self.write_command("PAUSE_MEDIA", ""),
            Down::Continue => self.write_command("CONTINUE_MEDIA", ""),
            Down::Answer => self.write_command("ANSWER", ""),
            Down::Hangup => self.write_command("HANGUP", ""),
            _ => None,
        }
    }
}

impl ChanWebsocket {
    fn wait_for(&mut self, kind: Waiting, name: &str) -> Result<Down<'_>, Nonsense> {
        if self.waiting.len() >= WAITING_MAX {
            return Err(Nonsense("more marks than may wait"));
        }
        self.waiting.push_back((kind, name.to_owned()));
        let name = keep(&mut self.name, name);
        Ok(Down::Mark { name })
    }

    /// What a mark that was played stands for; `None` where a flush has dropped it.
    fn settle(&mut self, name: &str) -> Option<(Waiting, String)> {
        let place = self.waiting.iter().position(|(_, known)| known == name)?;
        self.waiting.remove(place)
    }

    /// Plain, as Asterisk begins unless it is asked for JSON.
    fn write_start(&mut self, start: &Start) -> Option<Frame<'_>> {
        let format = start.up.unwrap_or(DIALECT.manners.format);
        let name = formats::name(format)?;
        self.format = Some(format);
        self.json = !start.parameters.is_empty();
        json::restart(&mut self.text);
        control::write_start(&mut self.text, start, format, name, self.json)?;
        Some(Frame::Text(&self.text))
    }

    /// `name` is the field of a value; without one it is an id.
    fn write_event(&mut self, word: &str, name: &str, value: &str) -> Option<Frame<'_>> {
        json::restart(&mut self.text);
        // Writing to a String cannot fail.
        let _ = match (self.json, name, value) {
            (true, _, "") => write!(self.text, r#"{{"event":"{word}"}}"#),
            (true, "", id) => {
                let id = quoted(id);
                write!(self.text, r#"{{"event":"{word}","correlation_id":{id}}}"#)
            }
            (true, name, value) => {
                let value = quoted(value);
                write!(self.text, r#"{{"event":"{word}","{name}":{value}}}"#)
            }
            (false, _, "") => write!(self.text, "{word}"),
            (false, _, value) if !control::plain(value) => return None,
            (false, "", id) => write!(self.text, "{word} {id}"),
            (false, name, value) => write!(self.text, "{word} {name}:{value}"),
        };
        Some(Frame::Text(&self.text))
    }

    /// `None` where Asterisk would ignore it: it is too long, or its id is no word.
    fn write_command(&mut self, word: &str, id: &str) -> Option<Frame<'_>> {
        self.format?;
        json::restart(&mut self.text);
        // Writing to a String cannot fail.
        let _ = match (self.json, id) {
            (true, "") => write!(self.text, r#"{{"command":"{word}"}}"#),
            (true, id) => {
                let id = quoted(id);
                write!(self.text, r#"{{"command":"{word}","correlation_id":{id}}}"#)
            }
            (false, "") => write!(self.text, "{word}"),
            (false, id) if !control::plain(id) => return None,
            (false, id) => write!(self.text, "{word} {id}"),
        };
        (self.text.len() <= TEXT_BYTES_MAX).then_some(Frame::Text(&self.text))
    }

    fn write_audio(&mut self, payload: &[u8], format: Option<MediaFormat>) -> Option<Frame<'_>> {
        let announced = self.format?;
        let fits = format.is_none_or(|format| format == announced);
        if !fits || payload.len() > MEDIA_BYTES_MAX {
            return None;
        }
        self.binary.clear();
        self.binary.extend_from_slice(payload);
        Some(Frame::Binary(&self.binary))
    }
}

/// Keeps a name where it can be lent.
fn keep<'a>(place: &'a mut String, name: &str) -> &'a str {
    place.clear();
    place.push_str(name);
    place
}

#[cfg(test)]
mod tests;
