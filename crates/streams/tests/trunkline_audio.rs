//! Audio of the `trunkline` protocol, both ways.

mod rig;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use rig::{Out, Rig, bytes, spoken, texts};
use serde_json::json;
use trunkline_audio::wav;
use trunkline_call::{CallCommand, CallEvent, GatewayReason, Mark};
use trunkline_streams::trunkline::BACKLOG_BYTES_MAX;
use trunkline_streams::{
    AUDIO_BACKLOG_BYTES_MAX, AppInput, HELD_FRAMES_MAX, SampleRate, WireOptions,
};

const RATES: [SampleRate; 4] = [
    SampleRate::Hz8000,
    SampleRate::Hz16000,
    SampleRate::Hz24000,
    SampleRate::Hz48000,
];

fn at(sample_rate: SampleRate) -> WireOptions {
    WireOptions {
        sample_rate,
        ..WireOptions::default()
    }
}

fn play_audio(content: &[u8], kind: &str, more: serde_json::Value) -> String {
    let mut data = json!({"audioContent": STANDARD.encode(content), "audioContentType": kind});
    data.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({"type": "playAudio", "data": data}).to_string()
}

#[test]
fn every_message_to_the_application_is_20_ms_at_its_rate() {
    for rate in RATES {
        let mut rig = Rig::up(at(rate));
        for _ in 0..50 {
            let outs = rig.heard(1_000);
            let [Out::Binary(message)] = outs.as_slice() else {
                panic!("{outs:?}")
            };
            assert_eq!(message.len(), rate.hz() as usize / 50 * 2);
        }
        let last = rig.heard(1_000);
        let [Out::Binary(message)] = last.as_slice() else {
            panic!("{last:?}")
        };
        let sample = i16::from_le_bytes([message[0], message[1]]);
        assert!((990..=1_010).contains(&sample), "{sample} at {rate:?}");
    }
}

#[test]
fn our_own_rate_passes_unchanged() {
    let mut rig = Rig::up(at(SampleRate::Hz16000));
    assert_eq!(rig.heard(-2), [Out::Binary(bytes(&[-2; 320]))]);
    let said: Vec<i16> = (0..1_000).collect();
    assert_eq!(spoken(&rig.binary(&bytes(&said))), said);
}

#[test]
fn a_clear_forgets_half_a_sample() {
    let mut rig = Rig::up(at(SampleRate::Hz16000));
    assert_eq!(spoken(&rig.binary(&[1, 2, 3])), [0x0201]);
    rig.text(r#"{"type":"clear"}"#);
    assert_eq!(spoken(&rig.binary(&[5, 6])), [0x0605]);
}

#[test]
fn a_minute_in_one_message_is_one_command() {
    let mut rig = Rig::up(at(SampleRate::Hz16000));
    let minute = vec![7; 60 * 16_000];
    let outs = rig.binary(&bytes(&minute));
    assert_eq!(outs.len(), 1);
    assert_eq!(spoken(&outs), minute);
}

#[test]
fn a_slow_application_loses_its_oldest_audio_and_no_event() {
    let mut rig = Rig::up(at(SampleRate::Hz16000));
    rig.input(AppInput::Backlog {
        bytes: AUDIO_BACKLOG_BYTES_MAX + 1,
    });
    let held = i16::try_from(HELD_FRAMES_MAX).unwrap();
    for value in 0..held + 5 {
        assert_eq!(rig.heard(value), []);
    }
    assert_eq!(
        texts(&rig.event(&CallEvent::Held)).len(),
        1,
        "events do not wait"
    );
    let outs = rig.input(AppInput::Backlog { bytes: 0 });
    assert_eq!(outs.len(), HELD_FRAMES_MAX);
    assert_eq!(
        outs[0],
        Out::Binary(bytes(&[5; 320])),
        "the oldest five are gone"
    );
    let stats = rig.wire.stats();
    assert_eq!(
        (stats.frames_sent, stats.frames_dropped),
        (u64::try_from(held).unwrap(), 5)
    );
    assert_eq!(rig.heard(1).len(), 1);
}

#[test]
fn an_application_that_leaves_512_kib_unread_is_lost() {
    let mut rig = Rig::up(at(SampleRate::Hz16000));
    let unread = |bytes| AppInput::Backlog { bytes };
    assert_eq!(rig.input(unread(BACKLOG_BYTES_MAX)), []);
    let outs = rig.input(unread(BACKLOG_BYTES_MAX + 1));
    assert_eq!(outs, [Out::End(GatewayReason::AppLost)]);
}

#[test]
fn a_raw_clip_is_played_and_its_end_told() {
    let mut rig = Rig::up(at(SampleRate::Hz16000));
    let text = play_audio(
        &bytes(&[1, 2, 3]),
        "raw",
        json!({"sampleRate": 16_000, "id": "c1"}),
    );
    let outs = rig.text(&text);
    assert_eq!(spoken(&outs), [1, 2, 3]);
    let Some(Out::Command(CallCommand::Mark(mark))) = outs.last() else {
        panic!("{outs:?}")
    };
    let told = texts(&rig.event(&CallEvent::MarkPlayed {
        mark: mark.clone(),
        at_ms: 20,
    }));
    let done = json!({"type": "playDone", "data": {"id": "c1", "event": "playout"}, "atMs": 20});
    assert_eq!(told, [done]);
}

#[test]
fn a_cleared_clip_is_done_too() {
    let mut rig = Rig::up(at(SampleRate::Hz16000));
    let outs = rig.text(&play_audio(&[0; 640], "raw", json!({"id": "c1"})));
    let Some(Out::Command(CallCommand::Mark(mark))) = outs.last() else {
        panic!("{outs:?}")
    };
    let cleared = CallEvent::Cleared {
        at_ms: 0,
        unplayed: vec![mark.clone()],
    };
    let told = texts(&rig.event(&cleared));
    let done = json!({"type": "playDone", "data": {"id": "c1", "event": "cleared"}, "atMs": 0});
    assert_eq!(
        told,
        [done, json!({"type": "cleared", "atMs": 0, "marks": []})]
    );
}

#[test]
fn a_clip_has_its_own_rate_and_a_wave_file_names_it() {
    let mut rig = Rig::up(at(SampleRate::Hz48000));
    let text = play_audio(&bytes(&[9; 80]), "raw", json!({"sampleRate": 8_000}));
    assert_eq!(spoken(&rig.text(&text)).len(), 160);
    let text = play_audio(&bytes(&[9; 960]), "raw", json!({}));
    assert_eq!(
        spoken(&rig.text(&text)).len(),
        320,
        "the announced rate where none is given"
    );
    let text = play_audio(&wav::write_mono(24_000, &[9; 480]), "wave", json!({}));
    assert_eq!(spoken(&rig.text(&text)).len(), 320);
    let text = play_audio(
        &wav::write_stereo(16_000, &[8; 4], &[4; 4]),
        "wave",
        json!({}),
    );
    assert_eq!(spoken(&rig.text(&text)), [6; 4]);
}

#[test]
fn a_clip_of_a_rate_without_a_filter_is_refused() {
    let mut rig = Rig::up(at(SampleRate::Hz16000));
    let refused = json!({"type": "refused", "command": "playAudio", "why": "unsupported"});
    let text = play_audio(
        &wav::write_mono(22_050, &[0; 10]),
        "wave",
        json!({"id": "x"}),
    );
    assert_eq!(rig.text(&text), [Out::Text(refused)]);
    assert_eq!(rig.wire.stats().nonsense, 0);
}

#[test]
fn a_clip_that_is_not_what_it_says_is_nonsense() {
    let mut rig = Rig::up(at(SampleRate::Hz16000));
    let long = "x".repeat(Mark::NAME_BYTES_MAX);
    let bad = [
        play_audio(&[0], "raw", json!({})),
        play_audio(b"RIFFnot", "wave", json!({})),
        play_audio(&[0, 0], "mp3", json!({})),
        play_audio(&[0, 0], "raw", json!({ "id": long })),
        json!({"type": "playAudio", "data": {"audioContent": "***"}}).to_string(),
        json!({"type": "playAudio", "data": {}}).to_string(),
        json!({"type": "playAudio"}).to_string(),
    ];
    for (count, text) in bad.iter().enumerate() {
        assert_eq!(rig.text(text), [], "{text}");
        assert_eq!(rig.wire.stats().nonsense, count as u64 + 1, "{text}");
    }
}

proptest! {
    /// However a stream is cut into messages, the samples are the same.
    #[test]
    fn messages_may_be_cut_anywhere(
        said in proptest::collection::vec(any::<i16>(), 1..3_000),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..20),
        rate in proptest::sample::select(RATES.to_vec()),
    ) {
        let whole = bytes(&said);
        let expected = spoken(&Rig::up(at(rate)).binary(&whole));
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(whole.len())).collect();
        places.extend([0, whole.len()]);
        places.sort_unstable();
        let mut rig = Rig::up(at(rate));
        let mut pieces = Vec::new();
        for pair in places.windows(2) {
            pieces.extend(spoken(&rig.binary(&whole[pair[0]..pair[1]])));
        }
        prop_assert_eq!(pieces, expected);
    }
}
