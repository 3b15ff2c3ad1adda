//! Reads whatever came: what must hold of every message, good or bad. Tests and the fuzz target of
//! messages share it.

use trunkline_sip::Message;

/// Reads bytes as a datagram. They are a message whose every part can be asked for, copied and
/// answered, or they are refused with an answer that is whole.
pub fn read_or_refuse(bytes: &[u8]) {
    match Message::parse(bytes) {
        Ok(message) => use_it(&message),
        Err(malformed) => {
            if let Some(answer) = malformed.answer() {
                let answer = answer.to_tag("tag").build();
                // A line per header and no more: nothing of the request became a header of its own.
                let head = answer.fields().count() + 2;
                let pairs = answer.as_bytes().windows(2);
                assert_eq!(pairs.filter(|pair| pair == b"\r\n").count(), head);
                assert!(answer.as_bytes().ends_with(b"Content-Length: 0\r\n\r\n"));
            }
        }
    }
}

fn use_it(message: &Message) {
    ask_everything(message);
    let copy = message.edit().build();
    let again = Message::parse(copy.as_bytes()).expect("a copy of a valid message is valid");
    assert_eq!(again.body(), message.body());
    assert_eq!(again, again.edit().build());
    if message.is_request() {
        let source = "[2001:db8::1]:5060".parse().expect("an address");
        let answer = message.with_received(source).response(200, "OK");
        let answer = answer.to_tag("tag").build();
        let read = Message::parse(answer.as_bytes()).expect("the answer to it is valid");
        assert_eq!(read.cseq(), message.cseq());
        let to = |message: &Message| message.to().map(|to| to.uri_str().to_owned()).ok();
        assert_eq!(to(&read), to(message));
    }
}

fn ask_everything(message: &Message) {
    let _ = (message.vias(), message.contacts(), message.routes());
    let _ = (message.record_routes(), message.refer_to(), message.event());
    let _ = (message.subscription_state(), message.expires());
    let _ = (message.replaces(), message.retry_after(), message.reasons());
    let _ = (message.warnings(), message.session_expires());
    let _ = (message.request_uri(), message.min_expires());
}
