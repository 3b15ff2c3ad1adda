//! A scripted caller in virtual time, and timelines of made-up sides.

use std::sync::Arc;
use std::time::{Duration, Instant};

use trunkline_audio::{AudioFrame, FRAME_SAMPLES};
use trunkline_call::{CallCommand, CallEvent, Digit, EndReason};

use super::*;

const PATIENCE: Duration = Duration::from_secs(5);
const QUIET: Duration = Duration::from_millis(600);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A tone of so many ms.
fn tone(ms: usize) -> Arc<[i16]> {
    let step = std::f64::consts::TAU * 500.0 / 16_000.0;
    let sample = |n: usize| ((n as f64 * step).sin() * 8_000.0) as i16;
    (0..ms * 16).map(sample).collect()
}

/// A caller on a call, the time, and what they did at which ms after answer.
struct Rig {
    caller: Scripted,
    begun: Instant,
    at: u64,
    did: Vec<(u64, Output)>,
}

impl Rig {
    fn answered(steps: Vec<Step>) -> Self {
        let mut rig = Self {
            caller: Scripted::new(steps),
            begun: Instant::now(),
            at: 0,
            did: Vec::new(),
        };
        rig.tell(&CallEvent::Answered);
        rig
    }

    fn tell(&mut self, event: &CallEvent) {
        let now = self.begun + ms(self.at);
        self.caller.handle_input(now, Cue::Event(event));
        loop {
            match self.caller.poll_output() {
                Output::Timeout(_) => return,
                output => self.did.push((self.at, output)),
            }
        }
    }

    /// The far end is silent for so many ms, or speaks.
    fn hears(&mut self, length: u64, speech: bool) {
        let sound = if speech { tone(20) } else { tone(0) };
        for _ in 0..length / 20 {
            let sample = |n| sound.get(n).copied().unwrap_or(0);
            self.at += 20;
            let event = CallEvent::Audio {
                frame: AudioFrame::from_samples(std::array::from_fn::<_, FRAME_SAMPLES, _>(sample)),
                at: (self.at - 20) * 16,
                concealed: false,
            };
            self.tell(&event);
        }
    }

    /// When each step began.
    fn began(&self) -> Vec<u64> {
        let began =
            |(at, output): &(u64, Output)| matches!(output, Output::Began(_)).then_some(*at);
        self.did.iter().filter_map(began).collect()
    }

    /// Everything that was given to the line.
    fn said(&self) -> Vec<i16> {
        let mut said = Vec::new();
        for (_, output) in &self.did {
            if let Output::Command(CallCommand::Play(samples)) = output {
                said.extend_from_slice(samples);
            }
        }
        said
    }

    fn hung_up(&self) -> Option<u64> {
        let is_end = |output: &Output| matches!(output, Output::Command(CallCommand::Hangup(_)));
        let found = self.did.iter().find(|(_, output)| is_end(output));
        found.map(|(at, _)| *at)
    }
}

#[test]
fn a_question_waits_for_the_greeting_and_the_call_ends_after_the_answer() {
    let wait = Step::WaitForEnd {
        quiet: QUIET,
        within: PATIENCE,
    };
    let question = tone(1_000);
    let mut rig = Rig::answered(vec![wait.clone(), Step::Say(Arc::clone(&question)), wait]);
    rig.hears(500, false);
    rig.hears(1_000, true);
    rig.hears(1_000, false);
    // The greeting ended at 1,500.
    let asked = rig.began()[1];
    assert!((2_100..=2_120).contains(&asked), "{asked}");
    rig.hears(1_500, false);
    assert_eq!(rig.said(), *question);
    let waits = rig.began()[2];
    assert!((asked + 1_000..=asked + 1_040).contains(&waits), "{waits}");
    rig.hears(300, true);
    rig.hears(300, false);
    rig.hears(300, true);
    assert_eq!(rig.hung_up(), None, "a pause between sentences is no end");
    rig.hears(1_000, false);
    assert!(rig.hung_up().is_some());
    let heard = rig.at * 16;
    let (notes, ear) = rig.caller.into_notes();
    assert!(notes.iter().all(|note| note.met) && notes.len() == 3);
    assert_eq!(notes[1].spoke, Some(notes[1].begun));
    assert_eq!(ear.len() as u64, heard);
    let answer = notes[1].heard.end..notes[2].heard.end;
    assert!(answer.contains(&(5_100 * 16)), "{answer:?}");
}

#[test]
fn an_interruption_begins_after_so_much_of_the_answer() {
    let speech = tone(400);
    let interrupt = Step::Interrupt {
        after: ms(500),
        speech: Arc::clone(&speech),
        within: PATIENCE,
    };
    let mut rig = Rig::answered(vec![interrupt]);
    rig.hears(1_000, false);
    rig.hears(400, true);
    rig.hears(300, false);
    assert_eq!(rig.said().len(), 0, "a pause is no place to interrupt");
    rig.hears(200, true);
    let spoke = rig
        .did
        .iter()
        .find(|(_, output)| matches!(output, Output::Command(CallCommand::Play(_))));
    let (at, _) = spoke.expect("the caller speaks");
    assert!((1_720..=1_760).contains(at), "{at}");
    let (notes, _) = rig.caller.into_notes();
    assert!(notes.is_empty(), "it is under way");
}

#[test]
fn a_wait_in_vain_ends_the_call() {
    let wait = Step::WaitForSpeech { within: ms(700) };
    let mut rig = Rig::answered(vec![wait, Step::Say(tone(100))]);
    rig.hears(1_000, false);
    assert_eq!(rig.hung_up(), Some(700));
    assert_eq!(rig.said().len(), 0);
    let (notes, _) = rig.caller.into_notes();
    assert_eq!(notes.len(), 1);
    assert!(!notes[0].met);
}

#[test]
fn keys_are_pressed_apart_and_those_of_the_far_end_are_waited_for() {
    let keys = ['4', '2'].map(|key| Digit::from_char(key).unwrap());
    let wait = Step::WaitForKeys {
        count: 1,
        within: PATIENCE,
    };
    let mut rig = Rig::answered(vec![Step::Press(keys.to_vec()), wait]);
    rig.hears(1_000, false);
    let pressed: Vec<_> = rig
        .did
        .iter()
        .filter_map(|(at, output)| match output {
            Output::Command(CallCommand::SendDtmf { digit, .. }) => Some((*at, *digit)),
            _ => None,
        })
        .collect();
    assert_eq!(pressed, [(0, keys[0]), (260, keys[1])]);
    assert_eq!(rig.hung_up(), None);
    rig.tell(&CallEvent::Dtmf {
        digit: keys[0],
        duration_ms: 100,
    });
    assert_eq!(rig.hung_up(), Some(1_000));
}

#[test]
fn noise_goes_on_behind_what_is_said_and_an_echo_comes_back_softer() {
    let noise: Arc<[i16]> = Arc::from([5, 6, 7]);
    let speech: Arc<[i16]> = Arc::from([100; 320]);
    let steps = vec![
        Step::Noise(noise),
        Step::Pause(ms(400)),
        Step::Say(speech),
        Step::Noise(Arc::from([])),
        Step::Echo(0.1),
        Step::Pause(ms(1_000)),
    ];
    let mut rig = Rig::answered(steps);
    rig.hears(700, false);
    let said = rig.said();
    assert_eq!(said[..6], [5, 6, 7, 5, 6, 7]);
    let loud = said.iter().position(|sample| *sample > 100).unwrap();
    assert!(
        (9_280..=9_600).contains(&loud),
        "200 ms behind 400 ms: {loud}"
    );
    assert!(
        said[loud..loud + 320]
            .iter()
            .all(|s| (105..=107).contains(s))
    );
    rig.hears(500, true);
    let echo = *rig.said()[said.len()..].iter().max().unwrap();
    assert!((790..=800).contains(&echo), "{echo}");
}

#[test]
fn whoever_says_goodbye_and_hangs_up_has_come_to_an_end() {
    let wait = Step::WaitForEnd {
        quiet: QUIET,
        within: PATIENCE,
    };
    let hang_up = Step::WaitForHangUp { within: PATIENCE };
    for (step, speaks, met) in [
        (wait.clone(), true, true),
        (wait, false, false),
        (hang_up, false, true),
    ] {
        let mut rig = Rig::answered(vec![step]);
        rig.hears(200, speaks);
        rig.tell(&CallEvent::Ended(EndReason::Remote));
        assert_eq!(rig.hung_up(), None);
        let (notes, _) = rig.caller.into_notes();
        assert_eq!(notes[0].met, met);
    }
}

/// A side of a call: how long each silence and each speech is in turn, in ms.
fn side(lengths: &[usize]) -> Vec<i16> {
    let mut side = Vec::new();
    for (place, &length) in lengths.iter().enumerate() {
        match place % 2 {
            0 => side.resize(side.len() + length * 16, 0),
            _ => side.extend_from_slice(&tone(length)),
        }
    }
    side
}

fn close(ms: u64, wanted: u64) -> bool {
    ms.abs_diff(wanted) <= 5
}

#[test]
fn gaps_and_interruptions_are_found_by_audio() {
    let caller = side(&[1_500, 1_000, 3_000, 800, 2_000]);
    let far = side(&[0, 1_000, 2_200, 1_500, 1_000, 1_000, 2_000]);
    let timeline = Timeline::of(&caller, &far);
    assert_eq!((timeline.caller.len(), timeline.far.len()), (2, 3));
    // Asked until 2,500, answered from 3,200, cut into at 5,500 after that answer was over.
    let gaps: Vec<u64> = timeline.turns.iter().map(|turn| turn.gap_ms()).collect();
    assert!(close(gaps[0], 700), "{gaps:?}");
    assert!(timeline.interruptions.is_empty(), "{timeline:?}");
    assert_eq!(timeline.samples, far.len() as u64);
}

#[test]
fn an_interruption_lasts_until_the_far_end_is_silent_for_good() {
    let caller = side(&[2_000, 1_000, 3_000]);
    // Silent 180 ms after the onset, and answers 600 ms after the end.
    let yields = Timeline::of(&caller, &side(&[1_000, 1_180, 1_420, 500, 400]));
    let silence: Vec<u64> = yields
        .interruptions
        .iter()
        .map(|i| i.silence_ms())
        .collect();
    assert!(silence.len() == 1 && close(silence[0], 180), "{silence:?}");
    assert!(close(yields.turns[0].gap_ms(), 600));
    // A pause of 300 ms within what it goes on with is no silence.
    let persists = Timeline::of(&caller, &side(&[1_000, 1_180, 300, 1_500, 400]));
    assert!(
        close(persists.interruptions[0].silence_ms(), 1_980),
        "{persists:?}"
    );
    let all = Span {
        from: 0,
        to: u64::MAX,
    };
    assert!(close(persists.longest_pause_ms(all), 300));
    assert!(close(persists.spoken_ms(all), 2_980));
}
