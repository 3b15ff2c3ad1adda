//! As much HTTP as a test needs: one request, one answer, the connection closed.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::PATIENCE;

/// Status and body of a GET.
pub fn get(port: u16, path: &str) -> Result<(u16, String)> {
    exchange(
        port,
        format!("GET {path} HTTP/1.1\r\n{HEADERS}\r\n").as_bytes(),
    )
}

/// Status and body of a POST of JSON.
pub fn post(port: u16, path: &str, body: &Value) -> Result<(u16, String)> {
    post_bytes(port, path, "application/json", body.to_string().as_bytes())
}

/// Status and body of a POST of anything.
pub fn post_bytes(port: u16, path: &str, kind: &str, body: &[u8]) -> Result<(u16, String)> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\n{HEADERS}Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    );
    exchange(port, &[head.as_bytes(), body].concat())
}

/// Status and body of a GET, or with a body of a POST of a form, with these headers besides.
pub fn ask_with(
    port: u16,
    path: &str,
    headers: &[(&str, &str)],
    form: Option<&str>,
) -> Result<(u16, String)> {
    let more: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let (more, method) = (more.concat(), if form.is_some() { "POST" } else { "GET" });
    let form = form.unwrap_or_default();
    let length = form.len();
    let host = if more.contains("Host: ") { "" } else { HEADERS };
    let request = format!(
        "{method} {path} HTTP/1.1\r\n{host}{more}Content-Length: {length}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}"
    );
    exchange(port, request.as_bytes())
}

const HEADERS: &str = "Host: localhost\r\nConnection: close\r\n";

fn exchange(port: u16, request: &[u8]) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let malformed = || Error::new(ErrorKind::InvalidData, format!("no HTTP answer: {answer}"));
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(malformed)?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Ok((status.ok_or_else(malformed)?, body.to_owned()))
}
