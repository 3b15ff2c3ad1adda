//! The HTTP request that opens a WebSocket (RFC 6455 §4.2), as far as an echo cares.

use tungstenite::handshake::derive_accept_key;

/// The longest request that is read.
pub const REQUEST_BYTES_MAX: usize = 8_192;

/// The length of the request at the start of `bytes`, and its answer; `None` while it is unfinished.
pub fn answer(bytes: &[u8]) -> Option<(usize, String)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let request = String::from_utf8_lossy(bytes.get(..end)?);
    let header = |name: &str| {
        let lines = request.lines().filter_map(|line| line.split_once(':'));
        let mut found = lines.filter(|(have, _)| have.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.trim())
    };
    let Some(key) = header("Sec-WebSocket-Key") else {
        let refusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return Some((end, refusal.to_owned()));
    };
    let accept = derive_accept_key(key.as_bytes());
    // Whatever is offered first is what will be echoed.
    let protocol = header("Sec-WebSocket-Protocol").and_then(|list| list.split(',').next());
    let protocol = protocol.map_or(String::new(), |name| {
        format!("Sec-WebSocket-Protocol: {}\r\n", name.trim())
    });
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{protocol}\r\n"
    );
    Some((end, answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_gets_the_answer_of_the_rfc() {
        let request = "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
            Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\r\n";
        assert_eq!(answer(&request.as_bytes()[..40]), None);
        let more = format!("{request}\u{2}");
        let (length, answer) = answer(more.as_bytes()).unwrap();
        assert_eq!(length, request.len());
        assert!(answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        assert!(answer.contains("Sec-WebSocket-Protocol: chat\r\n"));
    }

    #[test]
    fn a_request_that_is_no_upgrade_is_refused() {
        let (_, answer) = answer(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert!(answer.starts_with("HTTP/1.1 400"));
    }
}
