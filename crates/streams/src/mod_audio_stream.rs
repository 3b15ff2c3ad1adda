//! mod_audio_stream of FreeSWITCH: the dialplan's metadata, then 16 bit linear audio as binary
//! messages; audio comes back as JSON with base64. There are no keys, marks or clears.

use std::fmt::Write as _;

use serde::Deserialize;

use crate::Frame;
use crate::dialect::{IdPrefixes, StreamDialect};
use crate::stream::clip::Clip;
use crate::stream::json::{self, Number, Text};
use crate::stream::preamble::{self, linear};
use crate::stream::{
    Down, Encoding, Hangup, Manners, Marks, Media, MediaFormat, Nonsense, StreamCodec, Up,
};

/// Where the registry finds this dialect.
pub const DIALECT: StreamDialect = StreamDialect {
    name: "mod_audio_stream",
    aliases: &[],
    manners: Manners {
        format: linear(16_000),
        hangup: Hangup::Close,
        marks: Marks::None,
        ..Manners::USUAL
    },
    ids: IdPrefixes::NONE,
    codec: || Box::<ModAudioStream>::default(),
    // Its metadata may be anything: only the path tells.
    opens: |_| false,
};

/// One connection.
#[derive(Debug, Default)]
pub struct ModAudioStream {
    /// What `start` announced, the same both ways; none before it.
    format: Option<MediaFormat>,
    clip: Clip,
    text: String,
    binary: Vec<u8>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct StreamAudio<'a> {
    #[serde(borrow)]
    data: AudioData<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AudioData<'a> {
    #[serde(borrow)]
    audio_data_type: Text<'a>,
    sample_rate: Option<Number>,
    #[serde(borrow)]
    audio_data: Text<'a>,
}

impl StreamCodec for ModAudioStream {
    /// Where FreeSWITCH was given no metadata, its first audio begins the stream; read again, it is heard.
    fn read_up<'a>(&'a mut self, frame: Frame<'a>) -> Result<Up<'a>, Nonsense> {
        let preamble = match frame {
            Frame::Binary(payload) if self.format.is_some() => {
                return Ok(Up::Media(Media::bare(payload)));
            }
            Frame::Binary(_) => "",
            Frame::Text(text) if self.format.is_none() => text,
            Frame::Text(_) | Frame::Ping => return Ok(Up::Nothing),
        };
        let start = preamble::read(preamble)?;
        self.format = start.up;
        Ok(Up::Start(Box::new(start)))
    }

    fn write_up<'a>(&'a mut self, up: &Up<'_>) -> Option<Frame<'a>> {
        match up {
            Up::Start(start) => {
                let format = start.up.unwrap_or(DIALECT.manners.format);
                self.format = Some(format);
                json::restart(&mut self.text);
                preamble::write(start, format.rate, &mut self.text);
                Some(Frame::Text(&self.text))
            }
            Up::Media(media) => {
                let announced = self.linear()?;
                let fits = media.format.is_none_or(|format| format == announced);
                self.binary.clear();
                self.binary.extend_from_slice(media.payload);
                fits.then_some(Frame::Binary(&self.binary))
            }
            _ => None,
        }
    }

    /// The commercial module also takes binary messages, at the rate that it sends.
    fn read_down<'a>(&'a mut self, frame: Frame<'a>) -> Result<Down<'a>, Nonsense> {
        match frame {
            Frame::Binary(payload) => Ok(Down::bare(payload)),
            Frame::Text(text) => self.read_message(text),
            Frame::Ping => Ok(Down::Nothing),
        }
    }

    fn write_down<'a>(&'a mut self, down: &Down<'_>) -> Option<Frame<'a>> {
        let Down::Media {
            payload, format, ..
        } = down
        else {
            return None;
        };
        let format = format.or(self.linear())?;
        if format.encoding != Encoding::L16Little {
            return None;
        }
        json::restart(&mut self.text);
        // Writing to a String cannot fail.
        let _ = write!(
            self.text,
            r#"{{"type":"streamAudio","data":{{"audioDataType":"raw","sampleRate":{},"audioData":""#,
            format.rate
        );
        json::push_base64(&mut self.text, payload);
        self.text.push_str("\"}}");
        Some(Frame::Text(&self.text))
    }
}

impl ModAudioStream {
    fn read_message(&mut self, text: &str) -> Result<Down<'_>, Nonsense> {
        let message: Message<'_> = json::read(text)?;
        if message.kind.as_deref() != Some("streamAudio") {
            return Ok(Down::Nothing);
        }
        let body = json::read::<StreamAudio<'_>>(text)?.data;
        let announced = self.format.unwrap_or(DIALECT.manners.format).rate;
        let rate = body.sample_rate.map(|rate| u32::try_from(rate.0));
        let rate = rate
            .transpose()
            .map_err(|_| Nonsense("a sample rate beyond any"))?;
        let rate = rate.unwrap_or(announced);
        let (payload, format) = self
            .clip
            .read(&body.audio_data_type, &body.audio_data, rate)?;
        Ok(Down::Media {
            payload,
            format: Some(format),
            mark: None,
        })
    }

    /// What was announced, where it can be written.
    fn linear(&self) -> Option<MediaFormat> {
        self.format
            .filter(|format| format.encoding == Encoding::L16Little)
    }
}
