//! jambonz's `listen` and `stream`, and mod_audio_fork of FreeSWITCH, which it is made of: a JSON
//! preamble, then 16 bit linear audio as binary messages and JSON controls, both ways.

mod marks;

use std::fmt::Write as _;
use std::time::Duration;

use serde::Deserialize;

use crate::Frame;
use crate::dialect::{IdPrefixes, StreamDialect};
use crate::stream::clip::Clip;
use crate::stream::json::{self, Number, Text, quoted};
use crate::stream::preamble::{self, linear};
use crate::stream::{
    Down, Encoding, Hangup, Manners, Marks, Media, MediaFormat, Nonsense, Start, StreamCodec, Up,
};
use marks::{Kind, Waiting};

/// Where the registry finds this dialect.
pub const DIALECT: StreamDialect = StreamDialect {
    name: "jambonz",
    aliases: &["mod_audio_fork"],
    manners: Manners {
        format: linear(16_000),
        hangup: Hangup::Message,
        marks: Marks::EchoedWhenCleared,
        // jambonz, and mod_audio_fork as FreeSWITCH has it.
        subprotocols: &["audio.jambonz.org", "audio.drachtio.org"],
        ..Manners::USUAL
    },
    ids: IdPrefixes::NONE,
    codec: || Box::<Jambonz>::default(),
    opens: |opening| opening.has("/sampleRate") && opening.has("/mixType"),
};

/// How durations of keys are counted: in samples of the telephone line, 8 in a millisecond.
const SAMPLES_PER_MS: u64 = 8;

/// One connection.
#[derive(Debug, Default)]
pub struct Jambonz {
    /// What `start` announced, the same both ways; none before it.
    format: Option<MediaFormat>,
    waiting: Waiting,
    clip: Clip,
    name: String,
    text: String,
    binary: Vec<u8>,
}

/// What tells the kinds apart: `type`, or of a key `event`.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    event: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Dtmf<'a> {
    #[serde(borrow)]
    dtmf: Text<'a>,
    duration: Option<Number>,
}

#[derive(Deserialize)]
struct Body<T> {
    data: T,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

#[derive(Deserialize)]
struct Done<'a> {
    #[serde(borrow)]
    id: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlayAudio<'a> {
    #[serde(borrow)]
    audio_content: Text<'a>,
    #[serde(borrow)]
    audio_content_type: Option<Text<'a>>,
    sample_rate: Option<Number>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
}

impl StreamCodec for Jambonz {
    /// Where FreeSWITCH was given no metadata, its first audio begins the stream; read again, it is heard.
    fn read_up<'a>(&'a mut self, frame: Frame<'a>) -> Result<Up<'a>, Nonsense> {
        match frame {
            Frame::Binary(payload) if self.format.is_some() => Ok(Up::Media(Media::bare(payload))),
            Frame::Binary(_) => self.started(""),
            Frame::Text(text) if self.format.is_none() => self.started(text),
            Frame::Text(text) => self.read_event(text),
            Frame::Ping => Ok(Up::Nothing),
        }
    }

    fn write_up<'a>(&'a mut self, up: &Up<'_>) -> Option<Frame<'a>> {
        json::restart(&mut self.text);
        // Writing to a String cannot fail.
        let _ = match up {
            Up::Media(media) => return self.write_audio(media.payload, media.format),
            Up::Start(start) => {
                let format = start.up.unwrap_or(DIALECT.manners.format);
                self.format = Some(format);
                preamble::write(start, format.rate, &mut self.text);
                Ok(())
            }
            Up::Dtmf { digit, duration } => {
                let digit = digit.as_char();
                let ms = duration.unwrap_or_default().as_millis();
                let samples = ms * u128::from(SAMPLES_PER_MS);
                write!(
                    self.text,
                    r#"{{"event":"dtmf","dtmf":"{digit}","duration":"{samples}"}}"#
                )
            }
            Up::Mark { name } => {
                let (kind, event) = self.waiting.settle(name);
                let name = quoted(name);
                match kind {
                    Kind::Mark => write!(
                        self.text,
                        r#"{{"type":"mark","data":{{"name":{name},"event":"{event}"}}}}"#
                    ),
                    Kind::Clip => write!(
                        self.text,
                        r#"{{"type":"playDone","data":{{"id":{name},"event":"{event}"}}}}"#
                    ),
                }
            }
            _ => return None,
        };
        Some(Frame::Text(&self.text))
    }

    fn read_down<'a>(&'a mut self, frame: Frame<'a>) -> Result<Down<'a>, Nonsense> {
        let text = match frame {
            Frame::Binary(payload) => {
                return Ok(Down::bare(payload));
            }
            Frame::Text(text) => text,
            Frame::Ping => return Ok(Down::Nothing),
        };
        match json::read::<Head<'_>>(text)?.kind.as_deref() {
            Some("playAudio") => self.read_clip(text),
            Some("mark") => {
                let body: Body<Named<'_>> = json::read(text)?;
                let name = keep(&mut self.name, &body.data.name);
                self.waiting.add(name, Kind::Mark)?;
                Ok(Down::Mark { name })
            }
            Some("killAudio") => {
                self.waiting.clear();
                Ok(Down::Clear)
            }
            Some("clearMarks") => {
                self.waiting.take_back();
                Ok(Down::Nothing)
            }
            Some("disconnect") => Ok(Down::Hangup),
            _ => Ok(Down::Nothing),
        }
    }

    fn write_down<'a>(&'a mut self, down: &Down<'_>) -> Option<Frame<'a>> {
        json::restart(&mut self.text);
        // Writing to a String cannot fail.
        let _ = match down {
            Down::Media {
                payload,
                format,
                mark,
            } => return self.write_speech(payload, *format, *mark),
            Down::Mark { name } => {
                let name = quoted(name);
                write!(self.text, r#"{{"type":"mark","data":{{"name":{name}}}}}"#)
            }
            Down::Clear => write!(self.text, r#"{{"type":"killAudio"}}"#),
            Down::Hangup => write!(self.text, r#"{{"type":"disconnect"}}"#),
            _ => return None,
        };
        Some(Frame::Text(&self.text))
    }
}

impl Jambonz {
    fn started(&mut self, preamble: &str) -> Result<Up<'static>, Nonsense> {
        let start: Start = preamble::read(preamble)?;
        self.format = start.up;
        Ok(Up::Start(Box::new(start)))
    }

    /// Any text after the preamble.
    fn read_event(&mut self, text: &str) -> Result<Up<'_>, Nonsense> {
        let head: Head<'_> = json::read(text)?;
        match (head.event.as_deref(), head.kind.as_deref()) {
            (Some("dtmf"), _) => {
                let body: Dtmf<'_> = json::read(text)?;
                let duration = body
                    .duration
                    .map(|samples| Duration::from_millis(samples.0 / SAMPLES_PER_MS));
                Ok(Up::Dtmf {
                    digit: json::digit(&body.dtmf)?,
                    duration,
                })
            }
            (_, Some("mark")) => {
                let body: Body<Named<'_>> = json::read(text)?;
                let name = keep(&mut self.name, &body.data.name);
                Ok(Up::Mark { name })
            }
            (_, Some("playDone")) => {
                let body: Body<Done<'_>> = json::read(text)?;
                let name = keep(&mut self.name, &body.data.id);
                Ok(Up::Mark { name })
            }
            _ => Ok(Up::Nothing),
        }
    }

    fn read_clip(&mut self, text: &str) -> Result<Down<'_>, Nonsense> {
        let clip = json::read::<Body<PlayAudio<'_>>>(text)?.data;
        let announced = self.format.unwrap_or(DIALECT.manners.format).rate;
        let rate = clip.sample_rate.map(|rate| u32::try_from(rate.0));
        let rate = rate
            .transpose()
            .map_err(|_| Nonsense("a sample rate beyond any"))?;
        let kind = clip.audio_content_type.as_deref().unwrap_or("raw");
        let rate = rate.unwrap_or(announced);
        let (payload, format) = self.clip.read(kind, &clip.audio_content, rate)?;
        let mark = match &clip.id {
            Some(id) => {
                let id = keep(&mut self.name, id);
                self.waiting.add(id, Kind::Clip)?;
                Some(id)
            }
            None => None,
        };
        Ok(Down::Media {
            payload,
            format: Some(format),
            mark,
        })
    }

    /// Audio as it was announced is a binary message; a clip says its own rate and id.
    fn write_speech(
        &mut self,
        samples: &[u8],
        format: Option<MediaFormat>,
        id: Option<&str>,
    ) -> Option<Frame<'_>> {
        if id.is_none() && format.is_none_or(|format| Some(format) == self.format) {
            return self.write_audio(samples, None);
        }
        let format = linear_only(format.or(self.format))?;
        // Writing to a String cannot fail.
        let _ = write!(
            self.text,
            r#"{{"type":"playAudio","data":{{"audioContentType":"raw","sampleRate":{}"#,
            format.rate
        );
        if let Some(id) = id {
            let _ = write!(self.text, r#","id":{}"#, quoted(id));
        }
        self.text.push_str(r#","audioContent":""#);
        json::push_base64(&mut self.text, samples);
        self.text.push_str("\"}}");
        Some(Frame::Text(&self.text))
    }

    /// A binary message has no room for a format: it is the announced one or none.
    fn write_audio(&mut self, samples: &[u8], format: Option<MediaFormat>) -> Option<Frame<'_>> {
        let announced = linear_only(self.format)?;
        let fits = format.is_none_or(|format| format == announced);
        self.binary.clear();
        self.binary.extend_from_slice(samples);
        fits.then_some(Frame::Binary(&self.binary))
    }
}

/// Nothing but linear audio is spoken here.
fn linear_only(format: Option<MediaFormat>) -> Option<MediaFormat> {
    format.filter(|format| format.encoding == Encoding::L16Little)
}

/// Keeps a name where it can be lent.
fn keep<'a>(place: &'a mut String, name: &str) -> &'a str {
    place.clear();
    place.push_str(name);
    place
}
