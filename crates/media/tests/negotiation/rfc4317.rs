//! The exchanges of RFC 4317 that an audio side can take part in.
//!
//! Two things are put into our world before use: the host names become addresses, because media
//! goes to literals only, and iLBC becomes G.722 under the same dynamic number.

use trunkline_media::codec::Codec::{self, G722, Pcma, Pcmu};
use trunkline_media::negotiation::{Agreed, Change, LocalCapabilities, Negotiation, PayloadTypes};
use trunkline_media::sdp::Direction;

use crate::{capabilities, negotiation, read, socket};

const RFC_4317: &str = include_str!("../../../../fixtures/sdp/rfc4317.txt");

/// One description, such as `2.1 Offer`.
fn text(heading: &str) -> Vec<u8> {
    let (_, rest) = RFC_4317
        .split_once(&format!("## {heading}\n"))
        .expect(heading);
    let text = rest.split("\n##").next().unwrap_or(rest);
    let mut text = text.replace("iLBC", "G722");
    for (host, address) in [
        ("newhost.biloxi.example.com", "198.51.100.3"),
        ("otherhost.biloxi.example.com", "198.51.100.4"),
        ("mediaserver.biloxi.example.com", "198.51.100.5"),
        ("placeholder.biloxi.example.com", "198.51.100.6"),
        ("host.biloxi.example.com", "198.51.100.2"),
        ("host.atlanta.example.com", "198.51.100.1"),
    ] {
        text = text.replace(host, address);
    }
    text.into_bytes()
}

fn with_codecs(codecs: &[Codec]) -> Negotiation {
    let local = capabilities("192.0.2.1:4000");
    Negotiation::new(LocalCapabilities {
        codecs: codecs.to_vec(),
        ..local
    })
}

fn answered(ours: &mut Negotiation, heading: &str) -> (Agreed, Vec<u16>) {
    let answer = ours.handle_offer(&text(heading)).expect(heading);
    let ports = read(&answer.text)
        .media
        .iter()
        .map(|media| media.port)
        .collect();
    (answer.agreed, ports)
}

fn accepted(ours: &mut Negotiation, heading: &str) -> Agreed {
    ours.offer(&Change::none()).expect("an offer");
    ours.handle_answer(&text(heading)).expect(heading)
}

#[test]
fn section_2_1_to_2_3_codec_selection() {
    let (agreed, ports) = answered(&mut with_codecs(&[Pcmu]), "2.1 Offer");
    assert_eq!(
        (agreed.codec, agreed.remote),
        (Pcmu, socket("198.51.100.1:49170"))
    );
    assert_eq!(ports, [4000, 0], "the video is refused");

    let mut bob = with_codecs(&[Pcmu, Pcma]);
    assert_eq!(answered(&mut bob, "2.2 Offer").0.codec, Pcmu);
    let (second, ports) = answered(&mut bob, "2.2 Second-Offer");
    assert_eq!((second.codec, second.remote.port()), (Pcmu, 51372));
    assert_eq!(ports, [4000, 0], "the video stays in its place");

    let both = accepted(&mut with_codecs(&[Pcmu, Pcma, G722]), "2.2 Answer");
    assert_eq!(both.receive, [(0, Pcmu), (8, Pcma)], "either may come");

    assert_eq!(
        answered(&mut with_codecs(&[G722]), "2.3 Offer")
            .0
            .payload
            .send,
        97
    );
    let renumbered = accepted(&mut with_codecs(&[Pcmu, Pcma, G722]), "2.3 Answer");
    assert_eq!(
        renumbered.payload,
        PayloadTypes {
            send: 99,
            receive: 9
        }
    );
}

#[test]
fn section_2_4_the_second_audio_stream_is_refused() {
    let (agreed, ports) = answered(&mut negotiation(), "2.4 Offer");
    assert_eq!((agreed.codec, agreed.dtmf), (G722, None));
    assert_eq!(ports, [4000, 0]);
}

#[test]
fn section_2_5_the_peer_moves_and_our_answer_is_unchanged() {
    let mut alice = negotiation();
    let first = alice.handle_offer(&text("2.5 Answer")).expect("an answer");
    let second = alice
        .handle_offer(&text("2.5 Second-Offer"))
        .expect("an answer");
    assert_eq!(second.agreed.remote, socket("198.51.100.3:49178"));
    assert_eq!(second.text, first.text, "and so is the version");
}

#[test]
fn section_2_6_the_second_audio_stream_is_the_acceptable_one() {
    let (agreed, ports) = answered(&mut with_codecs(&[G722]), "2.6 Offer");
    assert_eq!((agreed.codec, agreed.payload.send), (G722, 97));
    assert_eq!(agreed.dtmf, Some(PayloadTypes::symmetric(101)));
    assert_eq!(agreed.remote, socket("198.51.100.1:51372"));
    assert_eq!(ports, [0, 4000]);
}

#[test]
fn section_3_1_answered_on_hold_and_taken_off() {
    let mut alice = negotiation();
    let held = accepted(&mut alice, "3.1 Answer");
    assert_eq!(
        (held.direction, held.held_by_peer),
        (Direction::RecvOnly, true)
    );
    let (open, _) = answered(&mut alice, "3.1 Second-Offer");
    assert_eq!(
        (open.direction, open.held_by_peer),
        (Direction::SendRecv, false)
    );
    assert_eq!(open.remote, socket("198.51.100.2:49170"));
}

#[test]
fn section_4_streams_come_and_go_and_ours_stays() {
    let mut alice = negotiation();
    let first = accepted(&mut alice, "4.1 Answer");
    let (second, ports) = answered(&mut alice, "4.1 Second-Offer");
    assert_eq!((second.remote, second.codec), (first.remote, first.codec));
    assert_eq!(ports, [4000, 0]);

    let mut bob = negotiation();
    assert_eq!(answered(&mut bob, "4.2 Offer").1, [4000]);
    assert_eq!(answered(&mut bob, "4.2 Second-Offer").1, [4000, 0]);

    let mut alice = negotiation();
    assert_eq!(answered(&mut alice, "4.3 Offer").1, [4000, 0]);
    assert_eq!(answered(&mut alice, "4.3 Second-Offer").1, [4000, 0]);
}

#[test]
fn section_5_third_party_call_control() {
    let mut bob = negotiation();
    assert!(
        bob.handle_offer(&text("5.1 Offer")).is_err(),
        "a call without audio is none for us"
    );
    assert_eq!(answered(&mut bob, "5.1 Second-Offer").0.codec, G722);

    let mut bob = negotiation();
    let (hole, _) = answered(&mut bob, "5.2 Offer");
    assert!(!hole.may_send());
    let (open, _) = answered(&mut bob, "5.2 Second-Offer");
    assert_eq!(
        (open.direction, open.remote),
        (Direction::SendRecv, socket("198.51.100.1:49170"))
    );

    let mut alice = negotiation();
    assert!(!accepted(&mut alice, "5.3 Answer").may_send());
    let (open, _) = answered(&mut alice, "5.3 Second-Offer");
    assert_eq!(
        (open.direction, open.remote),
        (Direction::SendRecv, socket("198.51.100.2:49172"))
    );
}
