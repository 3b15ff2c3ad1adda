use crate::control::Control;
use crate::http::{router_within, serve};
use crate::settings::{ProviderSettings, Settings};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use trunkline_call::record::Records;

/// Short, as nothing that comes at all is late however long the machine takes to look at it.
const LIMIT: Duration = Duration::from_millis(50);

/// The interface behind its own listener.
async fn interface() -> SocketAddr {
    let mut providers = ProviderSettings::default();
    providers.twilio.unverified = true;
    let settings = Settings {
        providers,
        ..Settings::default()
    };
    let (control, _asked) = Control::new(Records::default(), Arc::new(settings));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, router_within(control, LIMIT)));
    address
}

/// All that comes until the connection is closed.
async fn answer(address: SocketAddr, path: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_body_that_is_announced_and_not_sent_is_answered_and_its_connection_closed() {
    let address = interface().await;
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
    let address = interface().await;
    let head = "Connection: close\r\nContent-Length: 2";
    let answer = answer(address, "/v1/calls", head, "{}").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("missing field `to`"), "{answer}");
}
