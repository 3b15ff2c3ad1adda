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
        let taken = &bytes[..bytes.len().min(MESSAGE_BYTES_MAX)];
        let end = head_end(taken);
        let mut head = Head::cut(&taken[..end.unwrap_or(taken.len())]);
        if bytes.len() > taken.len() {
            head.fault = Some(Fault::TooLarge);
        } else if end.is_none() {
            head.fault = Some(Fault::Unterminated);
        }
        head.with_body(&taken[end.unwrap_or(taken.len())..])
    }
}

/// The start line and headers, cut into lines. Keeps the first fault and goes on behind it, so
/// that an answer has what it needs.
#[derive(Debug)]
pub(crate) struct Head {
    bytes: Vec<u8>,
    start: Option<Start>,
    fields: Vec<Field>,
    fault: Option<Fault>,
    /// The first fault after which nobody can say where the message ends.
    framing_fault: Option<Fault>,
}

impl Head {
    /// Cuts `head`, which ends with its empty line.
    pub(crate) fn cut(head: &[u8]) -> Self {
        let bytes = normalised(head).into_owned();
        let fields = Vec::with_capacity(24);
        let mut head = Head {
            bytes,
            start: None,
            fields,
            fault: None,
            framing_fault: None,
        };
        head.cut_lines();
        head
    }

    /// The Content-Length of a message on a stream, where it must be there (RFC 3261 §20.14), or
    /// the reason why the end of the message is unknown.
    pub(crate) fn framed_length(&self) -> Result<usize, Fault> {
        if let Some(fault) = self.framing_fault {
            return Err(fault);
        }
        self.content_length()?
            .ok_or(Fault::Missing(Name::ContentLength))
    }

    /// The message these lines and `body` make; bytes beyond Content-Length are left out.
    pub(crate) fn with_body(mut self, body: &[u8]) -> Result<Message, Malformed> {
        let length = self.content_length().unwrap_or_else(|fault| {
            self.note(fault);
            Some(0)
        });
        let length = length.unwrap_or(body.len());
        if length > body.len() {
            self.note(Fault::BodyTooShort);
        }
        let body = &body[..length.min(body.len())];
        let span = Span::new(self.bytes.len(), self.bytes.len() + body.len());
        self.bytes.extend_from_slice(body);
        let Head {
            bytes,
            start,
            fields,
            fault,
            ..
        } = self;
        let message = start.map(|start| {
            Message(Arc::new(Inner {
                bytes,
                start,
                fields,
                body: span,
            }))
        });
        match (fault, message) {
            (None, Some(message)) => match message.fault() {
                None => Ok(message),
                Some(fault) => Err(Malformed::new(fault, Some(message))),
            },
            (Some(fault), message) => Err(Malformed::new(fault, message)),
            (None, None) => Err(Malformed::new(Fault::Empty, None)),
        }
    }

    /// What could be read of a message whose end is unknown.
    pub(crate) fn malformed(mut self, fault: Fault) -> Malformed {
        self.fault = Some(fault);
        match self.with_body(&[]) {
            Ok(message) => Malformed::new(fault, Some(message)),
            Err(malformed) => malformed,
        }
    }

    fn note(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
        if matches!(
            fault,
            Fault::BareLineEnd | Fault::LineTooLong | Fault::TooManyHeaders
        ) {
            self.framing_fault.get_or_insert(fault);
        }
    }

    fn cut_lines(&mut self) {
        let head_len = self.bytes.len();
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
                0 => self.start = self.cut_start(end),
                _ if end > at => self.cut_field(at, end),
                _ => {}
            }
            at = next;
        }
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

/// Where the start line and headers end, their empty line counted in. A bare LF counts
/// as a line end here, so that what is malformed by it can still be answered.
pub(crate) fn head_end(bytes: &[u8]) -> Option<usize> {
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
