//! Descriptions as text for the wire, lines in the order RFC 8866 §5 fixes.

use std::fmt;

use super::description::{Attribute, Bandwidth, Media, Origin, SessionDescription};

impl fmt::Display for SessionDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("v=0\r\n")?;
        if let Some(origin) = &self.origin {
            write!(f, "o={origin}\r\n")?;
        }
        write!(f, "s={}\r\n", self.name)?;
        if let Some(address) = &self.connection {
            write!(f, "c={address}\r\n")?;
        }
        write_all(f, &self.bandwidth)?;
        f.write_str("t=0 0\r\n")?;
        write_all(f, &self.attributes)?;
        write_all(f, &self.media)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            username,
            session_id,
            session_version,
            address,
        } = self;
        write!(f, "{username} {session_id} {session_version} {address}")
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={} {}", self.kind, self.port)?;
        if let Some(count) = self.port_count {
            write!(f, "/{count}")?;
        }
        write!(f, " {}", self.protocol)?;
        for format in &self.formats {
            write!(f, " {format}")?;
        }
        f.write_str("\r\n")?;
        if let Some(address) = &self.connection {
            write!(f, "c={address}\r\n")?;
        }
        write_all(f, &self.bandwidth)?;
        write_all(f, &self.attributes)
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b={}:{}\r\n", self.kind, self.value)
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "a={}:{value}\r\n", self.name),
            None => write!(f, "a={}\r\n", self.name),
        }
    }
}

fn write_all(f: &mut fmt::Formatter<'_>, lines: &[impl fmt::Display]) -> fmt::Result {
    lines.iter().try_for_each(|line| line.fmt(f))
}
