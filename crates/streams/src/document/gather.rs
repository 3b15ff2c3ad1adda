//! Keys that a caller presses while something is asked.

use std::collections::VecDeque;
use std::time::Instant;

use trunkline_call::{CallCommand, Digit};

use super::{Document, Gather, State, Step};

/// Keys being gathered.
#[derive(Debug)]
pub(super) struct Gathering {
    gather: Gather,
    keys: String,
}

impl Gathering {
    pub(super) fn new(gather: Gather) -> Self {
        let keys = String::new();
        Self { gather, keys }
    }

    fn prompts(&mut self) -> &mut VecDeque<Step> {
        &mut self.gather.prompts
    }

    /// Takes a key; whether it is the last.
    fn is_last(&mut self, digit: Digit) -> bool {
        if self.gather.last_key == Some(digit) {
            return true;
        }
        self.keys.push(digit.as_char());
        self.keys.len() >= self.gather.keys_max
    }
}

impl Document {
    /// The next thing that the caller hears, or silence in which a key is waited for.
    pub(super) fn prompt(&mut self, now: Instant) {
        let prompt = self.gathering.as_mut().map(|it| it.prompts().pop_front());
        match prompt.flatten() {
            Some(prompt) => self.step(now, prompt),
            None => self.listen(now),
        }
    }

    fn listen(&mut self, now: Instant) {
        if let Some(gathering) = &self.gathering {
            self.pages_in_a_row = 0;
            self.state = State::Listening(now + gathering.gather.patience);
        }
    }

    /// The caller has pressed a key: what is being said has served its purpose.
    pub(super) fn gather(&mut self, now: Instant, digit: Digit) {
        let Some(gathering) = &mut self.gathering else {
            return;
        };
        gathering.prompts().clear();
        let is_last = gathering.is_last(digit);
        if let State::Playing(..) = self.state {
            self.outbox.command(CallCommand::Clear);
        }
        self.listen(now);
        if is_last {
            self.gathered();
        }
    }

    /// No further key comes.
    pub(super) fn gathered(&mut self) {
        let Some(Gathering { gather, keys }) = self.gathering.take() else {
            return;
        };
        if keys.is_empty() && !gather.tells_none {
            self.state = State::Ready;
            return;
        }
        let mut page = gather.then;
        page.keys = Some(keys);
        self.go(page);
    }
}
