//! A call and an engine of speech to speech that does as it is told, 20 ms at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use trunkline_audio::tone::Tone;
use trunkline_call::{
    AudioFrame, CallCommand, CallEvent, Digit, Direction, FRAME_SAMPLES, HangupCause, Mark, Target,
};

use super::{Ask, Event, Input, Output, Relay};
use crate::conversation;
use crate::settings::{Phrases, ToolSpec};
use crate::{Engine, Job, Note, Settings, ToolCall};

enum Queued {
    Sound(VecDeque<i16>),
    Mark(Mark),
}

/// A call whose engine is the test.
struct Stage {
    relay: Relay,
    began: Instant,
    now: Instant,
    queue: VecDeque<Queued>,
    paused: bool,
    played: u64,
    line: VecDeque<i16>,
    wire: Vec<i16>,
    deadline: Option<Instant>,
    /// Whether the voice that stands in says anything.
    has_voice: bool,
    due: Vec<(Job, String)>,
    opened: Vec<String>,
    asked: Vec<Ask>,
    sound_sent: usize,
    notes: Vec<Note>,
    commands: Vec<&'static str>,
    stood_in: Vec<String>,
    used: Vec<(Job, ToolCall)>,
    hung_up: Option<HangupCause>,
}

impl Stage {
    /// A call that was answered, and an engine that listens.
    fn new(settings: Settings) -> Self {
        let mut stage = Self::before_session(settings);
        stage.happens(Event::Ready);
        stage
    }

    fn before_session(settings: Settings) -> Self {
        // Virtual time starts somewhere.
        let now = Instant::now();
        let mut stage = Self {
            relay: Relay::new(now, Arc::new(settings), Direction::Inbound),
            began: now,
            now,
            queue: VecDeque::new(),
            paused: false,
            played: 0,
            line: VecDeque::new(),
            wire: Vec::new(),
            deadline: None,
            has_voice: true,
            due: Vec::new(),
            opened: Vec::new(),
            asked: Vec::new(),
            sound_sent: 0,
            notes: Vec::new(),
            commands: Vec::new(),
            stood_in: Vec::new(),
            used: Vec::new(),
            hung_up: None,
        };
        stage.drain();
        stage.tell(Input::Call(&CallEvent::Answered));
        stage
    }

    fn happens(&mut self, event: Event) {
        self.tell(Input::Event(event));
    }

    /// The engine says so many ms of something.
    fn answers(&mut self, item: &str, ms: usize) {
        let item = item.to_owned();
        let samples = vec![900; ms * 16];
        self.happens(Event::Sound { item, samples });
    }

    fn calls(&mut self, name: &str) {
        let call = call(name);
        self.happens(Event::Calls(vec![call]));
    }

    fn speaks(&mut self, ms: usize) {
        let mut sound = vec![0; ms * 16];
        Tone::pair(210.0, 5_000, 930.0, 3_000).fill(&mut sound);
        self.line.extend(sound);
    }

    fn ms(&self) -> u64 {
        u64::try_from((self.now - self.began).as_millis()).expect("a short call")
    }

    fn run(&mut self, ms: u64) {
        for _ in 0..ms / 20 {
            self.step();
        }
    }

    fn step(&mut self) {
        self.now += Duration::from_millis(20);
        self.play();
        for (job, text) in std::mem::take(&mut self.due) {
            if self.has_voice {
                let samples = vec![500; text.len() * 60 * 16];
                let samples = &samples;
                self.tell(Input::Sound { job, samples });
                self.tell(Input::Finished(job));
            } else {
                let why = "mute".to_owned();
                self.tell(Input::Failed { job, why });
            }
        }
        let mut frame = [0; FRAME_SAMPLES];
        let count = FRAME_SAMPLES.min(self.line.len());
        for (place, sample) in frame.iter_mut().zip(self.line.drain(..count)) {
            *place = sample;
        }
        let event = CallEvent::Audio {
            frame: AudioFrame::from_samples(frame),
            at: 0,
            concealed: false,
        };
        self.tell(Input::Call(&event));
        while self.deadline.is_some_and(|deadline| deadline <= self.now) {
            self.tell(Input::Timeout);
        }
    }

    fn play(&mut self) {
        let mut out = Vec::new();
        while !self.paused && out.len() < FRAME_SAMPLES {
            match self.queue.pop_front() {
                Some(Queued::Sound(mut sound)) => {
                    let count = sound.len().min(FRAME_SAMPLES - out.len());
                    out.extend(sound.drain(..count));
                    self.played += count as u64;
                    if !sound.is_empty() {
                        self.queue.push_front(Queued::Sound(sound));
                    }
                }
                Some(Queued::Mark(mark)) => {
                    let at_ms = self.played / 16;
                    self.tell(Input::Call(&CallEvent::MarkPlayed { mark, at_ms }));
                }
                None => break,
            }
        }
        out.resize(FRAME_SAMPLES, 0);
        self.wire.extend(out);
    }

    fn tell(&mut self, input: Input<'_>) {
        self.relay.handle_input(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        use conversation::Output as Other;
        loop {
            match self.relay.poll_output() {
                Output::Open { prompt } => self.opened.push(prompt),
                Output::Tell(Ask::Sound(samples)) => self.sound_sent += samples.len(),
                Output::Tell(ask) => self.asked.push(ask),
                Output::Other(Other::Call(command)) => self.command(command),
                Output::Other(Other::Speak { job, text }) => {
                    self.stood_in.push(text.clone());
                    self.due.push((job, text));
                }
                Output::Other(Other::UseTool { job, call }) => self.used.push((job, call)),
                Output::Other(Other::Cancel(job)) => self.due.retain(|(it, _)| *it != job),
                Output::Other(Other::Tell(note)) => self.notes.push(note),
                Output::Other(Other::Timeout(deadline)) => {
                    self.deadline = deadline;
                    return;
                }
                Output::Other(other) => panic!("a relay does not ask for {other:?}"),
            }
        }
    }

    fn command(&mut self, command: CallCommand<'static>) {
        self.commands.push(command.kind().word());
        match command {
            CallCommand::Play(samples) => {
                let samples = samples.into_owned().into();
                self.queue.push_back(Queued::Sound(samples));
            }
            CallCommand::Mark(mark) => self.queue.push_back(Queued::Mark(mark)),
            CallCommand::Clear => {
                self.queue.clear();
                let (at_ms, unplayed) = (self.played / 16, Vec::new());
                self.tell(Input::Call(&CallEvent::Cleared { at_ms, unplayed }));
            }
            CallCommand::Pause => self.paused = true,
            CallCommand::Continue => self.paused = false,
            CallCommand::Hangup(cause) => self.hung_up = Some(cause),
            _ => {}
        }
    }

    fn sounds_after(&self, ms: u64) -> Option<u64> {
        let from = (ms * 16) as usize;
        let first = self.wire.get(from..)?.iter().position(|s| *s != 0)?;
        Some(ms + first as u64 / 16)
    }
}

fn call(name: &str) -> ToolCall {
    ToolCall {
        id: "c1".to_owned(),
        name: name.to_owned(),
        arguments: json!({"to": "sales", "keys": "12#"}),
    }
}

/// Settings without a greeting.
fn silent_start() -> Settings {
    Settings {
        greeting: String::new(),
        ..Settings::default()
    }
}

fn say(text: &str) -> Ask {
    Ask::Say(text.to_owned())
}

#[test]
fn the_caller_is_greeted_once_the_engine_listens_and_heard_from_then_on() {
    let mut stage = Stage::before_session(Settings::default());
    stage.run(400);
    assert_eq!((stage.opened.len(), stage.sound_sent), (1, 0));
    assert_eq!(stage.opened[0], Settings::default().prompt);
    stage.happens(Event::Ready);
    assert_eq!(stage.asked, [say("Hello, how can I help you?")]);
    stage.answers("a", 1_000);
    stage.happens(Event::Done);
    stage.run(2_000);
    assert_eq!(stage.sound_sent, 100 * FRAME_SAMPLES);
    assert_eq!(stage.wire.iter().filter(|s| **s == 900).count(), 16_000);
    assert!(
        stage.commands.starts_with(&["answer", "play", "mark"]),
        "{:?}",
        stage.commands
    );
    assert_eq!(stage.asked.len(), 1, "greeted once");
}

#[test]
fn an_interruption_is_silence_at_once_and_the_engine_is_told_what_was_heard() {
    let mut stage = Stage::new(silent_start());
    stage.answers("a", 3_000);
    stage.run(1_000);
    stage.speaks(600);
    stage.run(160);
    assert!(stage.paused, "silent before the engine has heard anybody");
    stage.happens(Event::Interrupted);
    let Some(Ask::Heard { item, ms }) = stage.asked.pop() else {
        panic!("{:?}", stage.asked)
    };
    assert_eq!(item, "a");
    assert_eq!(ms, stage.played / 16);
    assert!((1_000..1_200).contains(&ms), "{ms}");
    assert!(stage.notes.contains(&Note::Interrupted) && !stage.paused);
    // What was on its way of it is not heard any more; what is new is.
    stage.answers("a", 500);
    stage.run(1_000);
    assert_eq!(stage.played / 16, ms);
    stage.answers("b", 500);
    stage.run(1_000);
    assert_eq!(stage.played / 16, ms + 500);
}

#[test]
fn a_noise_that_the_engine_does_not_hear_interrupts_for_a_moment_only() {
    let mut stage = Stage::new(silent_start());
    stage.answers("a", 3_000);
    stage.run(1_000);
    stage.speaks(1_000);
    stage.run(4_000);
    assert!(stage.notes.contains(&Note::WentOn));
    assert_eq!(stage.played / 16, 3_000, "all of it was heard");
    assert_eq!(stage.asked, []);
}

#[test]
fn without_barge_in_a_caller_is_not_heard_while_the_engine_speaks() {
    let settings = Settings {
        barge_in: false,
        ..silent_start()
    };
    let mut stage = Stage::new(settings);
    stage.answers("a", 2_000);
    stage.run(500);
    stage.speaks(800);
    stage.happens(Event::Interrupted);
    stage.run(3_000);
    assert_eq!(stage.played / 16, 2_000);
    assert!(!stage.commands.contains(&"pause") && !stage.commands.contains(&"clear"));
}

#[test]
fn the_call_ends_once_the_goodbye_was_heard() {
    let mut stage = Stage::new(silent_start());
    stage.answers("a", 1_000);
    stage.calls("hang_up");
    stage.happens(Event::Done);
    stage.run(900);
    assert_eq!(stage.hung_up, None);
    stage.run(400);
    assert_eq!(stage.hung_up, Some(HangupCause::Normal));
    assert_eq!(stage.asked, [], "the goodbye was said");
}

#[test]
fn an_engine_that_hangs_up_without_a_word_is_asked_for_one_and_a_silent_one_spoken_for() {
    let mut stage = Stage::new(silent_start());
    stage.calls("hang_up");
    stage.happens(Event::Done);
    assert!(matches!(&stage.asked[..], [Ask::Results(results)] if results[0].0.name == "hang_up"));
    stage.answers("b", 1_000);
    stage.happens(Event::Done);
    stage.run(1_500);
    assert_eq!(stage.hung_up, Some(HangupCause::Normal));
    let mut stage = Stage::new(silent_start());
    stage.calls("hang_up");
    stage.run(6_000);
    assert_eq!(stage.stood_in, [Phrases::default().farewell]);
    assert_eq!(stage.hung_up, Some(HangupCause::Normal));
}

#[test]
fn a_caller_who_speaks_into_the_goodbye_keeps_the_call() {
    let mut stage = Stage::new(silent_start());
    stage.answers("a", 1_000);
    stage.calls("hang_up");
    stage.run(400);
    stage.happens(Event::Interrupted);
    stage.run(2_000);
    assert_eq!(stage.hung_up, None);
    let results = stage
        .asked
        .iter()
        .find(|ask| matches!(ask, Ask::Results(_)));
    assert!(
        results.is_some(),
        "an engine may wait for it: {:?}",
        stage.asked
    );
}

#[test]
fn functions_are_carried_out_and_their_results_told_together() {
    let settings = Settings {
        transfers: vec![(
            "sales".to_owned(),
            Target::new("sip:s@h").expect("a target"),
        )],
        tools: vec![ToolSpec {
            name: "price".to_owned(),
            description: String::new(),
            parameters: json!({}),
        }],
        ..silent_start()
    };
    let mut stage = Stage::new(settings.clone());
    let (price, unknown) = (call("price"), call("nothing"));
    stage.happens(Event::Calls(vec![
        price.clone(),
        unknown,
        call("press_keys"),
    ]));
    assert_eq!(stage.asked, [], "one of them is at work");
    let (job, _) = stage.used[0].clone();
    let result = "2 EUR".to_owned();
    stage.tell(Input::ToolResult { job, result });
    let Ask::Results(results) = &stage.asked[0] else {
        panic!("{:?}", stage.asked)
    };
    let texts: Vec<&str> = results.iter().map(|(_, result)| result.as_str()).collect();
    assert_eq!(
        texts,
        ["error: there is no such function", "pressed", "2 EUR"]
    );
    assert_eq!(
        stage
            .commands
            .iter()
            .filter(|it| **it == "sendDtmf")
            .count(),
        3
    );
    // A function that fails or is void is told of, or forgotten.
    stage.happens(Event::Calls(vec![price.clone()]));
    stage.run(11_000);
    assert!(matches!(&stage.asked[1], Ask::Results(results) if results[0].1.starts_with("error")));
    stage.happens(Event::Calls(vec![price]));
    stage.happens(Event::CallsVoid(vec!["c1".to_owned()]));
    let (job, result) = (stage.used[2].0, String::new());
    stage.tell(Input::ToolResult { job, result });
    assert_eq!(stage.asked.len(), 2);
    stage.answers("a", 500);
    stage.calls("transfer");
    stage.run(1_000);
    assert!(stage.commands.contains(&"transfer"), "{:?}", stage.commands);
}

#[test]
fn an_engine_that_only_calls_functions_is_told_so() {
    let mut stage = Stage::new(silent_start());
    for _ in 0..6 {
        stage.calls("press_keys");
    }
    let Some(Ask::Results(results)) = stage.asked.last() else {
        panic!("{:?}", stage.asked)
    };
    assert!(results[0].1.contains("too many"), "{results:?}");
}

#[test]
fn whoever_waits_for_a_silent_engine_hears_something_within_3_s() {
    for has_voice in [true, false] {
        for is_heard in [true, false] {
            let mut stage = Stage::new(silent_start());
            stage.has_voice = has_voice;
            stage.speaks(1_000);
            stage.run(200);
            if is_heard {
                stage.happens(Event::Interrupted);
            }
            stage.run(5_000);
            let heard = stage.sounds_after(1_000).expect("a sound");
            assert!(heard <= 4_000, "{heard} {has_voice} {is_heard}");
            let said = [Phrases::default().wait];
            assert_eq!(stage.stood_in == said, is_heard, "a noise is not spoken to");
        }
    }
}

#[test]
fn an_answer_that_comes_drops_what_the_voice_has_not_begun_to_say() {
    let mut stage = Stage::new(silent_start());
    stage.speaks(1_000);
    stage.run(200);
    stage.happens(Event::Interrupted);
    while stage.stood_in.is_empty() {
        stage.step();
    }
    stage.answers("a", 500);
    stage.run(1_000);
    assert_eq!(stage.played, 8_000);
    let answers = stage
        .notes
        .iter()
        .find(|note| matches!(note, Note::Answers { .. }));
    assert!(answers.is_some(), "{:?}", stage.notes);
}

#[test]
fn a_session_that_is_lost_is_opened_again_and_knows_what_was_said() {
    let mut stage = Stage::new(Settings::default());
    stage.answers("a", 1_000);
    stage.happens(Event::Said("Hello!".to_owned()));
    stage.happens(Event::Done);
    stage.run(1_500);
    stage.happens(Event::CallerSaid("A table, please.".to_owned()));
    stage.answers("b", 200);
    stage.tell(Input::Lost("it broke".to_owned()));
    assert_eq!(stage.opened.len(), 2, "at once");
    assert!(stage.opened[1].ends_with("\nYou: Hello!\nCaller: A table, please."));
    stage.answers("b", 500);
    stage.run(100);
    stage.happens(Event::Ready);
    assert_eq!(stage.asked.last(), Some(&say(&Phrases::default().sorry)));
    stage.run(500);
    assert_eq!(
        stage.played / 16,
        1_200,
        "of the old session nothing more is heard"
    );
    let why = "it broke".to_owned();
    let engine = Engine::Realtime;
    assert!(stage.notes.contains(&Note::Failed { engine, why }));
}

#[test]
fn an_engine_that_cannot_be_had_is_apologised_for_and_the_call_ends() {
    for has_voice in [true, false] {
        let mut stage = Stage::before_session(Settings::default());
        stage.has_voice = has_voice;
        while stage.hung_up.is_none() {
            stage.tell(Input::Lost("nobody is there".to_owned()));
            stage.run(500);
            assert!(stage.ms() < 20_000);
        }
        assert_eq!(stage.opened.len(), 3);
        assert_eq!(stage.stood_in.last(), Some(&Phrases::default().failure));
        assert_eq!(stage.hung_up, Some(HangupCause::Error));
        let heard = stage.sounds_after(0).expect("a sound");
        assert!(heard < 3_000, "{heard}");
    }
}

#[test]
fn a_session_that_never_listens_or_stops_to_answer_is_replaced() {
    let mut stage = Stage::before_session(silent_start());
    stage.run(6_500);
    assert_eq!(stage.opened.len(), 2);
    stage.happens(Event::Ready);
    stage.speaks(1_000);
    stage.happens(Event::Hears);
    stage.run(1_000);
    stage.happens(Event::Hears);
    stage.run(20_000);
    assert_eq!(stage.opened.len(), 3);
}

#[test]
fn an_engine_without_an_answer_is_apologised_for() {
    let mut stage = Stage::new(silent_start());
    stage.happens(Event::NoAnswer("rate limit".to_owned()));
    assert_eq!(stage.stood_in, [Phrases::default().sorry]);
    stage.run(500);
    stage.happens(Event::NoAnswer("rate limit".to_owned()));
    stage.happens(Event::NoAnswer("rate limit".to_owned()));
    stage.run(20_000);
    assert_eq!(stage.hung_up, Some(HangupCause::Error));
}

#[test]
fn keys_are_told_as_one_entry_and_silence_us() {
    let mut stage = Stage::new(silent_start());
    stage.answers("a", 3_000);
    stage.run(500);
    for key in ['1', '2', '#'] {
        let (digit, duration_ms) = (Digit::from_char(key).expect("a key"), 100);
        stage.tell(Input::Call(&CallEvent::Dtmf { digit, duration_ms }));
    }
    let did = Ask::Did("[keys pressed: 12#]".to_owned());
    assert!(stage.asked.contains(&did), "{:?}", stage.asked);
    assert!(stage.commands.contains(&"clear"));
}

#[test]
fn a_silent_line_is_asked_after_and_left() {
    let mut stage = Stage::new(silent_start());
    let phrases = Phrases::default();
    for (phrase, item) in [
        (&phrases.silence, "a"),
        (&phrases.silence, "b"),
        (&phrases.farewell, "c"),
    ] {
        stage.run(10_700);
        assert_eq!(stage.asked.last(), Some(&say(phrase)));
        stage.answers(item, 500);
        stage.happens(Event::Done);
    }
    stage.run(1_000);
    assert_eq!(stage.hung_up, Some(HangupCause::Normal));
}

#[test]
fn a_long_call_ends_with_a_goodbye() {
    let settings = Settings {
        longest: Duration::from_secs(5),
        ..silent_start()
    };
    let mut stage = Stage::new(settings);
    stage.run(5_100);
    assert_eq!(stage.asked, [say(&Phrases::default().farewell)]);
    stage.answers("a", 500);
    stage.happens(Event::Done);
    stage.run(1_000);
    assert_eq!(stage.hung_up, Some(HangupCause::Normal));
}
