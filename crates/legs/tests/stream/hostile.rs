//! A far end that says anything, to an application that asks for anything.

use proptest::prelude::*;
use trunkline_call::{CallCommand, CallEvent, Digit, HangupCause, Mark};
use trunkline_legs::Input;
use trunkline_streams::{CloseCode, Frame};

use crate::rig::{Did, Rig};

/// Messages of the dialect, right and nearly right.
const MESSAGES: [&str; 8] = [
    r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#,
    r#"{"event":"start","start":{"streamSid":"MZ2","callSid":"CA2"},"streamSid":"MZ2"}"#,
    r#"{"event":"media","media":{"track":"inbound","chunk":"2","payload":"gICAgICAgIA="},"streamSid":"MZ1"}"#,
    r#"{"event":"media","media":{"track":"outbound","payload":"!"},"streamSid":"MZ1"}"#,
    r#"{"event":"dtmf","dtmf":{"track":"inbound_track","digit":"5"},"streamSid":"MZ1"}"#,
    r#"{"event":"mark","mark":{"name":"18446744073709551615"},"streamSid":"MZ1"}"#,
    r#"{"event":"mark","mark":{"name":"1"},"streamSid":"MZ1"}"#,
    r#"{"event":"stop","stop":{},"streamSid":"MZ1"}"#,
];

/// Something that happens to a leg.
#[derive(Clone, Debug)]
enum Blow {
    Text(usize),
    Mutated(usize, usize, char),
    Binary(Vec<u8>),
    Command(u8, usize),
    Backlog(usize),
    Pong,
    Wait(u64),
    Close(u16),
}

fn blow() -> impl Strategy<Value = Blow> {
    prop_oneof![
        6 => (0..MESSAGES.len() - 1).prop_map(Blow::Text),
        6 => (0..MESSAGES.len(), 0_usize..100, any::<char>())
            .prop_map(|(which, at, with)| Blow::Mutated(which, at, with)),
        1 => prop::collection::vec(any::<u8>(), 0..700).prop_map(Blow::Binary),
        6 => (any::<u8>(), 0_usize..20_000).prop_map(|(which, count)| Blow::Command(which, count)),
        1 => (0_usize..100_000).prop_map(Blow::Backlog),
        1 => Just(Blow::Pong),
        4 => (0_u64..400).prop_map(Blow::Wait),
        1 => (999_u16..1_015).prop_map(Blow::Close),
    ]
}

fn command(which: u8, count: usize) -> CallCommand<'static> {
    match which % 9 {
        0..=2 => CallCommand::Play(vec![7; count].into()),
        3 => CallCommand::Mark(Mark::new(&count.to_string()).unwrap()),
        4 => CallCommand::Clear,
        5 => CallCommand::Pause,
        6 => CallCommand::Continue,
        7 => CallCommand::SendDtmf {
            digit: Digit::from_event(1).unwrap(),
            duration_ms: u32::MAX,
        },
        _ if count.is_multiple_of(16) => CallCommand::Hangup(HangupCause::Normal),
        _ => CallCommand::Hold,
    }
}

fn strike(rig: &mut Rig, blow: Blow) {
    match blow {
        Blow::Text(which) => rig.text(MESSAGES[which]),
        Blow::Mutated(which, at, with) => {
            let mut text: Vec<char> = MESSAGES[which].chars().collect();
            let at = at % text.len();
            text[at] = with;
            rig.text(&text.into_iter().collect::<String>());
        }
        Blow::Binary(bytes) => rig.input(Input::Received(Frame::Binary(&bytes))),
        Blow::Command(which, count) => rig.command(command(which, count)),
        Blow::Backlog(bytes) => rig.input(Input::Backlog { bytes }),
        Blow::Pong => rig.input(Input::Pong),
        Blow::Wait(ms) => rig.run(ms),
        Blow::Close(code) => rig.close(CloseCode::Frame(code)),
    }
}

proptest! {
    #[test]
    fn a_call_ends_once_whatever_is_said(blows in prop::collection::vec(blow(), 1..80)) {
        let mut rig = Rig::new();
        for blow in blows {
            strike(&mut rig, blow);
        }
        rig.close(CloseCode::Abnormal);
        let ends = |event: &&CallEvent| matches!(event, CallEvent::Ended(_));
        prop_assert_eq!(rig.told().into_iter().filter(ends).count(), 1);
        prop_assert!(matches!(rig.events.last(), Some((_, CallEvent::Ended(_)))));
        let finished = rig.did.iter().filter(|(_, did)| *did == Did::Finished);
        prop_assert_eq!(finished.count(), 1);
        prop_assert_eq!(rig.did.last().map(|(_, did)| did), Some(&Did::Finished));
        // Sound went on without a gap.
        let positions: Vec<u64> = rig.heard().iter().map(|heard| heard.1).collect();
        prop_assert!(positions.windows(2).all(|pair| pair[1] == pair[0] + 320));
    }
}
