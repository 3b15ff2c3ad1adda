//! SIP messages in the log, for `--trace-sip`: as they came and went, without passwords, what
//! proves them, and the keys of media.

use crate::telemetry::log::{MARGIN, SIP_MESSAGES, escaped, traces_sip};
use std::fmt::Write;
use trunkline_sip::endpoint::Path;

/// The longest part of a message that is shown.
const SHOWN_BYTES_MAX: usize = 8 * 1024;
/// What stands for a secret.
const HIDDEN: &str = "(hidden)";

/// A message that came.
pub fn received(path: &Path, bytes: &[u8]) {
    show("from", path, bytes);
}

/// A message that goes.
pub fn sent(path: &Path, bytes: &[u8]) {
    show("to", path, bytes);
}

fn show(way: &str, path: &Path, bytes: &[u8]) {
    if traces_sip() {
        let (transport, remote) = (path.transport, path.remote);
        let message = readable(bytes);
        tracing::trace!(target: SIP_MESSAGES, "{way} {remote} over {transport:?}{message}");
    }
}

/// The message, each line behind the margin.
fn readable(bytes: &[u8]) -> String {
    let shown = bytes.get(..SHOWN_BYTES_MAX).unwrap_or(bytes);
    let text = String::from_utf8_lossy(shown);
    let mut readable = String::with_capacity(text.len());
    let mut is_secret = false;
    for line in text.lines() {
        // A folded line goes on with the header before it (RFC 3261 section 7.3.1).
        if !line.starts_with([' ', '\t']) {
            is_secret = false;
        }
        let line = match secret_after(line) {
            _ if is_secret => HIDDEN.to_owned(),
            Some(name) => {
                is_secret = true;
                format!("{name} {HIDDEN}")
            }
            None => line.to_owned(),
        };
        // Writing to a text cannot fail.
        let _ = write!(
            readable,
            "\n{MARGIN}{}",
            escaped(&line).replace('\n', "\\n")
        );
    }
    if shown.len() < bytes.len() {
        let _ = write!(
            readable,
            "\n{MARGIN}… {} bytes more",
            bytes.len() - shown.len()
        );
    }
    readable
}

/// The beginning of a line whose rest is secret.
fn secret_after(line: &str) -> Option<&str> {
    let (name, _) = line.split_once(':')?;
    let secret = [
        "authorization",
        "proxy-authorization",
        "a=crypto",
        "a=key-mgmt",
        "k=clear",
    ];
    let is_secret = secret
        .iter()
        .any(|known| name.trim().eq_ignore_ascii_case(known));
    is_secret.then(|| line.get(..=name.len())).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proves_a_password_is_hidden_however_it_is_written() {
        let message = "REGISTER sip:a SIP/2.0\r\nauthorization : Digest username=\"u\",\r\n \
                       response=\"5ecre7\"\r\nPROXY-AUTHORIZATION: Basic 5ecre7\r\nTo: <sip:u@a>\r\n\r\n\
                       v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:5ecre7\r\n";
        let shown = readable(message.as_bytes());
        assert!(!shown.contains("5ecre7"), "{shown}");
        assert!(
            shown.contains("\n| authorization : (hidden)\n| (hidden)\n| PROXY-"),
            "{shown}"
        );
        assert!(shown.contains("\n| To: <sip:u@a>\n"), "{shown}");
    }

    #[test]
    fn no_message_leaves_its_margin() {
        let shown = readable(b"INVITE\x1b[2J\rx\n2026 INFO forged\n\xff");
        assert!(
            shown.lines().skip(1).all(|line| line.starts_with(MARGIN)),
            "{shown}"
        );
        assert!(!shown.contains(['\u{1b}', '\r']), "{shown:?}");
        let long = readable(&[b'x'; SHOWN_BYTES_MAX + 5]);
        assert!(long.ends_with("5 bytes more"));
    }
}
