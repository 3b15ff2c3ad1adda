//! A server whose every connection follows a script.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a server does with a connection.
#[derive(Clone, Debug)]
pub enum Does {
    /// Waits for so many ms.
    Waits(u64),
    /// Sends this.
    Sends(Vec<u8>),
    /// Keeps the connection open until the other side closes it, and counts that.
    Stays,
}

/// Sends text.
pub fn sends(text: impl Into<String>) -> Does {
    Does::Sends(text.into().into_bytes())
}

/// The head of a good answer whose body ends with the connection.
pub fn ok() -> Does {
    sends("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
}

/// The head of a good answer in chunks, so that a connection that breaks is no end.
pub fn ok_in_chunks() -> Does {
    sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
}

/// One chunk.
pub fn chunk(text: &str) -> Does {
    sends(format!("{:x}\r\n{text}\r\n", text.len()))
}

/// An answer that says no.
pub fn status(status: u16, body: &str) -> Does {
    let length = body.len();
    sends(format!(
        "HTTP/1.1 {status} No\r\nContent-Length: {length}\r\n\r\n{body}"
    ))
}

#[derive(Default)]
struct Seen {
    requests: Vec<Vec<u8>>,
    left: usize,
}

/// A server at a port of its own. The last script is for all further connections.
pub struct Scripted {
    pub port: u16,
    seen: Arc<Mutex<Seen>>,
    serving: JoinHandle<()>,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Scripted {
    /// One that reads a request of HTTP before each script.
    pub async fn http(scripts: Vec<Vec<Does>>) -> Self {
        Self::start(scripts, true).await
    }

    /// One that begins with its script when anything has come.
    pub async fn tcp(scripts: Vec<Vec<Does>>) -> Self {
        Self::start(scripts, false).await
    }

    async fn start(scripts: Vec<Vec<Does>>, is_http: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let seen = Arc::<Mutex<Seen>>::default();
        let noted = Arc::clone(&seen);
        let serving = tokio::spawn(async move {
            for count in 0.. {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                let script = scripts.get(count).or(scripts.last());
                let script = script.cloned().unwrap_or_default();
                tokio::spawn(serve(stream, script, is_http, Arc::clone(&noted)));
            }
        });
        Self {
            port,
            seen,
            serving,
        }
    }

    /// What was asked, connection by connection.
    pub fn requests(&self) -> Vec<String> {
        let seen = self.seen.lock().expect("no panic");
        let requests = seen.requests.iter();
        requests
            .map(|request| String::from_utf8_lossy(request).into_owned())
            .collect()
    }

    /// The first request's bytes.
    pub fn request(&self) -> Vec<u8> {
        self.seen.lock().expect("no panic").requests[0].clone()
    }

    /// Waits until so many who were kept waiting have gone.
    pub async fn wait_until_left(&self, count: usize) {
        let waiting = async {
            while self.seen.lock().expect("no panic").left < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting)
            .await
            .expect("they leave");
    }
}

async fn serve(mut stream: TcpStream, script: Vec<Does>, is_http: bool, seen: Arc<Mutex<Seen>>) {
    let mut request = Vec::new();
    let mut part = vec![0; 65_536];
    while !is_whole(&request, is_http) {
        match stream.read(&mut part).await {
            Ok(count @ 1..) => request.extend_from_slice(&part[..count]),
            _ => break,
        }
    }
    seen.lock().expect("no panic").requests.push(request);
    for does in script {
        match does {
            Does::Waits(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            Does::Sends(bytes) => {
                // Who has gone hears nothing more.
                let _ = stream.write_all(&bytes).await;
            }
            Does::Stays => {
                while matches!(stream.read(&mut part).await, Ok(1..)) {}
                seen.lock().expect("no panic").left += 1;
            }
        }
    }
    let _ = stream.shutdown().await;
}

fn is_whole(request: &[u8], is_http: bool) -> bool {
    if !is_http {
        return !request.is_empty();
    }
    let Some(head) = request.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let text = String::from_utf8_lossy(&request[..head]).to_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length
        .and_then(|length| length.trim().parse().ok())
        .unwrap_or(0);
    request.len() >= head + 4 + length
}
