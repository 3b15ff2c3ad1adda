//! `/v1/events`, read as a browser would: server-sent events over one response without end.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::{eventually, is_pause};

/// A listener that has been admitted: nothing that happens from now on is missed.
pub struct Events {
    stream: TcpStream,
    text: String,
}

impl Events {
    /// Begins to listen.
    pub fn listen(http_port: u16) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", http_port)).expect("the gateway's HTTP");
        stream
            .write_all(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .expect("a request");
        stream
            .set_read_timeout(Some(Duration::from_millis(5)))
            .expect("a timeout that is not zero");
        let mut events = Self {
            stream,
            text: String::new(),
        };
        eventually("the events begin", || {
            events.read();
            events.text.contains("\r\n\r\n").then_some(())
        });
        assert!(events.text.starts_with("HTTP/1.1 200"), "{}", events.text);
        events
    }

    /// Waits for an event of this name; its data. Earlier ones are passed over.
    pub fn wait_for(&mut self, name: &str) -> Value {
        let head = format!("event: {name}\ndata: ");
        eventually(&format!("{name} is announced"), || {
            self.read();
            let at = self.text.find(&head)? + head.len();
            let length = self.text[at..].find('\n')?;
            let data = serde_json::from_str(&self.text[at..at + length]);
            self.text.drain(..at + length);
            Some(data.expect("an event's data is JSON"))
        })
    }

    fn read(&mut self) {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => panic!("the gateway ended its events"),
            Ok(length) => self.text += &String::from_utf8_lossy(&buffer[..length]),
            Err(error) => assert!(is_pause(&error), "{error}"),
        }
    }
}
