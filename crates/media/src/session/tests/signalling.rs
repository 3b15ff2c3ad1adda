//! What signalling, and RTCP that claims to be signalling, do to a session.

use super::*;
use crate::rtcp::Compound;

#[test]
fn a_held_call_sends_no_rtp_hears_silence_and_is_not_timed_out() {
    let shape = agreed(Codec::Pcmu, 20);
    let mut run = Run::new(&shape);
    for n in 0..50 {
        run.packet(n * 20_000, header(n, 0), &level(500));
    }
    let held = Agreed {
        direction: Direction::Inactive,
        ..shape.clone()
    };
    run.input(Input::Renegotiated(&held));
    let before = run.log.rtp.len();
    run.until(200_000_000);
    assert_eq!(run.log.rtp.len(), before);
    assert_eq!(run.log.frames.len(), 10_000);
    assert!(run.log.told.is_empty());
    assert!(run.log.rtcp.len() > 30, "reports go on");
    run.input(Input::Renegotiated(&shape));
    run.until(201_000_000);
    let sent = run.sent();
    assert!((50..=51).contains(&(sent.len() - before)));
    let gap = sent[before]
        .1
        .timestamp
        .wrapping_sub(sent[before - 1].1.timestamp)
        / 8;
    let time = (sent[before].0 - sent[before - 1].0) / 1000;
    assert!(
        (i64::from(gap) - time).abs() <= 20,
        "timestamps kept the time: {gap} {time}"
    );
    assert!(sent[before].1.marker);
    run.until(300_000_000);
    assert_eq!(
        run.told(),
        ["RtpSilent { silence: 60s }"],
        "and the limit counts from the resume"
    );
}

#[test]
fn what_was_under_way_when_a_call_was_held_is_no_loss() {
    let shape = agreed(Codec::Pcmu, 20);
    let held = Agreed {
        direction: Direction::SendOnly,
        ..shape.clone()
    };
    let mut run = Run::new(&shape);
    for n in 0..60 {
        match n {
            30 => run.input(Input::Renegotiated(&held)),
            40 => run.input(Input::Renegotiated(&shape)),
            _ => {}
        }
        run.packet(n * 20_000, header(n, 0), &level(500));
    }
    let statistics = run.session.statistics();
    assert_eq!(statistics.packets_received, 60);
    assert_eq!(statistics.packets_lost, 0);
}

#[test]
fn a_spoofed_goodbye_ends_nothing() {
    let mut run = Run::new(&agreed(Codec::Pcmu, 20));
    for n in 0..10 {
        run.packet(n * 20_000, header(n, 0), &level(500));
    }
    let goodbye = [
        [0x80, 201, 0, 1, 0, 0, 0x12, 0x34].as_slice(),
        &[0x81, 203, 0, 1, 0, 0, 0x12, 0x34],
    ]
    .concat();
    run.input(Input::Packet {
        port: Port::Rtcp,
        source: address(PEER_RTCP),
        bytes: &goodbye,
    });
    run.input(Input::Packet {
        port: Port::Rtcp,
        source: address("203.0.113.6:1"),
        bytes: &goodbye,
    });
    run.until(1_000_000);
    assert_eq!(run.log.rtp.len(), 51);
    let statistics = run.session.statistics();
    assert_eq!(
        (statistics.rtcp_received, statistics.packets_foreign),
        (1, 1)
    );
}

#[test]
fn the_end_is_one_goodbye_and_then_nothing() {
    let mut run = Run::new(&agreed(Codec::Pcmu, 20));
    run.until(100_000);
    run.input(Input::End);
    let (_, bytes) = run.log.rtcp.last().unwrap();
    let last = Compound::parse(bytes).unwrap().last();
    assert!(matches!(last, Some(crate::rtcp::Packet::Goodbye)));
    let before = run.log.rtp.len();
    run.until(10_000_000);
    assert_eq!((run.log.rtp.len(), run.log.rtcp.len()), (before, 1));
}

#[test]
fn the_codec_changes_in_the_middle_of_speech_without_losing_a_sample() {
    let shape = agreed(Codec::Pcmu, 20);
    let mut run = Run::new(&shape);
    run.input(Input::Play(&[3000; 16_000]));
    run.until(500_000);
    run.input(Input::Renegotiated(&agreed(Codec::G722, 40)));
    run.until(2_000_000);
    assert_eq!(run.session.played_ms(), 1000);
    let sent = run.sent();
    for pair in sent.windows(2) {
        let step = pair[1].1.timestamp.wrapping_sub(pair[0].1.timestamp);
        assert_eq!(step as usize, pair[0].2.len(), "the timeline goes on");
    }
    assert!(
        sent.iter()
            .any(|(_, h, p)| h.payload_type == 9 && p.len() == 320)
    );
}
