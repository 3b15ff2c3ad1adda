//! Offers and answers that lead to no agreement, and what is left after them.

use trunkline_media::codec::Codec;
use trunkline_media::negotiation::{Change, Negotiation, NegotiationError};

use crate::{capabilities, negotiation, peer, version};

/// The peer's plain offer with one piece of text replaced.
fn offer_with(from: &str, to: &str) -> Vec<u8> {
    let plain = String::from_utf8(peer("0", &[])).expect("text");
    assert!(plain.contains(from));
    plain.replace(from, to).into_bytes()
}

/// What is replaced in the offer and by what; then the status, the warning code and the text.
const REFUSALS: &[(&str, &str, u16, u16, &str)] = &[
    (
        "RTP/AVP 0",
        "RTP/SAVP 0",
        488,
        302,
        "RTP/SAVP (encrypted media) is not supported; use RTP/AVP",
    ),
    (
        "RTP/AVP 0",
        "TCP/TLS/BFCP 0",
        488,
        302,
        "an audio transport other than RTP/AVP",
    ),
    (
        "RTP/AVP 0",
        "RTP/AVP 18 3 96",
        488,
        305,
        "no common codec: theirs 18, 3, 96; ours G722, PCMU, PCMA",
    ),
    ("audio 5000", "audio 0", 488, 304, "no audio stream"),
    ("audio 5000", "image 5000", 488, 304, "no audio stream"),
    (
        "c=IN IP4 192.0.2.9\r\n",
        "",
        488,
        399,
        "the audio stream has no connection address",
    ),
    (
        "c=IN IP4 192.0.2.9",
        "c=IN IP4 224.2.36.42/127",
        488,
        330,
        "the media address 224.2.36.42:5000 is multicast",
    ),
    (
        "c=IN IP4 192.0.2.9",
        "c=IN IP4 pbx.example.com",
        488,
        301,
        "the media address pbx.example.com is a name; give an address literal",
    ),
    (
        "c=IN IP4 192.0.2.9",
        "c=IN IP6 2001:db8::9",
        488,
        301,
        "the media address [2001:db8::9]:5000 is of another address family than ours",
    ),
    (
        "192.0.2.9\r\nt=0 0\r\nm=audio 5000",
        "127.0.0.1\r\nt=0 0\r\nm=audio 5060",
        488,
        399,
        "the media address 127.0.0.1:5060 is our own SIP port",
    ),
    (
        "v=0",
        "v=1",
        400,
        399,
        "SDP line 1: a description begins with `v=0`",
    ),
];

#[test]
fn a_refusal_says_why() {
    for &(from, to, status, warning, text) in REFUSALS {
        let mut ours = negotiation();
        let error = ours.handle_offer(&offer_with(from, to)).expect_err(to);
        assert_eq!(error.to_string(), text);
        assert_eq!(
            (error.status(), error.warning_code()),
            (status, warning),
            "{to}"
        );
        assert_eq!(ours.agreed(), None);
    }
}

#[test]
fn the_error_is_about_the_stream_that_was_meant() {
    let mut offer = peer("18", &["rtpmap:18 G729/8000"]);
    offer.extend_from_slice(b"m=audio 5002 RTP/SAVP 0\r\n");
    let error = negotiation().handle_offer(&offer).expect_err("no codec");
    assert_eq!(
        error.to_string(),
        "no common codec: theirs G729; ours G722, PCMU, PCMA"
    );
}

#[test]
fn an_encoding_name_cannot_carry_text_into_the_error() {
    let offer = peer("96", &["rtpmap:96 evil\" <script>/8000"]);
    let error = negotiation().handle_offer(&offer).expect_err("no codec");
    assert_eq!(
        error.to_string(),
        "no common codec: theirs 96; ours G722, PCMU, PCMA"
    );
}

#[test]
fn a_refused_offer_of_the_peer_changes_nothing() {
    let mut ours = negotiation();
    let agreed = ours
        .handle_offer(&peer("8 0", &[]))
        .expect("an answer")
        .agreed;
    let description = ours.local_description();
    // A fax machine asking for T.38, as a trunk relays it.
    let fax = b"v=0\r\nc=IN IP4 192.0.2.9\r\nm=image 5000 udptl t38\r\n";
    assert_eq!(ours.handle_offer(fax), Err(NegotiationError::NoAudio));
    assert_eq!(ours.agreed(), Some(&agreed));
    assert_eq!(ours.local_description(), description);
}

#[test]
fn a_refused_offer_of_ours_changes_nothing_but_the_version() {
    let mut ours = negotiation();
    let first = ours.handle_offer(&peer("0", &[])).expect("an answer");
    let change = Change {
        codecs: Some(vec![Codec::Pcma]),
        ..Change::hold()
    };
    let held = ours.offer(&change).expect("an offer");
    assert_eq!(version(&held), version(&first.text) + 1);
    ours.handle_refusal();
    assert_eq!(ours.agreed(), Some(&first.agreed));
    let again = ours.handle_offer(&peer("0", &[])).expect("an answer");
    assert_eq!(
        again.agreed, first.agreed,
        "the hold and the codecs went with the refusal"
    );
    assert_eq!(
        version(&again.text),
        version(&held) + 1,
        "a number never names two texts"
    );
}

#[test]
fn an_offer_that_crosses_ours_is_glare() {
    let mut ours = negotiation();
    ours.handle_offer(&peer("0", &[])).expect("an answer");
    ours.offer(&Change::hold()).expect("an offer");
    let crossed = ours.handle_offer(&peer("8", &[])).expect_err("glare");
    assert_eq!(
        (crossed.status(), &crossed),
        (491, &NegotiationError::Glare)
    );
    assert_eq!(ours.offer(&Change::none()), Err(NegotiationError::Glare));
    assert!(ours.has_open_offer(), "our offer still awaits its answer");
    ours.handle_refusal();
    assert!(ours.handle_offer(&peer("0", &[])).is_ok());
}

#[test]
fn a_useless_answer_closes_the_offer() {
    for answer in [
        b"v=0\r\nc=IN IP4 192.0.2.9\r\nm=audio 0 RTP/AVP 0\r\n".to_vec(),
        b"v=0\r\nc=IN IP4 192.0.2.9\r\n".to_vec(),
        b"v=0\r\nc=IN IP4 192.0.2.9\r\nm=video 5000 RTP/AVP 0\r\n".to_vec(),
        b"garbage".to_vec(),
        peer("18", &[]),
        peer("101", &[]),
    ] {
        let mut ours = negotiation();
        ours.offer(&Change::none()).expect("an offer");
        assert!(ours.handle_answer(&answer).is_err());
        assert!(!ours.has_open_offer());
        assert_eq!(ours.agreed(), None);
    }
}

#[test]
fn an_answer_needs_an_offer() {
    let mut ours = negotiation();
    assert_eq!(
        ours.handle_answer(&peer("0", &[])),
        Err(NegotiationError::UnexpectedAnswer)
    );
    ours.handle_offer(&peer("0", &[])).expect("an answer");
    assert_eq!(
        ours.handle_answer(&peer("0", &[])),
        Err(NegotiationError::UnexpectedAnswer)
    );
}

#[test]
fn without_codecs_there_is_nothing_to_offer() {
    let mut local = capabilities("192.0.2.1:4000");
    local.codecs.clear();
    let mut ours = Negotiation::new(local);
    assert_eq!(
        ours.offer(&Change::none()),
        Err(NegotiationError::NothingToOffer)
    );
    assert!(!ours.has_open_offer());
}
