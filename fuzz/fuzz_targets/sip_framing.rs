//! A stream: what comes out does not depend on how it was cut into reads.
#![no_main]

use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use trunkline_sip::framing::{Input, Output, StreamFramer};

fuzz_target!(|bytes: &[u8]| {
    let Some((&step, bytes)) = bytes.split_first() else {
        return;
    };
    let whole = run(std::iter::once(bytes));
    let cut = run(bytes.chunks(usize::from(step).max(1)));
    assert_eq!(whole, cut);
});

/// The messages, good (`Ok`) and malformed (`Err`), and whether the stream was closed.
fn run<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Result<Vec<u8>, String>>, bool) {
    let (mut framer, now) = (StreamFramer::default(), Instant::now());
    let (mut messages, mut closed) = (Vec::new(), false);
    for piece in pieces {
        framer.handle_input(now, Input::Bytes(piece));
        loop {
            match framer.poll_output() {
                Output::Message(Ok(message)) => messages.push(Ok(message.to_bytes())),
                Output::Message(Err(malformed)) => messages.push(Err(malformed.to_string())),
                Output::Pong => {}
                Output::Close(_) => closed = true,
                Output::Timeout(_) => break,
            }
        }
    }
    (messages, closed)
}
