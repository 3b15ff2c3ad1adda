//! Cutting streams into messages.

// Tests read fixtures and need some instant to count from.
#![allow(clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use proptest::prelude::*;
use trunkline_sip::Message;
use trunkline_sip::framing::{Closed, Input, MESSAGE_TIME_MAX, Output, StreamFramer};
use trunkline_sip::message::{Fault, MESSAGE_BYTES_MAX};

fn options(body: &str, lengths: &[&str]) -> String {
    let mut text = String::from(
        "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c;branch=z9hG4bK1\r\nTo: <sip:a@b>\r\n\
         From: <sip:c@d>;tag=1\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n",
    );
    for length in lengths {
        text.push_str(&format!("Content-Length: {length}\r\n"));
    }
    text + "\r\n" + body
}

/// What comes out of a stream fed with these pieces at one time.
#[derive(Debug, PartialEq)]
enum Seen {
    Body(String),
    Malformed(Fault),
    Pong,
    Close(Closed),
}

fn feed(framer: &mut StreamFramer, now: Instant, input: Input<'_>, seen: &mut Vec<Seen>) {
    framer.handle_input(now, input);
    loop {
        seen.push(match framer.poll_output() {
            Output::Message(Ok(message)) => {
                Seen::Body(String::from_utf8_lossy(message.body()).into_owned())
            }
            Output::Message(Err(malformed)) => Seen::Malformed(malformed.fault()),
            Output::Pong => Seen::Pong,
            Output::Close(why) => Seen::Close(why),
            Output::Timeout(_) => return,
        });
    }
}

fn run<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Seen> {
    let (mut framer, now, mut seen) = (StreamFramer::default(), Instant::now(), Vec::new());
    for piece in pieces {
        feed(&mut framer, now, Input::Bytes(piece), &mut seen);
    }
    seen
}

#[test]
fn messages_are_cut_by_their_content_length() {
    let stream = options("abc", &["3"]) + &options("", &["0"]) + &options("xyzzy", &["5"]);
    let body = |text: &str| Seen::Body(text.to_owned());
    assert_eq!(
        run([stream.as_bytes()]),
        [body("abc"), body(""), body("xyzzy")]
    );
}

#[test]
fn a_double_crlf_is_answered_with_one() {
    assert_eq!(run([&b"\r\n\r\n"[..]]), [Seen::Pong]);
    assert_eq!(run([&b"\r"[..], b"\n\r", b"\n"]), [Seen::Pong]);
    // A single one is the peer's pong, or slack before a message.
    assert_eq!(run([&b"\r\n"[..]]), []);
    let message = format!("\r\n{}\r\n\r\n", options("a", &["1"]));
    assert_eq!(
        run([message.as_bytes()]),
        [Seen::Body("a".into()), Seen::Pong]
    );
}

#[test]
fn two_pongs_are_not_a_ping() {
    let (mut framer, now, mut seen) = (StreamFramer::default(), Instant::now(), Vec::new());
    for pong in 0..3 {
        let now = now + Duration::from_secs(25 * pong);
        feed(&mut framer, now, Input::Bytes(b"\r\n"), &mut seen);
    }
    assert_eq!(seen, []);
}

#[test]
fn a_flood_of_pings_gets_one_pong_a_read() {
    assert_eq!(run([b"\r\n".repeat(1000).as_slice()]), [Seen::Pong]);
}

#[test]
fn a_length_in_doubt_closes_the_stream() {
    let cases: [&[&str]; 8] = [
        &[],
        &["-1"],
        &["+1"],
        &["1x"],
        &["1, 1"],
        &["1", "2"],
        &["99999999999"],
        &[""],
    ];
    for lengths in cases {
        let stream = options("abc", lengths) + &options("", &["0"]);
        let seen = run([stream.as_bytes()]);
        let [Seen::Malformed(fault), Seen::Close(Closed::Framing(why))] = seen.as_slice() else {
            panic!("{lengths:?}: {seen:?}");
        };
        assert_eq!(fault, why);
    }
    assert_eq!(
        run([options("a", &["1", "1"]).as_bytes()]),
        [Seen::Body("a".into())]
    );
}

#[test]
fn a_bare_line_end_closes_the_stream() {
    let stream = options("", &["0"]).replacen("\r\nTo", "\nTo", 1);
    let closed = Seen::Close(Closed::Framing(Fault::BareLineEnd));
    assert_eq!(
        run([stream.as_bytes()]),
        [Seen::Malformed(Fault::BareLineEnd), closed]
    );
}

#[test]
fn a_malformed_message_of_known_length_does_not_close_the_stream() {
    let stream = options("abc", &["3"]).replace("CSeq: 1 O", "CSeq: 1 X") + &options("z", &["1"]);
    assert_eq!(
        run([stream.as_bytes()]),
        [
            Seen::Malformed(Fault::MethodMismatch),
            Seen::Body("z".into())
        ]
    );
}

#[test]
fn a_message_too_large_is_refused_before_it_has_arrived() {
    let announced = options("", &[&MESSAGE_BYTES_MAX.to_string()]);
    let refused = [
        Seen::Malformed(Fault::TooLarge),
        Seen::Close(Closed::Framing(Fault::TooLarge)),
    ];
    assert_eq!(run([announced.as_bytes()]), refused);
    let endless = options("", &["0"]).replace("\r\n\r\n", "\r\nX: y");
    let filler = "y".repeat(MESSAGE_BYTES_MAX);
    assert_eq!(run([endless.as_bytes(), filler.as_bytes()]), refused);
}

#[test]
fn bytes_that_trickle_do_not_extend_the_time() {
    let (mut framer, start, mut seen) = (StreamFramer::default(), Instant::now(), Vec::new());
    let message = options("", &["0"]);
    for (second, byte) in message.as_bytes().chunks(1).take(10).enumerate() {
        let now = start + Duration::from_secs(second as u64);
        feed(&mut framer, now, Input::Bytes(byte), &mut seen);
        let Output::Timeout(deadline) = framer.poll_output() else {
            panic!("nothing but a deadline can be due");
        };
        assert_eq!(deadline, Some(start + MESSAGE_TIME_MAX));
    }
    feed(
        &mut framer,
        start + MESSAGE_TIME_MAX,
        Input::Timeout,
        &mut seen,
    );
    feed(
        &mut framer,
        start + MESSAGE_TIME_MAX,
        Input::Bytes(message.as_bytes()),
        &mut seen,
    );
    assert_eq!(seen, [Seen::Close(Closed::TooSlow)]);
}

#[test]
fn an_idle_stream_has_no_deadline() {
    let (mut framer, now) = (StreamFramer::default(), Instant::now());
    framer.handle_input(now, Input::Bytes(options("", &["0"]).as_bytes()));
    assert!(matches!(framer.poll_output(), Output::Message(Ok(_))));
    assert!(matches!(framer.poll_output(), Output::Timeout(None)));
}

proptest! {
    #[test]
    fn how_a_stream_is_split_makes_no_difference(
        bodies in prop::collection::vec("[a-z\\r\\n]{0,12}", 1..4),
        cuts in prop::collection::vec(1usize..40, 1..60),
    ) {
        let stream: String =
            bodies.iter().map(|body| options(body, &[&body.len().to_string()])).collect();
        let mut rest = stream.as_bytes();
        let mut pieces = Vec::new();
        for cut in cuts {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        let wanted: Vec<_> = bodies.into_iter().map(Seen::Body).collect();
        prop_assert_eq!(run(pieces), wanted);
    }

    #[test]
    fn any_bytes_end_in_finitely_many_outputs(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..10)
    ) {
        let bytes: usize = pieces.iter().map(Vec::len).sum();
        let seen = run(pieces.iter().map(Vec::as_slice));
        prop_assert!(seen.len() <= bytes + 2);
    }

    #[test]
    fn a_datagram_and_a_stream_read_the_same_message(body in "[ -~]{0,40}") {
        let text = options(&body, &[&body.len().to_string()]);
        let datagram = Message::parse(text.as_bytes()).unwrap();
        let mut framer = StreamFramer::default();
        framer.handle_input(Instant::now(), Input::Bytes(text.as_bytes()));
        let Output::Message(Ok(streamed)) = framer.poll_output() else {
            panic!("a whole message was given");
        };
        prop_assert_eq!(datagram, streamed);
    }
}
