//! Asterisk's AudioSocket, spoken byte by byte.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::support::{Gateway, PATIENCE, free_port, sound};

const UUID: u8 = 0x01;
const AUDIO_8: u8 = 0x10;
const AUDIO_16: u8 = 0x12;

fn listening(name: &str) -> (Gateway, TcpStream) {
    let port = free_port();
    let more = format!("streams: {{audiosocket: \"127.0.0.1:{port}\"}}\n");
    let gateway = Gateway::start(name, &more);
    let asterisk = TcpStream::connect(("127.0.0.1", port)).expect("the port of AudioSocket");
    asterisk
        .set_read_timeout(Some(PATIENCE))
        .expect("a timeout");
    (gateway, asterisk)
}

fn message(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("a short payload");
    [&[kind], &length.to_be_bytes()[..], payload].concat()
}

fn read(asterisk: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; 3];
    asterisk.read_exact(&mut head).expect("a head");
    let mut payload = vec![0; usize::from(u16::from_be_bytes([head[1], head[2]]))];
    asterisk.read_exact(&mut payload).expect("a payload");
    (head[0], payload)
}

fn say(asterisk: &mut TcpStream, kind: u8, samples: &[i16]) {
    let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    let said = asterisk.write_all(&message(kind, &bytes));
    said.expect("the gateway listens");
}

/// Says a second of a tone in frames of 20 ms, each with a frame that is heard meanwhile, and goes
/// on hearing until the tone was heard for 40 of them.
fn hear_the_echo(asterisk: &mut TcpStream, kind: u8, rate: u32) {
    let tone = sound::tone(700.0, rate, rate as usize);
    let mut heard = Vec::new();
    let mut frames = tone.chunks(rate as usize / 50);
    while sound::frames_of_tone(700.0, rate, &heard) < 40 {
        if let Some(frame) = frames.next() {
            say(asterisk, kind, frame);
        }
        let (answered, payload) = read(asterisk);
        if answered == kind {
            let (pairs, _) = payload.as_chunks::<2>();
            heard.extend(pairs.iter().map(|pair| i16::from_le_bytes(*pair)));
        }
        assert!(heard.len() < 10 * rate as usize, "ten seconds without it");
    }
}

#[test]
fn echo_answers_a_call_by_audiosocket_at_the_rate_it_comes_in() {
    for (name, kind, rate) in [
        ("audiosocket-8", AUDIO_8, 8_000),
        ("audiosocket-16", AUDIO_16, 16_000),
    ] {
        let (gateway, mut asterisk) = listening(name);
        // The first message in two pieces, as TCP may cut it.
        let uuid = message(UUID, &[0x5a; 16]);
        asterisk.write_all(&uuid[..2]).expect("the gateway listens");
        std::thread::yield_now();
        asterisk.write_all(&uuid[2..]).expect("the gateway listens");
        hear_the_echo(&mut asterisk, kind, rate);
        asterisk
            .shutdown(Shutdown::Both)
            .expect("an open connection");
        let record = gateway.only_record();
        assert_eq!(record["end"]["by"], "remote", "{record}");
        assert_eq!(record["provider"], "audiosocket", "{record}");
        assert_eq!(record["sipCallId"], "5a5a5a5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a");
        assert_eq!(record["media"]["codec"], "L16", "{record}");
    }
}

#[test]
fn who_does_not_begin_with_a_uuid_is_let_go() {
    let (gateway, mut asterisk) = listening("audiosocket-nonsense");
    asterisk
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect("the gateway listens");
    // "G", a length of "ET", and never so much: it is let go when its time is over, or when it
    // has sent that much nonsense.
    let nonsense = vec![0x20; 0x4554];
    let _ = asterisk.write_all(&nonsense);
    asterisk
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a timeout");
    let mut rest = Vec::new();
    let end = asterisk.read_to_end(&mut rest);
    assert!(rest.is_empty(), "{rest:?}");
    assert!(
        end.is_ok() || end.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset),
        "the connection is closed"
    );
    assert!(gateway.records().is_empty(), "it was no call");
}
