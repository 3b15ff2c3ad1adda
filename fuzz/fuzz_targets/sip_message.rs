//! A datagram: read or refused, and answered with something that can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trunkline_sip::Message;

fuzz_target!(|bytes: &[u8]| match Message::parse(bytes) {
    Ok(message) => use_it(&message),
    Err(malformed) => {
        if let Some(answer) = malformed.answer() {
            let answer = answer.to_tag("tag").build();
            // A line per header and no more: nothing of the request became a header of its own.
            let head = answer.fields().count() + 2;
            let ends = answer
                .as_bytes()
                .windows(2)
                .filter(|pair| pair == b"\r\n")
                .count();
            assert_eq!(ends, head);
        }
    }
});

fn use_it(message: &Message) {
    let _ = (
        message.vias(),
        message.contacts(),
        message.routes(),
        message.record_routes(),
    );
    let _ = (
        message.refer_to(),
        message.event(),
        message.subscription_state(),
        message.expires(),
    );
    let _ = (
        message.replaces(),
        message.retry_after(),
        message.reasons(),
        message.warnings(),
    );
    let _ = (
        message.session_expires(),
        message.request_uri(),
        message.min_expires(),
    );
    let copy = message.edit().build();
    let again = Message::parse(copy.as_bytes()).expect("a copy of a valid message is valid");
    assert_eq!(again.body(), message.body());
    assert_eq!(again, again.edit().build());
    if message.is_request() {
        let source = "192.0.2.1:5060".parse().expect("an address");
        let answer = message
            .with_received(source)
            .response(200, "OK")
            .to_tag("tag")
            .build();
        let read = Message::parse(answer.as_bytes()).expect("the answer to it is valid");
        assert_eq!(read.cseq(), message.cseq());
    }
}
