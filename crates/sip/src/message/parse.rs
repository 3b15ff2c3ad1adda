//! Cutting a message into its lines.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Fault, Field, HEADERS_MAX, Inner, LINE_BYTES_MAX, MESSAGE_BYTES_MAX};
use super::{Malformed, Message, Method, Start};
use crate::header::lex::{is_token, number, trim};
use crate::header::{Invalid, Name};
use crate::span::Span;

impl Message {
    /// Reads a datagram. Content-Length is optional; bytes beyond it are ignored, fewer are an
    /// error (RFC 3261 §18.3). CRLFs before the start line are skipped (§7.5).
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let skipped = bytes
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        let bytes = &bytes[skipped..];
        if bytes.is_empty() {
            return Err(Malformed::new(Fault::Empty, None));
        }
        let too_large = bytes.len() > MESSAGE_BYTES_MAX;
        let bytes = &bytes[..bytes.len().min(MESSAGE_BYTES_MAX)];
        let (message, fault) = Cutter::cut(bytes);
        let fault = if too_large {
            Some(Fault::TooLarge)
        } else {
            fault
        };
        match fault.or_else(|| message.as_ref().and_then(Message::fault)) {
            Some(fault) => Err(Malformed::new(fault, message)),
            None => message.ok_or(Malformed::new(Fault::StartLine("it is not one"), None)),
        }
    }

    /// Reads a message cut from a stream: as a datagram, but
    /// Content-Length must be there (RFC 3261 §20.14).
    pub fn parse_framed(bytes: &[u8]) -> Result<Self, Malformed> {
        let message = Self::parse(bytes)?;
        match message.header(Name::ContentLength) {
            Some(_) => Ok(message),
            None => Err(Malformed::new(
                Fault::Missing(Name::ContentLength),
                Some(message),
            )),
        }
    }
}

/// Cuts lines and keeps the first fault, going on behind it so that an answer has what it needs.
struct Cutter {
    bytes: Vec<u8>,
    fields: Vec<Field>,
    fault: Option<Fault>,
}

impl Cutter {
    fn cut(bytes: &[u8]) -> (Option<Message>, Option<Fault>) {
        let mut fault = None;
        let head_len = head_len(bytes).unwrap_or_else(|| {
            fault = Some(Fault::Unterminated);
            bytes.len()
        });
        let (head, body) = bytes.split_at(head_len);
        let head = normalised(head);
        let mut whole = Vec::with_capacity(head.len() + body.len());
        whole.extend_from_slice(&head);
        whole.extend_from_slice(body);
        let mut cutter = Cutter {
            bytes: whole,
            fields: Vec::with_capacity(24),
            fault,
        };
        let start = cutter.cut_head(head.len());
        let body = cutter.cut_body(head.len());
        let Cutter {
            bytes,
            fields,
            fault,
        } = cutter;
        let message = start.map(|start| {
            Message(Arc::new(Inner {
                bytes,
                start,
                fields,
                body,
            }))
        });
        (message, fault)
    }

    fn note(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    fn cut_head(&mut self, head_len: usize) -> Option<Start> {
        let mut start = None;
        let mut at = 0;
        while at < head_len {
            let rest = &self.bytes[at..head_len];
            let found = rest.iter().position(|byte| *byte == b'\n');
            let next = found.map_or(head_len, |end| at + end + 1);
            let mut end = found.map_or(head_len, |end| at + end);
            let paired = end > at && self.bytes[end - 1] == b'\r';
            if paired {
                end -= 1;
            } else if found.is_some() {
                self.note(Fault::BareLineEnd);
            }
            match at {
                0 => start = self.cut_start(end),
                _ if end > at => self.cut_field(at, end),
                _ => {}
            }
            at = next;
        }
        start
    }

    fn cut_start(&mut self, end: usize) -> Option<Start> {
        let bytes = std::mem::take(&mut self.bytes);
        let line = Span::new(0, end).text_of(&bytes);
        let start = match line.starts_with("SIP/") {
            true => read_status_line(line),
            false => read_request_line(line),
        };
        let start = match start {
            Ok(start) => Some(start),
            Err((fault, start)) => {
                self.note(fault);
                start
            }
        };
        self.bytes = bytes;
        start
    }

    fn cut_field(&mut self, at: usize, end: usize) {
        let line = &self.bytes[at..end];
        if line.len() > LINE_BYTES_MAX {
            return self.note(Fault::LineTooLong);
        }
        if self.fields.len() == HEADERS_MAX {
            return self.note(Fault::TooManyHeaders);
        }
        if let Some(fault) = forbidden(line) {
            return self.note(fault);
        }
        let text = std::str::from_utf8(line).unwrap_or_default();
        let named = text
            .split_once(':')
            .map(|(name, value)| (trim_end(name), trim(value)));
        let Some((name, value)) = named.filter(|(name, _)| is_token(name)) else {
            return self.note(Fault::HeaderName);
        };
        let place = |part: &str| {
            let span = Span::within(text, part);
            Span::new(at + span.start as usize, at + span.end as usize)
        };
        let field = Field {
            known: Name::parse(name),
            name: place(name),
            value: place(value),
        };
        self.fields.push(field);
    }

    /// The body by Content-Length, or all that is left.
    fn cut_body(&mut self, start: usize) -> Span {
        let present = self.bytes.len() - start;
        match self.content_length() {
            Ok(None) => Span::new(start, self.bytes.len()),
            Ok(Some(length)) if length <= present => {
                self.bytes.truncate(start + length);
                Span::new(start, start + length)
            }
            Ok(Some(_)) => {
                self.note(Fault::BodyTooShort);
                Span::new(start, start)
            }
            Err(fault) => {
                self.note(fault);
                Span::new(start, start)
            }
        }
    }

    /// Several Content-Lengths must agree, or nobody knows where the message ends.
    fn content_length(&self) -> Result<Option<usize>, Fault> {
        let mut length = None;
        let fields = self.fields.iter();
        for field in fields.filter(|field| field.known == Some(Name::ContentLength)) {
            let digits = field.value.text_of(&self.bytes);
            let invalid = Invalid::new(Name::ContentLength, "it is not a number of bytes");
            let value = number(digits).ok_or(invalid)? as usize;
            if length.is_some_and(|length| length != value) {
                return Err(Fault::Repeated(Name::ContentLength));
            }
            length = Some(value);
        }
        Ok(length)
    }
}

fn trim_end(text: &str) -> &str {
    text.trim_end_matches([' ', '\t'])
}

/// The length of the start line and headers with the empty line that ends them. A bare LF counts
/// as a line end here, so that what is malformed by it can still be answered.
fn head_len(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == b'\n')? + 1;
        match bytes.get(at..)? {
            [b'\r', b'\n', ..] => return Some(at + 2),
            [b'\n', ..] => return Some(at + 1),
            _ => {}
        }
    }
}

/// The head with folds (a line that begins with white space, RFC 3261 §7.3.1) made one space, and
/// lines that are not UTF-8 read as Latin-1.
fn normalised(head: &[u8]) -> Cow<'_, [u8]> {
    let folded = head
        .windows(2)
        .any(|pair| matches!(pair, [b'\n', b' ' | b'\t']));
    if !folded && std::str::from_utf8(head).is_ok() {
        return Cow::Borrowed(head);
    }
    let mut out = Vec::with_capacity(head.len() + 64);
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let content = line.trim_ascii_start();
        let line = match line.first() {
            Some(b' ' | b'\t') if out.ends_with(b"\r\n") => {
                out.truncate(out.len() - 2);
                out.push(b' ');
                if content.is_empty() { b"\r\n" } else { content }
            }
            _ => line,
        };
        match std::str::from_utf8(line) {
            Ok(_) => out.extend_from_slice(line),
            Err(_) => {
                let latin: String = line.iter().copied().map(char::from).collect();
                out.extend_from_slice(latin.as_bytes());
            }
        }
    }
    Cow::Owned(out)
}

/// A CR that ends no line, or a control byte other than TAB and those a quoted pair escapes.
fn forbidden(line: &[u8]) -> Option<Fault> {
    let mut last = 0;
    for &byte in line {
        match byte {
            b'\r' => return Some(Fault::BareLineEnd),
            b'\t' => {}
            0..=0x1f | 0x7f if last != b'\\' => return Some(Fault::ControlByte),
            _ => {}
        }
        last = byte;
    }
    None
}

type StartError = (Fault, Option<Start>);

/// `INVITE sip:bob@biloxi.com SIP/2.0`: three parts, single spaces (RFC 3261 §7.1).
fn read_request_line(line: &str) -> Result<Start, StartError> {
    let not = |why| (Fault::StartLine(why), None);
    let (method, rest) = line
        .split_once(' ')
        .ok_or(not("it is neither request nor response"))?;
    let method = Method::parse(method).ok_or(not("the method is not a token"))?;
    // Whatever stands between method and version, so that a wrong line still gets its answer.
    let end = trim_end(rest).rfind(' ').unwrap_or_default();
    let uri = &rest[..end];
    let version = &rest[end..];
    let start = Start::Request {
        method,
        uri: Span::within(line, uri),
    };
    let wrong = |why, start| (Fault::StartLine(why), Some(start));
    match version.strip_prefix(' ') {
        Some(version) if version.eq_ignore_ascii_case("SIP/2.0") => {}
        Some(version) if is_version(version) => return Err((Fault::Version, Some(start))),
        _ => return Err(wrong("the version is missing or not alone", start)),
    }
    if uri.is_empty() || uri.contains([' ', '\t']) {
        return Err(wrong("there is white space too much", start));
    }
    if let Some(fault) = forbidden(line.as_bytes()) {
        return Err((fault, Some(start)));
    }
    Ok(start)
}

fn is_version(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = text
        .get(..4)
        .filter(|name| name.eq_ignore_ascii_case("SIP/"));
    let numbers = numbers.and_then(|_| text[4..].split_once('.'));
    numbers.is_some_and(|(major, minor)| digits(major) && digits(minor))
}

/// `SIP/2.0 200 OK`; the reason may be empty (RFC 3261 §7.2).
fn read_status_line(line: &str) -> Result<Start, StartError> {
    let rest = line.strip_prefix("SIP/2.0 ");
    let code = rest.and_then(|rest| rest.get(..3)).and_then(number);
    let status = code
        .and_then(|code| u16::try_from(code).ok())
        .unwrap_or_default();
    let reason = rest.and_then(|rest| rest.get(3..)).unwrap_or_default();
    let start = Start::Response {
        status,
        reason: Span::within(line, trim(reason)),
    };
    let wrong = if rest.is_none() {
        Fault::Version
    } else if !(100..700).contains(&status) || !(reason.is_empty() || reason.starts_with(' ')) {
        Fault::StartLine("the status code is not one from 100 to 699")
    } else if let Some(fault) = forbidden(line.as_bytes()) {
        fault
    } else {
        return Ok(start);
    };
    Err((wrong, Some(start)))
}
