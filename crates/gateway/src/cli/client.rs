//! Asks a running gateway over HTTP: one request, one answer, the connection closed.

use super::Failure;
use clap::Args;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;
use trunkline_providers::Secret;

/// How long the gateway may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer: 500 records are less than a tenth of it.
const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Which gateway is asked.
#[derive(Debug, Args)]
pub struct GatewayArgs {
    /// Where the gateway's HTTP interface is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8000")]
    url: String,
    /// A token of the gateway's `server.api_tokens`; else $TRUNKLINE_TOKEN. None is needed on its machine.
    #[arg(long)]
    token: Option<Secret>,
}

impl GatewayArgs {
    /// The JSON that a path gives.
    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        self.ask("GET", path, None)
    }

    /// The JSON that a path gives to a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.ask("POST", path, Some(body))
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let authority = self.authority()?;
        let of_environment = || std::env::var("TRUNKLINE_TOKEN").ok().map(Secret::new);
        let token = self.token.clone().or_else(of_environment);
        let request = request(method, path, authority, token.as_ref(), body)?;
        let answer = exchange(authority, &request).map_err(|error| {
            let remedy = "is the gateway running, and is --url right?";
            Failure::Failed(format!("cannot ask {}: {error}; {remedy}", self.url))
        })?;
        read(&answer)
    }

    fn authority(&self) -> Result<&str, Failure> {
        let rest = self
            .url
            .strip_prefix("http://")
            .map(|rest| rest.trim_end_matches('/'));
        let plain = |c: char| c.is_ascii_graphic() && !"/?#@".contains(c);
        rest.filter(|rest| !rest.is_empty() && rest.chars().all(plain))
            .ok_or_else(|| {
                let message = format!("--url {:?}: write http://host:port", self.url);
                Failure::Usage(message)
            })
    }
}

fn request(
    method: &str,
    path: &str,
    authority: &str,
    token: Option<&Secret>,
    body: Option<&Value>,
) -> Result<String, Failure> {
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n");
    if let Some(token) = token.map(Secret::reveal) {
        if !token.bytes().all(|b| b.is_ascii_graphic()) {
            let message = "the token has characters that no token has";
            return Err(Failure::Usage(message.to_owned()));
        }
        head.push_str(&format!("Authorization: Bearer {token}\r\n"));
    }
    let body = body.map(Value::to_string).unwrap_or_default();
    let length = body.len();
    head.push_str(&format!(
        "Content-Type: application/json\r\nContent-Length: {length}\r\n"
    ));
    Ok(format!("{head}\r\n{body}"))
}

fn exchange(authority: &str, request: &str) -> std::io::Result<Vec<u8>> {
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let place = if has_port {
        authority.to_owned()
    } else {
        format!("{authority}:80")
    };
    let mut failed = std::io::ErrorKind::NotFound.into();
    for address in place.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(mut stream) => {
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                stream.write_all(request.as_bytes())?;
                let mut answer = Vec::new();
                stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
                return Ok(answer);
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// The JSON of an answer; what the gateway says against it is a failure.
fn read(answer: &[u8]) -> Result<Value, Failure> {
    let text = String::from_utf8_lossy(answer);
    let parsed = text.split_once("\r\n\r\n").and_then(|(head, body)| {
        let status: u16 = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        Some((status, serde_json::from_str::<Value>(body).ok()))
    });
    match parsed {
        Some((200..300, Some(body))) => Ok(body),
        Some((_, Some(body))) if body["error"]["message"].is_string() => Err(Failure::of(
            body["error"]["message"].as_str().unwrap_or_default(),
        )),
        Some((status, _)) => Err(Failure::of(format!(
            "the answer was {status}, without words"
        ))),
        None => Err(Failure::of("what answered is no gateway; is --url right?")),
    }
}

/// A text as part of a path or a query (RFC 3986 section 2.1).
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> GatewayArgs {
        GatewayArgs {
            url: url.to_owned(),
            token: None,
        }
    }

    #[test]
    fn a_url_names_host_and_port_and_nothing_else() {
        for (url, authority) in [
            ("http://127.0.0.1:8000", "127.0.0.1:8000"),
            ("http://[::1]:8000/", "[::1]:8000"),
            ("http://voice.example.com", "voice.example.com"),
        ] {
            assert_eq!(at(url).authority().ok(), Some(authority));
        }
        for url in [
            "https://x",
            "127.0.0.1:8000",
            "http://",
            "http://a/b",
            "http://a\r\nb",
            "http://u@h",
        ] {
            assert!(at(url).authority().is_err(), "{url:?}");
        }
    }

    #[test]
    fn an_answer_is_its_json_or_what_speaks_against_it() {
        let good = read(b"HTTP/1.1 200 OK\r\nx: y\r\n\r\n{\"a\":1}").unwrap();
        assert_eq!(good["a"], 1);
        let refused =
            b"HTTP/1.1 404 Not Found\r\n\r\n{\"error\":{\"code\":\"c\",\"message\":\"no call\"}}";
        assert!(matches!(read(refused), Err(Failure::Failed(why)) if why == "no call"));
        for nonsense in [
            "",
            "SSH-2.0",
            "HTTP/1.1 \r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\nnot json",
        ] {
            assert!(read(nonsense.as_bytes()).is_err(), "{nonsense:?}");
        }
    }

    #[test]
    fn a_number_keeps_its_plus() {
        assert_eq!(encoded("+1 (512)"), "%2B1%20%28512%29");
        assert_eq!(encoded("ä/..?"), "%C3%A4%2F..%3F");
    }
}
