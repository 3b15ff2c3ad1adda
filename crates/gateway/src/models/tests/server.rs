//! A web server that does as it is told, once for each request, and remembers who asked what.

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is answered.
#[derive(Clone, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// After so many bytes of the body the connection is closed.
    pub breaks_after: Option<usize>,
}

impl Reply {
    pub fn of(kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: vec![("Content-Type", kind.to_owned())],
            body: body.into(),
            breaks_after: None,
        }
    }

    pub fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    pub fn to(location: String) -> Self {
        Self {
            status: 302,
            headers: vec![("Location", location)],
            ..Self::default()
        }
    }
}

/// What was asked: the request line and the headers, in lower case.
#[derive(Clone, Debug)]
pub struct Asked(String);

impl Asked {
    /// What is asked for.
    pub fn target(&self) -> &str {
        self.0.split(' ').nth(1).unwrap_or_default()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self
            .0
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        let mut named = lines.filter(|(header, _)| header.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value)
    }

    /// From which byte on.
    pub fn from(&self) -> usize {
        let range = self
            .header("range")
            .and_then(|range| range.strip_prefix("bytes="));
        range.map_or(0, |range| range.trim_end_matches('-').parse().unwrap())
    }

    /// A part of a file, as it was asked for.
    pub fn part_of(&self, file: &[u8]) -> Reply {
        let from = self.from();
        let body = file.get(from..).unwrap_or_default().to_vec();
        match self.header("range") {
            None => Reply::of("application/octet-stream", body),
            Some(_) if body.is_empty() => Reply::status(416),
            Some(_) => Reply {
                status: 206,
                headers: vec![(
                    "Content-Range",
                    format!("bytes {from}-{}/{}", file.len() - 1, file.len()),
                )],
                body,
                breaks_after: None,
            },
        }
    }
}

/// The server; its thread ends with the test's process.
#[derive(Clone)]
pub struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Answers each request with what comes of it.
    pub fn start(answer: impl Fn(&Asked) -> Reply + Send + 'static) -> Self {
        Self::with(None, answer)
    }

    /// The same over TLS.
    pub fn secured(
        config: Arc<ServerConfig>,
        answer: impl Fn(&Asked) -> Reply + Send + 'static,
    ) -> Self {
        Self::with(Some(config), answer)
    }

    fn with(
        config: Option<Arc<ServerConfig>>,
        answer: impl Fn(&Asked) -> Reply + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            asked: Arc::default(),
        };
        let asked = Arc::clone(&server.asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                stream
                    .set_read_timeout(Some(Duration::from_secs(10)))
                    .unwrap();
                // Whoever goes away in the middle has what it wanted.
                let _ = match &config {
                    None => serve(stream, &asked, &answer),
                    Some(config) => {
                        let session = ServerConnection::new(Arc::clone(config)).unwrap();
                        serve(StreamOwned::new(session, stream), &asked, &answer)
                    }
                };
            }
        });
        server
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn targets(&self) -> Vec<String> {
        let asked = self.asked();
        asked
            .iter()
            .map(|asked| asked.target().to_owned())
            .collect()
    }
}

fn serve(
    mut stream: impl Read + Write,
    list: &Mutex<Vec<Asked>>,
    answer: &impl Fn(&Asked) -> Reply,
) -> std::io::Result<()> {
    let asked = Asked(head(&mut stream)?);
    let reply = answer(&asked);
    list.lock().unwrap().push(asked);
    let mut text = format!("HTTP/1.1 {} Told\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n", reply.body.len()));
    stream.write_all(text.as_bytes())?;
    let end = reply.breaks_after.unwrap_or(reply.body.len());
    stream.write_all(&reply.body[..end.min(reply.body.len())])?;
    stream.flush()
}

/// A request up to the empty line behind its headers.
fn head(stream: &mut impl Read) -> std::io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8(head).unwrap())
}

/// A proxy that leads every `CONNECT` to one place, and remembers what it was asked.
pub fn tunnel_to(port: u16) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = Server {
        port: listener.local_addr().unwrap().port(),
        asked: Arc::default(),
    };
    let list = Arc::clone(&proxy.asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut near = stream;
            let Ok(asked) = head(&mut near) else { continue };
            let is_connect = asked.starts_with("CONNECT ");
            list.lock().unwrap().push(Asked(asked));
            if !is_connect {
                continue;
            }
            near.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
                .unwrap();
            let far = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (mut a, mut b) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            let (mut near, mut far) = (near, far);
            std::thread::spawn(move || std::io::copy(&mut a, &mut far));
            std::thread::spawn(move || std::io::copy(&mut b, &mut near));
        }
    });
    proxy
}
