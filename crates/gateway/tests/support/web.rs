//! A web server of one test: files by their paths, and what was asked of it.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::eventually;

/// Path to status line and headers, and body.
type Pages = Arc<Mutex<HashMap<String, (String, Vec<u8>)>>>;

/// Serves what it was given, each connection one request.
pub struct Web {
    address: SocketAddr,
    pages: Pages,
    asked: Requests,
}

/// Each request: its head and its body.
type Requests = Arc<Mutex<Vec<(String, String)>>>;

impl Web {
    /// A server with nothing yet.
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let (pages, asked) = (Pages::default(), Requests::default());
        let (served, noted) = (Arc::clone(&pages), Arc::clone(&asked));
        // It ends with the process of the test.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (served, noted) = (Arc::clone(&served), Arc::clone(&noted));
                std::thread::spawn(move || serve(stream, &served, &noted));
            }
        });
        Self {
            address,
            pages,
            asked,
        }
    }

    /// `http://host:port`
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves this at a path.
    pub fn put(&self, path: &str, body: &[u8]) {
        self.answer(path, "200 OK", body);
    }

    /// Leads from one path to any URL.
    pub fn lead(&self, path: &str, to: &str) {
        self.answer(path, &format!("302 Found\r\nLocation: {to}"), b"");
    }

    /// Answers a path so: a status, and headers behind it.
    pub fn answer(&self, path: &str, head: &str, body: &[u8]) {
        let mut pages = self.pages.lock().expect("nobody panicked");
        pages.insert(path.to_owned(), (head.to_owned(), body.to_vec()));
    }

    /// Every request so far: its first line, a space, and its body.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().expect("nobody panicked");
        asked.iter().map(|(head, body)| line(head, body)).collect()
    }

    /// A header of the first request that begins so.
    pub fn header(&self, start: &str, name: &str) -> Option<String> {
        let asked = self.asked.lock().expect("nobody panicked");
        let mut found = asked.iter().filter(|(head, _)| head.starts_with(start));
        let (head, _) = found.next()?;
        let mut headers = head.lines().filter_map(|line| line.split_once(": "));
        let header = headers.find(|(given, _)| given.eq_ignore_ascii_case(name));
        header.map(|(_, value)| value.to_owned())
    }

    /// Waits for a request that begins so.
    pub fn wait_asked(&self, start: &str) -> String {
        eventually(&format!("the server is asked {start}"), || {
            let asked = self.asked();
            asked.into_iter().find(|asked| asked.starts_with(start))
        })
    }
}

fn line(head: &str, body: &str) -> String {
    format!("{} {body}", head.lines().next().unwrap_or_default())
}

fn serve(mut stream: TcpStream, pages: &Pages, asked: &Mutex<Vec<(String, String)>>) {
    let Some((head, body)) = request(&mut stream) else {
        return;
    };
    let target = head.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default().to_owned();
    asked.lock().expect("nobody panicked").push((head, body));
    let page = pages.lock().expect("nobody panicked").get(&path).cloned();
    let (head, body) = page.unwrap_or(("404 Not Found".to_owned(), Vec::new()));
    let length = body.len();
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n");
    // Who asked may have had enough.
    let _ = stream.write_all(&[head.as_bytes(), &body].concat());
}

/// The head of a request, and as much body as that says.
fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        let mut more = [0; 4096];
        let count = stream.read(&mut more).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&more[..count]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let (head, body) = (&bytes[..end], &bytes[end + 4..]);
        let head = String::from_utf8_lossy(head).into_owned();
        let mut lines = head.lines();
        let length = lines.find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.parse::<usize>().ok())?
        });
        // Counted in bytes: a body may be sound.
        if body.len() >= length.unwrap_or(0) {
            return Some((head, String::from_utf8_lossy(body).into_owned()));
        }
    }
}
