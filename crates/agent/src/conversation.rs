//! One call's conversation: who speaks, what is said next, and what is taken back.
//!
//! The caller's frames, the engines' results and time go in; commands to the call and orders to the
//! engines come out. It follows the drain law: after every [`Conversation::handle_input`], call
//! [`Conversation::poll_output`] until it returns [`Output::Timeout`].

mod backchannel;
mod caller;
mod course;
mod ear;
mod echo;
mod ending;
mod functions;
mod keys;
mod mouth;
mod outbox;
pub mod realtime;
mod reply;
mod silence;
#[cfg(test)]
mod tests;
mod timers;
mod voice;

use std::sync::Arc;
use std::time::{Duration, Instant};

use trunkline_call::{CallCommand, CallEvent, Direction};

use crate::history::{Message, ToolCall};
use crate::settings::Settings;
use caller::Utterance;
use course::{Course, not_transferred};
use ear::Ear;
use functions::AtWork;
use keys::Keys;
use mouth::{Mouth, Origin, Spoke};
use outbox::Outbox;
use reply::Reply;
use silence::Silence;

pub use caller::{JUDGED_SAMPLES_MAX, TRANSCRIPT_BYTES_MAX, UTTERANCE_SAMPLES_MAX};
pub use functions::TOOL_RESULT_BYTES_MAX;
pub use keys::KEYS_MAX;
pub use reply::{REPLY_BYTES_MAX, TOOL_CALLS_MAX, TOOL_ROUNDS_MAX};
pub use voice::VoiceDetector;

/// One order to an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Job(pub(crate) u64);

/// What happens to a conversation.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// On the call.
    Call(&'a CallEvent),
    /// What the caller said.
    Transcript {
        /// The [`Output::Transcribe`] that this answers.
        job: Job,
        /// The words; none where there were none.
        text: String,
    },
    /// Whether what the caller said sounds as if it was all.
    Judged {
        /// The [`Output::Judge`] that this answers.
        job: Job,
        /// They have come to an end.
        ended: bool,
    },
    /// More of an answer.
    Words {
        /// The [`Output::Think`] that this answers.
        job: Job,
        /// What follows the words before.
        text: String,
    },
    /// The answer calls a function.
    ToolCall {
        /// The [`Output::Think`] that this answers.
        job: Job,
        /// Which, and with what.
        call: ToolCall,
    },
    /// What a function came to.
    ToolResult {
        /// The [`Output::UseTool`] that this answers.
        job: Job,
        /// For the language model.
        result: String,
    },
    /// More of a voice.
    Sound {
        /// The [`Output::Speak`] that this answers.
        job: Job,
        /// At 16 kHz.
        samples: &'a [i16],
    },
    /// An answer or a voice is complete.
    Finished(Job),
    /// An order will not be fulfilled, or not to its end.
    Failed {
        /// Which.
        job: Job,
        /// In words, for the log.
        why: String,
    },
    /// The deadline of [`Output::Timeout`] has passed.
    Timeout,
}

/// What a conversation asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Of the call.
    Call(CallCommand<'static>),
    /// Of a speech engine that hears while the caller speaks: this is more of what they say.
    Hear(Vec<i16>),
    /// Of the same: that was all of it.
    HeardAll,
    /// Of the speech engine: what is said here? All of it that was [`Output::Hear`], once more.
    Transcribe {
        /// Its name.
        job: Job,
        /// At 16 kHz.
        samples: Vec<i16>,
    },
    /// Of the turn model: have they come to an end? Only where [`Settings::judges_turns`].
    Judge {
        /// Its name.
        job: Job,
        /// The end of what they said, at 16 kHz.
        samples: Vec<i16>,
    },
    /// Of the language model: what do we say?
    Think {
        /// Its name.
        job: Job,
        /// All that was said, the prompt first.
        messages: Vec<Message>,
    },
    /// Of the voice: say this.
    Speak {
        /// Its name.
        job: Job,
        /// A sentence.
        text: String,
    },
    /// Of a function of [`Settings::tools`].
    UseTool {
        /// Its name.
        job: Job,
        /// Which, and with what.
        call: ToolCall,
    },
    /// Forget that order; nothing of it is listened to any more.
    Cancel(Job),
    /// For whoever watches.
    Tell(Note),
    /// Nothing more; come back then, or with the next input.
    Timeout(Option<Instant>),
}

/// What happens, for whoever watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The caller said or did this.
    Heard(String),
    /// We say this.
    Says(String),
    /// The first sound of an answer is on its way, so long after the caller's last word.
    Answers {
        /// From the caller's last word.
        after: Duration,
    },
    /// The caller spoke while we did, and it meant nothing.
    WentOn,
    /// The caller spoke while we did, and we stopped.
    Interrupted,
    /// An engine failed.
    Failed {
        /// Which.
        engine: Engine,
        /// In words.
        why: String,
    },
    /// A caller could not be handed over: the answer to the transfer.
    NotTransferred(String),
}

/// What a conversation depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Hears words in speech.
    Speech,
    /// Hears whether a turn has ended.
    Turn,
    /// Thinks of answers.
    Language,
    /// Speaks.
    Voice,
    /// Functions that the language model calls.
    Tool,
    /// Hears, thinks and speaks in one.
    Realtime,
}

impl Engine {
    /// The word used in logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Speech => "speech",
            Self::Turn => "turn",
            Self::Language => "language",
            Self::Voice => "voice",
            Self::Tool => "tool",
            Self::Realtime => "realtime",
        }
    }
}

/// What the caller waits for since the last word.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    since: Instant,
    /// Whether we have said that it takes a moment, and played that.
    said: bool,
    played: bool,
}

/// The conversation of one call.
#[derive(Debug)]
pub struct Conversation {
    settings: Arc<Settings>,
    outbox: Outbox,
    ear: Ear,
    mouth: Mouth,
    history: crate::history::History,
    course: Course,
    silence: Silence,
    caller: Option<Utterance>,
    keys: Keys,
    reply: Option<Reply>,
    tools: AtWork,
    /// Times that the model was asked since the caller's last words.
    rounds: u32,
    /// The model is to be asked once the call has said how much was heard; or then, in any case.
    ask_by: Option<Instant>,
    waiting: Option<Waiting>,
    /// Engines that failed since one last did what it should.
    failures: u32,
    /// Whether we apologised for this turn, by voice and by sound.
    apology: Apology,
}

#[derive(Clone, Copy, Debug, Default)]
struct Apology {
    said: bool,
    played: bool,
}

impl Conversation {
    /// A conversation at the beginning of its call. An inbound call is answered.
    pub fn new(settings: Arc<Settings>, direction: Direction) -> Self {
        let mut outbox = Outbox::default();
        if direction == Direction::Inbound {
            outbox.command(CallCommand::Answer);
        }
        Self {
            settings,
            outbox,
            ear: Ear::new(),
            mouth: Mouth::default(),
            history: crate::history::History::default(),
            course: Course::default(),
            silence: Silence::default(),
            caller: None,
            keys: Keys::default(),
            reply: None,
            tools: AtWork::default(),
            rounds: 0,
            ask_by: None,
            waiting: None,
            failures: 0,
            apology: Apology::default(),
        }
    }

    /// Takes in what happened. Whatever answers no order of ours that still stands is dropped.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        if self.course.over {
            return;
        }
        match input {
            Input::Call(event) => self.call_event(now, event),
            Input::Transcript { job, text } => self.transcript(now, job, &text),
            Input::Judged { job, ended } => self.judged(now, job, ended),
            Input::Words { job, text } => self.words(now, job, &text),
            Input::ToolCall { job, call } => self.tool_call(job, call),
            Input::ToolResult { job, result } => self.tool_result(now, job, result),
            Input::Sound { job, samples } => self.sound(now, job, samples),
            Input::Finished(job) => self.finished(now, job),
            Input::Failed { job, why } => self.failed(now, job, why),
            Input::Timeout => {}
        }
        if !self.course.over {
            self.pass_deadlines(now);
            self.settle(now);
        }
    }

    /// What is asked next.
    pub fn poll_output(&mut self) -> Output {
        match self.outbox.pop() {
            Some(output) => output,
            None => Output::Timeout(self.deadline()),
        }
    }

    fn call_event(&mut self, now: Instant, event: &CallEvent) {
        match event {
            CallEvent::Answered => self.begin(now),
            CallEvent::Audio { frame, .. } => self.frame(now, frame.samples()),
            CallEvent::Dtmf { digit, .. } => self.key(now, *digit),
            CallEvent::MarkPlayed { mark, at_ms } => self.mouth.mark_played(mark, *at_ms),
            CallEvent::Cleared { at_ms, .. } => self.cut(Some(*at_ms)),
            CallEvent::Paused { at_ms } => self.mouth.at(*at_ms),
            CallEvent::Held => self.course.on_hold = true,
            CallEvent::Resumed => self.course.on_hold = false,
            CallEvent::Transferred(_) | CallEvent::Refused { .. } => {
                if let Some(why) = not_transferred(event) {
                    self.not_transferred(now, why);
                }
            }
            CallEvent::Ended(_) => self.end(),
            CallEvent::Ringing
            | CallEvent::QueueHigh { .. }
            | CallEvent::QueueLow { .. }
            | CallEvent::Turn(_)
            | CallEvent::Interrupted(_)
            | CallEvent::AppDeaf(_) => {}
        }
    }

    fn begin(&mut self, now: Instant) {
        if !self.course.answer(now) {
            return;
        }
        let settings = Arc::clone(&self.settings);
        if !settings.greeting.is_empty() {
            self.wait_from(now);
            self.say(now, &settings.greeting);
        }
    }

    /// Says something that the language model did not think of, and will know of.
    fn say(&mut self, now: Instant, text: &str) {
        let place = self.history.open();
        let begins = self.history.say(place, text);
        let origin = Some(Origin { place, begins });
        self.mouth.say(now, text, origin, &mut self.outbox);
    }

    /// The caller waits from now on.
    fn wait_from(&mut self, since: Instant) {
        self.waiting = Some(Waiting::from(since));
    }

    fn sound(&mut self, now: Instant, job: Job, samples: &[i16]) {
        if self.mouth.sound(now, job, samples, &mut self.outbox) == Spoke::First {
            self.sounded(now);
        }
    }

    /// The caller is about to hear something.
    fn sounded(&mut self, now: Instant) {
        if let Some(waiting) = self.waiting.take() {
            let after = now.saturating_duration_since(waiting.since);
            self.outbox.tell(Note::Answers { after });
        }
    }

    fn finished(&mut self, now: Instant, job: Job) {
        match self.mouth.ended(now, job, &mut self.outbox) {
            Spoke::Unknown => self.thought(now, job),
            // A voice that has nothing to say of a sentence is not dead, but nothing is heard of it.
            Spoke::Nothing => self.voice_failed(now, "it was silent".to_owned()),
            Spoke::Fine | Spoke::First => {}
        }
    }

    fn failed(&mut self, now: Instant, job: Job, why: String) {
        match self.mouth.ended(now, job, &mut self.outbox) {
            Spoke::Unknown => {
                let _ = self.speech_failed(now, job, &why)
                    || self.judge_failed(job, &why)
                    || self.language_failed(now, job, &why)
                    || self.tool_failed(now, job, &why);
            }
            Spoke::Nothing => self.voice_failed(now, why),
            // Half a sentence was heard; the next one may be whole.
            Spoke::Fine | Spoke::First => self.note_failure(Engine::Voice, why),
        }
    }

    fn note_failure(&mut self, engine: Engine, why: String) {
        self.outbox.tell(Note::Failed { engine, why });
    }

    fn cut(&mut self, at_ms: Option<u64>) {
        for cut in self.mouth.taken_back(at_ms) {
            self.history.cut(cut.place, cut.bytes);
        }
    }

    /// Whether we speak, or are about to.
    fn has_the_floor(&self) -> bool {
        self.mouth.is_busy() || self.reply.is_some() || !self.tools.is_empty()
    }

    /// Stops saying and thinking what is being said and thought.
    fn interrupt(&mut self) {
        if !self.has_the_floor() {
            return self.mouth.release(&mut self.outbox);
        }
        if let Some(caller) = &mut self.caller {
            caller.interrupts = false;
        }
        if let Some(reply) = self.reply.take() {
            self.outbox.cancel(reply.job);
        }
        self.drop_tools("the caller interrupted");
        self.ask_by = None;
        self.waiting = None;
        self.course.ending = None;
        self.mouth.take_back(&mut self.outbox);
        self.outbox.tell(Note::Interrupted);
    }

    fn end(&mut self) {
        self.course.over = true;
        self.outbox.clear();
    }
}
