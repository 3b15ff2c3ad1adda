//! Random schedules of speech, marks, clears and pauses against a leg that plays by the frame:
//! every mark is told exactly once, and what is told is what was played.

mod rig;

use std::collections::VecDeque;

use proptest::prelude::*;
use rig::{Out, Rig, texts};
use serde_json::{Value, json};
use trunkline_call::{CallCommand, CallEvent, CommandKind, EndReason, FRAME_SAMPLES, Mark, Why};
use trunkline_streams::{MARKS_MAX, WireOptions};

/// Plays 320 samples a tick and counts them, as a leg's playout does.
#[derive(Default)]
struct Leg {
    queue: VecDeque<Queued>,
    played: u64,
    paused: bool,
}

enum Queued {
    Samples(usize),
    Mark(Mark),
}

impl Leg {
    fn at_ms(&self) -> u64 {
        self.played / 16
    }

    fn command(&mut self, command: CallCommand<'static>) -> Option<CallEvent> {
        match command {
            CallCommand::Play(samples) => self.queue.push_back(Queued::Samples(samples.len())),
            CallCommand::Mark(mark) => self.queue.push_back(Queued::Mark(mark)),
            CallCommand::Continue => self.paused = false,
            CallCommand::Pause => {
                self.paused = true;
                return Some(CallEvent::Paused {
                    at_ms: self.at_ms(),
                });
            }
            CallCommand::Clear => return Some(self.clear()),
            _ => {}
        }
        None
    }

    fn clear(&mut self) -> CallEvent {
        let mark = |queued| match queued {
            Queued::Mark(mark) => Some(mark),
            Queued::Samples(_) => None,
        };
        let unplayed = self.queue.drain(..).filter_map(mark).collect();
        CallEvent::Cleared {
            at_ms: self.at_ms(),
            unplayed,
        }
    }

    fn tick(&mut self) -> Vec<CallEvent> {
        let mut events = Vec::new();
        let mut room = if self.paused { 0 } else { FRAME_SAMPLES };
        while let Some(queued) = self.queue.pop_front() {
            match queued {
                Queued::Mark(mark) if !self.paused => {
                    events.push(CallEvent::MarkPlayed {
                        mark,
                        at_ms: self.at_ms(),
                    });
                }
                Queued::Samples(count) if room > 0 => {
                    let now = count.min(room);
                    room -= now;
                    self.played += now as u64;
                    if now < count {
                        self.queue.push_front(Queued::Samples(count - now));
                    }
                }
                later => {
                    self.queue.push_front(later);
                    break;
                }
            }
        }
        events
    }
}

#[derive(Clone, Debug)]
enum Step {
    Say(usize),
    Mark,
    Clip,
    Clear,
    ClearMarks,
    Pause,
    Continue,
    Ticks(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_usize..3_000).prop_map(Step::Say),
        4 => Just(Step::Mark),
        1 => Just(Step::Clip),
        1 => Just(Step::Clear),
        1 => Just(Step::ClearMarks),
        1 => Just(Step::Pause),
        1 => Just(Step::Continue),
        4 => (1_usize..12).prop_map(Step::Ticks),
    ]
}

/// Both ends of a call: the wire with its application, and the leg.
struct Talk {
    rig: Rig,
    leg: Leg,
    told: Vec<Value>,
    names: usize,
    /// Samples said so far.
    said: u64,
}

impl Talk {
    fn new() -> Self {
        let rig = Rig::up(WireOptions::default());
        Self {
            rig,
            leg: Leg::default(),
            told: Vec::new(),
            names: 0,
            said: 0,
        }
    }

    fn take(&mut self, outs: Vec<Out>) {
        self.told.extend(texts(&outs));
        for out in outs {
            if let Out::Command(command) = out
                && let Some(event) = self.leg.command(command)
            {
                self.event(&event);
            }
        }
    }

    fn event(&mut self, event: &CallEvent) {
        let outs = self.rig.event(event);
        self.take(outs);
    }

    fn text(&mut self, text: &Value) {
        let outs = self.rig.text(&text.to_string());
        self.take(outs);
    }

    fn tick(&mut self) {
        for event in self.leg.tick() {
            self.event(&event);
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Say(samples) => {
                self.said += *samples as u64;
                let outs = self.rig.binary(&vec![0; samples * 2]);
                self.take(outs);
            }
            Step::Mark => {
                let name = format!("m{}", self.names);
                self.names += 1;
                self.text(&json!({"type": "mark", "data": {"name": name}}));
            }
            Step::Clip => {
                let id = format!("c{}", self.names);
                self.names += 1;
                let data = json!({"audioContent": "AAAAAAAAAAA=", "id": id});
                self.text(&json!({"type": "playAudio", "data": data}));
            }
            Step::Clear => self.text(&json!({"type": "clear"})),
            Step::ClearMarks => self.text(&json!({"type": "clearMarks"})),
            Step::Pause => self.text(&json!({"type": "pause"})),
            Step::Continue => self.text(&json!({"type": "continue"})),
            Step::Ticks(count) => (0..*count).for_each(|_| self.tick()),
        }
    }

    /// Plays to the end, as the leg of an ending call does.
    fn end(&mut self) {
        let cleared = self.leg.clear();
        self.event(&cleared);
        self.event(&CallEvent::Ended(EndReason::Remote));
    }

    fn of_type(&self, kind: &str) -> Vec<&Value> {
        self.told
            .iter()
            .filter(|text| text["type"] == kind)
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_mark_is_told_once_and_truly(steps in proptest::collection::vec(step(), 1..60)) {
        let mut talk = Talk::new();
        for step in &steps {
            talk.step(step);
        }
        talk.end();

        let mut told: Vec<String> = Vec::new();
        for text in talk.of_type("mark") {
            told.push(text["data"]["name"].as_str().unwrap().to_owned());
        }
        for text in talk.of_type("playDone") {
            told.push(text["data"]["id"].as_str().unwrap().to_owned());
        }
        let number = |name: &String| name[1..].parse::<usize>().unwrap();
        let mut numbers: Vec<usize> = told.iter().map(number).collect();
        numbers.sort_unstable();
        prop_assert_eq!(numbers, (0..talk.names).collect::<Vec<_>>());

        let positions: Vec<u64> =
            talk.told.iter().filter_map(|text| text["atMs"].as_u64()).collect();
        prop_assert!(positions.is_sorted(), "time never runs back: {:?}", positions);
        let stop = talk.told.last().unwrap();
        prop_assert_eq!(&stop["type"], "stop");
        prop_assert_eq!(stop["playedMs"].as_u64(), Some(talk.leg.at_ms()));
    }

    /// Without clears, a mark is reached exactly where the audio before it ends.
    #[test]
    fn a_mark_is_played_where_it_stands(
        pieces in proptest::collection::vec(1_usize..2_000, 1..MARKS_MAX / 8),
    ) {
        let mut talk = Talk::new();
        let mut expected = Vec::new();
        for samples in &pieces {
            talk.step(&Step::Say(*samples));
            talk.step(&Step::Mark);
            expected.push(talk.said / 16);
        }
        while !talk.leg.queue.is_empty() {
            talk.tick();
        }
        let played: Vec<u64> =
            talk.of_type("mark").iter().map(|text| text["atMs"].as_u64().unwrap()).collect();
        prop_assert_eq!(played, expected);
    }
}

#[test]
fn marks_are_limited_and_the_limit_is_told() {
    let mut talk = Talk::new();
    talk.step(&Step::Say(1_000));
    for _ in 0..MARKS_MAX {
        talk.step(&Step::Mark);
    }
    assert!(talk.of_type("refused").is_empty());
    talk.step(&Step::Mark);
    let refused = json!({"type": "refused", "command": "mark", "why": "full"});
    assert_eq!(talk.of_type("refused"), [&refused]);
    talk.step(&Step::Clear);
    talk.step(&Step::Mark);
    assert_eq!(talk.of_type("refused").len(), 1, "room again");
}

#[test]
fn marks_taken_back_are_told_once_and_not_again_when_played() {
    let mut talk = Talk::new();
    talk.step(&Step::Say(100));
    talk.step(&Step::Mark);
    talk.step(&Step::ClearMarks);
    let data = json!({"name": "m0", "event": "cleared"});
    let expected = json!({"type": "mark", "data": data, "atMs": 0});
    assert_eq!(talk.of_type("mark"), [&expected]);
    talk.step(&Step::Ticks(3));
    talk.end();
    assert_eq!(talk.of_type("mark").len(), 1);
    assert_eq!(talk.of_type("cleared")[0]["marks"], json!([]));
}

#[test]
fn marks_taken_back_are_not_told_again_when_cleared() {
    let mut talk = Talk::new();
    talk.step(&Step::Say(1_000));
    talk.step(&Step::Mark);
    talk.step(&Step::ClearMarks);
    talk.step(&Step::Mark);
    talk.step(&Step::Clear);
    assert_eq!(talk.of_type("cleared")[0]["marks"], json!(["m1"]));
    assert_eq!(talk.of_type("mark").len(), 2);
}

#[test]
fn a_mark_that_the_leg_refused_is_not_waited_for() {
    let mut rig = Rig::up(WireOptions::default());
    rig.text(r#"{"type":"mark","data":{"name":"kept"}}"#);
    rig.text(r#"{"type":"mark","data":{"name":"refused"}}"#);
    let refused = CallEvent::Refused {
        command: CommandKind::Mark,
        why: Why::Full,
    };
    assert_eq!(texts(&rig.event(&refused))[0]["command"], "mark");
    let told = texts(&rig.event(&CallEvent::Paused { at_ms: 0 }));
    assert_eq!(told[0]["marks"], json!(["kept"]));
}
