//! A receptionist without a language model. It follows a script, and says so when it is asked: it
//! finds out by keywords what a caller wants, and knows the few things that it was told.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;
use trunkline_call::BoxFuture;

use super::{Delta, EngineError, Llm, Question};
use crate::history::{Message, ToolCall};

/// Says what time it is, in words that can be spoken.
pub type Clock = Arc<dyn Fn() -> String + Send + Sync>;

/// The longest name that is believed, in words.
const NAME_WORDS_MAX: usize = 3;

/// Answers from a script.
#[derive(Clone)]
pub struct Receptionist {
    clock: Clock,
    hours: String,
}

/// What a caller wants, and the words that give it away. The first that fits counts.
const INTENTS: &[(Intent, &[&str])] = &[
    (
        Intent::Repeat,
        &["say that again", "repeat", "pardon", "what did you say"],
    ),
    (
        Intent::AskName,
        &[
            "what is my name",
            "what's my name",
            "who am i",
            "remember my name",
        ],
    ),
    (
        Intent::GiveName,
        &["my name is", "my name's", "this is", "i am called"],
    ),
    (
        Intent::Person,
        &[
            "person",
            "human",
            "somebody",
            "someone",
            "operator",
            "agent",
            "transfer",
            "connect me",
            "speak to",
            "talk to",
            "put me through",
        ],
    ),
    (
        Intent::Hours,
        &["hours", "open", "close", "opening", "closing"],
    ),
    (Intent::Time, &["time", "what day", "date", "clock"]),
    (
        Intent::Self_,
        &[
            "who are you",
            "are you a",
            "robot",
            "machine",
            "your name",
            "what can you do",
            "help",
        ],
    ),
    (
        Intent::Goodbye,
        &[
            "goodbye",
            "bye",
            "hang up",
            "that is all",
            "that's all",
            "nothing else",
            "no thank",
        ],
    ),
    (Intent::Thanks, &["thank", "thanks"]),
    (
        Intent::Hello,
        &[
            "hello",
            "hi",
            "good morning",
            "good afternoon",
            "good evening",
            "hey",
        ],
    ),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Intent {
    Repeat,
    AskName,
    GiveName,
    Person,
    Hours,
    Time,
    Self_,
    Goodbye,
    Thanks,
    Hello,
}

impl Receptionist {
    /// One that knows the time and says this of the opening hours.
    pub fn new(clock: Clock, hours: impl Into<String>) -> Self {
        Self {
            clock,
            hours: hours.into(),
        }
    }

    fn answer(&self, question: &Question) -> (String, Option<ToolCall>) {
        let messages = &question.messages;
        let said = messages.iter().rev().find_map(|message| match message {
            Message::User(said) => Some(said.as_str()),
            _ => None,
        });
        let said = said.unwrap_or_default();
        if let Some(keys) = pressed(said) {
            return (format!("You pressed {}.", spelled(keys)), None);
        }
        let only = |text: &str| (text.to_owned(), None);
        match intent(said) {
            Some(Intent::Repeat) => only(last_said(messages).unwrap_or("I said nothing yet.")),
            Some(Intent::AskName) => match messages.iter().rev().find_map(named) {
                Some(name) => (format!("You said that your name is {name}."), None),
                None => only("You have not told me your name."),
            },
            Some(Intent::GiveName) => match name(said) {
                Some(name) => (
                    format!("Nice to meet you, {name}. What can I do for you?"),
                    None,
                ),
                None => only("Nice to meet you. What can I do for you?"),
            },
            Some(Intent::Person) => hand_over(said, question),
            Some(Intent::Hours) => only(&self.hours),
            Some(Intent::Time) => (format!("It is {}.", (self.clock)()), None),
            Some(Intent::Self_) => only(
                "I am a scripted receptionist, not a language model. I can tell you the time and \
                 our opening hours, or connect you to a person.",
            ),
            Some(Intent::Goodbye) => {
                let call = call("hang_up", json!({}));
                ("Thank you for calling. Goodbye.".to_owned(), Some(call))
            }
            Some(Intent::Thanks) => only("You are welcome. Is there anything else?"),
            Some(Intent::Hello) => only("Hello. What can I do for you?"),
            None => only(
                "I did not understand that. You can ask me for the time, for our opening hours, \
                 or for a person.",
            ),
        }
    }
}

impl Llm for Receptionist {
    fn reply(
        &self,
        question: Question,
        answer: Sender<Delta>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let (words, call) = self.answer(&question);
            let pieces = [Some(Delta::Words(words)), call.map(Delta::Call)];
            for piece in pieces.into_iter().flatten() {
                let sent = answer.send(piece).await;
                sent.map_err(|_| EngineError::Unwanted)?;
            }
            Ok(())
        })
    }
}

/// The words of a text, small and apart, with a space on either side.
fn plain(text: &str) -> String {
    let text = text.to_lowercase().replace('’', "'");
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '\'');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    format!(" {} ", words.join(" "))
}

fn intent(said: &str) -> Option<Intent> {
    let said = plain(said);
    let says = |word: &&str| {
        let at = said.find(&format!(" {word}"));
        // "open" is in "opened", but "hi" is not in "him".
        at.is_some_and(|at| {
            let rest = &said[at + 1 + word.len()..];
            let ending = rest.split(' ').next().unwrap_or_default();
            ending.is_empty() || word.len() > 3 && matches!(ending, "s" | "d" | "ed" | "ing")
        })
    };
    let fits = |(_, words): &&(Intent, &[&str])| words.iter().any(&says);
    INTENTS.iter().find(fits).map(|(intent, _)| *intent)
}

fn pressed(said: &str) -> Option<&str> {
    let at = said.rfind("[keys pressed: ")? + "[keys pressed: ".len();
    said[at..].split(']').next().filter(|keys| !keys.is_empty())
}

fn spelled(keys: &str) -> String {
    let word = |key: char| match key {
        '*' => "star".to_owned(),
        '#' => "pound".to_owned(),
        key => key.to_string(),
    };
    keys.chars().map(word).collect::<Vec<_>>().join(", ")
}

fn last_said(messages: &[Message]) -> Option<&str> {
    messages.iter().rev().find_map(|message| match message {
        Message::Assistant { said, .. } if !said.is_empty() => Some(said.as_str()),
        _ => None,
    })
}

fn named(message: &Message) -> Option<String> {
    match message {
        Message::User(said) if intent(said) == Some(Intent::GiveName) => name(said),
        _ => None,
    }
}

/// The name after "my name is", as it is written.
fn name(said: &str) -> Option<String> {
    let words: Vec<&str> = said.split_whitespace().collect();
    let small: Vec<String> = words.iter().map(|w| plain(w).trim().to_owned()).collect();
    let starts = ["name is", "name's", "this is", "am called"];
    let after = starts.iter().find_map(|start| {
        let start: Vec<&str> = start.split(' ').collect();
        let at = small
            .windows(start.len())
            .position(|window| window == start)?;
        Some(at + start.len())
    })?;
    let mut name = Vec::new();
    for word in words.iter().skip(after).take(NAME_WORDS_MAX) {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        if bare.is_empty() || matches!(bare.to_lowercase().as_str(), "and" | "i" | "calling") {
            break;
        }
        name.push(bare);
        if bare.len() < word.len() {
            // A comma or a full stop ends a name.
            break;
        }
    }
    (!name.is_empty()).then(|| name.join(" "))
}

/// To whom the caller named, or else to the first of those whom the settings name.
fn hand_over(said: &str, question: &Question) -> (String, Option<ToolCall>) {
    let tool = question.tools.iter().find(|tool| tool.name == "transfer");
    let names = tool.map(|tool| &tool.parameters["properties"]["to"]["enum"]);
    let names: Vec<&str> = names
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let said = plain(said);
    let is_named = |name: &&&str| said.contains(&plain(name));
    let Some(to) = names.iter().find(is_named).or(names.first()) else {
        let nobody = "I am sorry, there is nobody I could connect you to.";
        return (nobody.to_owned(), None);
    };
    let call = call("transfer", json!({"to": to}));
    ("One moment, I will connect you.".to_owned(), Some(call))
}

fn call(name: &str, arguments: Value) -> ToolCall {
    ToolCall {
        id: "call-1".to_owned(),
        name: name.to_owned(),
        arguments,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use trunkline_call::Target;

    fn asked(messages: Vec<Message>) -> (String, Option<ToolCall>) {
        let target = |text: &str| Target::new(text).unwrap();
        let settings = Settings {
            transfers: vec![
                ("reception".to_owned(), target("sip:1@a")),
                ("sales".to_owned(), target("sip:2@a")),
            ],
            ..Settings::default()
        };
        let question = Question {
            messages,
            tools: settings.tools_told().into(),
            model: None,
        };
        let clock: Clock = Arc::new(|| "half past two".to_owned());
        Receptionist::new(clock, "We are open from nine to five.").answer(&question)
    }

    fn answer(said: &str) -> String {
        asked(vec![Message::User(said.to_owned())]).0
    }

    #[test]
    fn fourteen_ways_to_ask_are_understood() {
        for (said, intent) in [
            ("What time is it?", Intent::Time),
            ("Could you tell me the time please", Intent::Time),
            ("When do you open tomorrow?", Intent::Hours),
            ("What are your opening hours?", Intent::Hours),
            ("Are you closed on Sundays?", Intent::Hours),
            ("I want to speak to a human being.", Intent::Person),
            ("Please transfer me to sales.", Intent::Person),
            ("Can I talk to someone?", Intent::Person),
            ("My name is Peter Hughes.", Intent::GiveName),
            ("What's my name?", Intent::AskName),
            ("Are you a robot?", Intent::Self_),
            ("Thanks a lot!", Intent::Thanks),
            ("No, that's all. Goodbye.", Intent::Goodbye),
            ("Hi there", Intent::Hello),
        ] {
            assert_eq!(super::intent(said), Some(intent), "{said}");
        }
        assert_eq!(super::intent("Him and the chip"), None);
    }

    #[test]
    fn it_knows_the_time_the_hours_and_that_it_is_scripted() {
        assert_eq!(answer("What time is it?"), "It is half past two.");
        assert_eq!(
            answer("When do you open?"),
            "We are open from nine to five."
        );
        assert!(answer("Who are you?").contains("scripted"));
        assert!(answer("Blue elephants").contains("did not understand"));
        assert_eq!(answer("[keys pressed: 12#]"), "You pressed 1, 2, pound.");
    }

    #[test]
    fn it_remembers_a_name_for_the_call() {
        let user = |text: &str| Message::User(text.to_owned());
        let (said, _) = asked(vec![user(
            "Hello, my name is Peter Hughes. I have a question.",
        )]);
        assert_eq!(
            said,
            "Nice to meet you, Peter Hughes. What can I do for you?"
        );
        let (said, _) = asked(vec![
            user("This is Ann, and I call again."),
            user("What is my name?"),
        ]);
        assert_eq!(said, "You said that your name is Ann.");
        assert_eq!(
            answer("What is my name?"),
            "You have not told me your name."
        );
    }

    #[test]
    fn it_hands_over_and_hangs_up_by_the_same_tools_as_a_model() {
        for (said, to) in [
            ("Sales, please, a person", "sales"),
            ("A human!", "reception"),
        ] {
            let (_, call) = asked(vec![Message::User(said.to_owned())]);
            let call = call.expect("a tool");
            assert_eq!(
                (call.name.as_str(), &call.arguments),
                ("transfer", &json!({"to": to}))
            );
        }
        let (_, call) = asked(vec![Message::User("Bye!".to_owned())]);
        assert_eq!(call.expect("a tool").name, "hang_up");
    }
}
