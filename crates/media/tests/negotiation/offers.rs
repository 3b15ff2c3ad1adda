//! Our offers: first ones, late ones, refreshes and changes.

use trunkline_media::codec::Codec;
use trunkline_media::negotiation::{Change, PayloadTypes};

use crate::{formats, negotiation, peer, read, socket, version};

#[test]
fn a_first_offer_has_all_we_can_do() {
    let mut ours = negotiation();
    let offer = ours.offer(&Change::none()).expect("an offer");
    let expected = concat!(
        "v=0\r\no=- 4611686018427 7 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n",
        "m=audio 4000 RTP/AVP 9 0 8 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\n",
        "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n",
        "a=ptime:20\r\na=sendrecv\r\na=rtcp-mux\r\n",
    );
    assert_eq!(offer, expected);
    assert_eq!(ours.local_description().as_deref(), Some(expected));
}

/// An INVITE without a body: the offer goes out in the 200, the answer comes in the ACK.
#[test]
fn a_late_offer_is_an_offer_like_any_other() {
    let mut ours = negotiation();
    ours.offer(&Change::none()).expect("an offer");
    let agreed = ours
        .handle_answer(&peer("8 101", &["ptime:40"]))
        .expect("an agreement");
    assert_eq!(agreed.codec, Codec::Pcma);
    assert_eq!(agreed.ptime_ms, 40);
    assert_eq!(agreed.remote, socket("192.0.2.9:5000"));
    assert_eq!(
        agreed.dtmf,
        Some(PayloadTypes::symmetric(101)),
        "101 means what we said it means"
    );
}

#[test]
fn each_side_is_sent_the_numbers_it_asked_for() {
    let mut ours = negotiation();
    ours.offer(&Change::none()).expect("an offer");
    let answer = peer(
        "118 0 96",
        &[
            "rtpmap:118 G722/8000",
            "rtpmap:96 telephone-event/8000",
            "rtcp-mux",
        ],
    );
    let agreed = ours.handle_answer(&answer).expect("an agreement");
    assert_eq!(
        agreed.payload,
        PayloadTypes {
            send: 118,
            receive: 9
        }
    );
    assert_eq!(
        agreed.dtmf,
        Some(PayloadTypes {
            send: 96,
            receive: 101
        })
    );
    assert_eq!(agreed.receive, [(9, Codec::G722), (0, Codec::Pcmu)]);
    assert_eq!(agreed.remote_rtcp, agreed.remote);
}

#[test]
fn a_forked_offer_takes_a_later_answer() {
    let mut ours = negotiation();
    ours.offer(&Change::none()).expect("an offer");
    ours.handle_answer(&peer("0", &[]))
        .expect("the answer of a 183");
    let agreed = ours
        .handle_answer(&peer("8", &[]))
        .expect("the answer of the 200");
    assert_eq!(agreed.codec, Codec::Pcma);
    assert_eq!(ours.agreed(), Some(&agreed));
}

#[test]
fn a_refresh_repeats_the_description_and_its_version() {
    let mut ours = negotiation();
    let first = ours.offer(&Change::none()).expect("an offer");
    ours.handle_answer(&peer("9 101", &[]))
        .expect("an agreement");
    assert_eq!(ours.offer(&Change::none()).expect("a refresh"), first);
    ours.handle_answer(&peer("9 101", &[]))
        .expect("an agreement");
    let answer = ours.handle_offer(&peer("9 101", &[])).expect("an answer");
    assert_eq!(
        version(&answer.text),
        version(&first) + 1,
        "an answer has fewer formats"
    );
    let again = ours.handle_offer(&peer("9 101", &[])).expect("an answer");
    assert_eq!(again, answer);
}

#[test]
fn a_new_address_raises_the_version() {
    let mut ours = negotiation();
    let first = ours.offer(&Change::none()).expect("an offer");
    ours.handle_answer(&peer("0", &[])).expect("an agreement");
    let moved = ours
        .offer(&Change::media(socket("192.0.2.2:4002")))
        .expect("an offer");
    assert_eq!(version(&moved), version(&first) + 1);
    assert!(moved.contains("c=IN IP4 192.0.2.2\r\n") && moved.contains("m=audio 4002 "));
    ours.handle_answer(&peer("0", &[])).expect("an agreement");
    let answer = ours.handle_offer(&peer("0", &[])).expect("an answer");
    assert!(
        answer.text.contains("m=audio 4002 "),
        "the new address stays"
    );
}

#[test]
fn a_new_codec_is_offered_alone() {
    let mut ours = negotiation();
    ours.offer(&Change::none()).expect("an offer");
    ours.handle_answer(&peer("9", &[])).expect("an agreement");
    let offer = ours
        .offer(&Change::codecs(vec![Codec::Pcma]))
        .expect("an offer");
    assert_eq!(formats(&read(&offer).media[0]), "8 101");
    assert_eq!(
        ours.handle_answer(&peer("8", &[]))
            .expect("an agreement")
            .codec,
        Codec::Pcma
    );
}

#[test]
fn the_peer_changes_codec_and_address_by_a_new_offer() {
    let mut ours = negotiation();
    let first = ours.handle_offer(&peer("0 8", &[])).expect("an answer");
    assert_eq!(first.agreed.codec, Codec::Pcmu);
    let text = String::from_utf8(peer("8", &[])).expect("text");
    let moved = text
        .replace("192.0.2.9", "192.0.2.10")
        .replace("5000", "5010");
    let second = ours.handle_offer(moved.as_bytes()).expect("an answer");
    assert_eq!(second.agreed.codec, Codec::Pcma);
    assert_eq!(second.agreed.remote, socket("192.0.2.10:5010"));
    assert_eq!(version(&second.text), version(&first.text) + 1);
}

#[test]
fn the_codec_in_use_stays_while_it_is_offered() {
    let mut ours = negotiation();
    ours.handle_offer(&peer("8", &[])).expect("an answer");
    let held = ours
        .handle_offer(&peer("9 0 8", &["sendonly"]))
        .expect("an answer");
    assert_eq!(held.agreed.codec, Codec::Pcma);
    let offer = ours.offer(&Change::none()).expect("an offer");
    assert_eq!(
        formats(&read(&offer).media[0]),
        "8 9 0 101",
        "and is our first"
    );
}

/// RFC 3264 §8.3.2: what a number meant once, it means for the session.
#[test]
fn our_offers_keep_the_numbers_of_the_session() {
    let mut ours = negotiation();
    let offer = peer(
        "101 97",
        &["rtpmap:101 G722/8000", "rtpmap:97 telephone-event/8000"],
    );
    ours.handle_offer(&offer).expect("an answer");
    let offer = ours.offer(&Change::none()).expect("an offer");
    let media = &read(&offer).media[0];
    assert_eq!(formats(media), "101 0 8 97");
    assert_eq!(
        media.encoding(101).and_then(|encoding| encoding.codec()),
        Some(Codec::G722)
    );

    let mut ours = negotiation();
    ours.handle_offer(&peer("101", &["rtpmap:101 PCMU/8000"]))
        .expect("an answer");
    let offer = ours.offer(&Change::none()).expect("an offer");
    assert_eq!(
        formats(&read(&offer).media[0]),
        "101 9 8 96",
        "101 is taken, so events move"
    );
}

#[test]
fn a_number_the_peer_gives_away_is_not_ours_to_reuse() {
    let mut ours = negotiation();
    let events = peer("0 101", &["rtpmap:101 telephone-event/8000"]);
    ours.handle_offer(&events).expect("an answer");
    let reused = peer("101", &["rtpmap:101 PCMA/8000"]);
    ours.handle_offer(&reused).expect("an answer");
    let offer = ours.offer(&Change::none()).expect("an offer");
    assert_eq!(formats(&read(&offer).media[0]), "101 9 0 96");
}
