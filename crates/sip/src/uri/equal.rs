//! Equivalence of URIs (RFC 3261 §19.1.4; RFC 3966 §4 for `tel:`).

use super::escape::unescaped;
use super::parse::is_visual_separator;
use super::{Scheme, Uri};

pub(super) fn equivalent(a: &Uri, b: &Uri) -> bool {
    if a.scheme() != b.scheme() {
        return false;
    }
    match a.scheme() {
        Scheme::Sip | Scheme::Sips => same_address(a, b) && same_params(a, b) && same_headers(a, b),
        Scheme::Tel => same_number(a, b),
        Scheme::Other => {
            let rest = |uri: &Uri| {
                uri.as_str()
                    .split_once(':')
                    .map(|(_, rest)| rest.to_owned())
            };
            a.scheme_str().eq_ignore_ascii_case(b.scheme_str()) && rest(a) == rest(b)
        }
    }
}

fn same_address(a: &Uri, b: &Uri) -> bool {
    let host = match (a.host_ip(), b.host_ip()) {
        // IPv6 has many spellings (RFC 5954 §4.2).
        (Some(a), Some(b)) => a == b,
        _ => a.host().eq_ignore_ascii_case(b.host()),
    };
    host && a.port() == b.port()
        && same_option(a.user_raw(), b.user_raw(), true)
        && same_option(a.password_raw(), b.password_raw(), true)
}

/// Parameters in both must be equal; these must be in both or in neither, even when one says only
/// what is the default. The RFC's own examples count `transport` among them.
fn same_params(a: &Uri, b: &Uri) -> bool {
    const SIGNIFICANT: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];
    let covered = |a: &Uri, b: &Uri| {
        a.params().all(
            |(name, _)| match (first_param(a, name), first_param(b, name)) {
                (Some(ours), Some(theirs)) => same_text(ours, theirs, false),
                _ => !SIGNIFICANT
                    .iter()
                    .any(|significant| same_text(significant, name, false)),
            },
        )
    };
    covered(a, b) && covered(b, a)
}

/// A name that stands twice is against §19.1.1; the first counts, as in [`Uri::param`].
fn first_param<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let found = uri.params().find(|(have, _)| same_text(have, name, false));
    found.map(|(_, value)| value.unwrap_or_default())
}

/// Headers are never ignored: each must be in both.
fn same_headers(a: &Uri, b: &Uri) -> bool {
    let covered = |a: &Uri, b: &Uri| {
        a.headers().all(|(name, value)| {
            let mut others = b.headers();
            others
                .any(|(have, other)| same_text(have, name, false) && same_text(other, value, true))
        })
    };
    a.headers().count() == b.headers().count() && covered(a, b) && covered(b, a)
}

/// RFC 3966 §4: visual separators mean nothing, parameters are compared as a set without case.
fn same_number(a: &Uri, b: &Uri) -> bool {
    let digits = |uri: &Uri| -> Vec<u8> {
        let number = uri.user_raw().unwrap_or_default().bytes();
        number
            .filter(|byte| !is_visual_separator(*byte))
            .map(|byte| byte.to_ascii_lowercase())
            .collect()
    };
    let covered = |a: &Uri, b: &Uri| {
        a.params().all(|(name, value)| {
            let mut others = b.params();
            others.any(|(have, other)| {
                same_text(have, name, false)
                    && same_text(value.unwrap_or_default(), other.unwrap_or_default(), false)
            })
        })
    };
    digits(a) == digits(b) && covered(a, b) && covered(b, a)
}

fn same_option(a: Option<&str>, b: Option<&str>, case: bool) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same_text(a, b, case),
        (None, None) => true,
        _ => false,
    }
}

/// Compares with escapes resolved; but an escaped reserved character is not the bare one.
fn same_text(a: &str, b: &str, case: bool) -> bool {
    let canonical = |(byte, escaped): (u8, bool)| {
        let byte = if case {
            byte
        } else {
            byte.to_ascii_lowercase()
        };
        (byte, escaped && b";/?:@&=+$,".contains(&byte))
    };
    unescaped(a).map(canonical).eq(unescaped(b).map(canonical))
}
