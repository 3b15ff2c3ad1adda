//! A call and an engine of speech to speech that does as it is told, 20 ms at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use trunkline_call::{CallCommand, CallEvent, Direction};

use crate::conversation;
use crate::conversation::realtime::{Ask, Event, Input, Output, Relay};
use crate::conversation::tests::line::Line;
use crate::{Job, Note, Settings, ToolCall};

/// A call whose engine is the test.
pub struct Stage {
    pub relay: Relay,
    pub began: Instant,
    pub now: Instant,
    pub line: Line,
    pub deadline: Option<Instant>,
    /// Whether the voice that stands in says anything.
    pub has_voice: bool,
    pub due: Vec<(Job, String)>,
    pub opened: Vec<String>,
    pub asked: Vec<Ask>,
    pub sound_sent: usize,
    pub notes: Vec<Note>,
    pub commands: Vec<&'static str>,
    pub stood_in: Vec<String>,
    pub used: Vec<(Job, ToolCall)>,
}

impl Stage {
    /// A call that was answered, and an engine that listens.
    pub fn new(settings: Settings) -> Self {
        let mut stage = Self::before_session(settings);
        stage.happens(Event::Ready);
        stage
    }

    pub fn before_session(settings: Settings) -> Self {
        // Virtual time starts somewhere.
        let now = Instant::now();
        let mut stage = Self {
            relay: Relay::new(now, Arc::new(settings), Direction::Inbound),
            began: now,
            now,
            line: Line::default(),
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
        };
        stage.drain();
        stage.tell(Input::Call(&CallEvent::Answered));
        stage
    }

    pub fn happens(&mut self, event: Event) {
        self.tell(Input::Event(event));
    }

    /// The engine says so many ms of something.
    pub fn answers(&mut self, item: &str, ms: usize) {
        let item = item.to_owned();
        let samples = vec![900; ms * 16];
        self.happens(Event::Sound { item, samples });
    }

    pub fn calls(&mut self, name: &str) {
        let call = call(name);
        self.happens(Event::Calls(vec![call]));
    }

    pub fn ms(&self) -> u64 {
        u64::try_from((self.now - self.began).as_millis()).expect("a short call")
    }

    pub fn run(&mut self, ms: u64) {
        for _ in 0..ms / 20 {
            self.step();
        }
    }

    pub fn step(&mut self) {
        self.now += Duration::from_millis(20);
        while let Some(event) = self.line.play() {
            self.tell(Input::Call(&event));
        }
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
        let heard = self.line.caller();
        self.tell(Input::Call(&heard));
        while self.deadline.is_some_and(|deadline| deadline <= self.now) {
            self.tell(Input::Timeout);
        }
    }

    pub fn tell(&mut self, input: Input<'_>) {
        self.relay.handle_input(self.now, input);
        self.drain();
    }

    pub fn drain(&mut self) {
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

    pub fn command(&mut self, command: CallCommand<'static>) {
        self.commands.push(command.kind().word());
        if let Some(event) = self.line.obey(command) {
            self.tell(Input::Call(&event));
        }
    }
}

pub fn call(name: &str) -> ToolCall {
    ToolCall {
        id: "c1".to_owned(),
        name: name.to_owned(),
        arguments: json!({"to": "sales", "keys": "12#"}),
    }
}

/// Settings without a greeting.
pub fn silent_start() -> Settings {
    Settings {
        greeting: String::new(),
        ..Settings::default()
    }
}

pub fn say(text: &str) -> Ask {
    Ask::Say(text.to_owned())
}
