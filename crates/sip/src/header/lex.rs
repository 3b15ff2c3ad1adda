//! The lexical pieces that all header grammars share (RFC 3261 §25.1).

use std::borrow::Cow;

/// Whether `byte` may stand in a `token`.
pub const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~'
        )
}

/// Whether `text` is a `token`: what header names, methods and option tags are made of.
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// Whether `text` can be a header value as it stands: no control byte but TAB.
pub fn is_field_text(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte == b'\t' || !byte.is_ascii_control())
}

/// Trims linear white space (a fold has become one space by then).
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Where the quoted string that opens `text` ends: the index after its closing quote.
pub(crate) fn quoted_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// The first `wanted` byte of `text` outside quoted strings and, if `angles`, outside `<…>`.
pub(crate) fn find_outside(text: &str, wanted: u8, angles: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut depth = false;
    while let Some(&byte) = bytes.get(at) {
        if byte == wanted && !depth {
            return Some(at);
        }
        match byte {
            b'"' if !depth => at += quoted_end(&text[at..]).unwrap_or(text.len() - at) - 1,
            b'<' if angles => depth = true,
            b'>' if angles => depth = false,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The values of a comma-separated list, trimmed; commas inside quotes and `<…>` do not separate.
pub fn split_list(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let here = rest?;
        let (value, after) = match find_outside(here, b',', true) {
            Some(comma) => (&here[..comma], Some(&here[comma + 1..])),
            None => (here, None),
        };
        rest = after;
        Some(trim(value))
    })
}

/// The content of a quoted string (without its quotes), its quoted pairs resolved.
pub fn unquote(inner: &str) -> Cow<'_, str> {
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => out.extend(chars.next()),
            _ => out.push(char),
        }
    }
    Cow::Owned(out)
}

/// `text` as a quoted string. Control characters, which only a hostile caller would send, become
/// spaces.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            _ if char.is_control() => out.push(' '),
            _ => out.push(char),
        }
    }
    out.push('"');
    out
}

/// A decimal number of 32 bits: digits only, leading zeros allowed.
pub(crate) fn number(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}
