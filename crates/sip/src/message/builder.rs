//! Writing messages. Nothing a caller passes can end a line or start a header.

use std::sync::Arc;

use super::{Field, Inner, Message, Method, Start};
use crate::header::lex::is_token_byte;
use crate::header::{Key, Name};
use crate::span::Span;

/// A message being written. Control characters in what it is given become spaces; characters no
/// token may hold become `-` in names and methods; both are escaped in URIs. Content-Length is
/// written by [`Builder::build`] and cannot be set.
#[derive(Clone, Debug)]
pub struct Builder {
    /// All text the spans point into.
    arena: String,
    start: Start,
    fields: Vec<Field>,
    body: Vec<u8>,
}

impl Builder {
    /// A request. `uri` is written as it is, with what may not stand in a URI escaped.
    pub fn request(method: Method, uri: impl AsRef<str>) -> Self {
        let method = match method {
            Method::Other(text) => Method::Other(clean_token(&text).into()),
            known => known,
        };
        let mut builder = Self::empty(Start::Response {
            status: 0,
            reason: Span::default(),
        });
        let uri = builder.keep(&clean_uri(uri.as_ref()));
        builder.start = Start::Request { method, uri };
        builder
    }

    /// A response. A status outside 100–699 becomes 500.
    pub fn response(status: u16, reason: &str) -> Self {
        let status = if (100..700).contains(&status) {
            status
        } else {
            500
        };
        let mut builder = Self::empty(Start::Response {
            status,
            reason: Span::default(),
        });
        let reason = builder.keep_clean(reason);
        builder.start = Start::Response { status, reason };
        builder
    }

    fn empty(start: Start) -> Self {
        let arena = String::with_capacity(1024);
        Self {
            arena,
            start,
            fields: Vec::with_capacity(24),
            body: Vec::new(),
        }
    }

    /// Everything of `message`, for changing it.
    pub(super) fn copy(message: &Message) -> Self {
        let mut builder = match &message.0.start {
            Start::Request { method, uri } => Self::request(method.clone(), message.text(*uri)),
            Start::Response { status, reason } => Self::response(*status, message.text(*reason)),
        };
        for field in &message.0.fields {
            builder = builder.copied(message, field);
        }
        builder.body = message.body().to_vec();
        builder
    }

    /// Every line of `name` in `message`, as it is.
    pub(super) fn copy_lines(mut self, message: &Message, name: Name) -> Self {
        let fields = message.0.fields.iter();
        for field in fields.filter(|field| field.known == Some(name)) {
            self = self.copied(message, field);
        }
        self
    }

    fn copied(mut self, message: &Message, field: &Field) -> Self {
        if field.known != Some(Name::ContentLength) {
            let name = match field.known {
                Some(_) => Span::default(),
                None => self.keep(message.text(field.name)),
            };
            let value = self.keep(message.text(field.value));
            self.fields.push(Field {
                known: field.known,
                name,
                value,
            });
        }
        self
    }

    /// Adds a header line behind the others.
    #[must_use]
    pub fn header<'k>(mut self, key: impl Into<Key<'k>>, value: impl AsRef<str>) -> Self {
        if let Some(field) = self.field(key.into(), value.as_ref()) {
            self.fields.push(field);
        }
        self
    }

    /// Adds a header line if there is a value.
    #[must_use]
    pub fn header_if<'k>(self, key: impl Into<Key<'k>>, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.header(key, value),
            None => self,
        }
    }

    /// Adds a header line before all others: a Via, a Record-Route.
    #[must_use]
    pub fn prepend<'k>(mut self, key: impl Into<Key<'k>>, value: impl AsRef<str>) -> Self {
        if let Some(field) = self.field(key.into(), value.as_ref()) {
            self.fields.insert(0, field);
        }
        self
    }

    /// Replaces every line of a header by one.
    #[must_use]
    pub fn set<'k>(self, key: impl Into<Key<'k>>, value: impl AsRef<str>) -> Self {
        let key = key.into();
        self.without(key).header(key, value)
    }

    /// Takes every line of a header out.
    #[must_use]
    pub fn without<'k>(mut self, key: impl Into<Key<'k>>) -> Self {
        let key = key.into();
        let arena = &self.arena;
        self.fields.retain(|field| match (key, field.known) {
            (Key::Known(unwanted), known) => known != Some(unwanted),
            (Key::Other(unwanted), None) => !field.name.of(arena).eq_ignore_ascii_case(unwanted),
            (Key::Other(_), Some(_)) => true,
        });
        self
    }

    /// Adds `tag` to To unless it has one: what every response but 100 needs (RFC 3261 §8.2.6.2).
    #[must_use]
    pub fn to_tag(mut self, tag: &str) -> Self {
        let Some(at) = self
            .fields
            .iter()
            .position(|field| field.known == Some(Name::To))
        else {
            return self;
        };
        let value = self.fields[at].value.of(&self.arena);
        let tagged = crate::header::NameAddr::parse(value).is_ok_and(|to| to.tag().is_some());
        if !tagged {
            let value = format!("{value};tag={}", clean_token(tag));
            self.fields[at].value = self.keep(&value);
        }
        self
    }

    /// Replaces the first value of the top Via.
    pub(super) fn replace_top_via(mut self, via: &str) -> Self {
        let Some(at) = self
            .fields
            .iter()
            .position(|field| field.known == Some(Name::Via))
        else {
            return self;
        };
        let line = self.fields[at].value.of(&self.arena);
        let rest = crate::header::lex::find_outside(line, b',', true).map(|comma| &line[comma..]);
        let line = format!("{via}{}", rest.unwrap_or_default());
        self.fields[at].value = self.keep_clean(&line);
        self
    }

    /// Sets the body and its Content-Type.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.set(Name::ContentType, content_type)
    }

    /// The finished message: start line, headers in order, Content-Length, body.
    pub fn build(self) -> Message {
        let Self {
            arena,
            start,
            fields,
            body,
        } = self;
        let mut out = Vec::with_capacity(arena.len() + fields.len() * 16 + body.len() + 64);
        let start = write_start(&mut out, &arena, start);
        let mut placed = Vec::with_capacity(fields.len() + 1);
        for field in fields {
            let name = match field.known {
                Some(known) => known.as_str(),
                None => field.name.of(&arena),
            };
            placed.push(write_field(
                &mut out,
                field.known,
                name,
                field.value.of(&arena),
            ));
        }
        let known = Name::ContentLength;
        let length = body.len().to_string();
        placed.push(write_field(&mut out, Some(known), known.as_str(), &length));
        out.extend_from_slice(b"\r\n");
        let body_at = out.len();
        out.extend_from_slice(&body);
        let body = Span::new(body_at, out.len());
        Message(Arc::new(Inner {
            bytes: out,
            start,
            fields: placed,
            body,
        }))
    }

    fn field(&mut self, key: Key<'_>, value: &str) -> Option<Field> {
        let (known, name) = match key {
            Key::Known(Name::ContentLength) => return None,
            Key::Known(name) => (Some(name), Span::default()),
            Key::Other(text) => (None, self.keep(&clean_token(text))),
        };
        Some(Field {
            known,
            name,
            value: self.keep_clean(value),
        })
    }

    fn keep(&mut self, text: &str) -> Span {
        let start = self.arena.len();
        self.arena.push_str(text);
        Span::new(start, self.arena.len())
    }

    /// Keeps a value with its control characters made spaces.
    fn keep_clean(&mut self, text: &str) -> Span {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        if crate::header::lex::is_field_text(text) {
            return self.keep(text);
        }
        let start = self.arena.len();
        let clean = |char: char| {
            if char.is_ascii_control() && char != '\t' {
                ' '
            } else {
                char
            }
        };
        self.arena.extend(text.chars().map(clean));
        Span::new(start, self.arena.len())
    }
}

fn write_start(out: &mut Vec<u8>, arena: &str, start: Start) -> Start {
    let start = match start {
        Start::Request { method, uri } => {
            out.extend_from_slice(method.as_str().as_bytes());
            out.push(b' ');
            let uri = write_span(out, uri.of(arena));
            out.extend_from_slice(b" SIP/2.0");
            Start::Request { method, uri }
        }
        Start::Response { status, reason } => {
            out.extend_from_slice(b"SIP/2.0 ");
            out.extend_from_slice(status.to_string().as_bytes());
            out.push(b' ');
            Start::Response {
                status,
                reason: write_span(out, reason.of(arena)),
            }
        }
    };
    out.extend_from_slice(b"\r\n");
    start
}

fn write_field(out: &mut Vec<u8>, known: Option<Name>, name: &str, value: &str) -> Field {
    let name = write_span(out, name);
    out.extend_from_slice(b": ");
    let value = write_span(out, value);
    out.extend_from_slice(b"\r\n");
    Field { known, name, value }
}

fn write_span(out: &mut Vec<u8>, text: &str) -> Span {
    let start = out.len();
    out.extend_from_slice(text.as_bytes());
    Span::new(start, out.len())
}

fn clean_token(text: &str) -> String {
    let clean = |byte: u8| {
        if is_token_byte(byte) {
            char::from(byte)
        } else {
            '-'
        }
    };
    match text.is_empty() {
        true => "-".to_owned(),
        false => text.bytes().map(clean).collect(),
    }
}

fn clean_uri(text: &str) -> std::borrow::Cow<'_, str> {
    let wrong = |byte: u8| byte <= b' ' || byte == 0x7f || matches!(byte, b'<' | b'>' | b'"');
    if !text.bytes().any(wrong) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        match u8::try_from(char)
            .ok()
            .filter(|byte| byte.is_ascii() && wrong(*byte))
        {
            Some(byte) => out.push_str(&format!("%{byte:02X}")),
            None => out.push(char),
        }
    }
    out.into()
}
