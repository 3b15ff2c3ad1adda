//! What one side says the other hears, in every codec, through a refresh that changes it and
//! through hold.

mod world;

use std::time::Duration;

use trunkline_audio::tone::Tone;
use trunkline_call::{CallCommand, CallEvent, EndReason, GatewayReason, Mark};
use trunkline_legs::{Leg, Port};
use trunkline_media::codec::Codec;
use trunkline_sip::Method;
use trunkline_sip::endpoint::{Action, Body, DialogRequest};
use trunkline_testkit::Conditions;
use world::{ALICE, BOB, World, good};

const ALICE_HZ: f64 = 440.0;
const BOB_HZ: f64 = 1_000.0;

/// Both say their own tone for so many ms.
fn talk(world: &mut World, ms: u64) {
    for (who, hz) in [(ALICE, ALICE_HZ), (BOB, BOB_HZ)] {
        let mut samples = vec![0; ms as usize * 16];
        Tone::sine(hz, 8_000).fill(&mut samples);
        world.command(who, CallCommand::Play(samples.into()));
    }
    world.run(ms + 500);
}

/// The share of a signal's power that is at `hz` (Goertzel's filter over the whole of it).
fn share(samples: &[i16], hz: f64) -> f64 {
    let turn = std::f64::consts::TAU * hz / 16_000.0;
    let (mut one, mut two, mut power) = (0.0, 0.0, 0.0);
    for sample in samples {
        let sample = f64::from(*sample);
        (one, two) = (sample + 2.0 * turn.cos() * one - two, one);
        power += sample * sample;
    }
    let at_hz = one * one + two * two - 2.0 * turn.cos() * one * two;
    2.0 * at_hz / (samples.len() as f64 * power.max(1.0))
}

/// The longest stretch that is not silence.
fn speech(samples: &[i16]) -> &[i16] {
    let loud = |frame: &&[i16]| frame.iter().any(|s| s.unsigned_abs() > 1_000);
    let frames: Vec<_> = samples.chunks(320).collect();
    let first = frames.iter().position(&loud).unwrap_or(frames.len());
    let length = frames[first..].iter().take_while(|f| loud(f)).count();
    &samples[first * 320..(first + length) * 320]
}

fn assert_each_hears_the_other(world: &World, ms: usize) {
    for (who, hz) in [(ALICE, BOB_HZ), (BOB, ALICE_HZ)] {
        let heard = speech(&world.ends[who].heard);
        assert!(
            heard.len() >= ms * 16 * 9 / 10,
            "end {who} heard {} samples",
            heard.len()
        );
        let whole = &heard[640..heard.len() - 640];
        assert!(
            share(whole, hz) > 0.95,
            "end {who}: {:.3} at {hz} Hz",
            share(whole, hz)
        );
    }
}

#[test]
fn each_side_hears_the_other_in_every_codec() {
    for codec in Codec::ALL {
        let mut world = World::new();
        world.set(ALICE, |settings| settings.codecs = vec![codec]);
        world.come_up();
        let described = world.ends[BOB].leg.as_ref().unwrap().describe();
        assert_eq!(described.codec, Some(codec));
        talk(&mut world, 2_000);
        assert_each_hears_the_other(&world, 2_000);
        world.hang_up(ALICE);
        world.assert_nothing_is_left();
        let media = world.ends[BOB].stats.as_ref().unwrap().media.unwrap();
        assert!(
            media.packets_received > 100 && media.packets_lost == 0,
            "{media:?}"
        );
    }
}

/// How loud the caller hears somebody who speaks as soon as he has answered, frame by frame after the
/// one in which that begins. Threads take their time with the answer, and not with the sound.
fn first_words(codec: Codec, late: Duration) -> Vec<f64> {
    let mut world = World::with(1, good(), Conditions::perfect(late));
    world.set(ALICE, |settings| settings.codecs = vec![codec]);
    world.dial();
    world.run(2_000);
    let mut tone = vec![0; 32_000];
    Tone::sine(BOB_HZ, 8_000).fill(&mut tone);
    world.command(BOB, CallCommand::Answer);
    world.command(BOB, CallCommand::Play(tone.into()));
    world.run(2_000);
    let heard = &world.ends[ALICE].heard;
    let first = heard.iter().position(|sample| sample.unsigned_abs() > 500);
    let frames = heard.chunks(320).skip(first.expect("a word") / 320 + 1);
    let loudness = |frame: &[i16]| {
        let power: f64 = frame.iter().map(|&sample| f64::from(sample).powi(2)).sum();
        (power / frame.len() as f64).sqrt()
    };
    let words = frames.take(20).map(loudness).collect();
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
    words
}

#[test]
fn who_speaks_before_the_answer_is_known_is_as_loud_at_first_as_later() {
    for codec in Codec::ALL {
        for late_ms in [0, 5, 15, 30, 45, 120, 400] {
            let words = first_words(codec, Duration::from_millis(late_ms));
            let later = words[19];
            let is_as_loud = |frame: &f64| (frame / later - 1.0).abs() < 0.05;
            assert!(
                words.iter().all(is_as_loud),
                "{codec:?}, {late_ms} ms late: {words:.0?}"
            );
        }
    }
}

#[test]
fn strangers_who_send_before_the_answer_is_known_are_not_heard() {
    let mut world = World::new();
    world.dial();
    world.run(100);
    let mut packet = vec![0x55; 172];
    for number in 0..100_u8 {
        packet[..12].copy_from_slice(&[0x80, 0, 0, number, 0, 0, number, 0, 1, 2, 3, 4]);
        let input = trunkline_legs::Input::Packet {
            port: Port::Rtp,
            source: ([192, 0, 2, 1], 4_000).into(),
            bytes: &packet,
        };
        world.input(ALICE, input);
    }
    world.run(100);
    world.command(BOB, CallCommand::Answer);
    world.run(100);
    talk(&mut world, 1_000);
    assert_each_hears_the_other(&world, 1_000);
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
    let media = world.ends[ALICE].stats.as_ref().unwrap().media.unwrap();
    assert_eq!((media.packets_foreign, media.packets_lost), (0, 0));
}

/// An end's endpoint offers A-law alone, behind its leg's back: the far leg must change over.
fn refresh(world: &mut World, who: usize) {
    let ip = world.ends[who].sip.ip();
    let offer = format!(
        "v=0\r\no=- 1 9 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
         m=audio 10000 RTP/AVP 8\r\na=rtcp-mux\r\n"
    );
    let owner = world.ends[who].leg.as_ref().unwrap().owner();
    let mut request = DialogRequest::new(Method::Invite);
    request.body = Some(Body::sdp(offer.into_bytes()));
    world.act(who, Action::Request { owner, request });
    world.run(100);
    world.act(who, Action::Ack { owner, body: None });
    world.run(100);
}

#[test]
fn a_refresh_that_changes_the_codec_keeps_audio_both_ways() {
    let mut world = World::up();
    let codec = |world: &World, who: usize| {
        world.ends[who]
            .leg
            .as_ref()
            .unwrap()
            .describe()
            .codec
            .unwrap()
    };
    assert_ne!(codec(&world, BOB), Codec::Pcma);
    talk(&mut world, 1_000);
    assert_each_hears_the_other(&world, 1_000);
    world.forget();
    for who in [ALICE, BOB] {
        refresh(&mut world, who);
        assert_eq!(codec(&world, 1 - who), Codec::Pcma);
    }
    talk(&mut world, 1_000);
    assert_each_hears_the_other(&world, 1_000);
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
}

#[test]
fn nobody_is_heard_on_hold_and_both_are_after() {
    let mut world = World::up();
    world.command(ALICE, CallCommand::Hold);
    world.run(500);
    world.forget();
    let mut tone = vec![0; 16_000];
    Tone::sine(BOB_HZ, 8_000).fill(&mut tone);
    world.command(BOB, CallCommand::Play(tone.into()));
    world.run(2_000);
    assert!(
        speech(&world.ends[ALICE].heard).is_empty(),
        "who holds hears nothing"
    );
    world.command(ALICE, CallCommand::Resume);
    world.run(500);
    world.forget();
    talk(&mut world, 1_000);
    assert_each_hears_the_other(&world, 1_000);
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
}

#[test]
fn an_echo_comes_back() {
    let mut world = World::up();
    world.ends[BOB].echo = true;
    let mut tone = vec![0; 32_000];
    Tone::sine(ALICE_HZ, 8_000).fill(&mut tone);
    world.command(ALICE, CallCommand::Play(tone.into()));
    world.run(3_000);
    let back = speech(&world.ends[ALICE].heard);
    assert!(back.len() >= 28_800, "{} samples came back", back.len());
    assert!(share(&back[640..back.len() - 640], ALICE_HZ) > 0.95);
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
}

#[test]
fn what_was_heard_of_an_application_is_told_before_the_end() {
    let mut world = World::up();
    let mark = Mark::new("the end").unwrap();
    let mut minute = vec![0; 60 * 16_000];
    Tone::sine(ALICE_HZ, 8_000).fill(&mut minute);
    world.command(ALICE, CallCommand::Play(minute.into()));
    world.command(ALICE, CallCommand::Mark(mark.clone()));
    world.run(2_000);
    world.hang_up(BOB);
    world.run(1_000);
    let [
        ..,
        CallEvent::Cleared { at_ms, unplayed },
        CallEvent::Ended(_),
    ] = world.ends[ALICE].events.as_slice()
    else {
        panic!("{:?}", world.ends[ALICE].events);
    };
    assert_eq!(unplayed, &[mark]);
    let heard = speech(&world.ends[BOB].heard).len() as u64 / 16;
    assert!((1_900..=2_100).contains(at_ms), "{at_ms} ms");
    assert!(heard.abs_diff(*at_ms) <= 100, "{heard} of {at_ms} ms");
    // Who has said nothing is told the end alone.
    let cleared = |event: &CallEvent| matches!(event, CallEvent::Cleared { .. });
    assert!(!world.ends[BOB].events.iter().any(cleared));
    world.assert_nothing_is_left();
}

#[test]
fn silence_on_the_wire_ends_a_call_but_not_one_on_hold() {
    let mut world = World::new();
    world.set(BOB, |settings| {
        settings.rtp_timeout = Some(Duration::from_secs(10))
    });
    world.come_up();
    world.command(ALICE, CallCommand::Hold);
    world.run(500);
    world.media_lost = true;
    world.run(60_000);
    assert_eq!(world.end_reason(BOB), None, "on hold nothing is owed");
    world.command(ALICE, CallCommand::Resume);
    world.run(9_000);
    assert_eq!(world.end_reason(BOB), None);
    world.run(3_000);
    let timeout = EndReason::Gateway(GatewayReason::RtpTimeout);
    assert_eq!(world.end_reason(BOB), Some(timeout));
    world.assert_nothing_is_left();
}

#[test]
fn nonsense_on_the_media_ports_is_counted_and_harms_nobody() {
    let mut world = World::up();
    for length in 0..64 {
        for port in [Port::Rtp, Port::Rtcp] {
            let bytes = vec![0xff; length];
            let source = ([192, 0, 2, 1], 4_000).into();
            let input = trunkline_legs::Input::Packet {
                port,
                source,
                bytes: &bytes,
            };
            world.input(BOB, input);
        }
    }
    talk(&mut world, 1_000);
    assert_each_hears_the_other(&world, 1_000);
    world.hang_up(ALICE);
    world.assert_nothing_is_left();
}
