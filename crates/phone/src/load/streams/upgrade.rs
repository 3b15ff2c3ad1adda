//! The HTTP request that opens a WebSocket (RFC 6455 section 4.1), as far as a caller cares.

use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;

/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 16_384;

/// A request whose answer is waited for.
pub struct Upgrade {
    key: String,
}

/// What came of it so far.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// More bytes are needed.
    Unfinished,
    /// The connection is open; so many bytes were its answer.
    Open(usize),
    /// It is not, and why.
    Refused(String),
}

impl Upgrade {
    /// Asks for `path` at `host`, in this subprotocol; the request is appended.
    pub fn ask(path: &str, host: &str, subprotocol: Option<&str>, out: &mut Vec<u8>) -> Self {
        let key = generate_key();
        let subprotocol = subprotocol.map_or(String::new(), |name| {
            format!("Sec-WebSocket-Protocol: {name}\r\n")
        });
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{subprotocol}\r\n"
        );
        out.extend_from_slice(request.as_bytes());
        Self { key }
    }

    /// Reads the answer at the start of `bytes`.
    pub fn answer(&self, bytes: &[u8]) -> Answer {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let Some(end) = end.map(|end| end + 4) else {
            return match bytes.len() {
                0..ANSWER_BYTES_MAX => Answer::Unfinished,
                _ => Answer::Refused("an answer without end".to_owned()),
            };
        };
        let text = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
        let mut lines = text.lines();
        let status = lines.next().unwrap_or_default();
        if status.split(' ').nth(1) != Some("101") {
            return Answer::Refused(status.escape_debug().to_string());
        }
        let accepted = derive_accept_key(self.key.as_bytes());
        let mut headers = lines.filter_map(|line| line.split_once(':'));
        let proven = headers.any(|(name, value)| {
            name.eq_ignore_ascii_case("Sec-WebSocket-Accept") && value.trim() == accepted
        });
        match proven {
            true => Answer::Open(end),
            false => Answer::Refused("a 101 that does not accept our key".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_opens_and_nothing_else_does() {
        let upgrade = Upgrade {
            key: "dGhlIHNhbXBsZSBub25jZQ==".to_owned(),
        };
        let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
            Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        assert_eq!(upgrade.answer(&answer.as_bytes()[..60]), Answer::Unfinished);
        let more = format!("{answer}\u{2}");
        assert_eq!(upgrade.answer(more.as_bytes()), Answer::Open(answer.len()));
        for refused in [
            &answer.replace("s3pP", "S3pP"),
            "HTTP/1.1 503 Service Unavailable\r\n\r\n",
            &"x".repeat(ANSWER_BYTES_MAX),
        ] {
            assert!(matches!(
                upgrade.answer(refused.as_bytes()),
                Answer::Refused(_)
            ));
        }
    }

    #[test]
    fn what_is_asked_is_what_the_stand_in_answers() {
        let mut request = Vec::new();
        let upgrade = Upgrade::ask("/", "127.0.0.1:9", Some("media"), &mut request);
        let (length, answer) = crate::standin::answer(&request).unwrap();
        assert_eq!(length, request.len());
        assert_eq!(
            upgrade.answer(answer.as_bytes()),
            Answer::Open(answer.len())
        );
    }
}
