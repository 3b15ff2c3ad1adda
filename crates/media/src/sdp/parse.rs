//! Descriptions from bytes. What is refused, dropped or kept is ruled in the module above.

use std::str::FromStr;

use super::address::Address;
use super::description::{Attribute, Bandwidth, Media, Origin, SessionDescription, direction_in};
use super::direction::Direction;
use super::error::{SdpError, SdpFault};
use super::{SDP_BYTES_MAX, SDP_FORMATS_MAX, SDP_LINES_MAX, SDP_MEDIA_MAX};

impl SessionDescription {
    /// Reads a description.
    ///
    /// Bytes that are not UTF-8 (older phones write Latin-1 names) become replacement characters.
    ///
    /// # Errors
    /// The line at fault and the reason.
    pub fn parse(bytes: &[u8]) -> Result<Self, SdpError> {
        if bytes.len() > SDP_BYTES_MAX {
            return Err(SdpError {
                line: 1,
                fault: SdpFault::TooLong,
            });
        }
        let text = String::from_utf8_lossy(bytes);
        let mut reader = Reader::default();
        for (number, line) in lines(&text).enumerate() {
            reader.read(line).map_err(|fault| SdpError {
                line: number + 1,
                fault,
            })?;
        }
        if !reader.begun {
            return Err(SdpError {
                line: 1,
                fault: SdpFault::NotVersionZero,
            });
        }
        if reader.description.name.is_empty() {
            reader.description.name.push('-');
        }
        Ok(reader.description)
    }
}

impl FromStr for SessionDescription {
    type Err = SdpError;

    fn from_str(text: &str) -> Result<Self, SdpError> {
        Self::parse(text.as_bytes())
    }
}

/// Lines ended by CRLF, LF or CR alone.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n')
        .flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

#[derive(Default)]
struct Reader {
    description: SessionDescription,
    begun: bool,
    named: bool,
    count: usize,
}

impl Reader {
    fn read(&mut self, line: &str) -> Result<(), SdpFault> {
        self.count += 1;
        if self.count > SDP_LINES_MAX {
            return Err(SdpFault::TooManyLines);
        }
        // Some senders count a C string's end, or the space before it, into the body.
        let line = line.trim_end_matches(['\0', ' ', '\t']);
        if line.is_empty() {
            return Ok(());
        }
        let (letter, value) = split_line(line)?;
        if !self.begun {
            self.begun = letter == 'v' && value == "0";
            return if self.begun {
                Ok(())
            } else {
                Err(SdpFault::NotVersionZero)
            };
        }
        match letter {
            'v' => Err(SdpFault::Repeated('v')),
            'o' => self.origin(value),
            's' => self.name(value),
            'c' => self.connection(value),
            'b' => self.bandwidth(value),
            'a' => self.attribute(value),
            'm' => self.media(value),
            _ => Ok(()),
        }
    }

    fn origin(&mut self, value: &str) -> Result<(), SdpFault> {
        if self.description.origin.is_some() {
            return Err(SdpFault::Repeated('o'));
        }
        self.description.origin = parse_origin(value);
        Ok(())
    }

    fn name(&mut self, value: &str) -> Result<(), SdpFault> {
        // A section may not have a name, but nothing depends on it.
        if self.description.media.is_empty() {
            if self.named {
                return Err(SdpFault::Repeated('s'));
            }
            self.named = true;
            self.description.name = value.to_owned();
        }
        Ok(())
    }

    fn connection(&mut self, value: &str) -> Result<(), SdpFault> {
        let address =
            Address::parse(value.split_ascii_whitespace()).ok_or(SdpFault::BadConnection)?;
        let place = match self.description.media.last_mut() {
            Some(media) => &mut media.connection,
            None => &mut self.description.connection,
        };
        if place.is_some() {
            return Err(SdpFault::Repeated('c'));
        }
        *place = Some(address);
        Ok(())
    }

    fn bandwidth(&mut self, value: &str) -> Result<(), SdpFault> {
        let place = match self.description.media.last_mut() {
            Some(media) => &mut media.bandwidth,
            None => &mut self.description.bandwidth,
        };
        place.extend(parse_bandwidth(value));
        Ok(())
    }

    fn attribute(&mut self, value: &str) -> Result<(), SdpFault> {
        let attributes = match self.description.media.last_mut() {
            Some(media) => &mut media.attributes,
            None => &mut self.description.attributes,
        };
        let attribute = match value.split_once(':') {
            Some((name, value)) => Attribute::with_value(name.trim(), value),
            None => Attribute::flag(value.trim()),
        };
        let stated = match attribute.value {
            None => Direction::from_name(&attribute.name),
            Some(_) => None,
        };
        if let (Some(new), Some(old)) = (stated, direction_in(attributes))
            && new != old
        {
            return Err(SdpFault::ContradictoryDirection);
        }
        attributes.push(attribute);
        Ok(())
    }

    fn media(&mut self, value: &str) -> Result<(), SdpFault> {
        if self.description.media.len() == SDP_MEDIA_MAX {
            return Err(SdpFault::TooManyMedia);
        }
        self.description.media.push(parse_media(value)?);
        Ok(())
    }
}

fn split_line(line: &str) -> Result<(char, &str), SdpFault> {
    let mut characters = line.chars();
    let letter = characters
        .next()
        .filter(char::is_ascii_alphabetic)
        .ok_or(SdpFault::NotALine)?;
    let value = characters
        .as_str()
        .strip_prefix('=')
        .ok_or(SdpFault::NotALine)?;
    if value.contains(|c: char| c.is_control() && c != '\t') {
        return Err(SdpFault::ControlCharacter);
    }
    Ok((letter, value))
}

/// Read from the right, because the user name of some devices contains spaces.
fn parse_origin(value: &str) -> Option<Origin> {
    let mut fields: Vec<&str> = value.split_ascii_whitespace().collect();
    let address = Address::parse(fields.split_off(fields.len().checked_sub(3)?).into_iter())?;
    let session_version = fields.pop()?.to_owned();
    let session_id = fields.pop()?.to_owned();
    let username = if fields.is_empty() {
        return None;
    } else {
        fields.join(" ")
    };
    Some(Origin {
        username,
        session_id,
        session_version,
        address,
    })
}

fn parse_bandwidth(value: &str) -> Option<Bandwidth> {
    let (kind, number) = value.split_once(':')?;
    Some(Bandwidth {
        kind: kind.trim().to_owned(),
        value: number.trim().parse().ok()?,
    })
}

fn parse_media(value: &str) -> Result<Media, SdpFault> {
    let mut fields = value.split_ascii_whitespace();
    let mut field = || fields.next().ok_or(SdpFault::BadMedia);
    let (kind, port, protocol) = (field()?, field()?, field()?);
    let (port, count) = match port.split_once('/') {
        Some((port, count)) => (port, Some(count.parse().map_err(|_| SdpFault::BadPort)?)),
        None => (port, None),
    };
    let formats: Vec<String> = fields
        .take(SDP_FORMATS_MAX + 1)
        .map(str::to_owned)
        .collect();
    if formats.len() > SDP_FORMATS_MAX {
        return Err(SdpFault::TooManyFormats);
    }
    Ok(Media {
        kind: kind.to_owned(),
        port: port.parse().map_err(|_| SdpFault::BadPort)?,
        port_count: count,
        protocol: protocol.to_owned(),
        formats,
        connection: None,
        bandwidth: Vec::new(),
        attributes: Vec::new(),
    })
}
