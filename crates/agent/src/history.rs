//! What was said on a call, as far as it was heard.

use serde_json::Value;

/// The most entries kept; the oldest go first.
pub const ENTRIES_MAX: usize = 200;

/// One message of a conversation, as language models take them.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// What the model is told of itself.
    System(String),
    /// What the caller said or did.
    User(String),
    /// What we said, as far as it was heard, and what we asked of tools after it.
    Assistant {
        /// The words.
        said: String,
        /// The functions called.
        calls: Vec<ToolCall>,
    },
    /// What a tool answered.
    Tool {
        /// Which call it answers.
        id: String,
        /// The function's name.
        name: String,
        /// The answer.
        result: String,
    },
}

/// A function that a language model calls.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    /// The model's name for this call.
    pub id: String,
    /// The function.
    pub name: String,
    /// Its arguments, a JSON object.
    pub arguments: Value,
}

/// Names an assistant's entry for as long as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u64);

/// The entries of one call in their order.
#[derive(Debug, Default)]
pub(crate) struct History {
    entries: Vec<Message>,
    /// How many came before the first of `entries`.
    forgotten: u64,
}

impl History {
    /// The caller said this.
    pub fn caller(&mut self, text: &str) {
        self.push(Message::User(text.to_owned()));
    }

    /// We begin to say something.
    pub fn open(&mut self) -> Place {
        let (said, calls) = (String::new(), Vec::new());
        self.push(Message::Assistant { said, calls });
        Place(self.forgotten + self.entries.len() as u64 - 1)
    }

    /// We say this further sentence; where it begins among the bytes of the entry.
    pub fn say(&mut self, place: Place, sentence: &str) -> usize {
        let Some(Message::Assistant { said, .. }) = self.at(place) else {
            return 0;
        };
        if !said.is_empty() {
            said.push(' ');
        }
        let begins = said.len();
        said.push_str(sentence);
        begins
    }

    /// Of what we say there, only so many bytes were heard.
    pub fn cut(&mut self, place: Place, bytes: usize) {
        if let Some(Message::Assistant { said, .. }) = self.at(place) {
            let bytes = said.floor_char_boundary(bytes);
            said.truncate(said[..bytes].trim_end().len());
        }
    }

    /// A tool is called after what was said there.
    pub fn call(&mut self, place: Place, call: ToolCall) {
        if let Some(Message::Assistant { calls, .. }) = self.at(place) {
            calls.push(call);
        }
    }

    /// What a tool answered.
    pub fn result(&mut self, call: &ToolCall, result: String) {
        self.push(Message::Tool {
            id: call.id.clone(),
            name: call.name.clone(),
            result,
        });
    }

    /// What a language model is asked: the prompt, and all that was said and heard. What the caller
    /// said without hearing an answer between is one message.
    pub fn messages(&self, prompt: &str) -> Vec<Message> {
        let mut messages = vec![Message::System(prompt.to_owned())];
        for entry in self.entries.iter().filter(|entry| !is_empty(entry)) {
            match (messages.last_mut(), entry) {
                (Some(Message::User(said)), Message::User(more)) => {
                    said.push(' ');
                    said.push_str(more);
                }
                _ => messages.push(entry.clone()),
            }
        }
        messages
    }

    fn at(&mut self, Place(place): Place) -> Option<&mut Message> {
        let index = usize::try_from(place.checked_sub(self.forgotten)?).ok()?;
        self.entries.get_mut(index)
    }

    fn push(&mut self, entry: Message) {
        self.entries.push(entry);
        if self.entries.len() > ENTRIES_MAX {
            // The first that stays is the caller's: a tool's answer without its call is refused.
            let half = &self.entries[ENTRIES_MAX / 2..];
            let own = half
                .iter()
                .position(|entry| matches!(entry, Message::User(_)));
            let gone = ENTRIES_MAX / 2 + own.unwrap_or(0);
            self.entries.drain(..gone);
            self.forgotten += gone as u64;
        }
    }
}

fn is_empty(entry: &Message) -> bool {
    matches!(entry, Message::Assistant { said, calls } if said.is_empty() && calls.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Message {
        Message::Assistant {
            said: text.to_owned(),
            calls: Vec::new(),
        }
    }

    #[test]
    fn only_what_was_heard_is_kept() {
        let mut history = History::default();
        history.caller("Hi.");
        let place = history.open();
        assert_eq!(history.say(place, "We are open."), 0);
        let second = history.say(place, "Until fïve.");
        assert_eq!(second, 13);
        history.cut(place, second + 6);
        assert_eq!(history.messages("")[2], said("We are open. Until"));
        history.cut(place, second + 1_000);
        assert_eq!(history.messages("")[2], said("We are open. Until"));
    }

    #[test]
    fn a_caller_who_goes_on_before_an_answer_is_heard_said_one_thing() {
        let mut history = History::default();
        history.caller("I would like");
        let place = history.open();
        history.say(place, "What?");
        history.cut(place, 0);
        history.caller("a table.");
        let user = Message::User("I would like a table.".to_owned());
        assert_eq!(history.messages("")[1..], [user]);
    }

    #[test]
    fn the_oldest_entries_go_first_and_a_tools_answer_never_leads() {
        let mut history = History::default();
        let call = ToolCall {
            id: "1".into(),
            name: "time".into(),
            arguments: Value::Null,
        };
        for turn in 0..ENTRIES_MAX {
            history.caller(&turn.to_string());
            let place = history.open();
            history.call(place, call.clone());
            history.result(&call, "noon".into());
            let place = history.open();
            history.say(place, "It is noon.");
        }
        let messages = history.messages("prompt");
        assert!(messages.len() <= ENTRIES_MAX + 1);
        assert!(matches!(&messages[1], Message::User(_)));
        assert_eq!(messages.last(), Some(&said("It is noon.")));
    }
}
