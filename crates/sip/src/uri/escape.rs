//! `%HH` escapes (RFC 3261 §19.1.2).

use std::borrow::Cow;

/// Resolves `%HH`; bytes that are then not UTF-8 are read as Latin-1. A `%` without two digits
/// stays.
pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes: Vec<u8> = unescaped(text).map(|(byte, _)| byte).collect();
    Cow::Owned(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => error.as_bytes().iter().copied().map(char::from).collect(),
    })
}

/// The bytes of `text`, each with whether it was written as an escape.
pub(super) fn unescaped(text: &str) -> impl Iterator<Item = (u8, bool)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let byte = *bytes.get(at)?;
        let digit = |at: usize| {
            bytes
                .get(at)
                .and_then(|byte| char::from(*byte).to_digit(16))
        };
        if let (b'%', Some(high), Some(low)) = (byte, digit(at + 1), digit(at + 2)) {
            at += 3;
            return Some(((high * 16 + low) as u8, true));
        }
        at += 1;
        Some((byte, false))
    })
}

/// Escapes what may not stand in the user part of a URI.
pub fn escape_user(text: &str) -> Cow<'_, str> {
    escape(text, b"&=+$,;?/")
}

/// Escapes what may not stand in a URI parameter.
pub fn escape_param(text: &str) -> Cow<'_, str> {
    escape(text, b"[]/:&+$")
}

/// Escapes what may not stand in a URI header.
pub fn escape_header(text: &str) -> Cow<'_, str> {
    escape(text, b"[]/?:+$")
}

fn escape<'a>(text: &'a str, also: &[u8]) -> Cow<'a, str> {
    let plain = |byte: u8| {
        // `unreserved` of the grammar: alphanumerics and marks.
        byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) || also.contains(&byte)
    };
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        match plain(byte) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    Cow::Owned(out)
}
