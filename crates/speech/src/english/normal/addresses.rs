//! Addresses of mail and of the web, as one tells them on the telephone.

use super::place::{Place, Said};
use super::signs::mixed;

/// The longest address that is looked at, in bytes.
const ADDRESS_BYTES_MAX: usize = 120;
/// What the last part of a name may be for it to be one.
const TOP_LEVELS: [&str; 18] = [
    "com", "org", "net", "edu", "gov", "io", "co", "uk", "de", "fr", "info", "biz", "us", "ca",
    "au", "tv", "ai", "dev",
];

/// "ann@example.com", `https://example.org/help`, "www.example.net".
pub(super) fn address(place: &Place<'_>) -> Option<Said> {
    let end = place
        .rest
        .find(char::is_whitespace)
        .unwrap_or(place.rest.len());
    let whole =
        place.rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '"', '\'', '>']);
    if whole.len() > ADDRESS_BYTES_MAX || !whole.contains('.') {
        return None;
    }
    let schemes = ["https://", "http://", "ftp://"];
    let inner = schemes
        .into_iter()
        .find_map(|scheme| whole.strip_prefix(scheme))
        .unwrap_or(whole);
    let (name, host) = inner.split_once('@').unwrap_or(("", inner));
    let host = host.split('/').next().unwrap_or("");
    let is_name = |text: &str| {
        text.chars()
            .all(|char| char.is_alphanumeric() || matches!(char, '-' | '.' | '_' | '+'))
    };
    let top = host.rsplit('.').next().unwrap_or("");
    let known = TOP_LEVELS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(top))
        || inner.len() < whole.len()
        || !name.is_empty();
    if !known
        || host.starts_with('.')
        || !host.contains('.')
        || !is_name(host)
        || !is_name(name)
        || !top.chars().all(char::is_alphabetic)
    {
        return None;
    }
    place.said(&place.rest[whole.len()..], spoken(inner))
}

fn spoken(address: &str) -> String {
    let mut words = String::new();
    for part in address.split_inclusive(|char: char| !char.is_alphanumeric()) {
        let (word, sign) = match part.char_indices().next_back() {
            Some((at, sign)) if !sign.is_alphanumeric() => (&part[..at], Some(sign)),
            _ => (part, None),
        };
        match word {
            "www" => words.push_str("W W W"),
            _ if word.chars().any(|char| char.is_ascii_digit()) => words.push_str(&mixed(word)),
            _ => words.push_str(word),
        }
        words.push_str(match sign {
            Some('.') => " dot ",
            Some('@') => " at ",
            Some('/') => " slash ",
            Some('-') => " dash ",
            Some('_') => " underscore ",
            Some('+') => " plus ",
            Some('?') => " question mark ",
            Some(_) => " ",
            None => "",
        });
    }
    words.trim_end_matches(" slash ").to_owned()
}
