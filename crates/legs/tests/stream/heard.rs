//! What the application hears.

use trunkline_legs::stream::{AHEAD_MAX_US, GAP_US};

use crate::rig::Rig;

const FRAME: [i16; 160] = [8_000; 160];

#[test]
fn frames_follow_each_other_from_answer_on_whatever_the_size_of_messages() {
    let mut rig = Rig::new();
    for size in [160, 1, 319, 800, 33, 7, 160, 120].iter().cycle().take(80) {
        rig.caller(&vec![8_000; *size]);
        rig.run(*size as u64 / 8);
    }
    let heard = rig.heard();
    assert_eq!(heard.len(), 10 * 1_600 / 160);
    for (n, (_, at, concealed, samples)) in heard.iter().enumerate() {
        assert_eq!((*at, *concealed), (n as u64 * 320, false));
        assert_eq!(samples.len(), 320);
    }
}

#[test]
fn a_frame_is_heard_the_moment_it_comes() {
    let mut rig = Rig::new();
    for n in 1..=50_u64 {
        rig.run(20);
        rig.caller(&FRAME);
        assert_eq!(rig.heard().len() as u64, n);
    }
}

#[test]
fn silence_takes_the_place_of_what_does_not_come_and_nothing_that_comes_late_is_lost() {
    let mut rig = Rig::new();
    rig.caller(&FRAME);
    rig.run(1_000);
    let heard = rig.heard();
    let behind = (1_000 - GAP_US as u64 / 1_000) / 20;
    assert_eq!(heard.len() as u64, behind);
    assert!(heard[1..].iter().all(|(_, _, concealed, samples)| {
        *concealed && samples.iter().all(|sample| *sample == 0)
    }));
    for _ in 0..49 {
        rig.caller(&FRAME);
    }
    let late = rig.heard().split_off(behind as usize);
    assert_eq!(late.len(), 49);
    assert!(
        late.iter()
            .all(|(ms, _, concealed, _)| *ms == 1_000 && !concealed)
    );
    let positions: Vec<u64> = rig.heard().iter().map(|heard| heard.1 / 320).collect();
    assert_eq!(positions, (0..behind + 49).collect::<Vec<u64>>());
    // What came late is ahead of the clock now, and no silence is made up before that is over.
    rig.run(900);
    assert_eq!(rig.heard().len() as u64, behind + 49);
}

#[test]
fn a_provider_that_says_more_than_it_can_have_heard_is_not_believed() {
    let mut rig = Rig::new();
    for _ in 0..2_000 {
        rig.caller(&FRAME);
    }
    let believed = AHEAD_MAX_US as usize / 20_000;
    assert!(rig.heard().len().abs_diff(believed) <= 1);
    let media = trunkline_legs::Leg::stats(&rig.leg).media.unwrap();
    assert!(
        media.packets_late as usize >= 2_000 - believed - 1,
        "{media:?}"
    );
}

#[test]
fn the_callers_voice_is_heard_and_the_echo_of_ours_is_not() {
    let mut rig = Rig::new();
    rig.text(r#"{"event":"media","media":{"track":"outbound","payload":"gICAgA=="}}"#);
    assert!(rig.heard().is_empty());
    for _ in 0..5 {
        rig.caller(&FRAME);
    }
    let (.., samples) = rig.heard().pop().unwrap();
    assert!(
        samples.iter().all(|sample| sample.abs_diff(8_000) < 300),
        "{samples:?}"
    );
}
