//! A call and three engines that do as they are told, 20 ms at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trunkline_call::{CallCommand, CallEvent, Digit, Direction};

use super::line::Line;
use super::voices::voice;
use crate::{Conversation, Engine, Input, Job, Message, Note, Output, Settings, ToolCall};

/// What an engine makes of one order.
#[derive(Clone, Debug)]
pub enum Does {
    /// After so many ms: a transcript, or an answer in pieces of a word.
    Says(u64, &'static str),
    /// The same, and calls this function with these arguments.
    Calls(u64, &'static str, &'static str, serde_json::Value),
    /// Says this and then breaks off.
    Breaks(u64, &'static str),
    /// Fails after so many ms.
    Fails(u64),
    /// Nothing, ever.
    Hangs,
}

/// How voices are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voices {
    /// 60 ms a byte, after 40 ms.
    Speak,
    Fail,
    Hang,
    /// Half of it, and then they fail.
    Break,
}

#[derive(Clone)]
enum Due {
    Transcript(&'static str),
    Judgement(bool),
    Words(String),
    ToolCall(ToolCall),
    Sound(Vec<i16>),
    Finished,
    Failed,
}

pub struct Stage {
    pub talk: Conversation,
    began: Instant,
    now: Instant,
    pub line: Line,
    due: Vec<(Instant, Job, Due)>,
    deadline: Option<Instant>,
    pub speech: VecDeque<Does>,
    /// Of the turn model: it says "all", or something else where it is not.
    pub judgements: VecDeque<Does>,
    pub language: VecDeque<Does>,
    pub voices: Voices,
    /// What an engine has heard of the caller while they speak.
    hearing: Vec<i16>,
    pub notes: Vec<(u64, Note)>,
    pub commands: Vec<(u64, String)>,
    pub asked: Vec<Vec<Message>>,
    pub cancelled: Vec<Job>,
    pub transcribed: usize,
    pub used: Vec<(Job, ToolCall)>,
    jobs: u64,
}

impl Stage {
    /// A call that was answered.
    pub fn new(settings: Settings) -> Self {
        let mut stage = Self::before_answer(settings);
        stage.tell(Input::Call(&CallEvent::Answered));
        stage
    }

    pub fn before_answer(settings: Settings) -> Self {
        // Virtual time starts somewhere.
        let now = Instant::now();
        let mut stage = Self {
            talk: Conversation::new(Arc::new(settings), Direction::Inbound),
            began: now,
            now,
            line: Line::default(),
            due: Vec::new(),
            deadline: None,
            speech: VecDeque::new(),
            judgements: VecDeque::new(),
            language: VecDeque::new(),
            voices: Voices::Speak,
            hearing: Vec::new(),
            notes: Vec::new(),
            commands: Vec::new(),
            asked: Vec::new(),
            cancelled: Vec::new(),
            transcribed: 0,
            used: Vec::new(),
            jobs: 0,
        };
        stage.drain();
        stage
    }

    /// The time on the call, in ms.
    pub fn ms(&self) -> u64 {
        u64::try_from((self.now - self.began).as_millis()).expect("a short call")
    }

    pub fn presses(&mut self, keys: &str) {
        for key in keys.chars() {
            let digit = Digit::from_char(key).expect("a key");
            let duration_ms = 100;
            self.tell(Input::Call(&CallEvent::Dtmf { digit, duration_ms }));
        }
    }

    /// Lets so many ms pass.
    pub fn run(&mut self, ms: u64) {
        for _ in 0..ms / 20 {
            self.step();
        }
    }

    /// Lets time pass until something holds, for a minute at most; the time then.
    pub fn run_until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) -> u64 {
        for _ in 0..3_000 {
            if holds(self) {
                return self.ms();
            }
            self.step();
        }
        panic!(
            "{what}: not within a minute; {:?} {:?}",
            self.notes, self.commands
        );
    }

    /// Lets time pass until we say this; the time of its first sound is not waited for.
    pub fn run_until_said(&mut self, text: &str) -> u64 {
        self.run_until(text, |stage| stage.said().iter().any(|said| said == text))
    }

    /// Lets time pass until nobody speaks and no engine works, for 700 ms.
    pub fn run_until_silent(&mut self) {
        let mut silent = 0;
        for _ in 0..3_000 {
            let works = !self.line.is_idle() || !self.due.is_empty();
            silent = if works { 0 } else { silent + 20 };
            if silent >= 700 {
                return;
            }
            self.step();
        }
        panic!("no silence within a minute: {:?}", self.notes);
    }

    pub fn said(&self) -> Vec<String> {
        let said = self.notes.iter().filter_map(|(_, note)| match note {
            Note::Says(text) => Some(text.clone()),
            _ => None,
        });
        said.collect()
    }

    pub fn has(&self, note: &Note) -> bool {
        self.notes.iter().any(|(_, known)| known == note)
    }

    pub fn failed(&self, engine: Engine) -> usize {
        let is_it = |note: &Note| matches!(note, Note::Failed { engine: it, .. } if *it == engine);
        self.notes.iter().filter(|(_, note)| is_it(note)).count()
    }

    pub fn count(&self, command: &str) -> usize {
        self.commands.iter().filter(|(_, it)| it == command).count()
    }

    /// Time passes: the call plays, the engines work, the caller is heard.
    pub fn step(&mut self) {
        self.now += Duration::from_millis(20);
        while let Some(event) = self.line.play() {
            self.tell(Input::Call(&event));
        }
        let (due, later) = std::mem::take(&mut self.due)
            .into_iter()
            .partition::<Vec<_>, _>(|(at, ..)| *at <= self.now);
        self.due = later;
        for (_, job, due) in due {
            if !self.cancelled.contains(&job) {
                self.deliver(job, due);
            }
        }
        let heard = self.line.caller();
        self.tell(Input::Call(&heard));
        while self.deadline.is_some_and(|deadline| deadline <= self.now) {
            self.tell(Input::Timeout);
        }
    }

    fn deliver(&mut self, job: Job, due: Due) {
        match due {
            Due::Transcript(text) => {
                let text = text.to_owned();
                self.tell(Input::Transcript { job, text });
            }
            Due::Judgement(ended) => self.tell(Input::Judged { job, ended }),
            Due::Words(text) => self.tell(Input::Words { job, text }),
            Due::ToolCall(call) => self.tell(Input::ToolCall { job, call }),
            Due::Sound(samples) => self.tell(Input::Sound {
                job,
                samples: &samples,
            }),
            Due::Finished => self.tell(Input::Finished(job)),
            Due::Failed => self.fail(job),
        }
    }

    pub fn fail(&mut self, job: Job) {
        let why = "scripted".to_owned();
        self.tell(Input::Failed { job, why });
    }

    pub fn tell(&mut self, input: Input<'_>) {
        self.talk.handle_input(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            let output = self.talk.poll_output();
            if let Output::Transcribe { job, .. }
            | Output::Judge { job, .. }
            | Output::Think { job, .. }
            | Output::Speak { job, .. }
            | Output::UseTool { job, .. } = &output
            {
                self.jobs = job.0;
            }
            match output {
                Output::Call(command) => self.command(command),
                Output::Hear(samples) => self.hearing.extend(samples),
                Output::HeardAll => self.hearing.clear(),
                Output::Transcribe { job, samples } => {
                    self.transcribed += 1;
                    assert!(!samples.is_empty());
                    assert!(samples == self.hearing, "it was heard while it was said");
                    let does = self.speech.pop_front().unwrap_or(Does::Hangs);
                    self.schedule_transcript(job, &does);
                }
                Output::Judge { job, samples } => {
                    assert!(!samples.is_empty());
                    match self.judgements.pop_front() {
                        Some(Does::Says(after, text)) => {
                            self.at(after, job, Due::Judgement(text == "all"));
                        }
                        Some(Does::Fails(after)) => self.at(after, job, Due::Failed),
                        does => assert!(does.is_none(), "no turn model does {does:?}"),
                    }
                }
                Output::Think { job, messages } => {
                    self.asked.push(messages);
                    let does = self.language.pop_front().unwrap_or(Does::Hangs);
                    self.schedule_words(job, &does);
                }
                Output::Speak { job, text } => self.schedule_voice(job, &text),
                Output::UseTool { job, call } => self.used.push((job, call)),
                Output::Cancel(job) => self.cancelled.push(job),
                Output::Tell(note) => self.notes.push((self.ms(), note)),
                Output::Timeout(deadline) => {
                    self.deadline = deadline;
                    return;
                }
            }
        }
    }

    fn command(&mut self, command: CallCommand<'static>) {
        let name = command.kind().word().to_owned();
        self.commands.push((self.ms(), name));
        if let Some(event) = self.line.obey(command) {
            self.tell(Input::Call(&event));
        }
    }

    fn at(&mut self, after_ms: u64, job: Job, due: Due) {
        let at = self.now + Duration::from_millis(after_ms);
        self.due.push((at, job, due));
    }

    fn schedule_transcript(&mut self, job: Job, does: &Does) {
        match *does {
            Does::Says(after, text) => self.at(after, job, Due::Transcript(text)),
            Does::Fails(after) => self.at(after, job, Due::Failed),
            Does::Hangs => {}
            _ => panic!("no speech engine does {does:?}"),
        }
    }

    fn schedule_words(&mut self, job: Job, does: &Does) {
        let (mut after, text) = match does {
            Does::Says(after, text) | Does::Calls(after, text, ..) | Does::Breaks(after, text) => {
                (*after, *text)
            }
            Does::Fails(after) => return self.at(*after, job, Due::Failed),
            Does::Hangs => return,
        };
        for word in text.split_inclusive(' ') {
            self.at(after, job, Due::Words(word.to_owned()));
            after += 20;
        }
        match does {
            Does::Calls(_, _, name, arguments) => {
                let call = ToolCall {
                    id: "call-1".to_owned(),
                    name: (*name).to_owned(),
                    arguments: arguments.clone(),
                };
                self.at(after, job, Due::ToolCall(call));
                self.at(after, job, Due::Finished);
            }
            Does::Breaks(..) => self.at(after, job, Due::Failed),
            _ => self.at(after, job, Due::Finished),
        }
    }

    fn schedule_voice(&mut self, job: Job, text: &str) {
        let sound = voice(text);
        match self.voices {
            Voices::Speak => {
                let (first, rest) = sound.split_at(sound.len() / 2);
                self.at(40, job, Due::Sound(first.to_vec()));
                self.at(60, job, Due::Sound(rest.to_vec()));
                self.at(60, job, Due::Finished);
            }
            Voices::Break => {
                self.at(40, job, Due::Sound(sound[..sound.len() / 2].to_vec()));
                self.at(60, job, Due::Failed);
            }
            Voices::Fail => self.at(20, job, Due::Failed),
            Voices::Hang => {}
        }
    }
}

impl Stage {
    /// The number of the last job that was ordered.
    pub fn newest_job(&self) -> u64 {
        self.jobs
    }

    /// When a command was given, each time.
    pub fn times(&self, command: &str) -> Vec<u64> {
        let given = self.commands.iter().filter(|(_, it)| it == command);
        given.map(|(at, _)| *at).collect()
    }
}
