//! Asterisk's AudioSocket: TCP, each message a kind, a length of two bytes in network order, and so
//! many bytes. A [`Frame::Binary`] is one such message, head and all. Audio is 16 bit linear in
//! Asterisk's own byte order, which is little-endian on every machine it is built for; its kind
//! tells its rate.

use crate::Frame;
use crate::dialect::{IdPrefixes, StreamDialect};
use crate::stream::{
    Down, Encoding, Hangup, Manners, Marks, Media, MediaFormat, Nonsense, Start, StreamCodec, Up,
    json,
};
use trunkline_call::Parameters;

/// Where the registry finds this dialect.
pub const DIALECT: StreamDialect = StreamDialect {
    name: "audiosocket",
    aliases: &[],
    manners: Manners {
        format: linear(8_000),
        hangup: Hangup::Message,
        marks: Marks::None,
        paced_by_server: true,
        pings: false,
        ..Manners::USUAL
    },
    ids: IdPrefixes::NONE,
    codec: || Box::<AudioSocket>::default(),
    opens: |opening| matches!(opening.frame, Frame::Binary([UUID, 0, 16, uuid @ ..]) if uuid.len() == 16),
};

/// The kind and the length before each payload.
pub const HEAD_BYTES: usize = 3;
/// The longest message: a head, and as much as two bytes can count.
pub const MESSAGE_BYTES_MAX: usize = HEAD_BYTES + 65_535;

const HANGUP: u8 = 0x00;
const UUID: u8 = 0x01;
const DTMF: u8 = 0x03;
const ERROR: u8 = 0xFF;
/// Audio, by its rate.
const AUDIO: [(u8, u32); 9] = [
    (0x10, 8_000),
    (0x11, 12_000),
    (0x12, 16_000),
    (0x13, 24_000),
    (0x14, 32_000),
    (0x15, 44_100),
    (0x16, 48_000),
    (0x17, 96_000),
    (0x18, 192_000),
];

const fn linear(rate: u32) -> MediaFormat {
    MediaFormat {
        encoding: Encoding::L16Little,
        rate,
    }
}

/// One connection.
#[derive(Debug)]
pub struct AudioSocket {
    /// What Asterisk sends; it takes the same.
    format: MediaFormat,
    message: Vec<u8>,
}

impl Default for AudioSocket {
    fn default() -> Self {
        Self {
            format: DIALECT.manners.format,
            message: Vec::new(),
        }
    }
}

/// How long the message is that begins with these bytes, head and all; `None` while the head is
/// not complete. At most [`MESSAGE_BYTES_MAX`].
pub fn message_len(bytes: &[u8]) -> Option<usize> {
    let [_, high, low] = bytes.first_chunk::<HEAD_BYTES>()?;
    Some(HEAD_BYTES + usize::from(u16::from_be_bytes([*high, *low])))
}

/// Kind and payload; none of a ping.
fn parts(frame: Frame<'_>) -> Result<Option<(u8, &[u8])>, Nonsense> {
    match frame {
        Frame::Binary(bytes) if message_len(bytes) == Some(bytes.len()) => {
            let (head, payload) = bytes.split_at(HEAD_BYTES);
            Ok(head.first().map(|kind| (*kind, payload)))
        }
        Frame::Binary(_) => Err(Nonsense("a message that is not as long as its head says")),
        Frame::Text(_) => Err(Nonsense(
            "text, where every message has a kind and a length",
        )),
        Frame::Ping => Ok(None),
    }
}

fn rate(kind: u8) -> Option<u32> {
    let known = AUDIO.iter().find(|(known, _)| *known == kind);
    known.map(|(_, rate)| *rate)
}

impl StreamCodec for AudioSocket {
    fn read_up<'a>(&'a mut self, frame: Frame<'a>) -> Result<Up<'a>, Nonsense> {
        let Some((kind, payload)) = parts(frame)? else {
            return Ok(Up::Nothing);
        };
        if let Some(rate) = rate(kind) {
            self.format = linear(rate);
            return Ok(Up::Media(Media {
                format: Some(self.format),
                ..Media::bare(payload)
            }));
        }
        match (kind, payload) {
            (UUID, uuid) => started(uuid),
            (DTMF, [key]) => {
                let digit = json::digit(char::from(*key).encode_utf8(&mut [0; 4]))?;
                Ok(Up::Dtmf {
                    digit,
                    duration: None,
                })
            }
            (HANGUP, _) => Ok(Up::Stop),
            (ERROR, code) => Ok(Up::Error {
                detail: complaint(code),
            }),
            _ => Err(Nonsense("a kind of message that Asterisk does not send")),
        }
    }

    fn write_up<'a>(&'a mut self, up: &Up<'_>) -> Option<Frame<'a>> {
        match up {
            Up::Start(start) => {
                self.format = start.up.unwrap_or(DIALECT.manners.format);
                let uuid = uuid(&start.call_id)?;
                self.write(UUID, &uuid.to_be_bytes())
            }
            Up::Media(media) => self.write_audio(media.payload, media.format),
            Up::Dtmf { digit, .. } => {
                let mut key = [0; 4];
                let key = digit.as_char().encode_utf8(&mut key);
                self.write(DTMF, key.as_bytes())
            }
            Up::Stop => self.write(HANGUP, &[]),
            _ => None,
        }
    }

    fn read_down<'a>(&'a mut self, frame: Frame<'a>) -> Result<Down<'a>, Nonsense> {
        let Some((kind, payload)) = parts(frame)? else {
            return Ok(Down::Nothing);
        };
        match (kind, rate(kind)) {
            (_, Some(rate)) => Ok(Down::Media {
                payload,
                format: Some(linear(rate)),
                mark: None,
            }),
            (HANGUP, None) => Ok(Down::Hangup),
            _ => Err(Nonsense("a kind of message that Asterisk does not take")),
        }
    }

    fn write_down<'a>(&'a mut self, down: &Down<'_>) -> Option<Frame<'a>> {
        match down {
            Down::Media {
                payload, format, ..
            } => self.write_audio(payload, *format),
            Down::Hangup => self.write(HANGUP, &[]),
            _ => None,
        }
    }
}

impl AudioSocket {
    /// Asterisk drops the connection at an empty message of audio, so there is none.
    fn write_audio(&mut self, samples: &[u8], format: Option<MediaFormat>) -> Option<Frame<'_>> {
        let format = format.unwrap_or(self.format);
        let (kind, _) = AUDIO.iter().find(|(_, rate)| *rate == format.rate)?;
        let linear = format.encoding == Encoding::L16Little && !samples.is_empty();
        linear.then(|| self.write(*kind, samples)).flatten()
    }

    fn write(&mut self, kind: u8, payload: &[u8]) -> Option<Frame<'_>> {
        let [high, low] = u16::try_from(payload.len()).ok()?.to_be_bytes();
        self.message.clear();
        self.message.extend_from_slice(&[kind, high, low]);
        self.message.extend_from_slice(payload);
        Some(Frame::Binary(&self.message))
    }
}

fn started(uuid: &[u8]) -> Result<Up<'static>, Nonsense> {
    let uuid = <[u8; 16]>::try_from(uuid).map_err(|_| Nonsense("a UUID that has not 16 bytes"))?;
    let hex = format!("{:032x}", u128::from_be_bytes(uuid));
    // As whoever called AudioSocket() in the dialplan wrote it (RFC 9562 section 4).
    let mut id = String::with_capacity(36);
    for (place, digit) in hex.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            id.push('-');
        }
        id.push(digit);
    }
    Ok(Up::Start(Box::new(Start {
        stream_id: id.clone(),
        call_id: id,
        account_id: None,
        from: String::new(),
        to: String::new(),
        direction: None,
        up: None,
        down: None,
        parameters: Parameters::default(),
    })))
}

/// A UUID, with its hyphens or without.
fn uuid(id: &str) -> Option<u128> {
    let mut hex = [0; 32];
    let mut digits = id.bytes().filter(|byte| *byte != b'-');
    for place in &mut hex {
        *place = digits.next().filter(u8::is_ascii_hexdigit)?;
    }
    let whole = digits.next().is_none();
    let hex = std::str::from_utf8(&hex).ok()?;
    u128::from_str_radix(hex, 16).ok().filter(|_| whole)
}

/// What Asterisk means by a code.
fn complaint(code: &[u8]) -> &'static str {
    match code {
        [0x01] => "the channel was hung up",
        [0x02] => "a frame could not be passed on",
        [0x04] => "Asterisk ran out of memory",
        _ => "an error without a code",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_as_long_as_its_head_says() {
        assert_eq!(message_len(&[0x10, 0x01]), None);
        assert_eq!(message_len(&[0x10, 0x01, 0x40]), Some(323));
        assert_eq!(message_len(&[0x10, 0xFF, 0xFF, 0]), Some(MESSAGE_BYTES_MAX));
    }

    #[test]
    fn a_call_is_named_as_the_dialplan_names_it() {
        let hyphens = "40325ec2-5efd-4bd3-805f-53576e581d13";
        let plain = "40325EC25EFD4BD3805F53576E581D13";
        assert_eq!(uuid(hyphens), uuid(plain));
        assert_eq!(uuid(&plain[1..]), None);
        assert_eq!(uuid("40325ec2-5efd-4bd3-805f-53576e581d134"), None);
        assert_eq!(uuid("40325ec2-5efd-4bd3-805f-53576e581d1g"), None);
        let Ok(Up::Start(start)) = started(&uuid(plain).unwrap().to_be_bytes()) else {
            panic!("a start")
        };
        assert_eq!(start.call_id, hyphens);
    }

    #[test]
    fn nothing_is_sent_that_asterisk_drops_the_connection_for() {
        let mut codec = AudioSocket::default();
        let media = |payload, rate| Down::Media {
            payload,
            format: Some(linear(rate)),
            mark: None,
        };
        assert_eq!(codec.write_down(&media(&[], 8_000)), None);
        assert_eq!(codec.write_down(&media(&[0; 65_536], 8_000)), None);
        assert_eq!(codec.write_down(&media(&[0; 2], 11_025)), None);
        assert!(codec.write_down(&media(&[0; 65_534], 8_000)).is_some());
    }

    #[test]
    fn asterisk_hears_at_the_rate_it_speaks() {
        let mut codec = AudioSocket::default();
        let heard = codec.read_up(Frame::Binary(&[0x12, 0, 2, 1, 2])).unwrap();
        assert!(
            matches!(heard, Up::Media(Media { format: Some(format), .. }) if format.rate == 16_000)
        );
        let say = Down::Media {
            payload: &[3, 4],
            format: None,
            mark: None,
        };
        assert_eq!(
            codec.write_down(&say),
            Some(Frame::Binary(&[0x12, 0, 2, 3, 4]))
        );
    }
}
