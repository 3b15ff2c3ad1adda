//! Typed headers, and properties of any message.

use proptest::prelude::*;
use trunkline_sip::header::lex::{quote, split_list, unquote};
use trunkline_sip::header::{
    AuthParams, CSeq, Contacts, Event, NameAddr, Params, Reason, Replaces, RetryAfter,
    SessionExpires, SubscriptionState, Via, Warning,
};
use trunkline_sip::{Builder, Message, Method, Name, Uri};

#[test]
fn compact_forms_are_their_long_forms() {
    for name in Name::ALL {
        assert_eq!(Name::parse(&name.as_str().to_uppercase()), Some(*name));
        if let Some(letter) = name.compact() {
            assert_eq!(Name::parse(&char::from(letter).to_string()), Some(*name));
        }
    }
    assert_eq!(Name::parse("X-Else"), None);
    assert_eq!(Name::parse("z"), None);
}

#[test]
fn no_two_headers_share_a_spelling() {
    for (at, name) in Name::ALL.iter().enumerate() {
        for other in &Name::ALL[at + 1..] {
            assert!(
                !name.as_str().eq_ignore_ascii_case(other.as_str()),
                "{name}"
            );
            assert!(
                name.compact().is_none() || name.compact() != other.compact(),
                "{name} {other}"
            );
        }
    }
}

#[test]
fn a_subscription_of_a_refer_is_read() {
    assert_eq!(
        Event::parse("refer;id=93809824").unwrap().id,
        Some("93809824")
    );
    let state = SubscriptionState::parse("terminated;reason=noresource;retry-after=9").unwrap();
    assert!(state.is_terminated());
    assert_eq!(
        (state.reason, state.retry_after, state.expires),
        (Some("noresource"), Some(9), None)
    );
    assert!(Event::parse("").is_err() && Event::parse("a b").is_err());
}

#[test]
fn reasons_warnings_and_retry_after_are_read() {
    let reason = Reason::parse("Q.850 ;cause=16 ;text=\"Terminated; ok\"").unwrap();
    assert_eq!((reason.protocol, reason.cause), ("Q.850", Some(16)));
    assert_eq!(reason.text.unwrap(), "Terminated; ok");

    let text = "307 isi.edu \"Session parameter 'foo' not understood\"";
    let warning = Warning::parse(text).unwrap();
    assert_eq!((warning.code, warning.agent), (307, "isi.edu"));
    assert_eq!(warning.to_string(), text);
    assert!(Warning::parse("1812 overture \"In Progress\"").is_err());

    let retry = RetryAfter::parse("120 (I'm in a meeting);duration=60").unwrap();
    assert_eq!(
        retry,
        RetryAfter {
            seconds: 120,
            duration: Some(60)
        }
    );
    assert_eq!(RetryAfter::parse("18000").unwrap().seconds, 18_000);
    assert!(RetryAfter::parse("949302838503028349304023988").is_err());
}

#[test]
fn session_expires_and_replaces_are_read() {
    let expires = SessionExpires::parse("1800;refresher=UAS").unwrap();
    assert_eq!(
        expires,
        SessionExpires {
            seconds: 1800,
            uac_refreshes: Some(false)
        }
    );
    assert!(SessionExpires::parse("1800;refresher=me").is_err());

    let replaces =
        Replaces::parse("425928@b.example.org;to-tag=7743;from-tag=6472;early-only").unwrap();
    assert_eq!(
        (replaces.to_tag, replaces.from_tag, replaces.early_only),
        ("7743", "6472", true)
    );
    assert!(Replaces::parse("425928@b.example.org;to-tag=7743").is_err());
}

#[test]
fn credentials_of_any_scheme_are_read() {
    let auth = AuthParams::parse("Digest realm=\"a, \\\"b\\\"\", nonce = x ,stale=TRUE").unwrap();
    assert!(auth.is_digest());
    assert_eq!(auth.get("REALM").unwrap(), "a, \"b\"");
    assert_eq!(auth.get("nonce").unwrap(), "x");
    assert_eq!(auth.iter().count(), 3);
    assert!(
        !AuthParams::parse("NoOneKnowsThisScheme opaque-data=here")
            .unwrap()
            .is_digest()
    );
    assert!(AuthParams::parse("Digest").is_err());
}

#[test]
fn a_star_stands_alone() {
    let register = |contact: &str| {
        Builder::request(Method::Register, "sip:a")
            .header(Name::Contact, contact)
            .build()
    };
    assert_eq!(register("*").contacts(), Ok(Contacts::All));
    assert!(register("*, <sip:a@b>").contacts().is_err());
}

#[test]
fn parameters_are_bounded_and_named() {
    assert!(Params::parse(&";a".repeat(64)).is_ok());
    assert!(Params::parse(&";a".repeat(65)).is_err());
    for wrong in [
        "a",
        ";",
        ";;a",
        ";a=",
        ";a=\"x",
        ";a=\"x\"y",
        ";a b",
        ";=x",
        ";a=x y",
    ] {
        assert!(Params::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_edit_changes_what_it_names_and_nothing_else() {
    let message = Builder::request(Method::Options, "sip:a@b")
        .header(Name::Via, "SIP/2.0/UDP one, SIP/2.0/UDP two")
        .header("X-One", "1")
        .body("text/plain", "hello")
        .build();
    let edited = message
        .with_top_via("SIP/2.0/UDP zero")
        .edit()
        .set("x-one", "2")
        .build();
    let hosts: Vec<_> = edited
        .vias()
        .unwrap()
        .iter()
        .map(|via| via.host.to_owned())
        .collect();
    assert_eq!(hosts, ["zero", "one", "two"]);
    assert_eq!(edited.headers("X-One").collect::<Vec<_>>(), ["2"]);
    assert_eq!(
        (edited.body(), edited.content_type()),
        (&b"hello"[..], Some("text/plain"))
    );
    let source = "192.0.2.1:9".parse().unwrap();
    let received = message.with_received(source);
    let hosts: Vec<_> = received
        .vias()
        .unwrap()
        .iter()
        .map(|via| via.received())
        .collect();
    assert_eq!(hosts, [Some(source.ip()), None]);
}

/// Text a header value may hold after trimming.
fn value() -> impl Strategy<Value = String> {
    "[!-~\u{a1}-\u{ff}]([ -~\u{a1}-\u{ff}]{0,20}[!-~])?"
}

proptest! {
    #[test]
    fn any_text_is_quoted_and_unquoted(text in "[^\\p{Cc}]{0,30}") {
        let quoted = quote(&text);
        prop_assert_eq!(unquote(&quoted[1..quoted.len() - 1]), text.as_str());
    }

    #[test]
    fn a_list_is_split_where_it_was_joined(items in prop::collection::vec("[a-z]{0,4}(\"[a-z,;<]{0,4}\"|<[a-z,;]{0,4}>)?", 1..6)) {
        let joined = items.join(" , ");
        prop_assert_eq!(split_list(&joined).collect::<Vec<_>>(), items);
    }

    #[test]
    fn what_is_written_is_read_again(
        values in prop::collection::vec(("X-[A-Za-z0-9]{1,8}", value()), 0..8),
        display in "[^\\p{Cc}]{0,12}",
        body in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let uri = Uri::sip(Some("bob"), "example.com", None).unwrap();
        let mut builder = Builder::request(Method::Message, &uri)
            .header(Name::Via, "SIP/2.0/UDP c;branch=z9hG4bK1")
            .header(Name::From, "<sip:c@d>;tag=1")
            .header(Name::To, NameAddr::format(Some(&display), &uri))
            .header(Name::CallId, "x")
            .header(Name::CSeq, CSeq { number: 1, method: Method::Message }.to_string());
        for (name, value) in &values {
            builder = builder.header(name.as_str(), value);
        }
        let written = builder.body("a/b", body.clone()).build();
        let read = Message::parse(written.as_bytes()).unwrap();
        prop_assert_eq!(&read, &written);
        prop_assert!(read.fields().eq(written.fields()));
        prop_assert_eq!(read.body(), body);
        let to = read.to().unwrap();
        prop_assert_eq!(to.display().unwrap_or_default(), display);
        for (name, value) in &values {
            prop_assert!(read.headers(name.as_str()).any(|have| have == value.trim_matches(' ')));
        }
    }

    #[test]
    fn no_value_of_a_caller_adds_a_line(name in "\\PC{0,9}[\\x00-\\x20]{0,2}", value in "[\\x00-\\x7f]{0,40}") {
        let message = Builder::response(200, &value)
            .header(name.as_str(), &value)
            .header(Name::Subject, &value)
            .build();
        let lines = message.as_bytes().split(|byte| *byte == b'\n').count();
        let known = matches!(Name::parse(&name), Some(Name::ContentLength));
        prop_assert_eq!(lines, if known { 5 } else { 6 });
        prop_assert!(!message.as_bytes().windows(2).any(|pair| pair[0] == b'\r' && pair[1] != b'\n'));
    }

    #[test]
    fn any_bytes_are_a_message_or_a_fault(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(malformed) = Message::parse(&bytes) {
            let _ = (malformed.answer().map(Builder::build), malformed.to_string());
        }
    }

    #[test]
    fn any_text_is_a_header_or_an_error(text in "[ -~\t]{0,60}") {
        let _ = (Via::parse(&text), NameAddr::parse(&text), CSeq::parse(&text), Warning::parse(&text));
        if let Ok(address) = NameAddr::parse(&text) {
            let printed = address.to_string();
            let again = NameAddr::parse(&printed).unwrap();
            prop_assert_eq!((again.display(), again.uri_str()), (address.display(), address.uri_str()));
        }
        if let Ok(via) = Via::parse(&text) {
            let printed = via.to_string();
            prop_assert_eq!(Via::parse(&printed).unwrap().host, via.host);
        }
    }
}
