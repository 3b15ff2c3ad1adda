//! The far end changes its mind about media: codec, address, direction; by INVITE and UPDATE,
//! with an offer and without one. The far end here is an endpoint that speaks for itself.

mod world;

use trunkline_call::CallEvent;
use trunkline_legs::{Description, Leg};
use trunkline_media::codec::Codec;
use trunkline_sip::Method;
use trunkline_sip::endpoint::{Action, Body, DialogRequest};
use world::{ALICE, BOB, World};

fn sdp(version: u32, port: u16, formats: &str, rest: &str) -> Body {
    let text = format!(
        "v=0\r\no=- 1 {version} IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP {formats}\r\n{rest}"
    );
    Body::sdp(text.into_bytes())
}

/// Alice's endpoint asks, behind its leg's back.
fn ask(world: &mut World, method: Method, body: Option<Body>) {
    let owner = world.ends[ALICE].leg.as_ref().unwrap().owner();
    let is_invite = method == Method::Invite;
    let request = DialogRequest {
        body,
        ..DialogRequest::new(method)
    };
    world.act(ALICE, Action::Request { owner, request });
    world.run(100);
    if is_invite {
        world.act(ALICE, Action::Ack { owner, body: None });
        world.run(100);
    }
}

fn described(world: &World) -> Description {
    world.ends[BOB].leg.as_ref().unwrap().describe()
}

fn finish(mut world: World) {
    world.hang_up(BOB);
    world.assert_nothing_is_left();
}

#[test]
fn another_codec_and_another_address_are_taken_by_invite_and_by_update() {
    for method in [Method::Invite, Method::Update] {
        let mut world = World::up();
        let answer = format!("200 {method}");
        ask(
            &mut world,
            method,
            Some(sdp(5, 20_000, "8", "a=sendrecv\r\n")),
        );
        assert!(
            world.ends[BOB].has_told(&answer),
            "{:?}",
            world.ends[BOB].told()
        );
        let Description { codec, remote, .. } = described(&world);
        assert_eq!(codec, Some(Codec::Pcma));
        assert_eq!(remote, Some(([10, 0, 0, 1], 20_000).into()));
        finish(world);
    }
}

#[test]
fn media_follows_the_far_end_to_another_address() {
    let mut world = World::up();
    assert_eq!(
        world.ends[BOB].destination,
        Some(([10, 0, 0, 1], 10_000).into())
    );
    // Where packets came from so far counts no more, and from the new place none has come yet.
    world.media_lost = true;
    ask(&mut world, Method::Invite, Some(sdp(5, 20_000, "0", "")));
    world.run(1_000);
    assert_eq!(
        world.ends[BOB].destination,
        Some(([10, 0, 0, 1], 20_000).into())
    );
    finish(world);
}

#[test]
fn every_way_to_hold_is_a_hold_and_telling_it_twice_is_one() {
    let holds = ["a=sendonly\r\n", "a=inactive\r\n", "c=IN IP4 0.0.0.0\r\n"];
    for hold in holds {
        let mut world = World::up();
        for version in 5..7 {
            ask(
                &mut world,
                Method::Invite,
                Some(sdp(version, 10_000, "0", hold)),
            );
        }
        assert_eq!(world.ends[BOB].events, [CallEvent::Held], "{hold}");
        ask(
            &mut world,
            Method::Invite,
            Some(sdp(7, 10_000, "0", "a=sendrecv\r\n")),
        );
        assert_eq!(
            world.ends[BOB].events,
            [CallEvent::Held, CallEvent::Resumed],
            "{hold}"
        );
        finish(world);
    }
}

#[test]
fn what_cannot_be_met_is_refused_and_changes_nothing() {
    let before = described(&World::up());
    let offers = [
        (sdp(5, 20_000, "18", ""), "488 INVITE"),
        (sdp(5, 0, "0", ""), "488 INVITE"),
        (Body::sdp(b"nonsense".to_vec()), "400 INVITE"),
    ];
    for (offer, answer) in offers {
        let mut world = World::up();
        ask(&mut world, Method::Invite, Some(offer));
        assert_eq!(world.ends[BOB].told(), [answer]);
        assert_eq!(described(&world), before);
        assert!(world.end_reason(BOB).is_none(), "the call goes on");
        finish(world);
    }
}

#[test]
fn an_invite_without_an_offer_gets_one_and_its_ack_settles_it() {
    let mut world = World::up();
    let owner = world.ends[ALICE].leg.as_ref().unwrap().owner();
    let request = DialogRequest::new(Method::Invite);
    world.act(ALICE, Action::Request { owner, request });
    world.run(100);
    let offer = world.ends[BOB].sent.last().unwrap();
    assert!(offer.status() == Some(200) && !offer.body().is_empty());
    let body = Some(sdp(6, 20_000, "8", ""));
    world.act(ALICE, Action::Ack { owner, body });
    world.run(100);
    assert_eq!(described(&world).codec, Some(Codec::Pcma));
    finish(world);
}

#[test]
fn an_ack_without_the_answer_leaves_all_as_it_was() {
    let mut world = World::up();
    let before = described(&world);
    ask(&mut world, Method::Invite, None);
    assert_eq!(described(&world), before);
    ask(&mut world, Method::Invite, Some(sdp(6, 20_000, "8", "")));
    assert_eq!(
        described(&world).codec,
        Some(Codec::Pcma),
        "the way is free for another offer"
    );
    finish(world);
}

#[test]
fn an_update_without_an_offer_is_a_refresh() {
    let mut world = World::up();
    let before = described(&world);
    ask(&mut world, Method::Update, None);
    assert_eq!(world.ends[BOB].told(), ["200 UPDATE"]);
    assert_eq!(described(&world), before);
    finish(world);
}
