//! The load generator as the provider of media streams, with servers that do well and that do not.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use trunkline_phone::load::{self, Process, StreamTarget, StreamsReport};
use trunkline_streams::stream::{Down, Up};
use trunkline_streams::{Frame, dialect};
use tungstenite::Message;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;

/// What a server does with the audio of a message, which is that many on its stream.
#[derive(Clone, Copy)]
enum Does {
    Echo,
    Drop,
    Close,
}

/// A server of one dialect, with a thread for each stream, that does this with each message.
fn serve(name: &'static str, does: fn(u64) -> Does) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || answer(stream.unwrap(), name, does));
        }
    });
    address
}

/// Ends when the stream does.
fn answer(stream: TcpStream, name: &str, does: fn(u64) -> Does) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut socket = tungstenite::accept(stream).ok()?;
    let mut codec = (dialect::stream(name)?.codec)();
    let mut count = 0;
    loop {
        let Message::Text(text) = socket.read().ok()? else {
            continue;
        };
        let payload = match codec.read_up(Frame::Text(&text)) {
            Ok(Up::Media(media)) => media.payload.to_vec(),
            _ => continue,
        };
        count += 1;
        match does(count) {
            Does::Echo => {}
            Does::Drop => continue,
            Does::Close => {
                let frame = CloseFrame {
                    code: CloseCode::Error,
                    reason: "out of order".into(),
                };
                socket.close(Some(frame)).ok()?;
                continue;
            }
        }
        let media = Down::Media {
            payload: &payload,
            format: None,
            mark: None,
        };
        let Some(Frame::Text(text)) = codec.write_down(&media) else {
            continue;
        };
        socket.send(Message::text(text)).ok()?;
    }
}

fn measure(name: &str, address: SocketAddr, count: u32, seconds: u64) -> StreamsReport {
    let target = StreamTarget {
        url: format!("ws://{address}/stream?of=ours"),
        address,
        dialect: dialect::stream(name).unwrap(),
        process: Process::new(std::process::id()).ok(),
    };
    load::streams(&target, count, Duration::from_secs(seconds)).unwrap()
}

#[test]
fn every_frame_of_an_echo_comes_back_in_each_dialect() {
    let runs = ["twilio", "telnyx", "plivo"]
        .map(|name| thread::spawn(move || measure(name, serve(name, |_| Does::Echo), 3, 3)));
    for run in runs {
        let report = run.join().unwrap();
        assert_eq!((report.failed, report.calls), (0, 3), "{report:?}");
        assert_eq!(report.opened_ms.count, 3);
        assert!((400..=500).contains(&report.sent), "{report:?}");
        assert!(report.delay_ms.count >= 6, "{report:?}");
        assert_eq!((report.unheard, report.loss_by_pulses), (0, 0.0));
        assert!(report.cpu_ms_per_call_second.is_some_and(|ms| ms > 0.0));
    }
}

#[test]
fn a_server_that_drops_every_tenth_frame_loses_a_tenth() {
    let address = serve("twilio", |count| match count % 10 {
        3 => Does::Drop,
        _ => Does::Echo,
    });
    let report = measure("twilio", address, 3, 4);
    assert!(!report.pass);
    assert!((report.loss_by_count - 0.1).abs() < 0.02, "{report:?}");
    assert!((report.loss_by_pulses - 0.1).abs() < 1e-9, "{report:?}");
    assert_eq!((report.failed, report.unheard), (0, 0), "{report:?}");
}

#[test]
fn a_server_that_closes_in_the_middle_has_failed() {
    let address = serve("twilio", |count| match count {
        ..100 => Does::Echo,
        _ => Does::Close,
    });
    let report = measure("twilio", address, 2, 1);
    assert_eq!((report.failed, report.pass), (2, false));
    let why = report.last_failure.unwrap();
    assert_eq!(why, "the target closed with 1011 out of order");
}

#[test]
fn a_server_that_takes_no_stream_is_quoted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let report = measure("twilio", address, 2, 1);
    assert_eq!((report.failed, report.received), (2, 0));
    let why = report.last_failure.unwrap();
    assert!(why.contains("refused"), "{why}");
}
