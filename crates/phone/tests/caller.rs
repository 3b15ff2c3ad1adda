//! A scripted caller on a real call over loopback.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use trunkline_audio::wav;
use trunkline_call::{Digit, EndReason, HangupCause};
use trunkline_phone::caller::{self, Progress, Step};
use trunkline_phone::softphone::{Report, Script, Settings, Waiting};
use trunkline_sip::endpoint::Transport;

const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const PATIENCE: Duration = Duration::from_secs(20);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn speech(from_ms: usize, to_ms: usize) -> Vec<i16> {
    let file = include_bytes!("../../../fixtures/speech/demo.wav");
    let samples = wav::read(file).unwrap().into_mono();
    samples[from_ms * 16..to_ms * 16].to_vec()
}

/// A phone that is called by a scripted caller, and follows a script by the clock.
fn called_by(
    script: Script,
    steps: Vec<Step>,
    told: &mut dyn FnMut(Progress<'_>),
) -> (caller::Conversation, Report) {
    let waiting = Waiting::listen(Transport::Udp, LOOPBACK, Settings::default()).unwrap();
    let target = format!("sip:bob@{}", waiting.address());
    let bob = thread::spawn(move || waiting.answer(PATIENCE, script, &mut |_| {}).unwrap());
    let talk = caller::call(&target, &Settings::default(), steps, told).unwrap();
    (talk, bob.join().unwrap())
}

#[test]
fn a_caller_waits_speaks_and_measures_what_is_answered() {
    let greeting = speech(300, 1_300);
    let question: Arc<[i16]> = speech(300, 1_500).into();
    let steps = vec![
        Step::WaitForEnd {
            quiet: ms(500),
            within: PATIENCE,
        },
        Step::Say(question),
        Step::WaitForSpeech { within: PATIENCE },
    ];
    // The second speech comes long after the question is over.
    let script = Script::new()
        .play(ms(200), &greeting)
        .play(ms(5_000), &greeting);
    let mut began = Vec::new();
    let mut note = |progress: Progress<'_>| {
        if let Progress::Step(step) = progress {
            began.push(step);
        }
    };
    let (talk, bob) = called_by(script, steps, &mut note);
    assert_eq!(began, [0, 1, 2]);
    assert!(talk.went_through(3), "{:?}", talk.notes);
    assert_eq!(talk.report.end, EndReason::App(HangupCause::Normal));
    assert_eq!(bob.end, EndReason::Remote);
    let [turn] = talk.timeline.turns.as_slice() else {
        panic!("one answer: {:?}", talk.timeline);
    };
    // What bob's phone recorded says the same.
    let (heard, sent) = (
        caller::Timeline::of(bob.heard.samples(), &[]),
        &talk.timeline,
    );
    let spoken = |spans: &[caller::Span]| spans.iter().map(|span| span.ms()).sum::<u64>();
    assert!(
        spoken(&heard.caller).abs_diff(spoken(&sent.caller)) <= 40,
        "{heard:?} {sent:?}"
    );
    assert!((500..4_000).contains(&turn.gap_ms()), "{turn:?}");
    assert!(talk.ear.len() > 16_000 * 3, "{}", talk.ear.len());
    let stereo = wav::read(&talk.stereo()).unwrap();
    assert_eq!((stereo.channels, stereo.rate_hz), (2, 16_000));
    assert_eq!(stereo.samples.len() as u64, talk.timeline.samples * 2);
}

#[test]
fn a_caller_cuts_in_and_presses_keys_and_a_lossy_network_loses_some() {
    let steps = vec![
        Step::Interrupt {
            after: ms(400),
            speech: speech(300, 1_000).into(),
            within: PATIENCE,
        },
        Step::Press(vec![Digit::from_char('7').unwrap()]),
        Step::Pause(ms(300)),
        Step::Lose(1.0),
        Step::Pause(ms(500)),
    ];
    let script = Script::new().play(ms(200), &speech(300, 8_000));
    let (talk, bob) = called_by(script, steps, &mut |_| {});
    assert!(talk.went_through(5), "{:?}", talk.notes);
    assert_eq!(bob.keys.len(), 1);
    let [cut_in] = talk.timeline.interruptions.as_slice() else {
        panic!("one interruption: {:?}", talk.timeline);
    };
    // A phone that plays a file cannot be interrupted.
    assert!(cut_in.silence_ms() >= 600, "{cut_in:?}");
    let (sent, came) = (talk.report.sent.figures(), bob.heard.figures());
    assert!(sent.packets >= came.packets + 20, "{sent:?} {came:?}");
}
