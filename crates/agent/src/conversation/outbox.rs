//! What a conversation asks for, in its order.

use std::collections::VecDeque;

use trunkline_call::{CallCommand, Digit};

use super::{Job, Note, Output};
use crate::history::{Message, ToolCall};

/// How long a key is pressed, in ms.
const KEY_MS: u32 = 160;

/// Outputs that wait to be taken, and names for jobs.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Output>,
    jobs: u64,
}

impl Outbox {
    pub fn pop(&mut self) -> Option<Output> {
        self.waiting.pop_front()
    }

    /// Forgets all that nobody has taken.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    pub fn command(&mut self, command: CallCommand<'static>) {
        self.waiting.push_back(Output::Call(command));
    }

    /// Presses keys for the far end, one after the other.
    pub fn press(&mut self, keys: Vec<Digit>) {
        for digit in keys {
            let duration_ms = KEY_MS;
            self.command(CallCommand::SendDtmf { digit, duration_ms });
        }
    }

    pub fn tell(&mut self, note: Note) {
        self.waiting.push_back(Output::Tell(note));
    }

    pub fn hear(&mut self, samples: Vec<i16>) {
        self.waiting.push_back(Output::Hear(samples));
    }

    pub fn heard_all(&mut self) {
        self.waiting.push_back(Output::HeardAll);
    }

    pub fn transcribe(&mut self, samples: Vec<i16>) -> Job {
        self.order(|job| Output::Transcribe { job, samples })
    }

    pub fn judge(&mut self, samples: Vec<i16>) -> Job {
        self.order(|job| Output::Judge { job, samples })
    }

    pub fn think(&mut self, messages: Vec<Message>) -> Job {
        self.order(|job| Output::Think { job, messages })
    }

    pub fn speak(&mut self, text: String) -> Job {
        self.order(|job| Output::Speak { job, text })
    }

    pub fn use_tool(&mut self, call: ToolCall) -> Job {
        self.order(|job| Output::UseTool { job, call })
    }

    pub fn cancel(&mut self, job: Job) {
        self.waiting.push_back(Output::Cancel(job));
    }

    /// A name that no other order has.
    pub fn name(&mut self) -> Job {
        self.jobs += 1;
        Job(self.jobs)
    }

    fn order(&mut self, order: impl FnOnce(Job) -> Output) -> Job {
        let job = self.name();
        self.waiting.push_back(order(job));
        job
    }
}
