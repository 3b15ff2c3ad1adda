//! Whether a local Ollama runs, which voice applications of this machine talk to.

use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// Where Ollama listens unless its own variable says otherwise.
const ADDRESS: &str = "127.0.0.1:11434";
/// How long an answer of before counts.
const FRESH: Duration = Duration::from_secs(10);
/// How long it may take to answer.
const ANSWER_MAX: Duration = Duration::from_millis(300);
const REQUEST: &[u8] = b"GET /api/version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const RUNNING: &[u8] = b"HTTP/1.1 200";

/// Asks, and remembers the answer for a while, so that who asks us often does not ask it often.
#[derive(Debug)]
pub struct Ollama {
    address: String,
    answer: Mutex<Option<(Instant, bool)>>,
}

impl Ollama {
    /// The one that `OLLAMA_HOST` names, or the usual one.
    pub fn of_process() -> Self {
        Self::at(ollama_address())
    }

    fn at(address: String) -> Self {
        Self {
            address,
            answer: Mutex::default(),
        }
    }

    /// Whether it runs, as far as was seen within the last ten seconds.
    pub async fn is_running(&self) -> bool {
        let mut answer = self.answer.lock().await;
        match *answer {
            Some((at, is_running)) if at.elapsed() < FRESH => is_running,
            _ => {
                let is_running = timeout(ANSWER_MAX, answers(&self.address)).await;
                let is_running = matches!(is_running, Ok(Ok(true)));
                *answer = Some((Instant::now(), is_running));
                is_running
            }
        }
    }
}

async fn answers(address: &str) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(REQUEST).await?;
    let mut start = [0; RUNNING.len()];
    stream.read_exact(&mut start).await?;
    Ok(start == RUNNING)
}

/// Where Ollama is looked for: host and port.
pub fn ollama_address() -> String {
    address(&std::env::var("OLLAMA_HOST").unwrap_or_default())
}

/// Host and port of a value like `http://127.0.0.1:11434/` or `0.0.0.0`.
fn address(host: &str) -> String {
    let bare = host.split_once("://").map_or(host, |(_, rest)| rest);
    let bare = bare.split('/').next().unwrap_or_default().trim();
    let (host, port) = match bare.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (bare, "11434"),
    };
    match host {
        "" if bare.is_empty() => ADDRESS.to_owned(),
        // Where it listens on every address, it is reached on this one.
        "" | "0.0.0.0" | "[::]" => format!("127.0.0.1:{port}"),
        host => format!("{host}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    #[test]
    fn its_own_variable_says_where_it_is() {
        for (host, there) in [
            ("", "127.0.0.1:11434"),
            ("0.0.0.0", "127.0.0.1:11434"),
            (":8080", "127.0.0.1:8080"),
            ("http://10.0.0.7:11434/", "10.0.0.7:11434"),
            ("gpu.example.com", "gpu.example.com:11434"),
            ("[::1]:11434", "[::1]:11434"),
            ("[::1]", "[::1]:11434"),
        ] {
            assert_eq!(address(host), there, "{host:?}");
        }
    }

    #[tokio::test]
    async fn it_is_asked_once_in_a_while() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; REQUEST.len()];
            stream.read_exact(&mut request).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        });
        let ollama = Ollama::at(address);
        assert!(ollama.is_running().await);
        server.join().unwrap();
        assert!(
            ollama.is_running().await,
            "nobody is there any more; it was just seen"
        );
        let nobody = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        assert!(!Ollama::at(nobody.to_string()).is_running().await);
    }
}
