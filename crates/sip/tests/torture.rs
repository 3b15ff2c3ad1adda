//! RFC 4475 and RFC 5118: every message read, and refused or accepted as the table beside them
//! says. What goes back on the wire is tested at the endpoint.

// Tests read fixtures and need some instant to count from.
#![allow(clippy::disallowed_methods)]

mod torture_messages;

use std::time::Instant;

use trunkline_sip::framing::{Closed, Input, Output, StreamFramer};
use trunkline_sip::message::Fault;
use trunkline_sip::{Malformed, Message, Method, Name};

use torture_messages::fixtures;

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixtures().join(format!("{name}.dat"))).expect("a fixture of that name")
}

/// What the table expects of `name` over `transport`.
fn expected(name: &str, transport: &str) -> String {
    let table = std::fs::read_to_string(fixtures().join("torture.tsv")).expect("the table");
    let mut rows = table
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    let row = rows
        .find(|row| row[0] == name && row[1] == transport)
        .expect("a row for it");
    row[2].to_owned()
}

/// Statuses that are decided on a well-formed message, above the parser.
const DECIDED_ABOVE: [&str; 5] = ["accept", "406", "415", "416", "420"];

fn check(name: &str, read: Result<Message, Malformed>, expected: &str) {
    let status = expected.trim_end_matches(" close");
    // Two messages are well formed and refused for what they ask.
    let refused_above = matches!(name, "rfc4475/unksm2" | "rfc4475/intmeth" | "rfc4475/esc02");
    match read {
        Ok(message) if message.is_request() => {
            assert!(
                DECIDED_ABOVE.contains(&status) || refused_above,
                "{name}: read as valid"
            );
        }
        Ok(_) => assert_eq!(status, "silence", "{name}"),
        Err(malformed) if status == "silence" => {
            assert!(
                malformed.answer().is_none(),
                "{name}: a response was answered"
            );
        }
        Err(malformed) => {
            let answer = malformed
                .answer()
                .unwrap_or_else(|| panic!("{name}: {malformed}"))
                .build();
            assert_eq!(
                answer.status().unwrap().to_string(),
                status,
                "{name}: {malformed}"
            );
            let readable = malformed.readable().expect("what is answered was readable");
            assert_eq!(
                answer.header(Name::Via),
                readable.header(Name::Via),
                "{name}"
            );
        }
    }
}

fn over_udp(name: &str) {
    check(name, Message::parse(&bytes(name)), &expected(name, "udp"));
}

fn over_tcp(name: &str) {
    let now = Instant::now();
    let expected = expected(name, "tcp");
    let mut framer = StreamFramer::default();
    framer.handle_input(now, Input::Bytes(&bytes(name)));
    let first = framer.poll_output();
    if expected == "close" {
        let Output::Timeout(Some(deadline)) = first else {
            panic!("{name}: {first:?}");
        };
        framer.handle_input(deadline, Input::Timeout);
        assert!(
            matches!(framer.poll_output(), Output::Close(Closed::TooSlow)),
            "{name}"
        );
        return;
    }
    let Output::Message(read) = first else {
        panic!("{name}: {first:?}");
    };
    check(name, read, &expected);
    let closed = matches!(framer.poll_output(), Output::Close(_));
    assert_eq!(closed, expected.ends_with("close"), "{name}");
}

macro_rules! torture {
    ($($test:ident $name:literal)+) => {
        $(#[test]
        fn $test() {
            over_udp($name);
            over_tcp($name);
        })+

        const TESTED: &[&str] = &[$($name),+];
    };
}

torture_messages!(torture);

#[test]
fn every_row_of_the_table_has_a_file_and_a_test() {
    let table = std::fs::read_to_string(fixtures().join("torture.tsv")).unwrap();
    let rows: Vec<_> = table
        .lines()
        .skip(1)
        .map(|line| line.split('\t').next().unwrap())
        .collect();
    assert_eq!(rows.len(), 2 * (49 + 12));
    for name in &rows {
        assert!(TESTED.contains(name), "{name} is not tested");
    }
    assert_eq!(TESTED.len(), 49 + 12);
}

fn read(name: &str) -> Message {
    Message::parse(&bytes(name)).unwrap_or_else(|malformed| panic!("{name}: {malformed}"))
}

fn fault(name: &str) -> Fault {
    Message::parse(&bytes(name))
        .expect_err("a malformed message")
        .fault()
}

#[test]
fn wsinv_is_read_through_all_its_white_space() {
    let message = read("rfc4475/wsinv");
    assert_eq!(message.to().unwrap().tag(), Some("1918181833n"));
    let from = message.from().unwrap();
    assert_eq!(from.display().unwrap(), "J Rosenberg \\\"");
    assert_eq!(from.tag(), Some("98asjd8"));
    assert_eq!(message.max_forwards(), Ok(Some(68)));
    assert_eq!(message.cseq().unwrap().number, 9);
    let vias = message.vias().unwrap();
    let seen: Vec<_> = vias
        .iter()
        .map(|via| (via.transport, via.host, via.branch()))
        .collect();
    let wanted = [
        ("UDP", "192.0.2.2", Some("390skdjuw")),
        ("TCP", "spindle.example.com", Some("z9hG4bK9ikj8")),
        ("UDP", "192.168.255.111", Some("z9hG4bK30239")),
    ];
    assert_eq!(seen, wanted);
    assert_eq!(message.header(Name::Subject), Some(""));
    assert_eq!(
        message.header("NewFangledHeader"),
        Some("newfangled value continued newfangled value")
    );
    assert_eq!(
        message.header("UnknownHeaderWithUnusualValue"),
        Some(";;,,;;,;")
    );
    let contacts = message.contacts().unwrap();
    assert_eq!(contacts.list()[0].display().unwrap(), "Quoted string \"\"");
    assert_eq!(contacts.list()[0].params.get("q").unwrap(), "0.33");
    assert_eq!(message.body().len(), 150);
}

#[test]
fn intmeth_keeps_every_unusual_character() {
    let message = read("rfc4475/intmeth");
    assert_eq!(
        message.method().unwrap().as_str(),
        "!interesting-Method0123456789_*+`.%indeed'~"
    );
    let to = message.to().unwrap();
    assert_eq!(to.display().unwrap(), "BEL:\u{7} NUL:\0 DEL:\u{7f}");
    let from = message.from().unwrap();
    assert_eq!(from.display().unwrap(), "token1~` token2'+_ token3*%!.-");
    assert_eq!(
        from.params.get("fromParam''~+*_!.-%").unwrap(),
        "работающий"
    );
    assert_eq!(from.tag(), Some("_token~1'+`*%!-."));
    assert_eq!(
        message.header("extensionHeader-!.%*+_`'~"),
        Some("\u{feff}大停電")
    );
    let uri = message.request_uri().unwrap();
    assert_eq!(uri.host(), "example.com");
    assert_eq!(
        uri.user_raw(),
        Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*")
    );
}

#[test]
fn escapes_are_resolved_once_and_only_where_they_are_escapes() {
    let message = read("rfc4475/esc01");
    assert_eq!(
        message.request_uri().unwrap().user().unwrap(),
        "sips:user@example.com"
    );
    let contacts = message.contacts().unwrap();
    let contact = contacts.list()[0].uri();
    assert_eq!(contact.user().unwrap(), "caller");
    assert_eq!(contact.param("name").unwrap(), "value%41");
    assert_eq!(contact.param("lr").unwrap(), "");

    let message = read("rfc4475/esc02");
    assert_eq!(
        message.method(),
        Some(&Method::Other("RE%47IST%45R".into()))
    );
    assert_eq!(message.to().unwrap().display().unwrap(), "%Z%45");
    assert_eq!(message.contacts().unwrap().list().len(), 2);
    assert_eq!(
        message.header("C%6Fntact"),
        Some("<sip:alias2@host2.example.com>")
    );
}

#[test]
fn escaped_nulls_do_not_cut_a_user_short() {
    let message = read("rfc4475/escnull");
    assert_eq!(message.to().unwrap().uri().user().unwrap(), "null-\0-null");
    let contacts = message.contacts().unwrap();
    let users: Vec<_> = contacts
        .list()
        .iter()
        .map(|contact| contact.uri())
        .collect();
    assert_eq!(users[0].user().unwrap(), "\0");
    assert_eq!(users[1].user().unwrap(), "\0\0");
    assert!(!users[0].is_equivalent(&users[1]));
}

#[test]
fn the_rest_of_a_datagram_is_noise() {
    let message = read("rfc4475/dblreq");
    assert_eq!(message.method(), Some(&Method::Register));
    assert!(message.body().is_empty());
    assert!(message.as_bytes().ends_with(b"\r\n\r\n"));
}

#[test]
fn parameters_go_where_they_belong() {
    let uri = read("rfc4475/semiuri").request_uri().unwrap();
    assert_eq!(
        (uri.user().unwrap().as_ref(), uri.host()),
        ("user;par=u@example.net", "example.com")
    );
    assert_eq!(uri.params().count(), 0);

    let message = read("rfc4475/cparam01");
    let contacts = message.contacts().unwrap();
    assert!(contacts.list()[0].params.has("unknownparam"));
    assert_eq!(contacts.list()[0].uri().param("unknownparam"), None);

    let message = read("rfc4475/cparam02");
    let contacts = message.contacts().unwrap();
    assert!(!contacts.list()[0].params.has("unknownparam"));
    assert!(contacts.list()[0].uri().param("unknownparam").is_some());

    let message = read("rfc4475/regescrt");
    let contacts = message.contacts().unwrap();
    assert_eq!(
        contacts.list()[0].uri().header("Route").unwrap(),
        "<sip:sip.example.com>"
    );
}

#[test]
fn a_binary_body_is_kept_byte_for_byte() {
    let message = read("rfc4475/mpart01");
    let raw = bytes("rfc4475/mpart01");
    assert!(message.body().len() > 400 && raw.ends_with(message.body()));
    assert!(message.is_content("multipart/mixed"));
}

#[test]
fn reason_phrases_may_be_odd_or_empty() {
    assert_eq!(
        read("rfc4475/unreason").reason(),
        Some("= 2**3 * 5**2 но сто девяносто девять - простое")
    );
    assert_eq!(read("rfc4475/noreason").reason(), Some(""));
}

#[test]
fn faults_name_what_is_wrong() {
    assert_eq!(fault("rfc4475/badvers"), Fault::Version);
    assert_eq!(fault("rfc4475/clerr"), Fault::BodyTooShort);
    assert_eq!(fault("rfc4475/mcl01"), Fault::Repeated(Name::ContentLength));
    assert_eq!(fault("rfc4475/mismatch01"), Fault::MethodMismatch);
    assert_eq!(fault("rfc4475/insuf"), Fault::Missing(Name::From));
    let headers = [
        ("ncl", Name::ContentLength),
        ("badinv01", Name::Via),
        ("quotbal", Name::To),
        ("badaspec", Name::To),
        ("regbadct", Name::Contact),
        ("scalar02", Name::CSeq),
        ("scalarlg", Name::CSeq),
    ];
    for (name, header) in headers {
        let fault = fault(&format!("rfc4475/{name}"));
        assert!(
            matches!(fault, Fault::Header(invalid) if invalid.header == header),
            "{name}: {fault}"
        );
    }
    for name in [
        "ltgtruri", "lwsruri", "lwsstart", "trws", "escruri", "bigcode",
    ] {
        let fault = fault(&format!("rfc4475/{name}"));
        assert!(matches!(fault, Fault::StartLine(_)), "{name}: {fault}");
    }
}

#[test]
fn an_unquoted_display_name_with_a_comma_is_a_fault_of_its_header() {
    let mut whole = bytes("rfc4475/baddn");
    whole.extend_from_slice(b"\r\n");
    let fault = Message::parse(&whole)
        .expect_err("a malformed message")
        .fault();
    assert!(
        matches!(fault, Fault::Header(invalid) if invalid.header == Name::From),
        "{fault}"
    );
}

#[test]
fn ipv6_is_read_in_every_place() {
    let ambiguous = read("rfc5118/port-ambiguous").request_uri().unwrap();
    assert_eq!(
        (ambiguous.host(), ambiguous.port()),
        ("[2001:db8::10:5070]", None)
    );
    let clear = read("rfc5118/port-unambiguous").request_uri().unwrap();
    assert_eq!((clear.host(), clear.port()), ("[2001:db8::10]", Some(5070)));
    for name in [
        "via-received-param-with-delim",
        "via-received-param-no-delim",
    ] {
        let message = read(&format!("rfc5118/{name}"));
        assert_eq!(
            message.top_via().unwrap().received(),
            "2001:db8::9:255".parse().ok()
        );
    }
    let extra = read("rfc5118/ipv6-bug-abnf-3-colons")
        .request_uri()
        .unwrap();
    let right = read("rfc5118/ipv6-correct-abnf-2-colons")
        .request_uri()
        .unwrap();
    assert_eq!(extra.host_ip(), "2001:db8::192.0.2.1".parse().ok());
    assert!(extra.is_equivalent(&right));
    let mapped = read("rfc5118/ipv4-mapped-ipv6");
    assert_eq!(
        mapped.top_via().unwrap().host_ip(),
        "::ffff:192.0.2.10".parse().ok()
    );
}
