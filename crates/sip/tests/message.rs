//! Reading and writing whole messages.

use trunkline_sip::header::Contacts;
use trunkline_sip::message::{Fault, HEADERS_MAX, LINE_BYTES_MAX};
use trunkline_sip::{Builder, Message, Method, Name, Uri};

const INVITE: &str = "INVITE sip:bob@biloxi.com SIP/2.0\r\n\
    v: SIP/2.0/UDP pc33.atlanta.com:5066;branch=z9hG4bK776;rport, SIP/2.0/TCP [2001:db8::9];branch=z9\r\n\
    Max-Forwards: 70\r\n\
    t: Bob <sip:bob@biloxi.com>\r\n\
    From: \"Alice, \\\"A\\\"\" <sip:alice@atlanta.com>;tag=1928301774\r\n\
    i: a84b4c76e66710\r\n\
    CSEQ: 314159\r\n\x20 INVITE\r\n\
    m: <sip:alice@pc33.atlanta.com>;expires=60, \"x, y\" <sip:a@b?c=d>\r\n\
    X-Odd: one\r\n\
    c: application/sdp\r\n\
    l: 4\r\n\r\nv=0\nnoise";

fn invite() -> Message {
    Message::parse(INVITE.as_bytes()).expect("a valid INVITE")
}

#[test]
fn a_request_is_read_with_its_compact_and_folded_headers() {
    let message = invite();
    assert_eq!(message.method(), Some(&Method::Invite));
    assert_eq!(message.request_uri_str(), Some("sip:bob@biloxi.com"));
    let cseq = message.cseq().unwrap();
    assert_eq!((cseq.number, cseq.method), (314_159, Method::Invite));
    assert_eq!(message.from().unwrap().display().unwrap(), "Alice, \"A\"");
    assert_eq!(message.from().unwrap().tag(), Some("1928301774"));
    assert_eq!(message.to().unwrap().display().unwrap(), "Bob");
    assert_eq!(message.call_id(), Ok("a84b4c76e66710"));
    assert_eq!(message.max_forwards(), Ok(Some(70)));
    assert_eq!(message.header("x-odd"), Some("one"));
    assert_eq!(message.body(), b"v=0\n");
    assert!(message.is_content("application/SDP"));
}

#[test]
fn a_comma_list_is_split_outside_quotes_and_brackets() {
    let message = invite();
    let vias = message.vias().unwrap();
    assert_eq!(vias.len(), 2);
    assert_eq!(
        (vias[0].host, vias[0].port),
        ("pc33.atlanta.com", Some(5066))
    );
    assert_eq!(vias[0].rport(), Some(None));
    assert_eq!(vias[1].host_ip(), "2001:db8::9".parse().ok());
    let Contacts::List(contacts) = message.contacts().unwrap() else {
        panic!("not a list");
    };
    assert_eq!(contacts[0].expires(), Some(60));
    assert_eq!(contacts[1].display().unwrap(), "x, y");
}

#[test]
fn a_response_repeats_what_the_request_said() {
    let request = invite().with_received("192.0.2.7:4000".parse().unwrap());
    let ringing = request.response(180, "Ringing").to_tag("77").build();
    let again = Message::parse(ringing.as_bytes()).expect("what we write we can read");
    assert_eq!(again.status(), Some(180));
    let via = again.top_via().unwrap();
    assert_eq!(via.received(), "192.0.2.7".parse().ok());
    assert_eq!(via.rport(), Some(Some(4000)));
    assert_eq!(again.vias().unwrap().len(), 2);
    assert_eq!(again.to().unwrap().tag(), Some("77"));
    assert_eq!(again.cseq(), request.cseq());
}

#[test]
fn text_of_a_caller_cannot_start_a_header() {
    let message = Builder::request(Method::Options, "sip:a@b\r\nX: y")
        .header("X-Na\r\nme", "value\r\nEvil: yes\r\n\r\nbody\0")
        .header(Name::Subject, "one")
        .build();
    let text = String::from_utf8(message.to_bytes()).unwrap();
    assert_eq!(text.matches("\r\n").count(), 5);
    assert!(!text.contains("\nEvil") && !text.contains('\0'));
    assert_eq!(message.header(Name::ContentLength), Some("0"));
}

#[test]
fn latin_1_and_utf_8_display_names_survive() {
    let utf8 = INVITE.replace("Bob", "Böb");
    let mut latin = INVITE.replace("Bob", "B@b").into_bytes();
    let at = latin.windows(3).position(|part| part == b"B@b").unwrap();
    latin[at + 1] = 0xf6;
    for bytes in [utf8.as_bytes(), &latin] {
        let message = Message::parse(bytes).unwrap();
        assert_eq!(message.to().unwrap().display().unwrap(), "Böb");
        assert_eq!(message.body(), b"v=0\n");
    }
}

#[test]
fn a_bare_line_end_is_malformed_and_answered() {
    for text in [
        INVITE.replacen("70\r\n", "70\n", 1),
        INVITE.replacen("70\r\n", "70\r\r\n", 1),
    ] {
        let error = Message::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.fault(), Fault::BareLineEnd);
        let answer = error.answer().expect("an answer").build();
        assert_eq!(answer.status(), Some(400));
        assert_eq!(answer.call_id(), Ok("a84b4c76e66710"));
    }
}

#[test]
fn a_name_addr_is_written_quoted() {
    let uri = Uri::sip(Some("a b"), "example.com", Some(5070)).unwrap();
    let text = trunkline_sip::header::NameAddr::format(Some("J \"R\""), &uri);
    assert_eq!(text, r#""J \"R\"" <sip:a%20b@example.com:5070>"#);
}

/// The fault of an INVITE with these lines besides, and the status that it gets.
fn fault_with(lines: &str) -> Option<(Fault, Option<u16>)> {
    let text = INVITE.replace("X-Odd: one\r\n", lines);
    let malformed = Message::parse(text.as_bytes()).err()?;
    Some((malformed.fault(), malformed.status()))
}

#[test]
fn headers_and_their_lines_have_limits_and_what_is_beyond_is_told_so() {
    let line = |bytes: usize| format!("X-Long: {}\r\n", "x".repeat(bytes - "X-Long: ".len()));
    assert_eq!(fault_with(&line(LINE_BYTES_MAX)), None);
    let too_long = (Fault::LineTooLong, Some(400));
    assert_eq!(fault_with(&line(LINE_BYTES_MAX + 1)), Some(too_long));
    let others = invite().fields().count() - 1;
    let lines = |count: usize| "X: y\r\n".repeat(count - others);
    assert_eq!(fault_with(&lines(HEADERS_MAX)), None);
    let too_many = (Fault::TooManyHeaders, Some(400));
    assert_eq!(fault_with(&lines(HEADERS_MAX + 1)), Some(too_many));
}
