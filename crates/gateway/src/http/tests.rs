//! What a client may take of the interface, through its real listener; and what is said of its paths.

use super::probes::OPENAPI;
use super::{BODY_TIME_MAX, CONNECTIONS_MAX, HEADERS_TIME_MAX, router_within, serve_within};
use crate::control::{ANNOUNCEMENTS_MAX, Control, Question};
use crate::newcomer::GREETINGS_MAX;
use crate::settings::{ProviderSettings, Settings};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use trunkline_call::record::Records;

/// Short, as nothing that comes at all is late however long the machine takes to look at it.
const LIMIT: Duration = Duration::from_millis(50);

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// The interface behind its own listener.
struct Interface {
    connections: usize,
    headers_time: Duration,
    body_time: Duration,
    greetings: usize,
}

impl Default for Interface {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS_MAX,
            headers_time: HEADERS_TIME_MAX,
            body_time: BODY_TIME_MAX,
            greetings: GREETINGS_MAX,
        }
    }
}

impl Interface {
    async fn open(self) -> SocketAddr {
        self.open_with_control().await.0
    }

    async fn open_with_control(self) -> (SocketAddr, Control) {
        let mut providers = ProviderSettings::default();
        providers.twilio.unverified = true;
        let settings = Settings {
            providers,
            ..Settings::default()
        };
        let (control, mut asked) = Control::new(Records::default(), Arc::new(settings));
        tokio::spawn(async move {
            while let Some(question) = asked.recv().await {
                if let Question::StreamRoom(answer) = question {
                    let _ = answer.send(Ok(()));
                }
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = router_within(control.clone(), self.body_time, self.greetings);
        let serving = serve_within(listener, router, self.connections, self.headers_time);
        tokio::spawn(serving);
        (address, control)
    }

    async fn in_a_hurry_for_bodies() -> SocketAddr {
        let body_time = LIMIT;
        Self {
            body_time,
            ..Self::default()
        }
        .open()
        .await
    }
}

/// All that comes until the connection is closed.
async fn answer(address: SocketAddr, path: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    to_the_end(stream).await
}

async fn to_the_end(mut stream: TcpStream) -> String {
    let mut all = String::new();
    let read = timeout(PATIENCE, stream.read_to_string(&mut all)).await;
    read.expect("the connection is closed").unwrap();
    all
}

#[tokio::test]
async fn a_reader_of_events_who_is_too_far_behind_is_told_how_many_are_lost() {
    const BEYOND: usize = 100;
    let (address, control) = Interface::default().open_with_control().await;
    let mut reader = TcpStream::connect(address).await.unwrap();
    let request = b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    reader.write_all(request).await.unwrap();
    let mut text = String::new();
    let mut room = [0; 4096];
    let mut said = async |what: &str| {
        while !text.contains(what) {
            let length = timeout(PATIENCE, reader.read(&mut room)).await;
            let length = length.expect("it says more").unwrap();
            assert!(length > 0, "{text}");
            text.push_str(&String::from_utf8_lossy(&room[..length]));
        }
    };
    said("\r\n\r\n").await;
    // Nobody else runs meanwhile, so that nothing is read.
    for _ in 0..ANNOUNCEMENTS_MAX + BEYOND {
        control.announce("call.event", || "{}".to_owned());
    }
    said(&format!("event: lost\ndata: {{\"count\":{BEYOND}}}\n")).await;
    said("event: call.event\n").await;
}

#[tokio::test]
async fn a_body_that_is_announced_and_not_sent_is_answered_and_its_connection_closed() {
    let address = Interface::in_a_hurry_for_bodies().await;
    let call = "0".repeat(32);
    for path in [
        "/v1/calls".to_owned(),
        format!("/v1/calls/{call}/play"),
        format!("/v1/calls/{call}/hangup"),
        format!("/2010-04-01/Accounts/AC1/Calls/CA{call}.json"),
        "/sip/twilio/answer".to_owned(),
        "/sip/twilio/status".to_owned(),
    ] {
        for (head, body) in [
            ("Content-Length: 10", ""),
            ("Content-Length: 10", "{\"to"),
            ("Transfer-Encoding: chunked", "3\r\n{\"t\r\n"),
        ] {
            let answer = answer(address, &path, head, body).await;
            let what = format!("{path} {head} {body}: {answer}");
            assert!(answer.starts_with("HTTP/1.1 408 "), "{what}");
            assert!(answer.contains("connection: close\r\n"), "{what}");
        }
    }
}

#[tokio::test]
async fn a_body_that_is_there_is_read() {
    let address = Interface::in_a_hurry_for_bodies().await;
    let head = "Connection: close\r\nContent-Length: 2";
    let answer = answer(address, "/v1/calls", head, "{}").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("missing field `to`"), "{answer}");
}

#[tokio::test]
async fn headers_that_are_not_sent_to_their_end_are_not_waited_for() {
    let headers_time = LIMIT;
    let interface = Interface {
        headers_time,
        ..Interface::default()
    };
    let address = interface.open().await;
    for begun in ["", "GET /health HTTP/1.1\r\nHost: local"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        let answer = to_the_end(stream).await;
        assert!(!answer.contains(" 200 "), "{begun:?}: {answer}");
    }
}

/// Asks for what is not there, on a connection that stays.
async fn ask(stream: &mut TcpStream) {
    let request = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request).await.unwrap();
}

async fn is_answered(stream: &mut TcpStream) {
    let mut answer = Vec::new();
    while !answer.ends_with(b"}}") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
    }
    assert!(answer.starts_with(b"HTTP/1.1 404 "), "{answer:?}");
}

#[tokio::test]
async fn a_connection_too_many_waits_until_another_goes() {
    let interface = Interface {
        connections: 1,
        ..Interface::default()
    };
    let address = interface.open().await;
    let mut first = TcpStream::connect(address).await.unwrap();
    ask(&mut first).await;
    is_answered(&mut first).await;
    let mut second = TcpStream::connect(address).await.unwrap();
    ask(&mut second).await;
    for _ in 0..20 {
        ask(&mut first).await;
        is_answered(&mut first).await;
    }
    assert!(second.try_read(&mut [0; 1]).is_err(), "it has to wait");
    drop(first);
    is_answered(&mut second).await;
}

/// The status of a provider's handshake, and its connection.
async fn shaken(address: SocketAddr) -> (String, TcpStream) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = "GET /sip/telnyx/media-stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    (String::from_utf8_lossy(&status[9..]).into_owned(), stream)
}

#[tokio::test]
async fn a_provider_too_many_that_has_not_begun_is_refused_until_another_has_gone() {
    let interface = Interface {
        greetings: 1,
        ..Interface::default()
    };
    let address = interface.open().await;
    let (status, first) = shaken(address).await;
    assert_eq!(status, "101");
    assert_eq!(shaken(address).await.0, "503");
    drop(first);
    let let_in = async { while shaken(address).await.0 != "101" {} };
    timeout(PATIENCE, let_in).await.unwrap();
}

#[test]
fn every_path_is_described_and_every_description_is_a_path() {
    let source = include_str!("mod.rs");
    let routed: BTreeSet<String> = source
        .split(".route(")
        .skip(1)
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
        .map(str::to_owned)
        .collect();
    let document: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
    let described = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(routed, described);
}
