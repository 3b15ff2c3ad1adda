//! Hold and resume from both sides.

use trunkline_media::negotiation::Change;
use trunkline_media::sdp::Direction::{self, Inactive, RecvOnly, SendOnly, SendRecv};

use crate::{negotiation, peer, read, socket};

fn stated(text: &str) -> Direction {
    let description = read(text);
    description.direction_of(&description.media[0])
}

/// RFC 3264 §6.1, and the same narrowed by a hold of our own.
#[test]
fn our_answer_mirrors_the_offer_and_keeps_our_wish() {
    for (wish, offered, expected) in [
        (SendRecv, SendRecv, SendRecv),
        (SendRecv, SendOnly, RecvOnly),
        (SendRecv, RecvOnly, SendOnly),
        (SendRecv, Inactive, Inactive),
        (SendOnly, SendRecv, SendOnly),
        (SendOnly, SendOnly, Inactive),
        (SendOnly, RecvOnly, SendOnly),
        (SendOnly, Inactive, Inactive),
        (RecvOnly, SendRecv, RecvOnly),
        (RecvOnly, SendOnly, RecvOnly),
        (RecvOnly, RecvOnly, Inactive),
        (Inactive, SendRecv, Inactive),
    ] {
        let mut ours = negotiation();
        ours.offer(&Change::direction(wish)).expect("an offer");
        ours.handle_answer(&peer("0", &[wish.mirrored().name()]))
            .expect("an agreement");
        let answer = ours
            .handle_offer(&peer("0", &[offered.name()]))
            .expect("an answer");
        assert_eq!(
            answer.agreed.direction, expected,
            "we want {wish}, they offer {offered}"
        );
        assert_eq!(stated(&answer.text), expected);
        assert_eq!(answer.agreed.held_by_peer, !offered.may_receive());
    }
}

#[test]
fn an_answer_narrows_our_offer() {
    for (offered, answered, expected, held) in [
        (SendRecv, SendRecv, SendRecv, false),
        (SendRecv, SendOnly, RecvOnly, true),
        (SendRecv, RecvOnly, SendOnly, false),
        (SendRecv, Inactive, Inactive, true),
        (SendOnly, RecvOnly, SendOnly, false),
        (SendOnly, Inactive, Inactive, true),
        // A wrong answer opens nothing we did not offer.
        (SendOnly, SendRecv, SendOnly, false),
        (Inactive, SendRecv, Inactive, false),
    ] {
        let mut ours = negotiation();
        ours.offer(&Change::direction(offered)).expect("an offer");
        let agreed = ours
            .handle_answer(&peer("0", &[answered.name()]))
            .expect("an agreement");
        assert_eq!(
            agreed.direction, expected,
            "we offer {offered}, they answer {answered}"
        );
        assert_eq!(
            agreed.held_by_peer, held,
            "we offer {offered}, they answer {answered}"
        );
    }
}

#[test]
fn we_hold_and_resume() {
    let mut ours = negotiation();
    ours.handle_offer(&peer("0", &[])).expect("an answer");
    let hold = ours.offer(&Change::hold()).expect("an offer");
    assert_eq!(stated(&hold), SendOnly);
    let held = ours
        .handle_answer(&peer("0", &["recvonly"]))
        .expect("an agreement");
    assert_eq!(
        (held.may_send(), held.may_receive(), held.held_by_peer),
        (true, false, false)
    );
    let resume = ours.offer(&Change::resume()).expect("an offer");
    assert_eq!(stated(&resume), SendRecv);
    let resumed = ours.handle_answer(&peer("0", &[])).expect("an agreement");
    assert_eq!(resumed.direction, SendRecv);
}

#[test]
fn a_hold_of_both_sides_ends_when_both_resume() {
    let mut ours = negotiation();
    ours.handle_offer(&peer("0", &[])).expect("an answer");
    ours.offer(&Change::hold()).expect("an offer");
    ours.handle_answer(&peer("0", &["recvonly"]))
        .expect("an agreement");
    let both = ours
        .handle_offer(&peer("0", &["sendonly"]))
        .expect("an answer")
        .agreed;
    assert_eq!((both.direction, both.held_by_peer), (Inactive, true));
    // Ours ends; theirs goes on, and their answer says so.
    ours.offer(&Change::resume()).expect("an offer");
    let theirs = ours
        .handle_answer(&peer("0", &["sendonly"]))
        .expect("an agreement");
    assert_eq!((theirs.direction, theirs.held_by_peer), (RecvOnly, true));
    let none = ours
        .handle_offer(&peer("0", &["sendrecv"]))
        .expect("an answer")
        .agreed;
    assert_eq!((none.direction, none.held_by_peer), (SendRecv, false));
}

#[test]
fn a_hold_of_ours_does_not_hide_a_hold_of_the_peer() {
    let mut ours = negotiation();
    ours.handle_offer(&peer("0", &["sendonly"]))
        .expect("an answer");
    ours.offer(&Change::direction(Inactive)).expect("an offer");
    let agreed = ours
        .handle_answer(&peer("0", &["inactive"]))
        .expect("an agreement");
    assert!(
        agreed.held_by_peer,
        "an inactive answer to an inactive offer says nothing new"
    );
}

/// The hold of RFC 2543 phones, still in RFC 3264 §8.4.
#[test]
fn the_unspecified_address_holds() {
    let mut ours = negotiation();
    let before = ours
        .handle_offer(&peer("0", &[]))
        .expect("an answer")
        .agreed;
    let text = String::from_utf8(peer("0", &[])).expect("text");
    let hold = text.replace("c=IN IP4 192.0.2.9", "c=IN IP4 0.0.0.0");
    let held = ours.handle_offer(hold.as_bytes()).expect("an answer");
    assert_eq!(stated(&held.text), RecvOnly);
    assert!(held.agreed.held_by_peer && !held.agreed.may_send());
    assert_eq!(held.agreed.remote, before.remote, "where to return to");
    let resumed = ours
        .handle_offer(&peer("0", &[]))
        .expect("an answer")
        .agreed;
    assert_eq!(resumed, before);
}

#[test]
fn a_call_may_begin_on_hold() {
    for address in ["c=IN IP4 0.0.0.0", "c=IN IP6 ::"] {
        let text = String::from_utf8(peer("0", &[])).expect("text");
        let offer = text.replace("c=IN IP4 192.0.2.9", address);
        let mut ours = negotiation();
        let held = ours
            .handle_offer(offer.as_bytes())
            .expect("an answer")
            .agreed;
        assert!(!held.may_send() && held.held_by_peer);
        assert_eq!(held.remote, socket("0.0.0.0:0"), "nowhere yet");
        let open = ours
            .handle_offer(&peer("0", &[]))
            .expect("an answer")
            .agreed;
        assert_eq!(
            (open.direction, open.remote),
            (SendRecv, socket("192.0.2.9:5000"))
        );
    }
}
